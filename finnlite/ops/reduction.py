# SPDX-License-Identifier: Apache-2.0
"""Sums and means over axes (ONNX)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value

from .movement import constant_ints
from .shapes import present

__all__ = ["ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"]


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
