# SPDX-License-Identifier: Apache-2.0
"""The boards finnlite builds for: their parts, what these hold, and the clocks they take."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import NamedTuple

from finnlite.errors import ArgumentError
from finnlite.ops.cost import Resources
from finnlite.ops.structure import Backend

__all__ = ["BOARDS", "DEFAULT_LIMITS", "Board", "Limits", "board_named"]

_DIVISORS = {a * b for a in range(1, 64) for b in range(1, 64)}
"""Products of the two 6-bit divisors of an FCLK (UG585, register FPGA0_CLK_CTRL)."""


class Limits(NamedTuple):
    """How much of a part a folding may ask for, in percent: fuller ones rarely route. All of the rest."""

    lut: float = 70.0
    bram18: float = 85.0

    def check(self) -> None:
        """Checks the limits.

        Raises:
            ArgumentError: If one is not above 0 and at most 100.
        """
        for name, percent in zip(("lut", "bram"), self, strict=True):
            if not 0 < percent <= 100:
                raise ArgumentError(f"{name} limit must be above 0 and at most 100 percent, is {percent:g}")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Board:
    """A board.

    Args:
        name: As `--board` takes it.
        part: The vendor's name of the part.
        budget: What the part holds.
        shell: Estimate of what everything but the accelerator takes: DMA, interconnect, resets.
        max_clock_mhz: Highest fabric clock worth asking for.
        pll_mhz: The PLL that the fabric clock is divided from, by two integers of up to 63 each.
        backend: Whose hardware goes onto it: estimates are of that.
    """

    name: str
    part: str
    budget: Resources
    shell: Resources
    max_clock_mhz: float = 250.0
    pll_mhz: float = 1000.0
    backend: Backend = Backend.HLS

    def check_clock(self, clock_mhz: float) -> None:
        """Checks a clock.

        Raises:
            ArgumentError: If it is not from 1 MHz to the highest of the board.
        """
        if not 1.0 <= clock_mhz <= self.max_clock_mhz:
            raise ArgumentError(
                f"clock must be from 1 to {self.max_clock_mhz:g} MHz on {self.name}, is {clock_mhz:g}"
            )

    def within(self, limits: Limits) -> Resources:
        """What a design may take, shell included."""
        lut = int(self.budget.lut * limits.lut / 100)
        return self.budget._replace(lut=lut, bram18=int(self.budget.bram18 * limits.bram18 / 100))

    def achievable_clock(self, clock_mhz: float) -> float:
        """The highest clock of at most `clock_mhz` that the PLL and its two divisors give.

        >>> [board_named("pynq-z1").achievable_clock(mhz) for mhz in (100, 142, 200, 33.4)]
        [100.0, 125.0, 200.0, 33.333333333333336]
        """
        wanted = self.pll_mhz / clock_mhz * (1 - 1e-9)  # a clock printed with many digits is itself
        return self.pll_mhz / min(n for n in _DIVISORS if n >= wanted)


BOARDS: dict[str, Board] = {
    "pynq-z1": Board(
        name="pynq-z1",
        part="xc7z020clg400-1",
        budget=Resources(lut=53_200, ff=106_400, bram18=280, dsp=220, lutram=17_400),
        # An AXI DMA with scatter-gather and its AXI Interconnects took "3000+" LUTs of a Zynq
        # (github.com/ovpanait/zynq-aes, issue 2); streams of 64 bits take some more. The rest is a guess:
        # more flip-flops than LUTs, buffers of the DMA's two channels.
        shell=Resources(lut=4_000, ff=7_000, bram18=6, dsp=0, lutram=300),
    )
}


def board_named(name: str, backend: str = Backend.HLS) -> Board:
    """The board called `name`, for the hardware of a backend: "hls" or "rtl".

    Raises:
        ArgumentError: If there is none; the message lists the boards.
    """
    if name in BOARDS:
        return replace(BOARDS[name], backend=Backend(backend))
    near = difflib.get_close_matches(name, BOARDS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ArgumentError(f"board must be {' or '.join(map(repr, BOARDS))}, is {name!r}{hint}")
