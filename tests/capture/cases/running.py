# SPDX-License-Identifier: Apache-2.0
"""Processes that run already, with their children or without, and the processes of a user."""
import os
import signal
import subprocess

from .harness import NOBODY, case, check
from .tokens import Talker, records_in, tokens_must_be

PARENT = """
    def live():
        send(port, 10)
        heard()

    be("parent")
    sock = udp()
    port = sock.getsockname()[1]
    say(os.getpid())
    heard()
    send(port, 10)
    one = child("child", live)
    receive(sock, 20)
    say(one)
    heard()
    """


def pid_is_captured(case, options, wanted):
    parent = Talker(case, PARENT)
    other = Talker(case, """
        be("other")
        sock = udp()
        heard()
        send(sock.getsockname()[1], 10)
        receive(sock, 10)
        """)
    capture = case.capture("--json", "--pid", parent.line(), *options)
    other.tell()
    other.wait()
    parent.tell()
    child = int(parent.line())
    if "--follow" in options:
        parent.tell()  # one of the two takes it and ends, the other one does not
        try:
            capture.process.wait(0.8)
            raise AssertionError("the capture ended before the child")
        except subprocess.TimeoutExpired:
            parent.tell()
    else:
        os.kill(parent.process.pid, signal.SIGKILL)
    status = capture.wait(20)
    check(status == 0, f"exit status {status}: {capture.said}")
    if "--follow" not in options:
        os.kill(child, signal.SIGKILL)  # it was not waited for
    tokens_must_be(records_in(capture.output), wanted)


@case
def a_process_without_its_children(case):
    pid_is_captured(case, (), {("parent", "e", "parent"): 10, ("parent", "i", "parent"): 10,
                               ("child", "i", "parent"): 10})


@case
def a_process_with_its_children(case):
    pid_is_captured(case, ("--follow",), {("parent", "e", "parent"): 10, ("parent", "i", "parent"): 10,
                                          ("child", "e", "child"): 10, ("child", "i", "parent"): 10})


@case
def several_processes_are_waited_for(case):
    text = "be(name)\nsay(os.getpid())\nsock = udp()\nheard()\nsend(sock.getsockname()[1], 5)\nreceive(sock, 5)"
    talkers = [Talker(case, text, name=name) for name in ("first", "second", "third")]
    pids = [talker.line() for talker in talkers]
    capture = case.capture("--json", "--pid", ",".join(pids[:2]))
    for talker in reversed(talkers):
        check(capture.process.poll() is None, f"it ended early: {capture.said}")
        talker.tell()
        talker.wait()
    status = capture.wait(20)
    check(status == 0, f"exit status {status}: {capture.said}")
    tokens_must_be(records_in(capture.output), {(name, direction, name): 5 for name in ("first", "second")
                                                for direction in "ei"})


@case
def a_process_that_there_is_not(case):
    ended = subprocess.Popen(["true"])
    ended.wait()
    output = case.path("capture.pcapng")
    for number in (str(ended.pid), "0", "-1", "x", "99999999999"):
        done = case.run("capture", "-o", output, "--cgroup", case.world.captured_group, f"--pid={number}")
        check(done.returncode == 2, f"{number}: exit status {done.returncode}: {done.stderr}")
        check(number in done.stderr, f"{number}: {done.stderr}")
        check(not os.path.exists(output), f"{number}: a file is left")


@case
def a_command_and_running_processes_exclude_each_other(case):
    for options in (("--pid", "1", "--", "true"), ("--uid", "0", "--", "true"), ("--follow",)):
        done = case.run("capture", "-o", case.path("x"), "--cgroup", case.world.captured_group, *options)
        check(done.returncode == 2 and not os.path.exists(case.path("x")), f"{options}: {done}")


@case
def the_processes_of_a_user(case):
    """By name and by number, at the same time."""
    talker = Talker(case, """
        def answer(port):
            become(uid)
            sock = udp()
            send(port, 10, sock=sock)
            receive(sock, 10)

        be("root")
        mine = udp()
        heard()
        other = child("nobody", answer, mine.getsockname()[1])
        port = mine.recvfrom(100)[1][1]
        send(port, 10)
        receive(mine, 9)
        wait_for(other)
        """, uid=NOBODY)
    captures = [case.capture("--json", "--uid", user, output=case.path(f"{user}.pcapng"))
                for user in ("nobody", str(NOBODY))]
    talker.tell()
    talker.wait()
    for capture in captures:
        status = capture.stop()
        check(status == 0, f"exit status {status}: {capture.said}")
        tokens_must_be(records_in(capture.output), {("nobody", "e", "nobody"): 10, ("root", "i", "nobody"): 10})
    done = case.run("capture", "-o", case.path("x"), "--cgroup", case.world.captured_group, "--uid", "no-such-user")
    check(done.returncode == 2 and "no-such-user" in done.stderr, f"{done}")


@case
def what_is_no_process_is_refused(case):
    """It would never end. A zombie, a thread."""
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    talker = Talker(case, """
        import threading
        thread = threading.Thread(target=heard, daemon=True)
        thread.start()
        say(thread.native_id)
        thread.join()
        """)
    try:
        for pid in (str(zombie.pid), talker.line()):
            done = case.run("capture", "-o", case.path("x.pcapng"), "--cgroup", case.world.captured_group, "--pid", pid)
            check(done.returncode == 2, f"{pid}: exit status {done.returncode}: {done.stderr}")
            check(pid in done.stderr, done.stderr)
            check(not os.path.exists(case.path("x.pcapng")), "a file is left")
    finally:
        zombie.wait()
        talker.tell()
        talker.wait()
