# SPDX-License-Identifier: Apache-2.0
"""`FIFO`: the buffer between two units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import SELECT_BIT, Memory, Resources, Style, cheaper
from .movement import Identity
from .shapes import present
from .structure import Backend, Structure
from .unit import Stream, Unit, elements, stream_of

__all__ = ["FIFO", "storage"]

# The emitted Verilog through Yosys 0.23, `synth_xilinx`: depths of 22, 100 and 600 take 31, 46 and 71 LUTs
# besides the memory and what is past it, packed some third fewer, and 18 to 33 flip-flops.
_POINTER_LUT, _POINTER_FF = 6, 4
"""LUTs and flip-flops of a bit of the address: two pointers that go around, and the number of words."""


def storage(depth: int, width: int, style: Style | None = None) -> Memory:
    """What holds `depth` words of `width` bits, made up to whole bytes; by default of the lower price."""
    bits = -(-width // 8) * 8  # AXI4-Stream has whole bytes
    return Memory(depth, bits, style or cheaper(depth, bits, Style.LUTRAM))


@dataclass(frozen=True)
class FIFO(Unit):
    """Holds at most `depth` words of `elems` elements and changes none; a buffer, not a thread.

    A word written in cycle t by a producer of latency L is readable from t + 1 + L, a slot read in cycle t
    is free from t + 1, and words in flight count against the depth (design §8). `memory` is LUTRAM or block
    RAM; None for the one of the lower price.
    """

    depth: int = 2
    elems: int = 1
    memory: Style | None = None

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        x = present(inputs[0], "x")
        elements(x)
        if self.depth < 2:
            raise IRError(f"depth must be at least 2, is {self.depth}")
        if self.elems < 1:
            raise IRError(f"elems must be at least 1, is {self.elems}")
        if self.memory not in (None, Style.LUTRAM, Style.BLOCK):
            raise IRError(f"memory must be 'lutram' or 'block', is {self.memory.value!r}")
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

    def memories(self, node: Node) -> dict[str, Memory]:
        """Its only one."""
        return {"memory": storage(self.depth, self.source(node).width, self.memory)}

    def structure(self, node: Node) -> Structure:
        """The pointers; the register and multiplexer past the memory."""
        (memory,) = self.memories(node).values()
        past, bits = math.ceil(SELECT_BIT * memory.width), self.depth.bit_length()
        ff = memory.width + _POINTER_FF * bits
        return Structure.of(pointers=_POINTER_LUT * bits, past=past, ff=ff)

    def resources(self, node: Node, backend: Backend = Backend.HLS) -> Resources:
        """Its memory and its logic, which is Verilog whatever the backend; no register slices."""
        if backend is Backend.RTL:
            return super().resources(node, backend)
        (memory,) = self.memories(node).values()
        logic = self.structure(node)
        return memory.resources.plus(Resources(int(logic.lut), logic.ff))

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL it delays the handshake by the latency of the unit before it."""
        writer = node.input(0).producer
        if writer is None or not isinstance(writer.op, Unit):
            return {**super().terms(node), "control": 1.0}
        return {**super().terms(node), "control": 1.0, "latency": float(writer.op.latency(writer))}

    def cells(self, node: Node) -> dict[str, Memory]:
        """In RTL a word is not made up to whole bytes."""
        width = self.source(node).width
        return {name: replace(memory, width=width) for name, memory in self.memories(node).items()}
