# SPDX-License-Identifier: Apache-2.0
"""`LabelSelect`: the index of the largest element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finnlite.ir import Graph, Node, TensorType, Value

from .cost import COMPARATOR_BIT, CONTROL, SELECT_BIT, counters
from .movement import Cast, Reshape
from .selection import ArgMax
from .shapes import integer_type, present
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

__all__ = ["LabelSelect"]

_FLOAT = 1


@dataclass(frozen=True)
class LabelSelect(Unit):
    """Integers → (1, 1) index of the frame's largest; the lowest index wins a tie.

    Reads PE elements a step and writes one word of one element in the last step of the frame.
    """

    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(1, 1) of the unsigned type that holds C − 1."""
        count = elements(inputs[0])
        self.check_folding(*inputs)
        return (TensorType.of((1, 1), integer_type(0, count - 1)),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`ArgMax`."""
        x = present(inputs[0], "x")
        if len(x.shape) != 2:
            x = graph.add(Reshape(), x, graph.constant(np.array([0, -1], dtype=np.int64)))
        index = graph.add(ArgMax(axis=1, keepdims=True), x)
        return graph.add(Cast(to=_FLOAT), index)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the elements."""
        x = present(inputs[0], "x")
        return {"pe": Axis(elements(x), int(x.datatype.bitwidth()))}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """One index a frame."""
        return stream_of(node.output, 1)

    def cycles(self, node: Node) -> int:
        """C / PE."""
        return elements(node.input(0)) // self.pe

    def steps(self, node: Node) -> Steps:
        """Reads in every step, writes in the last."""
        step = np.arange(self.cycles(node))
        return Steps(np.ones(len(step), dtype=np.bool_), step == len(step) - 1)

    def latency(self, node: Node) -> int:
        """Input, a tree over PE elements, the comparison with the best so far, output and its slice."""
        return 5 + self.pe.bit_length()

    def structure(self, node: Node) -> Structure:
        """A comparator and the choice of an element and its index, an element."""
        bits, index = int(node.input(0).datatype.bitwidth()), int(node.output.datatype.bitwidth())
        compared = COMPARATOR_BIT * bits + SELECT_BIT * (bits + index)
        counted = counters(self.cycles(node))
        return Structure.of(control=CONTROL, counters=counted, comparisons=self.pe * compared)
