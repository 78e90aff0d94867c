# SPDX-License-Identifier: Apache-2.0
"""The package itself."""

from __future__ import annotations

import inspect
import re

import pytest
from capture_files import ROOT

import pcapml
from pcapml import _core


def test_the_version_is_that_of_the_core() -> None:
    told = re.search(r"project\(pcapml VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert told is not None and pcapml.__version__ == told[1]


def test_the_package_has_every_part_of_the_core() -> None:
    told = re.search(r"file\(GLOB CORE_SOURCES([^)]*)\)", (ROOT / "CMakeLists.txt").read_text())
    assert told is not None
    parts = sorted(re.findall(r"src/(\w+)/\*\.cpp", told[1]))
    assert len(parts) > 4 and parts == sorted(path.name for path in (ROOT / "python" / "core" / "src").iterdir())


def test_the_licence_is_that_of_the_repository() -> None:
    assert (ROOT / "python" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_everything_public_is_documented() -> None:
    for name in pcapml.__all__:
        thing = getattr(pcapml, name)
        if inspect.isfunction(thing):
            assert thing.__doc__, name


@pytest.mark.parametrize("name", ["Packet", "Packets", "Sample", "PacketReader", "Sampler", "ColumnBatch", "TableReader"])
def test_the_stub_names_what_the_extension_has(name: str) -> None:
    stub = (ROOT / "python" / "pcapml" / "_core.pyi").read_text()
    part = stub.split(f"class {name}", 1)[1].split("\nclass ", 1)[0].split("\ndef ", 1)[0]
    typed = set(re.findall(r"def (\w+)\(", part))
    made = {key for key in vars(getattr(_core, name)) if not key.startswith("__")}
    assert made <= typed
    assert {key for key in typed if not key.startswith("__")} <= made


def test_the_earlier_names_are_the_same_functions() -> None:
    assert pcapml.samples is pcapml.sampler
    assert pcapml.read_pcapml is pcapml.read
