# SPDX-License-Identifier: Apache-2.0
"""How a capture begins and ends, and what is left when it does not end well."""
import os
import shutil
import signal
import subprocess
import time

import pcapng_file
import scorer
from program import NotReady
from .harness import SMALL, CaseSkipped, case, check, must_be_right


def ends_properly(case, number):
    show = case.show(*SMALL)
    show.prepare()
    capture = case.capture()
    show.play()
    status = capture.stop(number)
    expected = show.truth()
    check(status == 0, f"exit status {status}: {capture.said}")
    file = pcapng_file.read(case.path("capture.pcapng"))
    check(not file.torn_bytes, "a torn block")
    check(len(file.statistics) == len(file.interfaces), "no Interface Statistics Block for each interface")
    must_be_right(scorer.records_of(file)[0], expected.expected)


@case
def sigint_ends_the_file(case):
    ends_properly(case, signal.SIGINT)


@case
def sigterm_ends_the_file(case):
    ends_properly(case, signal.SIGTERM)


@case
def sighup_ends_the_file(case):
    ends_properly(case, signal.SIGHUP)


@case
def output_that_cannot_be_created_is_refused_before_attaching(case):
    try:
        capture = case.capture(output=case.path("missing/capture.pcapng"))
    except NotReady as error:
        check(error.status in (1, 2), f"exit status {error.status}")
        check("missing/capture.pcapng" in error.text, f"the message does not name the file: {error.text}")
        return
    capture.stop()
    raise AssertionError("it began")


@case
def an_existing_file_stays_where_the_capture_cannot_begin(case):
    path = case.path("capture.pcapng")
    with open(path, "w", encoding="ascii") as file:
        file.write("precious")
    done = case.run("capture", "-o", path, "--cgroup", case.path("."))
    check(done.returncode not in (0, None), f"exit status {done.returncode}")
    check("cgroup" in done.stderr.lower(), f"the cause is not named: {done.stderr}")
    check(open(path, encoding="ascii").read() == "precious", "the file is gone")


@case
def without_capabilities_the_remedy_is_named(case):
    if not shutil.which("setpriv"):
        raise CaseSkipped("no setpriv")
    path = case.path("capture.pcapng")
    done = subprocess.run(["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", case.world.binary, "capture", "-o",
                           path, "--cgroup", case.world.captured_group], capture_output=True, text=True, timeout=30,
                          check=False)
    check(done.returncode in (1, 2), f"exit status {done.returncode}")
    check("CAP_" in done.stderr or "sudo" in done.stderr or "root" in done.stderr, f"no remedy: {done.stderr}")
    check(not os.path.exists(path), "a file was made")


@case
def killed_it_leaves_a_readable_file_and_nothing_attached(case):
    show = case.show("tcp4", "bulklo")
    show.prepare()
    capture = case.capture()
    show.play()
    # At most half a second after it was seen each packet is in the file: the last of the workload tells.
    deadline = time.monotonic() + 0.75
    path = case.path("capture.pcapng")
    expected = None
    while time.monotonic() < deadline:
        expected = expected or show.truth()
        file = pcapng_file.read(path)
        outcome = scorer.score(scorer.records_of(file)[0], expected.expected)
        if not outcome.count("missing"):
            break
    capture.process.kill()
    capture.process.wait()
    file = pcapng_file.read(path)
    check(not file.torn_bytes, "a torn block: blocks are to be written whole")
    must_be_right(scorer.records_of(file)[0], expected.expected)
    shutil.rmtree(case.path("stage"))
    records, expected, *_ = case.perform(SMALL)
    must_be_right(records, expected)


@case
def full_disk(case):
    disk = case.path("disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        raise CaseSkipped("tmpfs cannot be mounted")
    try:
        show = case.show("bulklo", "bulk4")
        show.prepare()
        capture = case.capture("--snap-len", "0", output=os.path.join(disk, "capture.pcapng"))
        show.play()
        show.truth()
        capture.process.send_signal(signal.SIGINT) if capture.process.poll() is None else None
        status = capture.wait()
        check(status == 1, f"exit status {status}: {capture.said}")
        check("space" in capture.said.lower(), f"the cause is not named: {capture.said}")
        file = pcapng_file.read(os.path.join(disk, "capture.pcapng"))
        check(file.packets, "no packet was kept")
        check(not file.torn_bytes, f"{file.torn_bytes} bytes of a torn block")
    finally:
        subprocess.run(["umount", disk], check=True)


@case
def two_captures_at_once(case):
    show = case.show(*SMALL, "bulk4")
    show.prepare()
    first = case.capture(output=case.path("first.pcapng"))
    second = case.capture(output=case.path("second.pcapng"))
    show.play()
    statuses = (first.stop(), second.stop())
    expected = show.truth()
    check(statuses == (0, 0), f"exit statuses {statuses}: {first.said} {second.said}")
    for name in ("first.pcapng", "second.pcapng"):
        must_be_right(scorer.records_of(pcapng_file.read(case.path(name)))[0], expected.expected)


@case
def count_ends_by_itself(case):
    show = case.show("tcp4", "tcp6")
    show.prepare()
    capture = case.capture("--count", "17")
    show.play()
    status = capture.wait(10)
    show.truth()
    check(status == 0, f"exit status {status}: {capture.said}")
    file = pcapng_file.read(case.path("capture.pcapng"))
    check(len(file.packets) == 17, f"{len(file.packets)} packets")


@case
def duration_ends_by_itself(case):
    began = time.monotonic()
    show = case.show("tcp4")
    show.prepare()
    capture = case.capture("--duration", "1")
    ready = time.monotonic()
    show.play()
    status = capture.wait(10)
    took = time.monotonic() - ready
    expected = show.truth()
    check(status == 0, f"exit status {status}")
    check(0.9 < took < 2.5, f"{took:.2f} s since readiness, {time.monotonic() - began:.2f} s in all")
    must_be_right(scorer.records_of(pcapng_file.read(case.path("capture.pcapng")))[0], expected.expected)


@case
def json_summary_counts_by_label(case):
    records, _, _, capture = case.perform(SMALL)
    counted = {entry["label"]: entry["packets"] for entry in capture.report["labels"]}
    wanted = {}
    for record in records:
        wanted[record.label] = wanted.get(record.label, 0) + 1
    check(counted == wanted, f"{counted}, not {wanted}")
    check(all("python" in entry["executable"] for entry in capture.report["labels"]), capture.report["labels"])
    for name in ("captured", "written", "lost", "cut", "unknown", "kernel", "translated"):
        check(isinstance(capture.report.get(name), int), f"no {name}: {capture.report}")
