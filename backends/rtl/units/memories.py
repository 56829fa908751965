# SPDX-License-Identifier: Apache-2.0
"""How the library's cells are told what a memory is made of."""

from __future__ import annotations

from finnlite.ops.cost import Memory, Style

__all__ = ["loop_lag", "ram_style"]

_STYLES = {Style.REGISTERS: "registers", Style.LUTRAM: "distributed", Style.BLOCK: "block"}
_LAGS = {Style.REGISTERS: 0, Style.LUTRAM: 1, Style.BLOCK: 2}


def ram_style(memory: Memory) -> str:
    """The value of `ram_style` for a memory that is written."""
    return _STYLES[memory.style]


def loop_lag(memory: Memory) -> int:
    """Cycles from a step to the word that a `finnlite_loop` gives back: block RAM has an output register."""
    return _LAGS[memory.style]
