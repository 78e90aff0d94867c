# SPDX-License-Identifier: Apache-2.0
"""The examples of the README, as they stand there."""

from __future__ import annotations

import doctest
import pathlib
import shutil

import pytest
from capture_files import ROOT, SAMPLES

pytest.importorskip("pandas", "3", reason="pandas 2 shows the type `string` as `string[pyarrow]`")
pytest.importorskip("polars")
pytest.importorskip("duckdb")


def test_the_examples_give_what_they_show(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in SAMPLES.glob("web*"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(ROOT / "python" / "README.md"), module_relative=False, verbose=False)
    assert result.attempted > 20 and result.failed == 0
