# SPDX-License-Identifier: Apache-2.0
"""`FIFO`: the buffer between two units."""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import Memory, Resources
from .movement import Identity
from .shapes import present
from .unit import Stream, Unit, elements, stream_of

__all__ = ["FIFO", "in_block"]

_DEEP = 64
"""Words from which a FIFO goes to block RAM if it is also wide enough to be worth one."""
_BLOCK_BITS = 4096


def in_block(depth: int, width: int) -> bool:
    """Whether a FIFO of `depth` words of `width` bits goes to block RAM."""
    return depth > _DEEP and depth * width > _BLOCK_BITS


@dataclass(frozen=True)
class FIFO(Unit):
    """Holds at most `depth` words of `elems` elements and changes none; a buffer, not a thread.

    A word written in cycle t by a producer of latency L is readable from t + 1 + L, a slot read in cycle t
    is free from t + 1, and words in flight count against the depth (design §8).
    """

    depth: int = 2
    elems: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        x = present(inputs[0], "x")
        elements(x)
        if self.depth < 2:
            raise IRError(f"depth must be at least 2, is {self.depth}")
        if self.elems < 1:
            raise IRError(f"elems must be at least 1, is {self.elems}")
        return (TensorType.of(x.shape, x.datatype),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Identity`."""
        return graph.add(Identity(), present(inputs[0], "x"))

    def source(self, node: Node) -> Stream:
        """The producer's words."""
        return stream_of(node.input(0), self.elems)

    def sink(self, node: Node) -> Stream:
        """The same words."""
        return stream_of(node.output, self.elems)

    def steps(self, node: Node) -> None:
        """None: a buffer has no thread."""
        return

    def memory(self, node: Node) -> Memory:
        """`depth` words, in block RAM if they are many bits."""
        width = self.source(node).width
        return Memory(self.depth, width, block=in_block(self.depth, width))

    def resources(self, node: Node) -> Resources:
        """Its memory; two pointers; the register and multiplexer past the memory.

        The coefficients are those of the emitted Verilog through Yosys 0.23, `synth_xilinx`.
        """
        width = self.source(node).width
        return self.memory(node).resources.plus(Resources(lut=35 + width, ff=25 + width))
