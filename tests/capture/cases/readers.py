# SPDX-License-Identifier: Apache-2.0
"""Who reads the result: a pipe, tshark, the other commands."""
import json
import os
import select
import shutil
import subprocess
import threading
import time

import pcapng_file
import scorer
from .harness import SMALL, CaseSkipped, case, check, must_be_right


class PipeReader(threading.Thread):
    """Takes what comes through a pipe, and notes when."""

    def __init__(self, descriptor):
        super().__init__(daemon=True)
        self.descriptor, self.content, self.arrivals = descriptor, b"", []
        self.start()

    def run(self):
        while True:
            select.select([self.descriptor], [], [])
            piece = os.read(self.descriptor, 1 << 16)
            if not piece:
                return
            self.content += piece
            self.arrivals.append((time.time_ns(), len(self.content)))


@case
def a_pipe_carries_each_packet_within_half_a_second(case):
    show = case.show(*SMALL, "oldconn")
    show.prepare()
    source, sink = os.pipe()
    capture = case.capture(output="-", stdout=sink)
    os.close(sink)
    reader = PipeReader(source)
    show.play()
    status = capture.stop()
    reader.join(10)
    expected = show.truth()
    check(status == 0, f"exit status {status}: {capture.said}")
    file = pcapng_file.parse(reader.content)
    check(not file.torn_bytes, "a torn block")
    must_be_right(scorer.records_of(file)[0], expected.expected)
    slowest, at, number = 0, 0, 0
    for kind, body in pcapng_file.read_blocks(reader.content)[0]:
        at += len(body) + 12
        if kind == pcapng_file.ENHANCED:
            arrived = next(when for when, total in reader.arrivals if total >= at)
            slowest = max(slowest, arrived - file.packets[number].time_ns)
            number += 1
    check(slowest < 600_000_000, f"the slowest packet took {slowest / 1e9:.2f} s")


@case
def a_reader_that_goes_away_ends_the_capture(case):
    source, sink = os.pipe()
    capture = case.capture(output="-", stdout=sink)
    os.close(sink)
    os.close(source)
    show = case.show(*SMALL)
    show.prepare()
    show.play()
    show.truth()
    try:
        status = capture.process.wait(10)
    except subprocess.TimeoutExpired:
        raise AssertionError("it still runs") from None
    check(status != 0, f"exit status {status}")


def tshark(path, *arguments):
    if not shutil.which("tshark"):
        raise CaseSkipped("no tshark")
    done = subprocess.run(["tshark", "-r", path, *arguments], capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if line and not line.startswith("Running as user")]
    check(done.returncode == 0 and not complaints, f"tshark: {done.returncode} {complaints}")
    return done.stdout


@case
def tshark_reads_comments_flags_and_good_checksums(case):
    names = ("tcp4", "tcp6v", "udpmany", "bulk4", "bulklo6", "gso6", "ping6", "lite4", "frag4", "exthdr")
    records, _, file, _ = case.perform(names, "--snap-len", "0")
    path = case.path("capture.pcapng")
    lines = tshark(path, "-T", "fields", "-e", "frame.comment", "-e", "frame.packet_flags_direction", "-e", "frame.len",
                   "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
                   "-o", "udp.check_checksum:TRUE").splitlines()
    # Debian's 4.0 shows a Custom Block as a frame that is no packet.
    blocks = [line for line in lines if line.startswith("\t")]
    check(len(blocks) in (0, len(file.processes)), f"{len(blocks)} packets without a comment")
    lines = [line for line in lines if not line.startswith("\t")]
    check(len(lines) == len(records), f"{len(lines)} packets, not {len(records)}")
    for line, record in zip(lines, records):
        comment, flags, length = line.split("\t")
        check(comment.startswith(f"{record.sample},{record.label},d="), comment)
        check(int(flags, 0) & 3 == (2 if record.egress else 1), f"flags {flags} of {comment}")
        check(int(length) == record.original_length, f"length {length} of {comment}")
    bad = tshark(path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
                 "-Y", "_ws.malformed or ip.checksum.status==0 or tcp.checksum.status==0 or udp.checksum.status==0 "
                       "or icmpv6.checksum.status==0 or icmp.checksum.status==0 or _ws.short")
    check(not bad, f"tshark finds faults: {bad[:500]}")


@case
def tshark_reads_a_pipe(case):
    if not shutil.which("tshark"):
        raise CaseSkipped("no tshark")
    source, sink = os.pipe()
    reader = subprocess.Popen(["tshark", "-r", "-", "-T", "fields", "-e", "frame.comment"], stdin=source,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    os.close(source)
    show = case.show(*SMALL)
    show.prepare()
    capture = case.capture(output="-", stdout=sink)
    os.close(sink)
    show.play()
    capture.stop()
    expected = show.truth()
    lines = reader.communicate(timeout=30)[0].splitlines()
    wanted = sum(one.required for one in expected.expected)
    check(len(lines) >= wanted, f"{len(lines)} packets of {wanted}")


@case
def the_other_commands_read_the_result(case):
    records, *_ = case.perform(SMALL + ("bulk4", "mcast4"))
    path = case.path("capture.pcapng")
    done = case.run("summary", "-i", path, "--json")
    check(done.returncode == 0 and not done.stderr, f"summary: {done.returncode} {done.stdout[:200]} {done.stderr}")
    check(json.loads(done.stdout), "summary said nothing")
    for label in ("tcp4-srv", "bulk4-cli"):
        check(label in done.stdout, f"summary does not know {label}")
    for command, output in ((("sort", "-s", "sid:time"), "sorted.pcapng"), (("strip",), "plain.pcap"),
                            (("sort",), "by-default.pcapng")):
        done = case.run(*command, "-i", path, "-o", case.path(output))
        if done.returncode and command == ("sort", "-s", "sid:time"):
            continue  # the option is another one in this version
        check(done.returncode == 0, f"{command}: {done.stderr}")
    sorted_file = pcapng_file.read(case.path("by-default.pcapng"))
    check(len(sorted_file.packets) == len(records), f"sort kept {len(sorted_file.packets)} of {len(records)}")
    done = case.run("split", "-i", case.path("by-default.pcapng"), "-o", case.path("samples"))
    check(done.returncode == 0, f"split: {done.stderr}")
    check(len(os.listdir(case.path("samples"))) >= len({record.sample for record in records}), "too few samples")


@case
def process_blocks_say_who_it_was(case):
    """In option order: name, path, command line, parent, user, start; the second block of a process is its exec."""
    show = case.show("execname", "threads", "oldread", "onepkt")
    show.prepare()
    before = time.time_ns()
    capture = case.capture()
    show.play()
    status = capture.stop()
    expected = show.truth()
    check(status == 0, f"exit status {status}")
    file = pcapng_file.read(case.path("capture.pcapng"))
    pids = expected.ends.labels
    executable = os.path.realpath("/proc/self/exe")
    for process in file.processes:
        name = process.text(2)
        check(process.pid in pids.get(name, ()), f"a block of {name} with pid {process.pid}, not {pids.get(name)}")
        check(process.text(3) == executable, f"{name}: path {process.text(3)}, not {executable}")
        arguments = process.text(4).split("\0")
        check(any(word.endswith(("python3", "execname-new", "run")) or "python" in word for word in arguments[:2]),
              f"{name}: arguments {arguments}")
        check(process.number(6) == 0 and process.text(7) == "root", f"{name}: user {process.options}")
        began = process.number(9)
        check(began and abs(began - before) < 60e9, f"{name}: start time {began}")
        check(process.number(5), f"{name}: no parent")
    names = [process.text(2) for process in file.processes]
    check(len(names) == len(set(names)), f"blocks twice: {sorted(names)}")
    old, new = (next(p for p in file.processes if p.text(2) == f"execname-{part}") for part in ("old", "new"))
    check(old.pid == new.pid and old.number(9) < new.number(9), "the exec has no later block of the same process")
    check(new.text(4).split("\0")[3:4] != [""] and case.path("stage") in new.text(4), f"arguments: {new.text(4)}")
    images = {tuple(process.values(8)) for process in file.processes}
    check(len(images) == 1 and len(images.pop()) == 1,
          "uuid of the image: "
          f"{sum(bool(p.values(8)) for p in file.processes)} of {len(file.processes)} blocks of one executable have it")
