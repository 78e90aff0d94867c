# SPDX-License-Identifier: Apache-2.0
"""A terminal of 80x24 in a tmux server of the test's own."""
import os
import subprocess


class Screen:
    count = 0

    def __init__(self, directory, command=None):
        Screen.count += 1
        self.server = ["tmux", "-u", "-L", f"pcapml-test-{os.getpid()}-{Screen.count}", "-f", "/dev/null"]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PS1": "$ ", "TERM": "xterm"}
        environment.pop("TMUX", None)
        self.environment = environment
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", directory, *([command] if command else ["sh"]))

    def run(self, *arguments):
        return subprocess.run([*self.server, *arguments], env=self.environment, capture_output=True, text=True, timeout=20,
                              check=True).stdout

    def lines(self, history=False):
        shown = self.run("capture-pane", "-p", *(["-S", "-500"] if history else []))
        return [line.rstrip() for line in shown.splitlines()]

    def type(self, text):
        lines = text.split("\n")
        for i, line in enumerate(lines):
            if line:
                self.run("send-keys", "-l", line)
            if i + 1 < len(lines):
                self.key("Enter")

    def key(self, name):
        self.run("send-keys", name)

    def resize(self, width, height):
        self.run("resize-window", "-x", str(width), "-y", str(height))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.server, "kill-server"], env=self.environment, capture_output=True, timeout=20, check=False)
