# SPDX-License-Identifier: Apache-2.0
"""Matrix products: `MatMul` and `Gemm` (ONNX)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import FLOAT32, Op, TensorType, Value

from .shapes import broadcast, integer_type, present

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qonnx.core.datatype import BaseDataType

__all__ = ["Gemm", "MatMul", "dot_bounds"]


def dot_bounds(
    weights: NDArray[np.generic], low: int, high: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Exact bounds of x·W per column for integer x with low ≤ x ≤ high.

    Args:
        weights: (MW, MH) integers in any carrier.
        low: Smallest input.
        high: Largest input.

    Returns:
        The smallest and the largest dot product of each column, (MH,) each.
    """
    positive = np.maximum(weights, 0).sum(axis=0, dtype=np.float64).astype(np.int64)
    negative = np.minimum(weights, 0).sum(axis=0, dtype=np.float64).astype(np.int64)
    return positive * low + negative * high, positive * high + negative * low


def _dot_type(x: Value, weights: Value) -> BaseDataType:
    if weights.const is None or not (x.datatype.is_integer() and weights.datatype.is_integer()):
        return FLOAT32
    low, high = dot_bounds(weights.const, int(x.datatype.min()), int(x.datatype.max()))
    return integer_type(int(low.min()), int(high.max()))


@dataclass(frozen=True)
class MatMul(Op):
    """Matrix product x·W (ONNX `MatMul`).

    An integer product (both datatypes integer, W constant) has the narrowest datatype that holds its
    exact bounds. Its carriers must be exact; `transforms.streamline` casts to float64 where they are not.
    """

    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(..., K) × (..., K, N) → (..., N)."""
        x, w = present(inputs[0], "A"), present(inputs[1], "B")
        if len(x.shape) < 1 or len(w.shape) < 1 or x.shape[-1] != w.shape[-2 if len(w.shape) > 1 else 0]:
            raise IRError(f"MatMul shapes must agree, are {list(x.shape)} and {list(w.shape)}")
        batch = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
        rows = x.shape[-2:-1]
        columns = w.shape[-1:] if len(w.shape) > 1 else ()
        shape = (*(int(d) for d in batch), *rows, *columns)
        datatype = _dot_type(x, w) if len(w.shape) == 2 else FLOAT32
        return (TensorType(shape, datatype, x.carrier),)


@dataclass(frozen=True)
class Gemm(Op):
    """alpha·A'·B' + beta·C (ONNX `Gemm`)."""

    alpha: float = 1.0
    beta: float = 1.0
    transA: bool = False
    transB: bool = False
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(M, K) × (K, N) + (M, N) → (M, N)."""
        a, b = present(inputs[0], "A"), present(inputs[1], "B")
        if len(a.shape) != 2 or len(b.shape) != 2:
            raise IRError(f"Gemm inputs must have two axes, are {list(a.shape)} and {list(b.shape)}")
        rows, inner = a.shape[::-1] if self.transA else a.shape
        other, columns = b.shape[::-1] if self.transB else b.shape
        if inner != other:
            raise IRError(f"Gemm shapes must agree, are {list(a.shape)} and {list(b.shape)}")
        c = inputs[2] if len(inputs) > 2 else None
        if c is not None and np.broadcast_shapes((rows, columns), c.shape) != (rows, columns):
            broadcast(c)
            raise IRError(f"Gemm input C must broadcast to {[rows, columns]}, is {list(c.shape)}")
        return (TensorType.of((rows, columns), FLOAT32, a.carrier),)
