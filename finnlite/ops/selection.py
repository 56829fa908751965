# SPDX-License-Identifier: Apache-2.0
"""Operators that pick the largest elements (ONNX): `ArgMax`, `TopK`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value, datatype_of

from .shapes import present

__all__ = ["ArgMax", "TopK"]


def _axis(axis: int, rank: int, operator: str) -> int:
    if not -rank <= axis < rank:
        raise IRError(f"{operator} axis must be from {-rank} to {rank - 1}, is {axis}")
    return axis % rank


@dataclass(frozen=True)
class ArgMax(Op):
    """Index of the largest element along `axis`; the lowest index wins a tie (ONNX `ArgMax`)."""

    axis: int = 0
    keepdims: bool = True
    select_last_index: bool = False
    domain: ClassVar[str] = ""
    host: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x with `axis` 1 or gone; int64."""
        x = present(inputs[0], "data")
        axis = _axis(self.axis, len(x.shape), "ArgMax")
        kept = (1,) if self.keepdims else ()
        return (TensorType.of((*x.shape[:axis], *kept, *x.shape[axis + 1 :]), datatype_of("int64"), "int64"),)


@dataclass(frozen=True)
class TopK(Op):
    """The k largest (or smallest) elements along `axis` and their indices (ONNX `TopK`); k is constant."""

    axis: int = -1
    largest: bool = True
    sorted: bool = True
    domain: ClassVar[str] = ""
    host: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Twice the shape of x with k elements along `axis`: values and int64 indices."""
        x, k = present(inputs[0], "X"), present(inputs[1], "K")
        if k.const is None or k.const.size != 1:
            raise IRError("TopK K must be one constant, is computed")
        axis = _axis(self.axis, len(x.shape), "TopK")
        shape = (*x.shape[:axis], int(k.const.ravel()[0]), *x.shape[axis + 1 :])
        return (
            TensorType(shape, x.datatype, x.carrier),
            TensorType.of(shape, datatype_of("int64"), "int64"),
        )
