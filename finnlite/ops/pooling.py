# SPDX-License-Identifier: Apache-2.0
"""`WindowMax` and `WindowSum`: behind an SWU, max pooling and (but for a scale) average pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import ADDER_BIT, CONTROL, Memory, counters, ram
from .movement import Reshape, cast_to
from .reduction import ReduceMax, ReduceSum
from .shapes import integer_type, present
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, pixels, stream_of

__all__ = ["WindowMax", "WindowSum", "window_steps"]

_EXACT_FLOAT32 = 2**24


def window_steps(cycles: int, taps: int, folds: int) -> Steps:
    """Steps in the order (pixel, tap, fold) that read always and write with the last tap."""
    step = np.arange(taps * folds)
    reads = np.ones(len(step), dtype=np.bool_)
    return Steps(reads, step >= (taps - 1) * folds).repeated(cycles // len(step))


@dataclass(frozen=True)
class _Pooling(Unit):
    """(1, OH, OW, window·C), as an SWU writes it → (1, OH, OW, C); PE channels of one tap a step.

    With `whole`, x is (1, H, W, C) and its H·W = window pixels are one window: global pooling needs no SWU.
    """

    op_type: ClassVar[str] = ""

    window: int = 1
    pe: int = 1
    whole: bool = False

    def channels(self, x: Value | None) -> int:
        """Channels of the output.

        Raises:
            IRError: If x holds no windows of that many pixels.
        """
        height, width, elems = pixels(x)
        if self.whole:
            if height * width != self.window:
                raise IRError(f"window must be all {height * width} pixels, is {self.window}")
            return elems
        if self.window < 1 or elems % self.window:
            raise IRError(f"window must divide the {elems} elements of a pixel, is {self.window}")
        return elems // self.window

    def output_type(self, x: Value) -> BaseDataType:
        """The narrowest datatype of the outputs."""
        return x.datatype

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A pixel of C elements a window."""
        x = present(inputs[0], "x")
        channels = self.channels(x)
        self.check_folding(*inputs)
        inner = (1,) * (len(x.shape) - 2) if self.whole else x.shape[1:-1]
        return (TensorType.of((1, *inner, channels), self.output_type(x)),)

    def _windows(self, graph: Graph, x: Value) -> tuple[Value, int]:
        """Adds an axis for the window's pixels; x with it, and which it is."""
        channels = self.channels(x)
        inner = [1] * (len(x.shape) - 2) if self.whole else [0] * (len(x.shape) - 2)
        shape = np.array([0, *inner, self.window, channels], dtype=np.int64)
        return graph.add(Reshape(), x, graph.constant(shape)), len(shape) - 2

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        x = present(inputs[0], "x")
        bits = max(int(x.datatype.bitwidth()), int(self.output_type(x).bitwidth()))
        return {"pe": Axis(self.channels(x), bits)}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def cycles(self, node: Node) -> int:
        """The words of x."""
        return self.source(node).words

    def steps(self, node: Node) -> Steps:
        """Reads in every step, writes with the window's last pixel."""
        return window_steps(self.cycles(node), self.window, node.output.shape[-1] // self.pe)

    def latency(self, node: Node) -> int:
        """Input, memory (2), comparison or sum (2), output and its register slice."""
        return 8

    def memories(self, node: Node) -> dict[str, Memory]:
        """What is kept of each channel, one memory for each that is computed at once."""
        bits = int(node.output.datatype.bitwidth())
        return {"kept": ram(node.output.shape[-1] // self.pe, bits, copies=self.pe)}

    def structure(self, node: Node) -> Structure:
        """An adder, or a comparator and the choice, a channel."""
        bits, folds = int(node.output.datatype.bitwidth()), node.output.shape[-1] // self.pe
        counted = counters(self.window, folds)
        return Structure.of(control=CONTROL, counters=counted, elements=self.pe * ADDER_BIT * bits)


@dataclass(frozen=True)
class WindowMax(_Pooling):
    """The greatest element of each window, channel by channel."""

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`ReduceMax`."""
        taps, axis = self._windows(graph, present(inputs[0], "x"))
        return graph.add(ReduceMax(axes=(axis,), keepdims=False), taps)


@dataclass(frozen=True)
class WindowSum(_Pooling):
    """The sum of each window, channel by channel; exact."""

    def output_type(self, x: Value) -> BaseDataType:
        """That of window · x."""
        return integer_type(self.window * int(x.datatype.min()), self.window * int(x.datatype.max()))

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`ReduceSum`, in float64 where float32 is not exact."""
        x = present(inputs[0], "x")
        wide = self.window * max(-int(x.datatype.min()), int(x.datatype.max())) >= _EXACT_FLOAT32
        if wide and x.carrier != np.float64:
            x = graph.add(cast_to(np.float64), x)
        taps, axis = self._windows(graph, x)
        axes = graph.constant(np.array([axis], dtype=np.int64))
        return graph.add(ReduceSum(keepdims=False), taps, axes)
