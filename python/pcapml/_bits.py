# SPDX-License-Identifier: Apache-2.0
"""Packets as matrices and tensors for learning."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal, TypeVar, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._inputs import Readable, Source
from ._reading import LegacyTimestamps, OnError, iter_packets, sampler
from ._sample_index import StoredSample

Form = Literal["bits", "bytes"]
#: What bits() makes rows of. Sources are paths and streams; see iter_packets().
Input = Union[
    _core.Sample,
    StoredSample,
    _core.Packets,
    _core.Packet,
    Source,
    Iterable[_core.Packet],
    Iterable[Union[_core.Sample, StoredSample]],
]

#: Layers, and how the bits of their headers are named and counted, as nprint names them.
LAYERS: dict[str, tuple[tuple[str, int], ...]] = {
    "ipv4": (
        ("ver", 4), ("hl", 4), ("tos", 8), ("tl", 16), ("id", 16), ("rbit", 1), ("dfbit", 1), ("mfbit", 1),
        ("foff", 13), ("ttl", 8), ("proto", 8), ("cksum", 16), ("src", 32), ("dst", 32), ("opt", 320),
    ),
    "ipv6": (
        ("ver", 4), ("tc", 8), ("fl", 20), ("len", 16), ("nh", 8), ("hl", 8), ("src", 128), ("dst", 128),
    ),
    "tcp": (
        ("sprt", 16), ("dprt", 16), ("seq", 32), ("ackn", 32), ("doff", 4), ("res", 3), ("ns", 1), ("cwr", 1),
        ("ece", 1), ("urg", 1), ("ackf", 1), ("psh", 1), ("rst", 1), ("syn", 1), ("fin", 1), ("wsize", 16),
        ("cksum", 16), ("urp", 16), ("opt", 320),
    ),
    "udp": (("sport", 16), ("dport", 16), ("len", 16), ("cksum", 16)),
    "icmp": (("type", 8), ("code", 8), ("cksum", 16), ("roh", 32)),
    "payload": (),
}  # fmt: skip

#: What `mask` can name. "all" stands for all of them.
MASKS = (
    "addresses",
    "ports",
    "ip_id",
    "flow_label",
    "ttl",
    "checksums",
    "tcp_sequence",
    "tcp_timestamps",
    "server_name",
    "client_random",
    "session_id",
)

_SAMPLES_AT_A_TIME = 256
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Bits:
    """Packets as numbers.

    `values` is packets x columns, or with `first_n` samples x packets x columns: uint8 for form="bytes" (0 where
    `present` is False), int8 for form="bits" (0, 1, or -1 where the bit is absent). `columns` names the last
    axis. `sample_ids`, `sessions`, `labels` and `lengths` (packets before padding) belong to the samples of
    `first_n`; without it they are empty.
    """

    values: npt.NDArray[Any]
    columns: tuple[str, ...]
    sample_ids: tuple[str, ...] = ()
    sessions: tuple[str | None, ...] = ()
    labels: tuple[str, ...] = ()
    lengths: npt.NDArray[np.int64] | None = None
    _present: npt.NDArray[np.bool_] | None = None

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which values the packets really have; shaped as `values`. Masked fields are present."""
        if self._present is not None:
            return self._present
        result: npt.NDArray[np.bool_] = self.values >= 0
        return result

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class _Layout:
    layers: list[str]
    payload_bytes: int
    masked: list[str]
    form: Form

    @property
    def columns(self) -> tuple[str, ...]:
        return column_names(self.layers, self.payload_bytes, self.form)

    @property
    def width(self) -> int:
        """Of a row, in columns."""
        sizes = [
            self.payload_bytes if layer == "payload" else sum(bits for _, bits in LAYERS[layer]) // 8
            for layer in self.layers
        ]
        return sum(sizes) * (8 if self.form == "bits" else 1)

    def empty(self, *shape: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
        """Rows of nothing, and for bytes which of them are present."""
        if self.form == "bits":
            return np.full((*shape, self.width), -1, np.int8), None
        return np.zeros((*shape, self.width), np.uint8), np.zeros((*shape, self.width), np.bool_)

    def fill(
        self,
        packets: _core.Packets | list[_core.Packet],
        values: npt.NDArray[Any],
        present: npt.NDArray[np.bool_] | None,
    ) -> None:
        if present is None:
            _core.fill_bits(packets, self.layers, self.payload_bytes, self.masked, values)
        else:
            _core.fill_bytes(packets, self.layers, self.payload_bytes, self.masked, values, present)


def mask_names(mask: str | Iterable[str]) -> list[str]:
    """The names that a `mask` argument means. Raises ValueError for one that is not in MASKS."""
    names = [mask] if isinstance(mask, str) else list(mask)
    if "all" in names:
        return list(MASKS)
    for name in names:
        if name not in MASKS:
            raise ValueError(f"no field to mask is called {name!r}; there are {', '.join(MASKS)} and all")
    return names


def column_names(
    layers: Sequence[str] = ("ipv4", "tcp", "udp", "payload"), payload_bytes: int = 64, form: Form = "bits"
) -> tuple[str, ...]:
    """The names of the columns of bits(): `tcp_seq_0` is the highest bit of the sequence number, `tcp_4` in
    form="bytes" the first byte of it."""
    names: list[str] = []
    for layer in layers:
        if layer == "payload":
            count = payload_bytes * (8 if form == "bits" else 1)
            stem = "payload_bit" if form == "bits" else "payload"
            names.extend(f"{stem}_{i}" for i in range(count))
        elif form == "bits":
            names.extend(f"{layer}_{field}_{i}" for field, bits in LAYERS[layer] for i in range(bits))
        else:
            names.extend(f"{layer}_{i}" for i in range(sum(bits for _, bits in LAYERS[layer]) // 8))
    return tuple(names)


def bits(
    source: Input,
    layers: Sequence[str] = ("ipv4", "tcp", "udp", "payload"),
    payload_bytes: int = 64,
    *,
    form: Form = "bits",
    mask: str | Iterable[str] = (),
    first_n: int | None = None,
    group: Literal["consecutive", "any"] = "consecutive",
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> Bits:
    """Packets as a matrix with a row for each packet, or the first packets of each sample as a tensor.

    `source` is a sample, packets, or what iter_packets() takes; all of its packets get rows, labelled or not.
    `layers` in the order wanted, of "ipv4", "ipv6", "tcp", "udp", "icmp" (ICMPv6 as well) and "payload" (what
    follows the transport header, of any protocol; `payload_bytes` of it). A header has the width of its longest
    form (IPv4 and TCP 60 bytes); what the packet does not have, or was not captured, is absent. Headers are
    those of the outermost IP packet; IPv6 extension headers have no columns.

    form="bits" gives int8 with a column for each bit and -1 where it is absent, as nprint does; "bytes" gives
    uint8 and `present`. The memory is packets x columns bytes.

    `mask` names fields that become 0, so that a model cannot learn them by heart (MASKS, or "all"): addresses,
    ports, IPv4's identification, IPv6's flow label, time to live, checksums, TCP's sequence and acknowledgment
    numbers (also in SACK blocks), the values of its timestamps option, and of TLS and DTLS ClientHellos the
    server name, random and session id. Lengths and option kinds stay. A hello over several segments is masked
    if its first one is among the packets; the hello of QUIC is encrypted, and other copies of such values
    (addresses in ICMP errors, names in DNS and HTTP) are payload as any.

    `first_n` gives for each sample its first so many packets, padded with absent rows. A path is read by
    sampler() then, with `group`.

    Raises ValueError for a layer, form or mask that is not known, and what reading raises.
    """
    layout = _layout(layers, payload_bytes, mask, form, first_n)
    if first_n is not None:
        return _tensor(_samples_of(source, group, on_error, legacy_timestamps), layout, first_n)
    return _matrix(_packets_of(source, on_error, legacy_timestamps), layout)


def bits_batches(
    source: Input,
    rows: int = 4096,
    layers: Sequence[str] = ("ipv4", "tcp", "udp", "payload"),
    payload_bytes: int = 64,
    *,
    form: Form = "bits",
    mask: str | Iterable[str] = (),
    first_n: int | None = None,
    group: Literal["consecutive", "any"] = "consecutive",
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> Iterator[Bits]:
    """As bits(), piece by piece, for what is larger than memory: at most `rows` packets each, or with `first_n`
    so many samples.

    Damage is raised after the batches before it. Without `first_n` a batch may begin in the middle of a
    ClientHello, whose rest is then not masked.
    """
    if rows < 1:
        raise ValueError("a batch has at least one row")
    layout = _layout(layers, payload_bytes, mask, form, first_n)
    if first_n is not None:
        samples = _samples_of(source, group, on_error, legacy_timestamps)
        return _in_batches(samples, rows, lambda some: _tensor(some, layout, first_n))
    packets = _packets_of(source, on_error, legacy_timestamps)
    return _in_batches(packets, rows, lambda some: _matrix(some, layout))


def _in_batches(items: Iterable[_Item], rows: int, make: Callable[[Iterator[_Item]], Bits]) -> Iterator[Bits]:
    failures: list[Exception] = []

    def until_failure() -> Iterator[_Item]:
        try:
            yield from items
        except Exception as failure:
            failures.append(failure)

    good = until_failure()
    while len(made := make(islice(good, rows))):
        yield made
    if failures:
        raise failures[0]


def _layout(
    layers: Sequence[str], payload_bytes: int, mask: str | Iterable[str], form: Form, first_n: int | None
) -> _Layout:
    if isinstance(layers, str):
        raise ValueError("layers is a sequence of names")
    for layer in layers:
        if layer not in LAYERS:
            raise ValueError(f"no layer is called {layer!r}; there are {', '.join(LAYERS)}")
    if len(set(layers)) != len(layers):
        raise ValueError("a layer is named twice")
    if form not in ("bits", "bytes"):
        raise ValueError("form is 'bits' or 'bytes'")
    if not 0 <= payload_bytes <= 0xFFFF_FFFF:
        raise ValueError("payload_bytes is a count of bytes")
    if first_n is not None and first_n < 1:
        raise ValueError("first_n is at least 1")
    return _Layout(list(layers), payload_bytes, mask_names(mask), form)


def _is_source(source: Input) -> bool:
    return isinstance(source, (str, os.PathLike, Readable))


def _packets_of(
    source: Any, on_error: OnError, legacy_timestamps: LegacyTimestamps
) -> Iterable[_core.Packet]:
    if isinstance(source, (_core.Sample, StoredSample)):
        return source.packets
    if isinstance(source, _core.Packets):
        return source
    if isinstance(source, _core.Packet):
        return [source]
    if not _is_source(source):
        items = iter(source)
        first = next(items, None)
        if isinstance(first, _core.Packet):
            return chain([first], items)
        if isinstance(first, (_core.Sample, StoredSample)):
            return (packet for sample in chain([first], items) for packet in sample.packets)
        if first is None:
            return []
        source = [first, *items]
    return iter_packets(source, on_error=on_error, legacy_timestamps=legacy_timestamps)


def _samples_of(
    source: Any,
    group: Literal["consecutive", "any"],
    on_error: OnError,
    legacy_timestamps: LegacyTimestamps,
) -> Iterator[_core.Sample | StoredSample]:
    if isinstance(source, (_core.Sample, StoredSample)):
        return iter([source])
    if isinstance(source, (_core.Packets, _core.Packet)):
        raise TypeError("first_n needs samples; a slice of packets has their first ones already")
    if not _is_source(source):
        items = iter(source)
        first = next(items, None)
        if first is None:
            return iter(())
        if isinstance(first, (_core.Sample, StoredSample)):
            return chain([first], items)
        source = [first, *items]
    return iter(sampler(source, group=group, on_error=on_error, legacy_timestamps=legacy_timestamps))


def _matrix(packets: Iterable[_core.Packet], layout: _Layout) -> Bits:
    rows = packets if isinstance(packets, _core.Packets) else list(packets)
    values, present = layout.empty(len(rows))
    layout.fill(rows, values, present)
    return Bits(values, layout.columns, _present=present)


def _tensor(samples: Iterator[_core.Sample | StoredSample], layout: _Layout, first_n: int) -> Bits:
    values: list[npt.NDArray[Any]] = []
    present: list[npt.NDArray[np.bool_]] = []
    ids: list[str] = []
    sessions: list[str | None] = []
    labels: list[str] = []
    lengths: list[int] = []
    while chunk := list(islice(samples, _SAMPLES_AT_A_TIME)):
        some, some_present = layout.empty(len(chunk), first_n)
        for i, sample in enumerate(chunk):
            packets = sample.packets[:first_n]
            count = len(packets)
            layout.fill(packets, some[i, :count], None if some_present is None else some_present[i, :count])
            ids.append(sample.sample_id)
            sessions.append(sample.session)
            labels.append(sample.label)
            lengths.append(count)
        values.append(some)
        if some_present is not None:
            present.append(some_present)
    if not values:
        none, none_present = layout.empty(0, first_n)
        return Bits(none, layout.columns, lengths=np.zeros(0, np.int64), _present=none_present)
    return Bits(
        np.concatenate(values),
        layout.columns,
        tuple(ids),
        tuple(sessions),
        tuple(labels),
        np.array(lengths, np.int64),
        np.concatenate(present) if present else None,
    )
