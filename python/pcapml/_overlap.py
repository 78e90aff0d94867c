# SPDX-License-Identifier: Apache-2.0
"""What parts of a dataset have in common although no sample is in both."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core

#: Of a sample with fewer packets the sizes say nothing: all DNS lookups look alike.
SHORTEST_SEQUENCE = 5
#: Payload is compared by its first packets and their first bytes.
PAYLOAD_PACKETS, PAYLOAD_BYTES = 16, 512
#: Payloads are near-duplicates if they share so much of their 8-byte pieces (Jaccard, estimated).
NEAR = 0.8

_HEADERS = ["ipv4", "ipv6", "tcp", "udp"]
_HEADER_BYTES = 60 + 40 + 60 + 8
_PACKETS_AT_A_TIME = 65536
_BUCKETS, _BAND = 64, 4
_EMPTY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_EMPTY_BAND = b"\xff" * 8 * _BAND
_BUCKET_STARTS = np.arange(_BUCKETS, dtype=np.uint64) << np.uint64(58)
# With fewer used the payload is too short, or too much the same, to tell.
_FEWEST_BUCKETS = 16
# Of many that are alike in part; more would make the time grow with the square of the samples.
_MOST_CANDIDATES = 64

Endpoint = bytes  # address of 16 bytes, port, protocol


@dataclass(frozen=True)
class Traits:
    """What of a sample is compared."""

    sequence: bytes | None
    endpoints: frozenset[Endpoint]
    payload: npt.NDArray[np.uint64] | None


@dataclass(frozen=True)
class Overlap:
    """What two parts have in common. Counts are samples of the second part, but for `shared_endpoints`.

    - identical_sequences: of at least 5 packets, whose sizes and directions are those of a sample of the first;
    - shared_endpoints: distinct servers (address, port, protocol: where a flow's first packet goes) of both;
    - samples_at_shared_endpoints: with a packet to or from one of them;
    - near_duplicate_payloads: whose first payload (16 packets, 512 bytes of each) is nearly that of one of the
      first part; estimated (MinHash), for samples with enough payload to tell.
    """

    parts: tuple[str, str]
    samples: int
    identical_sequences: int
    shared_endpoints: int
    samples_at_shared_endpoints: int
    near_duplicate_payloads: int

    def __str__(self) -> str:
        first, second = self.parts
        return (
            f"{second} against {first} ({self.samples} samples):\n"
            f"  identical sizes and directions  {self.identical_sequences}\n"
            f"  at endpoints of both            {self.samples_at_shared_endpoints}"
            f" ({self.shared_endpoints} endpoints)\n"
            f"  near-duplicate payload          {self.near_duplicate_payloads}"
        )


def traits_of(packets: _core.Packets, facts: npt.NDArray[np.void]) -> Traits:
    """`facts` are Sample.to_numpy() of the same packets."""
    pairs = np.concatenate(
        [
            _pairs(packets[start : start + _PACKETS_AT_A_TIME])
            for start in range(0, len(packets), _PACKETS_AT_A_TIME)
        ]
    )
    sources = pairs[:, :_ENDPOINT]
    sequence = None
    if len(packets) >= SHORTEST_SEQUENCE:
        forward = (sources[:, :16] == sources[0, :16]).all(axis=1)
        signed = np.where(forward, 1, -1) * facts["length"].astype(np.int64)
        sequence = hashlib.blake2b(signed.tobytes(), digest_size=16).digest()
    return Traits(sequence, _servers(pairs), _signature(packets[:PAYLOAD_PACKETS]))


_ENDPOINT = 16 + 2 + 1


def _pairs(packets: _core.Packets) -> npt.NDArray[np.uint8]:
    """Source and destination of each packet, one after the other; zeros where there is none."""
    values = np.zeros((len(packets), _HEADER_BYTES), np.uint8)
    present = np.zeros(values.shape, np.bool_)
    _core.fill_bytes(packets, _HEADERS, 0, [], values, present)
    ipv4, ipv6 = present[:, 0], present[:, 60]
    pairs = np.zeros((len(packets), 2, _ENDPOINT), np.uint8)
    for side in range(2):
        pairs[ipv4, side, 0:4] = values[ipv4, 12 + 4 * side : 16 + 4 * side]
        pairs[ipv6, side, 0:16] = values[ipv6, 68 + 16 * side : 84 + 16 * side]
        for transport, protocol in ((100, 6), (160, 17)):
            has = present[:, transport + 3]
            pairs[has, side, 16:18] = values[has, transport + 2 * side : transport + 2 * side + 2]
            pairs[has, side, 18] = protocol
    return pairs.reshape(len(packets), 2 * _ENDPOINT)


def _servers(pairs: npt.NDArray[np.uint8]) -> frozenset[Endpoint]:
    """Where the first packet of each flow goes."""
    raw, width = pairs.tobytes(), 2 * _ENDPOINT
    seen: dict[bytes, int] = {}
    for number, start in enumerate(range(0, len(raw), width)):
        seen.setdefault(raw[start : start + width], number)
    servers = set()
    for flow, first in seen.items():
        source, destination = flow[:_ENDPOINT], flow[_ENDPOINT:]
        if first < seen.get(destination + source, len(pairs)) and any(destination):
            servers.add(destination)
    return frozenset(servers)


def _signature(packets: _core.Packets) -> npt.NDArray[np.uint64] | None:
    """One-permutation MinHash over the 8-byte pieces of the payload; None where it is too short."""
    values = np.zeros((len(packets), PAYLOAD_BYTES), np.uint8)
    present = np.zeros(values.shape, np.bool_)
    _core.fill_bytes(packets, ["payload"], PAYLOAD_BYTES, [], values, present)
    payload = values[present]
    if len(payload) < 8 + _FEWEST_BUCKETS:
        return None
    windows: Any = np.lib.stride_tricks.sliding_window_view(payload, 8)
    hashes = np.sort(_mixed(np.ascontiguousarray(windows).view(np.uint64).ravel()))
    places = np.searchsorted(hashes, _BUCKET_STARTS)
    used = np.diff(places, append=len(hashes)) > 0
    if used.sum() < _FEWEST_BUCKETS:
        return None
    signature = np.full(_BUCKETS, _EMPTY)
    signature[used] = hashes[places[used]]
    return signature


def _mixed(pieces: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finisher."""
    mixed = (pieces ^ (pieces >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: npt.NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return result


def _bands(signature: npt.NDArray[np.uint64]) -> Iterator[tuple[int, bytes]]:
    raw, width = signature.tobytes(), 8 * _BAND
    for start in range(0, len(raw), width):
        band = raw[start : start + width]
        if band != _EMPTY_BAND:
            yield start, band


def _is_near(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> bool:
    used = (a != _EMPTY) | (b != _EMPTY)
    return bool((a[used] == b[used]).mean() >= NEAR)


def _near_duplicates(first: list[Traits], second: list[Traits]) -> int:
    buckets: dict[tuple[int, bytes], list[npt.NDArray[np.uint64]]] = defaultdict(list)
    seen: set[bytes] = set()
    for one in first:
        # Equal ones would only be compared again.
        if one.payload is None or one.payload.tobytes() in seen:
            continue
        seen.add(one.payload.tobytes())
        for band in _bands(one.payload):
            if len(buckets[band]) < _MOST_CANDIDATES:
                buckets[band].append(one.payload)
    count = 0
    for one in second:
        if one.payload is not None and any(
            _is_near(one.payload, other)
            for band in _bands(one.payload)
            for other in buckets.get(band, ())
        ):
            count += 1
    return count


def overlaps_of(parts: dict[str, list[Traits]]) -> tuple[Overlap, ...]:
    """Of each two parts, the later one against the earlier one."""
    overlaps = []
    for (first_name, first), (second_name, second) in combinations(parts.items(), 2):
        sequences = {one.sequence for one in first if one.sequence is not None}
        endpoints = frozenset().union(*(one.endpoints for one in first))
        both = endpoints & frozenset().union(*(one.endpoints for one in second))
        overlaps.append(
            Overlap(
                (first_name, second_name),
                len(second),
                sum(one.sequence in sequences for one in second),
                len(both),
                sum(bool(one.endpoints & both) for one in second),
                _near_duplicates(first, second),
            )
        )
    return tuple(overlaps)
