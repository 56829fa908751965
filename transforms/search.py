# SPDX-License-Identifier: Apache-2.0
"""The search behind `Fold`: the cheapest choice a unit at a given pace, under a budget of the part.

Costs are separable, so the cheapest choice of every unit is the cheapest of all; only if that does not fit
are the units' Pareto sets merged one by one, which is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from finnlite.ops.cost import Resources
from finnlite.ops.unit import Unit

__all__ = ["Choice", "cheapest", "fastest", "price"]

_WEIGHTS = (1 / 53_200, 0.0, 1 / 280, 1 / 220)
"""Price of a LUT, FF, RAMB18 and DSP: their share of an XC7Z020; there are always flip-flops enough."""


@dataclass(frozen=True)
class Choice:
    """One folding of one unit."""

    unit: Unit
    cycles: int
    cost: Resources
    converts: bool = False

    @property
    def key(self) -> tuple[float, bool, int]:
        """Cheapest first; of equals the one that needs no converter, then the faster."""
        return price(self.cost), self.converts, self.cycles


class _State(NamedTuple):
    cost: Resources
    picks: tuple[Choice, ...]


def price(cost: Resources) -> float:
    """What a cost is worth: its shares of the part's resources."""
    return sum(weight * used for weight, used in zip(_WEIGHTS, cost, strict=True))


def _pareto(states: list[_State]) -> list[_State]:
    """The states no other is at least as good as in every resource."""
    kept: list[_State] = []
    for state in sorted(states, key=lambda s: (price(s.cost), s.cost)):
        if not any(other.cost.fits(state.cost) for other in kept):
            kept.append(state)
    return kept


def cheapest(
    choices: Sequence[Sequence[Choice]], limit: int, budget: Resources | None = None
) -> list[Choice] | None:
    """The cheapest choice of every unit within `limit` cycles that fits; None if there is none.

    Args:
        choices: For each unit its choices.
        limit: Most cycles of a unit.
        budget: What all units may take together; None for no bound.
    """
    fast = [[choice for choice in unit if choice.cycles <= limit] for unit in choices]
    if not all(fast):
        return None
    picks = [min(unit, key=lambda choice: choice.key) for unit in fast]
    total = Resources()
    for choice in picks:
        total = total.plus(choice.cost)
    if budget is None or total.fits(budget):
        return picks
    states = [_State(Resources(), ())]
    for unit in fast:
        options = _pareto([_State(choice.cost, (choice,)) for choice in unit])
        merged = [_State(s.cost.plus(o.cost), s.picks + o.picks) for s in states for o in options]
        states = _pareto([state for state in merged if state.cost.fits(budget)])
    return list(states[0].picks) if states else None


def fastest(choices: Sequence[Sequence[Choice]], floor: int, budget: Resources) -> list[Choice] | None:
    """The cheapest choice at the shortest interval (at least `floor`) at which everything fits."""
    paces = sorted({max(floor, choice.cycles) for unit in choices for choice in unit})
    best = None
    low, high = 0, len(paces)
    while low < high:
        middle = (low + high) // 2
        found = cheapest(choices, paces[middle], budget)
        if found is None:
            low = middle + 1
        else:
            best, high = found, middle
    return best
