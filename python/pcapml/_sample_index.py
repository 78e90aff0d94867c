# SPDX-License-Identifier: Apache-2.0
"""Where the samples of a capture lie, so that any of them can be read alone."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._frames import sample_array, sample_frame
from ._inputs import StrPath, resolve
from ._reading import LegacyTimestamps, OnError
from .errors import FormatWarning

if TYPE_CHECKING:
    import pandas as pd

_VERSION = 1
_SUFFIX = ".samples.npz"
_PLACE = np.dtype(
    [("offset", "u8"), ("size", "u4"), ("interface", "u4"), ("sample", "u4"), ("reserved", "u4")]
)


@dataclass(frozen=True)
class StoredSample:
    """One sample that was read alone, with all or its first packets; otherwise as Sample."""

    sample_id: str
    label: str
    session: str | None
    path: str
    packets: _core.Packets

    @property
    def sid(self) -> int | str:
        """The sample id; a str where it does not fit 64 bits."""
        number = int(self.sample_id)
        return number if number < 1 << 64 else self.sample_id

    @property
    def metadata(self) -> str:
        """All text after the id, of the first packet."""
        return self.packets[0].metadata or ""

    @property
    def fields(self) -> dict[str, str]:
        """Each key with the first value that a packet has."""
        found: dict[str, str] = {}
        for packet in self.packets:
            for key, value in packet.fields.items():
                found.setdefault(key, value)
        return found

    @property
    def df(self) -> pd.DataFrame:
        """The packets as rows, as read() makes them."""
        return sample_frame(self)

    def to_numpy(self) -> npt.NDArray[np.void]:
        """Times, lengths, ports, protocol and direction of the packets, as records."""
        return sample_array(self)

    def __len__(self) -> int:
        return len(self.packets)


class SampleIndex:
    """The samples of one capture, in order of first appearance, and where their packets lie.

    Packets of a sample may lie apart. What is open belongs to the process and thread that uses it: a copy, by
    pickle or fork, opens the file for itself.
    """

    def __init__(
        self,
        path: str,
        session: str | None,
        legacy_timestamps: LegacyTimestamps,
        places: npt.NDArray[Any],
        description: bytes,
        sample_ids: list[str],
        labels: list[str],
    ) -> None:
        self.path = path
        self.session = session
        self.sample_ids = sample_ids
        self.labels = labels
        self._legacy_timestamps = legacy_timestamps
        self._places = places[np.argsort(places["sample"], kind="stable")]
        self._starts = np.searchsorted(self._places["sample"], np.arange(len(sample_ids) + 1))
        self._description = description
        self._reader: _core.StoredPackets | None = None
        self._reader_of: int | None = None

    def __len__(self) -> int:
        return len(self.sample_ids)

    def packets_of(self, i: int) -> int:
        """How many packets the sample has."""
        return int(self._starts[i + 1] - self._starts[i])

    def read(self, i: int, first_n: int | None = None) -> StoredSample:
        """The sample of this number, or its first packets.

        Raises FormatError where the file is not the one that was indexed.
        """
        if not 0 <= i < len(self):
            raise IndexError("no such sample")
        start, stop = int(self._starts[i]), int(self._starts[i + 1])
        if first_n is not None:
            stop = min(stop, start + first_n)
        packets = self._opened().read(self._places[start:stop].tobytes())
        session = self.session or packets[0].fields.get("session")
        return StoredSample(self.sample_ids[i], self.labels[i], session, self.path, packets)

    def _opened(self) -> _core.StoredPackets:
        if self._reader is None or self._reader_of != os.getpid():
            self._reader = _core.StoredPackets(
                os.fsencode(self.path),
                os.fsencode(self.session or ""),
                self._legacy_timestamps,
                self._description,
            )
            self._reader_of = os.getpid()
        return self._reader

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_reader": None, "_reader_of": None}

    def _save(self, name: str, stamp: dict[str, Any]) -> None:
        content = io.BytesIO()
        np.savez(
            content,
            places=self._places.view(np.uint8),
            description=np.frombuffer(self._description, np.uint8),
            names=_as_array(
                json.dumps({"stamp": stamp, "sample_ids": self.sample_ids, "labels": self.labels})
            ),
        )
        folder = os.path.dirname(name) or "."
        handle, temporary = tempfile.mkstemp(prefix=".samples-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.getvalue())
            os.replace(temporary, name)
        except BaseException:
            os.unlink(temporary)
            raise


def _as_array(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8)


def _stamp(path: str, legacy_timestamps: str, on_error: str) -> dict[str, Any]:
    status = os.stat(path)
    return {
        "version": _VERSION,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "legacy_timestamps": legacy_timestamps,
        "on_error": on_error,
    }


def _load(
    name: str, path: str, session: str | None, legacy_timestamps: LegacyTimestamps, stamp: dict[str, Any]
) -> SampleIndex | None:
    """None where there is no index, or not one of the file as it is now."""
    try:
        with open(name, "rb") as file, np.load(file, allow_pickle=False) as stored:
            names = json.loads(stored["names"].tobytes())
            if names["stamp"] != stamp:
                return None
            places = np.frombuffer(stored["places"].tobytes(), _PLACE)
            ids, labels = names["sample_ids"], names["labels"]
            if len(ids) != len(labels) or (len(places) > 0 and int(places["sample"].max()) >= len(ids)):
                return None
            description = stored["description"].tobytes()
            return SampleIndex(path, session, legacy_timestamps, places, description, ids, labels)
    except Exception:  # whatever a damaged file makes of the libraries that read it: a new one will do
        return None


def _cache_directory() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "pcapml")


def _names(path: str, cache: StrPath | None) -> list[str]:
    """Where the index may lie, best first."""
    unique = hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:32] + _SUFFIX
    if cache is not None:
        return [os.path.join(os.fspath(cache), unique)]
    return [path + _SUFFIX, os.path.join(_cache_directory(), unique)]


def open_index(
    path: str,
    session: str | None = None,
    *,
    cache: StrPath | None = None,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> SampleIndex:
    """The index of one capture: the one that was kept, if the capture has its size and time still, or a new one.

    It is kept beside the capture as `<name>.samples.npz`, or where that cannot be written in `cache` (default:
    the user's cache directory), or else not at all. Raises UsageError for a compressed file.
    """
    stamp = _stamp(path, legacy_timestamps, on_error)
    names = _names(path, cache)
    for name in names:
        kept = _load(name, path, session, legacy_timestamps, stamp)
        if kept is not None:
            return kept
    raw, description, ids, labels, damage = _core.index_samples(
        os.fsencode(path), on_error, legacy_timestamps
    )
    if damage is not None:
        warnings.warn(damage, FormatWarning, stacklevel=2)
    index = SampleIndex(
        path, session, legacy_timestamps, np.frombuffer(raw, _PLACE), description, ids, labels
    )
    for name in names:
        try:
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            index._save(name, stamp)
            break
        except OSError:
            continue
    return index


def open_indexes(
    source: StrPath | list[StrPath],
    *,
    cache: StrPath | None = None,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> list[SampleIndex]:
    """The indexes of all captures that a source names; only files."""
    indexes = []
    for name, session, stream in resolve(source):
        if stream is not None:
            raise ValueError("samples of a stream cannot be read again; name a file")
        indexes.append(
            open_index(
                os.fsdecode(name),
                os.fsdecode(session) or None,
                cache=cache,
                on_error=on_error,
                legacy_timestamps=legacy_timestamps,
            )
        )
    return indexes
