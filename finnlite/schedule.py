# SPDX-License-Identifier: Apache-2.0
"""The paced-then-lazy schedule: how deep every FIFO must be, and who waits for whom (design §9).

A frame enters every II cycles, and every thread repeats itself II cycles later. Forwards, in topological
order, each thread fires as early as it can with unbounded FIFOs; backwards, steps are moved as late as they
can be without moving a read of their consumers; forwards again, each thread moves to where the FIFOs around
it hold fewer bits. Such a schedule is feasible with FIFOs that hold the words which it leaves in them; by
domination the real machine with at least these depths is never later, whatever the source, and cannot
deadlock. See Baccelli et al., Synchronization and Linearity.

A thread's step n fires at n + z[n]. Forwards z grows only where a limit says so, backwards it shrinks there;
steps that neither read nor write are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from finnlite.accelerator import Placed, units
from finnlite.errors import IRError
from finnlite.ir import Graph, Value
from finnlite.ops.fifo import FIFO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Times = NDArray[np.int64]

__all__ = ["Schedule", "Timeline", "schedule", "timeline"]

_LEAST = 2
"""The shallowest FIFO."""
_SAMPLED = 16
"""One in so many words is looked up where the most words in a FIFO are searched."""


@dataclass(frozen=True)
class Schedule:
    """What a mapped graph whose words agree (`SizeStreams`) does, and what its FIFOs must hold for it.

    Args:
        ii_cycles: Cycles between two frames: the longest thread.
        latency_cycles: From the first beat of a frame into empty units to its last beat out.
        settled_cycles: The same in the periodic regime, where units also wait for their previous frames:
            with these depths and a source that never waits, frame k has left by settled + k · II.
        bottleneck: Name of the node with the longest thread; the first of equals.
        depths: For each value that a unit writes to another, the words that its FIFO must hold.
        waits: For each unit the cycles a frame that it waits, by whom; they sum up to II − its cycles. A unit
            that the bottleneck depends on is blocked: in the schedule in which everybody is as late as can
            be, by the one that reads its next word so late. Any other is starved: in the schedule in which
            everybody is as early as can be, by the one that writes its next word so late.
    """

    ii_cycles: int
    latency_cycles: int
    settled_cycles: int
    bottleneck: str
    depths: dict[str, int]
    waits: dict[str, dict[str, int]]

    def __repr__(self) -> str:
        """Its cycles and its bottleneck."""
        return (
            f"<schedule: a frame every {self.ii_cycles:,} cycles, the first after {self.latency_cycles:,}, "
            f"bottleneck {self.bottleneck!r}>"
        )


@dataclass(frozen=True, repr=False)
class Timeline:
    """When the units work, everybody as early as can be, but on no frame before it enters; B bins.

    Args:
        ii_cycles: Cycles between two frames.
        edges: (B + 1,) where the bins, of equal length, begin and end: cycles since the frame entered.
        busy: For each unit that is no buffer, in stream order, the (B,) cycles of each bin that it works on
            the frame; they sum up to its cycles a frame.
        others: The same of the frames before and after.
    """

    ii_cycles: int
    edges: NDArray[np.float64]
    busy: dict[str, NDArray[np.float64]]
    others: dict[str, NDArray[np.float64]]

    def __repr__(self) -> str:
        """Its units and its length."""
        return f"<timeline: {len(self.busy)} units, {self.edges[-1]:,.0f} cycles>"


class _Port(NamedTuple):
    """A stream at a thread: its value, and where the thread's steps use it."""

    value: Value
    place: slice | NDArray[np.int64]


class _Limit(NamedTuple):
    """When the words at a place of a thread's steps may be read or written: at the earliest or the latest."""

    place: slice | NDArray[np.int64]
    times: Times


class _Thread:
    """A unit that is no buffer: the steps that read or write, and which of them use each port."""

    def __init__(self, placed: Placed, streams: Mapping[Value, Value]) -> None:
        node, unit = placed
        thread = unit.steps(node)
        assert thread is not None
        self.name, self.length, self.latency = node.name, len(thread), unit.latency(node)
        used = np.logical_or.reduce([*thread.ports_read, *thread.ports_written])
        self.steps = np.flatnonzero(used)

        def port(value: Value, marks: NDArray[np.bool_]) -> _Port:
            whole = np.count_nonzero(marks) == len(self.steps)
            return _Port(value, slice(None) if whole else np.flatnonzero(marks[self.steps]))

        inputs = zip(node.inputs, thread.ports_read, strict=False)
        self.reads = [port(streams[v], marks) for v, marks in inputs if v is not None and v in streams]
        self.writes = [port(v, marks) for v, marks in zip(node.outputs, thread.ports_written, strict=True)]

    def early(self, limits: Iterable[_Limit], ii: int | None) -> Times:
        """For each step its z, as early as the limits allow; without an II from empty."""
        delays = np.zeros(len(self.steps), dtype=np.int64)
        for place, times in limits:
            delays[place] = np.maximum(delays[place], times - self.steps[place])
        np.maximum.accumulate(delays, out=delays)
        if ii is not None:  # not before the previous frame is done
            np.maximum(delays, delays[-1] + self.length - ii, out=delays)
        return delays

    def done(self, delays: Times) -> tuple[Times, Times]:
        """Times, and the steps that are done by then, linear in between; only the used steps ever wait."""
        first = np.flatnonzero(np.diff(delays, prepend=delays[0] - 1))  # of each run without a wait
        begins = np.where(first > 0, self.steps[first], 0)
        ends = np.append(begins[1:], self.length)
        times = np.stack([begins + delays[first], ends + delays[first]], axis=1)
        return times.ravel(), np.stack([begins, ends], axis=1).ravel()

    def late(self, limits: Iterable[_Limit], ii: int | None, end: int) -> Times:
        """For each step its z, as late as the limits and the end allow."""
        delays = np.full(len(self.steps), end, dtype=np.int64)
        for place, times in limits:
            delays[place] = np.minimum(delays[place], times - self.steps[place])
        delays = np.minimum.accumulate(delays[::-1])[::-1]
        if ii is not None:  # done before the next frame begins
            delays = np.minimum(delays, delays[0] + ii - self.length)
        return delays

    def shares(
        self, gaps: Times, delays: Times, limits: Sequence[_Limit], others: Sequence[str]
    ) -> dict[str, int]:
        """The sum of the gaps at the steps, by whose limit it is that a step waits for."""
        result = dict.fromkeys(others, 0)
        left = gaps.copy()
        for (place, times), other in zip(limits[1:], others[1:], strict=True):
            own = np.where(times - self.steps[place] == delays[place], left[place], 0)
            left[place] -= own
            result[other] += int(own.sum())
        result[others[0]] += int(left.sum())
        return {other: cycles for other, cycles in result.items() if cycles}


class _Network:
    """The threads of a graph in topological order, and the streams between them."""

    def __init__(self, graph: Graph) -> None:
        self.threads: list[_Thread] = []
        self.width: dict[Value, int] = {}
        streams: dict[Value, Value] = {}
        for placed in units(graph):
            node, unit = placed
            if isinstance(unit, FIFO):
                streams[node.output] = streams[node.input(0)]
                continue
            self.threads.append(_Thread(placed, streams))
            streams.update((value, value) for value in node.outputs)
            self.width.update(zip(node.outputs, (sink.width for sink in unit.sinks(node)), strict=True))
        self.writer = {port.value: thread for thread in self.threads for port in thread.writes}
        self.reader = {port.value: thread for thread in self.threads for port in thread.reads}
        self.slowest = max(self.threads, key=lambda thread: thread.length)
        self.result = self.threads[-1].writes[0].value

    def bits(self, depths: Mapping[Value, int]) -> int:
        """The bits that FIFOs of these depths hold."""
        return sum(depth * self.width[value] for value, depth in depths.items())

    def before(self, last: _Thread) -> set[_Thread]:
        """The threads that a thread's words come through, itself included."""
        result = {last}
        for thread in reversed(self.threads):
            if thread in result:
                result.update(self.writer[port.value] for port in thread.reads)
        return result

    def behind(self, first: _Thread) -> set[_Thread]:
        """The threads that a thread's words go through, itself included."""
        result = {first}
        for thread in self.threads:
            if any(self.writer[port.value] in result for port in thread.reads):
                result.add(thread)
        return result


class _Pacing:
    """Everybody as early as can be: a frame every `ii` cycles, or one frame into empty units without."""

    def __init__(self, network: _Network, ii: int | None) -> None:
        self.network, self.ii = network, ii
        self.written: dict[Value, Times] = {}
        self.read: dict[Value, Times] = {}
        self.delays: dict[_Thread, Times] = {}
        self.starved: dict[str, dict[str, int]] = {}
        self.blocked: dict[str, dict[str, int]] = {}
        for thread in network.threads:
            self._start(thread)
        self.end = int(self.written[network.result][-1])
        self._horizon = max(int(times[-1]) for times in (*self.written.values(), *self.read.values()))
        self._early = dict(self.written), dict(self.read)

    def lean(self, following: set[_Thread]) -> dict[Value, int]:
        """The depths of a schedule that ends as early and needs few bits.

        Everybody waits as long as can be, so that words are made just in time, but for those `following`
        others, which wait only where that makes a FIFO smaller. Then each in turn is moved forward where
        that makes its FIFOs smaller.
        """
        self.written, self.read = map(dict, self._early)
        for thread in reversed(self.network.threads):
            self._delay(thread, freely=thread not in following)
        for thread in self.network.threads:
            self._advance(thread)
        return {value: self._depth(value) for value in self.read}

    def _place(self, thread: _Thread, delays: Times) -> None:
        times = thread.steps + delays
        self.read.update((port.value, times[port.place]) for port in thread.reads)
        self.written.update((port.value, times[port.place]) for port in thread.writes)

    def _readable(self, thread: _Thread) -> list[_Limit]:
        """From when a thread may read its words."""
        result = []
        for value, place in thread.reads:
            times = self.written[value] + (1 + self.network.writer[value].latency)
            found, wanted = len(times), len(thread.steps[place])
            if found != wanted:
                raise IRError(
                    f"node {thread.name!r}: must read {found} words a frame, reads {wanted}; "
                    f"run SizeStreams first"
                )
            result.append(_Limit(place, times))
        return result

    def _start(self, thread: _Thread) -> None:
        """As early as can be."""
        limits = self._readable(thread)
        delays = thread.early(limits, self.ii)
        if self.ii is not None and limits:
            gaps = np.diff(delays, prepend=delays[-1] + thread.length - self.ii)
            others = [self.network.writer[port.value].name for port in thread.reads]
            self.starved[thread.name] = thread.shares(gaps, delays, limits, others)
        self.delays[thread] = delays
        self._place(thread, delays)

    def _delay(self, thread: _Thread, *, freely: bool) -> None:
        """As late as can be; if not freely, no later than makes its FIFOs smaller."""
        limits = [_Limit(p, self.read[v] - (1 + thread.latency)) for v, p in thread.writes if v in self.read]
        if not limits:
            return  # the last thread stays as early as it is
        delays = thread.late(limits, self.ii, self._horizon)
        if self.ii is not None:
            gaps = np.diff(delays, append=delays[0] + self.ii - thread.length)
            others = [self.network.reader[port.value].name for port in thread.writes]
            self.blocked[thread.name] = thread.shares(gaps, delays, limits, others)
        if freely:
            self._place(thread, delays)
            return
        least = {port.value: self._depth(port.value) for port in thread.reads}
        dues = [_Limit(place, _due(self.written[v], least[v], self.ii)) for v, place in thread.reads]
        within = thread.late([*limits, *dues], self.ii, self._horizon)
        self._choose(thread, (within, delays))

    def _advance(self, thread: _Thread) -> None:
        """As early as can be, but no earlier than makes its FIFOs smaller."""
        inner = [port for port in thread.writes if port.value in self.read]
        limits = self._readable(thread)
        rooms = [_Limit(p, _room(self.read[v], self._depth(v), self.ii)) for v, p in inner]
        within = thread.early([*limits, *rooms], self.ii)
        self._choose(thread, (within, thread.early(limits, self.ii)))

    def _choose(self, thread: _Thread, choices: tuple[Times, Times]) -> None:
        """The choice with which the FIFOs around a thread hold the fewest bits; the first of equals."""
        if np.array_equal(*choices):
            self._place(thread, choices[0])
            return
        values = [port.value for port in (*thread.reads, *thread.writes) if port.value in self.read]
        found = []
        for delays in choices:
            self._place(thread, delays)
            found.append(self.network.bits({value: self._depth(value) for value in values}))
        self._place(thread, choices[int(np.argmin(found))])

    def _depth(self, value: Value) -> int:
        """The fewest words that a stream's FIFO must hold."""
        return _depth(self.written[value], self.read[value], self.ii)


def _depth(written: Times, read: Times, ii: int | None) -> int:
    """The most words that are written and not read when one is; it grows by at most one a word."""
    some = written[::_SAMPLED]
    if ii is None:
        gone = np.searchsorted(read, some)
    else:
        frames = (some - read[0]) // ii
        gone = np.searchsorted(read, some - frames * ii) + frames * len(read)
    low = int((np.arange(1, len(written) + 1, _SAMPLED) - gone).max())
    high = low + _SAMPLED - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _fits(written, read, middle, ii) else (middle + 1, high)
    return max(_LEAST, high)


def _fits(written: Times, read: Times, depth: int, ii: int | None) -> bool:
    """Whether no word i is written before word i − depth is read, frame after frame."""
    frames, words = divmod(depth, len(written))
    rest = len(read) - words
    if ii is None:
        return frames > 0 or bool((written[words:] > read[:rest]).all())
    late = written + frames * ii if frames else written
    return bool((late[words:] > read[:rest]).all()) and bool((late[:words] + ii > read[rest:]).all())


def _room(read: Times, depth: int, ii: int | None) -> Times:
    """From when each word may be written to a FIFO: the cycle after word i − depth is read."""
    frames, words = divmod(depth, len(read))
    if ii is None:
        past = np.zeros(min(depth, len(read)), dtype=np.int64)
        return np.concatenate([past, read[: max(0, len(read) - depth)] + 1])
    shift = 1 - frames * ii
    return np.concatenate([read[len(read) - words :] + (shift - ii), read[: len(read) - words] + shift])


def _due(written: Times, depth: int, ii: int | None) -> Times:
    """Until when each word must be read from a FIFO: the cycle before word i + depth is written."""
    frames, words = divmod(depth, len(written))
    if ii is None:
        never = np.full(min(depth, len(written)), np.iinfo(np.int64).max // 2)
        return np.concatenate([written[depth:] - 1, never])
    shift = frames * ii - 1
    return np.concatenate([written[words:] + shift, written[:words] + (shift + ii)])


def schedule(graph: Graph) -> Schedule:
    """The schedule of a mapped graph with converters, whatever the depths of its FIFOs.

    Raises:
        IRError: If a unit reads words of another size than the stream carries; run `SizeStreams` first.
    """
    network = _Network(graph)
    slowest = network.slowest
    paced, first = _Pacing(network, slowest.length), _Pacing(network, None)
    # Who is blocked is told by the second way, in which everybody waits.
    ways = [(following, paced.lean(following)) for following in (network.behind(slowest), set[_Thread]())]
    following, depths = min(ways, key=lambda way: network.bits(way[1]))
    if first.end < paced.end:  # else the first frame is no earlier than the others are
        own = first.lean(following)
        depths = {value: max(depth, own[value]) for value, depth in depths.items()}
    last = 1 + network.threads[-1].latency
    waits = {}
    before = network.before(slowest)
    for thread in network.threads:
        of = paced.blocked if thread in before else paced.starved
        waits[thread.name] = {} if thread is slowest else of[thread.name]
    return Schedule(
        slowest.length,
        first.end + last,
        paced.end + last,
        slowest.name,
        {value.name: depth for value, depth in depths.items()},
        waits,
    )


def timeline(graph: Graph, *, bins: int = 200, first: bool = False) -> Timeline:
    """Who works when on a frame, of the same graphs as `schedule`, with FIFOs that are never full.

    Args:
        graph: The graph.
        bins: How many parts the time until the frame's last step is divided into.
        first: A single frame into empty units, rather than one of a frame every II cycles.

    Raises:
        IRError: See `schedule`.
    """
    network = _Network(graph)
    ii = network.slowest.length
    pacing = _Pacing(network, None if first else ii)
    steps = {thread.name: thread.done(pacing.delays[thread]) for thread in network.threads}
    end = max(int(times[-1]) for times, _ in steps.values())
    edges = np.linspace(0, end, bins + 1)
    frames = 0 if first else end // ii + 1
    shifts = [frame * ii for frame in range(-frames, frames + 1) if frame]

    def cycles(name: str, shift: int) -> NDArray[np.float64]:
        return np.diff(np.interp(edges - shift, *steps[name]))

    return Timeline(
        ii,
        edges,
        {name: cycles(name, 0) for name in steps},
        {name: np.sum([cycles(name, s) for s in shifts], axis=0) + np.zeros(bins) for name in steps},
    )
