# SPDX-License-Identifier: Apache-2.0
"""Pooling (ONNX, channels first), and the exact sum of each window of integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import OWN_DOMAIN, Graph, Op, TensorType, Value, datatype_of

from .convolution import Conv
from .movement import Reshape
from .reduction import ReduceSum
from .shapes import integer_type, present
from .window import Window, WindowOp, gather_windows, window_index

__all__ = ["AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool", "SumPool"]


@dataclass(frozen=True)
class _Pool(WindowOp):
    op_type: ClassVar[str] = ""

    ceil_mode: bool = False

    def window(self, x: Value) -> Window:
        """The window over x.

        Raises:
            IRError: If attributes, kernel and image do not fit.
        """
        if self.kernel_shape is None:
            raise IRError(f"{self.op_type} kernel_shape must be given, is absent")
        return self.resolve(x.shape[2:], self.kernel_shape, ceil=self.ceil_mode)

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, …)."""
        x = present(inputs[0], "X")
        return (TensorType.of((*x.shape[:2], *self.window(x).output), carrier=x.carrier),)


@dataclass(frozen=True)
class MaxPool(_Pool):
    """The greatest pixel of each window (ONNX `MaxPool`); padding never wins."""

    storage_order: int = 0

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, …) of the datatype of x.

        Raises:
            IRError: If the window does not fit, or one of them lies in the padding alone.
        """
        x = present(inputs[0], "X")
        window = self.window(x)
        if not window.is_filled(x.shape[2:]):
            found = (
                f"kernel {list(window.kernel)} with pads {list(window.pads)} over {list(x.shape[2:])} pixels"
            )
            raise IRError(f"each window of MaxPool must hold a pixel of the image, does not: {found}")
        return (TensorType((*x.shape[:2], *window.output), x.datatype, x.carrier),)


@dataclass(frozen=True)
class AveragePool(_Pool):
    """The mean of each window (ONNX `AveragePool`)."""

    count_include_pad: bool = False

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, …)."""
        if self.dilations is not None:
            raise IRError("AveragePool must not be dilated")
        return super().infer(*inputs)


class _GlobalPool(Op):
    op_type: ClassVar[str] = ""
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, 1, …)."""
        x = present(inputs[0], "X")
        shape = (*x.shape[:2], *[1] * (len(x.shape) - 2))
        return (TensorType.of(shape, carrier=x.carrier),)


class GlobalAveragePool(_GlobalPool):
    """The mean of all pixels of each channel (ONNX `GlobalAveragePool`)."""


class GlobalMaxPool(_GlobalPool):
    """The greatest pixel of each channel (ONNX `GlobalMaxPool`)."""


@dataclass(frozen=True)
class SumPool(_Pool):
    """The sum of each window of integers (N, C, …); padding counts as 0."""

    domain: ClassVar[str] = OWN_DOMAIN

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, …) of the narrowest datatype that holds every sum."""
        x = present(inputs[0], "X")
        window = self.window(x)
        datatype = datatype_of(x.carrier)
        if x.datatype.is_integer():
            low, high = window.size * int(x.datatype.min()), window.size * int(x.datatype.max())
            if window.padded:
                low, high = min(low, 0), max(high, 0)
            datatype = integer_type(low, high)
        return (TensorType((*x.shape[:2], *window.output), datatype, x.carrier),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """A sum over the whole image, else a convolution with ones, or a sum of Im2Col in float64."""
        x = present(inputs[0], "X")
        window = self.window(x)
        if window.kernel == x.shape[2:] and not window.padded:
            axes = graph.constant(np.arange(2, len(x.shape), dtype=np.int64))
            return graph.add(ReduceSum(), x, axes)
        if x.carrier == np.float32:
            ones = graph.constant(np.ones((x.shape[1], 1, *window.kernel), dtype=np.float32))
            conv = Conv("NOTSET", window.dilations, window.kernel, window.pads, window.strides, x.shape[1])
            return graph.add(conv, x, ones)
        places = gather_windows(graph, x, window_index(x.shape[2:], window))
        y = graph.add(ReduceSum(keepdims=False), places, graph.constant(np.array([3], dtype=np.int64)))
        target = np.array([0, x.shape[1], *window.output], dtype=np.int64)
        return graph.add(Reshape(), y, graph.constant(target))
