# SPDX-License-Identifier: Apache-2.0
"""Packets as the rows of tables: pandas, pyarrow, and whatever takes an Arrow stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import _core
from ._inputs import Source, resolve
from ._reading import LegacyTimestamps, OnError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: The columns that every table has. Further keys of comments follow.
COLUMNS = [
    "timestamp",
    "sample_id",
    "label",
    "direction",
    "dst",
    "src_ip",
    "dst_ip",
    "proto",
    "src_port",
    "dst_port",
    "length",
    "raw",
]

_ALL_ROWS = -1


def _checked(columns: Sequence[str] | None) -> list[str] | None:
    if isinstance(columns, (str, bool)):
        raise TypeError("columns is a list of names, not a name")
    return None if columns is None else list(columns)


def _raw_position(columns: Sequence[str] | None) -> int:
    return list(columns or COLUMNS).index("raw")


def read(
    source: Source,
    columns: Sequence[str] | None = None,
    include_raw: bool = True,
    *,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> pd.DataFrame:
    """All packets as a pandas DataFrame, one row each, in the order of the file.

    `columns` chooses and orders them; otherwise they are COLUMNS (without `raw` where include_raw is false),
    `session` where there are several inputs, and each further key of the comments. A key that a packet lacks
    is <NA>. Needs pandas and pyarrow. Damage: FormatError and no frame, or with on_error="warn" what lies
    before it.
    """
    from ._frames import frame

    reader = _core.TableReader(
        resolve(source), on_error, legacy_timestamps, _checked(columns), None, include_raw, True, _ALL_ROWS
    )
    batch, raw = reader.read()
    return frame(batch, raw, _raw_position(columns) if raw else 0)


read_pcapml = read


def table(
    source: Source,
    columns: Sequence[str] | None = None,
    include_raw: bool = True,
    *,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> pa.Table:
    """All packets as a pyarrow Table, without a copy; texts are dictionary-encoded. Otherwise as read()."""
    import pyarrow as pa

    reader = _core.TableReader(
        resolve(source), on_error, legacy_timestamps, _checked(columns), None, include_raw, False, _ALL_ROWS
    )
    batch, raw = reader.read()
    made = pa.Table.from_batches([pa.record_batch(batch)])
    if not raw:
        return made
    pieces = pa.chunked_array([pa.record_batch(piece).column(0) for piece in raw])
    return made.add_column(_raw_position(columns), "raw", pieces)


class Batches:
    """Packets in batches of one schema: an iterator of pyarrow RecordBatches, and an Arrow stream.

    Whatever knows the Arrow PyCapsule interface takes it as it is: `polars.DataFrame(batches)`,
    `pyarrow.RecordBatchReader.from_stream(batches)`, `duckdb.from_arrow(...)` of that. It can be read once.
    """

    def __init__(self, reader: _core.TableReader) -> None:
        self._reader = reader

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        import pyarrow as pa

        return pa.schema(self._reader)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        import pyarrow as pa

        return pa.record_batch(next(self._reader))

    def __arrow_c_schema__(self) -> object:
        return self._reader.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._reader.__arrow_c_stream__(requested_schema)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def batches(
    source: Source,
    rows: int = 65536,
    columns: Sequence[str] | None = None,
    include_raw: bool = True,
    *,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> Batches:
    """Packets as pyarrow RecordBatches of at most `rows` rows; memory does not grow with the file.

    All batches have the same columns. Where `columns` does not name them, files are read once before for the
    keys of their comments; of streams the keys of the first batch count, and one that comes later is a
    DataError. Damage is raised after the batches before it.
    """
    inputs = resolve(source)
    chosen = _checked(columns)
    if rows < 1:
        raise ValueError("a batch has at least one row")
    keys: list[str] | None = None
    can_read_again = all(stream is None for _, _, stream in inputs)
    if chosen is None and can_read_again:
        # Damage is told by the reading that gives out the packets before it.
        keys = _core.keys_of(inputs, "warn", legacy_timestamps)
    reader = _core.TableReader(
        inputs, on_error, legacy_timestamps, chosen, keys, include_raw, False, rows
    )
    if chosen is None and not can_read_again:
        reader.settle()
    return Batches(reader)
