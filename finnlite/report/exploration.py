# SPDX-License-Identifier: Apache-2.0
"""An exploration as one HTML page: two plots drawn in SVG, and tables; nothing is loaded, nothing runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .page import environment
from .words import RESOURCES, extent

__all__ = ["Plot", "page"]

_LEFT, _TOP, _WIDTH, _HEIGHT = 52.0, 18.0, 300.0, 220.0
"""The plotting area within the picture, in its units."""
_STEPS = (1, 2, 5)


def page(exploration: Mapping[str, Any]) -> str:
    """`exploration.html` for the data of `exploration.json`."""
    points = exploration["points"]
    plots = [Plot(RESOURCES[key], key, points, limit) for key, limit in exploration["limits"].items()]
    layers = list(points[0]["folding"])
    template = environment().get_template("exploration.html.j2")
    return template.render(
        exploration, plots=plots, layers=layers, setting=_setting, names=RESOURCES, extent=extent(exploration)
    )


def _setting(settings: Mapping[str, Any]) -> str:
    """A unit's folding in short: numbers as a product, flags by name."""
    numbers = [f"{value}" for value in settings.values() if type(value) is int]
    flags = [name for name, value in settings.items() if value is True]
    words = [str(value) for value in settings.values() if isinstance(value, str)]
    return " ".join(["×".join(numbers), *words, *flags])


@dataclass(frozen=True)
class Plot:
    """Frames a second, on a logarithmic axis, against the share of a resource.

    Args:
        title: The resource as it is shown.
        key: The resource in a point.
        points: The points.
        limit: Percent of it that may be used.
    """

    title: str
    key: str
    points: Sequence[Mapping[str, Any]]
    limit: float

    @property
    def area(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the plotting area."""
        return _LEFT, _TOP, _LEFT + _WIDTH, _TOP + _HEIGHT

    @property
    def marks(self) -> list[tuple[float, float, Mapping[str, Any]]]:
        """Where each point lies."""
        return [(self.x(point["shares"][self.key]), self.y(point["fps"]), point) for point in self.points]

    def x(self, percent: float) -> float:
        """Position of a share."""
        return round(_LEFT + _WIDTH * percent / self._most, 1)

    def y(self, fps: float) -> float:
        """Position of a rate."""
        low, high = self._decades
        return round(_TOP + _HEIGHT * (high - math.log10(fps)) / (high - low), 1)

    @property
    def shares(self) -> list[int]:
        """Labels of the horizontal axis."""
        return list(range(0, self._most + 1, 25))

    @property
    def rates(self) -> list[tuple[float, str]]:
        """Labels of the vertical axis; of long axes only the powers of ten."""
        low, high = self._decades
        steps = _STEPS if high - low <= 2 else (1,)
        rates = (
            step * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for step in steps
        )
        return [(rate, _short(rate)) for rate in rates if low <= math.log10(rate) <= high]

    @property
    def _most(self) -> int:
        largest: float = max(point["shares"][self.key] for point in self.points)
        return max(100, 25 * math.ceil(largest / 25))

    @property
    def _decades(self) -> tuple[float, float]:
        rates = [point["fps"] for point in self.points]
        return math.log10(min(rates) / 2), math.log10(max(rates) * 2)


def _short(rate: float) -> str:
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if rate >= size:
            return f"{rate / size:g} {suffix}"
    return f"{rate:g}"
