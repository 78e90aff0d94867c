# SPDX-License-Identifier: Apache-2.0
"""Programs of the cases' own, whose every datagram has a token, and what a capture has of those tokens."""
import os
import re
import subprocess
import sys
import textwrap
from collections import Counter

import network
import pcapng_file
import scorer
from program import read_line
from .harness import check

TOKEN = re.compile(rb"<([^>]+)>(\d+);")
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def script(text, **values):
    """The command line of a program that can talk."""
    head = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    return [sys.executable, "-ISB", "-c",
            f"import sys\nsys.path.insert(0, {HERE!r})\nfrom talk import *\n{head}{textwrap.dedent(text)}"]


def inside(world, group=None, namespace=None):
    """Puts a process, before it becomes a program, into a captured group and a namespace (else near)."""
    def enter():
        (group or world.group).enter()
        network.enter(namespace or world.network.near)
    return enter


class Talker:
    """A program that runs beside the capture, in its group."""

    def __init__(self, case, text, group=None, namespace=None, **values):
        self.process = subprocess.Popen(script(text, **values), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=inside(case.world, group, namespace))
        case.at_end(self.end)

    def line(self):
        return read_line(self.process.stdout.fileno())

    def tell(self, line=""):
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def wait(self):
        status = self.process.wait(60)
        check(status == 0, f"a talker failed: {status}")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def command(case, words, *options, output=None, group=None, **settings):
    """A capture of this command alone."""
    return case.capture("--json", *options, "--", *words, output=output, inside=inside(case.world, group), **settings)


def must_end(capture, status):
    got = capture.wait()
    check(got == status, f"exit status {got}, not {status}: {capture.said}")
    check(not capture.report.get("lost") and not capture.report.get("events_lost"), capture.report)


def records_in(*paths):
    """Of all these files, which must be complete."""
    records = []
    for path in paths:
        file = pcapng_file.read(path)
        check(not file.torn_bytes, f"{path}: a torn block")
        found, others = scorer.records_of(file)
        check(not others, f"{path}: packets without a label: {others[:2]}")
        records += found
    return records


def word(record):
    """(sender, number, direction, label)"""
    found = TOKEN.search(record.data, record.header.payload)
    sender, number = (found[1].decode(), int(found[2])) if found else ("", -1)
    return sender, number, "e" if record.egress else "i", record.label


def tokens_must_be(records, wanted):
    """{(sender, direction, label): count}: each of its tokens once, from 0 on, and no packet besides."""
    expected = Counter((sender, number, direction, label)
                       for (sender, direction, label), count in wanted.items() for number in range(count))
    found = Counter(map(word, records))
    check(found == expected, f"missing {list((expected - found).items())[:4]} ({(expected - found).total()}), "
                             f"too many {list((found - expected).items())[:4]} ({(found - expected).total()})")
