# SPDX-License-Identifier: Apache-2.0
"""Figures of bench/capture as Markdown."""
import statistics

NOBODY = "nobody"


def spread(values, form):
    middle = statistics.median(values)
    if len(values) < 2:
        return form.format(middle)
    return f"{form.format(middle)} ({form.format(min(values))}–{form.format(max(values))})"


def median(runs, figure):
    values = [run[figure] for run in runs if figure in run]
    return statistics.median(values) if values else None


def number(value, form="{:,.0f}"):
    return "–" if value is None else form.format(value)


def lost(runs):
    return f"{number(median(runs, 'lost'))} ({median(runs, 'lost_share'):.2%})"


def kept(runs, base):
    """Run by run, of the run without a capture in the same turn."""
    return [run["rate"] / peer["rate"] for run, peer in zip(runs, base)]


def cost(runs, base):
    """CPU time of load and capturing process together for the same work, likewise."""
    return [run["cost"] / peer["cost"] for run, peer in zip(runs, base)]


def cut(runs):
    """Of the packets written, those that gave up payload."""
    value = median(runs, "cut")
    return "–" if value is None else f"{value:,.0f} ({value / max(median(runs, 'written'), 1):.0%})"


def load_table(outcome):
    load, columns = outcome["load"], outcome["columns"]
    base = columns[NOBODY]
    is_sockets = "kernel_mib" in base[0]
    lines = [f"### {load.name}: {load.about}", ""]
    head = [load.unit, "kept", "CPU, ×", "lost", "payload cut", "written", "CPU s", "start-up s", "peak MiB"]
    if is_sockets:
        head += ["kernel MiB", "sockets known"]
    lines += ["| | " + " | ".join(head) + " |", "|" + "---|" * (len(head) + 1)]
    for name, runs in columns.items():
        cells = [name, spread([run["rate"] * load.scale for run in runs], "{:.1f}")]
        if name == NOBODY:
            cells += [""] * 8
        else:
            cells += [spread(kept(runs, base), "{:.2f}"), spread(cost(runs, base), "{:.2f}"), lost(runs), cut(runs),
                      number(median(runs, "written")),
                      number(median(runs, "cpu"), "{:.2f}"), number(median(runs, "ready_seconds"), "{:.2f}"),
                      number(median(runs, "peak_mib"))]
        if is_sockets:
            cells += [number(median(runs, "kernel_mib")), number(median(runs, "known_sockets"))]
        lines.append("| " + " | ".join(cells) + " |")
    others = statistics.median(run["others"] for runs in columns.values() for run in runs)
    return "\n".join([*lines, "", f"Others had {others:.1f} processors meanwhile."]) + "\n"


def overview(outcomes):
    """Throughput kept / packets lost / payload cut, for all loads and columns."""
    names = [name for name in outcomes[0]["columns"] if name != NOBODY]
    lines = ["| load | nobody captures | " + " | ".join(names) + " |", "|" + "---|" * (len(names) + 2)]
    for outcome in outcomes:
        load, base = outcome["load"], outcome["columns"][NOBODY]
        cells = [load.name, f"{median(base, 'rate') * load.scale:.1f} {load.unit}"]
        for name in names:
            runs = outcome["columns"].get(name)
            if runs is None:
                cells.append("")
                continue
            words = [f"{statistics.median(kept(runs, base)):.2f}", f"{median(runs, 'lost_share'):.1%} lost"]
            if median(runs, "cut"):
                words.append(f"{median(runs, 'cut') / max(median(runs, 'written'), 1):.0%} cut")
            words.append(f"CPU × {statistics.median(cost(runs, base)):.2f}")
            cells.append(", ".join(words))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def markdown(machine, outcomes, load_average, runs, size, commands):
    about = [f"- {key}: {value}" for key, value in machine.items() if key != "versions"]
    about += [f"- {version}" for version in machine["versions"]]
    about.append(f"- load average (1 minute) before and after: {', '.join(f'{value:.1f}' for value in load_average)}")
    about.append(f"- {runs} runs in turn, {size.seconds:g} s each, {size.sockets:,} sockets")
    return "\n".join([
        "# Measured: live capture", "", *about, "",
        "Columns take turns. *kept*: rate of the load beside that of the same turn's run without a capture, median "
        "(least–greatest). *CPU, ×*: CPU time of load and capturing process together for the same work, after the start "
        "of the latter, likewise; where others use the machine it says more than *kept*. *lost*: packets that the "
        "program says it lost, and their share of what it saw; on lo tcpdump counts each packet twice. *payload cut*: "
        "packets written without their payload for lack of buffer, and their share. *written*: packets; pcapml writes "
        "both ends of a loopback connection, and cuts superpackets into the packets of the wire, tcpdump does neither. "
        "*CPU s*: user and system time of the capturing process from its start to its end; what the hooks do counts as "
        "the load's. *start-up s*: until its readiness line. *peak MiB*: of its memory. Files are on tmpfs. *kernel "
        "MiB*: growth of the kernel's unreclaimable memory while the sockets were open.", "",
        *[f"- {name}: `{command}`" for name, command in commands.items()], "",
        "## Overview", "", "Throughput kept; packets lost; payload cut; CPU time for the same work.", "",
        overview(outcomes), "## Loads", "", *[load_table(outcome) for outcome in outcomes]])
