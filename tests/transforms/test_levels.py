# SPDX-License-Identifier: Apache-2.0
"""Bisection finds every change that an exhaustive search finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.transforms.streamline.levels import Domain, TooManyLevels, find_breakpoints


def _domain(low: list[int], high: list[int]) -> Domain:
    return Domain(np.array(low), np.array(high), lambda i: i.astype(np.float32))


def _steps(seed: int, lanes: int) -> tuple[Any, Domain]:
    """Monotone step functions, a lane each: rising or falling, some constant, some jumping twice at once."""
    rng = np.random.default_rng(seed)
    cuts = [np.sort(rng.integers(-300, 300, rng.integers(0, 9))) for _ in range(lanes)]
    signs = rng.choice([-1, 1], lanes)

    def evaluate(points: NDArray[np.int64]) -> NDArray[np.int64]:
        lanes = zip(points.T, cuts, signs, strict=True)
        columns = [sign * np.searchsorted(cut, column, side="right") for column, cut, sign in lanes]
        return np.stack(columns, axis=1)

    return evaluate, _domain([-200] * lanes, [200] * lanes)


@pytest.mark.parametrize("seed", range(20))
def test_bisection_equals_looking_everywhere(seed: int) -> None:
    evaluate, domain = _steps(seed, 1 + seed)
    fast = find_breakpoints(evaluate, domain, monotone=True)
    slow = find_breakpoints(evaluate, domain, monotone=False)
    assert fast is not None
    assert slow is not None
    for name in ("first", "lane", "index", "value", "last"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))


def test_too_many_levels() -> None:
    with pytest.raises(TooManyLevels):
        find_breakpoints(lambda i: i, _domain([0], [10**6]), monotone=True)
    with pytest.raises(TooManyLevels):
        find_breakpoints(lambda i: i, _domain([0], [1000]), monotone=False)


def test_a_large_domain_is_not_searched_exhaustively() -> None:
    assert find_breakpoints(lambda i: i * 0, _domain([0], [2**23]), monotone=False) is None
