# SPDX-License-Identifier: Apache-2.0
"""What the page and the command line say with the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finnlite.text import shortened

__all__ = ["RESOURCES", "bound", "kind", "waiting"]

_NAMED = 2
_SHORT = 32

RESOURCES = {"lut": "LUT", "lutram": "LUTRAM", "bram18": "RAMB18", "dsp": "DSP"}
"""Keys of the report to the names of what a unit is made of."""


def kind(row: Mapping[str, Any]) -> str:
    """A layer's unit, and whether it writes whole windows.

    Args:
        row: A row of the report's `layers`.
    """
    return f"{row['op']}, parallel" if row.get("parallel") else str(row["op"])


def waiting(waits: Mapping[str, int] | None) -> str:
    """For whom a unit waits, the longest first, and for how many cycles a frame.

    >>> waiting({"a": 5, "b": 1000, "c": 2})
    'b 1,000, a 5, …'
    """
    longest = sorted((waits or {}).items(), key=lambda item: -item[1])
    named = [f"{shortened(name, _SHORT)} {cycles:,}" for name, cycles in longest[:_NAMED]]
    return ", ".join(named + ["…"] * (len(longest) > _NAMED))


def bound(folding: Mapping[str, Any]) -> str:
    """What keeps the accelerator from being faster, and what the next faster folding would take.

    Args:
        folding: The report's `folding`.
    """
    binding, following = folding["binding"], folding["next"]
    if binding == "dma":
        return f"bound by DMA: a frame crosses the border in {folding['ii_cycles']:,} cycles"
    if following is None:
        return f"bound by {shortened(folding['bottleneck'])}: it has no faster folding"
    costs = ", ".join(f"{following[key]:,} {name}" for key, name in RESOURCES.items() if following[key])
    point = f"{following['fps']:,.0f} frames/s (a frame every {following['ii_cycles']:,} cycles)"
    faster = f"the next faster point, {point}, would take {costs}"
    if binding is None:
        return f"bound by what was asked for: {faster}, and fit"
    over = " and ".join(_within(folding, key) for key in following["exceeds"])
    return f"bound by {RESOURCES.get(binding, binding.upper())}: {faster}; the limit is {over}"


def _within(folding: Mapping[str, Any], key: str) -> str:
    percent = folding["limits_percent"].get(key)
    share = "" if percent is None else f" ({percent:g} %)"
    return f"{folding['limits'][key]:,} {RESOURCES.get(key, key.upper())}{share}"
