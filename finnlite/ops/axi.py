# SPDX-License-Identifier: Apache-2.0
"""`AxiIn` and `AxiOut`: the borders, 64-bit beats whose layout does not depend on the folding (design §8).

An element of b bits is stored in `border_bits(b)` bits, least significant first, contiguous; a frame is
padded to a multiple of 8 bytes. Beyond its data a frame carries one bit, the TLAST of its last beat, that
AxiIn passes to AxiOut through a side FIFO: the graph has no value for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import CONTROL, SELECT_BIT, counters, shifter_bit
from .movement import Identity
from .shapes import present
from .structure import Structure
from .unit import Steps, Stream, Unit, elements, stream_of

__all__ = ["BEAT_BITS", "AxiIn", "AxiOut", "beats", "border_bits", "border_elems"]

BEAT_BITS = 64


def border_bits(datatype: BaseDataType) -> int:
    """Bits an element takes at the border: 1, 2, 4 or 8, above that whole bytes.

    Raises:
        IRError: If an element is wider than a beat.
    """
    bits = int(datatype.bitwidth())
    if bits > BEAT_BITS:
        raise IRError(f"an element at the border must have at most {BEAT_BITS} bits, has {bits}")
    if bits <= 8:
        return 1 << (bits - 1).bit_length()
    return -(-bits // 8) * 8


def border_elems(datatype: BaseDataType) -> int:
    """Elements of a word inside: one beat's if elements divide a beat evenly, else 1."""
    bits = border_bits(datatype)
    return BEAT_BITS // bits if BEAT_BITS % bits == 0 else 1


def beats(value: Value) -> int:
    """Beats of a frame."""
    return -(-elements(value) * border_bits(value.datatype) // BEAT_BITS)


@lru_cache(maxsize=64)
def _unpacking(elems: int, bits: int, size: int) -> Steps:
    """Every step writes a word; it reads a beat first if too few bits are buffered."""
    reads = []
    buffered = 0
    for start in range(0, size, elems):
        need = min(elems, size - start) * bits
        reads.append(buffered < need)
        buffered += (BEAT_BITS if buffered < need else 0) - need
    return Steps(np.array(reads, dtype=np.bool_), np.ones(len(reads), dtype=np.bool_))


@lru_cache(maxsize=64)
def _packing(elems: int, bits: int, size: int) -> Steps:
    """Every step reads a word; it writes a beat if one is complete, or what is left after the last."""
    writes = []
    buffered, full = 0, False
    for start in range(0, size, elems):
        buffered += min(elems, size - start) * bits
        full = buffered >= BEAT_BITS
        buffered -= BEAT_BITS if full else 0
        writes.append(full or start + elems >= size)
    reads = [True] * len(writes)
    if full and buffered:  # the last word completed one beat and started another
        reads.append(False)
        writes.append(True)
    return Steps(np.array(reads, dtype=np.bool_), np.array(writes, dtype=np.bool_))


def _check(elems: int, value: Value | None) -> Value:
    x = present(value, "x")
    elements(x)
    allowed = border_elems(x.datatype)
    if elems != allowed:
        raise IRError(f"elems must be {allowed} for {x.datatype.name}, is {elems}")
    return x


@dataclass(frozen=True)
class _Border(Unit):
    """Between 64-bit beats and words of `elems` elements; changes no element."""

    elems: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        x = _check(self.elems, inputs[0])
        return (TensorType.of(x.shape, x.datatype),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Identity`."""
        return graph.add(Identity(), present(inputs[0], "x"))

    def latency(self, node: Node) -> int:
        """Input, the shifter of two beats in three stages, output and its register slice."""
        return 6


def _border_logic(words: int, x: Value) -> Structure:
    """The buffer of two beats, and its shifter if words are not beats; the padding of a frame's last word."""
    bits = border_bits(x.datatype)
    shifted = 2 * BEAT_BITS * shifter_bit(BEAT_BITS // math.gcd(BEAT_BITS, bits * border_elems(x.datatype)))
    return Structure.of(
        control=CONTROL,
        counters=counters(words, beats(x)),
        shifter=shifted,
        padding=SELECT_BIT * BEAT_BITS,
        ff=2 * BEAT_BITS,
    )


@dataclass(frozen=True)
class AxiIn(_Border):
    """64-bit beats → words of `elems` elements."""

    def source(self, node: Node) -> Stream:
        """Beats."""
        return Stream(self.elems, BEAT_BITS, beats(node.input(0)))

    def sink(self, node: Node) -> Stream:
        """`elems` elements a word, without the border's padding bits."""
        return stream_of(node.output, self.elems)

    def steps(self, node: Node) -> Steps:
        """One word a step, a beat read whenever it is needed."""
        x = node.input(0)
        return _unpacking(self.elems, border_bits(x.datatype), elements(x))

    def structure(self, node: Node) -> Structure:
        """See `_border_logic`."""
        return _border_logic(self.sink(node).words, node.input(0))


@dataclass(frozen=True)
class AxiOut(_Border):
    """Words of `elems` elements → 64-bit beats."""

    def source(self, node: Node) -> Stream:
        """`elems` elements a word."""
        return stream_of(node.input(0), self.elems)

    def sink(self, node: Node) -> Stream:
        """Beats."""
        return Stream(self.elems, BEAT_BITS, beats(node.output))

    def steps(self, node: Node) -> Steps:
        """One word a step, a beat written whenever it is complete, the rest with the frame's last word."""
        x = node.input(0)
        return _packing(self.elems, border_bits(x.datatype), elements(x))

    def structure(self, node: Node) -> Structure:
        """See `_border_logic`."""
        return _border_logic(self.source(node).words, node.input(0))

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL only the elements that a last word of several does not have are blanked."""
        stream, size = self.source(node), elements(node.input(0))
        missing = -size % self.elems if stream.words > 1 else 0
        return {**super().terms(node), "padding": float(missing * stream.width // self.elems)}
