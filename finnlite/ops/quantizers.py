# SPDX-License-Identifier: Apache-2.0
"""Quantizers: QONNX's (https://github.com/fastmachinelearning/qonnx) and ONNX's own.

The expansions follow QONNX's NumPy definitions operation by operation in float32, so that they agree bit
for bit: ties between levels are systematic in trained models, and a reordered product moves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import FLOAT32, Graph, TensorType, Value, datatype_of

from .elementwise import (
    Abs,
    Add,
    Ceil,
    Clip,
    Div,
    Elementwise,
    Floor,
    GreaterOrEqual,
    Mul,
    Neg,
    Round,
    Sign,
    Sub,
    Where,
)
from .shapes import broadcast, constant, present
from .thresholding import expand_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BipolarQuant", "DequantizeLinear", "IntQuant", "MultiThreshold", "Quant", "QuantizeLinear", "Trunc",
    "TruncV1", "integer_range", "round_by",
]  # fmt: skip

_QONNX = "qonnx.custom_op.general"
_MAX_BITS = 32
_LAYOUTS = {2: "NC", 3: "NWC", 4: "NCHW"}
_ROUNDINGS = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


def _float(graph: Graph, number: float | np.floating[Any]) -> Value:
    return graph.constant(np.asarray(number, dtype=np.float32))


def _check_float32(op: str, values: tuple[Value | None, ...]) -> None:
    for value in values:
        if value is not None and value.carrier != np.float32:
            raise IRError(f"{op} input {value.name!r} must be float32, is {value.carrier}")


def _bits(value: Value | None, role: str) -> int:
    value = present(value, role)
    if value.const is None or value.const.size != 1:
        raise IRError(f"input {role} must be one constant number, is {value!r}")
    bits = float(value.const.ravel()[0])
    if not bits.is_integer() or not 1 <= bits <= _MAX_BITS:
        raise IRError(f"input {role} must be an integer from 1 to {_MAX_BITS}, is {bits:g}")
    return int(bits)


def _check_scale(op: str, value: Value | None, role: str = "scale") -> None:
    """Constant scales must be positive: 0 divides by zero, a negative one turns the order around."""
    value = present(value, role)
    if value.const is None:
        return
    bad = ~(np.asarray(value.const) > 0) | ~np.isfinite(value.const)
    if bad.any():
        at = np.flatnonzero(bad)[0]
        where = f" (element {at})" if value.const.size > 1 else ""
        found = value.const.ravel()[at]
        raise IRError(f"{op} {role} must be positive, is {found:g}{where}; correct it and export again")


def integer_range(bits: int, *, signed: bool, narrow: bool) -> tuple[int, int]:
    """Smallest and largest integer of QONNX's quantizers (but for `bits` = 1 signed, which is ±1).

    >>> integer_range(4, signed=True, narrow=True), integer_range(4, signed=False, narrow=True)
    ((-7, 7), (0, 14))
    """
    if signed:
        return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
    return 0, 2**bits - 1 - narrow


def round_by(graph: Graph, x: Value, mode: str) -> Value:
    """Writes one of QONNX's rounding modes.

    Raises:
        IRError: If there is no such mode.
    """
    match mode.upper():
        case "ROUND" | "HALF_EVEN":
            return graph.add(Round(), x)
        case "CEIL":
            return graph.add(Ceil(), x)
        case "FLOOR":
            return graph.add(Floor(), x)
        case "UP":
            magnitude = graph.add(Ceil(), graph.add(Abs(), x))
        case "DOWN":
            magnitude = graph.add(Floor(), graph.add(Abs(), x))
        case "HALF_UP":
            magnitude = graph.add(Floor(), graph.add(Add(), graph.add(Abs(), x), _float(graph, 0.5)))
        case "HALF_DOWN":
            magnitude = graph.add(Ceil(), graph.add(Sub(), graph.add(Abs(), x), _float(graph, 0.5)))
        case _:
            raise IRError(f"rounding_mode must be one of {', '.join(_ROUNDINGS)}, is {mode!r}")
    return graph.add(Mul(), graph.add(Sign(), x), magnitude)


def _check_rounding(mode: str) -> None:
    if mode.upper() not in _ROUNDINGS:
        raise IRError(f"rounding_mode must be one of {', '.join(_ROUNDINGS)}, is {mode!r}")


def _bipolar(graph: Graph, x: Value, low: Value, high: Value) -> Value:
    return graph.add(Where(), graph.add(GreaterOrEqual(), x, _float(graph, 0)), high, low)


def _clip(graph: Graph, x: Value, limits: tuple[int, int]) -> Value:
    return graph.add(Clip(), x, _float(graph, limits[0]), _float(graph, limits[1]))


@dataclass(frozen=True)
class Quant(Elementwise, monotone=(0,)):
    """y = (round(clip(x/scale + zeropt)) − zeropt) · scale (QONNX `Quant`).

    Inputs: x, scale, zeropt (float32, broadcast to x), bitwidth (one constant). A signed bitwidth of 1 is
    bipolar: +1 where x/scale + zeropt ≥ 0, else −1.
    """

    signed: bool = True
    narrow: bool = True
    rounding_mode: str = "ROUND"
    domain: ClassVar[str] = _QONNX

    def bits(self, *inputs: Value | None) -> int:
        """The bit width."""
        return _bits(inputs[3] if len(inputs) > 3 else None, "bitwidth")

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32.

        Raises:
            IRError: If an input is absent, the bit width is not a constant integer or the mode unknown.
        """
        self.bits(*inputs)
        _check_rounding(self.rounding_mode)
        _check_scale(self.op_type, inputs[1])
        _check_float32(self.op_type, inputs[:3])
        x, scale, zeropt = (
            present(v, role) for v, role in zip(inputs, ("x", "scale", "zeropt"), strict=False)
        )
        return (TensorType.of(broadcast(x, scale, zeropt), FLOAT32),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Divide, add, clip, round, subtract, multiply."""
        x, scale, zeropt = (present(v, "x") for v in inputs[:3])
        bits = self.bits(*inputs)
        y = graph.add(Add(), graph.add(Div(), x, scale), zeropt)
        if bits == 1 and self.signed:
            y = _bipolar(graph, y, _float(graph, -1), _float(graph, 1))
        else:
            y = _clip(graph, y, integer_range(bits, signed=self.signed, narrow=self.narrow))
            y = round_by(graph, y, self.rounding_mode)
        if zeropt.const is None or zeropt.const.any():
            y = graph.add(Sub(), y, zeropt)
        return graph.add(Mul(), y, scale)


class IntQuant(Quant):
    """`Quant` under its newer name (QONNX `IntQuant`)."""


class BipolarQuant(Elementwise, monotone=(0,)):
    """y = scale where x ≥ 0, else −scale (QONNX `BipolarQuant`); inputs x, scale."""

    domain: ClassVar[str] = _QONNX
    inputs_required: ClassVar[int] = 2

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32."""
        _check_float32(self.op_type, inputs)
        _check_scale(self.op_type, inputs[1] if len(inputs) > 1 else None)
        return super().infer(*inputs)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """A comparison and a choice."""
        x, scale = present(inputs[0], "x"), present(inputs[1], "scale")
        negative = graph.add(Neg(), scale) if scale.const is None else graph.constant(-scale.const)
        return _bipolar(graph, x, negative, scale)


@dataclass(frozen=True)
class TruncV1(Elementwise, monotone=(0,)):
    """y = (rnd(round(x/scale + zeropt) / 2^(in − out)) − zeropt) · scale (QONNX `Trunc`, version 1).

    Inputs: x, scale, zeropt, bits in, bits out. QONNX's version 2 means something else, and a file has
    one version of a domain, so this one is written in finnlite's own.
    """

    rounding_mode: str = "FLOOR"
    domain: ClassVar[str] = "finnlite.qonnx_ops"

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32."""
        _check_rounding(self.rounding_mode)
        _check_float32("Trunc", inputs[:3])
        if len(inputs) < 5:
            raise IRError(f"Trunc must have 5 inputs, has {len(inputs)}")
        _bits(inputs[3], "in_bitwidth"), _bits(inputs[4], "out_bitwidth")
        _check_scale("Trunc", inputs[1])
        return (TensorType.of(broadcast(*inputs[:3]), FLOAT32),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Divide, add, round, shift, round, subtract, multiply."""
        x, scale, zeropt = (present(v, "x") for v in inputs[:3])
        shift = _bits(inputs[3], "in_bitwidth") - _bits(inputs[4], "out_bitwidth")
        y = graph.add(Round(), graph.add(Add(), graph.add(Div(), x, scale), zeropt))
        y = graph.add(Div(), y, _float(graph, 2.0**shift))
        y = round_by(graph, y, self.rounding_mode)
        return graph.add(Mul(), graph.add(Sub(), y, zeropt), scale)


@dataclass(frozen=True)
class Trunc(Elementwise, monotone=(0,)):
    """y = (rnd(clip(round(x/scale + zeropt) / t)) − zeropt/t) · out_scale (QONNX `Trunc`, version 2).

    t is out_scale/scale, rounded to a power of two. Inputs: x, scale, zeropt, bits in, out_scale, bits out.
    """

    rounding_mode: str = "FLOOR"
    narrow: bool = False
    signed: bool = True
    domain: ClassVar[str] = _QONNX

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32."""
        _check_rounding(self.rounding_mode)
        if len(inputs) < 6:
            raise IRError(f"Trunc must have 6 inputs, has {len(inputs)}")
        _check_float32(self.op_type, (*inputs[:3], inputs[4]))
        _bits(inputs[3], "in_bitwidth"), _bits(inputs[5], "out_bitwidth")
        for index, role in ((1, "scale"), (2, "zeropt"), (4, "out_scale")):
            if present(inputs[index], role).const is None:
                raise IRError(f"Trunc input {role} must be a constant, is computed")
        _check_scale("Trunc", inputs[1])
        _check_scale("Trunc", inputs[4], "out_scale")
        return (TensorType.of(broadcast(*inputs[:3], inputs[4]), FLOAT32),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Divide, add, round, divide, clip, round, subtract, multiply."""
        x, scale, zeropt, out_scale = (present(inputs[i], "x") for i in (0, 1, 2, 4))
        ratio = np.asarray(out_scale.const, np.float32) / np.asarray(scale.const, np.float32)
        factor = np.float32(2) ** np.round(np.log2(ratio))
        limits = integer_range(_bits(inputs[5], "out_bitwidth"), signed=self.signed, narrow=self.narrow)
        y = graph.add(Round(), graph.add(Add(), graph.add(Div(), x, scale), zeropt))
        y = graph.add(Div(), y, graph.constant(np.asarray(factor, np.float32)))
        y = round_by(graph, _clip(graph, y, limits), self.rounding_mode)
        offset = np.asarray(zeropt.const, np.float32) / factor
        y = graph.add(Sub(), y, graph.constant(np.asarray(offset, np.float32)))
        return graph.add(Mul(), y, out_scale)


@dataclass(frozen=True)
class MultiThreshold(Elementwise, monotone=(0,)):
    """y = out_scale · #(thresholds ≤ x) + out_bias (QONNX `MultiThreshold`).

    Inputs: x, thresholds: constant (C, T), or (1, T) for all channels. The channels are the axis called C
    in `data_layout`; without one axis 1, but the last of three.
    """

    out_dtype: str = ""
    out_scale: float = 1.0
    out_bias: float = 0.0
    data_layout: str = ""
    domain: ClassVar[str] = _QONNX

    def channel_axis(self, rank: int) -> int:
        """The axis of the channels."""
        layout = self.data_layout or _LAYOUTS.get(rank, "")
        return layout.index("C") if "C" in layout else 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x, FLOAT32.

        Raises:
            IRError: If the thresholds are computed or do not have one row for each channel.
        """
        x, thresholds = present(inputs[0], "x"), present(inputs[1] if len(inputs) > 1 else None, "thresholds")
        _check_float32(self.op_type, inputs)
        axis = self.channel_axis(len(x.shape))
        if thresholds.const is None:
            raise IRError("input thresholds must be a constant, is computed")
        if axis >= len(x.shape):
            raise IRError(f"MultiThreshold input must have a channel axis {axis}, is {list(x.shape)}")
        if len(thresholds.shape) != 2 or thresholds.shape[0] not in (1, x.shape[axis]):
            wanted = f"(1 or {x.shape[axis]}, T)"
            raise IRError(
                f"MultiThreshold thresholds must have shape {wanted}, have {list(thresholds.shape)}"
            )
        return (TensorType.of(x.shape, FLOAT32),)

    def rising_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """Unless the scale is negative."""
        return self.out_scale >= 0 and super().rising_in(index, inputs)

    def levels(self, count: int) -> NDArray[np.float32]:
        """(count + 1,) output for each number of thresholds that are reached."""
        steps = np.arange(count + 1, dtype=np.float32)
        return np.float32(self.out_scale) * steps + np.float32(self.out_bias)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """See `expand_thresholds`."""
        x, thresholds = present(inputs[0], "x"), present(inputs[1], "thresholds")
        levels = self.levels(thresholds.shape[1])
        return expand_thresholds(graph, x, thresholds, levels, axis=self.channel_axis(len(x.shape)))


def _check_axis(op: str, axis: int, x: Value, *parameters: Value | None) -> None:
    for value in parameters:
        if value is None or len(value.shape) == 0 or value.shape == (1,):
            continue
        if len(value.shape) != 1 or not -len(x.shape) <= axis < len(x.shape):
            raise IRError(f"{op} scale must be a number or one for each element of axis {axis}")
        if value.shape[0] != x.shape[axis]:
            raise IRError(f"{op} scale must have {x.shape[axis]} elements, has {value.shape[0]}")


@dataclass(frozen=True)
class QuantizeLinear(Elementwise, monotone=(0,)):
    """y = saturate(round(x / scale) + zero point) (ONNX `QuantizeLinear`), per tensor or along `axis`.

    Inputs: x, scale, zero point, whose element type is the result's (absent: uint8 and 0).
    """

    axis: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x in the zero point's integers."""
        x, scale = present(inputs[0], "x"), present(inputs[1] if len(inputs) > 1 else None, "y_scale")
        zero = inputs[2] if len(inputs) > 2 else None
        _check_scale(self.op_type, scale)
        _check_axis(self.op_type, self.axis, x, scale, zero)
        carrier = np.dtype(np.uint8) if zero is None else zero.carrier
        return (TensorType(x.shape, datatype_of(carrier), carrier),)


@dataclass(frozen=True)
class DequantizeLinear(Elementwise, affine=(0,)):
    """y = (x − zero point) · scale (ONNX `DequantizeLinear`), per tensor or along `axis`."""

    axis: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x, FLOAT32."""
        x, scale = present(inputs[0], "x"), present(inputs[1] if len(inputs) > 1 else None, "x_scale")
        _check_scale(self.op_type, scale)
        _check_axis(self.op_type, self.axis, x, scale, inputs[2] if len(inputs) > 2 else None)
        return (TensorType.of(x.shape, FLOAT32, scale.carrier),)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scale and −zero point · scale, shaped to broadcast along `axis`."""
        x = present(inputs[0], "x")
        shape = (-1, *[1] * (len(x.shape) - 1 - self.axis % len(x.shape)))
        zero = inputs[2] if len(inputs) > 2 else None
        scale = constant(inputs[1])
        offset = np.zeros(()) if zero is None else -constant(zero) * scale
        scale, offset = (p.reshape(shape) if p.size > 1 else p.reshape(()) for p in (scale, offset))
        return scale, offset
