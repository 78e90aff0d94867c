# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from ._inputs import Input
from ._process import Process

if TYPE_CHECKING:
    import pandas as pd

version: str

class Packet:
    """One packet; equal to itself, however it was reached. It keeps the packets that were decoded with it alive, up to 128 KiB or its sample."""

    @property
    def timestamp(self) -> float:
        """Seconds since 1970; a float has about 0.2 microseconds of resolution today."""
    @property
    def timestamp_ns(self) -> int:
        """Nanoseconds since 1970; 0 where the file has no time."""
    @property
    def has_timestamp(self) -> bool: ...
    @property
    def ts(self) -> int:
        """Microseconds since 1970, as pcapml_fe has it."""
    @property
    def data(self) -> bytes:
        """The captured bytes, copied."""
    @property
    def raw_bytes(self) -> bytes:
        """The same, as pcapml_fe calls it."""
    @property
    def view(self) -> memoryview:
        """The captured bytes, not copied; read-only, and valid as long as it lives."""
    @property
    def length(self) -> int:
        """Bytes on the wire."""
    @property
    def captured_length(self) -> int: ...
    @property
    def link_type(self) -> int:
        """LINKTYPE_ value: 1 Ethernet, 101 raw IP."""
    @property
    def comment(self) -> str | None:
        """The comment that is the label, or else the first one."""
    @property
    def comments(self) -> list[str]: ...
    @property
    def sid(self) -> int | str | None:
        """The sample id; a str where it does not fit 64 bits. None without a label, as all that follow."""
    @property
    def sample_id(self) -> str | None: ...
    @property
    def label(self) -> str | None: ...
    @property
    def metadata(self) -> str | None:
        """What stands after the sample id, as the file has it."""
    @property
    def fields(self) -> dict[str, str]:
        """The comment's `key=value` pairs."""
    @property
    def direction(self) -> str | None:
        """As the file has it: `e`, `i`, `lan2wan` or `wan2lan`."""
    @property
    def dst(self) -> str | None:
        """Name of the remote end."""
    @property
    def process(self) -> Process | None: ...
    @property
    def path(self) -> str:
        """The file that it comes from."""
    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

class Packets:
    """Packets of a sample."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> Packet: ...
    @overload
    def __getitem__(self, index: slice, /) -> Packets: ...
    def __iter__(self) -> Iterator[Packet]: ...

class Sample:
    """The packets of one sample id, in the order of the file. Not bound to its reader."""

    @property
    def sid(self) -> int | str:
        """The sample id; a str where it does not fit 64 bits."""
    @property
    def sample_id(self) -> str:
        """The sample id without leading zeros."""
    @property
    def label(self) -> str:
        """Of the first packet."""
    @property
    def metadata(self) -> str:
        """What stands after the sample id on the first packet, as the file has it."""
    @property
    def fields(self) -> dict[str, str]:
        """`key=value` pairs of all packets; of each key the first value."""
    @property
    def session(self) -> str | None:
        """Of several inputs the one that it comes from; of one input what its label says."""
    @property
    def path(self) -> str: ...
    @property
    def packets(self) -> Packets: ...
    @property
    def df(self) -> pd.DataFrame:
        """The packets as read() has them."""
    def to_numpy(self) -> npt.NDArray[np.void]:
        """One record a packet: timestamp_ns, length, captured_length, src_port, dst_port, protocol, direction."""
    def __len__(self) -> int: ...

class PacketReader(Iterator[Packet]):
    def __init__(self, inputs: list[Input], on_error: str, legacy_timestamps: str) -> None: ...
    def __iter__(self) -> PacketReader: ...
    def __next__(self) -> Packet: ...
    def close(self) -> None: ...
    def __enter__(self) -> PacketReader: ...
    def __exit__(self, *args: Any) -> None: ...

class Sampler(Iterator[Sample]):
    def __init__(self, inputs: list[Input], on_error: str, legacy_timestamps: str, gather: bool) -> None: ...
    def __iter__(self) -> Sampler: ...
    def __next__(self) -> Sample: ...
    @property
    def unlabeled(self) -> int:
        """Packets so far that have no label, and so are in no sample."""
    def close(self) -> None: ...
    def __enter__(self) -> Sampler: ...
    def __exit__(self, *args: Any) -> None: ...

class ColumnBatch:
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...

class TableReader(Iterator[ColumnBatch]):
    def __init__(
        self,
        inputs: list[Input],
        on_error: str,
        legacy_timestamps: str,
        columns: list[str] | None,
        keys: list[str] | None,
        include_raw: bool,
        plain_text: bool,
        rows: int,
    ) -> None: ...
    def __iter__(self) -> TableReader: ...
    def __next__(self) -> ColumnBatch: ...
    def read(self) -> tuple[ColumnBatch, list[ColumnBatch]]:
        """All rows, and the column `raw` in pieces."""
    def settle(self) -> None: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...
    def close(self) -> None: ...

def parse_comment(
    comment: str,
) -> tuple[str | None, str | None, str | None, str | None, dict[str, str]]: ...
def columns_of(packets: Packets, include_raw: bool, plain_text: bool) -> ColumnBatch: ...
def facts_of(packets: Packets) -> bytes: ...
def keys_of(inputs: list[Input], on_error: str, legacy_timestamps: str) -> list[str]: ...
def label(input: bytes, rules: bytes, output: bytes, options: dict[str, Any], /) -> dict[str, Any]: ...
def mark(output: bytes, label: str, stop: bool, /) -> None: ...
def sort(input: bytes, output: bytes, options: dict[str, Any], /) -> dict[str, Any]: ...
def split(input: bytes, output: bytes, options: dict[str, Any], /) -> dict[str, Any]: ...
def strip(input: bytes, output: bytes, options: dict[str, Any], /) -> dict[str, Any]: ...
def merge(inputs: list[bytes], output: bytes, options: dict[str, Any], /) -> dict[str, Any]: ...
def compare(
    truth: bytes, test: bytes, csv: bytes, map: bytes, options: dict[str, Any], /
) -> dict[str, Any]: ...
def summary(
    input: bytes,
    csv: bytes,
    group: str,
    from_ns: int | None,
    to_ns: int | None,
    options: dict[str, Any],
    /,
) -> dict[str, Any]: ...
def fill_bytes(
    packets: Packets | list[Packet],
    layers: list[str],
    payload_bytes: int,
    masked: list[str],
    values: npt.NDArray[Any],
    present: npt.NDArray[np.bool_],
) -> None: ...
def fill_bits(
    packets: Packets | list[Packet],
    layers: list[str],
    payload_bytes: int,
    masked: list[str],
    values: npt.NDArray[Any],
) -> None: ...
def index_samples(
    path: bytes, on_error: str, legacy_timestamps: str
) -> tuple[bytes, bytes, list[str], list[str], str | None]: ...

class StoredPackets:
    def __init__(self, path: bytes, session: bytes, legacy_timestamps: str, description: bytes) -> None: ...
    def read(self, places: bytes) -> Packets: ...
