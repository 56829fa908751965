# SPDX-License-Identifier: Apache-2.0
"""`VVTU`: the vector–vector–threshold unit of depthwise convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value, carrier_of

from .cost import ADDER_BIT, CONTROL, Memory, Style, counters, ram, rom
from .elementwise import Mul
from .linear import dot_bounds
from .movement import Reshape
from .mvtu import MEMORIES, carried, carrier_bound, check_memory, mac_cost, product_terms, thresholded_type
from .pooling import window_steps
from .reduction import ReduceSum
from .shapes import present
from .structure import Structure
from .thresholding import expand_thresholds, threshold_logic, threshold_memories, threshold_stages
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VVTU", "vvtu_bounds"]

_EXACT_FLOAT32 = 2**24


def vvtu_bounds(x: Value, weights: Value) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Exact smallest and largest accumulator of each channel, (C,) each.

    Raises:
        IRError: If the weights are not constant.
    """
    if weights.const is None:
        raise IRError("weights must be constant, are computed")
    return dot_bounds(weights.const, int(x.datatype.min()), int(x.datatype.max()))


@dataclass(frozen=True)
class VVTU(Unit):
    """A product of k taps for each channel, with thresholds: PE channels of one tap a cycle.

    Inputs: x (1, OH, OW, k·C), as an SWU writes it; weights (k, C), constant; thresholds (C, T), constant,
    or absent; falling (C,), constant, or absent. The output (1, OH, OW, C) is
    out_min + out_step · (number of thresholds that fire), as an MVTU's; without thresholds the accumulator.
    `memory` as an MVTU's.
    """

    pe: int = 1
    accumulator: BaseDataType = DataType["INT32"]
    out_min: int = 0
    out_step: int = 1
    memory: Style | None = None

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(1, OH, OW, k·C) → (1, OH, OW, C), of the narrowest type that holds the outputs."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        elements(x)
        if (
            weights.const is None
            or len(weights.shape) != 2
            or weights.shape[0] * weights.shape[1] != x.shape[-1]
        ):
            raise IRError(f"weights must be a constant (k, C) of {x.shape[-1]} elements, are {weights!r}")
        if not weights.datatype.is_integer():
            raise IRError(f"weights must be integers, are {weights.datatype.name}")
        channels = weights.shape[1]
        thresholds, falling = _thresholds(inputs)
        if thresholds is not None and (len(thresholds.shape) != 2 or thresholds.shape[0] != channels):
            raise IRError(f"thresholds must have shape [{channels}, T], have {list(thresholds.shape)}")
        if falling is not None and falling.shape != (channels,):
            raise IRError(f"falling must have shape [{channels}], has {list(falling.shape)}")
        self.check_folding(*inputs)
        return (TensorType.of((*x.shape[:-1], channels), self._output_type(thresholds)),)

    def _output_type(self, thresholds: Value | None) -> BaseDataType:
        return thresholded_type(self.accumulator, thresholds, self.out_min, self.out_step)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """Products and their exact sum over the taps, then the thresholds."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        name = "float32" if carrier_bound(x, weights) < _EXACT_FLOAT32 else "float64"
        shape = np.array([*[0] * (len(x.shape) - 1), *weights.shape], dtype=np.int64)
        taps = graph.add(Reshape(), carried(graph, x, name), graph.constant(shape))
        products = graph.add(Mul(), taps, carried(graph, weights, name))
        axis = graph.constant(np.array([len(x.shape) - 1], dtype=np.int64))
        accumulator = graph.add(ReduceSum(keepdims=False), products, axis)
        accumulator.type = accumulator.type._replace(datatype=self.accumulator)
        thresholds, falling = _thresholds(inputs)
        if thresholds is None:
            return carried(graph, accumulator, carrier_of(self.accumulator).name)
        levels = (self.out_min + self.out_step * np.arange(thresholds.shape[1] + 1)).astype(np.float32)
        return expand_thresholds(graph, accumulator, thresholds, levels, falling, axis=-1)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        out = self._output_type(_thresholds(inputs)[0])
        return {"pe": Axis(weights.shape[1], max(int(x.datatype.bitwidth()), int(out.bitwidth())))}

    def settings(self, *inputs: Value | None) -> dict[str, tuple[Any, ...]]:
        """The folding, and whether weights are in logic or in block RAM."""
        return {**super().settings(*inputs), "memory": MEMORIES}

    def check_folding(self, *inputs: Value | None) -> None:
        """As an MVTU's.

        Raises:
            IRError: See `MVTU.check_folding`.
        """
        super().check_folding(*inputs)
        check_memory(self.memory)

    def folds(self, node: Node) -> tuple[int, int]:
        """(k, C / PE): taps, and folds of the channels."""
        taps, channels = node.input(1).shape
        return taps, channels // self.pe

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def cycles(self, node: Node) -> int:
        """The words of x: k · C / PE a pixel."""
        return elements(node.input(0)) // self.pe

    def steps(self, node: Node) -> Steps:
        """Order (pixel, tap, fold): reads in every step, writes with the last tap."""
        return window_steps(self.cycles(node), *self.folds(node))

    def weight_memory(self, node: Node) -> Memory:
        """PE weights a word, k · C / PE words."""
        taps, folds = self.folds(node)
        return rom(taps * folds, self.pe * int(node.input(1).datatype.bitwidth()), self.memory)

    def memories(self, node: Node) -> dict[str, Memory]:
        """Weights, thresholds, and the sums of the channels, one memory for each that is computed at once."""
        folds, bits = self.folds(node)[1], int(self.accumulator.bitwidth())
        thresholds = threshold_memories(self.pe, folds, node.optional(2), node.optional(3))
        sums = ram(folds, bits, copies=self.pe)
        return {"weights": self.weight_memory(node), **thresholds, "sums": sums}

    def latency(self, node: Node) -> int:
        """Input, weight memory (2), product, accumulator (2), thresholds, output and its slice."""
        thresholds = node.optional(2)
        search = 0 if thresholds is None else max(1, threshold_stages(thresholds)) + 1
        return 11 + search

    def macs(self, node: Node) -> int:
        """PE a step."""
        return self.cycles(node) * self.pe

    def structure(self, node: Node) -> Structure:
        """A term a channel computed at once, and the control."""
        lut, dsp = mac_cost(node.input(0), node.input(1))
        bits, (taps, folds) = int(self.accumulator.bitwidth()), self.folds(node)
        compared = threshold_logic(self.pe, bits, node.optional(2), node.optional(3))
        terms = {
            "control": CONTROL,
            "counters": counters(taps, folds, taps * folds),
            "products": self.pe * lut,
            "accumulators": self.pe * ADDER_BIT * bits,
            **compared,
        }
        return Structure(terms, dsp=self.pe * dsp)

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL with the terms of its products."""
        return {**super().terms(node), **product_terms(node.input(0), node.input(1), self.pe, 1)}


def _thresholds(inputs: tuple[Value | None, ...]) -> tuple[Value | None, Value | None]:
    padded = (*inputs, None, None)
    return padded[2], padded[3]
