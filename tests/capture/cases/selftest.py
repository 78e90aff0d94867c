# SPDX-License-Identifier: Apache-2.0
"""pcapml selftest: it passes where the kernel has no exception, and nothing remains of it."""
import glob
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from control_group import cgroup2_mount
from .harness import case, check

# doc/capture.md, Exceptions by kernel
KNOWN = {("tcp6", "lost"): (6, 12), ("reader", "wrong"): (6, 3)}


def remains():
    found = glob.glob(os.path.join(cgroup2_mount(), "pcapml-selftest-*"))
    found += glob.glob(os.path.join(tempfile.gettempdir(), "pcapml-selftest-*"))
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                found += [path] * file.read().startswith("st-")
        except OSError:  # it is gone
            continue
    return found


def what_stays():
    """What is still there after a while: init reaps orphans in its own time."""
    deadline = time.monotonic() + 10
    while (found := remains()) and time.monotonic() < deadline:
        time.sleep(0.05)  # there is no event for the end of another's child
    return found


@case
def selftest_finds_no_fault(case):
    done = case.run("selftest", "--json")
    check(done.returncode in (0, 1) and done.stdout, f"exit status {done.returncode}: {done.stderr}")
    report = json.loads(done.stdout)
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    for kind in report["kinds"]:
        check(kind["skipped"] or kind["packets"] > 0, f"nothing was played: {kind}")
        for fault in ("wrong", "unknown", "lost"):
            known = release < KNOWN.get((kind["name"], fault), (0, 0))
            check(kind[fault] == 0 or known, f"{kind}: {report['faults']}")
    check(report["strangers"] == 0 and report["witness_dropped"] == 0, done.stdout)
    check(done.returncode == (0 if report["passed"] else 1), f"exit status {done.returncode}")
    check(not (found := what_stays()), f"left behind: {found}")


@case
def selftest_leaves_nothing_when_interrupted(case):
    """In each of its stages: the file that it keeps grows while the traffic is played."""
    for stage in ("begun", "captures"):
        kept = case.path(f"{stage}.pcapng")
        process = subprocess.Popen([case.world.binary, "selftest", "--keep", kept], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        while process.poll() is None and not (remains() if stage == "begun" else os.path.exists(kept)):
            select.select([process.stdout], [], [], 0.005)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
        check(process.returncode == -signal.SIGINT, f"exit status {process.returncode}: {said}")
        check(not (found := what_stays()), f"left behind when {stage}: {found}")
