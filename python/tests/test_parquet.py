# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pathlib
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
ds = pytest.importorskip("pyarrow.dataset")
pq = pytest.importorskip("pyarrow.parquet")

import pcapml  # noqa: E402
from capture_files import SAMPLES, Made, capture, labelled, tcp, write  # noqa: E402
from pcapml import _parquet  # noqa: E402


@pytest.fixture
def web(tmp_path: pathlib.Path) -> str:
    out = tmp_path / "web.pcapng"
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", out, keep_unmatched=True)
    return str(out)


def rows(table: Any, columns: list[str]) -> list[Any]:
    """Plain values, in an order that does not depend on files."""
    lists = [table.column(name).to_pylist() for name in columns]
    return sorted(zip(*lists), key=repr)


def test_a_directory_for_each_label_holds_the_table(tmp_path: pathlib.Path, web: str) -> None:
    out = tmp_path / "out"
    result = pcapml.write_parquet(web, out)
    table = pcapml.table(web)
    assert result.rows == table.num_rows == sum(result.partitions.values())
    labels = {None if value is None else str(value) for value in table.column("label").to_pylist()}
    named = {f"label={label or '__HIVE_DEFAULT_PARTITION__'}" for label in labels}
    assert {path.name for path in out.iterdir()} == named == set(result.partitions)
    written = ds.dataset(out, partitioning="hive").to_table()
    assert set(written.schema.names) == set(table.schema.names)
    assert rows(written, table.schema.names) == rows(table, table.schema.names)
    assert "label" not in pq.read_schema(next(out.rglob("*.parquet"))).names


def test_other_readers_see_the_same(tmp_path: pathlib.Path, web: str) -> None:
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    pcapml.write_parquet(web, tmp_path / "out", include_raw=False)
    pattern = str(tmp_path / "out" / "**" / "*.parquet")
    counts = dict(pcapml.read(web, include_raw=False).groupby("label").size())
    files = f"read_parquet('{pattern}', hive_partitioning=true)"
    query = f"select label, count(*) from {files} where label is not null group by label"
    assert dict(duckdb.sql(query).fetchall()) == counts
    frame = polars.read_parquet(pattern, hive_partitioning=True).filter(polars.col("label").is_not_null())
    assert dict(frame.group_by("label").len().iter_rows()) == counts


def test_without_partitions_it_is_one_file(tmp_path: pathlib.Path, web: str) -> None:
    out = tmp_path / "one.parquet"
    result = pcapml.write_parquet(web, out, None, columns=["timestamp", "label", "length"])
    written = pq.read_table(out)
    assert written.schema.names == ["timestamp", "label", "length"]
    table = pcapml.table(web, columns=["timestamp", "label", "length"])
    assert rows(written, table.schema.names) == rows(table, table.schema.names)
    assert (result.files, result.row_groups) == (1, 1)


def test_row_groups_have_the_size_they_should(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "many.pcapng", labelled(*(f"{i % 3},{'ab'[i % 3 % 2]}" for i in range(3000))))
    monkeypatch.setattr(_parquet, "ROW_GROUP_ROWS", 300)
    monkeypatch.setattr(_parquet, "_ROWS_AT_A_TIME", 128)
    pcapml.write_parquet(path, tmp_path / "rows")
    for label, count in (("a", 2000), ("b", 1000)):
        (file,) = (tmp_path / "rows" / f"label={label}").iterdir()
        metadata = pq.read_metadata(file)
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        assert sum(sizes) == count and all(size == 300 for size in sizes[:-1])


def test_row_groups_end_before_they_are_too_large(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [Made(["1,web"], data=tcp(bytes(1000))) for _ in range(500)]
    path = write(tmp_path / "large.pcapng", capture(made))
    monkeypatch.setattr(_parquet, "ROW_GROUP_BYTES", 100_000)
    pcapml.write_parquet(path, tmp_path / "out")
    metadata = pq.read_metadata(tmp_path / "out" / "label=web" / "part-0.parquet")
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert sum(sizes) == 500 and 70 <= max(sizes) <= 100


def test_more_labels_than_open_files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "wide.pcapng", labelled(*(f"{i},label{i % 50}" for i in range(500))))
    monkeypatch.setattr(_parquet, "_MOST_OPEN_FILES", 4)
    monkeypatch.setattr(_parquet, "_MOST_WAITING_BYTES", 4000)
    monkeypatch.setattr(_parquet, "_ROWS_AT_A_TIME", 64)
    result = pcapml.write_parquet(path, tmp_path / "out")
    assert result.files > 50
    written = ds.dataset(tmp_path / "out", partitioning="hive").to_table()
    table = pcapml.table(path)
    assert rows(written, table.schema.names) == rows(table, table.schema.names)


def test_names_that_are_no_file_names_are_escaped(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "odd.pcapng", labelled("1,a/b", "2,..", "3,x=y z%"))
    labels = set(pcapml.table(path).column("label").to_pylist())
    pcapml.write_parquet(path, tmp_path / "out")
    written = ds.dataset(tmp_path / "out", partitioning="hive").to_table()
    assert set(written.column("label").to_pylist()) == labels
    assert all(folder.parent == tmp_path / "out" for folder in (tmp_path / "out").iterdir())


def test_several_columns_divide(tmp_path: pathlib.Path, web: str) -> None:
    result = pcapml.write_parquet(web, tmp_path / "out", ["label", "proto"])
    assert any(name.startswith("label=dns/proto=") for name in result.partitions)


def test_what_exists_is_not_overwritten(tmp_path: pathlib.Path, web: str) -> None:
    out = tmp_path / "out"
    pcapml.write_parquet(web, out)
    with pytest.raises(FileExistsError):
        pcapml.write_parquet(web, out)
    pcapml.write_parquet(web, out, None, overwrite=True)
    assert out.is_file()
    pcapml.write_parquet(web, out, overwrite=True)
    assert out.is_dir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="more than Parquet"):
        pcapml.write_parquet(web, out, overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"


def test_nothing_is_left_where_it_fails(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "cut.pcapng", labelled("1,a", "2,b")[:-3])
    with pytest.raises(pcapml.FormatError):
        pcapml.write_parquet(path, tmp_path / "out")
    with pytest.raises(pcapml.DataError, match="no column"):
        pcapml.write_parquet(path, tmp_path / "out", "colour")
    assert [entry.name for entry in tmp_path.iterdir()] == ["cut.pcapng"]
    with pytest.warns(pcapml.FormatWarning):
        assert pcapml.write_parquet(path, tmp_path / "out", on_error="warn").rows == 1


def test_a_dataset_without_packets_is_a_table_without_rows(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "empty.pcapng", capture([]))
    pcapml.write_parquet(path, tmp_path / "one.parquet", None)
    assert pq.read_table(tmp_path / "one.parquet").num_rows == 0
    assert pcapml.write_parquet(path, tmp_path / "out").files == 0
    assert (tmp_path / "out").is_dir()
