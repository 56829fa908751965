# SPDX-License-Identifier: Apache-2.0
"""A cycle-by-cycle simulation of a hardware graph's threads and FIFOs, forks and joins included.

Slow and plain on purpose: it is what the model of time is compared with.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from finnlite.accelerator import Placed, units
from finnlite.ir import Graph, Value
from finnlite.ops.fifo import FIFO

UNBOUNDED = 1 << 60

Source = Callable[[int], int]
"""The cycle from which beat number n may enter."""


def saturating(beat: int) -> int:
    """A beat whenever it is wanted."""
    return 0


def paced(graph: Graph, ii: int) -> Source:
    """The beats of a frame every `ii` cycles."""
    beats = units(graph)[0].unit.sources(units(graph)[0].node)[0].words
    return lambda beat: beat // beats * ii


def bursty(seed: int, gap: int) -> Source:
    """Bursts of beats, and gaps of up to `gap` cycles between them."""
    rng = np.random.default_rng(seed)
    cycles: list[int] = [0]

    def entering(beat: int) -> int:
        while len(cycles) <= beat:
            cycles.append(cycles[-1] + int(rng.integers(0, gap + 1) if rng.random() < 0.2 else 1))
        return cycles[beat]

    return entering


class _Queue:
    """A FIFO: when each word in it can be read, and whether a slot was freed in this cycle."""

    def __init__(self, depth: int) -> None:
        self.depth, self.words, self.freed = depth, deque[int](), False


class _Thread:
    """A unit with its schedule and the queues at its ports; the borders have none outside."""

    def __init__(self, placed: Placed, queues: Mapping[Value, _Queue], source: Source | None) -> None:
        steps = placed.unit.steps(placed.node)
        assert steps is not None
        self.name, self.latency = placed.node.name, placed.unit.latency(placed.node)
        self.source, self.beats = source, 0
        sources = [queues.get(v) for v in placed.node.inputs[: len(steps.ports_read)] if v is not None]
        sinks = [queues.get(value) for value in placed.node.outputs]
        reads = [(q, p) for q, p in zip(sources, steps.ports_read, strict=True) if q is not None]
        writes = [(q, p) for q, p in zip(sinks, steps.ports_written, strict=True) if q is not None]
        self.length, self.times = len(steps), list[int]()
        self.reads = [[q for q, port in reads if port[n]] for n in range(self.length)]
        self.writes = [[q for q, port in writes if port[n]] for n in range(self.length)]
        self.enters = [bool(mark) for mark in steps.reads]

    def fire(self, cycle: int) -> bool:
        """One step, if all that it reads is there and all that it writes has room."""
        step = len(self.times) % self.length
        reads, writes = self.reads[step], self.writes[step]
        beat = self.source is not None and self.enters[step]
        if beat and self.source is not None and self.source(self.beats) > cycle:
            return False
        if any(not q.words or q.words[0] > cycle for q in reads):
            return False
        if any(len(q.words) + q.freed >= q.depth for q in writes):  # a slot is free from the next cycle on
            return False
        for q in reads:
            q.words.popleft()
            q.freed = True
        for q in writes:
            q.words.append(cycle + 1 + self.latency)
        self.beats += beat
        self.times.append(cycle)
        return True


@dataclass(frozen=True)
class Run:
    """What happened: the cycle of every step of every thread, and after which each frame can be read."""

    times: dict[str, list[int]]
    finished: list[int]


def run(
    graph: Graph,
    frames: int,
    source: Source = saturating,
    depths: Mapping[str, int] | int | None = None,
    patience: int = 1000,
) -> Run:
    """Frames through a graph.

    Args:
        graph: After SizeStreams.
        frames: How many.
        source: When beats may enter.
        depths: Of the FIFOs by name, or of all, instead of their own.
        patience: Cycles without a step after which it is a deadlock; more than the source's gaps.

    Raises:
        AssertionError: If no thread can go on.
    """
    placed = units(graph)
    queues: dict[Value, _Queue] = {}
    for node, unit in placed:
        if isinstance(unit, FIFO):
            own = depths if isinstance(depths, int) else (depths or {}).get(node.name, unit.depth)
            queues[node.output] = queues.setdefault(node.input(0), _Queue(own))
    threads = [
        _Thread(p, queues, source if p == placed[0] else None) for p in placed if p.unit.cycles(p.node)
    ]
    last, finished, idle, cycle = threads[-1], list[int](), 0, 0
    while len(finished) < frames:
        for queue in queues.values():
            queue.freed = False
        fired = [t.fire(cycle) for t in threads if len(t.times) < frames * t.length]
        if fired and fired[-1] and len(last.times) % last.length == 0:
            finished.append(cycle + 1 + last.latency)
        idle = 0 if any(fired) else idle + 1
        assert idle < patience, f"the units deadlock in cycle {cycle}"
        cycle += 1
    return Run({t.name: t.times for t in threads}, finished)


def simulate(graph: Graph, frames: int, depth: int | None = None) -> list[int]:
    """The cycle after which each frame's last beat can be read, at a source that never waits; see `run`."""
    return run(graph, frames, depths=depth).finished
