# SPDX-License-Identifier: Apache-2.0
"""Who waits for whom when nothing moves any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx

from ..network import OUTSIDE, Network
from .threads import Thread

__all__ = ["waiting"]

_SHOWN = 12


def waiting(
    network: Network, threads: Sequence[Thread], depths: Sequence[int], report: dict[str, Any]
) -> str:
    """A line for each stream that a unit waits for: at which of its steps, for a word or for room.

    If units wait for each other in a circle, only those are told, else all.

    Args:
        network: What was simulated.
        threads: Of its layers.
        depths: Of its streams.
        report: What the simulation wrote.
    """
    lines: dict[int, list[str]] = {}
    waits = nx.DiGraph()
    for number, (layer, thread) in enumerate(zip(network.layers, threads, strict=True)):
        step = report["next"][number]
        at = f"node {layer.node.name!r}, step {step:,} of {layer.steps:,}, waits for"
        reads, writes = thread.at(step)
        for stream in (s for s in reads if not report["valid"][s]):
            writer, name = network.streams[stream].writer, network.streams[stream].name
            waits.add_edge(number, writer)
            lines.setdefault(number, []).append(f"{at} a word of {name!r}, from {_end(network, writer)}")
        for stream in (s for s in writes if not report["ready"][s]):
            reader, name = network.streams[stream].reader, network.streams[stream].name
            waits.add_edge(number, reader)
            room = f"room in {name!r}, {depths[stream]:,} words deep, to {_end(network, reader)}"
            lines.setdefault(number, []).append(f"{at} {room}")
    told = [line for number in _circle(waits) or lines for line in lines[number]]
    rest = len(told) - _SHOWN
    return "\n".join([*told[:_SHOWN], *([f"and {rest} more"] if rest > 0 else [])])


def _circle(waits: nx.DiGraph) -> list[int]:
    """Layers that wait for each other, in their order; none if there are none."""
    try:
        return sorted(edge[0] for edge in nx.find_cycle(waits))
    except nx.NetworkXNoCycle:
        return []


def _end(network: Network, layer: int) -> str:
    return "outside" if layer == OUTSIDE else repr(network.layers[layer].node.name)
