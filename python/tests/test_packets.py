# SPDX-License-Identifier: Apache-2.0
"""Packets: what they say, how long they live, and what damaged files do."""

from __future__ import annotations

import gc
import gzip
import io
import os
import pathlib
import struct
import subprocess
import sys
import threading

import pytest
from capture_files import SAMPLES, Made, capture, labelled, packet_block, process_block, section, tcp, write

import pcapml


def test_a_packet_says_what_the_file_has(tmp_path: pathlib.Path) -> None:
    data = tcp(b"hello")
    made = Made(["not a label", "7,web%2Cshop,d=e,dst=a.example,x=1"], data, 1_700_000_000_123_456, 999)
    path = write(tmp_path / "a.pcapng", capture([made]))
    (packet,) = pcapml.iter_packets(path)
    assert packet.timestamp_ns == 1_700_000_000_123_456_000
    assert packet.timestamp == pytest.approx(1_700_000_000.123456, abs=1e-6)
    assert packet.ts == 1_700_000_000_123_456
    assert packet.data == packet.raw_bytes == bytes(packet) == data
    assert packet.length == 999
    assert packet.captured_length == len(packet) == len(data)
    assert packet.link_type == 101
    assert packet.comment == "7,web%2Cshop,d=e,dst=a.example,x=1"
    assert packet.comments == ["not a label", packet.comment]
    assert packet.sid == 7 and packet.sample_id == "7"
    assert packet.label == "web,shop"
    assert packet.metadata == "web%2Cshop,d=e,dst=a.example,x=1"
    assert packet.direction == "e" and packet.dst == "a.example"
    assert packet.fields == {"d": "e", "dst": "a.example", "x": "1"}
    assert packet.process is None
    assert packet.path == path
    assert "comment='7,web%2Cshop" in repr(packet)


def test_a_packet_without_a_label_has_none(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", capture([Made(), Made(["42"]), Made(time_us=None)]))
    bare, noted, simple = pcapml.iter_packets(path)
    assert bare.comment is None and bare.comments == [] and bare.label is None and bare.sid is None
    assert bare.fields == {} and bare.direction is None and bare.dst is None and bare.metadata is None
    assert noted.comment == "42" and noted.sid is None
    assert not simple.has_timestamp and simple.timestamp_ns == 0


def test_text_that_is_no_utf8_is_replaced(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", capture([Made([b"1,caf\xe9"])]))
    (packet,) = pcapml.iter_packets(path)
    assert packet.label == "caf\ufffd"
    assert pcapml.table(path)["label"].to_pylist() == ["caf\ufffd"]


def test_a_view_is_not_a_copy_and_outlives_everything(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", capture([Made(["1,a"], tcp(b"payload"))]))
    packets = list(pcapml.iter_packets(path))
    view = packets[0].view
    assert view.readonly and view.nbytes == packets[0].captured_length
    os.unlink(path)
    del packets
    gc.collect()
    assert view[-7:].tobytes() == b"payload"
    with pytest.raises(TypeError):
        view[0] = 0


def test_a_packet_outlives_its_reader_and_sample(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(f"{i},x{i}" for i in range(5000))))
    kept = [packet for i, packet in enumerate(pcapml.iter_packets(path)) if i % 1000 == 0]
    samples = [sample.packets[0] for sample in pcapml.sampler(path)]
    gc.collect()
    assert [packet.label for packet in kept] == ["x0", "x1000", "x2000", "x3000", "x4000"]
    assert [packet.sid for packet in samples] == list(range(5000))


def test_a_process_is_that_of_the_packet_and_its_time(tmp_path: pathlib.Path) -> None:
    def of(pid: int, time_us: int) -> Made:
        return Made(["1,a"], time_us=time_us, options=[(8, struct.pack("<II", pid, pid + 1))])

    data = section() + process_block(9, "sh", "/bin/sh", 1_000_000) + packet_block(of(9, 1_500))
    data += process_block(9, "curl", "/usr/bin/curl", 2_000_000)
    data += packet_block(of(9, 2_000)) + packet_block(of(9, 10)) + packet_block(of(8, 3_000)) + packet_block(Made())
    path = write(tmp_path / "a.pcapng", data)
    sh, curl, early, unknown, none = (packet.process for packet in pcapml.iter_packets(path))
    assert sh is not None and (sh.pid, sh.thread, sh.name, sh.path) == (9, 10, "sh", "/bin/sh")
    assert curl is not None and curl.name == "curl" and curl.arguments == ("curl", "-s", "http://a/")
    assert curl.start_time_ns == 2_000_000 and curl.user is None
    assert early is not None and early.name is None
    assert unknown is not None and (unknown.pid, unknown.name) == (8, None)
    assert none is None


def test_parse_comment_takes_both_forms_apart() -> None:
    sid, label, direction, dst, meta = pcapml.parse_comment("s=0,proc=curl,dir=lan2wan,dst=example.com")
    assert (sid, label, direction, dst) == ("0", "curl", "lan2wan", "example.com")
    assert meta == {"proc": "curl", "dir": "lan2wan", "dst": "example.com"}
    assert pcapml.parse_comment("18205618432581910911,windows-10")[:4] == (
        "18205618432581910911",
        "windows-10",
        None,
        None,
    )
    assert pcapml.parse_comment(None).sample_id is None
    assert pcapml.parse_comment("a remark") == (None, None, None, None, {})


def test_a_truncated_tail_gives_its_packets_and_then_raises(tmp_path: pathlib.Path) -> None:
    whole = labelled("1,a", "1,a", "2,b")
    path = write(tmp_path / "a.pcapng", whole[:-9])
    packets = []
    with pytest.raises(pcapml.FormatError) as caught:
        for packet in pcapml.iter_packets(path):
            packets.append(packet.label)
    assert packets == ["a", "a"]
    assert caught.value.path == path
    assert 0 < caught.value.offset < len(whole)
    assert isinstance(caught.value, ValueError)


def test_a_truncated_tail_may_be_a_warning(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "1,a", "2,b")[:-9])
    with pytest.warns(pcapml.FormatWarning, match="the file ends inside"):
        assert len(list(pcapml.iter_packets(path, on_error="warn"))) == 2


def test_after_an_error_a_reader_is_at_its_end(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "2,b")[:-9])
    reader = pcapml.iter_packets(path)
    next(reader)
    with pytest.raises(pcapml.FormatError):
        next(reader)
    assert list(reader) == []


def test_every_prefix_of_a_file_ends_or_raises(tmp_path: pathlib.Path) -> None:
    whole = labelled("1,a,x=1", "s=2,proc=b")
    for size in range(len(whole)):
        for read in (pcapml.iter_packets, pcapml.sampler):
            try:
                for _ in read(io.BytesIO(whole[:size])):
                    pass
            except pcapml.FormatError:
                pass


@pytest.mark.parametrize("format", ["pcap", "pcapng"])
def test_hostile_files_raise_and_do_not_crash(format: str) -> None:
    corpus = SAMPLES.parent / "fuzz" / "corpus" / format
    files = sorted(corpus.iterdir()) if corpus.is_dir() else []
    if not files:
        pytest.skip(f"no {corpus}")
    for path in files:
        for use in (
            lambda p: [(x.comments, x.label, x.process, x.data) for x in pcapml.iter_packets(p)],
            lambda p: [(x.fields, len(x.packets), x.to_numpy()) for x in pcapml.sampler(p, group="any")],
            lambda p: pcapml.table(p).validate(full=True),
            lambda p: [batch.validate(full=True) for batch in pcapml.batches(p)],
        ):
            try:
                use(path)
            except pcapml.FormatError:
                pass


def test_errors_of_the_system_are_os_errors(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        pcapml.iter_packets(tmp_path / "none.pcapng")
    with pytest.raises(pcapml.FormatError):
        pcapml.iter_packets(write(tmp_path / "a.pcap", b"no capture at all"))
    with pytest.raises(TypeError):
        pcapml.iter_packets(7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="on_error"):
        pcapml.iter_packets(write(tmp_path / "b.pcapng", labelled("1,a")), on_error="never")  # type: ignore[arg-type]


def test_a_format_error_can_be_pickled() -> None:
    import pickle

    again = pickle.loads(pickle.dumps(pcapml.FormatError("bad", "a.pcap", 7)))
    assert (str(again), again.path, again.offset) == ("bad", "a.pcap", 7)


def test_streams_and_compressed_files_read(tmp_path: pathlib.Path) -> None:
    whole = labelled("1,a", "2,b")
    packed = write(tmp_path / "a.pcapng.gz", gzip.compress(whole))
    for source in (packed, pathlib.Path(packed), io.BytesIO(whole), io.BytesIO(gzip.compress(whole))):
        assert [packet.label for packet in pcapml.iter_packets(source)] == ["a", "b"]
    with open(packed, "rb") as stream:
        assert len(list(pcapml.iter_packets(stream))) == 2


def test_a_pipe_reads(tmp_path: pathlib.Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(labelled("1,a", "2,b"),))
    writer.start()
    assert [packet.label for packet in pcapml.iter_packets(fifo)] == ["a", "b"]
    writer.join()


def test_standard_input_reads(tmp_path: pathlib.Path) -> None:
    code = "import pcapml; print([packet.label for packet in pcapml.iter_packets('-')])"
    done = subprocess.run([sys.executable, "-c", code], input=labelled("1,a", "2,b"), capture_output=True, cwd=tmp_path)
    assert done.stdout == b"['a', 'b']\n", done.stderr


def test_what_a_stream_raises_comes_out() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise RuntimeError("torn cable")

    class Text:
        def read(self, size: int) -> str:
            return "text"

    with pytest.raises(RuntimeError, match="torn cable"):
        pcapml.iter_packets(Broken())
    with pytest.raises(TypeError, match="bytes"):
        pcapml.iter_packets(Text())


def test_two_threads_read_at_once(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(f"{i // 50},x" for i in range(20_000))))
    counts: list[int] = []

    def work() -> None:
        counts.append(sum(packet.captured_length for packet in pcapml.iter_packets(path)))
        counts.append(sum(len(sample) for sample in pcapml.sampler(path)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == sorted([20_000 * len(tcp()), 20_000] * 4)


def test_two_processes_read_at_once(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(f"{i // 50},x" for i in range(5000))))
    # Each is in the middle of the file when the other is.
    code = f"""import pcapml
packets = pcapml.iter_packets({path!r})
samples = iter(pcapml.sampler({path!r}))
seen = [next(packets).sid, next(samples).sid]
print("begun", flush=True)
input()
print(seen + [sum(1 for _ in packets), sum(len(sample) for sample in samples)])"""
    pipe, command = subprocess.PIPE, [sys.executable, "-c", code]
    readers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=tmp_path) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None and reader.stdout.readline() == "begun\n"
    for reader in readers:
        assert reader.communicate("\n")[0] == "[0, 0, 4999, 4950]\n"


def test_a_reader_can_be_closed(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(["1,a"] * 5000)))
    with pcapml.iter_packets(path) as reader:
        first = next(reader)
    assert list(reader) == []
    assert first.label == "a"


@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer keeps what is freed")
def test_objects_are_not_leaked(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(["1,a,k=v"] * 3000)))

    def resident() -> int:
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1])

    def use() -> None:
        for sample in pcapml.sampler(path):
            for packet in sample.packets[::3]:
                assert packet.fields == {"k": "v"} and len(packet.view) == 40
        for _ in pcapml.batches(path, 500):
            pass

    for _ in range(20):
        use()
    before = resident()
    for _ in range(100):
        use()
    assert resident() - before < 1024  # pages
