# SPDX-License-Identifier: Apache-2.0
"""What the cases are made of."""
import os
import pwd
import shutil
import subprocess
import tempfile
import time

import pcapng_file
import scorer
import theatre
from program import Capture

CASES = {}
NOBODY = 65534
SMALL = ("tcp4", "udpconn", "tcp6v", "udpto")


class CaseSkipped(Exception):
    pass


def case(play):
    CASES[play.__name__] = play
    return play


def under_sudo(user="nobody"):
    """The environment that this user's sudo makes."""
    entry = pwd.getpwnam(user)
    return {**os.environ, "SUDO_UID": str(entry.pw_uid), "SUDO_GID": str(entry.pw_gid), "SUDO_USER": user,
            "SUDO_COMMAND": "pcapml", "HOME": "/root", "USER": "root", "LOGNAME": "root"}


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def wait_until(condition, otherwise):
    """For what no file tells of."""
    deadline = time.monotonic() + 20
    while not condition():
        check(time.monotonic() < deadline, otherwise)
        time.sleep(0.005)


class Case:
    def __init__(self, world, directory):
        self.world, self.directory = world, directory
        os.makedirs(directory, exist_ok=True)
        self.captures, self.others, self.endings = [], [], []

    def path(self, name):
        return os.path.join(self.directory, name)

    def public_directory(self, owner=0):
        """Where other users can come: the directories of cases are for root."""
        path = tempfile.mkdtemp(prefix="pcapml-case-")
        self.at_end(lambda: shutil.rmtree(path, ignore_errors=True))
        os.chmod(path, 0o755)
        os.chown(path, owner, -1)
        return path

    def small_disk(self, size):
        """Where so many bytes have room."""
        path = self.path("disk")
        os.mkdir(path)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=False).returncode:
            raise CaseSkipped("tmpfs cannot be mounted")
        self.at_end(lambda: subprocess.run(["umount", "-l", path], check=True))
        return path

    def capture(self, *options, output=None, **settings):
        """A capture that runs; ended after the case, whatever happens."""
        settings.setdefault("cgroup", self.world.captured_group)
        settings.setdefault("binary", self.world.binary)
        started = Capture(settings.pop("binary"), output or self.path("capture.pcapng"), settings.pop("cgroup"),
                          *options, **settings)
        self.captures.append(started)
        return started

    def own_world(self, **settings):
        world = theatre.World(self.world.binary, **settings)
        self.others.append(world)
        return world

    def at_end(self, function):
        """Calls it after the case, whatever happens; the last one first."""
        self.endings.append(function)

    def end(self):
        for one in self.captures:
            one.end()
        self.world.group.kill()  # commands that were captured and did not end
        for function in reversed(self.endings):
            function()
        for world in self.others:
            world.close()

    def show(self, *names, world=None):
        return theatre.Performance(world or self.world, self.path("stage"), names)

    def perform(self, names, *options, world=None, **truth_options):
        """(records, what was expected, the file, the capture) of these actors under these options."""
        show = self.show(*names, world=world)
        show.prepare()
        capture = self.capture("--json", *options)
        show.play()
        status = capture.stop()
        check(status == 0, f"exit status {status}: {capture.said}")
        check(show.report_outcomes(), "an actor failed")
        expected = show.truth(**truth_options)
        file = pcapng_file.read(self.path("capture.pcapng"))
        records, others = scorer.records_of(file)
        check(not others, f"packets without a label: {others[:2]}")
        return records, expected.expected, file, capture

    def run(self, *arguments, **settings):
        return subprocess.run([self.world.binary, *arguments], capture_output=True, text=True, timeout=60, check=False,
                              **settings)


def must_be_right(records, expected, **settings):
    outcome = scorer.score(records, expected, **settings)
    check(outcome.clean and not outcome.count("unknown"),
          f"{outcome.totals()}: " + "; ".join(outcome.findings[:4]))
    check(outcome.count("right") > 0, "there was nothing to judge")


def renamed(expected, name_of):
    """The same packets where another rule names the processes."""
    for one in expected:
        names = {label: name_of(label) for label in one.labels}
        one.pids = {new: {pid for old in names if names[old] == new for pid in one.pids.get(old, ())}
                    for new in names.values()}
        one.tids = {new: {tid for old in names if names[old] == new for tid in one.tids.get(old, ())}
                    for new in names.values()}
        one.labels = frozenset(names.values())
    return expected
