# SPDX-License-Identifier: Apache-2.0
"""Layers with weights."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

import numpy as np

from .activations import write_quant
from .builder import Builder, Signal
from .numerics import FLOAT32_DIGITS, bits_of, is_exact_dot, kind_of, round_scale, spread
from .weights import Wanted, make_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .plans import LayerPlan


def fully_connected(b: Builder, x: Signal, plan: LayerPlan, outputs: int) -> Signal:
    """A fully connected layer from shape (C,) to (outputs,), with a bias or without."""
    kind = kind_of(plan.datatype)
    product, _, form = plan.linear.partition("+")
    b.cell(product, kind)
    is_stored_transposed = (product == "Gemm" and form == "transB") or (
        product == "MatMul" and form == "Transpose"
    )
    shape, axis = ((outputs, x.channels), 0) if is_stored_transposed else ((x.channels, outputs), 1)
    name, stored = make_weights(b, plan.weights, Wanted(shape, axis, plan.datatype))
    weights = stored.T if is_stored_transposed else stored
    if form == "Transpose":
        b.cell("Transpose", kind)
        name = b.node("Transpose", name, perm=[1, 0] if b.chance(0.7) else None)
    y = x.then(
        "",
        x.probe @ weights.astype(np.float64),
        shape=(outputs,),
        is_exact=is_exact_dot(x.levels, weights),
    )
    if not y.is_exact:
        b.noise = max(b.noise, 2.0 ** (product_bits(x.bits, plan, x.channels) - FLOAT32_DIGITS))
    if product == "Gemm":
        b.cell(f"Gemm with transB={int(form != '')}")
        return _gemm(b, x, y, name, is_transposed=form != "")
    y = y.then(b.node("MatMul", x.name, name), y.probe)
    if b.chance(0.3):
        b.cell("bias by Add")
        bias = _bias_values(b, y)
        inputs = (y.name, _bias(b, bias)) if b.chance(0.7) else (_bias(b, bias), y.name)
        y = y.then(b.node("Add", *inputs), y.probe + bias)
    return y


def product_bits(bits: int, plan: LayerPlan, inputs: int) -> int:
    """Bits of the largest sum of a layer of `inputs` inputs of `bits` bits, in integers."""
    return bits + bits_of(plan.datatype) + ceil(log2(inputs))


def _bias_values(b: Builder, y: Signal) -> NDArray[np.float32]:
    return (b.rng.normal(size=y.shape) * 0.4 * spread(y.probe)).astype(np.float32)


def _bias(b: Builder, values: NDArray[np.float32]) -> str:
    """A bias as the dialect has it: floats, or quantized ones, to which `values` is changed."""
    scale = round_scale(b.rng, float(np.abs(values).max()) / 900, b.pick(("power of two", "any float")))
    integers = np.rint(values / scale)
    if b.dialect == "qcdq" and b.chance(0.6):
        b.cell("bias by DequantizeLinear of int32")
        values[...] = integers.astype(np.float32) * scale
        inputs = [b.constant(integers, np.int32), b.constant(scale)]
        if b.chance(0.5):
            inputs.append(b.constant(0, np.int32))
        return b.node("DequantizeLinear", *inputs)
    if b.dialect.startswith("qonnx") and b.chance(0.3):
        b.cell("bias by Quant")
        latent = values.copy()
        values[...] = np.clip(integers, -128, 127).astype(np.float32) * scale
        return write_quant(
            b, "Quant", b.constant(latent), np.asarray(scale), 0, "INT8", narrow=False, rounding="ROUND"
        )
    return b.constant(values)


def _gemm(b: Builder, x: Signal, y: Signal, weights: str, *, is_transposed: bool) -> Signal:
    """`Gemm`; with an alpha that is no power of two its sum may be rounded twice or once."""
    alpha = b.pick((None, 1.0, 1.0, 0.5, 2.0, 0.3))
    beta = b.pick((None, 1.0, 1.0, 0.5, 2.0))
    probe = y.probe * (alpha or 1.0)
    inputs = [x.name, weights]
    if b.opset < 11 or b.chance(0.5):
        b.cell("Gemm with a bias")
        bias = _bias_values(b, y)
        operand = bias if b.chance(0.8) else bias[:1]
        inputs.append(_bias(b, operand))
        probe = probe + (beta or 1.0) * operand
    if alpha not in (None, 1.0):
        b.cell("Gemm with an alpha")
    name = b.node("Gemm", *inputs, alpha=alpha, beta=beta, transB=int(is_transposed))
    return y.then(name, probe, is_exact=y.is_exact and alpha != 0.3)
