# SPDX-License-Identifier: Apache-2.0
"""A control group of the test's own, and its end."""
import os
import signal
import time


def cgroup2_mount():
    """Where cgroup2 is mounted: a hybrid machine has it beside the controllers of version 1."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            before, _, after = line.partition(" - ")
            if after.split()[0] == "cgroup2":
                return before.split()[4]
    return None


class ControlGroup:
    def __init__(self, name):
        mount = cgroup2_mount()
        if mount is None:
            raise FileNotFoundError("no cgroup2 is mounted")
        self.path = os.path.join(mount, name)
        os.mkdir(self.path)

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as processes:
            processes.write(str(os.getpid()))

    def members(self):
        with open(os.path.join(self.path, "cgroup.procs"), encoding="ascii") as processes:
            return [int(line) for line in processes]

    def kill(self):
        """All processes in here are the test's own."""
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def remove(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.kill()
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.01)  # a killed process leaves its group when it is reaped
        raise TimeoutError(f"{self.path} still has {self.members()}")
