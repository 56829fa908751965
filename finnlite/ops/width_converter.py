# SPDX-License-Identifier: Apache-2.0
"""`WidthConverter`: words of one size to words of another, frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import CONTROL, SELECT_BIT, counters, shifter_bit
from .movement import Identity
from .shapes import present
from .structure import Structure
from .unit import STREAM_BITS, Steps, Stream, Unit, elements, stream_of

__all__ = ["WidthConverter"]


@lru_cache(maxsize=256)
def _thread(in_elems: int, out_elems: int, size: int) -> Steps:
    """Nothing is buffered whenever a common multiple of both words has passed, so the steps repeat."""
    whole, rest = divmod(size, math.lcm(in_elems, out_elems))
    parts = [_period(in_elems, out_elems, math.lcm(in_elems, out_elems)).repeated(whole)] if whole else []
    parts += [_period(in_elems, out_elems, rest)] if rest else []
    return Steps(
        np.concatenate([part.reads for part in parts]), np.concatenate([part.writes for part in parts])
    )


@lru_cache(maxsize=1024)
def _period(in_elems: int, out_elems: int, size: int) -> Steps:
    """A step reads a word if the next output word needs it, and writes as soon as that is complete."""
    reads, writes = [], []
    have = read = written = 0
    while written < size:
        need = min(out_elems, size - written)
        reading = have < need
        if reading:
            taken = min(in_elems, size - read)
            have, read = have + taken, read + taken
        writing = have >= need
        if writing:
            have, written = have - need, written + need
        reads.append(reading)
        writes.append(writing)
    return Steps(np.array(reads, dtype=np.bool_), np.array(writes, dtype=np.bool_))


@dataclass(frozen=True)
class WidthConverter(Unit):
    """Changes no element: `in_elems` elements a word to `out_elems`; any ratio.

    Never carries data over the end of a frame: a frame's last input word may be partial (its padding is
    ignored), as may its last output word (padded with zeros).
    """

    in_elems: int = 1
    out_elems: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        x = present(inputs[0], "x")
        elements(x)
        for name, count in (("in_elems", self.in_elems), ("out_elems", self.out_elems)):
            if not 1 <= count <= max(1, STREAM_BITS // int(x.datatype.bitwidth())):
                raise IRError(f"{name} must make a word of 1 to {STREAM_BITS:,} bits, is {count}")
        return (TensorType.of(x.shape, x.datatype),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Identity`."""
        return graph.add(Identity(), present(inputs[0], "x"))

    def source(self, node: Node) -> Stream:
        """`in_elems` elements a word."""
        return stream_of(node.input(0), self.in_elems)

    def sink(self, node: Node) -> Stream:
        """`out_elems` elements a word."""
        return stream_of(node.output, self.out_elems)

    def steps(self, node: Node) -> Steps:
        """Reads if the next word needs it, then writes if it is complete."""
        return _thread(self.in_elems, self.out_elems, elements(node.input(0)))

    def cycles(self, node: Node) -> int:
        """Of whole periods and of what is left, without writing down the steps."""
        period = math.lcm(self.in_elems, self.out_elems)
        whole, rest = divmod(elements(node.input(0)), period)
        of_rest = len(_period(self.in_elems, self.out_elems, rest)) if rest else 0
        return (whole * len(_period(self.in_elems, self.out_elems, period)) if whole else 0) + of_rest

    def latency(self, node: Node) -> int:
        """Input, the shifter of both words in three stages, output and its register slice."""
        return 6

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL a word stays where it is put, and the next one out is chosen from where it may begin.

        By halves: a stage moves it by one bit of its place, and a LUT has room for two stages.
        """
        chunk = math.gcd(self.in_elems, self.out_elems)
        before, after = self.in_elems // chunk, self.out_elems // chunk
        stages, chosen = (before - 1).bit_length(), 0.0
        while stages > 0:
            done = min(2, stages)
            stages -= done
            chosen += SELECT_BIT * done * min(after + (1 << stages) - 1, before + after - 1)
        bits = chunk * int(node.input(0).datatype.bitwidth())
        return {**super().terms(node), "shifter": chosen * bits}

    def structure(self, node: Node) -> Structure:
        """A buffer of chunks and the shifter that brings a word to its place there.

        A chunk is the greatest part of which both words are whole numbers. Where the frame is no whole number
        of both words, its chunks are counted and its last word is blanked.
        """
        bits, size = int(node.input(0).datatype.bitwidth()), elements(node.input(0))
        chunk = math.gcd(self.in_elems, self.out_elems)
        before, after = self.in_elems // chunk, self.out_elems // chunk
        kept = (before + after - 1) * chunk * bits
        shifted = (SELECT_BIT + shifter_bit(min(before, after))) * kept  # shifted on, or a new word in place
        end = 0.0
        if size % self.in_elems or size % self.out_elems:
            end = SELECT_BIT * self.out_elems * bits + 2 * counters(-(-size // chunk))
        counted = counters(before + after)
        return Structure.of(control=CONTROL, counters=counted, shifter=shifted, end=end, ff=kept)
