# SPDX-License-Identifier: Apache-2.0
"""The program under test, running."""
import json
import os
import re
import select
import signal
import subprocess
import time

READY = re.compile(r"^pcapml: capturing on (.*) \((\d+) sockets known\)$")
PATIENCE = 60


class NotReady(Exception):
    """It ended, or said something else, before the readiness line."""

    def __init__(self, status, text):
        super().__init__(f"status {status}: {text.strip()}")
        self.status, self.text = status, text


def read_line(descriptor):
    """Up to the end of the line and not further: what comes after it is another reader's."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            raise AssertionError(f"no line, only {line}")
        piece = os.read(descriptor, 1)
        if not piece:
            raise AssertionError(f"no line, only {line}")
        line += piece
    return line.decode().rstrip("\n")


class Capture:
    """pcapml capture from its readiness line to its closing summary."""

    def __init__(self, binary, output, cgroup, *options, stdout=None, environment=None, inside=None, prefix=()):
        """`inside` is called in the process before it becomes the program, `prefix` is a command that runs it."""
        self.output = output
        command = [*prefix, binary, "capture", "-o", output, "--cgroup", cgroup, *options]
        self.json_on_stdout = "--json" in options and output != "-"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=stdout if stdout is not None else subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, preexec_fn=inside)
        self.said = ""
        self.known = self.wait_for_readiness()

    def wait_for_readiness(self):
        deadline = time.monotonic() + PATIENCE
        descriptor = self.process.stderr.fileno()
        while True:
            for line in self.said.splitlines():
                found = READY.match(line)
                if found:
                    self.cgroup = found[1]
                    return int(found[2])
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self.process.kill()
                raise NotReady(self.process.wait(), self.said + "(no readiness line)")
            piece = os.read(descriptor, 65536).decode(errors="replace")
            if not piece:
                raise NotReady(self.process.wait(), self.said)
            self.said += piece

    def line(self):
        """What a command that is captured writes to standard output, up to the end of its line."""
        return read_line(self.process.stdout.fileno())

    def said_until(self, words):
        """Returns when these words stand in standard error."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            if not select.select([self.process.stderr], [], [], deadline - time.monotonic())[0]:
                raise AssertionError(f"it did not say '{words}': {self.said}")
            piece = os.read(self.process.stderr.fileno(), 65536).decode(errors="replace")
            if not piece:
                raise AssertionError(f"it ended without saying '{words}': {self.said}")
            self.said += piece

    def children(self):
        """Process ids."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds=PATIENCE):
        """Its exit status; what it said is in `said`, its report in `report`."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = b"", b""  # a command may still hold the pipes
            self.said += "(killed: it did not end)\n"
            self.process.wait()
        self.said += (err or b"").decode(errors="replace")
        self.printed = out or b""
        self.report = {}
        if self.json_on_stdout and out:
            self.report = json.loads(out.splitlines()[-1])
        return self.process.returncode

    def end(self):
        """For a test that failed in between."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe and not pipe.closed:
                pipe.close()
