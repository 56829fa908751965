# SPDX-License-Identifier: Apache-2.0
"""What hardware costs: resource vectors, memories, and the coefficients that units share.

Logic is counted in the LUTs that its structure takes on a 7-series part: a LUT6 gives one function of six
inputs or two of the same five (UG474). What the HLS backend makes of it is larger by `HLS`, which no
synthesis has calibrated yet: its estimates are for choosing foldings, not for promises. Those of the RTL
backend weigh the same structure as synthesis found it: see `finnlite.ops.structure`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

__all__ = [
    "ADDER_BIT",
    "COMPARATOR_BIT",
    "CONTROL",
    "COUNTER_BIT",
    "DSP_FROM",
    "LANE_BITS",
    "MEMORY_DISTANCE",
    "PRODUCT_BIT",
    "SELECT_BIT",
    "Memory",
    "Resources",
    "Style",
    "cheaper",
    "counters",
    "logic",
    "port",
    "price",
    "ram",
    "rom",
    "shifter_bit",
    "total",
]

# Published: an MVTU of 1-bit products, PE 32 × SIMD 32, takes 2,142 LUTs in FINN's RTL and 2,950 in its HLS,
# taken to be of 1,024 inputs and without thresholds. HLS has register slices at its ports, of 32 bits and of
# 32 sums of 12 bits, which are counted by themselves.
_FINN_RTL, _FINN_HLS, _FINN_SLICES = 2142, 2950, 220
HLS = (_FINN_HLS - _FINN_SLICES) / _FINN_RTL
"""LUTs of the HLS backend for one LUT of the structure: 1.27."""
PRODUCT_BIT = 103 / 64
"""LUTs of a bit of a product in a sum: XNOR or AND, and the full adder that takes it in.

64 XNORs and their count take 103 LUTs with the XNOR in the first level of adders (Yosys, hardware.md). FINN's
MVTU comes out at 2,136 of its 2,142 LUTs in RTL, at 2,936 of its 2,950 in HLS. A narrow product of a × b bits
has a·b such bits: what W1A2 takes more than W1A1 in BNN-PYNQ's LFC and CNV is 2.6 LUTs a product and 72 a row
with two thresholds more, where this says 2.05 a product.
"""
ADDER_BIT = 1.0
"""LUTs of an adder's or accumulator's bit: the carry chain has a LUT a bit, with room to clear it (UG474)."""
COMPARATOR_BIT = 0.5
"""LUTs of a comparison's bit: two bits of both sides are four of a LUT's inputs, the rest is carry chain."""
SELECT_BIT = 0.5
"""LUTs of a 2:1 multiplexer's bit: two of one choice share a LUT6."""
COUNTER_BIT = 2.0
"""LUTs of a counter's bit: its increment, and its part in the test for the end and in the return to 0."""
CONTROL = 40
"""LUTs of a unit's handshakes and of the enables of its stages; no published figure."""
_FF = 1.1
"""Flip-flops for one LUT of logic; no published figure, but a part has two for each LUT."""
_PORT = 6
"""LUTs and flip-flops of a register slice's handshake."""
DSP_FROM = 5
"""Products whose factors both have at least this many bits go to a DSP48E1."""

LANE_BITS = 36
"""A weight memory is cut into lanes of at most this width: one port of a RAMB18 (design §8)."""
MEMORY_DISTANCE = 4
"""Steps from a store to the first load of the word that a memory promises (design §8)."""
_ROM_DEPTH = 64
"""Bits of a LUT6 as a ROM; F7 and F8 multiplexers join four of them for nothing (UG474)."""
_ROM_JOINED = 4
_LUTRAM_SHAPES = ((6, 32), (3, 64))
"""Width × depth of a simple dual port RAM in the four LUTs of a slice: RAM32M and RAM64M (UG474)."""
_SLICE_LUTS = 4
_RAMB18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Width × depth of a RAMB18 (UG473, table 1-7, simple dual port)."""
_PRICES = (1 / 53_200, 0.0, 1 / 280, 1 / 220, 0.0)
"""Price of a LUT, FF, RAMB18, DSP and LUTRAM: shares of an XC7Z020, which always has flip-flops enough."""


class Style(StrEnum):
    """What a memory is made of: logic (constants), registers (few words), LUTs as RAM, or block RAM."""

    LUT = "lut"
    REGISTERS = "registers"
    LUTRAM = "lutram"
    BLOCK = "block"


class Resources(NamedTuple):
    """What a unit takes of the part; `lutram` are those of its LUTs that serve as RAM."""

    lut: int = 0
    ff: int = 0
    bram18: int = 0
    dsp: int = 0
    lutram: int = 0

    def plus(self, other: Resources) -> Resources:
        """The sum, resource by resource."""
        return Resources(*(a + b for a, b in zip(self, other, strict=True)))

    def fits(self, budget: Resources) -> bool:
        """Whether no resource exceeds the budget."""
        return all(a <= b for a, b in zip(self, budget, strict=True))


def total(parts: Iterable[Resources]) -> Resources:
    """The sum of several."""
    result = Resources()
    for part in parts:
        result = result.plus(part)
    return result


@dataclass(frozen=True)
class Memory:
    """An on-chip memory, or several that are equal, side by side.

    Args:
        depth: Words.
        width: Bits a word.
        style: What it is made of; of a single word of constants nothing is left but wires.
        copies: How many of them.
    """

    depth: int
    width: int
    style: Style
    copies: int = 1

    @property
    def block(self) -> bool:
        """Whether it is in block RAM."""
        return self.style is Style.BLOCK

    @property
    def lanes(self) -> int:
        """Lanes of at most 36 bits."""
        return -(-self.width // LANE_BITS)

    @property
    def resources(self) -> Resources:
        """LUTs, RAMB18s or registers."""
        return Resources(*(self.copies * amount for amount in _memory(self.depth, self.width, self.style)))


@cache
def _memory(depth: int, width: int, style: Style) -> Resources:
    if style is Style.REGISTERS:
        return Resources(lut=_multiplexer(depth, width), ff=depth * width)
    if style is Style.LUTRAM:
        return min(_banked(depth, width, *shape) for shape in _LUTRAM_SHAPES)
    if depth <= 1:
        return Resources()
    if style is Style.LUT:
        if depth <= _ROM_DEPTH // 2:  # two bits of one address share a LUT6
            return Resources(lut=-(-width // 2), ff=width)
        leaves = -(-depth // _ROM_DEPTH)
        return Resources(lut=width * leaves + _multiplexer(-(-leaves // _ROM_JOINED), width), ff=width)
    full, rest = divmod(width, LANE_BITS)
    return Resources(bram18=full * _blocks(LANE_BITS, depth) + (_blocks(rest, depth) if rest else 0))


def _banked(depth: int, width: int, bits: int, words: int) -> Resources:
    banks = -(-depth // words)
    luts = _SLICE_LUTS * -(-width // bits) * banks
    return Resources(lut=luts + _multiplexer(banks, width), ff=width, lutram=luts)


def _multiplexer(words: int, width: int) -> int:
    """LUTs that choose one of some words: a LUT6 is a 4:1 multiplexer, or two 2:1 ones of one choice."""
    return -(-width // 2) if words == 2 else width * -(-(words - 1) // 3)


def _blocks(width: int, depth: int) -> int:
    return min(math.ceil(width / w) * math.ceil(depth / d) for w, d in _RAMB18_SHAPES)


def price(cost: Resources) -> float:
    """What a cost is worth: its shares of the part's resources."""
    return sum(weight * used for weight, used in zip(_PRICES, cost, strict=True))


@cache
def cheaper(depth: int, width: int, small: Style) -> Style:
    """The one of the lower price of a style and block RAM."""
    return min(small, Style.BLOCK, key=lambda style: price(Memory(depth, width, style).resources))


def rom(depth: int, width: int, style: Style | None = None, copies: int = 1) -> Memory:
    """A read-only memory, in logic or block RAM; None for the one of the lower price.

    >>> rom(1024, 36).resources
    Resources(lut=0, ff=0, bram18=2, dsp=0, lutram=0)
    """
    return Memory(depth, width, style or cheaper(depth, width, Style.LUT), copies)


def ram(depth: int, width: int, copies: int = 1) -> Memory:
    """A memory that is written too: of fewer words than a memory's distance registers, else by price.

    >>> [ram(depth, 18).style.value for depth in (3, 64, 1024)]
    ['registers', 'lutram', 'block']
    """
    small = Style.REGISTERS if depth < MEMORY_DISTANCE else cheaper(depth, width, Style.LUTRAM)
    return Memory(depth, width, small, copies)


def logic(lut: float, ff: int = 0, dsp: int = 0) -> Resources:
    """What HLS takes for a structure of `lut` LUTs that has `ff` flip-flops besides its pipeline's."""
    luts = math.ceil(HLS * lut)
    return Resources(luts, math.ceil(_FF * luts) + ff, 0, dsp)


def counters(*sizes: int) -> float:
    """LUTs of counters that count so many steps each."""
    return COUNTER_BIT * sum((size - 1).bit_length() for size in sizes)


def shifter_bit(positions: int) -> float:
    """LUTs of a bit that comes from one of `positions` places: a 2:1 multiplexer for each halving of them."""
    return SELECT_BIT * math.log2(positions)


def port(width: int) -> Resources:
    """The register slice of an AXI4-Stream port: two words, for both directions (UG1399, `register_mode`)."""
    return Resources(lut=math.ceil(SELECT_BIT * width) + _PORT, ff=2 * width + _PORT)
