# SPDX-License-Identifier: Apache-2.0
"""Every capture of the repository and the corpora, through Python and through the program."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import warnings

import pytest
from capture_files import CORPUS, PROGRAM, ROOT, SAMPLES

import pcapml

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
captures = pytest.importorskip("captures", reason="tests/foreign is not there")


def all_captures() -> list[pathlib.Path]:
    found = sorted(SAMPLES.glob("*.pcap*"))
    for below in ("pcapml-legacy", "pcapng-suite", "dpi"):
        found += sorted(path for path in (CORPUS / below).rglob("*.pcap*") if path.is_file())
    return found


def by_program(path: pathlib.Path, out: pathlib.Path) -> list[tuple[int, int, int, bytes]]:
    command = [str(PROGRAM), "strip", "--salvage", "-q", "--format", "pcapng", "-i", str(path), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not out.exists():
        raise ValueError(done.stderr)
    return [packet.bare() for packet in captures.read(out)]


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpora at {CORPUS}; PCAPML_CORPUS says where they are")
@pytest.mark.skipif(not PROGRAM.exists(), reason=f"no {PROGRAM}; PCAPML_PROGRAM says where the program is")
def test_python_sees_what_the_program_sees(tmp_path: pathlib.Path) -> None:
    compared = 0
    for number, path in enumerate(all_captures()):
        out = tmp_path / f"{number}.pcapng"
        try:
            expected = by_program(path, out)
        except ValueError as error:
            with pytest.raises(pcapml.FormatError):
                list(pcapml.iter_packets(path))
            assert "byte" in str(error), path
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pcapml.FormatWarning)
            seen = list(pcapml.iter_packets(path, on_error="warn"))
            table = pcapml.table(path, ["length", "raw"], on_error="warn")
        assert [(p.timestamp_ns, p.link_type, p.length, p.data) for p in seen] == expected, path
        assert table["length"].to_pylist() == [length for _, _, length, _ in expected], path
        assert table["raw"].to_pylist() == [data for _, _, _, data in expected], path
        compared += 1
        out.unlink()
    assert compared > 150


@pytest.mark.skipif(not PROGRAM.exists(), reason=f"no {PROGRAM}; PCAPML_PROGRAM says where the program is")
def test_samples_are_those_of_split(tmp_path: pathlib.Path) -> None:
    truth, parts = tmp_path / "truth.pcapng", tmp_path / "parts"
    pcapml.label(SAMPLES / "web.pcap", SAMPLES / "web.rules", truth)
    pcapml.sort(truth, tmp_path / "sorted.pcapng")
    subprocess.run([str(PROGRAM), "split", "-q", "-i", str(truth), "-o", str(parts)], check=True)
    for sample in pcapml.sampler(tmp_path / "sorted.pcapng"):
        packets = list(captures.read(parts / f"{sample.sid}_{sample.label}.pcap"))
        assert [p.data for p in packets] == [p.data for p in sample.packets]
        assert [p.time_ns for p in packets] == [p.timestamp_ns for p in sample.packets]
