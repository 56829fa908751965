# SPDX-License-Identifier: Apache-2.0
"""Performance of a hardware graph: initiation interval, first-frame latency, bottleneck.

Units are threads with fixed schedules, so times follow max-plus recurrences (design §9): step n of a thread
fires at s[n] = max(a[n], s[n−1] + 1), a[n] being the latest readable time of what it reads. With unbounded
FIFOs that is one scan, `s = n + cummax(a − n)`, exact. See Baccelli et al., Synchronization and Linearity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finnlite.accelerator import Placed, units
from finnlite.errors import IRError
from finnlite.ir import Graph, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Performance", "analyse", "scan"]


@dataclass(frozen=True)
class Performance:
    """What the model of time says.

    Args:
        ii_cycles: Cycles between two frames: the longest thread.
        latency_cycles: From the first beat of a frame into empty units to its last beat out.
        bottleneck: Name of the node with the longest thread; the first of equals.
    """

    ii_cycles: int
    latency_cycles: int
    bottleneck: str

    def fps(self, clock_mhz: float) -> float:
        """Frames a second at a clock."""
        return clock_mhz * 1e6 / self.ii_cycles


def analyse(graph: Graph) -> Performance:
    """II, latency and bottleneck of a mapped graph, folded or not, with streams sized or not."""
    placed = units(graph)
    cycles = {node.name: unit.cycles(node) for node, unit in placed}
    bottleneck = max(cycles, key=lambda name: cycles[name])
    return Performance(cycles[bottleneck], _latency(placed), bottleneck)


def scan(arrivals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Firing times of a thread whose step n may fire from arrivals[n] on.

    >>> scan(np.array([0, 0, 5, 0]))
    array([0, 1, 5, 6])
    """
    order = np.arange(len(arrivals))
    return order + np.maximum.accumulate(arrivals - order)


def _latency(placed: list[Placed]) -> int:
    """Cycles from the first beat to the last, of one frame from empty, FIFOs unbounded."""
    readable: dict[Value, NDArray[np.int64]] = {}
    finished = 0
    for node, unit in placed:
        available = readable.get(node.input(0))
        steps = unit.steps(node)
        if steps is None:  # a buffer that is deep enough: its words are readable when they arrive
            if available is not None:
                readable[node.output] = available
            continue
        arrivals = np.zeros(len(steps), dtype=np.int64)
        if available is not None:
            available = _converted(available, unit.source(node).words)
            if len(available) != np.count_nonzero(steps.reads):
                raise IRError(
                    f"node {node.name!r}: must read {len(available)} words a frame, "
                    f"reads {np.count_nonzero(steps.reads)}"
                )
            arrivals[steps.reads] = available
        times = scan(arrivals)
        readable[node.output] = times[steps.writes] + 1 + unit.latency(node)
        finished = int(readable[node.output][-1])
    return finished


def _converted(available: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    """Arrival times when words of another size are read and no converter stands between yet."""
    if len(available) == words:
        return available
    last = (np.arange(1, words + 1) * len(available) + words - 1) // words - 1
    return available[last]
