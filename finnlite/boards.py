# SPDX-License-Identifier: Apache-2.0
"""The boards finnlite builds for: their parts, what these hold, and the clocks they take."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from finnlite.errors import OptionError
from finnlite.ops.cost import Resources

__all__ = ["BOARDS", "Board", "board_named"]

_DIVISORS = {a * b for a in range(1, 64) for b in range(1, 64)}
"""Products of the two 6-bit divisors of an FCLK (UG585, register FPGA0_CLK_CTRL)."""


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
    """

    name: str
    part: str
    budget: Resources
    shell: Resources
    max_clock_mhz: float = 250.0
    pll_mhz: float = 1000.0

    def check_clock(self, clock_mhz: float) -> None:
        """Checks a clock.

        Raises:
            OptionError: If it is not from 1 MHz to the highest of the board.
        """
        if not 1.0 <= clock_mhz <= self.max_clock_mhz:
            raise OptionError(
                f"clock must be from 1 to {self.max_clock_mhz:g} MHz on {self.name}, is {clock_mhz:g}"
            )

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
        budget=Resources(lut=53_200, ff=106_400, bram18=280, dsp=220),
        shell=Resources(lut=5_000, ff=7_000, bram18=6, dsp=0),
    )
}


def board_named(name: str) -> Board:
    """The board called `name`.

    Raises:
        OptionError: If there is none; the message lists the boards.
    """
    if name in BOARDS:
        return BOARDS[name]
    near = difflib.get_close_matches(name, BOARDS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise OptionError(f"board must be {' or '.join(map(repr, BOARDS))}, is {name!r}{hint}")
