# SPDX-License-Identifier: Apache-2.0
"""What a part of an accelerator takes of an FPGA, counted in what synthesis made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from finnlite.errors import ToolError

__all__ = ["Measured", "parse", "total"]

_LUTS = {f"LUT{inputs}" for inputs in range(1, 7)}
_FLIP_FLOPS = {f"{kind}{edge}" for kind in ("FDRE", "FDSE", "FDCE", "FDPE") for edge in ("", "_1")}
_LUTRAMS = {
    **{"SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1, "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4},
    **{"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4},
}
"""LUTs that serve as memory (UG474, UG953)."""
_BLOCKS = {"RAMB18E1": 1, "RAMB36E1": 2}
_FREE = {"INV", "MUXF7", "MUXF8", "MUXF9", "VCC", "GND", "$scopeinfo"}
"""Parts of a slice beside its LUTs, and inverters, which go into the LUT or flip-flop behind them."""


@dataclass(frozen=True)
class Measured:
    """What a part takes after synthesis, before placement.

    Args:
        lut: LUTs, each for one function: the most that it takes.
        lc: Yosys' estimate with small functions packed in pairs: about the fewest. Both count `lutram`.
        ff: Flip-flops.
        carry4: Carry chains of four bits.
        bram18: Block RAMs of 18 kbit; one of 36 kbit is two.
        dsp: DSP48E1s.
        lutram: LUTs that serve as memory.
    """

    lut: int = 0
    lc: int = 0
    ff: int = 0
    carry4: int = 0
    bram18: int = 0
    dsp: int = 0
    lutram: int = 0

    def plus(self, other: Measured) -> Measured:
        """The sum, resource by resource."""
        return Measured(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def total(parts: Iterable[Measured]) -> Measured:
    """The sum of several."""
    result = Measured()
    for part in parts:
        result = result.plus(part)
    return result


def parse(statistics: str) -> dict[str, Measured]:
    r"""What `stat -tech xilinx -json` says, by module.

    Raises:
        ToolError: If it is not that, or a cell is left that is no primitive of a 7-series part.

    >>> cells = '{"LUT3": 4, "INV": 1, "RAM32M": 2, "FDRE": 9, "CARRY4": 1}'
    >>> text = '{"modules": {"\\\\a": {"num_cells_by_type": %s, "estimated_num_lc": 3}}}' % cells
    >>> parse(text)
    {'a': Measured(lut=12, lc=11, ff=9, carry4=1, bram18=0, dsp=0, lutram=8)}
    """
    text = re.sub(r",\s*\}\s*$", "}", statistics)  # what Yosys 0.23 writes of a design without a top
    try:
        return {
            name.removeprefix("\\"): _measured(
                dict[str, int](module["num_cells_by_type"]), int(module["estimated_num_lc"])
            )
            for name, module in json.loads(text)["modules"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"synthesis: Yosys must write statistics of modules, does not ({error!r})") from error


def _measured(cells: Mapping[str, int], packed: int) -> Measured:
    known = _LUTS | _FLIP_FLOPS | _LUTRAMS.keys() | _BLOCKS.keys() | _FREE | {"CARRY4", "DSP48E1"}
    strange = sorted(cells.keys() - known)
    if strange:
        raise ToolError(
            f"synthesis: cells must be a 7-series part's, latches are not allowed, are {', '.join(strange)}"
        )

    def count(weights: Mapping[str, int]) -> int:
        return sum(weights.get(cell, 0) * number for cell, number in cells.items())

    lutram = count(_LUTRAMS)
    return Measured(
        lut=count(dict.fromkeys(_LUTS, 1)) + lutram,
        lc=packed + lutram,
        ff=count(dict.fromkeys(_FLIP_FLOPS, 1)),
        carry4=cells.get("CARRY4", 0),
        bram18=count(_BLOCKS),
        dsp=cells.get("DSP48E1", 0),
        lutram=lutram,
    )
