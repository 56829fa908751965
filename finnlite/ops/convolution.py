# SPDX-License-Identifier: Apache-2.0
"""Convolution and transposed convolution (ONNX), channels first.

On integers (both datatypes integer, weights constant) the result has the narrowest datatype that holds its
exact bounds. onnxruntime convolves in float32 only; the `Wide` forms hold sums of 2²⁴ and more in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import OWN_DOMAIN, Graph, TensorType, Value, datatype_of

from .linear import MatMul, dot_bounds
from .movement import Reshape, Transpose
from .shapes import integer_type, present
from .window import Window, WindowOp, gather_windows, scatter_index, window_index

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qonnx.core.datatype import BaseDataType

__all__ = ["Conv", "ConvTranspose", "WideConv", "WideConvTranspose"]

Bounds = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def _product_type(x: Value, w: Value, bounds: Bounds | None) -> BaseDataType:
    if bounds is None or not (x.datatype.is_integer() and w.datatype.is_integer()):
        return datatype_of(x.carrier)
    return integer_type(int(bounds[0].min()), int(bounds[1].max()))


@dataclass(frozen=True)
class Conv(WindowOp):
    """Convolution (ONNX `Conv`); inputs x (N, C, …), weights (M, C/group, …), bias (M,) or absent."""

    group: int = 1

    def window(self, x: Value, w: Value) -> Window:
        """The window over x.

        Raises:
            IRError: If attributes, kernel and image do not fit.
        """
        return self.resolve(x.shape[2:], w.shape[2:])

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, M, …)."""
        x, w = present(inputs[0], "X"), present(inputs[1] if len(inputs) > 1 else None, "W")
        kernel = w.shape[2:]
        if len(x.shape) != len(w.shape) or x.shape[1] != w.shape[1] * self.group or w.shape[0] % self.group:
            found = f"{list(x.shape)} and {list(w.shape)} in {self.group} groups"
            raise IRError(f"Conv shapes must agree, are {found}")
        if self.kernel_shape is not None and self.kernel_shape != kernel:
            raise IRError(f"Conv kernel_shape must be {list(kernel)}, is {list(self.kernel_shape)}")
        window = self.window(x, w)
        bounds = None
        if w.const is not None and x.datatype.is_integer() and w.datatype.is_integer():
            bounds = self.bounds(w.const, window, int(x.datatype.min()), int(x.datatype.max()))
        shape = (x.shape[0], w.shape[0], *window.output)
        return (TensorType(shape, _product_type(x, w, bounds), x.carrier),)

    def bounds(self, weights: NDArray[np.generic], window: Window, low: int, high: int) -> Bounds:
        """Exact bounds of each output channel for integers from `low` to `high`, and 0 in the padding.

        Args:
            weights: (M, C/group, …) integers in any carrier.
            window: The window.
            low: Smallest input.
            high: Largest input.

        Returns:
            The smallest and the largest sum of each channel, (M,) each.
        """
        if window.padded:
            low, high = min(low, 0), max(high, 0)
        return dot_bounds(weights.reshape(len(weights), -1).T, low, high)


@dataclass(frozen=True)
class ConvTranspose(WindowOp):
    """Transposed convolution (ONNX `ConvTranspose`); inputs x (N, C, …), weights (C, M/group, …), bias."""

    group: int = 1
    output_padding: tuple[int, ...] | None = None
    output_shape: tuple[int, ...] | None = None

    def window(self, x: Value, w: Value) -> Window:
        """The window, its pads cut off the result.

        Raises:
            IRError: If attributes, kernel and image do not fit.
        """
        sizes, rank = x.shape[2:], len(x.shape) - 2
        window = self.attributes(rank, w.shape[2:])
        extra = self.output_padding or (0,) * rank
        if len(extra) != rank:
            raise IRError(f"ConvTranspose output_padding must fit {rank} axes, is {list(extra)}")
        if any(
            not 0 <= e < max(s, d) for e, s, d in zip(extra, window.strides, window.dilations, strict=True)
        ):
            raise IRError(
                f"ConvTranspose output_padding must be from 0 to below stride or dilation, is {list(extra)}"
            )
        full = [
            s * (size - 1) + e + d * (k - 1) + 1
            for size, s, e, d, k in zip(
                sizes, window.strides, extra, window.dilations, window.kernel, strict=True
            )
        ]
        wanted: tuple[int, ...] | None = None
        if self.output_shape is not None:
            wanted = self.output_shape[-rank:]
        elif self.auto_pad.startswith("SAME"):
            wanted = tuple(size * s for size, s in zip(sizes, window.strides, strict=True))
        if wanted is not None:
            total = [max(f - w_, 0) for f, w_ in zip(full, wanted, strict=True)]
            less, more = [t // 2 for t in total], [t - t // 2 for t in total]
            first, last = (less, more) if self.auto_pad == "SAME_UPPER" else (more, less)
            return window._replace(pads=(*first, *last), output=wanted)
        pads = (0,) * (2 * rank) if self.auto_pad == "VALID" else window.pads
        output = tuple(f - pads[a] - pads[a + rank] for a, f in enumerate(full))
        if min(output) < 1:
            raise IRError(f"ConvTranspose must leave pixels, leaves {list(output)}")
        return window._replace(pads=pads, output=output)

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(N, M, …)."""
        x, w = present(inputs[0], "X"), present(inputs[1] if len(inputs) > 1 else None, "W")
        channels = x.shape[1] if len(x.shape) > 1 else 0
        if len(x.shape) != len(w.shape) or channels != w.shape[0] or self.group < 1 or channels % self.group:
            found = f"{list(x.shape)} and {list(w.shape)} in {self.group} groups"
            raise IRError(f"ConvTranspose shapes must agree, are {found}")
        if self.kernel_shape is not None and self.kernel_shape != w.shape[2:]:
            found = str(list(self.kernel_shape))
            raise IRError(f"ConvTranspose kernel_shape must be {list(w.shape[2:])}, is {found}")
        window = self.window(x, w)
        bounds = None
        if w.const is not None and x.datatype.is_integer() and w.datatype.is_integer():
            bounds = self.bounds(w.const, window, int(x.datatype.min()), int(x.datatype.max()))
        shape = (x.shape[0], w.shape[1] * self.group, *window.output)
        return (TensorType(shape, _product_type(x, w, bounds), x.carrier),)

    def rows(self, weights: NDArray[np.generic]) -> NDArray[np.generic]:
        """The weights by output channel: (M, C/group, …)."""
        parts = np.split(weights, self.group, axis=0)
        return np.concatenate([np.swapaxes(part, 0, 1) for part in parts])

    def bounds(self, weights: NDArray[np.generic], window: Window, low: int, high: int) -> Bounds:
        """Bounds of each output channel for integers from `low` to `high`.

        A pixel sums those places of the kernel that its phase meets, or at the rim some of them.
        """
        low, high = min(low, 0), max(high, 0)
        rows = self.rows(weights)
        phases = np.zeros(rows.shape[2:], dtype=np.int64)
        for axis, (size, stride) in enumerate(zip(window.kernel, window.strides, strict=True)):
            phase = np.arange(size) * window.dilations[axis] % stride
            phases = phases * stride + phase.reshape(-1, *[1] * (len(window.kernel) - axis - 1))
        found = [
            dot_bounds(rows[:, :, phases == phase].reshape(len(rows), -1).T, low, high)
            for phase in np.unique(phases)
        ]
        lows, highs = zip(*found, strict=True)
        return np.minimum(np.min(lows, axis=0), 0), np.maximum(np.max(highs, axis=0), 0)


def _expand_product(
    graph: Graph, x: Value, rows: NDArray[np.generic], index: NDArray[np.int64], window: Window, group: int
) -> Value:
    """Writes Im2Col and `MatMul`, which every carrier has."""
    outputs, inputs, places = len(rows), x.shape[1], window.size
    dense = np.zeros((inputs, places, outputs), dtype=rows.dtype)
    for number, part in enumerate(np.split(rows.reshape(outputs, inputs // group, places), group)):
        columns = slice(number * outputs // group, (number + 1) * outputs // group)
        dense[number * inputs // group : (number + 1) * inputs // group, :, columns] = part.transpose(1, 2, 0)
    y = graph.add(Transpose(perm=(0, 2, 1, 3)), gather_windows(graph, x, index))
    target = np.array([0, len(index), inputs * places], dtype=np.int64)
    y = graph.add(Reshape(), y, graph.constant(target))
    y = graph.add(MatMul(), y, graph.constant(dense.reshape(inputs * places, outputs)))
    y = graph.add(Transpose(perm=(0, 2, 1)), y)
    return graph.add(Reshape(), y, graph.constant(np.array([0, outputs, *window.output], dtype=np.int64)))


def _constant(value: Value | None) -> NDArray[np.generic]:
    weights = present(value, "W")
    if weights.const is None:
        raise IRError("input W must be constant, is computed")
    return weights.const


@dataclass(frozen=True)
class WideConv(Conv):
    """`Conv` of integers in float64; inputs x, constant weights."""

    domain: ClassVar[str] = OWN_DOMAIN
    op_type: ClassVar[str] = "Conv"

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Im2Col and `MatMul`."""
        x, w = present(inputs[0], "X"), present(inputs[1], "W")
        window = self.window(x, w)
        index = window_index(x.shape[2:], window)
        return _expand_product(graph, x, _constant(w), index, window, self.group)


@dataclass(frozen=True)
class WideConvTranspose(ConvTranspose):
    """`ConvTranspose` of integers in float64; inputs x, constant weights."""

    domain: ClassVar[str] = OWN_DOMAIN
    op_type: ClassVar[str] = "ConvTranspose"

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Im2Col of what reaches each output pixel, and `MatMul`."""
        x, w = present(inputs[0], "X"), present(inputs[1], "W")
        window = self.window(x, w)
        index = scatter_index(x.shape[2:], window)
        return _expand_product(graph, x, self.rows(_constant(w)), index, window, self.group)
