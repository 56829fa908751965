# SPDX-License-Identifier: Apache-2.0
"""The units over a frame: who works, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from finnlite.report.words import waiting
from finnlite.schedule import schedule, timeline
from finnlite.text import shortened

from .drawing import ACCENT, FAINT, INK, MUTED, UNIT, Drawing, Picture, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from finnlite.ir import Graph

__all__ = ["draw_timeline"]

_NAMES, _WIDTH, _RIGHT = 220.0, 600.0, 130.0
_TOP, _BOTTOM, _MARGIN = 62.0, 26.0, 12.0
_ROW, _BAR = 20.0, 14.0


def draw_timeline(graph: Graph, *, first: bool = False) -> Picture:
    """When each unit works on a frame, and when it waits, everybody as early as can be.

    Args:
        graph: A hardware graph whose streams are sized.
        first: A single frame into empty units, rather than one of a frame every II cycles.

    Raises:
        IRError: If the graph is not mapped to hardware, or its streams are not sized.
    """
    times, plan = timeline(graph, first=first), schedule(graph)
    span = float(times.edges[-1])
    height = _TOP + _ROW * len(times.busy) + _BOTTOM
    kind = "the first frame" if first else "a frame among frames"
    title = f"{shortened(graph.name)}: the units over {kind}"
    drawing = Drawing(title, _MARGIN + _NAMES + _WIDTH + _RIGHT, height)
    drawing.text(_MARGIN, 22, fitted(title, _NAMES + _WIDTH + _RIGHT, 14), size=14, bold=True)
    _legend(drawing, first=first)
    left = _MARGIN + _NAMES
    scale = _WIDTH / span
    for tick in _ticks(span):
        x = left + tick * scale
        drawing.line(x, _TOP, x, height - _BOTTOM, FAINT)
        drawing.text(x, height - 9, f"{tick:,}", size=11, fill=MUTED, anchor="middle")
    drawing.text(left + _WIDTH + 14, height - 9, "cycles", size=11, fill=MUTED)
    bins = np.diff(times.edges)
    for number, (name, busy) in enumerate(times.busy.items()):
        y = _TOP + number * _ROW
        total, slowest = round(float(busy.sum())), name == plan.bottleneck
        waits = waiting(plan.waits[name])
        drawing.group(
            f"{shortened(name)}: works {total:,} of {times.ii_cycles:,} cycles"
            + (f"; waits for {waits}" if waits else "")
        )
        drawing.text(left - 8, y + 12, fitted(name, _NAMES - 8), anchor="end", bold=slowest)
        drawing.line(left, y + 1 + _BAR, left + _WIDTH, y + 1 + _BAR, FAINT)
        colour = ACCENT if slowest else UNIT
        edges = left + times.edges * scale
        if not first:
            drawing.path(_area(edges, times.others[name] / bins, y), fill=colour, opacity=0.25)
        drawing.path(_area(edges, busy / bins, y), fill=colour)
        share = f"{total:,} · {int(100 * total / times.ii_cycles)} %"
        drawing.text(left + _WIDTH + 8, y + 12, share, size=11, fill=INK if slowest else MUTED)
    return drawing.picture


def _legend(drawing: Drawing, *, first: bool) -> None:
    x = _MARGIN
    entries = [(UNIT, 1.0, "works on the frame")]
    if not first:
        entries.append((UNIT, 0.25, "works on another"))
    for colour, opacity, words in [*entries, (ACCENT, 1.0, "the bottleneck")]:
        drawing.path(f"M{x} 36h12v12h-12Z", fill=colour, opacity=opacity)
        drawing.text(x + 18, 46, words, fill=MUTED)
        x += 165
    drawing.text(x, 46, "white: waits; height: share of the time", fill=MUTED)


def _area(edges: NDArray[np.float64], shares: NDArray[np.float64], y: float) -> str:
    """The outline of steps as high as the shares; runs of one height are one step."""
    heights = np.round(shares * _BAR, 1)
    base = y + 1 + _BAR
    d = []
    ends = [*(np.flatnonzero(np.diff(heights)) + 1), len(heights)]
    begin = 0
    for end in ends:
        if heights[begin]:
            d.append(f"M{edges[begin]:.1f} {base:g}V{base - heights[begin]:.1f}H{edges[end]:.1f}V{base:g}Z")
        begin = end
    return "".join(d)


def _ticks(span: float) -> list[int]:
    """Four to ten round numbers from 0 to the span."""
    step = 10 ** int(np.floor(np.log10(max(span, 10) / 2)))
    step *= next(factor for factor in (1, 2, 5) if span / (step * factor) <= 10)
    return list(range(0, int(span) + 1, step))
