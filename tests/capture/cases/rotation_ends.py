# SPDX-License-Identifier: Apache-2.0
"""Captures in many files that end badly: what was written can be read."""
import os

import pcapng_file
import scorer
from .harness import NOBODY, case, check, under_sudo
from .rotation import must_be_one_capture, series, stop
from .tokens import Talker, word

ENDLESS = """
    be("load")
    sock, number = udp(), 0
    port = sock.getsockname()[1]
    heard()
    while True:
        send(port, 1, first=number, sock=sock)
        receive(sock)
        number += 1
    """


class Rotating:
    """A capture under endless load; tells of each file that is complete."""

    def __init__(self, case, directory, size, *options, **settings):
        fifo = os.path.join(case.public_directory(settings.pop("owner", 0)), "complete")
        os.mkfifo(fifo)
        os.chmod(fifo, 0o666)
        self.files = open(fifo, "r+b", buffering=0)
        case.at_end(self.files.close)
        self.pattern = os.path.join(directory, "x_*")
        self.talker = Talker(case, ENDLESS)
        self.capture = case.capture("-C", str(size), "-z", f"echo >>'{fifo}'", *options,
                                    output=os.path.join(directory, "x.pcapng"), **settings)
        self.talker.tell()

    def wait_for_files(self, count):
        return [self.files.readline().decode().rstrip("\n") for _ in range(count)]

    def must_fail(self, words):
        status = self.capture.wait()
        check(status == 1, f"exit status {status}: {self.capture.said}")
        check(words.lower() in self.capture.said.lower(), f"the cause is not named: {self.capture.said}")


def must_be_readable(paths, has_torn_end=False):
    """All packets of an endless load up to some, without a hole."""
    words = []
    for path in paths:
        file = pcapng_file.read(path)
        check(not file.torn_bytes or (has_torn_end and path == paths[-1]), f"{path}: a torn block")
        words += [word(record) for record in scorer.records_of(file)[0]]
    for direction in "ei":
        numbers = [number for _, number, way, _ in words if way == direction]
        check(numbers == list(range(len(numbers))), f"a hole in what was written: {len(numbers)}")
    check(words, "nothing was written")


@case
def a_directory_that_vanishes(case):
    before, after = case.path("before"), case.path("after")
    os.mkdir(before)
    rotating = Rotating(case, before, 0.02)
    rotating.wait_for_files(3)
    os.rename(before, after)
    rotating.must_fail("No such file")
    must_be_readable(series(os.path.join(after, "x_*")))


@case
def a_directory_that_is_closed_to_its_user(case):
    directory = case.public_directory(NOBODY)
    rotating = Rotating(case, directory, 0.02, environment=under_sudo())
    rotating.wait_for_files(3)
    os.chmod(directory, 0o555)
    rotating.must_fail("as user nobody")
    must_be_readable(series(rotating.pattern))


@case
def a_rotating_capture_that_is_killed(case):
    rotating = Rotating(case, case.path("."), 0.02)
    complete = rotating.wait_for_files(10)
    rotating.capture.process.kill()
    rotating.capture.process.wait()
    paths = series(rotating.pattern)
    check(set(complete) <= set(paths), "a complete file is gone")
    must_be_readable(paths)
    must_be_one_capture(paths[:-1])


@case
def a_disk_that_fills_up(case):
    disk = case.small_disk("1m")
    rotating = Rotating(case, disk, 0.2)
    rotating.must_fail("space")
    paths = series(rotating.pattern)
    check(len(paths) >= 4, f"only {paths}")
    must_be_readable(paths)


@case
def a_small_disk_suffices_where_old_files_go(case):
    disk = case.small_disk("1m")
    rotating = Rotating(case, disk, 0.1, "-W", "4")
    rotating.wait_for_files(25)
    stop(rotating.capture)
    paths = series(rotating.pattern)
    check(len(paths) == 4, paths)
    must_be_one_capture(paths)
