# SPDX-License-Identifier: Apache-2.0
"""Integers to the reals they stand for: `Affine` (a view's scale and offset) and `Normalize` (raw inputs)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from finnlite.ir import FLOAT32, Graph, Op, TensorType, Value

from .elementwise import Add, Div, Mul, Sub
from .movement import cast_to
from .shapes import broadcast, constant, present

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Affine", "Normalize"]


def _double(graph: Graph, value: Value) -> Value:
    return value if value.carrier == np.float64 else graph.add(cast_to(np.float64), value)


@dataclass(frozen=True)
class Affine(Op):
    """y = float32(q·scale + offset), computed in float64: the reals that integers stand for.

    Inputs: q (integers), scale, offset (float64 constants that broadcast to q; offset may be absent).
    """

    elementwise: ClassVar[bool] = True
    affine: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32."""
        present(inputs[1], "scale")
        return (TensorType.of(broadcast(*inputs), FLOAT32),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Cast, multiply, add, cast."""
        y = graph.add(Mul(), _double(graph, present(inputs[0], "q")), present(inputs[1], "scale"))
        if len(inputs) > 2 and inputs[2] is not None:
            y = graph.add(Add(), y, inputs[2])
        return graph.add(cast_to(np.float32), y)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scale and offset."""
        offset = inputs[2] if len(inputs) > 2 else None
        return constant(inputs[1]), np.zeros(()) if offset is None else constant(offset)


@dataclass(frozen=True)
class Normalize(Op):
    """x = float32((q·numerator/denominator − mean)/std), computed in float64: a declared raw input.

    Inputs: q (integers), then numerator, denominator, mean, std (float64 constants that broadcast to q).
    The scale is a fraction so that `1/255` is q/255 rounded once.
    """

    elementwise: ClassVar[bool] = True
    affine: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape, FLOAT32."""
        return (TensorType.of(broadcast(*inputs), FLOAT32),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Cast, multiply, divide, subtract, divide, cast."""
        q, numerator, denominator, mean, std = (present(v, "constant") for v in inputs)
        y = graph.add(Div(), graph.add(Mul(), _double(graph, q), numerator), denominator)
        y = graph.add(Div(), graph.add(Sub(), y, mean), std)
        return graph.add(cast_to(np.float32), y)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scale over std and mean over std."""
        numerator, denominator, mean, std = (constant(value) for value in inputs[1:5])
        return numerator / denominator / std, -mean / std
