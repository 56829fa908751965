# SPDX-License-Identifier: Apache-2.0
"""The quantizers in NumPy, written from the text of their specifications, in float32.

QONNX: docs/qonnx-custom-ops of fastmachinelearning/qonnx. ONNX: operators QuantizeLinear, DequantizeLinear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.networks.rounding import ROUNDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def integer_limits(bits: int, *, signed: bool, narrow: bool) -> tuple[np.float32, np.float32]:
    """Signed: two's complement, narrow without its lowest value. Unsigned: narrow without its highest."""
    if signed:
        low, high = -(2 ** (bits - 1)) + (1 if narrow else 0), 2 ** (bits - 1) - 1
    else:
        low, high = 0, 2**bits - 1 - (1 if narrow else 0)
    return np.float32(low), np.float32(high)


def quant(
    x: Floats, scale: Floats, zero: Floats, bits: int, *, signed: bool, narrow: bool, rounding: str
) -> Floats:
    """`Quant` and `IntQuant`: to integers, clamped, rounded, and back. One signed bit is ±1."""
    y = x / scale + zero
    if signed and bits == 1:
        integers = np.where(y >= 0, np.float32(1), np.float32(-1))
    else:
        low, high = integer_limits(bits, signed=signed, narrow=narrow)
        integers = ROUNDINGS[rounding](np.minimum(np.maximum(y, low), high))
    return (integers - zero) * scale


def bipolar_quant(x: Floats, scale: Floats) -> Floats:
    """`BipolarQuant`: the sign, zero counting as positive, times the scale."""
    return np.where(x >= 0, np.float32(1), np.float32(-1)) * scale


def trunc_v1(x: Floats, scale: Floats, zero: Floats, bits: int, kept: int, *, rounding: str) -> Floats:
    """`Trunc` version 1: the lowest bits of an integer are dropped; scale and zero point stay."""
    integers = np.rint(x / scale + zero)
    return (ROUNDINGS[rounding](integers / np.float32(2.0 ** (bits - kept))) - zero) * scale


def trunc_v2(
    x: Floats,
    scale: Floats,
    zero: Floats,
    out_scale: Floats,
    kept: int,
    *,
    signed: bool,
    narrow: bool,
    rounding: str,
) -> Floats:
    """`Trunc` version 2: divided by the ratio of the scales (a power of two), clamped, rounded, rescaled."""
    factor = np.exp2(np.rint(np.log2(out_scale / scale))).astype(np.float32)
    low, high = integer_limits(kept, signed=signed, narrow=narrow)
    y = np.rint(x / scale + zero) / factor
    integers = ROUNDINGS[rounding](np.minimum(np.maximum(y, low), high))
    return (integers - zero / factor) * out_scale


def multithreshold(x: Floats, thresholds: Floats, *, scale: float, bias: float, axis: int) -> Floats:
    """`MultiThreshold`: how many of its channel's thresholds an element reaches, scaled and biased."""
    y = np.zeros_like(x)
    for channel in range(x.shape[axis]):
        at = tuple(channel if i == axis else slice(None) for i in range(x.ndim))
        for threshold in thresholds[channel % len(thresholds)]:
            y[at] += x[at] >= threshold
    return np.float32(scale) * y + np.float32(bias)


def _along(x: NDArray[Any], parameter: NDArray[Any], axis: int) -> NDArray[Any]:
    if parameter.ndim == 0:
        return parameter
    return parameter.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def quantize_linear(x: Floats, scale: Floats, zero: NDArray[Any], axis: int = 1) -> NDArray[Any]:
    """`QuantizeLinear`: x/scale to the nearest integer, ties to even, plus the zero point, saturated."""
    limits = np.iinfo(zero.dtype)
    integers = np.rint(x / _along(x, scale, axis)).astype(np.float64) + _along(x, zero, axis)
    return np.clip(integers, limits.min, limits.max).astype(zero.dtype)


def dequantize_linear(x: NDArray[Any], scale: Floats, zero: NDArray[Any], axis: int = 1) -> Floats:
    """`DequantizeLinear`: (x − zero point) · scale."""
    difference = x.astype(np.int64) - _along(x, zero, axis).astype(np.int64)
    return difference.astype(np.float32) * _along(x, scale, axis)
