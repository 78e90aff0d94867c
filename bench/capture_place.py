# SPDX-License-Identifier: Apache-2.0
"""Where one measurement takes place: two namespaces with a veth pair between them, and two control groups.

    near: lo, va ==== vb, lo :far
"""
import itertools
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "capture"))
from control_group import ControlGroup  # noqa: E402
import network  # noqa: E402

NEAR, FAR = "10.99.0.1", "10.99.0.2"
SOURCES, SINK = "10.98.0.1", "10.97.0.1"  # all of 10.98/16 is local to near, of 10.97/16 to far
PATIENCE = 300
numbers = itertools.count()


def wait_for_line(stream, wanted):
    """Reads the stream up to the first line with these words; gives what it read."""
    deadline, said = time.monotonic() + PATIENCE, ""
    while wanted not in said or not said.endswith("\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            raise TimeoutError(f"no {wanted!r} in {said!r}")
        piece = os.read(stream.fileno(), 65536).decode(errors="replace")
        if not piece:
            raise RuntimeError(f"ended without {wanted!r}: {said!r}")
        said += piece
    return said


class Place:
    """Processes of `inside` are captured; those of `outside` stand for another machine."""

    def __init__(self):
        name = f"pcapml-bench-{os.getpid()}-{next(numbers)}"
        self.inside, self.outside = ControlGroup(name), ControlGroup(name + "-outside")
        self.processes = []
        self.near = self.far = None
        try:
            self.near, self.far = network.open_namespace(), network.open_namespace()
            self.connect()
        except BaseException:
            self.close()
            raise

    def connect(self):
        for space in (self.near, self.far):
            network.within(space, network.settle)
            network.within(space, network.write_setting, "ipv4/ip_local_port_range", "1024 65535")
        here = f"/proc/{os.getpid()}/fd/"
        # A veth whose index equals its peer's waits a second for its carrier (net/core/link_watch.c).
        network.ip(self.near, f"""link set lo up
link add va index 101 type veth peer name vb index 201 netns {here}{self.far}
addr add {NEAR}/24 dev va
link set va up
route add local 10.98.0.0/16 dev lo
""")
        network.ip(self.far, f"""link set lo up
addr add {FAR}/24 dev vb
link set vb up
route add local 10.97.0.0/16 dev lo
route add 10.98.0.0/16 via {NEAR}
""")
        network.ip(self.near, f"route add 10.97.0.0/16 via {FAR}\n")
        network.within(self.near, network.reach, FAR)

    def start(self, command, space=None, group=None):
        space, group = space or self.near, group or self.inside

        def move():
            group.enter()
            network.enter(space)

        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   preexec_fn=move)
        self.processes.append(process)
        return process

    def serve(self, command, line, space=None, group=None):
        process = self.start(command, space, group)
        wait_for_line(process.stdout, line)
        return process

    def cpu_seconds(self):
        """Of all processes of both groups, those that have ended included."""
        total = 0
        for group in (self.inside, self.outside):
            with open(os.path.join(group.path, "cpu.stat"), encoding="ascii") as stat:
                total += next(int(line.split()[1]) for line in stat if line.startswith("usage_usec "))
        return total / 1e6

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.inside.remove()
        self.outside.remove()
        for space in (self.near, self.far):
            if space is not None:
                os.close(space)


def finish(process, number=None):
    """What it prints until its end, after a signal if one is given."""
    if number:
        process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    if process.returncode not in (0, -(number or 0)):
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return out.decode()


def stop(process):
    return finish(process, signal.SIGTERM)
