# SPDX-License-Identifier: Apache-2.0
"""What the RTL simulation counted, beside what the model of time says, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finnlite.backends.rtl.statistics import Statistics

__all__ = ["clocked", "clocked_note"]


def clocked(statistics: Statistics) -> dict[str, Any]:
    """Cycles of a transfer, of its units and of its streams, as the report has them.

    Args:
        statistics: Of the last run.
    """
    return {
        "frames": len(statistics.finished),
        "cycles": statistics.cycles,
        "latency_cycles": statistics.latency_cycles,
        "ii_cycles": statistics.ii_cycles,
        "units": [
            {"name": unit.name, "steps": unit.steps, "starved": unit.starved, "blocked": unit.blocked}
            for unit in statistics.units
        ],
        "streams": [
            {
                "name": stream.name,
                "writer": stream.writer,
                "reader": stream.reader,
                "depth": stream.depth,
                "high_water": stream.high_water,
            }
            for stream in statistics.streams
        ],
    }


def clocked_note(statistics: Statistics, performance: Mapping[str, Any]) -> str:
    """Latency and II of the simulation, and the model's where they differ; one frame has no II.

    Args:
        statistics: Of the last run.
        performance: The report's, of the model.
    """
    said = [f"first frame after {_beside(statistics.latency_cycles, performance['latency_cycles'])}"]
    if statistics.ii_cycles is not None:
        said.append(f"then one every {_beside(statistics.ii_cycles, performance['ii_cycles'])}")
    return ", ".join(said)


def _beside(found: float, expected: int) -> str:
    if found == expected:
        return f"{expected:,} cycles, as modelled"
    return f"{found:,.10g} cycles, modelled {expected:,}"
