# SPDX-License-Identifier: Apache-2.0
"""Ratios of measured runs, as Markdown, with what has to be known of the machine."""
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess

from rows import INPUTS, START_UP_SECONDS


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "missing"
    return ((done.stdout or done.stderr).splitlines() or ["?"])[0].strip()


def proc_value(file, key):
    found = re.search(rf"^{key}\s*:\s*(.*)$", pathlib.Path("/proc", file).read_text(encoding="utf-8"), re.M)
    return found.group(1).strip() if found else "?"


def file_system(path):
    """Type of the file system that holds a directory."""
    best = ("", "?")
    for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind = line.split()[:3]
        if os.path.commonpath([mount, os.path.realpath(path)]) == mount and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1]


def describe_machine(places, programs):
    git = subprocess.run(["git", "-C", str(pathlib.Path(__file__).parent), "rev-parse", "--short", "HEAD"],
                         capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": git or "?",
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "processor": proc_value("cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": proc_value("meminfo", "MemTotal"),
        "file systems": ", ".join(f"{place}: {file_system(path)}" for place, path in places.items()),
        "versions": [first_line([p, "--version"]) for p in programs]
        + [first_line([t, "--version"]) for t in ("cp", "tcpdump", "editcap", "reordercap", "capinfos")],
    }


class Series:
    """The runs of one command, and those of another one beside them."""

    def __init__(self, runs, captures):
        self.runs = runs
        self.captures = captures

    def median(self, figure):
        return statistics.median(run[figure] for run in self.runs)

    def ratio(self, other, figure):
        """Median, least and greatest of this over the other, run by run, for each capture read."""
        if not other:
            return None
        pairs = [run[figure] / self.captures / max(peer[figure], 1e-4) for run, peer in zip(self.runs, other.runs)]
        return statistics.median(pairs), min(pairs), max(pairs)


def ratio_text(ratio):
    if ratio is None:
        return ""
    return "{:.2f} ({:.2f}–{:.2f})".format(*ratio)


def aim_of(outcome):
    """For each of our commands: its name, the ratio that the aim is about, and whether it is met."""
    aim = outcome["row"].aim
    series = outcome["series"]
    for name, own in series.items():
        if aim is None or not outcome["ours"][name] or name == aim.against or aim.against not in series:
            continue
        ratio = own.ratio(series[aim.against], "wall")
        yield name, ratio, ratio[0] <= aim.ratio


def aims_table(outcomes):
    lines = ["| row | place | command | wall, ratio | CPU, ratio | aim | met |", "|---|---|---|---|---|---|---|"]
    for outcome in outcomes:
        aim = outcome["row"].aim
        for name, ratio, met in aim_of(outcome):
            cpu = outcome["series"][name].ratio(outcome["series"][aim.against], "cpu")
            lines.append(f"| {outcome['row'].name} | {outcome['place']} | {name} | {ratio_text(ratio)} | {ratio_text(cpu)} | "
                         f"≤ {aim.ratio} × {aim.against} | {'yes' if met else 'no'} |")
    return "\n".join(lines)


def row_table(outcome):
    series = outcome["series"]
    base = next(n for n in ("capinfos", "cp") if n in series)
    lines = [f"### {outcome['row'].name}, {outcome['place']}: {outcome['row'].about}", "",
             f"Input: {outcome['input']}.", "",
             f"| command | wall s | × {base} wall | CPU s | × {base} CPU | × tcpdump wall | × tcpdump CPU | peak MiB | × {base} peak |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, own in series.items():
        cells = [name, f"{own.median('wall'):.2f}", ratio_text(own.ratio(series[base], "wall")), f"{own.median('cpu'):.2f}",
                 ratio_text(own.ratio(series[base], "cpu")), ratio_text(own.ratio(series.get("tcpdump"), "wall")),
                 ratio_text(own.ratio(series.get("tcpdump"), "cpu")), f"{own.median('peak_mib'):.0f}",
                 f"{own.median('peak_mib') / series[base].median('peak_mib'):.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def start_up_table(outcome):
    lines = [f"### start-up (aim: ≤ {START_UP_SECONDS * 1000:.0f} ms)", "",
             "| command | wall ms, median (min–max) | CPU ms | peak MiB |", "|---|---|---|---|"]
    for name, own in outcome["series"].items():
        walls = [run["wall"] * 1000 for run in own.runs]
        lines.append(f"| {name} | {statistics.median(walls):.1f} ({min(walls):.1f}–{max(walls):.1f}) | "
                     f"{own.median('cpu') * 1000:.1f} | {own.median('peak_mib'):.0f} |")
    return "\n".join(lines) + "\n"


def markdown(machine, outcomes, start_up, load, runs):
    about = [f"- {key}: {value}" for key, value in machine.items() if key != "versions"]
    about += [f"- {version}" for version in machine["versions"]]
    about.append(f"- load average (1 minute) before, and after each place: {', '.join(f'{l:.1f}' for l in load)}; "
                 f"{runs} counted runs of each command after a warm-up, in turn")
    parts = ["# Measured: pcapml beside other tools", "", *about, "",
             "Ratios are taken run by run within one turn: median (least–greatest). Wall time is that of a shared "
             "machine where the load says so; a program with two threads then loses its second processor.", "",
             "## Aims", "", aims_table(outcomes), "", "## Rows", ""]
    parts += [row_table(outcome) for outcome in outcomes]
    if start_up:
        parts.append(start_up_table(start_up))
    parts += ["## Inputs", ""] + [f"- `{i.name}`: {i.about}" for i in INPUTS.values()]
    return "\n".join(parts) + "\n"
