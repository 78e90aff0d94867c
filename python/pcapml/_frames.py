# SPDX-License-Identifier: Apache-2.0
"""pandas and NumPy from the core's columns. Imported on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core

if TYPE_CHECKING:
    import pandas as pd

    from ._sample_index import StoredSample

#: One packet of Sample.to_numpy(). Direction: 1 egress, -1 ingress, 0 not known; ports and protocol: 0 where
#: the packet shows none.
PACKET = np.dtype(
    [
        ("timestamp_ns", np.int64),
        ("length", np.uint32),
        ("captured_length", np.uint32),
        ("src_port", np.uint16),
        ("dst_port", np.uint16),
        ("protocol", np.uint8),
        ("direction", np.int8),
        ("_", np.uint16),
    ]
)


def frame(
    batch: _core.ColumnBatch, raw: Sequence[_core.ColumnBatch] = (), raw_position: int = 0
) -> pd.DataFrame:
    """The batch's columns, and `raw` in pieces of its own, with the types that python/README.md names."""
    import pandas as pd
    import pyarrow as pa

    text: Any = pd.StringDtype("pyarrow")
    columns: dict[str, Any] = {}
    record = pa.record_batch(batch)
    for name, column in zip(record.schema.names, record.columns):
        if pa.types.is_large_string(column.type):
            columns[name] = text.__from_arrow__(column)
        elif pa.types.is_integer(column.type):
            columns[name] = pd.arrays.IntegerArray(*_integers(column))
        else:
            columns[name] = column.to_pandas()
    made: pd.DataFrame = pd.DataFrame(columns, copy=False)
    if raw:
        pieces = pa.chunked_array([pa.record_batch(piece).column(0) for piece in raw])
        made.insert(raw_position, "raw", pieces.to_pandas())
    return made


def _integers(column: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Values and mask. The core puts 0 where a value is null."""
    rows = len(column)
    valid, data = column.buffers()
    values = np.frombuffer(data, dtype=column.type.to_pandas_dtype(), count=rows).astype(np.int64)
    if valid is None or column.null_count == 0:
        return values, np.zeros(rows, dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), count=rows, bitorder="little")
    return values, bits == 0


def sample_frame(sample: _core.Sample | StoredSample) -> pd.DataFrame:
    return frame(_core.columns_of(sample.packets, True, True))


def sample_array(sample: _core.Sample | StoredSample) -> npt.NDArray[np.void]:
    return np.frombuffer(_core.facts_of(sample.packets), dtype=PACKET)[list(PACKET.names or ())[:-1]]
