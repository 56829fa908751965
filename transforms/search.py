# SPDX-License-Identifier: Apache-2.0
"""The exact search behind `Fold`: one variant a unit, within an interval and a budget (design §9).

Costs are separable, so this is a multiple-choice knapsack. Each unit's variants are reduced to those that no
other beats in cycles, LUT, RAMB18 and DSP. If the cheapest of each fit, they are the cheapest of all; if the
least of each exceed the budget, nothing fits. Otherwise RAMB18 and DSP, which are few, index an array of the
least LUTs with which they can be had, unit by unit: linear in the units, and exact. Flip-flops and LUTRAM,
which hardly ever bind, are no axes of it. If its answer exceeds one of them, each variant's LUTs become the
largest of its shares of LUTs, flip-flops and LUTRAM, and the array is filled again: what that finds fits, but
it may miss something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from finnlite.ops.cost import Resources, price

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PRICES", "UNLIMITED", "Problem", "Table"]

UNLIMITED = Resources(*(2**50,) * len(Resources._fields))
"""A budget that bounds nothing."""
PRICES = np.array([price(Resources(**{name: 1})) for name in Resources._fields])
"""Price of one of each resource."""
_LUT, _FF, _BRAM, _DSP, _LUTRAM = range(len(Resources._fields))
_AXES = (_BRAM, _DSP)


class Table(NamedTuple):
    """A unit's variants.

    Args:
        cycles: (V,) of a frame.
        costs: (V, R), in the order of `Resources`.
    """

    cycles: NDArray[np.int64]
    costs: NDArray[np.int64]


class _Front(NamedTuple):
    """Variants of a unit that are worth a look at some interval: their numbers, costs and prices."""

    picks: NDArray[np.int64]
    costs: NDArray[np.int64]
    prices: NDArray[np.float64]


def _undominated(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of the rows that no other is at most as large as in every column; of equals the first."""
    order = np.lexsort((np.arange(len(points)), *points.T[::-1]))
    rows = points[order]
    beaten = np.triu((rows[:, None, :] <= rows[None, :, :]).all(axis=2), 1).any(axis=0)
    return np.sort(order[~beaten])


class Problem:
    """Which variants to take.

    Args:
        tables: For each unit its variants.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._useful: list[NDArray[np.int64]] = []
        for cycles, costs in tables:
            kept = _undominated(np.column_stack((cycles, costs[:, [_LUT, *_AXES]])))
            self._useful.append(kept[np.argsort(cycles[kept], kind="stable")])
        self._fronts: dict[tuple[int, int], _Front] = {}
        slowest = max(int(table.cycles.min()) for table in tables)
        distinct = {
            c for table, kept in zip(tables, self._useful, strict=True) for c in table.cycles[kept].tolist()
        }
        self.paces = sorted(pace for pace in distinct if pace >= slowest)
        """Every interval that some choice has, ascending: the candidates, in cycles."""

    def cheapest(self, limit: int, budget: Resources = UNLIMITED) -> list[int] | None:
        """For each unit the variant with which all are cheapest, by price; None if nothing fits.

        Args:
            limit: Most cycles of a unit.
            budget: What all units may take together.
        """
        fronts = self._at(limit)
        if fronts is None:
            return None
        picks = [int(front.picks[np.argmin(front.prices)]) for front in fronts]
        if self.cost(picks).fits(budget):
            return picks
        if not Resources(*self._least(limit)).fits(budget):
            return None
        found = _knapsack(fronts, budget)
        if found is None or self.cost(found).fits(budget):
            return found
        shares = [_with_largest_share(self._tables[i].costs, budget) for i in range(len(fronts))]
        strict = Problem([Table(t.cycles, c) for t, c in zip(self._tables, shares, strict=True)])
        return _knapsack(strict._at(limit) or [], budget)

    def cost(self, picks: Iterable[int]) -> Resources:
        """What the variants take together."""
        rows = [table.costs[pick] for table, pick in zip(self._tables, picks, strict=True)]
        return Resources(*map(int, np.sum(rows, axis=0)))

    def _least(self, limit: int) -> NDArray[np.int64]:
        """The least of every resource that the units take, each for itself."""
        least = [table.costs[table.cycles <= limit].min(axis=0) for table in self._tables]
        result: NDArray[np.int64] = np.sum(least, axis=0)
        return result

    def _at(self, limit: int) -> list[_Front] | None:
        """What is worth a look at an interval; None if some unit is always slower."""
        result = []
        for unit, (table, useful) in enumerate(zip(self._tables, self._useful, strict=True)):
            count = int(np.searchsorted(table.cycles[useful], limit, side="right"))
            if not count:
                return None
            if (unit, count) not in self._fronts:
                index = useful[:count]
                index = index[_undominated(table.costs[index][:, [_LUT, *_AXES]])]
                costs = table.costs[index]
                self._fronts[unit, count] = _Front(index, costs, costs @ PRICES)
            result.append(self._fronts[unit, count])
        return result


def _with_largest_share(costs: NDArray[np.int64], budget: Resources) -> NDArray[np.int64]:
    """The costs, with the largest of the shares of LUT, FF and LUTRAM in LUTs of the budget, rounded up."""
    result = costs.copy()
    for column in (_FF, _LUTRAM):
        scaled = np.ceil(costs[:, column] * (budget.lut / max(budget[column], 0.5)))
        result[:, _LUT] = np.maximum(result[:, _LUT], scaled.astype(np.int64))
    return result


def _knapsack(fronts: Sequence[_Front], budget: Resources) -> list[int] | None:
    """The cheapest combination within the LUTs, RAMB18s and DSPs of the budget; None if there is none."""
    least = np.sum([front.costs.min(axis=0) for front in fronts], axis=0)
    most = np.sum([front.costs.max(axis=0) for front in fronts], axis=0)
    room = np.array(budget) - least
    if min(room[[_LUT, *_AXES]]) < 0:
        return None
    shape = tuple(int(min(room[axis], most[axis] - least[axis])) + 1 for axis in _AXES)
    luts = np.full(shape, np.inf)
    luts[0, 0] = 0.0
    choices = []
    for front in fronts:
        extra = (front.costs - front.costs.min(axis=0))[:, [_LUT, *_AXES]]
        after, choice = np.full(shape, np.inf), np.zeros(shape, dtype=np.min_scalar_type(len(extra)))
        for option, (lut, blocks, dsps) in enumerate(extra):
            if blocks < shape[0] and dsps < shape[1]:
                cost = luts[: shape[0] - blocks, : shape[1] - dsps] + lut
                target = after[blocks:, dsps:]
                better = (cost < target) & (cost <= room[_LUT])
                target[better] = cost[better]
                choice[blocks:, dsps:][better] = option
        luts = after
        choices.append(choice)
    if np.isinf(luts).all():
        return None
    taken = np.indices(shape)
    worth = luts * PRICES[_LUT] + taken[0] * PRICES[_BRAM] + taken[1] * PRICES[_DSP]
    blocks, dsps = np.unravel_index(int(np.argmin(worth)), shape)
    picks = []
    for front, choice in zip(reversed(fronts), reversed(choices), strict=True):
        option = int(choice[blocks, dsps])
        picks.append(int(front.picks[option]))
        extra = front.costs[option] - front.costs.min(axis=0)
        blocks, dsps = blocks - extra[_BRAM], dsps - extra[_DSP]
    return picks[::-1]
