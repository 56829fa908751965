# SPDX-License-Identifier: Apache-2.0
"""Charts of measurements as SVG text, for Jupyter on a board: they need nothing but Python 3.8."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .measuring import Benchmark

__all__ = ["Svg", "plot"]

_BLUE, _ORANGE, _GREEN = "#0072b2", "#e69f00", "#009e73"  # which colour-blind people can tell apart
_STEP = 290
"""From one chart to the next."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 270, 74, 214
"""The area of a chart, from its own left border."""
_HEIGHT = 252
_BAR = 0.7
"""Of the room there is for it."""


class Svg:
    """A picture that Jupyter shows; `str(svg)` is its text.

    Args:
        text: An `svg` element.
    """

    def __init__(self, text: str) -> None:
        """See the class."""
        self._text = text

    def __str__(self) -> str:
        """The text."""
        return self._text

    def _repr_html_(self) -> str:
        return self._text

    def save(self, path: Path | str) -> None:
        """Writes it to a file that browsers open."""
        Path(path).write_text(self._text, encoding="utf-8")


def plot(runs: Sequence[Benchmark]) -> Svg:
    """Throughput, where the time goes, and latency, against the batch.

    Args:
        runs: One measurement a batch, at least one.
    """
    where = "in simulation, which says nothing about a board" if runs[0].simulated else "on the board"
    batches = [run.batch for run in runs]
    fps = {"in all": [run.fps for run in runs], "device alone": [run.device_fps for run in runs]}
    charts = [
        _points("Frames a second", batches, fps),
        _shares("Where the time goes", runs),
        _points("Milliseconds a batch", batches, {"one after the other": [1e3 * r.batch_s for r in runs]}),
    ]
    moved = "".join(f'<g transform="translate({_STEP * i} 0)">{chart}</g>' for i, chart in enumerate(charts))
    width, title = _STEP * len(charts), f"{runs[0].frames} frames, {where}"
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" role="img" '
        f'aria-label="Throughput, time and latency against the batch: {title}" font-size="12" '
        f'font-family="sans-serif" fill="currentColor" style="width:100%;max-width:{width}px">'
        f"{_text(8, 16, title)}{moved}</svg>"
    )


def _points(title: str, batches: Sequence[int], series: dict[str, list[float]]) -> str:
    """Lines over a logarithmic axis."""
    values = [value for line in series.values() for value in line]
    low = math.floor(math.log10(min(values)))
    high = max(low + 1, math.ceil(math.log10(max(values))))

    def y_of(value: float) -> float:
        return _BOTTOM - (math.log10(value) - low) / (high - low) * (_BOTTOM - _TOP)

    parts = [
        _frame(title, batches, {_short(10.0**power): y_of(10.0**power) for power in range(low, high + 1)})
    ]
    parts.append(_legend(list(series), [_BLUE, _ORANGE]))
    for line, colour in zip(series.values(), (_BLUE, _ORANGE)):
        places = [(_x_of(index, len(batches)), y_of(value)) for index, value in enumerate(line)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), batch, value in zip(places, batches, line):
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
                f"<title>batch {batch}: {_short(value)}</title></circle>"
            )
    return "".join(parts)


def _shares(title: str, runs: Sequence[Benchmark]) -> str:
    """A bar a batch, as high for all of them."""
    ticks = {f"{percent} %": _BOTTOM - percent / 100 * (_BOTTOM - _TOP) for percent in (0, 50, 100)}
    names, colours = ("packing", "transfer", "unpacking"), (_BLUE, _ORANGE, _GREEN)
    parts = [_frame(title, [run.batch for run in runs], ticks), _legend(names, colours)]
    width = _BAR * (_RIGHT - _LEFT) / len(runs)
    for index, run in enumerate(runs):
        seconds = (run.pack_s, run.transfer_s, run.unpack_s)
        bottom = float(_BOTTOM)
        for name, colour, part in zip(names, colours, seconds):
            height = part / sum(seconds) * (_BOTTOM - _TOP)
            bottom -= height
            parts.append(
                f'<rect x="{_x_of(index, len(runs)) - width / 2:.1f}" y="{bottom:.1f}" width="{width:.1f}" '
                f'height="{height:.1f}" fill="{colour}"><title>batch {run.batch}: '
                f"{_short(1e6 * part / run.frames)} µs a frame in {name}</title></rect>"
            )
    return "".join(parts)


def _frame(title: str, batches: Sequence[int], ticks: dict[str, float]) -> str:
    """A title, lines across with what they mean, and the batches below."""
    parts = [_text(8, 40, title, 'font-weight="bold"')]
    for text, y in ticks.items():
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="currentColor" stroke-opacity=".25"/>')
        parts.append(_text(_LEFT - 6, y + 4, text, 'text-anchor="end"'))
    for index, batch in enumerate(batches):
        parts.append(_text(_x_of(index, len(batches)), _BOTTOM + 16, _short(batch), 'text-anchor="middle"'))
    parts.append(_text((_LEFT + _RIGHT) / 2, _BOTTOM + 33, "frames a batch", 'text-anchor="middle"'))
    return "".join(parts)


def _legend(names: Sequence[str], colours: Sequence[str]) -> str:
    parts, x = [], 8
    for name, colour in zip(names, colours):
        parts.append(
            f'<rect x="{x}" y="51" width="10" height="10" fill="{colour}"/>{_text(x + 14, 60, name)}'
        )
        x += 30 + 7 * len(name)
    return "".join(parts)


def _x_of(index: int, count: int) -> float:
    return _LEFT + (index + 0.5) * (_RIGHT - _LEFT) / count


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _short(value: float) -> str:
    """Three digits.

    >>> [_short(value) for value in (0.0125, 1, 64, 4096, 2.5e6)]
    ['0.0125', '1', '64', '4.1k', '2.5M']
    """
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}" if value % size == 0 else f"{value / size:.1f}{unit}"
    return f"{value:.3g}"
