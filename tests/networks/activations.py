# SPDX-License-Identifier: Apache-2.0
"""Quantizers of activations, one function for each operator of `tables.ACTIVATIONS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .builder import Builder, Signal
from .chains import apply_chain
from .numerics import bits_of, granularity, int_range, integers_of, is_signed, kind_of, round_scale, spread
from .rounding import ROUNDINGS
from .tables import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .plans import ActivationPlan

    Emit = Callable[[Builder, Signal, ActivationPlan, bool], Signal]


def activate(b: Builder, x: Signal, plan: ActivationPlan, *, last: bool = False) -> Signal:
    """Elementwise operators and a quantizer, drawn again when they leave too little of the signal."""
    mark = b.mark()
    for _ in range(4):
        b.rewind(mark)
        y = apply_chain(b, x, plan.chain, kind_of(plan.datatype))
        y = quantize(b, y, plan, last=last)
        if (np.ptp(y.probe, axis=0) > 0).mean() > 0.4 or b.chance(0.1):
            break
    return y


def quantize(b: Builder, x: Signal, plan: ActivationPlan, *, last: bool = False) -> Signal:
    """Quantizes `x` of shape (C,) by one operator of the dialect.

    `last` says that no product follows, so that every channel may have its own scale.
    """
    b.cell(f"activation:{plan.operator}", plan.datatype)
    y = ACTIVATIONS[plan.operator](b, x, plan, last)
    return y.then(y.name, y.probe, levels=y.levels, is_exact=True, bits=bits_of(plan.datatype))


def draw_scale(b: Builder, x: Signal, datatype: str) -> np.float32:
    """A scale that lets the datatype cover most of the samples, or a little less or more.

    Where the values of `x` lie on a lattice it may be a multiple of its step: then ties between two levels
    are as common as the values themselves.
    """
    top = max(abs(v) for v in int_range(datatype))
    wanted = spread(x.probe) / top * b.rng.uniform(0.4, 1.4)
    step = _lattice(x)
    if step and b.chance(0.5):
        b.cell("activation scale: a multiple of the lattice")
        return np.float32(step * max(1, round(wanted / step)))
    form = b.pick(b.forms)
    b.cell(f"activation scale: {form}")
    return round_scale(b.rng, wanted, form)


def _lattice(x: Signal) -> float:
    """The step of the values of a declared input or an exact sum; 0 if they have none."""
    if x.levels is not None:
        steps = np.diff(np.unique(x.levels))
        return float(np.median(steps)) if steps.size else 0.0
    grain = float(granularity(x.probe))
    return 2.0**grain if x.is_exact and abs(grain) < 16 else 0.0


def draw_zero_point(b: Builder, datatype: str) -> int:
    """Mostly 0, else an integer of the datatype's middle."""
    lo, hi = int_range(datatype)
    if hi - lo < 3 or b.chance(0.75):
        return 0
    b.cell("activation zero point")
    return int(b.rng.integers(lo // 2, hi // 2 + 1))


def _quant(op_type: str) -> Emit:
    def emit(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
        datatype = plan.datatype
        scale: NDArray[np.float32] = np.asarray(draw_scale(b, x, datatype))
        if last and x.channels > 1 and b.chance(0.8):
            b.cell("activation scale a channel")
            scale = (scale * b.rng.uniform(0.5, 2, x.channels)).astype(np.float32)
        zero = draw_zero_point(b, datatype)
        rounding = plan.rounding
        narrow = datatype == "TERNARY" or (bits_of(datatype) > 2 and b.chance(0.3))
        b.cell(f"activation rounding {rounding}")
        b.cell("narrow activation" if narrow else "wide activation")
        name = write_quant(b, op_type, x.name, scale, zero, datatype, narrow=narrow, rounding=rounding)
        lo, hi = int_range(datatype, narrow=narrow and datatype != "TERNARY")
        integers = np.clip(np.rint(x.probe / scale + zero), lo, hi)
        if datatype == "BIPOLAR":
            integers = np.where(x.probe >= 0, 1, -1)
        levels = (
            (integers_of(datatype, narrow=narrow) - np.float32(zero)) * scale if scale.ndim == 0 else None
        )
        return x.then(name, (integers - zero) * scale, levels=levels)

    return emit


def write_quant(
    b: Builder,
    op_type: str,
    tensor: str,
    scale: NDArray[np.float32],
    zero: int,
    datatype: str,
    *,
    narrow: bool,
    rounding: str,
) -> str:
    """A `Quant` or `IntQuant` node; returns its output."""
    return b.qonnx(
        op_type,
        tensor,
        b.constant(scale),
        b.constant(zero),
        b.constant(bits_of(datatype)),
        signed=int(is_signed(datatype)),
        narrow=int(narrow),
        rounding_mode=rounding,
    )


def _bipolar(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    datatype = plan.datatype
    scale = np.float32(1) if b.chance(0.5) else draw_scale(b, x, datatype)
    b.cell("bipolar scale 1" if scale == 1 else "bipolar scale other than 1")
    name = b.qonnx("BipolarQuant", x.name, b.constant(scale))
    return x.then(name, np.where(x.probe >= 0, scale, -scale), levels=np.float32([-1, 1]) * scale)


def _trunc(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    """`Trunc` of what a wider `Quant` made: version 2 of the QONNX domain also names the new scale."""
    datatype = plan.datatype
    bits = bits_of(datatype)
    dropped = int(b.rng.integers(1, 9 - bits))
    wide = f"{datatype.rstrip('0123456789')}{bits + dropped}"
    scale = draw_scale(b, x, wide)
    zero = int(b.rng.integers(-2, 3)) << dropped if is_signed(datatype) and b.chance(0.2) else 0
    quantized = write_quant(
        b, "Quant", x.name, np.asarray(scale), zero, wide, narrow=False, rounding=b.pick(ROUNDING)
    )
    rounding = plan.rounding
    b.cell(f"Trunc rounding {rounding}")
    common = [quantized, b.constant(scale), b.constant(zero), b.constant(bits + dropped)]
    divisor = 2.0**dropped
    lo, hi = int_range(wide)
    integers = np.clip(np.rint(x.probe / scale + zero), lo, hi) / divisor
    every = integers_of(wide) / divisor
    if b.dialect == "qonnx-2":
        narrow = b.chance(0.3)
        step, offset = np.float32(scale * divisor), zero / divisor
        lo, hi = int_range(datatype, narrow=narrow)
        integers, every = np.clip(integers, lo, hi), np.clip(every, lo, hi)
        attributes = {"signed": int(is_signed(datatype)), "narrow": int(narrow)}
        inputs = [*common, b.constant(step), b.constant(bits)]
    else:
        step, offset, attributes = scale, float(zero), {}
        inputs = [*common, b.constant(bits)]
    name = b.qonnx("Trunc", *inputs, rounding_mode=rounding, **attributes)
    levels = np.unique((ROUNDINGS[rounding](every) - np.float32(offset)) * step)
    return x.then(name, (ROUNDINGS[rounding](integers) - offset) * step, levels=levels.astype(np.float32))


def _multithreshold(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    """Thresholds at quantiles of the samples: some beyond all of them, some equal."""
    datatype = plan.datatype
    lo, hi = int_range(datatype)
    steps = 1 if datatype == "BIPOLAR" else hi - lo
    rows = 1 if x.channels > 1 and b.chance(0.2) else x.channels
    b.cell("global thresholds" if rows == 1 else "thresholds a channel")
    reach = spread(x.probe)
    thresholds = b.rng.normal(size=(rows, steps)) * reach * b.pick((0.5, 1.0, 3.0))
    grain = float(granularity(x.probe))
    if x.is_exact and abs(grain) < 16 and b.chance(0.9):
        b.cell("thresholds on the accumulator's lattice")
        thresholds = np.round(thresholds / 2.0**grain) * 2.0**grain
    thresholds = np.sort(thresholds, axis=1).astype(np.float32)
    out_scale = 2.0 if datatype == "BIPOLAR" else 1.0
    out_bias = float(lo)
    if b.chance(0.3):
        b.cell("MultiThreshold with a scale other than 1")
        factor = b.pick((0.5, 0.25, 0.3))
        out_scale, out_bias = out_scale * factor, out_bias * factor
    name = b.qonnx(
        "MultiThreshold",
        x.name,
        b.constant(thresholds),
        out_dtype=datatype if out_scale in (1.0, 2.0) else "FLOAT32",
        out_scale=out_scale,
        out_bias=out_bias,
        data_layout="NC" if b.chance(0.5) else None,
    )
    scale, bias = np.float32(out_scale), np.float32(out_bias)
    count = (x.probe[:, :, None] >= thresholds).sum(axis=2)
    return x.then(name, count * scale + bias, levels=np.arange(steps + 1, dtype=np.float32) * scale + bias)


def _sign(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    """`Sign` has three values; two of them in a row, as Larq exports, have two."""
    datatype = plan.datatype
    y = b.node("Sign", x.name)
    if datatype == "BIPOLAR":
        y = b.node("Sign", b.node("Add", y, b.constant(0.1)))
        return x.then(y, np.where(x.probe >= 0, 1, -1), levels=integers_of(datatype))
    return x.then(y, np.sign(x.probe), levels=integers_of(datatype))


def _where(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    datatype = plan.datatype
    zero, plus, minus = b.constant(0), b.constant(1), b.constant(-1)
    form = b.pick(("GreaterOrEqual", "Less", "Greater") if b.opset >= 12 else ("Less", "Greater"))
    b.cell(f"Where over {form}")
    condition = b.node(form, x.name, zero)
    name = b.node("Where", condition, *((minus, plus) if form == "Less" else (plus, minus)))
    return x.then(name, np.where(x.probe >= 0, 1, -1), levels=integers_of(datatype))


def _round(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    """DoReFa: clip to [0, 1] (or [-1, 1]), round to multiples of 1/n."""
    datatype = plan.datatype
    lo, hi = (-1.0, 1.0) if is_signed(datatype) else (0.0, 1.0)
    n = max(int_range(datatype))
    x = _fit(b, x)
    y = b.node("Clip", x.name, b.constant(lo), b.constant(hi)) if b.opset >= 11 else ""
    y = b.node("Round", b.node("Mul", y, b.constant(n)))
    integers = np.rint(np.clip(x.probe, lo, hi) * n)
    every = np.arange(lo * n, hi * n + 1, dtype=np.float32)
    if b.chance(0.5):
        return x.then(b.node("Div", y, b.constant(n)), integers / n, levels=every / np.float32(n))
    inverse = np.float32(1 / n)
    return x.then(b.node("Mul", y, b.constant(inverse)), integers * inverse, levels=every * inverse)


def _fit(b: Builder, x: Signal) -> Signal:
    """DoReFa's range is fixed: accumulators are scaled down to it."""
    if spread(x.probe) < 1.5:
        return x
    factor = round_scale(b.rng, b.rng.uniform(0.6, 1.5) / spread(x.probe), b.pick(b.forms))
    return x.then(b.node("Mul", x.name, b.constant(factor)), x.probe * factor)


def _quantize_linear(b: Builder, x: Signal, plan: ActivationPlan, last: bool) -> Signal:
    """`QuantizeLinear`, `Clip` where the datatype is narrower than its carrier, `DequantizeLinear`."""
    datatype = plan.datatype
    scale: NDArray[np.float32] = np.asarray(draw_scale(b, x, datatype))
    if last and x.channels > 1 and b.opset >= 13 and b.chance(0.7):
        b.cell("activation scale a channel")
        scale = (scale * b.rng.uniform(0.5, 2, x.channels)).astype(np.float32)
    zero = draw_zero_point(b, datatype)
    narrow = datatype != "TERNARY" and is_signed(datatype) and bits_of(datatype) > 2 and b.chance(0.3)
    b.cell("narrow activation" if narrow else "wide activation")
    name = write_qdq(b, x.name, scale, zero, datatype, narrow=narrow, axis=1)
    lo, hi = int_range(datatype, narrow=narrow)
    integers = np.clip(np.rint(x.probe / scale) + zero, lo, hi)
    levels = (integers_of(datatype, narrow=narrow) - np.float32(zero)) * scale if scale.ndim == 0 else None
    return x.then(name, (integers - zero) * scale, levels=levels)


def write_qdq(
    b: Builder, tensor: str, scale: NDArray[np.float32], zero: int, datatype: str, *, narrow: bool, axis: int
) -> str:
    """Quantizes and dequantizes a tensor, per tensor or along `axis`; returns the output."""
    carrier = np.int8 if is_signed(datatype) else np.uint8
    lo, hi = int_range(datatype, narrow=narrow)
    clips = (lo, hi) != (np.iinfo(carrier).min, np.iinfo(carrier).max)
    zeros = np.full(scale.shape, zero, carrier)
    along = axis if scale.ndim else None
    if clips and b.opset < 12:  # Clip of integers begins with opset 12
        if b.opset < 11:
            tensor = b.node("Clip", tensor, min=float((lo - zero) * scale), max=float((hi - zero) * scale))
        else:
            bounds = (b.constant((v - zero) * scale) for v in (lo, hi))
            tensor = b.node("Clip", tensor, *bounds)
    step = b.constant(scale)
    y = b.node("QuantizeLinear", tensor, step, b.constant(zeros, carrier), axis=along)
    if clips and b.opset >= 12:
        y = b.node("Clip", y, b.constant(lo, carrier), b.constant(hi, carrier))
    return b.node("DequantizeLinear", y, step, b.constant(zeros, carrier), axis=along)


ACTIVATIONS: dict[str, Emit] = {
    "Quant": _quant("Quant"),
    "IntQuant": _quant("IntQuant"),
    "BipolarQuant": _bipolar,
    "Trunc": _trunc,
    "MultiThreshold": _multithreshold,
    "Sign": _sign,
    "Where": _where,
    "Round": _round,
    "QuantizeLinear": _quantize_linear,
}
