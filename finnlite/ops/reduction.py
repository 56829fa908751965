# SPDX-License-Identifier: Apache-2.0
"""Sums and means over axes (ONNX), and the weighted sum of two integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import OWN_DOMAIN, Graph, Op, TensorType, Value, datatype_of

from .elementwise import Add, Mul
from .movement import constant_ints
from .shapes import integer_type, present

__all__ = ["IntegerAdd", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"]


def _reduced(op: str, x: Value, axes: Sequence[int], keepdims: bool) -> tuple[TensorType, ...]:
    rank = len(x.shape)
    if any(not -rank <= axis < rank for axis in axes):
        raise IRError(f"{op} axes must be among {rank} axes, are {list(axes)}")
    gone = {axis % rank for axis in axes} if axes else set(range(rank))
    if keepdims:
        shape = tuple(1 if axis in gone else d for axis, d in enumerate(x.shape))
    else:
        shape = tuple(d for axis, d in enumerate(x.shape) if axis not in gone)
    return (TensorType.of(shape, carrier=x.carrier),)


@dataclass(frozen=True)
class ReduceSum(Op):
    """Σ x over the axes that the second input lists (ONNX `ReduceSum`); absent for all."""

    keepdims: bool = True
    noop_with_empty_axes: bool = False
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape with the axes 1 or gone."""
        x = present(inputs[0], "data")
        axes = constant_ints(inputs[1], "axes") if len(inputs) > 1 else []
        if not axes and self.noop_with_empty_axes:
            return (x.type,)
        return _reduced(self.op_type, x, axes, self.keepdims)


@dataclass(frozen=True)
class _Reduce(Op):
    op_type: ClassVar[str] = ""

    axes: tuple[int, ...] | None = None
    keepdims: bool = True
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape with the axes 1 or gone."""
        return _reduced(self.op_type, present(inputs[0], "data"), self.axes or (), self.keepdims)


class ReduceMean(_Reduce):
    """The mean of x over `axes` (ONNX `ReduceMean`); absent for all."""


class ReduceMax(_Reduce):
    """The greatest x over `axes` (ONNX `ReduceMax`)."""


class ReduceMin(_Reduce):
    """The least x over `axes` (ONNX `ReduceMin`)."""


@dataclass(frozen=True)
class IntegerAdd(Op):
    """y = factor_a · a + factor_b · b of two integer values of one shape: a join of branches."""

    factor_a: int = 1
    factor_b: int = 1
    domain: ClassVar[str] = OWN_DOMAIN

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape, and the narrowest datatype that holds every sum."""
        a, b = present(inputs[0], "a"), present(inputs[1] if len(inputs) > 1 else None, "b")
        if a.shape != b.shape or a.carrier != b.carrier:
            found = " and ".join(f"{value.carrier}{list(value.shape)}" for value in (a, b))
            raise IRError(f"IntegerAdd inputs must agree, are {found}")
        if not (a.datatype.is_integer() and b.datatype.is_integer()):
            return (TensorType(a.shape, datatype_of(a.carrier), a.carrier),)
        ends = [
            sorted((factor * int(value.datatype.min()), factor * int(value.datatype.max())))
            for value, factor in ((a, self.factor_a), (b, self.factor_b))
        ]
        low, high = (ends[0][end] + ends[1][end] for end in (0, 1))
        return (TensorType(a.shape, integer_type(low, high), a.carrier),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Multiply and add."""
        scaled = []
        for value, factor in zip(inputs, (self.factor_a, self.factor_b), strict=False):
            x = present(value, "input")
            number = graph.constant(np.asarray(factor, dtype=x.carrier))
            scaled.append(x if factor == 1 else graph.add(Mul(), x, number))
        return graph.add(Add(), *scaled)
