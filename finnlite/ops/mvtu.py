# SPDX-License-Identifier: Apache-2.0
"""`MVTU`: the matrix–vector–threshold unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value, carrier_of

from .cost import (
    ADDER_BIT,
    CONTROL,
    DSP_FROM,
    PRODUCT_BIT,
    Memory,
    Style,
    counters,
    ram,
    rom,
)
from .linear import MatMul, dot_bounds
from .movement import Reshape, cast_to
from .shapes import integer_type, present
from .structure import Structure
from .thresholding import expand_thresholds, threshold_logic, threshold_memories, threshold_stages
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MEMORIES",
    "MVTU",
    "accumulator_bounds",
    "carried",
    "carrier_bound",
    "check_memory",
    "mac_cost",
    "product_terms",
    "thresholded_type",
]

_EXACT_FLOAT32 = 2**24
MEMORIES = (Style.LUT, Style.BLOCK)
"""Where weights can be."""


def accumulator_bounds(x: Value, weights: Value) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Exact smallest and largest accumulator of each row, (MH,) each.

    Raises:
        IRError: If the weights are not constant.
    """
    if weights.const is None:
        raise IRError("weights must be constant, are computed")
    return dot_bounds(weights.const, int(x.datatype.min()), int(x.datatype.max()))


def carrier_bound(x: Value, weights: Value) -> float:
    """Σ|w·x| of the largest row: below 2²⁴ every order of summation is exact in float32."""
    largest = max(-float(x.datatype.min()), float(x.datatype.max()))
    magnitudes = np.abs(weights.const).sum(axis=0, dtype=np.float64) if weights.const is not None else 0
    return largest * float(np.max(magnitudes, initial=0))


def thresholded_type(
    accumulator: BaseDataType, thresholds: Value | None, out_min: int, out_step: int
) -> BaseDataType:
    """The narrowest datatype of out_min + out_step · count; the accumulator's without thresholds."""
    if thresholds is None:
        return accumulator
    count = thresholds.shape[1]
    return integer_type(out_min, out_min + out_step * count, bipolar=count == 1)


@dataclass(frozen=True)
class MVTU(Unit):
    """Matrix–vector product with thresholds: PE rows and SIMD columns a cycle.

    Inputs: x, integers: (1, MW) or (1, H, W, C); weights (MW, MH), constant; thresholds (MH, T), constant, or
    absent; falling (MH,), constant, or absent. An image with MW = C is one vector a pixel and gives
    (1, H, W, MH); one with MW = H·W·C is a single vector and gives (1, MH). Row r = nf·PE + pe, column =
    sf·SIMD + s. The output is out_min + out_step · (number of thresholds that fire): acc ≥ t, or acc ≤ t
    where falling. Thresholds ascend in a rising row, descend in a falling one, and may repeat. Without
    thresholds the output is the accumulator. `memory` is where the weights are: logic or block RAM; None
    for the one of the lower price.
    """

    pe: int = 1
    simd: int = 1
    accumulator: BaseDataType = DataType["INT32"]
    out_min: int = 0
    out_step: int = 1
    memory: Style | None = None

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(…, MW) → (…, MH), of the narrowest type that holds the outputs."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        count, columns = elements(x), x.shape[-1]
        if weights.const is None or len(weights.shape) != 2 or weights.shape[0] not in (columns, count):
            wanted = f"{columns}" if columns == count else f"{columns} or {count}"
            raise IRError(f"weights must be a constant of shape [{wanted}, MH], are {weights!r}")
        if not weights.datatype.is_integer():
            raise IRError(f"weights must be integers, are {weights.datatype.name}")
        rows = weights.shape[1]
        thresholds, falling = _optional(inputs, 2), _optional(inputs, 3)
        if thresholds is not None and (len(thresholds.shape) != 2 or thresholds.shape[0] != rows):
            raise IRError(f"thresholds must have shape [{rows}, T], have {list(thresholds.shape)}")
        if falling is not None and falling.shape != (rows,):
            raise IRError(f"falling must have shape [{rows}], has {list(falling.shape)}")
        self.check_folding(*inputs)
        shape = (*x.shape[:-1], rows) if weights.shape[0] == columns else (1, rows)
        return (TensorType.of(shape, self._output_type(thresholds)),)

    def _output_type(self, thresholds: Value | None) -> BaseDataType:
        return thresholded_type(self.accumulator, thresholds, self.out_min, self.out_step)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """An exact `MatMul`, then the thresholds."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        name = "float32" if carrier_bound(x, weights) < _EXACT_FLOAT32 else "float64"
        if weights.shape[0] != x.shape[-1]:
            x = graph.add(Reshape(), x, graph.constant(np.array([0, -1], dtype=np.int64)))
        accumulator = graph.add(MatMul(), carried(graph, x, name), carried(graph, weights, name))
        thresholds = _optional(inputs, 2)
        if thresholds is None:
            return carried(graph, accumulator, carrier_of(self.accumulator).name)
        levels = (self.out_min + self.out_step * np.arange(thresholds.shape[1] + 1)).astype(np.float32)
        return expand_thresholds(graph, accumulator, thresholds, levels, _optional(inputs, 3), axis=-1)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the rows, SIMD the columns."""
        x, weights = present(inputs[0], "x"), present(inputs[1], "weights")
        out = self._output_type(_optional(inputs, 2))
        return {
            "pe": Axis(weights.shape[1], int(out.bitwidth())),
            "simd": Axis(weights.shape[0], int(x.datatype.bitwidth())),
        }

    def settings(self, *inputs: Value | None) -> dict[str, tuple[Any, ...]]:
        """The folding, and whether weights are in logic or in block RAM."""
        return {**super().settings(*inputs), "memory": MEMORIES}

    def check_folding(self, *inputs: Value | None) -> None:
        """Checks the folding and the memory.

        Raises:
            IRError: See `Unit.check_folding`; if weights are to be in what is no memory of constants.
        """
        super().check_folding(*inputs)
        check_memory(self.memory)

    def folds(self, node: Node) -> tuple[int, int]:
        """(NF, SF): neuron folds and synapse folds."""
        weights = node.input(1)
        return weights.shape[1] // self.pe, weights.shape[0] // self.simd

    def source(self, node: Node) -> Stream:
        """SIMD elements a word."""
        return stream_of(node.input(0), self.simd)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def vectors(self, node: Node) -> int:
        """Vectors a frame."""
        return elements(node.input(0)) // node.input(1).shape[0]

    def cycles(self, node: Node) -> int:
        """NF · SF a vector."""
        neurons, synapses = self.folds(node)
        return self.vectors(node) * neurons * synapses

    def steps(self, node: Node) -> Steps:
        """Order (vector, nf, sf): reads in the first neuron fold, writes with the last synapse fold."""
        neurons, synapses = self.folds(node)
        step = np.arange(neurons * synapses)
        vector = Steps(step < synapses, step % synapses == synapses - 1)
        return vector.repeated(self.vectors(node))

    def weight_memory(self, node: Node) -> Memory:
        """NF·SF words of PE·SIMD weights."""
        width = self.pe * self.simd * int(node.input(1).datatype.bitwidth())
        return rom(math.prod(self.folds(node)), width, self.memory)

    def memories(self, node: Node) -> dict[str, Memory]:
        """Weights, thresholds, and the vector if it is replayed."""
        neurons, synapses = self.folds(node)
        thresholds = threshold_memories(self.pe, neurons, node.optional(2), node.optional(3))
        replay = {"buffer": ram(synapses, self.source(node).width)} if neurons > 1 else {}
        return {"weights": self.weight_memory(node), **thresholds, **replay}

    def latency(self, node: Node) -> int:
        """Input, weight memory (2), product, adder tree, accumulator, thresholds, output and its slice."""
        tree = (self.simd - 1).bit_length()
        thresholds = node.optional(2)
        search = 0 if thresholds is None else max(1, threshold_stages(thresholds)) + 1
        return 10 + tree + search

    def macs(self, node: Node) -> int:
        """PE · SIMD a step."""
        return self.cycles(node) * self.pe * self.simd

    def structure(self, node: Node) -> Structure:
        """A term a multiply–accumulate, one a row computed at once, and the control."""
        lut, dsp = mac_cost(node.input(0), node.input(1))
        bits, macs = int(self.accumulator.bitwidth()), self.pe * self.simd
        compared = threshold_logic(self.pe, bits, node.optional(2), node.optional(3))
        neurons, synapses = self.folds(node)
        terms = {
            "control": CONTROL,
            "counters": counters(neurons, synapses, neurons * synapses),
            "products": macs * lut,
            "accumulators": self.pe * ADDER_BIT * bits,
            **compared,
        }
        return Structure(terms, dsp=macs * dsp)

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL with the terms of its products."""
        return {**super().terms(node), **product_terms(node.input(0), node.input(1), self.pe, self.simd)}


def check_memory(memory: Style | None) -> None:
    """Checks where weights are to be.

    Raises:
        IRError: If it is in what is no memory of constants.
    """
    if memory is not None and memory not in MEMORIES:
        raise IRError(f"memory must be 'lut' or 'block', is {memory.value!r}")


def mac_cost(x: Value, weights: Value) -> tuple[float, int]:
    """(LUT, DSP) of one multiply–accumulate, by the structure; with a DSP48E1 only the sum's adder is left.

    The sum is that of all bits of all products, or of their rows: for each bit of the narrow factor the wide
    one, added, subtracted or left out. A tree sums rows of w bits by adders of w + 1, w + 2, … bits, half as
    many at each level: w + 2 bits of adders a row. Their LUTs have room for the choice (UG474).
    """
    narrow, wide = sorted(int(value.datatype.bitwidth()) for value in (x, weights))
    if narrow >= DSP_FROM:
        return ADDER_BIT * (narrow + wide), 1
    return min(PRODUCT_BIT * narrow * wide, ADDER_BIT * narrow * (wide + 2)), 0


def product_terms(x: Value, weights: Value, pe: int, simd: int) -> dict[str, float]:
    """What PE sums of SIMD products are made of in RTL.

    Bits of products that are counted: `equal` ones where weights are sums of signs, else `both` set; and
    `planes`, the bits of the adders that join the counts of one weight each. DSP48E1s are counted elsewhere.
    """
    x_bits, w_bits = (int(value.datatype.bitwidth()) for value in (x, weights))
    found = {"products": 0.0}
    if min(x_bits, w_bits) >= DSP_FROM:
        return found
    signs = weights.datatype in (DataType["BIPOLAR"], DataType["TERNARY"])
    counted = simd * (w_bits if signs else min(x_bits, w_bits))
    planes = x_bits if signs else x_bits + w_bits - 1
    found["equal" if signs else "both"] = float(pe * simd * x_bits * w_bits)
    found["planes"] = float(pe * (planes - 1) * (counted.bit_length() + 1))
    return found


def _optional(inputs: tuple[Value | None, ...], index: int) -> Value | None:
    return inputs[index] if index < len(inputs) else None


def carried(graph: Graph, value: Value, carrier: str) -> Value:
    """The value in another carrier, for an expansion."""
    if value.carrier.name == carrier:
        return value
    if value.const is not None:
        constant = graph.constant(value.const.astype(carrier), name=value.name)
        constant.type = constant.type._replace(datatype=value.datatype)
        return constant
    return graph.add(cast_to(carrier), value)
