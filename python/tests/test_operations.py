# SPDX-License-Identifier: Apache-2.0
"""The operations as functions: results, errors, interrupts."""

from __future__ import annotations

import os
import pathlib
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from capture_files import SAMPLES, Made, capture, labelled, write

import pcapml


def test_a_dataset_goes_through_all_of_them(tmp_path: pathlib.Path) -> None:
    truth, by_port = tmp_path / "truth.pcapng", tmp_path / "by-port.pcapng"
    told = pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", truth)
    assert (told.matched, told.unmatched, told.report.packets) == (428, 7, 435)
    assert told.rules[0].label == "dns" and told.rules[0].packets == 64 and told.names is None
    assert pcapml.sort(truth, tmp_path / "sorted.pcapng").samples == 7
    assert pcapml.split(truth, tmp_path / "parts").files == 7
    assert (tmp_path / "parts" / "metadata.csv").exists()
    assert pcapml.strip(truth, tmp_path / "plain.pcap").labels == 428
    merged = pcapml.merge([truth, str(tmp_path / "sorted.pcapng")], tmp_path / "merged.pcapng")
    assert (merged.inputs, merged.samples, merged.packets) == (2, 14, 856)
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web-test.rules", by_port)
    scores = pcapml.compare(truth, by_port).packets
    assert scores.accuracy == pytest.approx(0.5047, abs=1e-4)
    assert scores.matrix().sum() == 428 and scores.labels[-1] == "<unlabeled>"
    assert scores.scores[scores.labels.index("dns")].f1 == 1.0
    assert scores.macro.recall is not None
    summary = pcapml.summary(truth)
    assert (summary.groups[0].name, summary.groups[0].counts.packets) == ("video", 192)
    assert summary.file.interfaces[0].link_type_name == "ethernet"
    assert summary.total.samples == 7 and summary.total.first_ns is not None


def test_names_are_resolved(tmp_path: pathlib.Path) -> None:
    named = tmp_path / "named.pcapng"
    told = pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", named, resolve=True, sample="flow")
    assert told.samples == 42 and told.named_packets == 350
    assert told.names is not None and told.names.by_sni > 0
    assert {packet.dst for packet in pcapml.iter_packets(named)} >= {"video.example", None}


def test_labels_upon_labels(tmp_path: pathlib.Path) -> None:
    named, again = tmp_path / "named.pcapng", tmp_path / "again.pcapng"
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", named, resolve=True)
    told = pcapml.label(named, SAMPLES / "again.rules", again, keep_old=True)
    assert [rule.packets for rule in told.rules] == [192, 158, 78]
    assert {(packet.label, packet.metadata) for packet in pcapml.iter_packets(again)} >= {
        ("plain", "plain,was=news"),
        ("other", "other,was=ping"),
    }


def test_activities_are_marked(tmp_path: pathlib.Path) -> None:
    marks = tmp_path / "marks.csv"
    before = time.time_ns()
    pcapml.mark(marks, "reading")
    pcapml.mark(marks, "watching, or so")
    pcapml.mark(marks, stop=True)
    after = time.time_ns()
    lines = marks.read_text().splitlines()
    assert [line.split(",", 1)[1] for line in lines] == ["reading", '"watching, or so"']
    for line in lines:
        start, end = (int(part.split(":")[1].replace(".", "")) for part in line.split(",")[0].split("|"))
        assert before <= start <= end <= after
    with pytest.raises(pcapml.DataError, match="no activity"):
        pcapml.mark(marks, stop=True)
    with pytest.raises(pcapml.UsageError):
        pcapml.mark(marks)


def test_results_do_not_depend_on_memory_and_threads(tmp_path: pathlib.Path) -> None:
    many = [Made([f"{i % 500},{i % 7}"], os.urandom(1000), i) for i in range(40_000)]
    path = write(tmp_path / "many.pcapng", capture(many))
    little, tmp = 16_777_216, tmp_path / "tmp"
    tmp.mkdir()
    pcapml.sort(path, tmp_path / "a.pcapng.gz")
    pcapml.sort(path, tmp_path / "b.pcapng.gz", threads=1, memory=little, tmp=tmp)
    assert (tmp_path / "a.pcapng.gz").read_bytes() == (tmp_path / "b.pcapng.gz").read_bytes()
    assert pcapml.split(path, tmp_path / "a", memory=little, tmp=tmp).files == 500
    assert pcapml.compare(path, tmp_path / "a.pcapng.gz", memory=little, tmp=tmp).packets.accuracy == 1.0
    assert not list(tmp.iterdir())
    with pytest.raises(pcapml.UsageError):
        pcapml.sort(path, tmp_path / "c.pcapng", memory=5)
    with pytest.raises(OSError):
        pcapml.sort(path, tmp_path / "c.pcapng", memory=little, tmp=tmp_path / "absent")
    assert not (tmp_path / "c.pcapng").exists()


def test_errors_have_their_types(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a"))
    with pytest.raises(FileNotFoundError):
        pcapml.sort(tmp_path / "none", tmp_path / "out.pcapng")
    with pytest.raises(pcapml.UsageError, match="rules:1"):
        pcapml.label(path, write(tmp_path / "rules", b"nonsense\n"), tmp_path / "out.pcapng")
    with pytest.raises(ValueError):
        pcapml.label(path, None, tmp_path / "out.pcapng")
    with pytest.raises(ValueError, match="format"):
        pcapml.strip(path, tmp_path / "out.pcap", format="gif")  # type: ignore[arg-type]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pcapng", "rules"]


def test_damage_fails_or_is_kept(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "2,b")[:-3])
    with pytest.raises(pcapml.FormatError):
        pcapml.sort(path, tmp_path / "out.pcapng")
    assert not (tmp_path / "out.pcapng").exists()
    with pytest.warns(pcapml.FormatWarning):
        told = pcapml.sort(path, tmp_path / "out.pcapng", on_error="warn")
    assert told.packets == 1 and len(told.report.damage) == 1
    assert [packet.label for packet in pcapml.iter_packets(tmp_path / "out.pcapng")] == ["a"]


def test_progress_is_told(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*["1,a"] * 10_000))
    told: list[tuple[int, int | None, int]] = []
    pcapml.sort(path, tmp_path / "out.pcapng", progress=lambda *now: told.append(now))
    assert told and told[-1][2] > 0

    def stop(done: int, total: int | None, packets: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        pcapml.sort(path, tmp_path / "out2.pcapng", progress=stop)


def interrupt_soon() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.fixture(params=["ends reads", "restarts reads"])
def handler(request: pytest.FixtureRequest) -> Iterator[None]:
    """Python's handler of SIGINT, even where whoever started the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    if request.param == "restarts reads":
        signal.siginterrupt(signal.SIGINT, False)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handler")
def test_ctrl_c_ends_what_waits(tmp_path: pathlib.Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # Open for writing, too, so that neither end waits for the other; nothing ever comes.
    keep = os.open(fifo, os.O_RDWR)
    try:
        interrupt_soon()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            pcapml.sort(fifo, tmp_path / "out.pcapng")
        assert time.monotonic() - start < 5
        interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            pcapml.iter_packets(fifo)
    finally:
        os.close(keep)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fifo"]
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):  # there is no writer at all
        pcapml.sampler(fifo)
    # Nothing of the interrupts is left.
    pcapml.sort(write(tmp_path / "a.pcapng", labelled("1,a")), tmp_path / "out.pcapng")


@pytest.mark.usefixtures("handler")
def test_ctrl_c_ends_what_waits_for_another_end(tmp_path: pathlib.Path) -> None:
    fifo, path = tmp_path / "fifo", write(tmp_path / "a.pcapng", labelled(*["1,a"] * 5000))
    os.mkfifo(fifo)
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        pcapml.sort(fifo, tmp_path / "out.pcapng")  # nobody writes
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        pcapml.sort(path, fifo)  # nobody reads
    keep = os.open(fifo, os.O_RDWR)
    try:
        interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            pcapml.sort(path, fifo)  # the pipe is full
    finally:
        os.close(keep)


def test_an_interrupt_is_that_of_one_operation(tmp_path: pathlib.Path) -> None:
    fifos = [tmp_path / "one", tmp_path / "other"]
    for fifo in fifos:
        os.mkfifo(fifo)
    told: list[int] = []
    other = threading.Thread(target=lambda: told.append(pcapml.sort(fifos[1], tmp_path / "out.pcapng").packets))

    def stop(done: int, total: int | None, packets: int) -> None:
        raise RuntimeError("enough")

    other.start()
    try:
        with pytest.raises(RuntimeError, match="enough"):
            pcapml.sort(fifos[0], tmp_path / "none.pcapng", progress=stop)
    finally:
        fifos[1].write_bytes(labelled("1,a", "2,b"))
        other.join()
    assert told == [2] and not (tmp_path / "none.pcapng").exists()


def test_other_threads_run_meanwhile(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", capture(Made([f"{i},a"]) for i in range(3000)))
    results = []
    threads = [
        threading.Thread(target=lambda i=i: results.append(pcapml.sort(path, tmp_path / f"{i}.pcapng").samples))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [3000] * 4
