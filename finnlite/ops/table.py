# SPDX-License-Identifier: Apache-2.0
"""`Lookup`: a function of few values, by its table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import CONTROL, Memory, counters, rom
from .elementwise import Add
from .gathering import Gather
from .movement import cast_to
from .shapes import present
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

__all__ = ["Lookup"]

_LARGEST = 4096
"""Most entries of a channel's table: 12 bits of input."""


@dataclass(frozen=True)
class Lookup(Unit):
    """y = table[channel, x − min], for functions that thresholds cannot say because they are not monotone.

    Inputs: x; table (C, D) or (1, D), constant integers, D being max − min + 1 of x's datatype.
    """

    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x, the datatype of the table."""
        x, table = present(inputs[0], "x"), present(inputs[1], "table")
        elements(x)
        entries = int(x.datatype.max()) - int(x.datatype.min()) + 1
        if entries > _LARGEST:
            raise IRError(f"x must have at most {_LARGEST:,} values, {x.datatype.name} has {entries:,}")
        if table.const is None or table.shape not in ((x.shape[-1], entries), (1, entries)):
            raise IRError(f"table must be a constant of shape [1 or {x.shape[-1]}, {entries}], is {table!r}")
        if not table.datatype.is_integer():
            raise IRError(f"table must hold integers, holds {table.datatype.name}")
        self.check_folding(*inputs)
        return (TensorType.of(x.shape, table.datatype),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Gather`."""
        x, table = present(inputs[0], "x"), present(inputs[1], "table")
        rows, entries = table.shape
        offset = np.arange(rows, dtype=np.int64) * entries - int(x.datatype.min())
        index = graph.add(Add(), graph.add(cast_to(np.int64), x), graph.constant(offset))
        return graph.add(Gather(), graph.constant(np.asarray(table.const).ravel()), index)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        x, table = present(inputs[0], "x"), present(inputs[1], "table")
        bits = max(int(x.datatype.bitwidth()), int(table.datatype.bitwidth()))
        return {"pe": Axis(x.shape[-1], bits)}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def cycles(self, node: Node) -> int:
        """C / PE a pixel."""
        return self.source(node).words

    def steps(self, node: Node) -> Steps:
        """Reads and writes in every step."""
        always = np.ones(self.cycles(node), dtype=np.bool_)
        return Steps(always, always)

    def memories(self, node: Node) -> dict[str, Memory]:
        """A table for each of the PE channels: an entry a code of x and fold."""
        folds = 1 if node.input(1).shape[0] == 1 else node.input(0).shape[-1] // self.pe
        codes = folds << int(node.input(0).datatype.bitwidth())
        return {"table": rom(codes, int(node.input(1).datatype.bitwidth()), copies=self.pe)}

    def latency(self, node: Node) -> int:
        """Input, address, memory (2), output and its register slice."""
        return 7

    def structure(self, node: Node) -> Structure:
        """The counter of the folds."""
        return Structure.of(control=CONTROL, counters=counters(node.input(0).shape[-1] // self.pe))
