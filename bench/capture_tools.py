# SPDX-License-Identifier: Apache-2.0
"""The capturing programs that bench/capture compares, and what each run of one costs."""
import dataclasses
import json
import os
import re
import signal
import subprocess
import time

from capture_place import network, wait_for_line

TICK = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Tool:
    """{pcapml}, {device}, {group} and {out} are filled in; `ready` is in its readiness line on standard error."""
    name: str
    command: str
    ready: str

    @property
    def is_ours(self):
        return self.command.startswith("{pcapml}")


# tcpdump gets a buffer as large as pcapml's, 64 MB; its own default is 2 MB.
TCPDUMP = "tcpdump -Z root -n -B 65536 -i {device} -w {out} "
PCAPML = "{pcapml} capture --json -q --cgroup {group} -o {out}"
TOOLS = (
    Tool("tcpdump -s 1500", TCPDUMP + "-s 1500", "listening on"),
    Tool("pcapml", PCAPML, "capturing on"),
    Tool("tcpdump -s 0", TCPDUMP + "-s 0", "listening on"),
    Tool("pcapml --snap-len 0", PCAPML + " --snap-len 0", "capturing on"),
)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid):
    """VmHWM; what rusage tells is never below the peak of the process that started it."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


class Running:
    def __init__(self, tool, program, place, device, out):
        self.tool, self.out = tool, out
        values = {"pcapml": program, "device": device, "group": place.inside.path, "out": out}
        begin = time.monotonic()
        self.process = subprocess.Popen([word.format(**values) for word in tool.command.split()],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=lambda: network.enter(place.near))
        try:
            self.said = wait_for_line(self.process.stderr, tool.ready)
        except BaseException:
            self.end()
            raise
        self.start = {"ready_seconds": time.monotonic() - begin, "ready_cpu": cpu_seconds(self.process.pid)}

    def wait_until_idle(self):
        """What is in its buffer at the end of the load is not lost: it gets time to write it."""
        deadline, last = time.monotonic() + 60, -1.0
        while time.monotonic() < deadline and cpu_seconds(self.process.pid) - last > 1.5 / TICK:
            last = cpu_seconds(self.process.pid)
            time.sleep(0.2)  # there is no event for having nothing to do

    def stop(self):
        self.wait_until_idle()
        peak = peak_mib(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        said = self.process.stdout.read().decode()
        self.said += self.process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.tool.name}: status {self.process.returncode}: {self.said}")
        figures = of_pcapml(json.loads(said)) if self.tool.is_ours else of_tcpdump(self.said)
        return {**self.start, **figures, "cpu": usage.ru_utime + usage.ru_stime, "peak_mib": peak,
                "file_bytes": self.out.stat().st_size}

    def end(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


def of_tcpdump(said):
    """On lo it gets each packet twice and writes one; what it tells of received and dropped counts both."""
    counts = {words: int(number) for number, words in
              re.findall(r"^(\d+) packets? (captured|received by filter|dropped by kernel)", said, re.M)}
    received, lost = counts["received by filter"], counts["dropped by kernel"]
    return {"written": counts["captured"], "lost": lost, "lost_share": lost / received if received else 0.0}


def of_pcapml(report):
    seen = report["captured"] + report["lost"]
    return {"written": report["written"], "lost": report["lost"], "lost_share": report["lost"] / seen if seen else 0.0,
            "cut": report["cut"], "unknown": report["unknown"], "events_lost": report["events_lost"],
            "known_sockets": report["known_sockets"]}
