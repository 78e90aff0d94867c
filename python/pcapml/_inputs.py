# SPDX-License-Identifier: Apache-2.0
"""From what a caller names to the captures that the core reads."""

from __future__ import annotations

import glob
import os
import select
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, Union, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """A binary stream."""

    def read(self, size: int, /) -> Any: ...


class Pipe:
    """A pipe or device by its path, or standard input by `-`.

    A signal ends no read where a library (Polars, for one) has set its handler with SA_RESTART, but it ends a
    wait, and what comes just before one is seen soon.
    """

    _WAIT_MS = 200

    def __init__(self, path: str) -> None:
        self._file = -1
        # Without a wait for a writer; for the same reason.
        self._file = os.dup(0) if path == "-" else os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def read(self, size: int, /) -> bytes:
        while True:
            if self._poll.poll(self._WAIT_MS):
                try:
                    return os.read(self._file, size)
                except BlockingIOError:
                    pass

    def __del__(self) -> None:
        if self._file >= 0:
            os.close(self._file)


StrPath = Union[str, "os.PathLike[str]"]
#: A capture, a directory or glob of captures, a binary stream, or a sequence of these.
Source = Union[StrPath, Readable, Iterable[Union[StrPath, Readable]]]
#: path, session, stream: what the core takes.
Input = tuple[bytes, bytes, Union[Readable, None]]

CAPTURES = (".pcap", ".pcapng", ".cap", ".dmp", ".ntar")
COMPRESSIONS = (".gz", ".zst", ".xz", ".lz4", ".bz2")


def resolve(source: Source) -> list[Input]:
    """The inputs that a source names, in order. Several ones get sessions that differ.

    Raises FileNotFoundError for a glob or a directory without a capture.
    """
    found: list[tuple[str, Readable | None]] = []
    if isinstance(source, (str, os.PathLike, Readable)):
        found = _resolve_one(source)
    else:
        for one in source:
            found.extend(_resolve_one(one))
        if not found:
            raise ValueError("no input was named")
    sessions = _sessions([name for name, _ in found]) if len(found) > 1 else [""]
    return [
        (os.fsencode(name), os.fsencode(session), stream)
        for (name, stream), session in zip(found, sessions)
    ]


def _resolve_one(source: StrPath | Readable) -> list[tuple[str, Readable | None]]:
    if not isinstance(source, (str, os.PathLike)):
        if not isinstance(source, Readable):
            raise TypeError(f"expected a path or a binary stream, not {type(source).__name__}")
        return [(str(getattr(source, "name", "stream")), source)]
    path = os.fspath(source)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if path == "-":
        return [("standard input", Pipe(path))]
    try:
        mode = os.stat(path).st_mode
    except OSError:
        if glob.has_magic(path):
            return [pair for name in _glob(path) for pair in _resolve_one(name)]
        mode = stat.S_IFREG  # the core says what is wrong
    if stat.S_ISDIR(mode):
        return [(name, None) for name in _below(path)]
    if stat.S_ISREG(mode):
        return [(path, None)]
    return [(path, Pipe(path))]


def _glob(pattern: str) -> list[str]:
    names = sorted(glob.glob(pattern, recursive=True))
    if not names:
        raise FileNotFoundError(f"no capture matches {pattern}")
    return names


def _is_capture(name: str) -> bool:
    base, extension = os.path.splitext(name)
    if extension in COMPRESSIONS:
        extension = os.path.splitext(base)[1]
    return extension in CAPTURES


def _below(directory: str) -> list[str]:
    names = [
        os.path.join(folder, name)
        for folder, _, files in os.walk(directory)
        for name in files
        if _is_capture(name)
    ]
    if not names:
        raise FileNotFoundError(f"no capture lies below {directory}")
    return sorted(names)


def _sessions(names: list[str]) -> list[str]:
    """A name for each input: its stem where that is the only one, else as much of its path as it takes."""
    stems = [_stem(Path(name)) for name in names]
    if len(set(stems)) == len(stems):
        return stems
    try:
        common = os.path.commonpath([os.path.dirname(os.path.abspath(name)) for name in names])
        longer = [os.path.relpath(os.path.abspath(name), common) for name in names]
    except ValueError:
        longer = names
    counts: dict[str, int] = {}
    unique = []
    for name in longer:
        counts[name] = counts.get(name, 0) + 1
        unique.append(name if counts[name] == 1 else f"{name}#{counts[name]}")
    return unique


def _stem(path: Path) -> str:
    if path.suffix in COMPRESSIONS:
        path = path.with_suffix("")
    return path.stem
