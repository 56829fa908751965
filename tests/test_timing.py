# SPDX-License-Identifier: Apache-2.0
"""The model of time against a cycle-by-cycle simulation of the same units."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finnlite import resources
from finnlite.accelerator import units
from finnlite.boards import board_named
from finnlite.ir import Graph
from finnlite.ops.cost import Resources
from finnlite.timing import analyse
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.cycles import simulate
from tests.integer_graphs import integer_mlp


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
