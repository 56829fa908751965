# SPDX-License-Identifier: Apache-2.0
"""`Pad` and `Upsample`: units that make images larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import CONTROL, SELECT_BIT, Memory, counters, ram
from .movement import Concat, Reshape, Slice
from .shapes import integer_type, present
from .spatial import Pad
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, pixels, stream_of

__all__ = ["StreamPad", "Upsample", "padded_type"]


def padded_type(x: Value, value: int) -> BaseDataType:
    """The narrowest datatype that holds x and a value; x's own if it holds it."""
    if x.datatype.allowed(value):
        return x.datatype
    return integer_type(min(int(x.datatype.min()), value), max(int(x.datatype.max()), value))


def _image(value: Value | None) -> tuple[int, int, int]:
    x = present(value, "x")
    if len(x.shape) != 4:
        raise IRError(f"stream x must have shape [1, H, W, C], has {list(x.shape)}")
    return pixels(x)


@dataclass(frozen=True)
class _Larger(Unit):
    """What both share: a word of PE channels out a step."""

    op_type: ClassVar[str] = ""

    pe: int = 1

    def output_type(self, x: Value) -> BaseDataType:
        """The datatype of the output."""
        return x.datatype

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        x = present(inputs[0], "x")
        return {"pe": Axis(x.shape[-1], int(self.output_type(x).bitwidth()))}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def cycles(self, node: Node) -> int:
        """The words of the output."""
        return self.sink(node).words

    def steps(self, node: Node) -> Steps:
        """Writes in every step; reads where a pixel of x comes for the first time."""
        words = node.input(0).shape[-1] // self.pe
        reads = np.repeat(self.fresh(node.input(0)).ravel(), words)
        return Steps(reads, np.ones(len(reads), dtype=np.bool_))

    def places(self, node: Node) -> float:
        """LUTs of counting the words of the output."""
        height, width, channels = pixels(node.output)
        return counters(height, width, channels // self.pe)

    def fresh(self, x: Value) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(OH, OW) booleans: which pixels of the output are read from x."""
        raise NotImplementedError(self.op_type)

    def latency(self, node: Node) -> int:
        """Input, counters, memory (2), choice, output and its register slice."""
        return 8


@dataclass(frozen=True)
class StreamPad(_Larger):
    """Pixels of a constant value around an image: pads = (top, left, bottom, right)."""

    op_type: ClassVar[str] = "Pad"

    pads: tuple[int, ...] = (0, 0, 0, 0)
    value: int = 0

    def output_type(self, x: Value) -> BaseDataType:
        """The narrowest that holds x and the value: BIPOLAR padded with 0 is TERNARY."""
        return padded_type(x, self.value)

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Height and width larger by the padding."""
        height, width, channels = _image(inputs[0])
        if len(self.pads) != 4 or min(self.pads) < 0:
            raise IRError(f"pads must be four integers of 0 or more, are {list(self.pads)}")
        self.check_folding(*inputs)
        top, left, bottom, right = self.pads
        shape = (1, top + height + bottom, left + width + right, channels)
        return (TensorType.of(shape, self.output_type(present(inputs[0], "x"))),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Pad`."""
        x = present(inputs[0], "x")
        top, left, bottom, right = self.pads
        pads = graph.constant(np.array([0, top, left, 0, 0, bottom, right, 0], dtype=np.int64))
        return graph.add(Pad(), x, pads, graph.constant(np.array(self.value, dtype=x.carrier)))

    def fresh(self, x: Value) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """All but the padding."""
        height, width, _ = pixels(x)
        top, left, bottom, right = self.pads
        inside = np.zeros((top + height + bottom, left + width + right), dtype=np.bool_)
        inside[top : top + height, left : left + width] = True
        return inside

    def structure(self, node: Node) -> Structure:
        """Counters and the choice of the constant."""
        chosen = SELECT_BIT * self.sink(node).width
        return Structure.of(control=CONTROL, counters=self.places(node), choice=chosen)


@dataclass(frozen=True)
class Upsample(_Larger):
    """Nearest neighbour by whole factors: every pixel scales[1] times, every line scales[0] times.

    With `zeros`, for transposed convolution: zeros between the pixels and lines instead, none behind the
    last.
    """

    scales: tuple[int, ...] = (1, 1)
    zeros: bool = False

    def output_type(self, x: Value) -> BaseDataType:
        """That of x, which also has to hold the zeros."""
        return padded_type(x, 0) if self.zeros else x.datatype

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Height and width times the scales; with zeros without those behind the last pixel and line."""
        height, width, channels = _image(inputs[0])
        if len(self.scales) != 2 or min(self.scales) < 1:
            raise IRError(f"scales must be two positive integers, are {list(self.scales)}")
        self.check_folding(*inputs)
        rows, columns = self._size(height, width)
        return (TensorType.of((1, rows, columns, channels), self.output_type(present(inputs[0], "x"))),)

    def _size(self, height: int, width: int) -> tuple[int, int]:
        (down, along), less = self.scales, int(self.zeros)
        return (height - less) * down + less, (width - less) * along + less

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """A new axis behind each of the two, in which the pixel is repeated or padded, joined with it."""
        x = present(inputs[0], "x")
        height, width, channels = pixels(x)
        rows, columns = height * self.scales[0], width * self.scales[1]
        x = self._longer(graph, x, (height, width, 1, channels), (height, columns, channels))
        x = self._longer(graph, x, (height, 1, columns * channels), (rows, columns, channels))
        if not self.zeros:
            return x
        limits = ([0, 0], list(self._size(height, width)), [1, 2])
        return graph.add(Slice(), x, *(graph.constant(np.array(v, dtype=np.int64)) for v in limits))

    def _longer(self, graph: Graph, x: Value, apart: tuple[int, ...], whole: tuple[int, ...]) -> Value:
        axis = len(apart) - 1
        scale = self.scales[1] if axis == 3 else self.scales[0]
        x = _shaped(graph, x, apart)
        if not self.zeros:
            x = graph.add(Concat(axis=axis), *[x] * scale)
        else:
            pads = np.zeros(2 * (axis + 2), dtype=np.int64)
            pads[axis + len(apart) + 1] = scale - 1
            zero = graph.constant(np.zeros((), dtype=x.carrier))
            x = graph.add(Pad(), x, graph.constant(pads), zero)
        return _shaped(graph, x, whole)

    def fresh(self, x: Value) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """The first of each pixel's repetitions."""
        height, width, _ = pixels(x)
        first = np.zeros(self._size(height, width), dtype=np.bool_)
        first[:: self.scales[0], :: self.scales[1]] = True
        return first

    def memories(self, node: Node) -> dict[str, Memory]:
        """A pixel and a line, where they are repeated."""
        if self.zeros:
            return {}
        _, width, channels = pixels(node.input(0))
        words, bits = channels // self.pe, self.source(node).width
        pixel = {"pixel": ram(words, bits)} if self.scales[1] > 1 else {}
        return pixel | ({"line": ram(width * words, bits)} if self.scales[0] > 1 else {})

    def structure(self, node: Node) -> Structure:
        """Counters and the choice of a new, a kept or no pixel."""
        chosen = 2 * SELECT_BIT * self.sink(node).width
        return Structure.of(control=CONTROL, counters=self.places(node), choice=chosen)


def _shaped(graph: Graph, x: Value, shape: tuple[int, ...]) -> Value:
    return graph.add(Reshape(), x, graph.constant(np.array([0, *shape], dtype=np.int64)))
