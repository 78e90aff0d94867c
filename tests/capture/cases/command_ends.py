# SPDX-License-Identifier: Apache-2.0
"""How a command that is captured ends, and how it is told to."""
import fcntl
import os
import pty
import signal
import subprocess
import termios

from program import NotReady
from .harness import case, check, wait_until
from .tokens import Talker, command, inside, must_end, records_in, script, tokens_must_be


@case
def exit_code_of_the_command(case):
    for words, status in ((["sh", "-c", "exit 0"], 0), (["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill $$"], 143)):
        capture = command(case, words)
        must_end(capture, status)
        check(capture.report["exit_code"] == status, capture.report)
        check("nothing of 'sh' was captured: if it was running already" in capture.said, f"no cause: {capture.said}")


@case
def a_command_that_cannot_run(case):
    text, output = case.path("text"), case.path("capture.pcapng")
    with open(text, "w", encoding="ascii") as file:
        file.write("echo no\n")
    for word, cause in ((case.path("missing"), "No such file"), ("pcapml-missing", "No such file"),
                        (case.path("."), "irectory"), (text, "ermission denied")):
        try:
            command(case, [word], output=output).wait()
        except NotReady as error:
            check(error.status == 1, f"{word}: exit status {error.status}")
            check(word in error.text and cause in error.text, f"{word}: {error.text}")
            check(not os.path.exists(output), f"{word}: a file is left")
            continue
        raise AssertionError(f"{word}: it began")


@case
def a_command_that_is_killed(case):
    """Its child goes on, and so does the capture."""
    sink = Talker(case, 'sock = udp()\nsay(sock.getsockname()[1])\nreceive(sock, 5)')
    capture = command(case, script("""
        def wait_and_send():
            say(os.getppid(), os.getpid())
            signal.sigwait({signal.SIGUSR2})
            send(port, 5)

        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        wait_for(child("orphan", wait_and_send))
        """, port=int(sink.line())))
    parent, orphan = map(int, capture.line().split())
    os.kill(parent, signal.SIGKILL)
    os.kill(orphan, signal.SIGUSR2)
    must_end(capture, 137)
    tokens_must_be(records_in(capture.output), {("orphan", "e", "orphan"): 5})


LISTENER = """
    sock = udp()
    be("listener")
    wanted = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    say(os.getpid())
    for number in range(2):
        got = signal.sigwait(wanted)
        send(sock.getsockname()[1], 1, first=number)
        receive(sock)
        say(int(got))
        if got != signal.SIGINT:
            sys.exit(5)
    """


@case
def the_first_sigint_is_for_the_command(case):
    capture = command(case, ["sh", "-c", "echo up; exec sleep 1000"])
    capture.line()
    capture.process.send_signal(signal.SIGINT)
    must_end(capture, 130)
    capture = command(case, script(LISTENER))
    listener = int(capture.line())
    try:
        capture.process.send_signal(signal.SIGINT)
        check(capture.line() == "2", "another signal")
        capture.process.send_signal(signal.SIGINT)
        check(capture.process.wait(10) >= 0, f"exit status {capture.process.returncode}: {capture.said}")
        os.kill(listener, 0)
    finally:
        os.kill(listener, signal.SIGKILL)
    capture.wait()
    tokens_must_be(records_in(capture.output), {("listener", "e", "listener"): 1, ("listener", "i", "listener"): 1})


def terminal(case):
    """What puts a process into its foreground, and the end that types."""
    ours, theirs = pty.openpty()
    case.at_end(lambda: os.close(ours))
    case.at_end(lambda: os.close(theirs))

    def enter():
        inside(case.world)()
        os.setsid()
        os.dup2(theirs, 0)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    return enter, ours


@case
def ctrl_c_at_a_terminal(case):
    """The terminal sends SIGINT to all: the command ends by it once, and the capture is whole."""
    enter, keyboard = terminal(case)
    capture = case.capture("--json", "--", *script("""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        be("command")
        sock = udp()
        say("up")
        signal.sigwait({signal.SIGINT})
        again = signal.sigtimedwait({signal.SIGINT}, 0.3)
        send(sock.getsockname()[1], 3)
        receive(sock, 3)
        sys.exit(42 if again else 41)
        """), inside=enter)
    capture.line()
    os.write(keyboard, b"\x03")
    must_end(capture, 41)
    tokens_must_be(records_in(capture.output), {("command", "e", "command"): 3, ("command", "i", "command"): 3})


@case
def ctrl_c_leaves_the_commands_for_files_alone(case):
    enter, keyboard = terminal(case)
    go, listed = case.path("go"), case.path("listed")
    os.mkfifo(go)
    capture = case.capture("-G", "1", "-z", f"echo begun $1 >&2; read word <'{go}'; echo >>'{listed}'", inside=enter)
    capture.said_until("_00001.pcapng\n")
    os.write(keyboard, b"\x03")
    capture.said_until("_00002.pcapng\n")
    with open(go, "wb", buffering=0) as file:
        file.write(b"go\n" * 9)
        check(capture.wait() == 0, f"exit status {capture.process.returncode}: {capture.said}")
    with open(listed, encoding="utf-8") as file:
        check(len(file.readlines()) == capture.said.count("begun"), f"a command for a file was ended: {capture.said}")


@case
def nohup_holds(case):
    def ignoring():
        inside(case.world)()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    capture = case.capture("--json", inside=ignoring)
    capture.process.send_signal(signal.SIGHUP)
    Talker(case, "be('late')\nsock = udp()\nsend(sock.getsockname()[1], 3)\nreceive(sock, 3)").wait()
    check(capture.stop() == 0, f"exit status {capture.process.returncode}: {capture.said}")
    tokens_must_be(records_in(capture.output), {("late", "e", "late"): 3, ("late", "i", "late"): 3})


@case
def a_signal_ends_the_capture_where_only_children_are_left(case):
    capture = command(case, ["sh", "-c", "sleep 1000 & echo $!; exit 6"])
    child = int(capture.line())
    wait_until(lambda: len(capture.children()) == 1, "the command was not reaped")
    capture.process.send_signal(signal.SIGINT)
    check(capture.process.wait(20) == 6, f"exit status {capture.process.returncode}")
    os.kill(child, signal.SIGKILL)
    capture.wait()


@case
def sigterm_and_sighup_are_passed_on(case):
    for number in (signal.SIGTERM, signal.SIGHUP):
        capture = command(case, script(LISTENER))
        capture.line()
        capture.process.send_signal(number)
        check(capture.line() == str(int(number)), "another signal")
        must_end(capture, 5)
        tokens_must_be(records_in(capture.output), {("listener", "e", "listener"): 1, ("listener", "i", "listener"): 1})


@case
def packets_that_are_lost_make_the_exit_code_1(case):
    """What the command says stands in the summary."""
    capture = command(case, script("""
        be("command")
        sock = udp()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        say(os.getpid())
        signal.sigwait({signal.SIGUSR2})
        for number in range(10000):
            send(sock.getsockname()[1], 1, first=number)
            receive(sock)
        say("done")
        """), "--buffer", "1")
    pid = int(capture.line())
    capture.process.send_signal(signal.SIGSTOP)
    os.kill(pid, signal.SIGUSR2)
    check(capture.line() == "done", "it is not done")
    capture.process.send_signal(signal.SIGCONT)
    check(capture.wait() == 1, f"exit status {capture.process.returncode}: {capture.said}")
    lost = capture.report["lost"]
    check(capture.report["exit_code"] == 0 and lost > 0 and " lost; " in capture.said, f"{capture.report} {capture.said}")
    check(len(records_in(capture.output)) + lost == 20000, f"{len(records_in(capture.output))} packets, {lost} lost")


@case
def what_a_command_prints_stays_out_of_the_capture(case):
    reader, writer = os.pipe()
    capture = case.capture("--", "sh", "-c", "echo 'a'  'b'", output="-", inside=inside(case.world), stdout=writer)
    os.close(writer)
    with open(reader, "rb") as pipe:
        data = pipe.read()
    status = capture.wait()
    check(status == 0, f"exit status {status}: {capture.said}")
    check(data.startswith(b"\x0a\x0d\x0d\x0a") and b"a b\n" not in data, f"{data[:40]}")
    check("a b" in capture.said, f"it is gone: {capture.said}")


@case
def a_reader_that_reads_no_more(case):
    """The second signal ends the wait for it."""
    reader, writer = os.pipe()
    capture = case.capture("--snap-len", "0", output="-", stdout=writer)
    os.close(writer)
    try:
        Talker(case, """
            be("sender")
            sock = udp()
            for number in range(2000):
                send(sock.getsockname()[1], 1, first=number, size=1400)
                receive(sock)
            """).wait()
        capture.process.send_signal(signal.SIGINT)
        try:
            capture.process.wait(0.5)
            raise AssertionError("the first signal threw away what waits")
        except subprocess.TimeoutExpired:
            capture.process.send_signal(signal.SIGINT)
        status = capture.wait(10)
        check(status == 1 and "standard output" in capture.said, f"exit status {status}: {capture.said}")
    finally:
        os.close(reader)
