# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a row in turn, and counts what they cost."""
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import time

import make_rules
import report
import rows
from tools import compile_tool


class Workplace:
    """A directory on one file system, with the inputs made so far."""

    def __init__(self, directory, byte_count):
        self.directory = pathlib.Path(directory)
        self.byte_count = byte_count
        self.packets = {}

    def need(self, names):
        """Makes these inputs and deletes all others."""
        for name in set(self.packets) - set(names):
            (self.directory / name).unlink()
            del self.packets[name]
        for name in names:
            if name in self.packets:
                continue
            made = subprocess.run([compile_tool("make_input"), self.directory / name,
                                   f"bytes={rows.INPUTS[name].byte_count(self.byte_count)}", *rows.INPUTS[name].options],
                                  check=True, capture_output=True, text=True)
            self.packets[name] = tuple(int(n) for n in made.stdout.split())

    def rules(self, kind, count):
        path = self.directory / f"{kind}-{count}.rules"
        if not path.exists():
            path.write_text(make_rules.rules(kind, count), encoding="utf-8")
        return path

    def describe(self, name):
        packets, captured = self.packets[name]
        size = (self.directory / name).stat().st_size
        return f"`{name}`, {size / 1e9:.2f} GB, {packets:,} packets of {captured / packets:.0f} bytes"


class OtherWork:
    """Processors that others kept busy since this was made."""

    def __init__(self):
        self.begin = self.now()

    @staticmethod
    def now():
        with open("/proc/stat", encoding="ascii") as lines:
            user, nice, system, _, _, irq, softirq, steal = (int(n) for n in lines.readline().split()[1:9])
        all_work = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.monotonic(), all_work - sum(usage.ru_utime + usage.ru_stime for usage in own)

    def processors(self):
        (then, before), (now, after) = self.begin, self.now()
        return max(0.0, (after - before) / (now - then))


class Failed(Exception):
    pass


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def timed(command, place, stdout):
    result = place.directory / "result"
    done = subprocess.run([compile_tool("timed"), result, stdout, *command], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr}")
    wall, user, system, peak, status = result.read_text(encoding="ascii").split()
    if int(status) != 0:
        raise Failed(f"{' '.join(command)} failed: {done.stderr}")
    return {"wall": float(wall), "user": float(user), "system": float(system), "cpu": round(float(user) + float(system), 6),
            "peak_mib": round(int(peak) / 1024, 2)}


def run_once(name, tool, program, place, row, is_disk):
    """One run; gives what it took. Its output is removed, or stays where the row replaces it."""
    at = place.directory
    out = at / f"{row.name}.{name.replace(' ', '-').replace(',', '')}.out"
    if not row.replace:
        remove(out)
    if tool.make_dir:
        out.mkdir()
    values = {"in": at / row.inputs[0], "in2": at / row.inputs[-1], "rules": place.rules(*tool.rules), "out": out, "dir": out,
              "pcapml": program, "part": max(1, -(-place.packets[row.inputs[0]][0] // 10_000))}

    def run(template):
        if is_disk:
            os.sync()  # what others left to be written is not this run's
        taken = timed([word.format(**values) for word in shlex.split(template)], place, out if tool.stdout else os.devnull)
        if not row.replace:
            remove(out)
        return taken

    taken = run(tool.command)
    if tool.apart:
        apart = run(tool.apart)
        for figure in ("wall", "cpu"):
            taken[f"apart_{figure}"] = apart[figure]
    return taken


def entries_of(row, programs):
    """(name, tool, program) of each command that can be run here."""
    for tool in row.tools:
        if "{pcapml}" in tool.command:
            for number, program in enumerate(programs):
                yield tool.name if number == 0 else f"{tool.name}, other", tool, program
        elif shutil.which(shlex.split(tool.command)[0]):
            yield tool.name, tool, None


def measure(row, place, place_name, programs, runs):
    """Runs all commands of a row in turn; the first turn does not count, where there is another."""
    place.need(row.inputs)
    entries = list(entries_of(row, programs))
    taken = {name: [] for name, _, _ in entries}
    for turn in range(runs + 1):
        for name, tool, program in list(entries):
            if tool.once and turn > 0:
                continue
            try:
                taken[name].append(run_once(name, tool, program, place, row, place_name == "disk"))
            except Failed as failure:
                if program in (None, programs[0]):
                    sys.exit(f"bench/run: {failure}")
                print(f"bench/run: left out: {failure}", file=sys.stderr)  # another version cannot do it
                entries.remove((name, tool, program))
    for left in place.directory.glob(f"{row.name}.*.out"):
        remove(left)
    series = {name: report.Series(taken[name][0 if tool.once or runs == 0 else 1:], tool.captures) for name, tool, _ in entries}
    return {"row": row, "place": place_name, "series": series, "input": place.describe(row.inputs[0]),
            "ours": {name: program is not None for name, _, program in entries}}
