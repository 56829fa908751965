# SPDX-License-Identifier: Apache-2.0
"""The front that an exploration found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finnlite.report.exploration import Plot
from finnlite.report.words import RESOURCES, rate
from finnlite.text import shortened

from .drawing import BAD, FAINT, GROUND, INK, MUTED, UNIT, Drawing, Picture, fitted

__all__ = ["draw_front"]

_TOP, _WIDTH, _HEIGHT = 34.0, 380.0, 290.0


def draw_front(exploration: Mapping[str, Any]) -> Picture:
    """Frames a second against LUTs and against block RAM, of every point of the front.

    Args:
        exploration: What `exploration.json` holds.
    """
    limits = exploration["limits"]
    title = (
        f"{shortened(exploration['model']['name'])} on {exploration['board']}: "
        f"{len(exploration['points'])} foldings that none beats"
    )
    drawing = Drawing(title, _WIDTH * len(limits), _TOP + _HEIGHT)
    drawing.text(12, 22, fitted(title, _WIDTH * len(limits) - 24, 14), size=14, bold=True)
    for number, (key, limit) in enumerate(limits.items()):
        plot = Plot(RESOURCES[key], key, exploration["points"], limit)
        _draw(drawing, plot, _WIDTH * number, exploration["budget"][key])
    return drawing.picture


def _draw(drawing: Drawing, plot: Plot, x0: float, budget: int) -> None:
    left, top, right, bottom = (a + b for a, b in zip(plot.area, (x0, _TOP, x0, _TOP), strict=True))
    drawing.group(f"frames a second against {plot.title}")
    for fps, label in plot.rates:
        y = _TOP + plot.y(fps)
        drawing.line(left, y, right, y, FAINT)
        drawing.text(left - 6, y + 4, label, size=11, fill=MUTED, anchor="end")
    for share in plot.shares:
        x = x0 + plot.x(share)
        drawing.line(x, top, x, bottom, FAINT)
        drawing.text(x, bottom + 15, f"{share} %", size=11, fill=MUTED, anchor="middle")
    middle = (left + right) / 2, (top + bottom) / 2
    drawing.text(
        middle[0], bottom + 34, f"{plot.title} used of {budget:,}", size=11, fill=MUTED, anchor="middle"
    )
    drawing.text(x0 + 11, middle[1], "frames a second", size=11, fill=MUTED, anchor="middle", turned=True)
    limit = x0 + plot.x(plot.limit)
    drawing.line(limit, top, limit, bottom, BAD, dashes="4 3")
    drawing.text(limit, top - 5, f"limit {plot.limit:g} %", size=11, fill=BAD, anchor="middle")
    marks = [(x0 + x, _TOP + y, point) for x, y, point in plot.marks]
    drawing.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in marks), stroke="#a9c3dd")
    for number, (x, y, point) in enumerate(marks, 1):
        shares = ", ".join(
            f"{point[key]:,} {name} ({point['shares'][key]:.1f} %)" for key, name in RESOURCES.items()
        )
        drawing.group(
            f"{number}: {rate(point['fps'])} frames/s, {shares}; bottleneck {shortened(point['bottleneck'])}"
        )
        bad = (point["simulation"] or {}).get("mismatches")
        colour = BAD if bad else UNIT
        drawing.circle(
            x, y, 4.5, colour if point["fits"] else GROUND, stroke=GROUND if point["fits"] else colour
        )
        drawing.text(x + 7, y + 3, str(number), size=9, fill=INK)
