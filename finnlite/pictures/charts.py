# SPDX-License-Identifier: Apache-2.0
"""The charts of a build's report: what each unit takes of the frame and the board; the ladder's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finnlite.errors import OptionError
from finnlite.report.chart import Bar, chart
from finnlite.report.words import RESOURCES, labelled
from finnlite.text import shortened

from .drawing import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INK,
    MUTED,
    RESOURCE_COLOURS,
    UNIT,
    Drawing,
    Picture,
    fitted,
)

__all__ = ["draw_ladder", "draw_layers"]

_MARGIN, _NAMES, _ROW, _TOP = 12.0, 264.0, 20.0, 58.0
_CYCLES, _SHARE, _TEXT, _LONG_TEXT = 200.0, 80.0, 56.0, 120.0
_ANSWERS = 340.0
_BAR = 10.0


def draw_layers(report: Mapping[str, Any]) -> Picture:
    """Cycles, LUTs, block RAM and DSPs of each unit: bars, as in the report.

    Args:
        report: What `report.json` holds.

    Raises:
        OptionError: If the build stopped before there was hardware.
    """
    data = chart(report)
    if data is None:
        raise OptionError("report must be of a build with hardware, is of one that stopped before")
    keys = list(data.lines[0].shares)
    width = 2 * _MARGIN + _NAMES + _CYCLES + _LONG_TEXT + len(keys) * (_SHARE + _TEXT)
    drawing = Drawing(
        f"{shortened(report['model']['name'])} on {report['board']}: cycles and resources",
        width,
        _TOP + _ROW * len(data.lines) + _MARGIN,
    )
    drawing.text(_MARGIN, 22, fitted(drawing.title, width - 2 * _MARGIN, 14), size=14, bold=True)
    columns = {
        key: _MARGIN + _NAMES + _CYCLES + _LONG_TEXT + n * (_SHARE + _TEXT) for n, key in enumerate(keys)
    }
    drawing.text(_MARGIN + _NAMES, 46, "cycles a frame · busy", size=11, fill=MUTED)
    for key, x in columns.items():
        drawing.text(x, 46, f"{RESOURCES[key]}, bar {data.scale:g} %", size=11, fill=MUTED)
    for number, line in enumerate(data.lines):
        y = _TOP + number * _ROW
        values = [line.cycles, *line.shares.values()]
        drawing.group(f"{shortened(line.name)}: {', '.join(bar.text for bar in values if bar)}")
        ink = MUTED if line.muted else INK
        name = fitted(line.name, _NAMES - 8)
        drawing.text(_MARGIN + _NAMES - 8, y + 10, name, fill=ink, anchor="end", bold=line.bottleneck)
        if line.cycles:
            colour = ACCENT if line.bottleneck else UNIT
            _bar(drawing, _MARGIN + _NAMES, y, _CYCLES, line.cycles, colour, ink)
        for key, bar in line.shares.items():
            _bar(drawing, columns[key], y, _SHARE, bar, RESOURCE_COLOURS[key], ink)
    return drawing.picture


def _bar(drawing: Drawing, x: float, y: float, length: float, bar: Bar, colour: str, ink: str) -> None:
    drawing.rect(x, y + 1, length, _BAR, FAINT)
    drawing.rect(x, y + 1, length * bar.width / 100, _BAR, colour)
    drawing.text(x + length + 6, y + 10, bar.text, size=11, fill=ink)


def draw_ladder(report: Mapping[str, Any]) -> Picture:
    """Whether each rung agrees with the one before it, and its accuracy where the samples have labels.

    Args:
        report: What `report.json` holds.
    """
    rows, accuracy = report["verification"], report["accuracy"] or {}
    answers, shares = _MARGIN + _NAMES, _MARGIN + _NAMES + _ANSWERS
    width = shares + (_CYCLES + _LONG_TEXT if accuracy else 0) + _MARGIN
    title = f"{shortened(report['model']['name'])}: every rung against the one before"
    drawing = Drawing(title, width, _TOP + _ROW * len(rows) + _MARGIN)
    drawing.text(_MARGIN, 22, fitted(title, width - 2 * _MARGIN, 14), size=14, bold=True)
    drawing.text(answers, 46, "agreement", size=11, fill=MUTED)
    if accuracy:
        drawing.text(shares, 46, "accuracy of the rung", size=11, fill=MUTED)
    shown = set()
    for number, row in enumerate(rows):
        y = _TOP + number * _ROW
        words, colour = _agreement(row)
        drawing.group(f"{row['stage']} against {row['against']}: {words}. {row['note']}")
        drawing.text(answers - 24, y + 10, f"{row['stage']} against {row['against']}", anchor="end")
        drawing.circle(answers - 10, y + 6, 5, colour)
        drawing.text(answers, y + 10, fitted(words, _ANSWERS), fill=colour)
        if row["stage"] in accuracy and row["stage"] not in shown:
            shown.add(row["stage"])
            share = 100 * accuracy[row["stage"]]
            _bar(drawing, shares, y, _CYCLES, Bar(labelled(report, row["stage"]), share), UNIT, INK)
    return drawing.picture


def _agreement(row: Mapping[str, Any]) -> tuple[str, str]:
    """What became of a comparison, and its colour."""
    found, frames = row["mismatches"], f"{row['samples']:,} frame{'s' * (row['samples'] != 1)}"
    if found is None:
        return "not compared", MUTED
    if found:
        return f"{found:,} elements differ on {frames}", BAD
    ties = f", but for {row['near_ties']:,} near-ties" if row["near_ties"] else ""
    return f"agrees on {frames}{ties}", GOOD
