# SPDX-License-Identifier: Apache-2.0
"""Elementwise operators: monotone ones before a quantizer, scalar affine ones after it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .builder import FORMS, Builder, Signal
from .numerics import spread, width

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Draw = Callable[[Builder, Signal], Signal]

EPSILON = 1e-5


def apply_chain(b: Builder, x: Signal, operators: tuple[str, ...], kind: str) -> Signal:
    """Applies the operators in order.

    A sum that is not exact first gets generic offsets, so that no later threshold lies on its lattice.

    Args:
        b: Where to write.
        x: Shape (C,).
        operators: Names from `tables.ELEMENTWISE`.
        kind: Kind of the datatype of the quantizer that follows, for the coverage.
    """
    if not x.is_exact:
        b.cell("Add", kind)
        x = add_offsets(b, x)
    for operator in operators:
        b.cell(operator, kind)
        x = CHAIN[operator](b, x)
        if b.chance(0.1):
            x = pass_through(b, x)
    return _live(b, x, kind)


def _live(b: Builder, x: Signal, kind: str) -> Signal:
    """Moves most tensors whose channels would nearly all be quantized to constants, but leaves some."""
    middle, deviation = np.median(x.probe, axis=0), x.probe.std(axis=0)
    if kind == "UINT":
        dead = (middle < -0.5 * deviation) | (middle > 2 * deviation)
    else:
        dead = np.abs(middle) > 0.8 * deviation
    if dead.mean() < 0.4 or b.chance(0.15):
        return x
    b.cell("Add", kind)
    noise = b.rng.normal(size=x.shape) * 0.3 + (0.7 if kind == "UINT" else 0)
    offset = (noise * (deviation + 0.05 * spread(x.probe)) - middle).astype(np.float32)
    return x.then(b.node("Add", x.name, b.constant(offset)), x.probe + offset)


def add_offsets(b: Builder, x: Signal) -> Signal:
    """Adds a generic float to every channel."""
    offset = (b.rng.normal(size=x.shape) * 0.4 * width(x.probe)).astype(np.float32)
    return x.then(b.node("Add", x.name, b.constant(offset)), x.probe + offset, is_exact=True)


def pass_through(b: Builder, x: Signal) -> Signal:
    """An operator that does nothing at inference."""
    operator = b.pick(("Identity", "Dropout"))
    b.cell(operator)
    return x.then(b.node(operator, x.name), x.probe, levels=x.levels)


def change_shape(b: Builder, x: Signal) -> Signal:
    """Gives a vector another shape and its own back, as exporters leave it between layers; mostly nothing."""
    if not b.chance(0.2):
        return x
    b.cell("shape changed between layers")
    if b.chance(0.5):
        shaped = b.node("Reshape", x.name, b.constant([0, 1, -1], np.int64))
        return x.then(b.node("Flatten", shaped), x.probe, levels=x.levels)
    if b.opset < 13:
        shaped = b.node("Unsqueeze", x.name, axes=[2])
        return x.then(b.node("Squeeze", shaped, axes=[2]), x.probe, levels=x.levels)
    axes = b.constant([2], np.int64)
    return x.then(b.node("Squeeze", b.node("Unsqueeze", x.name, axes), axes), x.probe, levels=x.levels)


def batch_norm(b: Builder, x: Signal, *, tiny: float = 0.06) -> Signal:
    """Batch norm with negative gammas, gammas of zero and a share of tiny variances among its channels."""
    rng, c = b.rng, x.channels
    gamma = rng.uniform(0.3, 1.5, c)
    gamma[rng.random(c) < 0.2] *= -1
    gamma[rng.random(c) < 0.06] = 0
    mean = x.probe.mean(axis=0) + rng.normal(size=c) * 0.4 * (x.probe.std(axis=0) + 1e-3)
    var = (x.probe.var(axis=0) + (0.02 * mean) ** 2 + 1e-3) * rng.uniform(0.5, 2, c)
    var[rng.random(c) < tiny] = 1e-9
    beta = rng.normal(size=c) * 0.5
    params = [np.asarray(p, np.float32) for p in (gamma, beta, mean, var)]
    for label, present in (
        ("negative gamma", gamma < 0),
        ("zero gamma", gamma == 0),
        ("tiny variance", var < 1e-8),
    ):
        if present.any():
            b.cell(f"BatchNormalization with {label}")
    name = b.node(
        "BatchNormalization",
        x.name,
        *(b.constant(p) for p in params),
        epsilon=EPSILON,
        momentum=b.pick((0.9, 1.0)),
        training_mode=0 if b.opset >= 14 and b.chance(0.3) else None,
    )
    return x.then(name, (x.probe - mean) / np.sqrt(var + EPSILON) * gamma + beta)


def _clip(b: Builder, x: Signal) -> Signal:
    reach = spread(x.probe)
    lo, hi = b.pick(((-1.0, 1.0), (0.0, 1.0), (-reach * 0.7, reach * 0.8), (0.0, reach * 0.6), (None, reach)))
    if b.opset < 11:
        name = b.node("Clip", x.name, min=lo, max=hi)
    else:
        lo = -2 * reach if lo is None else lo
        name = b.node("Clip", x.name, b.constant(lo), b.constant(hi))
    return x.then(name, np.clip(x.probe, -np.inf if lo is None else lo, hi))


def _centred(b: Builder, x: Signal) -> Signal:
    """Brings accumulators of tens or hundreds to where sigmoids are not flat, mostly."""
    if spread(x.probe) > 4 and b.chance(0.8):
        factor = np.float32(b.rng.uniform(1, 3) / spread(x.probe))
        return x.then(b.node("Mul", x.name, b.constant(factor)), x.probe * factor)
    return x


def _unary(operator: str, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Draw:
    def draw(b: Builder, x: Signal) -> Signal:
        x = _centred(b, x) if operator != "Relu" else x
        return x.then(b.node(operator, x.name), function(x.probe))

    return draw


def _limit(operator: str) -> Draw:
    """`Max` or `Min` with a constant."""
    function = {"Max": np.maximum, "Min": np.minimum}[operator]

    def draw(b: Builder, x: Signal) -> Signal:
        operand, array = _operand(b, x, b.rng.normal(size=x.channels) * width(x.probe) + x.probe.mean(axis=0))
        inputs = (x.name, operand) if b.chance(0.7) else (operand, x.name)
        return x.then(b.node(operator, *inputs), function(x.probe, array))

    return draw


def _prelu(b: Builder, x: Signal) -> Signal:
    slopes = b.rng.uniform(0, 1.2, x.channels if b.chance(0.5) else 1).astype(np.float32)
    return x.then(
        b.node("PRelu", x.name, b.constant(slopes)), np.where(x.probe < 0, slopes * x.probe, x.probe)
    )


def _erf(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vectorize(math.erf)(values)


def _selu(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0507 * np.where(values < 0, 1.67326 * np.expm1(np.minimum(values, 0)), values)


def _leaky(b: Builder, x: Signal) -> Signal:
    alpha = b.pick((0.01, 0.125, 0.3))
    return x.then(b.node("LeakyRelu", x.name, alpha=alpha), np.where(x.probe < 0, alpha * x.probe, x.probe))


def _elu(b: Builder, x: Signal) -> Signal:
    alpha = b.pick((None, 0.5, 1.7))
    x = _centred(b, x)
    low = (alpha or 1.0) * np.expm1(np.minimum(x.probe, 0))
    return x.then(b.node("Elu", x.name, alpha=alpha), np.where(x.probe < 0, low, x.probe))


def _operand(b: Builder, x: Signal, values: NDArray[np.float64]) -> tuple[str, NDArray[np.float32]]:
    """A constant operand: one number in one of its shapes, or one a channel; seldom computed by nodes."""
    if x.channels > 1 and b.chance(0.5):
        array = values.astype(np.float32)
        b.cell("operand a channel")
        return b.constant(array if b.chance(0.5) else array[None]), array
    b.cell("scalar operand")
    array = values[0].astype(np.float32)
    if b.chance(0.4) and array > 0:
        b.cell("constant subgraph")
        return b.node("Pow", b.constant(array), b.constant(0.5)), np.sqrt(array)
    return b.constant(array if b.chance(0.5) else array.reshape(b.pick(((1,), (1, 1))))), array


def _multiply(b: Builder, x: Signal) -> Signal:
    values = b.rng.uniform(0.3, 2, x.channels) * np.where(b.rng.random(x.channels) < 0.1, -1, 1)
    operand, array = _operand(b, x, values)
    inputs = (x.name, operand) if b.chance(0.7) else (operand, x.name)
    return x.then(b.node("Mul", *inputs), x.probe * array)


def _divide(b: Builder, x: Signal) -> Signal:
    values = b.rng.uniform(0.5, 3, x.channels) * np.where(b.rng.random(x.channels) < 0.1, -1, 1)
    operand, array = _operand(b, x, values)
    return x.then(b.node("Div", x.name, operand), x.probe / array)


def _add(b: Builder, x: Signal) -> Signal:
    operand, array = _operand(b, x, b.rng.normal(size=x.channels) * 0.6 * width(x.probe))
    inputs = (x.name, operand) if b.chance(0.7) else (operand, x.name)
    return x.then(b.node("Add", *inputs), x.probe + array)


def _subtract(b: Builder, x: Signal) -> Signal:
    operand, array = _operand(b, x, b.rng.normal(size=x.channels) * 0.6 * width(x.probe))
    if b.chance(0.4):
        b.cell("Sub from a constant")
        return x.then(b.node("Sub", operand, x.name), array - x.probe)
    return x.then(b.node("Sub", x.name, operand), x.probe - array)


CHAIN: dict[str, Draw] = {
    "BatchNormalization": batch_norm,
    "Clip": _clip,
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "Mul": _multiply,
    "Div": _divide,
    "Add": _add,
    "Sub": _subtract,
    "Relu": _unary("Relu", lambda v: np.maximum(v, 0)),
    "Sigmoid": _unary("Sigmoid", lambda v: 1 / (1 + np.exp(-np.clip(v, -80, 80)))),
    "HardSigmoid": _unary("HardSigmoid", lambda v: np.clip(0.2 * v + 0.5, 0, 1)),
    "Tanh": _unary("Tanh", np.tanh),
    "Softplus": _unary("Softplus", lambda v: np.logaddexp(v, 0)),
    "Neg": _unary("Neg", np.negative),
    "Max": _limit("Max"),
    "Min": _limit("Min"),
    "PRelu": _prelu,
    "Selu": _unary("Selu", _selu),
    "Erf": _unary("Erf", _erf),
    "Softsign": _unary("Softsign", lambda v: v / (1 + np.abs(v))),
}


def scalar_chain(b: Builder, x: Signal) -> Signal:
    """None, one or two scalar affine operators on a quantized tensor; its levels follow in float32."""
    for _ in range(b.pick((0, 0, 0, 1, 2))):
        operator = b.pick(("Mul", "Add", "Sub", "Div", "Neg"))
        b.cell(f"{operator} after a quantizer")
        if operator == "Neg":
            levels = None if x.levels is None else -x.levels
            x = x.then(b.node("Neg", x.name), -x.probe, levels=levels)
            continue
        whole = b.pick((0.25, 0.5, 1.0, 2.0, 3.0) if operator != "Div" else (0.25, 0.5, 2.0))
        operand = np.float32(whole if b.chance(0.6 if b.forms == FORMS else 1) else b.rng.uniform(0.3, 2.5))
        if operator in ("Mul", "Div") and b.chance(0.15):
            operand = -operand
        function = {"Mul": np.multiply, "Add": np.add, "Sub": np.subtract, "Div": np.divide}[operator]
        levels = None if x.levels is None else np.asarray(function(x.levels, operand), np.float32)
        x = x.then(b.node(operator, x.name, b.constant(operand)), function(x.probe, operand), levels=levels)
    return x
