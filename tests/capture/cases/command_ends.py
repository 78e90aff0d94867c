# SPDX-License-Identifier: Apache-2.0
"""How a command that is captured ends, and how it is told to."""
import os
import signal

from program import NotReady
from .harness import case, check
from .tokens import Talker, command, must_end, records_in, script, tokens_must_be


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


@case
def sigterm_and_sighup_are_passed_on(case):
    for number in (signal.SIGTERM, signal.SIGHUP):
        capture = command(case, script(LISTENER))
        capture.line()
        capture.process.send_signal(number)
        check(capture.line() == str(int(number)), "another signal")
        must_end(capture, 5)
        tokens_must_be(records_in(capture.output), {("listener", "e", "listener"): 1, ("listener", "i", "listener"): 1})
