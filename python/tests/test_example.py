# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

from capture_files import ROOT

pytest.importorskip("sklearn")


def test_the_classifier_prints_what_the_documentation_shows() -> None:
    script = ROOT / "python" / "examples" / "classifier.py"
    printed = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    report, without_mask, with_mask = printed.split("\n\n", 2)[0], *printed.split("\n\n")[-2:]
    # The division does not depend on the release of scikit-learn; what its forests say may.
    assert report in (ROOT / "python" / "README.md").read_text()
    for matrix in (without_mask, with_mask):
        head, _, *rows, others = matrix.strip().splitlines()
        assert others.startswith("in other divisions: ")
        assert "of 17 samples right" in head
        counts = [[int(count) for count in row.split()[1:]] for row in rows]
        assert sum(map(sum, counts)) == 17
        right = sum(row[i] for i, row in enumerate(counts))
        assert head.split(": ")[1] == f"{right} of 17 samples right"
        assert right > 11  # more than the commonest label would give
