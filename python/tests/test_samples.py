# SPDX-License-Identifier: Apache-2.0
"""Samples: what they are, and how several files go together."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np
import pytest
from capture_files import Made, capture, corpus, labelled, write

import pcapml


def test_consecutive_packets_of_an_id_are_a_sample(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("3,a", "3,a", "1,b,k=v", "2,c", "2,c,k=w", "2,c,k=x"))
    samples = list(pcapml.sampler(path))
    assert [(s.sid, s.sample_id, s.label, s.metadata, len(s.packets)) for s in samples] == [
        (3, "3", "a", "a", 2),
        (1, "1", "b", "b,k=v", 1),
        (2, "2", "c", "c", 3),
    ]
    assert [s.fields for s in samples] == [{}, {"k": "v"}, {"k": "w"}]
    assert len(samples[2]) == 3 and samples[2].path == path
    assert repr(samples[0]) == "<pcapml.Sample sid=3 label='a' packets=2>"


def test_packets_are_a_sequence(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(f"1,p{i}" for i in range(10))))
    (sample,) = pcapml.sampler(path)
    packets = sample.packets
    labels = [packet.label for packet in packets]
    assert labels == [f"p{i}" for i in range(10)]
    assert packets[0].label == packets[-10].label == "p0"
    assert [packet.label for packet in packets[2:9:3]] == labels[2:9:3]
    assert [packet.label for packet in packets[::-1][1:3]] == labels[::-1][1:3]
    assert packets[3] == packets[-7] != packets[4] and len({packets[3], packets[-7]}) == 1
    assert isinstance(packets, Sequence)
    assert len(packets[20:]) == 0 and list(packets[5:5]) == []
    for bad in (10, -11):
        with pytest.raises(IndexError):
            packets[bad]


def test_an_id_that_does_not_fit_64_bits_is_text(tmp_path: pathlib.Path) -> None:
    ids = [str(2**64 - 1), str(2**64), "9" * 40, "007"]
    path = write(tmp_path / "a.pcapng", labelled(*(f"{i},x" for i in ids)))
    assert [s.sid for s in pcapml.sampler(path)] == [2**64 - 1, str(2**64), "9" * 40, 7]
    assert [s.sample_id for s in pcapml.sampler(path)] == [*ids[:3], "7"]


def test_ids_compare_as_numbers(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("7,x", "007,x"))
    assert [len(s) for s in pcapml.sampler(path)] == [2]


@pytest.mark.parametrize("sid", ["1", "9" * 30])
def test_a_recurring_id_is_an_error_with_a_hint(tmp_path: pathlib.Path, sid: str) -> None:
    path = write(tmp_path / "a.pcapng", labelled(f"{sid},a", "2,b", f"{sid},a"))
    seen = []
    with pytest.raises(pcapml.DataError, match="pcapml sort"):
        for sample in pcapml.sampler(path):
            seen.append(sample.label)
    assert seen == ["a", "b"]


def test_any_gathers_what_lies_apart(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "2,b", "1,a", "2,b", "3,c"))
    samples = list(pcapml.sampler(path, group="any"))
    assert [(s.sid, len(s)) for s in samples] == [(1, 2), (2, 2), (3, 1)]
    assert samples[0].packets[1].timestamp_ns - samples[0].packets[0].timestamp_ns == 2_000_000
    pcapml.sort(path, tmp_path / "sorted.pcapng")
    assert [(s.sid, len(s)) for s in pcapml.sampler(tmp_path / "sorted.pcapng")] == [(1, 2), (2, 2), (3, 1)]
    with pytest.raises(ValueError, match="group"):
        pcapml.sampler(path, group="some")  # type: ignore[arg-type]


def test_packets_without_a_label_are_counted(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", capture([Made(["1,a"]), Made(), Made(["1,a"]), Made()]))
    sampler = pcapml.sampler(path)
    assert [len(s) for s in sampler] == [2]
    assert sampler.unlabeled == 2


def test_a_cut_sample_is_given_before_the_error(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "2,b", "2,b", "2,b")[:-5])
    seen = []
    with pytest.raises(pcapml.FormatError):
        for sample in pcapml.sampler(path):
            seen.append(len(sample))
    assert seen == [1, 2]
    with pytest.warns(pcapml.FormatWarning):
        assert [len(s) for s in pcapml.sampler(path, on_error="warn")] == [1, 2]


def test_samples_of_several_files_do_not_mix(tmp_path: pathlib.Path) -> None:
    one = write(tmp_path / "monday.pcapng", labelled("1,a", "1,a"))
    two = write(tmp_path / "tuesday.pcapng", labelled("1,b"))
    for samples in (list(pcapml.sampler([one, two])), list(pcapml.sampler([one, two], group="any"))):
        assert [(s.session, s.sid, len(s)) for s in samples] == [("monday", 1, 2), ("tuesday", 1, 1)]


def test_directories_and_globs_name_captures(tmp_path: pathlib.Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "a.pcapng", labelled(f"1,{folder}"))
        write(tmp_path / folder / "notes.txt", b"no capture")
    samples = list(pcapml.sampler(tmp_path))
    assert [(s.session, s.label) for s in samples] == [("x/a.pcapng", "x"), ("y/a.pcapng", "y")]
    assert len(list(pcapml.sampler(str(tmp_path / "*" / "a.pcapng")))) == 2
    assert len(list(pcapml.sampler([tmp_path / "x", tmp_path / "y"]))) == 2
    with pytest.raises(FileNotFoundError):
        pcapml.sampler(str(tmp_path / "*.none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError):
        pcapml.sampler(tmp_path / "empty")
    with pytest.raises(ValueError, match="no input"):
        pcapml.sampler([])


def test_one_file_has_the_session_of_its_labels(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a,session=monday", "2,b"))
    assert [s.session for s in pcapml.sampler(path)] == ["monday", None]


def test_a_damaged_file_among_several_ends_alone(tmp_path: pathlib.Path) -> None:
    one = write(tmp_path / "a.pcapng", labelled("1,a", "2,b")[:-3])
    two = write(tmp_path / "b.pcapng", labelled("1,c"))
    with pytest.warns(pcapml.FormatWarning):
        assert [s.label for s in pcapml.sampler([one, two], on_error="warn")] == ["a", "c"]


def test_to_numpy_has_a_record_for_each_packet(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a,d=e", "1,a,d=i", "1,a"))
    (sample,) = pcapml.sampler(path)
    array = sample.to_numpy()
    assert array["direction"].tolist() == [1, -1, 0]
    assert array["src_port"].tolist() == [1234] * 3 and array["dst_port"].tolist() == [80] * 3
    assert array["protocol"].tolist() == [6] * 3 and array["length"].tolist() == [40] * 3
    assert np.diff(array["timestamp_ns"]).tolist() == [1_000_000] * 2


def test_df_has_the_packets_of_the_sample(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    path = write(tmp_path / "a.pcapng", labelled("1,a,k=v", "1,a", "2,b"))
    first, second = pcapml.samples(path)
    assert (first.df["sample_id"] == first.sample_id).all()
    assert list(first.df.columns) == [*pcapml.COLUMNS, "k"]
    assert list(second.df.columns) == pcapml.COLUMNS and len(second.df) == 1


def test_the_example_of_pcapml_fe_runs() -> None:
    # As its example.py has it, but for the name of the module.
    lines = []
    for traffic_sample in pcapml.sampler(corpus("pcapml-legacy/sample-test/test.pcapng")):
        lines.append(f"Sample ID: {traffic_sample.sid}")
        lines.append(f"Sample metadata: {traffic_sample.metadata}")
        for pkt in traffic_sample.packets:
            lines.append(f"{pkt.ts} {pkt.raw_bytes!r}")
    assert lines[:2] == ["Sample ID: 18205618432581910911", "Sample metadata: windows-10"]
    assert len(lines) == 151 + 2 * 10
