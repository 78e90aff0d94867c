#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what the newest bench/results/*-evidence.json says into README.md and doc/performance.md, between its marks.

usage: bench/publish.py [--check]     --check writes nothing, and fails where the files say something else
"""
import json
import pathlib
import sys

import make_rules
import report
import rows

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
BEGIN, END = "<!-- made by bench/publish.py -->\n", "<!-- end of what bench/publish.py made -->\n"

# Row, command of ours, what it is called; the row's other programs stand beside it.
TABLE = (
    ("label", "label", "label"),
    ("label-rules", "10,000 hosts", "label, 10,000 hosts"),
    ("label-rules", "10,000 tuples", "label, 10,000 5-tuples"),
    ("strip", "strip", "strip"),
    ("sort", "sort", "sort, interleaved samples"),
    ("sort-shuffled", "sort", "sort, in no order"),
    ("sort-shuffled", "sort --memory 64M", "sort --memory 64M, in no order"),
    ("split", "split", "split, 1,000 samples"),
    ("split-10000", "split", "split, 10,000 samples"),
    ("merge", "merge", "merge of two"),
    ("summary", "summary", "summary"),
    ("compare", "compare", "compare, for each capture"),
)
NOT_PEERS = ("cp", "cat", "cat of both", "1 rule")


def load(path):
    """The results, with outcomes as `measure` gives them."""
    result = json.loads(path.read_text(encoding="utf-8"))
    known = {row.name: row for row in (*rows.ROWS, rows.START_UP)}
    outcomes = [{"row": known[row["row"]], "place": row["place"], "input": row["input"],
                 "series": {name: report.Series(runs, row["captures"].get(name, 1)) for name, runs in row["commands"].items()},
                 "ours": {name: name in row["ours"] for name in row["commands"]}}
                for row in result["rows"] if row["row"] in known]
    return result, {outcome["row"].name: outcome for outcome in outcomes}


def conditions(result):
    machine = result["machine"]
    text = (f"{result['bytes'] / 1e6:.0f} MB on tmpfs, medians of {result['runs']} runs; {machine['processor']}, "
            f"{machine['cores']} processors, Linux {machine['kernel']}, {machine['date'][:10]}, commit {machine['commit']}.")
    if result["others"] > report.IDLE:
        text += (f" **Meanwhile others kept {result['others']:.1f} of the {machine['cores']} processors busy**: read the "
                 "CPU column, and wait for a quiet machine's.")
    return text


def readme(result, outcomes, _):
    lines = ["| | time, × cp | CPU, × cp | peak MiB | others, time, × cp |", "|---|---|---|---|---|"]
    for row, name, title in TABLE:
        if row not in outcomes:
            continue
        outcome, series = outcomes[row], outcomes[row]["series"]
        own, cp = series[name], series["cp" if "cp" in series else "cat of both"]
        others = [f"{peer} {taken.ratio(cp, 'wall')[0]:.1f}" for peer, taken in series.items()
                  if not outcome["ours"][peer] and peer not in NOT_PEERS]
        lines.append(f"| {title} | {own.ratio(cp, 'wall')[0]:.2f} | {own.ratio(cp, 'cpu')[0]:.2f} | "
                     f"{own.median('peak_mib'):.0f} | {', '.join(others)} |")
    return "\n".join([*lines, "", conditions(result)])


def rules_table(outcomes):
    lines = ["| 10,000 rules, compiling apart | input | time, × 1 rule | CPU, × 1 rule | time, × cp | compiling, CPU ms |",
             "|---|---|---|---|---|---|"]
    for row in ("label-rules", "label-rules-60", "label-rules-mice"):
        if row not in outcomes:
            continue
        series = outcomes[row]["series"]
        for kind in make_rules.KINDS:
            own = series[f"10,000 {kind}"]
            wall, cpu = (report.ratio_text(own.ratio(series["1 rule"], figure)) for figure in ("wall", "cpu"))
            lines.append(f"| {kind} | {outcomes[row]['input'].split(',')[0]} | {wall} | {cpu} | "
                         f"{own.ratio(series['cp'], 'wall')[0]:.2f} | {own.median('apart_cpu') * 1000:.0f} |")
    return "\n".join(lines)


def performance(result, outcomes, stem):
    parts = [f"Of [{stem}.md](../bench/results/{stem}.md): {conditions(result)}", report.aims_table(list(outcomes.values()), result["others"]),
             rules_table(outcomes)]
    parts += [f"![{growth['about']}](../bench/results/{stem}-{growth['name']}.svg)" for growth in result["growth"]]
    return "\n\n".join(parts)


def with_block(text, block, path):
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"bench/publish.py: {path}: there is no {(BEGIN if not begin else END).strip()}")
    return before + begin + block + "\n" + end + after


def publish(results, root=ROOT, check=False):
    """Whether the files said it all before."""
    result, outcomes = load(results)
    as_before = True
    for name, make in (("README.md", readme), ("doc/performance.md", performance)):
        path = root / name
        text = path.read_text(encoding="utf-8")
        wanted = with_block(text, make(result, outcomes, results.stem), path)
        if text == wanted:
            continue
        as_before = False
        if check:
            print(f"{name} does not say what bench/results/{results.name} does; bench/publish.py writes it there", file=sys.stderr)
        else:
            path.write_text(wanted, encoding="utf-8")
    return as_before


def newest():
    found = sorted(RESULTS.glob("*-evidence.json"))
    if not found:
        sys.exit("bench/publish.py: there is no bench/results/*-evidence.json; bench/run --evidence makes one")
    return found[-1]


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    is_check = bool(sys.argv[1:])
    if not publish(newest(), check=is_check) and is_check:
        sys.exit(1)
