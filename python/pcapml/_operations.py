# SPDX-License-Identifier: Apache-2.0
"""The operations of the command line as functions.

They run without the GIL, and Ctrl-C ends them with nothing left behind. `progress(done, total, packets)` is called
some twenty times a second with bytes of input (total is None for a pipe) and packets. With on_error="warn" what
lies before damaged data is kept, and each damage is a FormatWarning; otherwise it is a FormatError and no output.

`memory` is in bytes, 16,000,000 at least; None is a quarter of the machine's. What does not fit lies in temporary
files, in `tmp` or beside the output, and the result is the same. `threads` work at once (0: one for each processor).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal, Optional, TypeVar

from . import _core
from ._inputs import StrPath
from ._reading import LegacyTimestamps, OnError
from .errors import FormatWarning
from .results import (
    CompareResult,
    InputReport,
    LabelResult,
    MergeResult,
    SortResult,
    SplitResult,
    StripResult,
    SummaryResult,
    build,
)

Progress = Callable[[int, Optional[int], int], object]
Format = Literal["pcap", "pcapng"]
Result = TypeVar("Result")


def _options(
    on_error: OnError, legacy_timestamps: LegacyTimestamps, progress: Progress | None, **more: Any
) -> dict[str, Any]:
    if on_error not in ("raise", "warn"):
        raise ValueError("on_error is 'raise' or 'warn'")
    common = {"salvage": on_error == "warn", "legacy_timestamps": legacy_timestamps, "progress": progress}
    return {"fsync": False, "threads": 0, **_memory(None, None), **common, **more}


def _memory(memory: int | None, tmp: StrPath | None) -> dict[str, Any]:
    return {"memory": 0 if memory is None else memory, "tmp": _path(tmp)}


def _path(path: StrPath | None) -> bytes:
    return b"" if path is None else os.fsencode(path)


def _warn(*reports: InputReport) -> None:
    for report in reports:
        for damage in report.damage:
            warnings.warn(damage, FormatWarning, stacklevel=3)


def label(
    input: StrPath,
    rules: StrPath | None,
    output: StrPath,
    *,
    keep_unmatched: bool = False,
    keep_old: bool = False,
    sample: Literal["rule", "flow"] = "rule",
    resolve: bool = False,
    name_source: bool = False,
    fsync: bool = False,
    threads: int = 0,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> LabelResult:
    """Label a capture, or a directory of captures, by the rules of a label file (doc/format.md).

    `rules` may be None with `resolve`, which adds the name of the remote end to labels that are there. With
    `keep_old` a label that is replaced stays as `was=` of the new one.
    UsageError tells everything that is wrong with the label file.
    """
    options = _options(
        on_error,
        legacy_timestamps,
        progress,
        keep_unmatched=keep_unmatched,
        keep_old=keep_old,
        sample=sample,
        resolve=resolve,
        name_source=name_source,
        fsync=fsync,
        threads=threads,
    )
    if rules is None and not resolve:
        raise ValueError("without rules there is only resolve=True to be done")
    result = build(LabelResult, _core.label(_path(input), _path(rules), _path(output), options))
    _warn(result.report)
    return result


def mark(output: StrPath, label: str | None = None, *, stop: bool = False) -> None:
    """Say in a label file that an activity begins now, or with `stop` that it ends.

    The activity before ends where this one begins. See `pcapml mark`.
    """
    _core.mark(_path(output), "" if label is None else label, stop)


def sort(
    input: StrPath,
    output: StrPath,
    *,
    memory: int | None = None,
    tmp: StrPath | None = None,
    fsync: bool = False,
    threads: int = 0,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> SortResult:
    """Bring the packets of each sample together, by sample id, time, and position in the file."""
    options = _options(on_error, legacy_timestamps, progress, fsync=fsync, threads=threads, **_memory(memory, tmp))
    result = build(SortResult, _core.sort(_path(input), _path(output), options))
    _warn(result.report)
    return result


def split(
    input: StrPath,
    output: StrPath,
    *,
    format: Format = "pcap",
    force: bool = False,
    link_ethernet: bool = False,
    memory: int | None = None,
    tmp: StrPath | None = None,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> SplitResult:
    """Write one capture for each sample, and `metadata.csv`, into a directory.

    UsageError where the directory is not empty, unless `force` is set.
    """
    options = _options(
        on_error,
        legacy_timestamps,
        progress,
        format=format,
        force=force,
        link_ethernet=link_ethernet,
        **_memory(memory, tmp),
    )
    result = build(SplitResult, _core.split(_path(input), _path(output), options))
    _warn(result.report)
    return result


def strip(
    input: StrPath,
    output: StrPath,
    *,
    format: Format = "pcap",
    link_ethernet: bool = False,
    fsync: bool = False,
    threads: int = 0,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> StripResult:
    """Take the labels out of a capture."""
    options = _options(
        on_error, legacy_timestamps, progress, format=format, link_ethernet=link_ethernet, fsync=fsync, threads=threads
    )
    result = build(StripResult, _core.strip(_path(input), _path(output), options))
    _warn(result.report)
    return result


def merge(
    inputs: Iterable[StrPath],
    output: StrPath,
    *,
    fsync: bool = False,
    threads: int = 0,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> MergeResult:
    """Join captures, and directories of captures, in time order; sample ids are numbered anew."""
    if isinstance(inputs, (str, os.PathLike)):
        inputs = [inputs]
    options = _options(on_error, legacy_timestamps, progress, fsync=fsync, threads=threads)
    result = build(MergeResult, _core.merge([_path(one) for one in inputs], _path(output), options))
    _warn(result.report)
    return result


def compare(
    truth: StrPath,
    test: StrPath,
    *,
    csv: StrPath | None = None,
    map: StrPath | None = None,
    memory: int | None = None,
    tmp: StrPath | None = None,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> CompareResult:
    """Compare the labels that two captures give to the same traffic; packets are paired by content.

    `csv` is written with the confusion matrix of packets; `map` has `from,to` lines that rename labels.
    """
    options = _options(on_error, legacy_timestamps, progress, **_memory(memory, tmp))
    made = _core.compare(_path(truth), _path(test), _path(csv), _path(map), options)
    result = build(CompareResult, made)
    _warn(result.truth, result.test)
    return result


def summary(
    input: StrPath,
    *,
    group: str = "label",
    csv: StrPath | None = None,
    from_ns: int | None = None,
    to_ns: int | None = None,
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
    progress: Progress | None = None,
) -> SummaryResult:
    """Count what each label (or direction, or value of another key) has, and tell what the file says of itself.

    Only packets from `from_ns` to `to_ns`, both inclusive, count.
    """
    options = _options(on_error, legacy_timestamps, progress)
    made = _core.summary(_path(input), _path(csv), group, from_ns, to_ns, options)
    result = build(SummaryResult, made)
    _warn(result.report)
    return result
