# SPDX-License-Identifier: Apache-2.0
"""What an RTL simulation counted: cycles of frames, of units and of streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..network import OUTSIDE, Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Statistics", "StreamCount", "UnitCount", "statistics_of"]

_MONITORED = 4
_HIGH_WATER, _WORDS = 0, 1


@dataclass(frozen=True)
class UnitCount:
    """The cycles of a unit, from the reset to the last beat that left: steps + starved + blocked.

    Args:
        name: Name of its node.
        steps: Cycles in which it made a step.
        starved: Cycles in which it waited for a word.
        blocked: Cycles in which it had all words and waited for room.
    """

    name: str
    steps: int
    starved: int
    blocked: int


@dataclass(frozen=True)
class StreamCount:
    """What was counted of a stream.

    Args:
        name: The stream's name in the emitted code.
        writer: Name of the node that writes it; None: the input.
        reader: Name of the node that reads it; None: the output.
        depth: Words that fit; 0 where there is no FIFO.
        words: Words written.
        high_water: Most words in it at once, those on their way through the writer's pipeline included.
        empty: Cycles in which its reader waited for a word of it.
        full: Cycles in which its writer waited for room in it.
    """

    name: str
    writer: str | None
    reader: str | None
    depth: int
    words: int
    high_water: int
    empty: int
    full: int


@dataclass(frozen=True, eq=False)
class Statistics:
    """A transfer of F frames, counted.

    Args:
        cycles: From the reset until the last beat was taken.
        started: The cycle in which the first beat was taken; 0 is the first after the reset.
        finished: (F,) the cycle from which each frame's last beat could be read.
        units: By unit, in stream order.
        streams: By stream.
        times: For each unit, by node, the cycles in which it made a step; None unless recorded.
    """

    cycles: int
    started: int
    finished: NDArray[np.int64]
    units: tuple[UnitCount, ...]
    streams: tuple[StreamCount, ...]
    times: dict[str, NDArray[np.int64]] | None = None

    @property
    def latency_cycles(self) -> int:
        """From the first beat to the first frame's last beat out."""
        return int(self.finished[0]) - self.started

    @property
    def ii_cycles(self) -> float | None:
        """Cycles between two frames, the mean over the later half; None for fewer than two frames."""
        half = len(self.finished) // 2
        if not half:
            return None
        later = self.finished[half - 1 :]
        return float(later[-1] - later[0]) / (len(later) - 1)

    def __repr__(self) -> str:
        """Frames, cycles, latency and II."""
        ii = "" if self.ii_cycles is None else f", then one every {self.ii_cycles:,g}"
        return (
            f"<statistics: {len(self.finished):,} frames in {self.cycles:,} cycles, "
            f"the first after {self.latency_cycles:,}{ii}>"
        )


def statistics_of(
    network: Network, depths: list[int], report: dict[str, Any], times: NDArray[np.uint64] | None
) -> Statistics:
    """What the simulation reports, with the names of the nodes.

    Args:
        network: What was simulated.
        depths: Of its streams.
        report: What the simulation wrote.
        times: The cycles of all steps, unit by unit, if they were recorded.
    """
    monitors = report["monitors"]
    streams = [
        StreamCount(
            stream.name,
            node_name(network, stream.writer),
            node_name(network, stream.reader),
            depths[index],
            monitors[_MONITORED * index + _WORDS],
            monitors[_MONITORED * index + _HIGH_WATER],
            *report["streams"][index],
        )
        for index, stream in enumerate(network.streams)
    ]
    units = [
        UnitCount(layer.node.name, *c) for layer, c in zip(network.layers, report["layers"], strict=True)
    ]
    recorded = None
    if times is not None:
        ends = np.cumsum([unit.steps for unit in units])
        parts = np.split(times.astype(np.int64), ends[:-1])
        recorded = {unit.name: part for unit, part in zip(units, parts, strict=True)}
    finished = np.array(report["finished"], dtype=np.int64)
    return Statistics(report["cycles"], report["first"], finished, tuple(units), tuple(streams), recorded)


def node_name(network: Network, layer: int) -> str | None:
    """The node of a layer by its number; None outside."""
    return None if layer == OUTSIDE else network.layers[layer].node.name
