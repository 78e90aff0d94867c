# SPDX-License-Identifier: Apache-2.0
"""Captures in many files: each packet stands in exactly one, each file can be read alone."""
import glob
import os
import re
import shutil
import struct
import time

import pcapng_file
import scorer
from .harness import case, check
from .tokens import Talker, records_in, tokens_must_be, word

# Round trips, a new flow for every hundred of them, and after each hundred another process.
LOAD = """
    be("load")
    sock = udp(19999)
    heard()
    end, number, kids = time.monotonic() + seconds, 0, 0
    while number < count or time.monotonic() < end:
        if number % 100 == 0:
            out = udp(20000 + number // 100)
            wait_for(child("kid", lambda: send(19999, 1, first=kids, sock=udp(30000 + kids))))
            receive(sock)
            kids += 1
        send(19999, 1, first=number, sock=out)
        receive(sock)
        number += 1
        if seconds:
            time.sleep(0.001)
    say(number, kids)
    """


class Load:
    def __init__(self, case, count=0, seconds=0):
        self.talker = Talker(case, LOAD, count=count, seconds=seconds)

    def begin(self):
        self.talker.tell()

    def wait(self):
        """What a capture must have of it."""
        number, kids = map(int, self.talker.line().split())
        self.talker.wait()
        return {("load", "e", "load"): number, ("load", "i", "load"): number, ("kid", "e", "kid"): kids,
                ("kid", "i", "load"): kids}


def series(pattern):
    paths = sorted(glob.glob(pattern))
    check(paths, f"no file {pattern}")
    return paths


def must_be_one_capture(paths):
    """Each can be read alone; samples have numbers that run on."""
    samples, numbers = {}, []
    for path in paths:
        file = pcapng_file.read(path)
        check(file.section_options, f"{path}: no section header")
        counts = [0] * len(file.interfaces)
        for packet in file.packets:
            counts[packet.interface] += 1
        check(sorted(number for number, _ in file.statistics) == list(range(len(counts))),
              f"{path}: not an Interface Statistics Block for each interface")
        for number, options in file.statistics:
            told = struct.unpack("<Q", pcapng_file.first(options, 8))[0]
            check(told == counts[number], f"{path}: {told} packets told, {counts[number]} there")
        blocks = {}
        for process in file.processes:
            check(process.pid not in blocks, f"{path}: two blocks of process {process.pid}")
            blocks[process.pid] = process.position
        for record in scorer.records_of(file)[0]:
            check(blocks.get(record.process[0], 1 << 60) <= record.number,
                  f"{path}: no block of process {record.process[0]} before packet {record.number}")
            _, source, source_port, destination, port = record.header.flow
            ends = (source_port, port) if record.egress else (port, source_port)
            if samples.setdefault(ends, record.sample) != record.sample:
                raise AssertionError(f"{path}: {ends} has samples {samples[ends]} and {record.sample}")
            numbers.append(record.sample)
    fresh = list(dict.fromkeys(numbers))
    check(len(fresh) == len(samples), f"{len(samples)} flows have {len(fresh)} samples")
    check(fresh == list(range(fresh[0], fresh[0] + len(fresh))), f"numbers do not run on: {fresh[:20]}")


def stop(capture, status=0):
    got = capture.stop()
    check(got == status, f"exit status {got}: {capture.said}")
    check(" lost;" not in capture.said, capture.said)


@case
def a_file_each_second(case):
    """By number, by strftime(3), and where one name has several files; -z once for each."""
    listed, began = case.path("listed"), time.monotonic()
    load = Load(case, seconds=4.2)
    numbered = case.capture("--json", "-G", "1", "-z", f"echo >>'{listed}'", output=case.path("n.pcapng"))
    timed = case.capture("--json", "-G", "1", output=case.path("t-%H%M%S.pcapng"))
    clashing = case.capture("--json", "-G", "1", output=case.path("c-%Y.pcapng"))
    last = case.capture("--json", "-G", "1", "-W", "2", output=case.path("w-%Y-%m.pcapng"))
    load.begin()
    wanted = load.wait()
    for capture in (numbered, timed, clashing, last):
        stop(capture)
    took = time.monotonic() - began
    every = {"n": series(case.path("n_*")), "t": series(case.path("t-*")), "c": series(case.path("c-*"))}
    for name, paths in every.items():
        check(4 <= len(paths) <= took + 2, f"{name}: {len(paths)} files in {took} s")
        must_be_one_capture(paths)
        tokens_must_be(records_in(*paths), wanted)
    names = [os.path.basename(path) for path in every["n"]]
    check(names == [f"n_{number:05}.pcapng" for number in range(1, len(names) + 1)], names)
    check(all(re.fullmatch(r"t-[0-2]\d[0-5]\d[0-6]\d(_\d{5})?\.pcapng", os.path.basename(path)) for path in every["t"]),
          every["t"])
    year = re.fullmatch(r"c-(\d{4})\.pcapng", os.path.basename(every["c"][0]))
    check(year, every["c"])
    wanted_names = [f"c-{year[1]}.pcapng"] + [f"c-{year[1]}_{number:05}.pcapng" for number in range(1, len(every["c"]))]
    check([os.path.basename(path) for path in every["c"]] == wanted_names, every["c"])
    with open(listed, encoding="utf-8") as file:
        check(sorted(file.read().splitlines()) == every["n"], "-z did not run once for each file")
    kept = series(case.path("w-*"))
    count = last.report["files"]
    check([re.sub(r".*-\d\d_?", "", path) for path in kept] == [f"{number:05}.pcapng" for number in (count - 2, count - 1)],
          f"{kept} of {count}")
    ends = {word(record)[:2] for record in records_in(*kept)}
    check(("load", wanted["load", "e", "load"] - 1) in ends and ("load", 0) not in ends, "not the newest are kept")


@case
def a_file_for_so_many_bytes(case):
    listed = case.path("listed")
    load = Load(case, count=6000)
    every = case.capture("--json", "-C", "0.05", "-z", f"echo >>'{listed}'", output=case.path("every.pcapng"))
    last = case.capture("--json", "-C", "0.05", "-W", "3", output=case.path("last.pcapng"))
    short = case.capture("--json", "-C", "0.05", "--max-size", "0.4", output=case.path("short.pcapng"))
    load.begin()
    wanted = load.wait()
    stop(every)
    stop(last)
    check(short.wait() == 0, f"it did not end at its size: {short.said}")
    paths = series(case.path("every_*"))
    check(len(paths) > 20 and every.report["files"] == len(paths), f"{len(paths)} files, {every.report['files']} told")
    sizes = [os.path.getsize(path) for path in paths]
    check(all(50_000 <= size < 52_000 for size in sizes[:-1]), f"sizes {sorted(sizes[:-1])[:3]} {max(sizes)}")
    must_be_one_capture(paths)
    tokens_must_be(records_in(*paths), wanted)
    with open(listed, encoding="utf-8") as file:
        check(sorted(file.read().splitlines()) == paths, "-z did not run once for each file")
    whole = case.path("whole.pcapng")
    with open(whole, "wb") as file:
        for path in paths:
            with open(path, "rb") as part:
                shutil.copyfileobj(part, file)
    done = case.run("sort", "-i", whole, "-o", case.path("sorted.pcapng"))
    check(done.returncode == 0, f"all files in one cannot be read: {done.stderr}")
    tokens_must_be(records_in(case.path("sorted.pcapng")), wanted)
    kept = series(case.path("last_*"))
    check([os.path.basename(path) for path in kept] == [f"last_{number:05}.pcapng" for number in range(
        last.report["files"] - 2, last.report["files"] + 1)], f"{kept} of {last.report['files']}")
    must_be_one_capture(series(case.path("short_*")))
    total = sum(map(os.path.getsize, series(case.path("short_*"))))
    check(400_000 <= total < 404_000, f"{total} bytes in all")


@case
def a_command_for_files_that_fails(case):
    for options, failures in ((("-z", "false"), "1 file"), (("-C", "0.01", "-z", "test 1 = 2 -a"), "files")):
        load = Load(case, count=300)
        capture = case.capture("--json", *options, output=case.path("with 'signs' $HOME.pcapng"))
        load.begin()
        load.wait()
        stop(capture, 1)
        check(f"-z '{options[-1]}' failed for" in capture.said and failures in capture.said, capture.said)


@case
def options_of_files_that_make_no_sense(case):
    for output, options in (("-", ("-C", "1")), ("-", ("-G", "1")), ("-", ("-z", "true")), ("-", ("-W", "2")),
                            ("x", ("-W", "2")), ("x", ("-C", "x")), ("x", ("-C", "-1")), ("x", ("-G", "x"))):
        done = case.run("capture", "-o", output if output == "-" else case.path(output), "--cgroup",
                        case.world.captured_group, "--duration", "1", *options)
        check(done.returncode == 2 and done.stderr, f"-o {output} {options}: {done.returncode} {done.stderr}")
        check(not glob.glob(case.path("x*")), "a file was made")
