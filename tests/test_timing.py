# SPDX-License-Identifier: Apache-2.0
"""The model of time against a cycle-by-cycle simulation of the same units."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scaling import convolutions, mlp
from finnlite import resources
from finnlite.accelerator import units
from finnlite.boards import board_named
from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.ops.cost import Resources
from finnlite.ops.fifo import FIFO
from finnlite.schedule import _depth, schedule
from finnlite.timing import analyse
from finnlite.transforms import InterleaveChannels, LowerConvs
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.cycles import simulate
from tests.image_graphs import residual
from tests.integer_graphs import integer_mlp
from tests.test_benchmarks import lines_run


def hardware(sizes: tuple[int, ...], datatype: str, folding: dict[str, Any] | None, output: str) -> Graph:
    graph = integer_mlp(sizes, datatype=datatype)
    fold = Fold(folding) if folding else Fold(target_fps=1_000_000)
    return graph.transform(MapToHardware(output), AbsorbThresholds(), MinimizeWidths(), fold, SizeStreams())


def check(graph: Graph) -> None:
    performance = analyse(graph)
    finished = simulate(graph, 6)
    assert finished[0] == performance.latency_cycles
    assert finished[-1] - finished[-2] == performance.ii_cycles
    assert finished[-1] <= performance.latency_cycles + 5 * performance.ii_cycles


@pytest.mark.parametrize("output", ["logits", "label"])
@pytest.mark.parametrize("datatype", ["BIPOLAR", "UINT8", "INT4"])
def test_latency_and_interval_are_those_of_the_cycle_simulation(datatype: str, output: str) -> None:
    check(hardware((30, 12, 10), datatype, None, output))


@given(st.data())
@settings(max_examples=25)
def test_any_folding(data: st.DataObject) -> None:
    sizes = tuple(data.draw(st.lists(st.integers(1, 14), min_size=2, max_size=4)))
    folding = {}
    for index, (columns, rows) in enumerate(zip(sizes, sizes[1:], strict=False)):
        pe = data.draw(st.sampled_from([d for d in range(1, rows + 1) if rows % d == 0]))
        simd = data.draw(st.sampled_from([d for d in range(1, columns + 1) if columns % d == 0]))
        folding[f"fc{index}"] = {"pe": pe, "simd": simd}
    check(hardware(sizes, data.draw(st.sampled_from(["UINT3", "INT12", "BIPOLAR"])), folding, "logits"))


def test_the_bottleneck_is_the_longest_thread() -> None:
    graph = hardware((8, 8, 8), "UINT4", {"fc0": {"pe": 8, "simd": 8}, "fc1": {"pe": 1, "simd": 4}}, "logits")
    performance = analyse(graph)
    assert (performance.bottleneck, performance.ii_cycles) == ("fc1", 16)
    assert performance.fps(100.0) == 6_250_000.0


def test_the_border_may_be_the_bottleneck() -> None:
    graph = hardware(
        (64, 2, 2), "UINT8", {"fc0": {"pe": 2, "simd": 64}, "fc1": {"pe": 2, "simd": 2}}, "logits"
    )
    assert analyse(graph).ii_cycles == 8
    assert analyse(graph).bottleneck == "AxiIn"


def test_streams_change_the_latency_only_by_what_they_add() -> None:
    folding = {"fc0": {"pe": 4, "simd": 16}, "fc1": {"pe": 2, "simd": 4}}
    before = integer_mlp((16, 8, 4)).transform(
        MapToHardware(), AbsorbThresholds(), MinimizeWidths(), Fold(folding)
    )
    after = before.copy().transform(SizeStreams())
    assert analyse(before).ii_cycles == analyse(after).ii_cycles
    assert 0 <= analyse(after).latency_cycles - analyse(before).latency_cycles < 20


def test_resources_have_a_row_for_every_unit_and_the_shell() -> None:
    graph = hardware((16, 8, 4), "UINT4", None, "logits")
    board = board_named("pynq-z1")
    rows = resources.rows(graph, board)
    assert set(rows) == {node.name for node, _ in units(graph)} | {"shell"}
    assert rows["shell"] == board.shell
    assert resources.total(rows) == Resources(*(sum(column) for column in zip(*rows.values(), strict=True)))


# -- who waits for whom ----------------------------------------------------------------------------------


def test_units_before_the_bottleneck_wait_for_room_and_those_behind_it_for_words() -> None:
    folding = {"fc0": {"pe": 8, "simd": 8}, "fc1": {"pe": 1, "simd": 4}, "fc2": {"pe": 8, "simd": 8}}
    made = schedule(hardware((8, 8, 8, 8), "UINT4", folding, "logits"))
    assert (made.bottleneck, made.ii_cycles) == ("fc1", 16)
    assert made.waits == {
        "AxiIn": {"fc0_width": 15},
        "fc0_width": {"fc0": 15},
        "fc0": {"fc1_width": 15},
        "fc1_width": {"fc1": 14},
        "fc1": {},
        "fc2_width": {"fc1": 8},
        "fc2": {"fc2_width": 15},
        "AxiOut": {"fc2": 15},
    }


def test_a_fork_and_a_join_wait_for_the_slower_side() -> None:
    graph = residual().transform(
        LowerConvs(),
        InterleaveChannels(),
        MapToHardware(),
        AbsorbThresholds(),
        MinimizeWidths(),
        Fold(target_fps=20_000.0),
    )
    made = schedule(graph.transform(SizeStreams()))
    cycles = {node.name: unit.cycles(node) for node, unit in units(graph)}
    assert list(made.waits) == [node.name for node, unit in units(graph) if not isinstance(unit, FIFO)]
    for name, waits in made.waits.items():
        assert sum(waits.values()) == made.ii_cycles - cycles[name]
    assert made.bottleneck == "b", "or nothing below need hold"
    assert set(made.waits["first_act_fork"]) == {"a_pad"}, "blocked by the side with the bottleneck"
    assert set(made.waits["short_windows"]) == {"first_act_fork"}, "starved, as no other side is slow"
    assert set(made.waits["join"]) == {"b"}


def test_words_must_agree_before_they_are_scheduled() -> None:
    graph = integer_mlp((12, 8, 4)).transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())
    graph.transform(Fold({"fc0": {"pe": 1, "simd": 4}, "fc1": {"pe": 2, "simd": 2}}))
    with pytest.raises(IRError) as error:
        schedule(graph)
    assert str(error.value) == "node 'fc0': must read 1 words a frame, reads 3; run SizeStreams first"
    assert schedule(graph.transform(SizeStreams())).depths.keys() == {
        node.input(0).name for node, unit in units(graph) if isinstance(unit, FIFO)
    }


@pytest.mark.parametrize(("depth", "words"), [(2, 2), (5, 9), (30, 9), (100, 16)])
@pytest.mark.parametrize("ii", [None, 40])
def test_the_depth_is_the_most_words_that_wait(depth: int, words: int, ii: int | None) -> None:
    """Against counting cycle by cycle, more words than a frame's among them."""
    rng = np.random.default_rng(depth)
    for _ in range(50):
        written = np.sort(rng.choice(39, words, replace=False))
        read = np.sort(written + np.sort(rng.integers(1, 4 * depth, words)))
        if ii is not None:
            read = read[0] + np.sort(rng.choice(39, words, replace=False))
            read += max(0, int((written - read).max()) + 1)
        frames = 1 if ii is None else 12
        shift = np.arange(frames)[:, None] * (ii or 0)
        into, out = (written + shift).ravel(), (read + shift).ravel()
        most = max(int((into <= t).sum() - (out < t).sum()) for t in into.tolist())
        assert _depth(written, read, ii) == max(2, most)


@pytest.mark.parametrize("make", [mlp, convolutions])
def test_folding_and_sizing_grow_linearly_with_the_layers(make: Callable[[int], tuple[Graph, Any]]) -> None:
    counts = []
    for layers in (6, 24):
        graph, folding = make(layers)
        counts.append(lines_run(lambda g=graph, f=folding: g.transform(Fold(f), SizeStreams())))
    assert counts[1] < 1.2 * 4 * counts[0]
