# SPDX-License-Identifier: Apache-2.0
"""`thresholding`: floats to integers, which is most of what the host does on the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["along", "thresholding"]

_COMPARED = 24
"""Up to so many thresholds comparing with each is faster than a search."""


def thresholding(
    x: NDArray[Any],
    thresholds: NDArray[Any],
    falling: NDArray[Any] | None = None,
    *,
    axis: int,
    out_min: int,
    out_step: int,
) -> NDArray[Any]:
    """out_min + out_step · (number of thresholds that fire), in the narrowest integers that do."""
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    if falling is not None and falling.any():
        sign = np.where(falling.ravel() != 0, -1, 1).astype(x.dtype)
        x, thresholds = x * along(sign, axis, x.ndim), thresholds * sign[:, None]
    table = np.sort(thresholds.astype(x.dtype), axis=1)
    count = table.shape[1]
    fired = _compared(x, table, axis) if count <= _COMPARED else _searched(x, table, axis)
    if (out_min, out_step) == (0, 1):
        return fired
    ends = sorted((out_min, out_min + out_step * count))
    # Products and sums wrap around, so it suffices that the type holds what comes out and goes in.
    levels = fired.astype(_holding(min(ends[0], out_step), max(ends[1], out_step)), copy=False)
    levels = levels * out_step if out_step != 1 else levels
    return levels + out_min


def _holding(low: int, high: int) -> Any:
    """A numpy integer type that holds `low` to `high`."""
    types = (np.int8, np.uint8, np.int16, np.int32)
    return next((t for t in types if np.iinfo(t).min <= low and high <= np.iinfo(t).max), np.int64)


def _compared(x: NDArray[Any], table: NDArray[Any], axis: int) -> NDArray[Any]:
    fired: NDArray[Any] = x >= along(table[:, 0], axis, x.ndim)
    if table.shape[1] > 1:
        fired = fired.view(np.uint8)
        for index in range(1, table.shape[1]):
            fired += x >= along(table[:, index], axis, x.ndim)
    return fired


def _searched(x: NDArray[Any], table: NDArray[Any], axis: int) -> NDArray[Any]:
    if len(table) == 1:
        return _looked_up(x, table[0])
    channels = np.moveaxis(x, axis, 0)
    rows = [_looked_up(channel, row) for row, channel in zip(table, channels)]
    return np.moveaxis(np.stack(rows), 0, axis)


def _looked_up(x: NDArray[Any], row: NDArray[Any]) -> NDArray[Any]:
    """The number of thresholds in a sorted row that x reaches.

    Those of a quantizer lie on a grid but for their rounding: where a point's place on the grid is never
    wrong by more than one, looking at the two thresholds beside it is faster than a search.
    """
    guess = _grid_guess(row)
    if guess is None:
        return np.where(x == x, np.searchsorted(row, x, side="right"), 0)  # NaN reaches none
    ends = np.array([-np.inf, np.nan], dtype=x.dtype)  # x < -inf and x >= NaN never hold
    padded = np.concatenate((ends[:1], row, ends[1:]))
    count = guess(x)
    above = x >= np.take(padded, count + 1)
    below = x < np.take(padded, count)
    return count + above - below


def _grid_guess(row: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
    """A function that counts thresholds with an error of at most one, if they are even enough for it."""
    first, width = row[0], (row[-1] - row[0]) / row.dtype.type(len(row) - 1)
    if not (np.isfinite(first) and np.isfinite(width) and width > 0):
        return None

    def guess(x: NDArray[Any]) -> NDArray[Any]:
        place: NDArray[Any] = np.fmin(np.fmax((x - first) / width + row.dtype.type(1), 0), len(row))
        return place.astype(np.int32)

    # It rises with x, so it suffices to try both sides of every threshold.
    sides = np.concatenate((row, np.nextafter(row, row.dtype.type(-np.inf))))
    error = guess(sides) - np.searchsorted(row, sides, side="right")
    return guess if np.abs(error).max() <= 1 else None


def along(row: NDArray[Any], axis: int, rank: int) -> NDArray[Any]:
    """(C,) shaped so that it broadcasts along an axis."""
    return row.reshape((-1,) + (1,) * (rank - 1 - axis % rank))
