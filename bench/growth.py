# SPDX-License-Identifier: Apache-2.0
"""How time and memory grow with the input and with the rules."""
import pathlib
import tempfile

import rows
from measure import Workplace, measure
from plot import Curve, Panel, draw

SIZES = (1, 2, 4, 8)
RULE_COUNTS = (1, 10, 100, 1_000, 10_000, 100_000)
SLOW_FROM = 100_000  # rules; one run is enough


def measure_growth(parent, byte_count, programs, runs, names):
    """All growths, up to this size of input. Each: name, about, by, steps, and for each command its runs at each."""
    growths = [g for g in rows.GROWTHS if g.name in names]
    made = {g.name: {"name": g.name, "about": g.about, "by": g.by, "steps": [], "commands": {}, "ours": []} for g in growths}
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="pcapml-bench-", dir=parent) as directory:
            place = Workplace(directory, byte_count * size // SIZES[-1])
            for growth in growths:
                if growth.by == "bytes":
                    row = rows.Row(f"growth-{growth.name}", growth.about, growth.inputs, growth.tools)
                    add(made[growth.name], place.byte_count, measure(row, place, "tmpfs", programs, runs))
    with tempfile.TemporaryDirectory(prefix="pcapml-bench-", dir=parent) as directory:
        place = Workplace(directory, byte_count // 2)
        for growth in growths:
            for count in RULE_COUNTS if growth.by == "rules" else ():
                tools = tuple(rows.with_rules(kind, count, kind, count >= SLOW_FROM) for kind in growth.tools)
                row = rows.Row(f"growth-{growth.name}", growth.about, growth.inputs, (rows.CP, *tools))
                add(made[growth.name], count, measure(row, place, "tmpfs", programs, runs if count < SLOW_FROM else 0))
    return list(made.values())


def add(growth, step, outcome):
    growth["steps"].append(step)
    growth["ours"] = [name for name, ours in outcome["ours"].items() if ours]
    for name, series in outcome["series"].items():
        growth["commands"].setdefault(name, []).append(series.runs)


def plot(growth):
    """Panels of wall time, CPU time and peak memory, as SVG."""
    def curves(figure):
        for name, taken in growth["commands"].items():
            if figure in taken[0][0]:
                values = [sorted(run[figure] for run in runs) for runs in taken]
                yield Curve(name, [of_step[len(of_step) // 2] for of_step in values], name in growth["ours"])

    by_rules = growth["by"] == "rules"
    panels = [Panel("wall time, s", list(curves("wall"))), Panel("CPU time, s", list(curves("cpu"))),
              Panel("peak memory, MiB", list(curves("peak_mib")))]
    if by_rules:
        panels[1] = Panel("of it compiling, s", list(curves("apart_wall")))
    steps = growth["steps"] if by_rules else [step / 1e6 for step in growth["steps"]]
    return draw(growth["about"], "rules" if by_rules else "input, MB", steps, panels)


def write_plots(growths, folder, stem):
    for growth in growths:
        pathlib.Path(folder, f"{stem}-{growth['name']}.svg").write_text(plot(growth), encoding="utf-8")
