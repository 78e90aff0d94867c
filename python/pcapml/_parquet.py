# SPDX-License-Identifier: Apache-2.0
"""Datasets as Parquet files, by batches."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from ._inputs import Source, StrPath
from ._reading import LegacyTimestamps, OnError
from ._tables import batches
from .errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

#: A row group ends where it would exceed one of these. Bytes are those in memory, before compression.
ROW_GROUP_ROWS = 1_000_000
ROW_GROUP_BYTES = 128 << 20

# All row groups that wait to be full; then the largest is written as it is.
_MOST_WAITING_BYTES = 1 << 30
_MOST_OPEN_FILES = 256
# As Hive names the partition of what has no value.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_ROWS_AT_A_TIME = 65536

_Key = tuple[Any, ...]


@dataclass
class ParquetResult:
    """What write_parquet() wrote. `partitions` are rows by directory, "" for a file alone."""

    rows: int = 0
    files: int = 0
    row_groups: int = 0
    partitions: dict[str, int] = field(default_factory=dict)


def write_parquet(
    path: Source,
    out: StrPath,
    partition_by: str | Sequence[str] | None = "label",
    *,
    columns: Sequence[str] | None = None,
    include_raw: bool = True,
    compression: str = "zstd",
    overwrite: bool = False,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> ParquetResult:
    """Write packets, with the columns of table(), as Parquet: one directory for each value of `partition_by`.

    Directories are named as Hive names them (`label=web/part-0.parquet`), which pyarrow, Polars, DuckDB and
    Spark read as one table; the column is in the names, not in the files. Packets without a value are in
    `label=__HIVE_DEFAULT_PARTITION__`. With partition_by=None `out` is one file. Row groups have up to 128 MiB
    (in memory) or 1,000,000 rows. Memory stays below about 1.5 GiB, whatever the size of the dataset.

    `out` appears when it is complete. Raises FileExistsError where it exists, unless `overwrite` (a directory is
    replaced only if all of its files are Parquet); DataError for a column to divide by that the dataset does not
    have. Needs pyarrow.
    """
    names = _names(partition_by)
    target = os.path.abspath(os.fspath(out))
    if os.path.lexists(target):
        if not overwrite:
            raise FileExistsError(f"{target} exists; overwrite=True replaces it")
        _check_replaceable(target)
    stream = batches(
        path,
        _ROWS_AT_A_TIME,
        columns,
        include_raw,
        on_error=on_error,
        legacy_timestamps=legacy_timestamps,
    )
    for name in names:
        if name not in stream.schema.names:
            raise DataError(f"there is no column {name!r} to divide by; there are {stream.schema.names}")
    parent = os.path.dirname(target)
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".parquet-", dir=parent) as folder:
        made = os.path.join(folder, "out")
        writer = _Writer(made, names, _plain_schema(stream.schema), compression)
        try:
            for batch in stream:
                writer.add(batch)
            writer.finish()
        finally:
            writer.close()
            stream.close()
        _remove(target)
        os.replace(made, target)
    return writer.result


def _names(partition_by: str | Sequence[str] | None) -> list[str]:
    if partition_by is None:
        return []
    return [partition_by] if isinstance(partition_by, str) else list(partition_by)


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _check_replaceable(target: str) -> None:
    if not _is_directory(target):
        return
    for folder, _, files in os.walk(target):
        for name in files:
            if not name.endswith(".parquet"):
                raise FileExistsError(
                    f"{target} holds more than Parquet files, such as {os.path.join(folder, name)}"
                )


def _remove(target: str) -> None:
    if _is_directory(target):
        shutil.rmtree(target)
    elif os.path.lexists(target):
        os.unlink(target)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    """Without dictionaries, which batches have each of their own; Parquet makes its own."""
    import pyarrow as pa

    return pa.schema(
        [
            field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
            for field in schema
        ]
    )


@dataclass
class _Partition:
    """What waits for a row group, and where it goes."""

    directory: str
    waiting: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    files: int = 0
    writer: Any = None


class _Writer:
    def __init__(self, out: str, names: list[str], schema: pa.Schema, compression: str) -> None:
        self.result = ParquetResult()
        self._out = out
        self._names = names
        self._schema = schema
        self._file_schema = schema
        for name in names:
            self._file_schema = self._file_schema.remove(self._file_schema.get_field_index(name))
        self._compression = compression
        self._partitions: dict[_Key, _Partition] = {}
        self._open: dict[int, _Partition] = {}  # the longest unused first
        self._waiting = 0
        if names:
            os.mkdir(out)
        else:
            self._partitions[()] = _Partition("")

    def add(self, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches([batch]).cast(self._schema)
        for key, rows in self._divide(table):
            self._add_rows(self._partition(key), rows)
        while self._waiting > _MOST_WAITING_BYTES:
            self._flush(max(self._partitions.values(), key=lambda partition: partition.bytes))

    def finish(self) -> None:
        for partition in self._partitions.values():
            if partition.rows > 0 or not self._names:
                self._flush(partition)

    def close(self) -> None:
        for partition in list(self._open.values()):
            self._close(partition)

    def _divide(self, table: pa.Table) -> list[tuple[_Key, pa.Table]]:
        if not self._names:
            return [((), table)]
        columns = [table.column(name).to_pylist() for name in self._names]
        numbers: dict[_Key, int] = {}
        codes = np.array([numbers.setdefault(key, len(numbers)) for key in zip(*columns)], np.int64)
        files = table.drop_columns(self._names)
        if len(numbers) == 1:
            return [(next(iter(numbers)), files)]
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(numbers)), side="right")
        sorted_rows = files.take(order)
        starts = [0, *ends[:-1].tolist()]
        return [
            (key, sorted_rows.slice(start, int(end) - start))
            for key, start, end in zip(numbers, starts, ends)
        ]

    def _partition(self, key: _Key) -> _Partition:
        partition = self._partitions.get(key)
        if partition is None:
            levels = [
                f"{quote(name, safe='')}={_NO_VALUE if value is None else quote(str(value), safe='')}"
                for name, value in zip(self._names, key)
            ]
            partition = self._partitions[key] = _Partition(os.path.join(*levels))
            os.makedirs(os.path.join(self._out, partition.directory), exist_ok=True)
        return partition

    def _add_rows(self, partition: _Partition, rows: pa.Table) -> None:
        per_row = max(1, rows.nbytes // max(1, rows.num_rows))
        while rows.num_rows > 0:
            room = min(
                ROW_GROUP_ROWS - partition.rows, max(1, (ROW_GROUP_BYTES - partition.bytes) // per_row)
            )
            part = rows.slice(0, room)
            partition.waiting.append(part)
            partition.rows += part.num_rows
            partition.bytes += part.num_rows * per_row
            self._waiting += part.num_rows * per_row
            if partition.rows >= ROW_GROUP_ROWS or partition.bytes + per_row > ROW_GROUP_BYTES:
                self._flush(partition)
            rows = rows.slice(room)

    def _flush(self, partition: _Partition) -> None:
        import pyarrow as pa

        writer = self._opened(partition)
        if partition.rows > 0:
            rows = pa.concat_tables(partition.waiting).combine_chunks()
            writer.write_table(rows, row_group_size=max(1, rows.num_rows))
            self.result.row_groups += 1
            self.result.rows += rows.num_rows
            self.result.partitions[partition.directory] = (
                self.result.partitions.get(partition.directory, 0) + rows.num_rows
            )
        self._waiting -= partition.bytes
        partition.waiting, partition.rows, partition.bytes = [], 0, 0

    def _opened(self, partition: _Partition) -> Any:
        import pyarrow.parquet as pq

        self._open.pop(id(partition), None)
        if partition.writer is None:
            if len(self._open) >= _MOST_OPEN_FILES:
                self._close(next(iter(self._open.values())))
            name = self._out
            if self._names:
                name = os.path.join(name, partition.directory, f"part-{partition.files}.parquet")
            partition.writer = pq.ParquetWriter(name, self._file_schema, compression=self._compression)
            partition.files += 1
            self.result.files += 1
        self._open[id(partition)] = partition
        return partition.writer

    def _close(self, partition: _Partition) -> None:
        self._open.pop(id(partition), None)
        if partition.writer is not None:
            writer, partition.writer = partition.writer, None
            writer.close()
