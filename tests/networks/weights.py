# SPDX-License-Identifier: Apache-2.0
"""Weights, one function for each operator of `tables.WEIGHTS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .activations import write_qdq, write_quant
from .builder import Builder
from .numerics import bits_of, int_range, is_signed, kind_of, round_scale
from .rounding import ROUNDINGS
from .tables import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Weights = tuple[str, NDArray[np.float32]]
    Emit = Callable[[Builder, "Wanted"], Weights]


@dataclass(frozen=True)
class Wanted:
    """The weights asked for.

    Attributes:
        shape: Shape of the tensor in the file.
        axis: Axis of the output channels.
        datatype: Of the integers behind the weights.
    """

    shape: tuple[int, ...]
    axis: int
    datatype: str

    @property
    def channels(self) -> int:
        """Output channels."""
        return self.shape[self.axis]

    def along(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """One number a channel, broadcastable to the weights; a scalar stays one."""
        if values.ndim == 0:
            return values
        return values.reshape([self.channels if i == self.axis else 1 for i in range(len(self.shape))])


def make_weights(b: Builder, operator: str, wanted: Wanted) -> Weights:
    """Writes weights; returns the tensor's name and its values."""
    b.cell(f"weights:{operator}", wanted.datatype)
    return WEIGHTS[operator](b, wanted)


def _latent(b: Builder, w: Wanted) -> NDArray[np.float32]:
    """Floats to quantize: now and then a dead channel, or one much smaller than the others."""
    latent = b.rng.normal(size=w.shape)
    if not is_signed(w.datatype):
        latent = np.abs(latent)
    size = np.ones(w.channels)
    if b.chance(0.15):
        size[b.rng.integers(w.channels)] = 0 if w.datatype != "BIPOLAR" and b.chance(0.6) else 0.01
    if not size.any():
        size[:] = 1
    if (size == 0).any():
        b.cell("dead channel")
    return (latent * w.along(size.astype(np.float32))).astype(np.float32)


def _scale(b: Builder, w: Wanted, reach: float) -> NDArray[np.float32]:
    """A scale for the tensor or one for each output channel."""
    form = b.pick(b.forms)
    b.cell(f"weight scale: {form}")
    top = max(abs(v) for v in int_range(w.datatype))
    if w.channels > 1 and b.chance(0.35):
        b.cell("weight scale a channel")
        factors = b.rng.uniform(0.5, 1.5, w.channels)
        return np.array([round_scale(b.rng, reach / top * f, form) for f in factors], np.float32)
    return np.asarray(round_scale(b.rng, reach / top * b.rng.uniform(0.5, 1.4), form))


def _zero_point(b: Builder, datatype: str) -> int:
    lo, hi = int_range(datatype)
    if hi - lo < 3 or b.chance(0.8):
        return 0
    b.cell("weight zero point")
    return int(b.rng.integers(lo // 2, hi // 2 + 1))


def _quant(op_type: str) -> Emit:
    def emit(b: Builder, w: Wanted) -> Weights:
        latent, scale = _latent(b, w), _scale(b, w, 2.0)
        scale = w.along(scale)
        zero = _zero_point(b, w.datatype)
        rounding = b.pick(ROUNDING)
        narrow = w.datatype == "TERNARY" or (bits_of(w.datatype) > 2 and b.chance(0.4))
        b.cell(f"weight rounding {rounding}")
        b.cell("narrow weights" if narrow else "wide weights")
        name = write_quant(
            b, op_type, b.constant(latent), scale, zero, w.datatype, narrow=narrow, rounding=rounding
        )
        zero32 = np.float32(zero)
        integers = latent / scale + zero32
        if w.datatype == "BIPOLAR":
            integers = np.where(integers >= 0, np.float32(1), np.float32(-1))
        else:
            lo, hi = int_range(w.datatype, narrow=narrow and w.datatype != "TERNARY")
            integers = ROUNDINGS[rounding](np.clip(integers, np.float32(lo), np.float32(hi)))
        return name, ((integers - zero32) * scale).astype(np.float32)

    return emit


def _bipolar_quant(b: Builder, w: Wanted) -> Weights:
    latent = _latent(b, w)
    if b.chance(0.25):
        b.cell("bipolar weights from 0 and 1")  # all of them become +1, as the file says
        latent = (latent > 0).astype(np.float32)
    scale = np.asarray(np.float32(1)) if b.chance(0.5) else _scale(b, w, b.rng.uniform(0.2, 2))
    b.cell("bipolar weight scale 1" if (scale == 1).all() else "bipolar weight scale other than 1")
    scale = w.along(scale)
    name = b.qonnx("BipolarQuant", b.constant(latent), b.constant(scale))
    return name, np.where(latent >= 0, scale, -scale).astype(np.float32)


def _integers(b: Builder, w: Wanted) -> NDArray[np.float32]:
    """Random integers of the datatype, a channel of zeros among them now and then."""
    lo, hi = int_range(w.datatype)
    if w.datatype == "BIPOLAR":
        return b.rng.choice(np.float32([-1, 1]), w.shape)
    integers = b.rng.integers(lo, hi + 1, w.shape).astype(np.float32)
    if b.chance(0.1):
        b.cell("dead channel")
        index = [slice(None)] * len(w.shape)
        index[w.axis] = int(b.rng.integers(w.channels))
        integers[tuple(index)] = 0
    return integers


def _initializer(b: Builder, w: Wanted) -> Weights:
    """Plain floats: integers (QONNX, BinaryNet), α·sign(W) and its like (XNOR-Net), folded tanh (DoReFa)."""
    if b.dialect == "dorefa" and w.datatype != "BIPOLAR":
        values = _dorefa(_latent(b, w), 2.0 ** bits_of(w.datatype) - 1)
        return b.constant(values), values
    values = _integers(b, w)
    if b.dialect in ("xnor", "dorefa"):
        is_per_channel = b.dialect == "xnor" and b.chance(0.7)
        form = b.pick(b.forms)
        drawn = b.rng.uniform(0.02, 0.9, w.channels if is_per_channel else 1)
        alpha = np.array([round_scale(b.rng, a, form) for a in drawn], np.float32)
        b.cell("plain weights with a scale a channel" if is_per_channel else "plain weights with one scale")
        values = (values * w.along(alpha if is_per_channel else alpha.reshape(()))).astype(np.float32)
    name = b.constant(values)
    if b.dialect.startswith("qonnx") and b.chance(0.5):
        b.annotations[name] = w.datatype
    return name, values


def _dorefa(latent: NDArray[np.float32], n: float) -> NDArray[np.float32]:
    """DoReFa-Net's weights: 2·round(n·(tanh W / 2 max|tanh W| + 1/2))/n − 1."""
    bounded = np.tanh(latent)
    bounded = bounded / np.float32(2 * max(np.abs(bounded).max(), 1e-3)) + np.float32(0.5)
    return np.float32(2) * (np.rint(bounded * np.float32(n)) / np.float32(n)) - np.float32(1)


def _dorefa_nodes(b: Builder, w: Wanted) -> Weights:
    """The same, left in the graph as a constant subgraph."""
    latent = _latent(b, w)
    n = 2.0 ** bits_of(w.datatype) - 1
    bounded = b.node("Tanh", b.constant(latent))
    largest = b.node("ReduceMax", b.node("Abs", bounded), keepdims=0)
    half = b.node("Div", bounded, b.node("Mul", largest, b.constant(2)))
    scaled = b.node("Mul", b.node("Add", half, b.constant(0.5)), b.constant(n))
    unit = b.node("Div", b.node("Round", scaled), b.constant(n))
    name = b.node("Sub", b.node("Mul", unit, b.constant(2)), b.constant(1))
    return name, _dorefa(latent, n)


def _sign(b: Builder, w: Wanted) -> Weights:
    latent = _latent(b, w)
    if w.datatype == "TERNARY":
        latent[np.abs(latent) < 0.4] = 0
    else:
        latent[latent == 0] = 1
    return b.node("Sign", b.constant(latent)), np.sign(latent)


def _where(b: Builder, w: Wanted) -> Weights:
    latent = _latent(b, w)
    condition = b.node("Less", b.constant(latent), b.constant(0))
    name = b.node("Where", condition, b.constant(-1), b.constant(1))
    return name, np.where(latent < 0, np.float32(-1), np.float32(1))


def _carrier(b: Builder, w: Wanted) -> tuple[NDArray[np.float32], int, type[np.generic]]:
    """Scale (one, or from opset 13 on one a channel), zero point and integer type of QCDQ weights."""
    scale = _scale(b, w, 2.0)
    if b.opset < 13 and scale.ndim:
        scale = np.asarray(scale[0])
    return scale, _zero_point(b, w.datatype), np.int8 if is_signed(w.datatype) else np.uint8


def _dequantize(b: Builder, w: Wanted) -> Weights:
    integers = _integers(b, w)
    scale, zero, carrier = _carrier(b, w)
    inputs = [b.constant(integers, carrier), b.constant(scale)]
    if zero or b.chance(0.6):
        inputs.append(b.constant(np.full(scale.shape, zero), carrier))
    name = b.node("DequantizeLinear", *inputs, axis=w.axis if scale.ndim else None)
    return name, ((integers - np.float32(zero)) * w.along(scale)).astype(np.float32)


def _quantize_linear(b: Builder, w: Wanted) -> Weights:
    latent = _latent(b, w)
    scale, zero, _ = _carrier(b, w)
    narrow = kind_of(w.datatype) == "INT" and bits_of(w.datatype) > 2 and b.chance(0.5)
    b.cell("narrow weights" if narrow else "wide weights")
    name = write_qdq(b, b.constant(latent), scale, zero, w.datatype, narrow=narrow, axis=w.axis)
    lo, hi = int_range(w.datatype, narrow=narrow)
    step = w.along(scale)
    integers = np.clip(np.rint(latent / step) + zero, lo, hi).astype(np.float32)
    return name, ((integers - np.float32(zero)) * step).astype(np.float32)


WEIGHTS: dict[str, Emit] = {
    "Quant": _quant("Quant"),
    "IntQuant": _quant("IntQuant"),
    "BipolarQuant": _bipolar_quant,
    "initializer": _initializer,
    "Round": _dorefa_nodes,
    "Sign": _sign,
    "Where": _where,
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize_linear,
}
