# SPDX-License-Identifier: Apache-2.0
"""A command with what comes of it and nothing else."""
import os
import signal
import subprocess

from control_group import ControlGroup
from .harness import case, check
from .tokens import Talker, command, must_end, records_in, script, tokens_must_be

THOUSANDS = 2000


@case
def only_packets_of_the_command(case):
    """Inside talks to inside, inside to outside and back, outside to outside."""
    outside = Talker(case, """
        be("out")
        sock, private = udp(), udp()
        say(sock.getsockname()[1])
        send(int(heard()), 20)
        send(private.getsockname()[1], 20)
        receive(private, 20)
        receive(sock, 20)
        """)
    capture = command(case, script("""
        be("in-recv")
        sock = udp()
        say(sock.getsockname()[1])
        wait_for(child("in-send", send, sock.getsockname()[1], 20), child("in-talk", send, port, 20))
        receive(sock, 40)
        """, port=int(outside.line())))
    outside.tell(capture.line())
    must_end(capture, 0)
    outside.wait()
    tokens_must_be(records_in(capture.output), {
        ("in-send", "e", "in-send"): 20, ("in-send", "i", "in-recv"): 20, ("in-talk", "e", "in-talk"): 20,
        ("out", "i", "in-recv"): 20})
    check(capture.report["not_followed"] == 80, f"{capture.report['not_followed']} packets of others, not 80")


@case
def children_in_other_groups(case):
    """A child that moves below the captured group, and one that moves beside the group that pcapml is in."""
    below = ControlGroup(os.path.join(os.path.basename(case.world.group.path), "below"))
    case.at_end(below.remove)
    beside = ControlGroup(os.path.join(os.path.basename(case.world.group.path), "beside"))
    case.at_end(beside.remove)
    outside = ControlGroup(f"{os.path.basename(case.world.group.path)}-outside")
    case.at_end(outside.remove)
    text = """
        def moved(group, port):
            move(group)
            send(port, 10)

        be("parent")
        sock = udp()
        wait_for(*(child(f"child{n}", moved, group, sock.getsockname()[1]) for n, group in enumerate(groups)))
        receive(sock, 10 * len(groups))
        """
    wanted = {(f"child{n}", direction, label): 10 for n in range(2)
              for direction, label in (("e", f"child{n}"), ("i", "parent"))}
    capture = command(case, script(text, groups=[below.path, beside.path]), group=below)
    must_end(capture, 0)
    tokens_must_be(records_in(capture.output), wanted)
    # What leaves the captured group is not seen, but waited for.
    capture = command(case, script(text, groups=[case.world.group.path, outside.path]))
    must_end(capture, 0)
    wanted.pop(("child1", "e", "child1"))
    tokens_must_be(records_in(capture.output), wanted)


DAEMON = """
    def live(port):
        os.setsid()
        if child("daemon", send_twice, port):
            return

    def send_twice(port):
        send(port, 5)
        say("up", os.getpid())
        signal.sigwait({signal.SIGUSR2})
        send(port, 5, first=5)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    be("parent")
    wait_for(child("between", live, port))
    sys.exit(7)
    """


@case
def a_daemon_is_waited_for(case):
    sink = Talker(case, 'sock = udp()\nsay(sock.getsockname()[1])\nreceive(sock, 10)')
    capture = command(case, script(DAEMON, port=int(sink.line())))
    daemon = int(capture.line().split()[1])
    parent = capture.process.pid
    with open(f"/proc/{daemon}/stat", encoding="ascii") as file:
        check(int(file.read().rpartition(")")[2].split()[1]) != parent, "the daemon is a child of pcapml")
    try:
        capture.process.wait(1)
        raise AssertionError("the capture ended before the daemon")
    except subprocess.TimeoutExpired:
        os.kill(daemon, signal.SIGUSR2)
    must_end(capture, 7)
    tokens_must_be(records_in(capture.output), {("daemon", "e", "daemon"): 10})


@case
def sockets_that_the_command_accepts_on(case):
    """By itself and by its child; the clients are outside, their SYNs and FINs are there, too."""
    capture = command(case, script("""
        def serve(times):
            for number in range(times):
                with listener.accept()[0] as sock:
                    sock.recv(100)
                    sock.sendall(token(names[0], number))
                    sock.recv(100)

        be("server")
        listener = socket.create_server((ADDRESS, 0))
        say(listener.getsockname()[1])
        serve(5)
        wait_for(child("worker", serve, 5))
        """))
    Talker(case, """
        be("client")
        for number in range(10):
            with socket.create_connection((ADDRESS, port)) as sock:
                sock.sendall(token("client", number))
                sock.recv(100)
        """, port=int(capture.line())).wait()
    must_end(capture, 0)
    records = records_in(capture.output)
    check({record.label for record in records} == {"server", "worker"}, {record.label for record in records})
    sides = {}
    for record in records:
        sides.setdefault(record.sample, []).append(record)
    check(len(sides) == 10, f"{len(sides)} connections")
    for flow in sides.values():
        flags = [record.header.flags & 0x17 for record in flow]
        check(flags[:2] == [2, 0x12], f"no handshake: {flags}")
        check(sum(flag & 1 for flag in flags) >= 1, f"no FIN: {flags}")
        check(len({record.label for record in flow}) == 1, f"{[record.label for record in flow]}")
    check(sum(flow[0].label == "server" for flow in sides.values()) == 5, "wrong shares of server and worker")


@case
def thousands_of_short_lived_processes(case):
    """Each sends one datagram and ends. Fewer than that where it takes more than 15 s."""
    capture = command(case, script("""
        be("parent")
        sock, number, end = udp(), 0, time.monotonic() + 15
        port = sock.getsockname()[1]
        while number < count and time.monotonic() < end:
            children = [child(f"c{one}", send, port) for one in range(number, number + 50)]
            receive(sock, 50)
            wait_for(*children)
            number += 50
        say(number)
        """, count=THOUSANDS))
    count = int(capture.line())
    must_end(capture, 0)
    records = records_in(capture.output)
    tokens_must_be(records, {(f"c{number}", direction, label): 1 for number in range(count)
                             for direction, label in (("e", f"c{number}"), ("i", "parent"))})
    senders = {record.process[0] for record in records if record.egress}
    check(len(senders) == count, f"{len(senders)} process ids of {count} processes")
