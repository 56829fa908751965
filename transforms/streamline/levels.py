# SPDX-License-Identifier: Apache-2.0
"""Where a function of an integer changes its value: bisection, vectorised over lanes.

A lane is one element of a sample, with a function of its own. Points are numbered by consecutive indices;
`Domain` says which value an index stands for (integers, −1 and +1, or float32 bit patterns in order).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    Evaluate = Callable[[Indices], NDArray[Any]]

__all__ = ["Breakpoints", "Domain", "TooManyLevels", "find_breakpoints", "is_monotone"]

MAX_LEVELS = 256
_EXHAUSTIVE = 2**22
"""Most points evaluated one by one to see whether a function is monotone."""


class TooManyLevels(Exception):
    """A lane takes more values than a quantized activation may."""


@dataclass(frozen=True)
class Domain:
    """Lane by lane the first and last index; `values` turns indices (K, lanes) into inputs.

    An unbounded domain goes on beyond its ends, where the function keeps its value.
    """

    low: Indices
    high: Indices
    values: Callable[[Indices], NDArray[Any]]
    unbounded: bool = False

    @property
    def points(self) -> int:
        """Number of points of the largest lane times the number of lanes."""
        return int((self.high - self.low).max() + 1) * len(self.low)


@dataclass(frozen=True)
class Breakpoints:
    """All changes of all lanes, sorted by lane and index.

    `first` is the value at each lane's lowest index; change i says that lane[i] takes value[i] from
    index[i] on.
    """

    first: NDArray[Any]
    lane: Indices
    index: Indices
    value: NDArray[Any]
    last: NDArray[Any]


def find_breakpoints(evaluate: Evaluate, domain: Domain, *, monotone: bool) -> Breakpoints | None:
    """Finds every change of value.

    Args:
        evaluate: (K, lanes) indices to (K, lanes) values.
        domain: The indices of each lane.
        monotone: The function is known to be monotone, so equal ends mean no change between them.

    Returns:
        The changes; None if the function is not known to be monotone and has too many points to look at.

    Raises:
        TooManyLevels: If a lane takes more than 256 values; where the function may fall and rise again, it
            may change more often.
    """
    ends = evaluate(np.stack([domain.low, domain.high]))
    if not monotone:
        if domain.points > _EXHAUSTIVE:
            return None
        return _exhaustive(evaluate, domain, ends)
    lanes = np.flatnonzero((ends[0] != ends[1]) & (domain.high > domain.low))
    a, b = domain.low[lanes], domain.high[lanes]
    fa, fb = ends[0][lanes], ends[1][lanes]
    done: list[tuple[Indices, Indices, NDArray[Any]]] = []
    while lanes.size:
        close = b - a == 1
        done.append((lanes[close], b[close], fb[close]))
        lanes, a, b, fa, fb = (x[~close] for x in (lanes, a, b, fa, fb))
        if not lanes.size:
            break
        middle = a + (b - a) // 2
        fm = _scattered(evaluate, domain, lanes, middle)
        left, right = fm != fa, fm != fb
        lanes = np.concatenate([lanes[left], lanes[right]])
        a, b = np.concatenate([a[left], middle[right]]), np.concatenate([middle[left], b[right]])
        fa, fb = np.concatenate([fa[left], fm[right]]), np.concatenate([fm[left], fb[right]])
        if lanes.size and np.bincount(lanes).max() > MAX_LEVELS:
            raise TooManyLevels
    if not done:
        empty = np.zeros(0, dtype=np.int64)
        return Breakpoints(ends[0], empty, empty, ends[0][:0], ends[1])
    lane, index, value = (np.concatenate(parts) for parts in zip(*done, strict=True))
    if np.bincount(lane).max() >= MAX_LEVELS:
        raise TooManyLevels
    return _sorted(ends, lane, index, value)


def _sorted(ends: NDArray[Any], lane: Indices, index: Indices, value: NDArray[Any]) -> Breakpoints:
    order = np.lexsort((index, lane))
    return Breakpoints(ends[0], lane[order], index[order], value[order], ends[1])


def _scattered(evaluate: Evaluate, domain: Domain, lanes: Indices, points: Indices) -> NDArray[Any]:
    """Evaluates points[i] of lane lanes[i], packed into as few rows as the busiest lane needs."""
    order = np.argsort(lanes, kind="stable")
    ordered = lanes[order]
    row = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    grid = np.broadcast_to(domain.low, (int(row.max()) + 1, len(domain.low))).copy()
    grid[row, ordered] = points[order]
    values = evaluate(grid)[row, ordered]
    result: NDArray[Any] = np.empty_like(values)
    result[order] = values
    return result


def _exhaustive(evaluate: Evaluate, domain: Domain, ends: NDArray[Any]) -> Breakpoints:
    count = int((domain.high - domain.low).max()) + 1
    grid = np.minimum(domain.low + np.arange(count)[:, None], domain.high)
    values = evaluate(grid)
    row, lane = np.nonzero(values[1:] != values[:-1])
    busy = np.flatnonzero(np.bincount(lane, minlength=len(domain.low)) >= MAX_LEVELS)
    if any(len(np.unique(values[:, number])) > MAX_LEVELS for number in busy):
        raise TooManyLevels
    return _sorted(ends, lane, grid[row + 1, lane], values[row + 1, lane])


def is_monotone(points: Breakpoints) -> bool:
    """Whether every lane only rises or only falls."""
    previous = np.concatenate([points.first[:0], points.value])[:-1]
    starts = np.flatnonzero(np.diff(points.lane, prepend=-1))
    before = np.concatenate([points.value[:1], previous]) if points.value.size else points.value
    before = before.copy()
    before[starts] = points.first[points.lane[starts]]
    rises = points.value > before
    direction = (points.last > points.first)[points.lane]
    return bool((rises == direction).all())
