# SPDX-License-Identifier: Apache-2.0
"""The chart of the report: how busy every unit is, and what it takes of the board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finnlite.ops.width_converter import WidthConverter

from .words import plural

__all__ = ["Bar", "Chart", "Line", "chart"]

_SHOWN = ("lut", "bram18", "dsp")
_SCALES = (0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100)
"""Percent of the board that a full bar may stand for."""


@dataclass(frozen=True)
class Bar:
    """A bar and what it says.

    Args:
        text: The value.
        width: Percent of the longest bar there can be.
    """

    text: str
    width: float


@dataclass(frozen=True)
class Line:
    """A line of the chart: a unit, or several that are summed up.

    Args:
        name: The node's name; of sums what they sum up.
        cycles: Cycles a frame, and the share of the frame that the unit is busy; None if it has no thread.
        shares: Percent of the board by resource.
        bottleneck: Whether it is the unit that all wait for.
        muted: Whether it is no layer of the network.
    """

    name: str
    cycles: Bar | None
    shares: Mapping[str, Bar]
    bottleneck: bool = False
    muted: bool = False


@dataclass(frozen=True)
class Chart:
    """The chart.

    Args:
        lines: Units in stream order; then converters, FIFOs and the shell.
        scale: Percent of the board that a full bar stands for.
    """

    lines: Sequence[Line]
    scale: float


def chart(report: Mapping[str, Any]) -> Chart | None:
    """The chart of a report; None where no hardware has been computed."""
    rows, parts = report["layers"], report["resources"]
    if not rows:
        return None
    bottleneck, budget = report["performance"]["bottleneck"], parts["budget"]
    fifos = [row for row in rows if row["cycles"] is None]
    threads = [row for row in rows if row["cycles"] is not None]
    converters = [row for row in threads if _is_summed(row, bottleneck)]
    units = [row for row in threads if not _is_summed(row, bottleneck)]
    sums = [
        (plural(len(converters), "width converter"), converters),
        (plural(len(fifos), "FIFO"), fifos),
        ("shell: DMA, interconnect, resets", [{**parts["shell"], "cycles": None}]),
    ]
    groups = [(row["name"], [row]) for row in units] + [(name, group) for name, group in sums if group]
    keys = [key for key in _SHOWN if key != "dsp" or any(row[key] for _, group in groups for row in group)]
    shares = [{key: 100 * _sum(group, key) / budget[key] for key in keys} for _, group in groups]
    most = max(share for each in shares for share in each.values())
    scale = next((scale for scale in _SCALES if scale >= most), most)
    lines = [
        Line(
            name,
            _cycles([row["cycles"] for row in group if row["cycles"] is not None], report),
            {key: Bar(_percent(share), 100 * share / scale) for key, share in each.items()},
            bottleneck=index < len(units) and name == bottleneck,
            muted=index >= len(units) or (group[0]["pe"] is None and group[0]["simd"] is None),
        )
        for index, ((name, group), each) in enumerate(zip(groups, shares, strict=True))
    ]
    return Chart(lines, scale)


def _is_summed(row: Mapping[str, Any], bottleneck: str) -> bool:
    return bool(row["op"] == WidthConverter.op_type and row["name"] != bottleneck)


def _sum(rows: Iterable[Mapping[str, Any]], key: str) -> int:
    return sum(row[key] for row in rows)


def _cycles(cycles: Sequence[int], report: Mapping[str, Any]) -> Bar | None:
    """Of several units the busiest."""
    if not cycles:
        return None
    most = max(cycles)
    busy = 100 * most / report["performance"]["ii_cycles"]
    up_to = "≤ " if len(cycles) > 1 else ""
    return Bar(f"{up_to}{most:,} · {int(busy)} %", busy)


def _percent(share: float) -> str:
    return f"{share:.1f} %" if share else "0 %"
