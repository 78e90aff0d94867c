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


class Capture:
    """pcapml capture from its readiness line to its closing summary."""

    def __init__(self, binary, output, cgroup, *options, stdout=None, namespace=None, environment=None):
        self.output = output
        command = [binary, "capture", "-o", output, "--cgroup", cgroup, *options]
        self.json_on_stdout = "--json" in options and output != "-"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=stdout if stdout is not None else subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment)
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

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds=PATIENCE):
        """Its exit status; what it said is in `said`, its report in `report`."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            self.said += "(killed: it did not end)\n"
        self.said += (err or b"").decode(errors="replace")
        self.printed = out or b""
        self.report = {}
        if self.json_on_stdout and out:
            self.report = json.loads(out)
        return self.process.returncode

    def end(self):
        """For a test that failed in between."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
