# SPDX-License-Identifier: Apache-2.0
"""Convolution, pooling and padding (ONNX), channels first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value

from .movement import constant_ints
from .shapes import present

__all__ = ["AveragePool", "Conv", "GlobalAveragePool", "GlobalMaxPool", "MaxPool", "Pad"]


@dataclass(frozen=True)
class _Window(Op):
    """What convolution and pooling share: a window that moves over the spatial axes."""

    op_type: ClassVar[str] = ""
    domain: ClassVar[str] = ""

    auto_pad: str = "NOTSET"
    dilations: tuple[int, ...] | None = None
    kernel_shape: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None

    def _spatial(self, sizes: Sequence[int], kernel: Sequence[int], ceil: bool = False) -> tuple[int, ...]:
        rank = len(sizes)
        strides, dilations = self.strides or (1,) * rank, self.dilations or (1,) * rank
        pads = self.pads or (0,) * (2 * rank)
        if not len(kernel) == len(strides) == len(dilations) == len(pads) // 2 == rank:
            raise IRError(f"{self.op_type} attributes must fit {rank} spatial axes, are {self!r}")
        if self.auto_pad.startswith("SAME"):
            return tuple(-(-size // stride) for size, stride in zip(sizes, strides, strict=True))
        result = []
        for axis, size in enumerate(sizes):
            padded = size if self.auto_pad == "VALID" else size + pads[axis] + pads[axis + rank]
            room = padded - (dilations[axis] * (kernel[axis] - 1) + 1)
            if room < 0:
                raise IRError(f"{self.op_type} kernel must fit into {padded} pixels, is {list(kernel)}")
            steps = -(-room // strides[axis]) if ceil else room // strides[axis]
            if ceil and steps * strides[axis] >= size + pads[axis]:
                steps -= 1  # a window that starts in the padding behind the image is dropped
            result.append(steps + 1)
        return tuple(result)


@dataclass(frozen=True)
class Conv(_Window):
    """Convolution (ONNX `Conv`); inputs x (N, C, …), weights (M, C/group, …), bias (M,) or absent."""

    group: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, M, …)."""
        x, w = present(inputs[0], "X"), present(inputs[1] if len(inputs) > 1 else None, "W")
        kernel = w.shape[2:]
        if len(x.shape) != len(w.shape) or x.shape[1] != w.shape[1] * self.group or w.shape[0] % self.group:
            found = f"{list(x.shape)} and {list(w.shape)} in {self.group} groups"
            raise IRError(f"Conv shapes must agree, are {found}")
        if self.kernel_shape is not None and self.kernel_shape != kernel:
            raise IRError(f"Conv kernel_shape must be {list(kernel)}, is {list(self.kernel_shape)}")
        shape = (x.shape[0], w.shape[0], *self._spatial(x.shape[2:], kernel))
        return (TensorType.of(shape, carrier=x.carrier),)


@dataclass(frozen=True)
class _Pool(_Window):
    op_type: ClassVar[str] = ""

    ceil_mode: bool = False

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, C, …)."""
        x = present(inputs[0], "X")
        if self.kernel_shape is None:
            raise IRError(f"{self.op_type} kernel_shape must be given, is absent")
        spatial = self._spatial(x.shape[2:], self.kernel_shape, self.ceil_mode)
        return (TensorType.of((*x.shape[:2], *spatial), carrier=x.carrier),)


@dataclass(frozen=True)
class MaxPool(_Pool):
    """The greatest pixel of each window (ONNX `MaxPool`)."""

    storage_order: int = 0


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
class Pad(Op):
    """Adds elements around a tensor (ONNX `Pad`); inputs data, the constant pads, the value or absent."""

    mode: str = "constant"
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Each axis longer by the elements before and after it."""
        x = present(inputs[0], "data")
        pads = constant_ints(inputs[1] if len(inputs) > 1 else None, "pads")
        rank = len(x.shape)
        if len(pads) != 2 * rank:
            raise IRError(f"Pad pads must be two for each of {rank} axes, are {pads}")
        shape = tuple(d + pads[a] + pads[a + rank] for a, d in enumerate(x.shape))
        return (TensorType.of(shape, carrier=x.carrier),)
