# SPDX-License-Identifier: Apache-2.0
"""Samples for PyTorch. Importing this module imports torch; importing pcapml does not."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.utils.data

from ._bits import Form, bits
from ._core import Sample
from ._inputs import Source, StrPath, resolve
from ._reading import LegacyTimestamps, OnError
from ._sample_index import StoredSample, open_indexes

__all__ = ["Dataset", "IterableDataset", "StoredSample"]

Transform = Callable[[Any], Any]


class _AsTensor:
    """A sample's first packets by bits(), as a tensor of packets x columns. Pickles, for workers."""

    def __init__(
        self, layers: Sequence[str], payload_bytes: int, form: Form, mask: str | Sequence[str], first_n: int
    ) -> None:
        self._arguments: dict[str, Any] = {
            "layers": tuple(layers),
            "payload_bytes": payload_bytes,
            "form": form,
            "mask": mask,
            "first_n": first_n,
        }
        bits([], **self._arguments)  # what is wrong is told at once

    def __call__(self, sample: Sample | StoredSample) -> Any:
        return torch.from_numpy(bits(sample, **self._arguments).values[0])


def _classes(labels: Sequence[str], classes: Sequence[str] | None) -> dict[str, int]:
    names = sorted(set(labels)) if classes is None else list(classes)
    numbers = {name: number for number, name in enumerate(names)}
    if len(numbers) != len(names):
        raise ValueError("a class is named twice")
    for label in labels:
        if label not in numbers:
            raise ValueError(f"label {label!r} is not among the classes")
    return numbers


class Dataset(torch.utils.data.Dataset):  # type: ignore[misc,unused-ignore]
    """Samples by number, as `(tensor, class)`; shuffling and stratified samplers work.

    `source` names files that are not compressed; packets of a sample may lie anywhere in its file. Each gets a
    sidecar index (`<name>.samples.npz`, or in `cache` or the user's cache directory), which is built at the first
    use and again when the file's size or time has changed. Only the packets of a sample are read for it.

    The tensor is that of bits(first_n=...), int8 or uint8: `first_n` packets x columns. `transform` gives something
    else instead, of a StoredSample with its first `first_n` packets (None: all). `samples` chooses: whatever
    `(path, sample_id)` is in, such as a part of split_dataset(). `classes` are the names of the classes in the
    order of their numbers; give those of the training part to the others. By default they are the labels in
    alphabetical order. Raises ValueError for a label that is not among them.
    """

    def __init__(
        self,
        source: StrPath | list[StrPath],
        *,
        first_n: int | None = 20,
        layers: Sequence[str] = ("ipv4", "tcp", "udp", "payload"),
        payload_bytes: int = 64,
        form: Form = "bits",
        mask: str | Sequence[str] = "all",
        transform: Transform | None = None,
        samples: Container[tuple[str, str]] | None = None,
        classes: Sequence[str] | None = None,
        cache: StrPath | None = None,
        on_error: OnError = "raise",
        legacy_timestamps: LegacyTimestamps = "detect",
    ) -> None:
        if first_n is None and transform is None:
            raise ValueError("first_n is None only with a transform")
        self._indexes = open_indexes(
            source, cache=cache, on_error=on_error, legacy_timestamps=legacy_timestamps
        )
        self._first_n = first_n
        self._transform: Transform = transform or _AsTensor(
            layers, payload_bytes, form, mask, first_n or 1
        )
        self._places = [
            (number, i)
            for number, index in enumerate(self._indexes)
            for i, sample_id in enumerate(index.sample_ids)
            if samples is None or (index.path, sample_id) in samples
        ]
        #: The label of each sample.
        self.labels: list[str] = [self._indexes[number].labels[i] for number, i in self._places]
        self._classes = _classes(self.labels, classes)
        #: The class of each sample, as a number.
        self.targets: npt.NDArray[np.int64] = np.array(
            [self._classes[label] for label in self.labels], np.int64
        )

    @property
    def classes(self) -> list[str]:
        """Names of the classes, by number."""
        return list(self._classes)

    def __len__(self) -> int:
        return len(self._places)

    def sample(self, i: int) -> StoredSample:
        """The whole sample of this number."""
        number, place = self._places[i]
        return self._indexes[number].read(place)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        number, place = self._places[i]
        sample = self._indexes[number].read(place, self._first_n)
        return self._transform(sample), int(self.targets[i])


class IterableDataset(torch.utils.data.IterableDataset):  # type: ignore[misc,unused-ignore]
    """Samples in the order of the files, as `(tensor, label)`; for what is compressed or very large.

    Captures must be sorted, or `group="any"` gathers. Each worker of a DataLoader gives other samples: of several
    files each worker takes every n-th file; where there are fewer files than workers, every n-th sample, and
    then each worker reads all of the files. With `rank` and `world_size` the same holds for the processes of
    distributed training. The label is a str, or its number in `classes`. Streams cannot be named, as a worker
    cannot read them again. `transform` is given a Sample.
    """

    def __init__(
        self,
        source: Source,
        *,
        first_n: int = 20,
        layers: Sequence[str] = ("ipv4", "tcp", "udp", "payload"),
        payload_bytes: int = 64,
        form: Form = "bits",
        mask: str | Sequence[str] = "all",
        transform: Transform | None = None,
        classes: Sequence[str] | None = None,
        samples: Container[tuple[str, str]] | None = None,
        group: Literal["consecutive", "any"] = "consecutive",
        rank: int = 0,
        world_size: int = 1,
        on_error: OnError = "raise",
        legacy_timestamps: LegacyTimestamps = "detect",
    ) -> None:
        if not 0 <= rank < world_size:
            raise ValueError("rank is below world_size")
        self._inputs = resolve(source)
        if any(stream is not None for _, _, stream in self._inputs):
            raise ValueError("a stream cannot be read by several workers; name files")
        self._transform: Transform = transform or _AsTensor(layers, payload_bytes, form, mask, first_n)
        self._classes = None if classes is None else {name: i for i, name in enumerate(classes)}
        self._samples = samples
        self._group = group
        self._rank, self._world_size = rank, world_size
        self._on_error, self._legacy_timestamps = on_error, legacy_timestamps

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        from . import _core

        worker = torch.utils.data.get_worker_info()
        workers = 1 if worker is None else int(worker.num_workers)
        mine = self._rank * workers + (0 if worker is None else int(worker.id))
        shares = self._world_size * workers
        inputs, step = self._inputs, shares
        if len(inputs) >= shares:
            inputs, step = inputs[mine::shares], 1
        samples = _core.Sampler(inputs, self._on_error, self._legacy_timestamps, self._group == "any")
        for number, sample in enumerate(samples):
            if step != 1 and number % step != mine:
                continue
            if self._samples is None or (sample.path, sample.sample_id) in self._samples:
                yield self._transform(sample), self._target(sample.label)

    def _target(self, label: str) -> str | int:
        if self._classes is None:
            return label
        if label not in self._classes:
            raise ValueError(f"label {label!r} is not among the classes")
        return self._classes[label]
