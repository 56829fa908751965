# SPDX-License-Identifier: Apache-2.0
"""The front of foldings: none of its points needs at least as much of everything as a faster one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from finnlite.boards import Board, Limits
from finnlite.ir import Graph

from .fitting import Fitting, Point
from .folding import folding_of, too_big

__all__ = ["Front", "front"]

_TRIES = 2
"""Foldings sought for each one that is wanted: not every interval has one of its own."""


@dataclass(frozen=True)
class Front:
    """Foldings from the fastest that fits to the slowest.

    Args:
        foldings: As `Fold` takes them, in ascending order of their intervals.
        complete: Whether no interval in between is left at which nothing was sought.
    """

    foldings: list[dict[str, dict[str, Any]]]
    complete: bool


def front(graph: Graph, board: Board, limits: Limits, points: int) -> Front:
    """Foldings, each the cheapest found at its pace: first at even steps, then in the widest gaps.

    Args:
        graph: A mapped graph, its streams not sized; it stays as it is.
        board: The board.
        limits: What of it may be used.
        points: Most foldings.

    Raises:
        OptionError: If the network does not fit when folded most.
    """
    fitting = Fitting(graph, board, limits, {})
    best = fitting.fastest()
    if best is None:
        raise too_big(fitting)
    search = _Search(fitting, [best], [])
    for pace in np.geomspace(best.ii_cycles, max(best.ii_cycles, fitting.paces[-1]), points)[1:]:
        search.seek(int(pace))
    while len(search.kept) < points and len(search.sought) < _TRIES * points:
        pace = search.gap()
        if pace is None:
            break
        search.seek(pace)
    foldings = []
    for point in search.kept:
        folded = graph.copy()
        fitting.put(folded, point.picks)
        foldings.append(folding_of(folded))
    return Front(foldings, complete=search.gap() is None)


@dataclass
class _Search:
    """What has been found.

    Args:
        fitting: Who finds foldings.
        kept: The points that no faster one beats, fastest first.
        sought: The intervals up to which the cheapest folding has been sought, with its own.
    """

    fitting: Fitting
    kept: list[Point]
    sought: list[tuple[int, int]]

    def seek(self, pace: int) -> None:
        """Adds the cheapest folding of at most `pace` cycles, if it is a new one."""
        point = self.fitting.reached(pace)
        self.sought.append((self.kept[0].ii_cycles if point is None else point.ii_cycles, pace))
        if point is not None:
            found = sorted([*self.kept, point], key=lambda point: (point.ii_cycles, point.total))
            self.kept = []
            for each in found:
                if not any(faster.total.fits(each.total) for faster in self.kept):
                    self.kept.append(each)

    def gap(self) -> int | None:
        """The middle of the widest range of rates in which nothing was sought; None if there is none.

        The cheapest folding of at most so many cycles is the cheapest of all that lie between the two.
        """
        ends = [*(point.ii_cycles for point in self.kept), self.fitting.paces[-1] + 1]
        widest: tuple[float, int] | None = None
        for fast, slow in zip(ends, ends[1:], strict=False):
            known = max([fast, *(pace for found, pace in self.sought if found <= fast and pace < slow)])
            first, last = bisect_right(self.fitting.paces, known), bisect_left(self.fitting.paces, slow)
            if first < last:
                middle = (known * slow) ** 0.5
                near = min(self.fitting.paces[first:last], key=lambda pace: abs(pace - middle))
                widest = max(widest or (0.0, 0), (slow / known, near))
        return None if widest is None else widest[1]
