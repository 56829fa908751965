# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation at inference (ONNX)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import TensorType, Value

from .elementwise import Elementwise
from .shapes import constant, present

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BatchNormalization"]


@dataclass(frozen=True)
class BatchNormalization(Elementwise, affine=(0,)):
    """y = (x − mean) · scale / √(var + epsilon) + bias per channel of axis 1 (ONNX `BatchNormalization`).

    Inputs: x (N, C, …), then scale, bias, mean and var, (C,) each.
    """

    epsilon: float = float(np.float32(1e-5))
    momentum: float = float(np.float32(0.9))
    training_mode: bool = False

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x.

        Raises:
            IRError: If the node trains, or a parameter is absent or has another number of channels.
        """
        x = present(inputs[0], "X")
        if self.training_mode:
            raise IRError("training_mode must be 0, is 1")
        if len(x.shape) < 2:
            raise IRError(f"BatchNormalization input must have at least two axes, is {list(x.shape)}")
        for index, role in enumerate(("scale", "B", "mean", "var"), start=1):
            parameter = present(inputs[index] if index < len(inputs) else None, role)
            if parameter.shape != (x.shape[1],):
                found = list(parameter.shape)
                raise IRError(f"BatchNormalization {role} must have shape {[x.shape[1]]}, has {found}")
        var = present(inputs[4], "var").const
        if var is not None and not np.all(np.asarray(var, np.float64) + self.epsilon > 0):
            least = float(np.min(np.asarray(var, np.float64) + self.epsilon))
            raise IRError(f"BatchNormalization var + epsilon must be positive, is {least:g}")
        return (x.type,)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """The factor and the offset of each channel, in the order of onnxruntime's formula."""
        x = present(inputs[0], "X")
        scale, bias, mean, var = (
            constant(value).reshape(-1, *[1] * (len(x.shape) - 2)) for value in inputs[1:5]
        )
        factor = scale * (1.0 / np.sqrt(var + self.epsilon))
        return factor, bias - mean * factor
