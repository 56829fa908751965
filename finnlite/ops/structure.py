# SPDX-License-Identifier: Apache-2.0
"""A unit's logic by what it is for, and what a backend makes of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from .cost import Memory, Resources, Style, logic

__all__ = ["FACTORS", "Backend", "Structure", "estimate", "memory_terms"]

FACTORS = "rtl_costs.json"
"""What Yosys made of the RTL backend's cells; written by `benchmarks.calibration`."""


_REGISTERS = ("registers", "read", "written", "latency")
"""Terms that are bits of registers and words, not LUTs."""


_LUT_WORDS = 64
"""Words of a bit that one LUT6 holds."""


class Backend(StrEnum):
    """Who writes the hardware: estimates are another backend's if the hardware is."""

    HLS = "hls"
    RTL = "rtl"


@dataclass(frozen=True)
class Structure:
    """A unit's logic, without its memories and ports.

    Args:
        terms: What logic is for, to the LUTs that its structure takes; see `finnlite.ops.cost`.
        ff: Flip-flops besides those of the pipeline.
        dsp: DSP48E1s.
    """

    terms: Mapping[str, float]
    ff: int = 0
    dsp: int = 0

    @classmethod
    def of(cls, *, ff: int = 0, dsp: int = 0, **terms: float) -> Structure:
        """Terms by keyword."""
        return cls(terms, ff, dsp)

    @property
    def lut(self) -> float:
        """The sum of all terms."""
        return sum(self.terms.values())

    @property
    def hls(self) -> Resources:
        """What HLS takes for it; see `logic`."""
        return logic(self.lut, self.ff, self.dsp)


def memory_terms(memories: Mapping[str, Memory]) -> dict[str, float]:
    """LUTs of memories that are not in block RAM, by name and style; numbered ones are one."""
    found: dict[str, float] = {}
    for name, memory in memories.items():
        if not memory.block:
            term = f"{name.rstrip('0123456789')}_{memory.style.value}"
            luts = _constants(memory) if memory.style is Style.LUT else memory.resources.lut
            found[term] = found.get(term, 0.0) + luts
    return found


def _constants(memory: Memory) -> float:
    """LUTs of constants, of which equal bits are one: of few words there are few different ones.

    A bit of d words is one of 2^d functions of the address; constants and the address' bits are wires. So
    many of these as so many random bits are expected to be take a LUT each.
    """
    bits, depth = memory.width * memory.copies, memory.depth
    functions = 2.0 ** min(depth, _LUT_WORDS) - 2 - 2 * (depth - 1).bit_length()
    if functions <= 0:
        return 0.0
    different = -math.expm1(-bits / functions) * functions
    leaves = -(-depth // _LUT_WORDS)
    return different * leaves if leaves > 1 else different


def estimate(kind: str, terms: Mapping[str, float], exact: Resources) -> Resources:
    """What the RTL backend's cell takes: LUTs and flip-flops by what they were measured to be.

    Args:
        kind: Operator type of the unit.
        terms: See `Unit.terms`. Of a kind that was not measured, LUTs are as its structure says.
        exact: Block RAM, DSP48E1s and LUTs as RAM, which follow from the structure.
    """
    weights = _factors().get(kind)
    if weights is None:
        registers = sum(terms.get(name, 0.0) for name in _REGISTERS)
        lut, ff = math.ceil(sum(terms.values()) - registers), math.ceil(registers)
    else:
        lut, ff = (
            math.ceil(sum(weights[resource].get(name, 0.0) * value for name, value in terms.items()))
            for resource in ("lut", "ff")
        )
    return exact._replace(lut=max(lut, exact.lutram), ff=ff)


@cache
def _factors() -> dict[str, dict[str, dict[str, float]]]:
    text = (resources.files(__package__) / FACTORS).read_text(encoding="utf-8")
    factors: Any = json.loads(text)["factors"]
    return dict(factors)
