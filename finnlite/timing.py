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
from finnlite.ir import Graph, Node, Value
from finnlite.ops.unit import Steps, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        steps = unit.steps(node)
        if steps is None:  # a buffer that is deep enough: its words are readable when they arrive
            if node.input(0) in readable:
                readable[node.output] = readable[node.input(0)]
            continue
        times = scan(_arrivals(node, unit, steps, readable))
        for value, writes in zip(node.outputs, steps.ports_written, strict=True):
            readable[value] = times[writes] + 1 + unit.latency(node)
            finished = int(readable[value][-1])
    return finished


def _arrivals(
    node: Node, unit: Unit, steps: Steps, readable: Mapping[Value, NDArray[np.int64]]
) -> NDArray[np.int64]:
    """When each step of a thread finds all that it reads.

    Raises:
        IRError: If a stream does not carry as many words as the thread reads.
    """
    arrivals = np.zeros(len(steps), dtype=np.int64)
    for value, stream, reads in zip(node.inputs, unit.sources(node), steps.ports_read, strict=False):
        if value is None or value not in readable:
            continue
        available = _converted(readable[value], stream.words)
        if len(available) != np.count_nonzero(reads):
            raise IRError(
                f"node {node.name!r}: must read {len(available)} words a frame, "
                f"reads {np.count_nonzero(reads)}"
            )
        arrivals[reads] = np.maximum(arrivals[reads], available)
    return arrivals


def _converted(available: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    """Arrival times when words of another size are read and no converter stands between yet."""
    if len(available) == words:
        return available
    last = (np.arange(1, words + 1) * len(available) + words - 1) // words - 1
    return available[last]
