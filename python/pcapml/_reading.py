# SPDX-License-Identifier: Apache-2.0
"""Packets and samples, one after the other."""

from __future__ import annotations

from typing import Literal, NamedTuple

from . import _core
from ._inputs import Source, resolve

OnError = Literal["raise", "warn"]
LegacyTimestamps = Literal["detect", "yes", "no"]


class Comment(NamedTuple):
    """The parts of a label comment. `metadata` has every `key=value` that is a key (doc/format.md)."""

    sample_id: str | None
    label: str | None
    direction: str | None
    dst: str | None
    metadata: dict[str, str]


def parse_comment(comment: str | None) -> Comment:
    """Take a label comment apart: `42,chrome,d=e` and `s=42,proc=chrome,dir=lan2wan` alike.

    Everything is None where the comment is no label. Escapes are undone.
    """
    return Comment(*_core.parse_comment(comment or ""))


def iter_packets(
    source: Source,
    *,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> _core.PacketReader:
    """Iterate over all packets, labelled or not, in the order of the files.

    A packet may be kept after its reader is gone; it keeps up to 128 KiB of packets around it alive. Damaged data
    raises FormatError after every packet before it; with on_error="warn" it is a FormatWarning and ends the
    file. `legacy_timestamps` as the option of that name (doc/format.md).
    """
    return _core.PacketReader(resolve(source), on_error, legacy_timestamps)


def sampler(
    source: Source,
    *,
    group: Literal["consecutive", "any"] = "consecutive",
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> _core.Sampler:
    """Iterate over samples: the packets that follow each other under one sample id, in one file.

    An id that comes again after another one raises DataError: the file is not sorted. group="any" gathers its
    packets wherever they are, in order of first appearance, and needs memory for all packets. Packets without
    a label are passed over and counted in `unlabeled`. Damage is treated as by iter_packets; the sample that it
    cuts is given out.
    """
    if group not in ("consecutive", "any"):
        raise ValueError("group is 'consecutive' or 'any'")
    return _core.Sampler(resolve(source), on_error, legacy_timestamps, group == "any")


samples = sampler
