# SPDX-License-Identifier: Apache-2.0
"""What hardware costs: resource vectors, memories, and the coefficients that units share.

The coefficients are those of the HLS backend on 7-series parts and are not calibrated by synthesis yet:
estimates are for choosing foldings, not for promises.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["LANE_BITS", "Memory", "Resources", "rom"]

LANE_BITS = 36
"""A weight memory is cut into lanes of at most this width: one port of a RAMB18 (design §8)."""
_LUT_DEPTH = 64
"""A LUT6 is a ROM (or a RAM64X1S) of this many bits."""
_BLOCK_FROM = 128
"""Words from which a memory goes to block RAM: below, a bit of width costs at most two LUTs."""
_RAMB18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Width × depth of a RAMB18 (UG473, table 1-7, simple dual port)."""


class Resources(NamedTuple):
    """What a unit takes of the part."""

    lut: int = 0
    ff: int = 0
    bram18: int = 0
    dsp: int = 0

    def plus(self, other: Resources) -> Resources:
        """The sum, resource by resource."""
        return Resources(*(a + b for a, b in zip(self, other, strict=True)))

    def fits(self, budget: Resources) -> bool:
        """Whether no resource exceeds the budget."""
        return all(a <= b for a, b in zip(self, budget, strict=True))


@dataclass(frozen=True)
class Memory:
    """An on-chip memory of constants.

    Args:
        depth: Words.
        width: Bits a word.
        block: In block RAM; otherwise in LUTs (of a single word nothing is left but constants).
    """

    depth: int
    width: int
    block: bool

    @property
    def lanes(self) -> int:
        """Lanes of at most 36 bits."""
        return -(-self.width // LANE_BITS)

    @property
    def resources(self) -> Resources:
        """LUTs or RAMB18s."""
        if self.depth <= 1:
            return Resources()
        if not self.block:
            luts = self.width * _lut_bits(self.depth)
            return Resources(lut=luts, ff=self.width)
        full, rest = divmod(self.width, LANE_BITS)
        blocks = full * _blocks(LANE_BITS, self.depth) + (_blocks(rest, self.depth) if rest else 0)
        return Resources(bram18=blocks)


def _lut_bits(depth: int) -> int:
    leaves = -(-depth // _LUT_DEPTH)
    return leaves + -(-(leaves - 1) // 3)  # a LUT6 is a 4:1 multiplexer


def _blocks(width: int, depth: int) -> int:
    return min(math.ceil(width / w) * math.ceil(depth / d) for w, d in _RAMB18_SHAPES)


def rom(depth: int, width: int) -> Memory:
    """A read-only memory in the style that fits its depth.

    >>> rom(512, 40).resources
    Resources(lut=0, ff=0, bram18=2, dsp=0)
    """
    return Memory(depth, width, block=depth >= _BLOCK_FROM)
