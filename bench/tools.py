# SPDX-License-Identifier: Apache-2.0
"""The small C++ programs of this directory, compiled where they are needed."""
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def compile_tool(name):
    """A small C++ program beside this script; compiled again where its source is newer."""
    source, target = HERE / f"{name}.cpp", ROOT / "build" / "bench-tools" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        static = ["-static"] if name == "timed" else []
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O2", *static, "-o", target, source], check=True)
    return target
