# SPDX-License-Identifier: Apache-2.0
"""Foldings that fit a board with all their streams, and what keeps a faster one from it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from finnlite import resources
from finnlite.accelerator import Placed, units
from finnlite.boards import Board, Limits
from finnlite.ir import Graph
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.cost import Resources

from .aligning import Network, Variants
from .search import UNLIMITED, Problem
from .streams import SizeStreams

__all__ = ["NAMES", "Fitting", "Obstacle", "Point", "exceeded"]

NAMES = {"lut": "LUT", "ff": "FF", "bram18": "RAMB18", "dsp": "DSP", "lutram": "LUTRAM"}
"""How messages call the resources."""
_ROUNDS = 3
_MOST_SIZED = 30
"""Foldings whose streams are sized while the fastest is sought; after so many it is the fastest found."""


class Point(NamedTuple):
    """A folding.

    Args:
        picks: For each unit the number of its variant.
        total: What all takes, streams sized, shell included.
        ii_cycles: Cycles between two frames.
        bottleneck: Name of the node with the longest thread; the first of equals.
    """

    picks: list[int]
    total: Resources
    ii_cycles: int
    bottleneck: str


class Obstacle(NamedTuple):
    """What is in the way of a faster folding.

    Args:
        binding: The resource of which the next faster folding needs too much; "dma" where a border's words
            are the bottleneck, "unit" where the bottleneck has no faster variant; None if nothing is.
        point: The next faster folding; of those that do not fit one that is close to it.
    """

    binding: str | None
    point: Point | None


def exceeded(need: Resources, limits: Resources) -> list[str]:
    """The resources of which more is needed than there is; first the one of which most is lacking."""
    lacking = {
        name: (used - have) / max(have, 1)
        for name, used, have in zip(need._fields, need, limits, strict=True)
        if used > have
    }
    return sorted(lacking, key=lambda name: -lacking[name])


def _minus(a: Resources, b: Resources) -> Resources:
    return a.plus(Resources(*(-used for used in b)))


@dataclass
class Fitting:
    """The foldings of a mapped graph on a board.

    What units take, each with FIFOs of two words behind it, is searched exactly (`Problem`). Converters
    depend on two units: they count when words are aligned (`Network`), which is exact for the price of a
    chain, and a search among good choices where the board is nearly full. How deep FIFOs must be depends on
    all units: streams of what was found are sized, and what that takes is set aside for the next attempt.
    What is given out fits with all that.

    Args:
        graph: A mapped graph, its streams not sized.
        board: The board.
        limits: What of it may be used.
        given: Node name to attribute to value, where they are fixed.
    """

    graph: Graph
    board: Board
    limits: Limits
    given: Mapping[str, Mapping[str, Any]]

    def __post_init__(self) -> None:
        self.within = self.board.within(self.limits)
        self._budget = _minus(self.within, self.board.shell)
        variants = [self._variants(placed) for placed in units(self.graph)]
        self.network = Network(variants, self.board.backend)
        self._tables = self.network.tables()
        self._units = Problem(self._tables)
        self.paces = self._units.paces
        self._deeper = Resources()
        self._sized: dict[tuple[int, ...], Point] = {}

    def _variants(self, placed: Placed) -> Variants:
        node, unit = placed
        given = self.given.get(node.name, {})
        every = unit.variants(*node.inputs) if unit.settings(*node.inputs) else [unit]
        open_ = [v for v in every if all(getattr(v, name) == value for name, value in given.items())]
        return Variants.of(node, open_, self.board.backend)

    def put(self, graph: Graph, picks: list[int]) -> bool:
        """Folds the graph, or a copy of it, so; says whether that changed it."""
        changed = False
        for variants, pick in zip(self.network.variants, picks, strict=True):
            node, unit = graph.node(variants.node.name), variants.units[pick]
            changed |= node.op != unit
            node.op = unit
            graph.refresh(node)
        return changed

    def sized(self, picks: list[int]) -> Point:
        """The folding with its streams sized."""
        key = tuple(picks)
        if key not in self._sized:
            graph = self.graph.copy()
            self.put(graph, picks)
            self._sized[key] = Point(picks, *measured(graph, self.board, self.limits))
        return self._sized[key]

    def reached(self, limit: int) -> Point | None:
        """The cheapest folding found that takes at most `limit` cycles and fits; None if none was."""
        tried: list[list[int]] = []
        self._deeper = Resources()
        for _ in range(_ROUNDS):
            budget = _minus(self._budget, self._deeper)
            start = self._units.cheapest(limit, budget)
            if start is None:
                return None
            choices = [choice for choice in self.network.aligned(start, limit, budget) if choice not in tried]
            for picks in choices:
                if self.sized(picks).total.fits(self.within):
                    return self.sized(picks)
            if not choices:
                return None
            tried += choices
            streams = _minus(self.sized(choices[0]).total, self.board.shell)
            self._deeper = _minus(streams, self.network.cost(choices[0]))
        return None

    def fastest(self) -> Point | None:
        """The fastest folding found that fits; None if none was.

        Either no shorter interval fits even with the least that streams can take, which is exact; or the next
        shorter one was tried, in several ways, and its streams did not fit.
        """
        index = bisect_left(
            self.paces, True, key=lambda pace: self._units.cheapest(pace, self._budget) is not None
        )
        low, high, best = index - 1, len(self.paces), None
        already, step = len(self._sized), 1
        while high - low > 1 and (best is None or len(self._sized) - already < _MOST_SIZED):
            index = min(max(index, low + 1), len(self.paces) - 1)
            point = self.reached(self.paces[index])
            if point is None:
                low = index
                index, step = index + step, 2 * step
            else:
                best, high = point, min(index, bisect_left(self.paces, point.ii_cycles))
            if best is not None:
                index = (low + high) // 2
        if best is None and (last := self.closest(self.paces[-1])).total.fits(self.within):
            return last
        return best

    def unbounded(self, limit: int) -> Point:
        """The cheapest folding that takes at most `limit` cycles, whatever it needs."""
        picks = self._units.cheapest(limit) or []
        return self.sized(self.network.aligned(picks, limit, UNLIMITED)[0])

    def closest(self, limit: int) -> Point:
        """Of foldings that take at most `limit` cycles one that is close to fitting."""
        start = self._units.cheapest(limit) or []
        return self.sized(self.network.aligned(start, limit, _minus(self._budget, self._deeper))[0])

    def obstacle(self, ii_cycles: int) -> Obstacle:
        """What is in the way of a folding faster than `ii_cycles`."""
        index = bisect_left(self.paces, ii_cycles)
        if not index:
            slow = next(
                unit for unit, table in enumerate(self._tables) if table.cycles.min() == self.paces[0]
            )
            border = isinstance(self.network.variants[slow].node.op, AxiIn | AxiOut)
            return Obstacle("dma" if border else "unit", None)
        limit = self.paces[index - 1]
        point = self.reached(limit) or self.closest(limit)
        return Obstacle(next(iter(exceeded(point.total, self.within)), None), point)

    def greediest(self, picks: list[int], resource: str) -> tuple[str, int]:
        """Who takes most of a resource, a unit or the shell, and how much."""
        column = Resources._fields.index(resource)
        costs = [
            int(item.costs[pick][column]) for item, pick in zip(self.network.variants, picks, strict=True)
        ]
        most = int(np.argmax(costs))
        shell = self.board.shell[column]
        if shell >= costs[most]:
            return f"the {resources.SHELL}", shell
        return repr(self.network.variants[most].node.name), costs[most]


def measured(graph: Graph, board: Board, limits: Limits) -> tuple[Resources, int, str]:
    """What a folded graph takes, with the shell; its interval; its bottleneck. Sizes its streams."""
    SizeStreams(board.name, limits, board.backend).apply(graph)
    placed = units(graph)
    cycles = {node.name: unit.cycles(node) for node, unit in placed}
    bottleneck = max(cycles, key=lambda name: cycles[name])
    return resources.total(resources.rows(placed, board)), cycles[bottleneck], bottleneck
