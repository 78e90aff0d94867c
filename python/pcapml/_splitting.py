# SPDX-License-Identifier: Apache-2.0
"""Datasets in parts for training, validation and test, which share nothing that gives the answer away."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Union

from . import _core
from ._inputs import Input, Source, resolve
from ._overlap import Overlap, Traits, overlaps_of, traits_of
from ._reading import LegacyTimestamps, OnError
from .errors import DataError

By = Literal["sample", "session", "time", "dst"]
Fractions = Union[Sequence[float], Mapping[str, float]]

_MISSING = {
    "session": "no sample has a session; name several captures, or have session= in the labels",
    "dst": "no sample names its remote end; label with resolve=True",
}
_NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}


@dataclass(frozen=True)
class SampleKey:
    """A sample of a dataset: its file and id, and what it was divided by. Times in nanoseconds since 1970."""

    path: str
    sample_id: str
    label: str
    session: str | None
    packets: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True)
class Part:
    """One part of a dataset. `(path, sample_id) in part` and `sample in part` tell what belongs to it."""

    name: str
    samples: tuple[SampleKey, ...]
    _keys: frozenset[tuple[str, str]]
    _reading: _Reading

    def __contains__(self, sample: object) -> bool:
        if isinstance(sample, tuple):
            return sample in self._keys
        return (getattr(sample, "path", None), getattr(sample, "sample_id", None)) in self._keys

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of `samples`."""
        return tuple(sample.label for sample in self.samples)

    def read(self) -> Iterator[_core.Sample]:
        """The part's samples, in the order of the files, which are read again."""
        return (sample for sample in self._reading.sampler() if sample in self)


@dataclass(frozen=True)
class _Reading:
    """How to read the dataset, again."""

    inputs: tuple[Input, ...]
    on_error: OnError
    legacy_timestamps: LegacyTimestamps
    gather: bool

    def sampler(self) -> _core.Sampler:
        return _core.Sampler(list(self.inputs), self.on_error, self.legacy_timestamps, self.gather)


@dataclass(frozen=True)
class Split:
    """What split_dataset() gives. `parts` by name; `left_out` are samples of no part; `overlaps` of each two."""

    by: By
    parts: dict[str, Part]
    left_out: tuple[SampleKey, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def train(self) -> Part:
        """The part of that name; KeyError where the fractions name none."""
        return self.parts["train"]

    @property
    def validation(self) -> Part:
        """The part of that name; KeyError where the fractions name none."""
        return self.parts["validation"]

    @property
    def test(self) -> Part:
        """The part of that name; KeyError where the fractions name none."""
        return self.parts["test"]

    def report(self) -> str:
        """Sizes of the parts by label, and the overlaps, as text."""
        named = {name: part.samples for name, part in self.parts.items()}
        if self.left_out:
            named["left out"] = self.left_out
        counts = [Counter(sample.label for sample in samples) for samples in named.values()]
        labels = sorted({label for count in counts for label in count})
        rows = [["samples", *named]]
        rows += [[label, *(str(count[label]) for count in counts)] for label in labels]
        rows.append(["all", *(str(sum(count.values())) for count in counts)])
        lines = [_line(rows, row) for row in rows]
        for overlap in self.overlaps:
            lines += ["", str(overlap)]
        return "\n".join(lines)


def _line(rows: list[list[str]], row: list[str]) -> str:
    widths = [max(len(other[i]) for other in rows) for i in range(len(row))]
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
    return "  ".join(cells)


@dataclass
class _Known:
    key: SampleKey
    traits: Traits
    shared: frozenset[str]  # what may be in one part only
    has_time: bool


def split_dataset(
    paths: Source,
    by: By = "sample",
    fractions: Fractions = (0.8, 0.1, 0.1),
    seed: int = 0,
    *,
    group: Literal["consecutive", "any"] = "consecutive",
    on_error: OnError = "raise",
    legacy_timestamps: LegacyTimestamps = "detect",
) -> Split:
    """Divide the samples of a dataset into parts that do not share what `by` names.

    - "sample": no sample is in two parts. Says nothing of samples of one visit, server or day.
    - "session": samples of one session (the capture, of several; or `session=` in the labels) stay together.
    - "dst": samples that name a common remote end (`dst=`) stay together, also by way of others. Samples that name
      none (or no session) are left out: nothing says where they belong.
    - "time": parts follow each other in time, the first named first; samples that reach into the time of a later
      part are left out.

    `fractions` of samples: two for train and test, three for train, validation and test, or by name. What stays
    together is placed so that every label has its fraction in every part, as far as its sizes allow; a label of
    at least as many groups as there are parts is in each of them. by="time" cannot do that. The same `seed` gives
    the same parts for the same files.

    The report tells what parts still have in common (Overlap). The files are read once, and again by Part.read().

    Raises DataError where no sample tells what `by` needs; the rest as sampler().
    """
    shares = _shares(fractions)
    inputs = resolve(paths)
    if any(stream is not None for _, _, stream in inputs):
        raise ValueError("a stream cannot be read again; name files")
    if by not in ("sample", "session", "time", "dst"):
        raise ValueError("by is 'sample', 'session', 'time' or 'dst'")
    reading = _Reading(tuple(inputs), on_error, legacy_timestamps, group == "any")
    known = [_know(sample, by) for sample in reading.sampler()]
    if not known:
        raise DataError("there is no sample to divide")
    if by == "time":
        places = _by_time(known, shares)
    else:
        if by != "sample" and not any(one.shared for one in known):
            raise DataError(_MISSING[by])
        places = _by_groups(known, _groups(known, by), shares, seed)
    parts = {name: _part(name, known, places, reading) for name in shares}
    left_out = tuple(one.key for one, place in zip(known, places) if place is None)
    traits = {
        name: [one.traits for one, place in zip(known, places) if place == name] for name in shares
    }
    return Split(by, parts, left_out, overlaps_of(traits))


def _shares(fractions: Fractions) -> dict[str, float]:
    if isinstance(fractions, Mapping):
        shares = dict(fractions)
    elif len(fractions) in _NAMES:
        shares = dict(zip(_NAMES[len(fractions)], fractions))
    else:
        raise ValueError("fractions are two (train, test), three (train, validation, test), or named")
    if any(not 0 <= share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError("fractions are between 0 and 1, and their sum is 1")
    return shares


def _know(sample: _core.Sample, by: By) -> _Known:
    facts = sample.to_numpy()
    times = facts["timestamp_ns"]
    key = SampleKey(
        sample.path,
        sample.sample_id,
        sample.label,
        sample.session,
        len(sample),
        int(times.min()),
        int(times.max()),
    )
    shared: frozenset[str] = frozenset()
    if by == "session" and sample.session is not None:
        shared = frozenset([sample.session])
    elif by == "dst":
        shared = frozenset(packet.dst for packet in sample.packets if packet.dst is not None)
    has_time = by != "time" or all(packet.has_timestamp for packet in sample.packets)
    return _Known(key, traits_of(sample.packets, facts), shared, has_time)


def _part(name: str, known: list[_Known], places: list[str | None], reading: _Reading) -> Part:
    samples = tuple(one.key for one, place in zip(known, places) if place == name)
    return Part(name, samples, frozenset((s.path, s.sample_id) for s in samples), reading)


def _by_time(known: list[_Known], shares: dict[str, float]) -> list[str | None]:
    for one in known:
        if not one.has_time:
            raise DataError(f"{one.key.path}: sample {one.key.sample_id} has packets without a time")
    order = sorted(range(len(known)), key=lambda i: (known[i].key.first_ns, i))
    places: list[str | None] = [None] * len(known)
    done, begin = 0.0, 0
    for name, share in shares.items():
        done += share
        end = max(begin, round(done * len(order)))
        # What begins at the same time as the next part's first sample belongs to that part.
        while begin < end < len(order) and _first(known, order, end) == _first(known, order, end - 1):
            end -= 1
        for i in order[begin:end]:
            if end == len(order) or known[i].key.last_ns < _first(known, order, end):
                places[i] = name
        begin = end
    return places


def _first(known: list[_Known], order: list[int], n: int) -> int:
    return known[order[n]].key.first_ns


def _groups(known: list[_Known], by: By) -> list[list[int]]:
    """Samples that share something, directly or by others. Those that do not tell are in none."""
    parents = list(range(len(known)))

    def root(i: int) -> int:
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    first_with: dict[str, int] = {}
    for i, one in enumerate(known):
        for name in one.shared:
            parents[root(i)] = root(first_with.setdefault(name, i))
    groups: dict[int, list[int]] = defaultdict(list)
    for i, one in enumerate(known):
        if by == "sample" or one.shared:
            groups[root(i)].append(i)
    return list(groups.values())


def _wanted(
    known: list[_Known], groups: list[list[int]], shares: dict[str, float]
) -> dict[str, dict[str, float]]:
    """How many samples of each label each part should have; at least one where there are enough groups."""
    counts = Counter(known[i].key.label for group in groups for i in group)
    spread = Counter(label for group in groups for label in {known[i].key.label for i in group})
    used = [name for name, share in shares.items() if share > 0]
    wanted: dict[str, dict[str, float]] = {name: {} for name in used}
    for label, count in counts.items():
        floor = 1.0 if spread[label] >= len(used) else 0.0
        raised = {name: max(floor, shares[name] * count) for name in used}
        scale = count / sum(raised.values())
        for name in used:
            wanted[name][label] = raised[name] * scale
    return wanted


def _by_groups(
    known: list[_Known], groups: list[list[int]], shares: dict[str, float], seed: int
) -> list[str | None]:
    """The largest group first, each to where its labels are most wanted."""
    wanted = _wanted(known, groups, shares)
    random.Random(seed).shuffle(groups)
    groups.sort(key=len, reverse=True)
    has: dict[str, Counter[str]] = {name: Counter() for name in wanted}
    places: list[str | None] = [None] * len(known)

    def need(name: str, labels: Counter[str]) -> float:
        return sum(
            count * (1 - (has[name][label] + (count - 1) / 2) / wanted[name][label])
            for label, count in labels.items()
        )

    for members in groups:
        labels = Counter(known[i].key.label for i in members)
        best = max(wanted, key=lambda name: (need(name, labels), shares[name]))
        has[best].update(labels)
        for i in members:
            places[i] = best
    return places
