# SPDX-License-Identifier: Apache-2.0
"""Operators found after the last layer (ONNX): `Softmax`, `LogSoftmax`. They stay on the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value

from .shapes import present

__all__ = ["LogSoftmax", "Softmax"]


@dataclass(frozen=True)
class _Exponential(Op):
    op_type: ClassVar[str] = ""

    axis: int = -1
    domain: ClassVar[str] = ""
    host: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        x = present(inputs[0], "input")
        if not -len(x.shape) <= self.axis < len(x.shape):
            raise IRError(f"{self.op_type} axis must be one of {len(x.shape)} axes, is {self.axis}")
        return (x.type,)


class Softmax(_Exponential):
    """exp(x) / Σ exp(x) along `axis` (ONNX `Softmax`)."""


class LogSoftmax(_Exponential):
    """log(Softmax(x)) along `axis` (ONNX `LogSoftmax`)."""
