# SPDX-License-Identifier: Apache-2.0
"""Tables: columns, types, and those who read them."""

from __future__ import annotations

import io
import pathlib
from typing import Any

import pytest
from capture_files import SAMPLES, Made, capture, corpus, labelled, tcp, write

import pcapml

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")

TEXTS = ["sample_id", "label", "direction", "dst", "src_ip", "dst_ip", "proto"]


def some(tmp_path: pathlib.Path) -> str:
    return write(
        tmp_path / "some.pcapng",
        capture(
            [
                Made(["7,a,d=e,dst=a.example,asn=1"], tcp(b"x"), 1_700_000_000_000_001),
                Made(["s=8,proc=b,dir=wan2lan,foo=bar,length=9"], tcp(last=2), 5, 99),
                Made(["note"], b"\x00\x01", 6),
                Made(time_us=None),
            ]
        ),
    )


def test_columns_and_types_of_a_frame(tmp_path: pathlib.Path) -> None:
    frame = pcapml.read(some(tmp_path))
    assert list(frame.columns) == [*pcapml.COLUMNS, "asn", "foo", "meta_length"]
    assert str(frame["timestamp"].dtype) == "datetime64[ns, UTC]"
    for name in [*TEXTS, "asn", "foo", "meta_length"]:
        assert frame[name].dtype == "string", name
    for name in ("src_port", "dst_port", "length"):
        assert frame[name].dtype == "Int64", name
    assert frame["raw"].dtype == object
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    assert rows[0][1:] == ["7", "a", "e", "a.example", "192.168.0.1", "10.0.0.1", "TCP", 1234, 80, 41, tcp(b"x"), "1", None, None]
    assert rows[0][0] == pd.Timestamp(1_700_000_000_000_001_000, tz="UTC")
    assert rows[1][1:12] == ["8", "b", "wan2lan", None, "192.168.0.1", "10.0.0.2", "TCP", 1234, 80, 99, tcp(last=2)]
    assert rows[1][12:] == [None, "bar", "9"]
    assert rows[2][1:] == [None, None, None, None, None, None, None, None, None, 2, b"\x00\x01", None, None, None]
    assert rows[3][0] is None and rows[3][11] == tcp()


def test_columns_can_be_chosen(tmp_path: pathlib.Path) -> None:
    path = some(tmp_path)
    chosen = ["length", "foo", "label", "meta_length", "nothing"]
    assert list(pcapml.read(path, chosen).columns) == chosen
    assert pcapml.table(path, chosen).to_pydict() == {
        "length": [41, 99, 2, 40],
        "foo": [None, "bar", None, None],
        "label": ["a", "b", None, None],
        "meta_length": [None, "9", None, None],
        "nothing": [None] * 4,
    }
    assert "raw" not in pcapml.read(path, include_raw=False).columns
    with pytest.raises(pcapml.UsageError, match="twice"):
        pcapml.table(path, ["label", "label"])
    with pytest.raises(TypeError):
        pcapml.table(path, "label")


def test_a_table_is_valid_and_has_the_same_rows(tmp_path: pathlib.Path) -> None:
    path = some(tmp_path)
    table = pcapml.table(path)
    table.validate(full=True)
    assert pa.types.is_dictionary(table.schema.field("label").type)
    assert table.schema.field("timestamp").type == pa.timestamp("ns", "UTC")
    frame = pcapml.read(path)
    assert table["sample_id"].to_pylist()[:2] == frame["sample_id"].tolist()[:2] == ["7", "8"]
    assert table["raw"].to_pylist() == frame["raw"].tolist()


def test_an_empty_capture_has_the_columns(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "empty.pcapng", capture([]))
    table = pcapml.table(path)
    table.validate(full=True)
    assert table.num_rows == 0 and table.schema.names == pcapml.COLUMNS
    frame = pcapml.read(path)
    assert len(frame) == 0 and frame["src_port"].dtype == "Int64" and frame["label"].dtype == "string"
    assert list(pcapml.batches(path)) == []


def test_batches_have_one_schema_and_all_rows(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled(*(f"{i},l{i % 7},k{i // 40}=v" for i in range(100))))
    batches = pcapml.batches(path, rows=30)
    schema = batches.schema
    made = list(batches)
    assert [len(batch) for batch in made] == [30, 30, 30, 10]
    assert all(batch.schema == schema for batch in made)
    assert schema.names == [*pcapml.COLUMNS, "k0", "k1", "k2"]
    table = pa.Table.from_batches(made).unify_dictionaries()
    assert table.to_pydict() == pcapml.table(path).to_pydict()


def test_a_stream_has_the_keys_of_its_first_batch(tmp_path: pathlib.Path) -> None:
    whole = labelled(*["1,a,x=1"] * 10, "1,a,y=1")
    assert pcapml.batches(io.BytesIO(whole)).schema.names == [*pcapml.COLUMNS, "x", "y"]
    batches = pcapml.batches(io.BytesIO(whole), rows=10)
    assert len(next(batches)) == 10
    with pytest.raises(pcapml.DataError, match="`y`"):
        next(batches)
    assert [len(b) for b in pcapml.batches(io.BytesIO(whole), 10, ["label", "y"])] == [10, 1]


def test_a_truncated_tail_in_tables(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "1,a", "2,b")[:-9])
    for read in (pcapml.read, pcapml.table):
        with pytest.raises(pcapml.FormatError):
            read(path)
        with pytest.warns(pcapml.FormatWarning):
            assert len(read(path, on_error="warn")) == 2
    batches = pcapml.batches(path)
    assert len(next(batches)) == 2
    with pytest.raises(pcapml.FormatError):
        next(batches)


def test_several_files_have_a_session_column(tmp_path: pathlib.Path) -> None:
    one = write(tmp_path / "one.pcapng", labelled("1,a,session=x", "1,a"))
    two = write(tmp_path / "two.pcapng", labelled("1,b"))
    table = pcapml.table([one, two])
    table.validate(full=True)
    assert table.schema.names == [*pcapml.COLUMNS, "session", "meta_session"]
    assert table["session"].to_pylist() == ["one", "one", "two"]
    assert table["meta_session"].to_pylist() == ["x", None, None]
    assert pcapml.table(one)["session"].to_pylist() == ["x", None]


def test_who_takes_an_arrow_stream_agrees(tmp_path: pathlib.Path) -> None:
    polars = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "truth.pcapng"
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", path)

    def open_stream() -> Any:
        return pcapml.batches(path, rows=100, include_raw=False)

    expected = pcapml.read(path, include_raw=False)
    by_pandas = expected.groupby("label")["length"].sum().to_dict()
    arrow = pa.RecordBatchReader.from_stream(open_stream()).read_all()
    arrow.validate(full=True)
    assert arrow["src_ip"].to_pylist() == expected["src_ip"].tolist()
    frame = polars.DataFrame(open_stream())
    assert frame["src_ip"].cast(polars.String).to_list() == expected["src_ip"].tolist()
    by_polars = frame.group_by(polars.col("label").cast(polars.String)).agg(polars.col("length").sum())
    assert dict(by_polars.iter_rows()) == by_pandas
    packets = pa.RecordBatchReader.from_stream(open_stream())
    rows = duckdb.sql("select label, sum(length) from packets group by label").fetchall()
    assert {str(label): int(total) for label, total in rows} == by_pandas
    assert len(packets.schema.names) == len(expected.columns)


def test_an_error_within_a_stream_reaches_its_reader(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.pcapng", labelled("1,a", "1,a", "2,b")[:-9])
    reader = pa.RecordBatchReader.from_stream(pcapml.batches(path))
    assert len(reader.read_next_batch()) == 2
    with pytest.raises(OSError, match="the file ends inside"):
        reader.read_next_batch()


def test_an_arrow_stream_can_be_had_once(tmp_path: pathlib.Path) -> None:
    batches = pcapml.batches(write(tmp_path / "a.pcapng", labelled("1,a")))
    stream = pa.RecordBatchReader.from_stream(batches)
    with pytest.raises(ValueError, match="already"):
        batches.__arrow_c_stream__()
    with pytest.raises(ValueError, match="already"):
        next(batches)
    assert batches.schema.names == pcapml.COLUMNS
    assert stream.read_all().num_rows == 1


def test_a_table_outlives_its_reader_and_file(tmp_path: pathlib.Path) -> None:
    path = some(tmp_path)
    column = pcapml.table(path)["raw"]
    pathlib.Path(path).unlink()
    assert column[0].as_py() == tcp(b"x")


def test_the_examples_of_the_earlier_package_run() -> None:
    keyed = corpus("pcapml-legacy/python-data/keyed.pcapng")
    frame = pcapml.read_pcapml(keyed)
    assert list(frame.columns) == pcapml.COLUMNS and len(frame) == 9
    assert (frame["sample_id"] == "0").all() and (frame["label"] == "curl").all()
    assert set(frame["direction"]) <= {"lan2wan", "wan2lan"}
    assert (frame["dst"] == "example.com").all() and set(frame["proto"]) <= {"TCP", "UDP", "ICMP"}
    legacy = corpus("pcapml-legacy/python-data/legacy.pcapng")
    frame = pcapml.read_pcapml(legacy, include_raw=False)
    assert len(frame) == 151 and frame["label"].nunique() > 1 and frame["src_ip"].notna().any()
    for sample in pcapml.samples(legacy):
        assert len(sample.df) == len(sample) and sample.metadata == sample.label
    for packet in pcapml.iter_packets(legacy):
        sid, label, direction, dst, meta = pcapml.parse_comment(packet.comment)
        assert label == packet.label and packet.link_type == 1
        assert sid == packet.sample_id and direction is dst is None and meta == {}
