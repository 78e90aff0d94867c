# SPDX-License-Identifier: Apache-2.0
"""As much of torch as pcapml.torch uses. PyTorch itself is too large to be installed for tests."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class _Generic:
    def __class_getitem__(cls, item: Any) -> Any:
        return cls


@dataclass
class WorkerInfo:
    id: int
    num_workers: int


@contextmanager
def worker(number: int, count: int) -> Iterator[None]:
    """As in a worker of a DataLoader, of the real torch as well."""
    import pcapml.torch

    data: Any = vars(pcapml.torch)["torch"].utils.data
    before = data.get_worker_info
    data.get_worker_info = lambda: WorkerInfo(number, count)
    try:
        yield
    finally:
        data.get_worker_info = before


@contextmanager
def installed() -> Iterator[None]:
    """In place of torch, where it is not installed, for the time of an import. Others look for torch as well."""
    try:
        import torch  # noqa: F401
    except ImportError:
        pass
    else:
        yield
        return
    made: Any = types.ModuleType("torch")
    made.utils = types.ModuleType("torch.utils")
    made.utils.data = types.ModuleType("torch.utils.data")
    made.from_numpy = lambda array: array
    made.utils.data.Dataset = type("Dataset", (_Generic,), {})
    made.utils.data.IterableDataset = type("IterableDataset", (_Generic,), {})
    made.utils.data.get_worker_info = lambda: None
    modules = {"torch": made, "torch.utils": made.utils, "torch.utils.data": made.utils.data}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
