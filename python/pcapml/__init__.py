# SPDX-License-Identifier: Apache-2.0
"""Ground-truth labelled network traffic datasets, at native speed."""

from __future__ import annotations

from collections.abc import Sequence

from ._bits import MASKS, Bits, bits, bits_batches, column_names
from ._core import Packet, Packets, Sample
from ._core import version as __version__
from ._operations import compare, label, mark, merge, sort, split, strip, summary
from ._overlap import Overlap
from ._parquet import ParquetResult, write_parquet
from ._process import Process
from ._reading import Comment, iter_packets, parse_comment, sampler, samples
from ._splitting import Part, SampleKey, Split, split_dataset
from ._tables import COLUMNS, Batches, batches, read, read_pcapml, table
from .errors import DataError, FormatError, FormatWarning, UsageError

Sequence.register(Packets)

__all__ = [
    "COLUMNS",
    "MASKS",
    "Batches",
    "Bits",
    "Comment",
    "DataError",
    "FormatError",
    "FormatWarning",
    "Overlap",
    "Packet",
    "Packets",
    "ParquetResult",
    "Part",
    "Process",
    "Sample",
    "SampleKey",
    "Split",
    "UsageError",
    "__version__",
    "batches",
    "bits",
    "bits_batches",
    "column_names",
    "compare",
    "iter_packets",
    "label",
    "mark",
    "merge",
    "parse_comment",
    "read",
    "read_pcapml",
    "sampler",
    "samples",
    "sort",
    "split",
    "split_dataset",
    "strip",
    "summary",
    "table",
    "write_parquet",
]
