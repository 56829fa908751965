# SPDX-License-Identifier: Apache-2.0
"""Models that must be refused, each for one reason, with the node that the message must name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from .builder import Builder

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

FEATURES, HIDDEN, CLASSES = 31, 13, 5


@dataclass(frozen=True)
class Blocked:
    """A model that finnlite cannot map.

    Attributes:
        kind: What is wrong.
        model: The model; its nodes have names.
        node: Name of the node at which it cannot be mapped.
        runs: Whether an outside executor can run it all the same.
    """

    kind: str
    model: ModelProto = field(repr=False)
    node: str
    runs: bool = True


def blocked_mlp(kind: str, seed: int = 0) -> Blocked:
    """A two-layer perceptron with one defect.

    Args:
        kind: One of `BLOCKED_KINDS`.
        seed: Of its weights.
    """
    b = Builder(np.random.default_rng([seed, 3]), "qonnx-1", 13, naming="numbered")
    x, culprit = BLOCKED_KINDS[kind](_Parts(b))
    info = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, FEATURES])
    output = helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, CLASSES])
    model = b.model([info], [output], "blocked")
    if kind == "unknown operator":
        model.opset_import.append(helper.make_opsetid("com.example", 1))
    return Blocked(kind, model, culprit, runs=kind != "unknown operator")


class _Parts:
    """The parts of a sound perceptron, to be put together with one wrong."""

    def __init__(self, b: Builder) -> None:
        self.b = b

    def last(self) -> str:
        """Name of the node written last."""
        return self.b.nodes[-1].name

    def quant(self, x: str, scale: Any = 0.125, bits: int = 8, *, signed: int = 1) -> str:
        """A quantizer."""
        parameters = (scale, 0, bits)
        tensors = [p if isinstance(p, str) else self.b.constant(p) for p in parameters]
        return self.b.qonnx("Quant", x, *tensors, signed=signed, narrow=0, rounding_mode="ROUND")

    def floats(self, rows: int, columns: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Random weights."""
        return self.b.rng.normal(size=(rows, columns)).astype(np.float32)

    def linear(self, x: str, rows: int, columns: int) -> str:
        """A product with quantized weights."""
        weights = self.quant(self.b.constant(self.floats(rows, columns)), 0.03125)
        return self.b.node("MatMul", x, weights)

    def first(self) -> str:
        """Input quantizer and first product."""
        return self.linear(self.quant("input"), FEATURES, HIDDEN)

    def second(self, x: str, scale: Any = 0.25) -> str:
        """Second quantizer and product."""
        return self.linear(self.quant(x, scale, 4), HIDDEN, CLASSES)


def _unquantized_activation(p: _Parts) -> tuple[str, str]:
    y = p.linear(p.b.node("Relu", p.first()), HIDDEN, CLASSES)
    return y, p.last()


def _float_weights(p: _Parts) -> tuple[str, str]:
    y = p.b.node("MatMul", p.quant("input"), p.b.constant(p.floats(FEATURES, HIDDEN)))
    culprit = p.last()
    return p.second(y), culprit


def _float_input(p: _Parts) -> tuple[str, str]:
    y = p.linear("input", FEATURES, HIDDEN)
    culprit = p.last()
    return p.second(y), culprit


def _weights_only(p: _Parts) -> tuple[str, str]:
    y = p.linear("input", FEATURES, HIDDEN)
    culprit = p.last()
    return p.linear(p.b.node("Relu", y), HIDDEN, CLASSES), culprit


def _unquantized(p: _Parts) -> tuple[str, str]:
    y = p.b.node("MatMul", "input", p.b.constant(p.floats(FEATURES, HIDDEN)))
    culprit = p.last()
    return p.b.node("MatMul", p.b.node("Relu", y), p.b.constant(p.floats(HIDDEN, CLASSES))), culprit


def _unknown_operator(p: _Parts) -> tuple[str, str]:
    y = p.b.node("Fancy", p.first(), domain="com.example")
    culprit = p.last()
    return p.second(y), culprit


def _unsupported_operator(p: _Parts) -> tuple[str, str]:
    y = p.b.node("LpNormalization", p.first(), axis=1, p=2)
    culprit = p.last()
    return p.second(y), culprit


def _non_monotone(p: _Parts) -> tuple[str, str]:
    y = p.b.node("Abs", p.first())
    culprit = p.last()
    return p.second(p.b.node("Sub", y, p.b.constant(2.0))), culprit


def _wrong_scale(value: float) -> Callable[[_Parts], tuple[str, str]]:
    def build(p: _Parts) -> tuple[str, str]:
        y = p.quant(p.first(), value, 4)
        culprit = p.last()
        return p.linear(y, HIDDEN, CLASSES), culprit

    return build


def _wrong_weight(value: float) -> Callable[[_Parts], tuple[str, str]]:
    def build(p: _Parts) -> tuple[str, str]:
        weights = np.ones((FEATURES, HIDDEN), np.float32)
        weights[3, 4] = value
        y = p.b.node("MatMul", p.quant("input"), p.b.constant(weights))
        culprit = p.last()
        return p.second(y), culprit

    return build


def _scale_a_channel(p: _Parts) -> tuple[str, str]:
    scales = p.b.rng.uniform(0.1, 1, HIDDEN).astype(np.float32)
    y = p.second(p.first(), scales)
    return y, p.last()


def _dynamic_scale(p: _Parts) -> tuple[str, str]:
    x = p.first()
    scale = p.b.node("ReduceMax", x, axes=[1], keepdims=1)
    culprit = p.last()
    y = p.quant(x, p.b.node("Div", scale, p.b.constant(7.0)), 4)
    return p.linear(y, HIDDEN, CLASSES), culprit


BLOCKED_KINDS: dict[str, Callable[[_Parts], tuple[str, str]]] = {
    "unquantized activation": _unquantized_activation,
    "float weights": _float_weights,
    "float input": _float_input,
    "quantized weights only": _weights_only,
    "unquantized model": _unquantized,
    "unknown operator": _unknown_operator,
    "unsupported operator": _unsupported_operator,
    "non-monotone activation with a large domain": _non_monotone,
    "scale of 0": _wrong_scale(0.0),
    "scale of NaN": _wrong_scale(float("nan")),
    "scale of infinity": _wrong_scale(float("inf")),
    "NaN weights": _wrong_weight(float("nan")),
    "infinite weights": _wrong_weight(float("inf")),
    "activation scale a channel before a product": _scale_a_channel,
    "scale that depends on the input": _dynamic_scale,
}
"""What is wrong -> writes the model; gives its output and the node at which it is blocked."""
