# SPDX-License-Identifier: Apache-2.0
"""What happens in practice: kill -9, captures within captures, hostile packets, a filter, a question in between."""
import os
import re
import select
import signal

import network
import pcapng_file
import scorer
from control_group import ControlGroup
from .harness import SMALL, case, check, must_be_right
from .tokens import Talker, command, records_in, script, tokens_must_be, word

CHAT = """
    be("chat")
    sock, other = udp(), udp()
    first, second = sock.getsockname()[1], other.getsockname()[1]
    say(first, second)
    heard()
    for number in range(10):
        send(first, 1, first=number)
        send(second, 1, first=number)
    receive(sock, 10)
    receive(other, 10)
    say("done")
    heard()
    """


def chat_while(case, *options, **settings):
    """(capture, ports) of a finished conversation whose process still lives."""
    talker = Talker(case, CHAT)
    ports = tuple(map(int, talker.line().split()))
    capture = case.capture(*(option.format(*ports) for option in options), **settings)
    talker.tell()
    talker.line()
    return capture, ports


@case
def a_filter_keeps_exactly_what_matches(case):
    for text in ("udp dst port {0}", "not port {1}", "ip[2:2] > 20 and port {0}"):
        capture, ports = chat_while(case, "--json", "-f", text)
        check(capture.stop() == 0, capture.said)
        records = records_in(capture.output)
        check({record.header.flow[4] for record in records} == {ports[0]}, f"{text}: other ports")
        tokens_must_be(records, {("chat", "e", "chat"): 10, ("chat", "i", "chat"): 10})
        told = {name: capture.report[name] for name in ("captured", "written", "filtered_out")}
        check(told == {"captured": 40, "written": 20, "filtered_out": 20}, f"{text}: {told}")


@case
def a_filter_that_matches_segments_of_superpackets(case):
    """It sees what is written: no packet is longer than the wire's."""
    records, expected, _, capture = case.perform(("bulk4", "bulklo"), "-f", "greater 1000 and tcp")
    kept = [one for one in expected if one.header.length >= 1000]
    check(len(records) == sum(one.required for one in kept), f"{len(records)} packets, not {len(kept)}")
    must_be_right(records, kept)
    check(capture.report["filtered_out"] + len(records) == capture.report["captured"], capture.report)


@case
def a_filter_that_cannot_be_is_refused_before_anything_is_made(case):
    output, made = case.path("x.pcapng"), case.path("made")
    for text in ("no such thing", "ether host 1:2:3:4:5:6", "port 99999", "arp"):
        done = case.run("capture", "-o", output, "--cgroup", case.world.captured_group, "-f", text, "--", "touch", made)
        check(done.returncode == 2, f"'{text}': exit status {done.returncode}: {done.stderr}")
        check(text in done.stderr and "filter" in done.stderr, f"'{text}': {done.stderr}")
        check(not os.path.exists(output) and not os.path.exists(made), f"'{text}': it began")


@case
def sigusr1_prints_counters_and_the_capture_goes_on(case):
    capture, _ = chat_while(case)
    capture.process.send_signal(signal.SIGUSR1)
    capture.said_until("written")
    check(re.search(r"pcapml: +\d+  packets captured", capture.said), capture.said)
    Talker(case, "be('more')\nsock = udp()\nsend(sock.getsockname()[1], 5)\nreceive(sock, 5)").wait()
    capture.process.send_signal(signal.SIGUSR1)
    capture.process.send_signal(signal.SIGUSR1)
    check(capture.stop() == 0, capture.said)
    check({record.label for record in records_in(capture.output)} == {"chat", "more"}, "packets are missing")


@case
def killed_while_it_follows_a_command(case):
    """The command goes on, the helper ends, and the next capture is right."""
    capture = command(case, script("""
        be("first")
        sock = udp()
        send(sock.getsockname()[1], 5)
        receive(sock, 5)
        say(os.getpid())
        signal.pause()
        """))
    survivor = int(capture.line())
    children = capture.children()
    check(survivor in children and len(children) == 2, f"{children}")
    helper = os.pidfd_open(next(pid for pid in children if pid != survivor))
    capture.process.kill()
    capture.process.wait()
    check(select.select([helper], [], [], 10)[0], "the helper remains")
    os.close(helper)
    os.kill(survivor, 0)
    pcapng_file.read(capture.output)
    records, expected, *_ = case.perform(SMALL)
    must_be_right(records, expected)


@case
def a_helper_that_is_gone_is_no_success(case):
    capture, _ = chat_while(case)
    helper, = capture.children()
    os.kill(helper, signal.SIGKILL)
    check(capture.stop() == 1, f"exit status {capture.process.returncode}: {capture.said}")
    check("is gone" in capture.said, f"the cause is not named: {capture.said}")
    check(not pcapng_file.read(capture.output).torn_bytes, "a torn block")


@case
def a_full_disk_does_not_end_the_command(case):
    """Nothing is captured any more, the command ends when it wants, and the exit code tells of the capture."""
    finished = case.path("finished")
    capture = command(case, script("""
        be("load")
        sock = udp()
        for number in range(1500):
            send(sock.getsockname()[1], 1, first=number, size=1400)
            receive(sock)
        open(finished, "w").close()
        """, finished=finished), output=os.path.join(case.small_disk("1m"), "x.pcapng"))
    check(capture.wait() == 1, f"exit status {capture.process.returncode}: {capture.said}")
    check("space" in capture.said.lower(), f"the cause is not named: {capture.said}")
    check(os.path.exists(finished), "the command was ended, or not waited for")
    numbers = [word(record)[1] for record in records_in(capture.output) if record.egress]
    check(len(numbers) > 200 and numbers == list(range(len(numbers))), f"{len(numbers)} packets, or a hole")


@case
def one_group_within_the_other(case):
    """The outer capture has the packets of both."""
    within = ControlGroup(os.path.join(os.path.basename(case.world.group.path), "within"))
    case.at_end(within.remove)
    outer = case.capture("--json", output=case.path("outer.pcapng"))
    inner = case.capture("--json", output=case.path("inner.pcapng"), cgroup=within.path)
    text = "be(name)\nsock = udp()\nsend(sock.getsockname()[1], 50)\nreceive(sock, 50)"
    talkers = [Talker(case, text, name="outer"), Talker(case, text, group=within, name="inner")]
    for talker in talkers:
        talker.wait()
    wanted = {("inner", "e", "inner"): 50, ("inner", "i", "inner"): 50}
    for capture in (inner, outer):
        check(capture.stop() == 0, capture.said)
        tokens_must_be(records_in(capture.output), wanted)
        wanted.update({("outer", "e", "outer"): 50, ("outer", "i", "outer"): 50})


HOSTILE = """
    import random, struct

    def garbage(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for number in range(count):
            size = random.choice((0, 1, 2, 5, 11, 12, 13, 50, 200, 1200))
            # of DNS, TLS, QUIC (two versions), DTLS, WireGuard, and nothing
            start = random.choice((b"\\0\\0\\x81\\x80\\0\\xff\\xff\\xff", b"\\x16\\x03\\x01\\xff\\xff\\x01", b"\\xc0\\0\\0\\0\\x01\\xff",
                                   b"\\xd0\\x6b\\x33\\x43\\xcf\\x14\\x14", b"\\x16\\xfe\\xfd", b"\\x01\\0\\0\\0", b""))
            sock.sendto((start + random.randbytes(1200))[:size], (ADDRESS, random.choice((53, 443, 4433, 5353, 853, 7))))

    def streams(count):
        listener = socket.create_server((f"127.0.1.{seed}", 443))
        for number in range(count):
            with socket.create_connection(listener.getsockname()) as sock:
                size = random.choice((0, 1, 4, 70000))
                sock.sendall(b"\\x16\\x03\\x01" + struct.pack("!HI", random.choice((5, 512, 65535)), 1 << 24 | size)
                             + random.randbytes(random.choice((0, 30, 2000))))
                listener.accept()[0].close()

    def headers(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        four, v6 = socket.inet_aton(ADDRESS), socket.inet_pton(socket.AF_INET6, "::1")
        for number in range(count):
            rest = random.randbytes(random.choice((0, 1, 3, 7, 8, 19, 20, 39, 40, 300)))
            protocol = random.choice((1, 2, 4, 6, 17, 33, 41, 47, 50, 51, 132, 136, 255))
            try:
                if number % 2:  # options, fragments, lengths that lie
                    words = random.choice((5, 5, 6, 10, 15))
                    sock.sendto(struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, random.randrange(65536), number,
                        random.choice((0, 0x2000, 0x2001, 1, 0x1fff, 0x4000)), 64, protocol, 0, four, four)
                        + random.randbytes(4 * (words - 5)) + rest, (ADDRESS, 0))
                else:
                    six.sendto(struct.pack("!IHBB16s16s", 0x60000000, random.randrange(65536),
                        random.choice((0, 43, 44, 60, 135, 59, protocol)), 64, v6, v6) + rest, ("::1", 0))
            except OSError:
                continue  # what the kernel does not send

    random.seed(seed)
    be("hostile")
    garbage(count)
    streams(count // 20)
    headers(count)
    """


@case
def hostile_packets(case):
    """In a namespace without a witness. The capture survives, and of all others it tells the truth."""
    space = network.open_namespace()
    case.at_end(lambda: os.close(space))
    network.ip(space, "link set lo up\n")
    show = case.show(*SMALL, "dns", "hello")
    show.prepare()
    capture = case.capture("--json", "--include-dns", "--snap-len", "0")
    attackers = [Talker(case, HOSTILE, namespace=space, seed=seed, count=2000) for seed in (1, 2)]
    show.play()
    for one in attackers:
        one.wait()
    check(capture.stop() == 0, capture.said)
    file = pcapng_file.read(capture.output)
    hostile = {packet.interface for packet in file.packets if packet.label_fields[1] == "hostile"}
    check(sum(packet.interface in hostile for packet in file.packets) > 6000, "hardly a hostile packet was captured")
    file.packets = [packet for packet in file.packets if packet.interface not in hostile]
    records, others = scorer.records_of(file)
    check(not others, f"packets without a label: {others[:2]}")
    must_be_right(records, show.truth(include_dns=True).expected, whole=False)
    for words in (("summary",), ("sort", "-o", case.path("sorted.pcapng"))):
        done = case.run(*words, "-i", capture.output)
        check(done.returncode == 0, f"{words[0]}: {done.stderr}")
