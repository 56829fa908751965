# SPDX-License-Identifier: Apache-2.0
"""The model of time and the depths of `SizeStreams` against the cycle simulation, on random graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.accelerator import Placed, units
from finnlite.ops.fifo import FIFO
from finnlite.ops.joins import StreamConcat, StreamSplit
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU
from finnlite.ops.padding import Upsample
from finnlite.schedule import Schedule, schedule
from finnlite.timing import analyse, scan
from finnlite.transforms import SizeStreams
from tests.backends.images import Image
from tests.cycles import UNBOUNDED, Source, bursty, paced, run, saturating

from .folded import KINDS, even, random_folded

if TYPE_CHECKING:
    from finnlite.ir import Graph, Value

GRAPHS = 200
BATCH = 20
FRAMES = 3
SMALL = (4, 5, 9, 13, 21, 22, 25, 34, 35, 38)
"""Graphs of all kinds whose frames are short, so that many simulations take little time."""


def expected_times(graph: Graph, source: Source, frames: int) -> dict[str, list[int]]:
    """Every step time with unbounded FIFOs: one scan a thread over all frames."""
    readable: dict[Value, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    result = {}
    first = units(graph)[0].node
    for node, unit in units(graph):
        if isinstance(unit, FIFO):
            readable[node.output] = readable[node.input(0)]
            continue
        steps = unit.steps(node)
        assert steps is not None
        arrivals = np.zeros(frames * len(steps), dtype=np.int64)
        for value, port in zip(node.inputs, steps.ports_read, strict=False):
            reads = np.tile(port, frames)
            count = np.count_nonzero(reads)
            if value in readable:
                arrivals[reads] = np.maximum(arrivals[reads], readable[value])
            elif node is first:
                arrivals[reads] = [source(beat) for beat in range(count)]
        times = scan(arrivals)
        for value, port in zip(node.outputs, steps.ports_written, strict=True):
            readable[value] = times[np.tile(port, frames)] + 1 + unit.latency(node)
        result[node.name] = times.tolist()
    return result


@pytest.mark.parametrize("seed", range(24))
def test_every_step_is_where_the_scan_says(seed: int) -> None:
    graph = random_folded(seed)
    ii = analyse(graph).ii_cycles
    for source in (saturating, paced(graph, ii), bursty(seed, 30)):
        found = run(graph, 3, source, UNBOUNDED)
        assert found.times == expected_times(graph, source, 3)
    assert run(graph, 1, saturating, UNBOUNDED).finished == [analyse(graph).latency_cycles]


def test_the_regime_is_that_of_a_paced_source() -> None:
    """Unbounded, a frame every II: after some frames each takes as long as the schedule says."""
    for graph in (even(), *map(random_folded, SMALL)):
        made = schedule(graph)
        finished = run(graph, 5, paced(graph, made.ii_cycles), UNBOUNDED).finished
        took = [at - number * made.ii_cycles for number, at in enumerate(finished)]
        assert took == sorted(took)
        assert (took[0], took[-1]) == (made.latency_cycles, made.settled_cycles)


def test_the_first_frame_may_be_faster_than_the_others() -> None:
    graph = even()
    made = schedule(graph)
    assert made.latency_cycles == analyse(graph).latency_cycles < made.settled_cycles
    check(made, run(graph, 6).finished)


def fifos(graph: Graph) -> list[Placed]:
    return [placed for placed in units(graph) if isinstance(placed.unit, FIFO)]


def regime(made: Schedule) -> int:
    """So many frames that the last ones enter when the first has left: short frames overlap many times."""
    return FRAMES + made.settled_cycles // made.ii_cycles


def check(made: Schedule, finished: list[int]) -> None:
    """No frame is later than the schedule has it."""
    assert finished[0] == made.latency_cycles
    for number, at in enumerate(finished):
        assert at <= made.settled_cycles + number * made.ii_cycles, number


@pytest.mark.parametrize("first", range(0, GRAPHS, BATCH))
def test_nothing_is_lost_against_unbounded_fifos(first: int) -> None:
    """The first frame is as early, the others follow every II, which no FIFO can shorten.

    Unbounded, some forks let the second frames be ahead for a while: until the bottleneck is reached.
    """
    for seed in range(first, first + BATCH):
        graph = random_folded(seed)
        made = schedule(graph)
        finished = run(graph, regime(made)).finished
        check(made, finished)
        assert finished[-1] - finished[-2] <= made.ii_cycles
        if seed % 4 == first // BATCH % 4:
            assert run(graph, 1, saturating, UNBOUNDED).finished == finished[:1]
            assert len(run(graph, 2, bursty(seed, 40)).finished) == 2


def divided() -> Graph:
    """Channels that part and meet again, one half later than the other; labels of images made larger."""
    net = Image((2, 3, 4), "UINT4")
    one, other = net.add(StreamSplit((2, 2)), net.value)
    weights = net.constant(np.ones((2, 2), dtype=np.int64), "INT2")
    (late,) = net.add(MVTU(2, accumulator=DataType["UINT5"]), one, constants=(weights,))
    (net.value,) = net.add(StreamConcat(), late, other)
    return net.then(Upsample(scales=(1, 2))).then(LabelSelect()).end().transform(SizeStreams())


def test_the_halves_of_a_split_wait_a_frame_together() -> None:
    graph = divided()
    made = schedule(graph)
    assert (made.bottleneck, made.ii_cycles) == ("Upsample_6", 48)
    assert made.waits["Split_1"] == {"MVTU_3": 24}
    check(made, run(graph, regime(made)).finished)


def test_waits_are_what_is_left_of_the_interval() -> None:
    for graph in (divided(), even(), *map(random_folded, range(40))):
        made = schedule(graph)
        cycles = {node.name: unit.cycles(node) for node, unit in units(graph)}
        for name, waits in made.waits.items():
            assert all(waited > 0 for waited in waits.values())
            assert sum(waits.values()) == made.ii_cycles - cycles[name]


def test_all_kinds_are_drawn() -> None:
    kinds = {unit.op_type for seed in range(len(KINDS) * 8) for _, unit in units(random_folded(seed))}
    wanted = {"MVTU", "SWU", "Pad", "Duplicate", "Add", "Concat", "WindowMax", "Thresholding"}
    assert wanted | {"WidthConverter"} <= kinds


# -- lean ------------------------------------------------------------------------------------------------


def keeps(graph: Graph, made: Schedule, depths: dict[str, int]) -> bool:
    """Whether II and latency are kept with these depths."""
    try:
        check(made, run(graph, regime(made), saturating, depths, patience=60).finished)
    except AssertionError:
        return False
    return True


def descended(graph: Graph, made: Schedule) -> dict[str, int]:
    """Depths, each in turn the least with which the simulation shows no loss."""
    depths = {node.name: unit.depth for node, unit in fifos(graph) if isinstance(unit, FIFO)}
    for name in depths:
        low, high = 1, depths[name]
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (low, middle) if keeps(graph, made, {**depths, name: middle}) else (middle, high)
        depths[name] = high
    return depths


def bits(graph: Graph, depths: dict[str, int]) -> int:
    return sum(unit.source(node).width * depths[node.name] for node, unit in fifos(graph))


@pytest.mark.parametrize("seed", SMALL)
def test_the_depths_are_lean(seed: int) -> None:
    graph = random_folded(seed)
    own = {node.name: unit.depth for node, unit in fifos(graph) if isinstance(unit, FIFO)}
    best = descended(graph, schedule(graph))
    assert bits(graph, own) <= 1.3 * bits(graph, best)


def test_shallower_fifos_are_noticed() -> None:
    """Half of the deepest FIFO is a loss or a deadlock almost everywhere."""
    lost = 0
    for seed in SMALL:
        graph = random_folded(seed)
        own = {node.name: unit.depth for node, unit in fifos(graph) if isinstance(unit, FIFO)}
        deepest = max(own, key=lambda name: own[name])
        assert keeps(graph, schedule(graph), own)
        lost += not keeps(graph, schedule(graph), {**own, deepest: own[deepest] // 2})
    assert lost >= len(SMALL) - 2
