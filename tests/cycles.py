# SPDX-License-Identifier: Apache-2.0
"""A cycle-by-cycle simulation of a hardware graph's threads and FIFOs, forks and joins included."""

from collections import deque

from finnlite.accelerator import Placed, units
from finnlite.ir import Graph, Value
from finnlite.ops.fifo import FIFO


class _Queue:
    """A FIFO: when each word in it can be read, and whether a slot was freed in this cycle."""

    def __init__(self, depth: int) -> None:
        self.depth, self.words, self.freed = depth, deque[int](), False


class _Thread:
    """A unit with its schedule and the queues at its ports; the borders have none outside."""

    def __init__(self, placed: Placed, queues: dict[Value, _Queue]) -> None:
        steps = placed.unit.steps(placed.node)
        assert steps is not None
        self.latency = placed.unit.latency(placed.node)
        sources = [queues.get(v) for v in placed.node.inputs[: len(steps.ports_read)] if v is not None]
        sinks = [queues.get(value) for value in placed.node.outputs]
        reads = [(q, p) for q, p in zip(sources, steps.ports_read, strict=True) if q is not None]
        writes = [(q, p) for q, p in zip(sinks, steps.ports_written, strict=True) if q is not None]
        self.length, self.at = len(steps), 0
        self.reads = [[q for q, port in reads if port[n]] for n in range(self.length)]
        self.writes = [[q for q, port in writes if port[n]] for n in range(self.length)]

    def fire(self, cycle: int) -> bool:
        """One step, if all that it reads is there and all that it writes has room."""
        reads, writes = self.reads[self.at % self.length], self.writes[self.at % self.length]
        if any(not q.words or q.words[0] > cycle for q in reads):
            return False
        if any(len(q.words) + q.freed >= q.depth for q in writes):  # a slot is free from the next cycle on
            return False
        for q in reads:
            q.words.popleft()
            q.freed = True
        for q in writes:
            q.words.append(cycle + 1 + self.latency)
        self.at += 1
        return True


def simulate(graph: Graph, frames: int, depth: int | None = None) -> list[int]:
    """The cycle after which each frame's last beat can be read; a beat enters whenever it is wanted.

    Args:
        graph: After SizeStreams.
        frames: How many.
        depth: Of every FIFO instead of its own.

    Raises:
        AssertionError: If no thread can go on.
    """
    placed = units(graph)
    queues: dict[Value, _Queue] = {}
    for node, unit in placed:
        if isinstance(unit, FIFO):
            queue = queues.setdefault(node.input(0), _Queue(depth or unit.depth))
            queues[node.output] = queue
    threads = [_Thread(p, queues) for p in placed if not isinstance(p.unit, FIFO)]
    last, finished, idle = threads[-1], [], 0
    cycle = 0
    while len(finished) < frames:
        for queue in queues.values():
            queue.freed = False
        fired = [t.fire(cycle) for t in threads if t.at < frames * t.length]
        if fired and fired[-1] and last.at % last.length == 0:
            finished.append(cycle + 1 + last.latency)
        idle = 0 if any(fired) else idle + 1
        assert idle < 100, f"the units deadlock in cycle {cycle}"
        cycle += 1
    return finished
