# SPDX-License-Identifier: Apache-2.0
"""What convolutions and pools are lowered to: windows of pixels, and what is done channel by channel.

Each operator has two forms. As `LowerConvs` makes them, images are (1, C, H, W) and the elements of a window
are in the order (C, kh, kw) of the source's weights; `InterleaveChannels` makes images (1, H, W, C) and
windows (kh, kw, C), the order of the streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Op, TensorType, Value, datatype_of

from .elementwise import Mul
from .linear import dot_bounds
from .movement import Reshape, Slice, Transpose
from .padding import padded_type
from .reduction import ReduceMax, ReduceSum
from .shapes import integer_type, present
from .spatial import Pad
from .swu import Sweep, windows

__all__ = ["ChannelMax", "ChannelProduct", "ChannelSum", "Im2Col", "InsertZeros"]


def _image(value: Value | None, *, interleaved: bool) -> tuple[int, int, int]:
    """Channels, height and width.

    Raises:
        IRError: If the value is no image.
    """
    x = present(value, "x")
    if len(x.shape) != 4:
        raise IRError(f"x must be an image of 4 axes, has shape {list(x.shape)}")
    first, second, third = x.shape[1:]
    return (third, first, second) if interleaved else (first, second, third)


def _reshaped(graph: Graph, x: Value, shape: Sequence[int]) -> Value:
    return graph.add(Reshape(), x, graph.constant(np.array([0, *shape], dtype=np.int64)))


@dataclass(frozen=True)
class Im2Col(Op):
    """The windows of an image as rows: (1, C, H, W) → (1, OH, OW, C·kh·kw), no padding.

    Interleaved: (1, H, W, C) → (1, OH, OW, kh·kw·C).
    """

    kernel: tuple[int, ...] = (1, 1)
    strides: tuple[int, ...] = (1, 1)
    dilations: tuple[int, ...] = (1, 1)
    interleaved: bool = False

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A row a window, of the datatype of x."""
        x = present(inputs[0], "x")
        channels, height, width = _image(x, interleaved=self.interleaved)
        for name in ("kernel", "strides", "dilations"):
            entries = getattr(self, name)
            if len(entries) != 2 or min(entries) < 1:
                raise IRError(f"{name} must be two positive integers, are {list(entries)}")
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.strides, self.dilations
        sweep = Sweep(height, width, (kh, kw), (sh, sw), (dh, dw))
        if min(sweep.outputs) < 1:
            raise IRError(f"kernel must fit into {height} × {width} pixels, is {list(self.kernel)}")
        return (TensorType((1, *sweep.outputs, channels * sweep.taps), x.datatype, x.carrier),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """A slice a tap, concatenated."""
        x = present(inputs[0], "x")
        if self.interleaved:
            return windows(graph, x, self.kernel, self.strides, self.dilations)
        channels, taps = x.shape[1], self.kernel[0] * self.kernel[1]
        x = graph.add(Transpose(perm=(0, 2, 3, 1)), x)
        x = windows(graph, x, self.kernel, self.strides, self.dilations)
        rows, columns = x.shape[1:3]
        x = _reshaped(graph, x, (rows, columns, taps, channels))
        x = graph.add(Transpose(perm=(0, 1, 2, 4, 3)), x)
        return _reshaped(graph, x, (rows, columns, channels * taps))


@dataclass(frozen=True)
class _Channelwise(Op):
    """Rows of windows (1, OH, OW, C·k) → (1, OH, OW, C); interleaved rows are k·C."""

    op_type: ClassVar[str] = ""

    interleaved: bool = False

    def window_of(self, inputs: Sequence[Value | None]) -> int:
        """k, the pixels of a window."""
        raise NotImplementedError(self.op_type)

    def output_type(self, inputs: Sequence[Value | None]) -> BaseDataType:
        """The datatype of the results of integers."""
        raise NotImplementedError(self.op_type)

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A pixel a row."""
        x, size = present(inputs[0], "x"), self.window_of(inputs)
        if len(x.shape) != 4 or size < 1 or x.shape[3] % size:
            raise IRError(f"x must be rows of windows of {size} pixels, has shape {list(x.shape)}")
        integers = x.datatype.is_integer()
        datatype = self.output_type(inputs) if integers else datatype_of(x.carrier)
        return (TensorType((*x.shape[:3], x.shape[3] // size), datatype, x.carrier),)

    def split(self, graph: Graph, inputs: Sequence[Value | None]) -> tuple[Value, int]:
        """The rows with an axis for the window's pixels, and which it is."""
        x, size = present(inputs[0], "x"), self.window_of(inputs)
        channels = x.shape[3] // size
        inner = (size, channels) if self.interleaved else (channels, size)
        return _reshaped(graph, x, (*x.shape[1:3], *inner)), 3 if self.interleaved else 4


@dataclass(frozen=True)
class ChannelProduct(_Channelwise):
    """Depthwise product: each channel's k pixels times its own weights.

    Inputs: rows, constant weights (C, k); interleaved (k, C).
    """

    def window_of(self, inputs: Sequence[Value | None]) -> int:
        """From the weights."""
        weights = present(inputs[1] if len(inputs) > 1 else None, "weights")
        if len(weights.shape) != 2:
            raise IRError(f"weights must be a matrix, have shape {list(weights.shape)}")
        channels = weights.shape[1 if self.interleaved else 0]
        if weights.shape[0] * weights.shape[1] != present(inputs[0], "x").shape[-1]:
            raise IRError(f"weights must have a row's elements, have shape {list(weights.shape)}")
        return weights.shape[0] * weights.shape[1] // channels

    def output_type(self, inputs: Sequence[Value | None]) -> BaseDataType:
        """The narrowest of the exact bounds."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        if weights.const is None or not weights.datatype.is_integer():
            return datatype_of(x.carrier)
        taps = weights.const if self.interleaved else weights.const.T
        low, high = dot_bounds(taps, int(x.datatype.min()), int(x.datatype.max()))
        return integer_type(int(low.min()), int(high.max()))

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Mul` and `ReduceSum`."""
        rows, axis = self.split(graph, inputs)
        products = graph.add(Mul(), rows, present(inputs[1], "weights"))
        return graph.add(
            ReduceSum(keepdims=False), products, graph.constant(np.array([axis], dtype=np.int64))
        )


@dataclass(frozen=True)
class ChannelMax(_Channelwise):
    """The greatest of each channel's `window` pixels."""

    window: int = 1

    def window_of(self, inputs: Sequence[Value | None]) -> int:
        """A field."""
        return self.window

    def output_type(self, inputs: Sequence[Value | None]) -> BaseDataType:
        """That of x."""
        return present(inputs[0], "x").datatype

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`ReduceMax`."""
        rows, axis = self.split(graph, inputs)
        return graph.add(ReduceMax(axes=(axis,), keepdims=False), rows)


@dataclass(frozen=True)
class ChannelSum(_Channelwise):
    """The exact sum of each channel's `window` pixels."""

    window: int = 1

    def window_of(self, inputs: Sequence[Value | None]) -> int:
        """A field."""
        return self.window

    def output_type(self, inputs: Sequence[Value | None]) -> BaseDataType:
        """The narrowest that holds every sum."""
        x = present(inputs[0], "x").datatype
        return integer_type(self.window * int(x.min()), self.window * int(x.max()))

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`ReduceSum`."""
        rows, axis = self.split(graph, inputs)
        return graph.add(ReduceSum(keepdims=False), rows, graph.constant(np.array([axis], dtype=np.int64)))


@dataclass(frozen=True)
class InsertZeros(Op):
    """Zeros between the pixels and between the lines of an image, none behind the last.

    (1, C, H, W) → (1, C, (H−1)·scales[0]+1, (W−1)·scales[1]+1); interleaved (1, H, W, C) likewise.
    """

    scales: tuple[int, ...] = (1, 1)
    interleaved: bool = False

    def _sizes(self, x: Value) -> tuple[int, int]:
        _, height, width = _image(x, interleaved=self.interleaved)
        return (height - 1) * self.scales[0] + 1, (width - 1) * self.scales[1] + 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A larger image, of a datatype that holds 0."""
        x = present(inputs[0], "x")
        if len(self.scales) != 2 or min(self.scales) < 1:
            raise IRError(f"scales must be two positive integers, are {list(self.scales)}")
        channels, sizes = _image(x, interleaved=self.interleaved)[0], self._sizes(x)
        shape = (1, *sizes, channels) if self.interleaved else (1, channels, *sizes)
        datatype = padded_type(x, 0) if x.datatype.is_integer() else x.datatype
        return (TensorType(shape, datatype, x.carrier),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Each pixel padded with zeros behind it, then each line, then the last ones cut off."""
        x = present(inputs[0], "x")
        sizes, first = self._sizes(x), 1 if self.interleaved else 2
        for axis, scale in zip((first + 1, first), reversed(self.scales), strict=True):
            shape = list(x.shape[1:])
            shape.insert(axis, 1)
            x = _reshaped(graph, x, shape)
            pads = np.zeros(2 * len(x.shape), dtype=np.int64)
            pads[len(x.shape) + axis + 1] = scale - 1
            x = graph.add(Pad(), x, graph.constant(pads), graph.constant(np.zeros((), dtype=x.carrier)))
            shape = list(x.shape[1:])
            shape[axis - 1] *= shape.pop(axis)
            x = _reshaped(graph, x, shape)
        limits = ([0, 0], list(sizes), [first, first + 1])
        return graph.add(Slice(), x, *(graph.constant(np.array(v, dtype=np.int64)) for v in limits))
