# SPDX-License-Identifier: Apache-2.0
"""Curves over logarithmic axes, side by side, as SVG."""
import dataclasses
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 250  # of a panel's plot
LEFT, TOP, BOTTOM, NAMES = 52, 58, 44, 150  # around it; names of curves stand at its right
OURS = ("#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#a16207")
OTHERS = ("#6b7280", "#9ca3af", "#4b5563")
LINE = 13  # distance of two names


@dataclasses.dataclass(frozen=True)
class Curve:
    name: str
    values: list
    ours: bool


@dataclasses.dataclass(frozen=True)
class Panel:
    title: str
    curves: list


def number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def ticks(least, most):
    """Those of 1, 2 and 5 times a power of ten that lie there; of many only the powers."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    all_steps = [step * 10.0 ** power for power in powers for step in (1, 2, 5)]
    steps = all_steps[::3] if len(powers) > 4 else all_steps
    return [round(step, 9) for step in steps if least <= step * 1.0001 and step <= most * 1.0001]


def spread(places):
    """Moves places apart, as little as that takes, and keeps their order."""
    placed = []
    for index in sorted(range(len(places)), key=lambda i: places[i]):
        placed.append([index, max(places[index], placed[-1][1] + LINE) if placed else places[index]])
    over = placed[-1][1] - (TOP + HEIGHT) if placed else 0
    for entry in reversed(placed):  # back into the panel
        if over <= 0:
            break
        entry[1] -= over
    for i in range(1, len(placed)):
        placed[i][1] = max(placed[i][1], placed[i - 1][1] + LINE)
    return dict(placed)


class Axes:
    def __init__(self, steps, panel, left):
        positive = [value for curve in panel.curves for value in curve.values if value > 0] or [1.0]
        self.least = min(positive) / 1.3
        self.most = max(max(positive) * 1.3, 10 * self.least)
        self.steps, self.left = steps, left

    def x(self, step):
        first, last = math.log(self.steps[0]), math.log(self.steps[-1])
        return self.left + (math.log(step) - first) / (last - first or 1) * WIDTH

    def y(self, value):
        part = math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        return TOP + HEIGHT - part * HEIGHT


def draw_panel(panel, steps, x_label, left):
    axes = Axes(steps, panel, left)
    lines = [f'<text x="{left}" y="{TOP - 10}" font-weight="bold">{escape(panel.title)}</text>']
    for tick in ticks(axes.least, axes.most):
        y = axes.y(tick)
        lines.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDTH}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        lines.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    for step in steps:
        x = axes.x(step)
        lines.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + HEIGHT}" stroke="#e5e7eb"/>')
        lines.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{number(step)}</text>')
    lines.append(f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#9ca3af"/>')
    lines.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 34}" text-anchor="middle">{escape(x_label)}</text>')
    names = spread([axes.y(curve.values[-1]) for curve in panel.curves])
    used = {True: 0, False: 0}
    for index, curve in enumerate(panel.curves):
        colours = OURS if curve.ours else OTHERS
        colour = colours[used[curve.ours] % len(colours)]
        used[curve.ours] += 1
        points = [(axes.x(step), axes.y(value)) for step, value in zip(steps, curve.values)]
        dash = "" if curve.ours else ' stroke-dasharray="5 3"'
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{2 if curve.ours else 1.5}"{dash}/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
        at_y = names[index]
        lines.append(f'<line x1="{left + WIDTH + 2}" y1="{points[-1][1]:.1f}" x2="{left + WIDTH + 9}" y2="{at_y:.1f}" '
                     f'stroke="{colour}" stroke-width="0.7"/>')
        lines.append(f'<text x="{left + WIDTH + 12}" y="{at_y + 4:.1f}" fill="{colour}">{escape(curve.name)}</text>')
    return lines


def draw(title, x_label, steps, panels):
    pitch = LEFT + WIDTH + NAMES
    width, height = pitch * len(panels), TOP + HEIGHT + BOTTOM
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             f'font-family="sans-serif" font-size="11" role="img" aria-label="{escape(title)}">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>']
    for place, panel in enumerate(panels):
        lines += draw_panel(panel, steps, x_label, place * pitch + LEFT)
    return "\n".join([*lines, "</svg>"]) + "\n"
