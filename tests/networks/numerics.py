# SPDX-License-Identifier: Apache-2.0
"""Integer ranges of datatypes, scales, and whether float32 sums are exact whatever their order."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

FLOAT32_DIGITS = 24


def int_range(datatype: str, *, narrow: bool = False) -> tuple[int, int]:
    """Smallest and largest integer of a datatype; `narrow` drops one value as QONNX does."""
    if datatype in ("BIPOLAR", "TERNARY"):
        return -1, 1
    if datatype == "BINARY":
        return 0, 1
    bits = bits_of(datatype)
    if datatype.startswith("U"):
        return 0, 2**bits - 1 - narrow
    return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1


def bits_of(datatype: str) -> int:
    """Bits of a datatype as a quantizer counts them (a ternary quantizer is a narrow 2-bit one)."""
    return {"BIPOLAR": 1, "BINARY": 1, "TERNARY": 2}.get(datatype) or int(datatype.lstrip("UINT"))


def is_signed(datatype: str) -> bool:
    """Whether the datatype has negative values."""
    return int_range(datatype)[0] < 0


def kind_of(datatype: str) -> str:
    """BIPOLAR, TERNARY, INT or UINT."""
    return {"BINARY": "UINT"}.get(datatype, datatype.rstrip("0123456789"))


def integers_of(datatype: str, *, narrow: bool = False) -> NDArray[np.float32]:
    """Every value of the datatype."""
    lo, hi = int_range(datatype, narrow=narrow)
    return np.arange(lo, hi + 1, 2 if datatype == "BIPOLAR" else 1, dtype=np.float32)


def granularity(values: Array, axis: int | None = None) -> NDArray[np.int64]:
    """The largest e such that every value is a multiple of 2^e, along `axis` or of all; 1000 if all are 0."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    whole = (mantissa * 2.0**53).astype(np.int64)
    lowest = np.log2(np.maximum(whole & -whole, 1).astype(np.float64)).astype(np.int64)
    return np.where(whole == 0, 1000, exponent - 53 + lowest).min(axis=axis)


def is_exact_dot(levels: Array | None, weights: Array) -> bool:
    """Whether every partial sum of x @ weights is a float32, for all x made of `levels`, in any order."""
    if levels is None:
        return False
    grain = granularity(levels) + granularity(weights, axis=0)
    largest = float(np.abs(levels).max()) * np.abs(weights.astype(np.float64)).sum(axis=0)
    digits = np.log2(np.maximum(largest, 2.0**-60)) - grain
    return bool((digits < FLOAT32_DIGITS).all())


def round_scale(rng: np.random.Generator, scale: float, form: str) -> np.float32:
    """A scale near `scale`: a power of two, one of few mantissa bits, or any float32."""
    scale = max(float(scale), 2.0**-20)
    if form == "power of two":
        return np.float32(2.0 ** round(log2(scale)))
    if form == "short":
        exponent = ceil(log2(scale)) - 3
        return np.float32(max(1, round(scale / 2.0**exponent)) * 2.0**exponent)
    return np.float32(scale * rng.uniform(0.9, 1.1))


def spread(probe: Array) -> float:
    """How far the samples reach from zero, without the last outliers; never 0."""
    reach = float(np.quantile(np.abs(probe.astype(np.float64)), 0.97)) if probe.size else 0.0
    return reach if reach > 1e-6 else 1.0


def width(probe: Array) -> float:
    """How much the samples vary within a channel, typically; never 0."""
    typical = float(np.median(probe.std(axis=0))) if probe.size else 0.0
    return typical if typical > 1e-6 else spread(probe)
