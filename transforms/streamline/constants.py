# SPDX-License-Identifier: Apache-2.0
"""Lifting constants: floats as integers of few bits times a scale.

It does not matter how the floats were made: a quantizer's output, XNOR-Net's α·sign(W) and DoReFa's
2·q(tanh W) − 1 are all found by an approximate greatest common divisor, checked to a few units in the
last place of the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ON_GRID", "Grid", "LiftedWeights", "Zero", "common_step", "fit_grid", "lift_weights"]

MAX_INTEGER = 511
"""Largest |k| a weight lifts to: 8-bit DoReFa weights need ±(2⁸ − 1) and so 9 bits."""
MAX_LEVEL = 1023
ON_GRID = 1e-5
"""How far, in steps, a real may lie beside the integer it stands for."""
_ULPS = 4
_FEW = 24


def _tolerance(values: NDArray[np.float64]) -> float:
    return _ULPS * float(np.spacing(np.float32(np.abs(values).max())))


def _distinct(values: NDArray[Any]) -> NDArray[np.float64]:
    """Sorted distinct values; peels maxima off first, which is faster than a sort where they are few."""
    rest = values.ravel()
    found: list[float] = []
    while rest.size and len(found) < _FEW:
        found.append(rest.max())
        rest = rest[rest < found[-1]]
    if rest.size:
        return np.unique(values).astype(np.float64)
    return np.array(found[::-1], dtype=np.float64)


def common_step(magnitudes: NDArray[np.float64], limit: int) -> float | None:
    """The largest step of which all `magnitudes` (> 0, sorted) are multiples of at most `limit`, or None."""
    largest = float(magnitudes[-1])
    smallest = 0.5 * largest / limit
    step = float(magnitudes[0])
    for value in magnitudes[1:].tolist():
        a, b = value, step
        while b > smallest:
            a, b = b, abs(a - b * round(a / b))
        if a < smallest:
            return None
        step = value / round(value / a)  # the largest value so far knows the step best
    multiples = np.round(magnitudes / step)
    if multiples[-1] > limit or multiples[0] < 1:
        return None
    best = _stored_scale(magnitudes, multiples)
    return best if np.abs(magnitudes - best * multiples).max() <= _tolerance(magnitudes) else None


def _stored_scale(magnitudes: NDArray[np.float64], multiples: NDArray[np.float64]) -> float:
    """The float32 scale that reproduces most values exactly as float32(scale·k), as exporters compute them.

    Where none reproduces all, the least-squares scale.
    """
    values = magnitudes.astype(np.float32)
    candidates = np.unique((magnitudes / multiples).astype(np.float32))
    hits = [np.count_nonzero(c * multiples.astype(np.float32) == values) for c in candidates]
    if max(hits) == len(values):
        return float(candidates[int(np.argmax(hits))])
    return float((magnitudes @ multiples) / (multiples @ multiples))


@dataclass(frozen=True)
class LiftedWeights:
    """w ≈ integers · scale: integers (MW, MH) in float32, scale float64 of shape () or (MH,)."""

    integers: NDArray[np.float32]
    scale: NDArray[np.float64]


def _lift(values: NDArray[Any]) -> float | None:
    """A step for one tensor or channel; 1 for all zeros."""
    magnitudes = _distinct(np.abs(values))
    magnitudes = magnitudes[magnitudes > 0]
    if not magnitudes.size:
        return 1.0
    if len(magnitudes) > 2 * MAX_INTEGER:
        return None
    return common_step(magnitudes, MAX_INTEGER)


def lift_weights(weights: NDArray[Any], node: str) -> LiftedWeights:
    """Finds integers and scales, one scale for the tensor or else one for each output channel.

    Args:
        weights: (MW, MH) floats.
        node: The node that reads them, for messages.

    Raises:
        UnsupportedError: If a channel's values are no multiples, up to ±511, of one scale.
    """
    weights = np.asarray(weights, dtype=np.float32)
    magnitudes = np.abs(weights)
    scale = np.asarray(_lift(weights) or np.nan, dtype=np.float64)
    if np.isnan(scale):
        flat = magnitudes.max(axis=0) == magnitudes.min(axis=0)
        steps = np.where(magnitudes.max(axis=0) > 0, magnitudes.max(axis=0), 1.0).astype(np.float64)
        for channel in np.flatnonzero(~flat):
            step = _lift(weights[:, channel])
            if step is None:
                raise _not_liftable(weights, int(channel), node)
            steps[channel] = step
        scale = steps
    return LiftedWeights(np.round(weights / scale).astype(np.float32), scale)


def _not_liftable(weights: NDArray[Any], channel: int, node: str) -> UnsupportedError:
    distinct = len(np.unique(weights[:, channel]))
    message = (
        f"node {node!r}: the weights of output channel {channel} must be integers of at most ±{MAX_INTEGER} "
        f"times one scale, are {distinct} different values that are not"
    )
    return UnsupportedError(message, node=node, fix="quantize the weights to 8 bits or fewer before export")


class Zero(Enum):
    """Where the real zero should lie on a grid."""

    ANYWHERE = 0
    INTEGER = 1
    """On an integer: zeros stand beside the values of the stream."""
    ORIGIN = 2
    """On the integer 0: zeros stand between them."""


@dataclass(frozen=True)
class Grid:
    """Values as step·k + offset with integers k."""

    step: float
    offset: float
    integers: NDArray[np.int64]
    """k of each value, in the order of the values."""


def _bits(integers: NDArray[np.int64]) -> int:
    low, high = int(integers.min()), int(integers.max())
    return max(1, high.bit_length()) if low >= 0 else max((-low - 1).bit_length(), high.bit_length()) + 1


def fit_grid(values: NDArray[Any], zero: Zero = Zero.ANYWHERE) -> Grid | None:
    """The grid of the fewest bits on which sorted distinct `values` lie, an offset of 0 preferred.

    Two values ±s are bipolar: step s, integers −1 and 1. None if there is no grid.

    Args:
        values: The values.
        zero: Where zero should lie, whatever the bits.
    """
    reals = values.astype(np.float64)
    if not np.isfinite(reals).all():
        return None
    if len(reals) == 1:
        if zero is not Zero.ANYWHERE and reals[0]:
            return Grid(float(abs(reals[0])), 0.0, np.sign(reals).astype(np.int64))
        return Grid(1.0, float(reals[0]), np.zeros(1, dtype=np.int64))
    if len(reals) == 2 and reals[0] == -reals[1]:
        return Grid(float(reals[1]), 0.0, np.array([-1, 1]))
    grids = []
    magnitudes = np.unique(np.abs(reals[reals != 0]))
    step = common_step(magnitudes, MAX_LEVEL)
    if step is not None:
        grids.append(Grid(step, 0.0, np.round(reals / step).astype(np.int64)))
    step = common_step(reals[1:] - reals[0], MAX_LEVEL)
    if step is not None:
        integers = np.round((reals - reals[0]) / step).astype(np.int64)
        if np.abs(reals - (step * integers + reals[0])).max() <= _tolerance(reals):
            grids.append(Grid(step, float(reals[0]), integers))
    return min(grids, key=lambda grid: (_misses(grid, zero), _bits(grid.integers)), default=None)


def _misses(grid: Grid, zero: Zero) -> bool:
    """Whether zero does not lie where it should."""
    k = grid.offset / grid.step
    if zero is Zero.INTEGER:
        return abs(k - round(k)) >= ON_GRID
    return zero is Zero.ORIGIN and k != 0
