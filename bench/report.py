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
        + [found if (found := first_line([t, "--version"])) != "missing" else f"{t}: missing"
           for t in ("cp", "tcpdump", "editcap", "mergecap", "reordercap", "capinfos", "tshark")],
    }


def net(run, figure):
    """What a run took without what is told apart."""
    return run[figure] - run.get(f"apart_{figure}", 0)


class Series:
    """The runs of one command, and those of another one beside them."""

    def __init__(self, runs, captures=1):
        self.runs = runs
        self.captures = captures

    def median(self, figure):
        return statistics.median(net(run, figure) for run in self.runs)

    def ratio(self, other, figure):
        """Median, least and greatest of this over the other, run by run, for each capture read."""
        if not other:
            return None
        pairs = [net(run, figure) / self.captures / max(net(peer, figure), 1e-4) for run, peer in zip(self.runs, other.runs)]
        return statistics.median(pairs), min(pairs), max(pairs)


def ratio_text(ratio):
    if ratio is None:
        return ""
    return "{:.2f} ({:.2f}–{:.2f})".format(*ratio)


def aims_of(outcome):
    """For each aim and each of our commands that it is about: both, and the ratio."""
    series = outcome["series"]
    for aim in outcome["row"].aims:
        named = {other.of for other in outcome["row"].aims if other.of}
        for name, own in series.items():
            wanted = name in (aim.of, f"{aim.of}, other") if aim.of else outcome["ours"][name] and name not in named
            if wanted and name != aim.against and aim.against in series:
                yield aim, name, own.ratio(series[aim.against], "wall")


IDLE = 0.2  # processors that others may use where a run decides whether an aim is met


def verdict(met, others):
    return "machine busy" if others > IDLE else "yes" if met else "no"


def aims_table(outcomes, others):
    """`others`: how many processors they used."""
    lines = ["| row | place | command | wall, ratio | CPU, ratio | aim | met |", "|---|---|---|---|---|---|---|"]
    for outcome in outcomes:
        for aim, name, ratio in aims_of(outcome):
            cpu = outcome["series"][name].ratio(outcome["series"][aim.against], "cpu")
            lines.append(f"| {outcome['row'].name} | {outcome['place']} | {name} | {ratio_text(ratio)} | {ratio_text(cpu)} | "
                         f"≤ {aim.ratio} × {aim.against} | {verdict(ratio[0] <= aim.ratio, others)} |")
    return "\n".join(lines)


def base_of(series):
    """What a row's commands are compared to."""
    return next(n for n in ("capinfos", "cp", "cp, sync", "cat of both") if n in series)


def row_table(outcome):
    series = outcome["series"]
    base = base_of(series)
    peer = next((n for n in ("tcpdump", "1 rule") if n in series), "tcpdump")
    lines = [f"### {outcome['row'].name}, {outcome['place']}: {outcome['row'].about}", "",
             f"Input: {outcome['input']}.", "",
             f"| command | wall s | × {base} wall | CPU s | × {base} CPU | × {peer} wall | × {peer} CPU | peak MiB | × {base} peak |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, own in series.items():
        cells = [name, f"{own.median('wall'):.2f}", ratio_text(own.ratio(series[base], "wall")), f"{own.median('cpu'):.2f}",
                 ratio_text(own.ratio(series[base], "cpu")), ratio_text(own.ratio(series.get(peer), "wall")),
                 ratio_text(own.ratio(series.get(peer), "cpu")), f"{own.median('peak_mib'):.0f}",
                 f"{own.median('peak_mib') / series[base].median('peak_mib'):.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    if any("apart_wall" in own.runs[0] for own in series.values()):
        lines += ["", "Compiling, not in the figures above, wall and CPU ms: " + "; ".join(
            f"{name} {own.median('apart_wall') * 1000:.0f}, {own.median('apart_cpu') * 1000:.0f}"
            for name, own in series.items() if "apart_wall" in own.runs[0]) + "."]
    return "\n".join(lines) + "\n"


def start_up_table(outcome):
    lines = [f"### start-up (aim: ≤ {START_UP_SECONDS * 1000:.0f} ms)", "",
             "| command | wall ms, median (min–max) | CPU ms | peak MiB |", "|---|---|---|---|"]
    for name, own in outcome["series"].items():
        walls = [run["wall"] * 1000 for run in own.runs]
        lines.append(f"| {name} | {statistics.median(walls):.1f} ({min(walls):.1f}–{max(walls):.1f}) | "
                     f"{own.median('cpu') * 1000:.1f} | {own.median('peak_mib'):.0f} |")
    return "\n".join(lines) + "\n"


def markdown(result, outcomes, start_up):
    machine = result["machine"]
    about = [f"- {key}: {value}" for key, value in machine.items() if key != "versions"]
    about += [f"- {version}" for version in machine["versions"]]
    about.append(f"- {result['runs']} counted runs of each command after a warm-up, in turn; meanwhile others kept "
                 f"{result['others']:.1f} of {machine['cores']} processors busy, "
                 f"load average (1 minute) {', '.join(f'{l:.1f}' for l in result['load'])}")
    parts = ["# Measured: pcapml beside other tools", "", *about, "",
             "Ratios are taken run by run within one turn: median (least–greatest). Wall time is that of a shared "
             "machine where others kept processors busy; a program with two threads then loses its second one.", "",
             "## Aims", "", aims_table(outcomes, result["others"]), "", "## Rows", ""]
    parts += [row_table(outcome) for outcome in outcomes]
    if start_up:
        parts.append(start_up_table(start_up))
    if result["growth"]:
        parts += ["## Growth", ""] + [growth_table(growth) for growth in result["growth"]]
    parts += ["## Inputs", ""] + [f"- `{i.name}`: {i.about}" for i in INPUTS.values()]
    return "\n".join(parts) + "\n"


def growth_table(growth):
    """One line for each command and figure, one column for each step."""
    steps = [f"{step / 1e6:.0f} MB" if growth["by"] == "bytes" else f"{step:,}" for step in growth["steps"]]
    lines = [f"### {growth['about']}", "", f"| command | | {' | '.join(steps)} |", "|---|---|" + "---|" * len(steps)]
    for name, taken in growth["commands"].items():
        for figure, unit in (("wall", "wall s"), ("cpu", "CPU s"), ("peak_mib", "peak MiB"), ("apart_wall", "of it compiling")):
            if figure in taken[0][0]:
                medians = (f"{statistics.median(run[figure] for run in runs):.3g}" for runs in taken)
                lines.append(f"| {name} | {unit} | {' | '.join(medians)} |")
    return "\n".join(lines) + "\n"
