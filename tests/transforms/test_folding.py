# SPDX-License-Identifier: Apache-2.0
"""Fold: by file, by target, by default; and the search behind it."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finnlite.boards import BOARDS, board_named
from finnlite.errors import OptionError
from finnlite.ir import Graph
from finnlite.ops.cost import Resources
from finnlite.ops.label_select import LabelSelect
from finnlite.timing import analyse
from finnlite.transforms.folding import FOLD_NOTE, Fold, folding_of
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.search import Choice, cheapest, fastest
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.integer_graphs import integer_mlp


def mapped(sizes: tuple[int, ...] = (12, 8, 10), **options: Any) -> Graph:
    graph = integer_mlp(sizes, **options)
    return graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())


FULL = {"fc0": {"pe": 4, "simd": 6}, "fc1": {"pe": 2, "simd": 8}}


def test_a_folding_is_taken_as_given_and_reported_in_the_same_form() -> None:
    graph = mapped()
    assert Fold(FULL).apply(graph)
    assert folding_of(graph) == FULL
    assert graph.metadata[FOLD_NOTE] == "as given"
    assert not Fold(folding_of(graph)).apply(graph)


def test_a_layer_may_be_named_by_a_source_node() -> None:
    graph = mapped()
    Fold({"fc0_source": FULL["fc0"], "fc1": FULL["fc1"]}).apply(graph)
    assert folding_of(graph) == FULL


def test_what_a_folding_leaves_out_keeps_the_pace_of_what_it_gives() -> None:
    graph = mapped((64, 64, 64, 10))
    Fold({"fc0": {"pe": 8, "simd": 16}}).apply(graph)  # 32 cycles
    assert folding_of(graph)["fc0"] == {"pe": 8, "simd": 16}
    assert analyse(graph).ii_cycles == 32


def test_an_attribute_may_be_left_out() -> None:
    graph = mapped()
    Fold({"fc0": {"pe": 8}, "fc1": FULL["fc1"]}).apply(graph)
    assert folding_of(graph)["fc0"]["pe"] == 8


@pytest.mark.parametrize(
    ("folding", "message"),
    [
        (
            {"fc9": {"pe": 1}},
            "folding: layer 'fc9' must be a layer of the model, is unknown; "
            "did you mean 'fc1'? The layers are 'fc0', 'fc1'",
        ),
        (
            {"zzz": {"pe": 1}},
            "folding: layer 'zzz' must be a layer of the model, is unknown; the layers are 'fc0', 'fc1'",
        ),
        (
            {"fc0": {"PE": 1}},
            "folding: layer 'fc0' (MVTU): attributes must be 'pe' and 'simd', is 'PE'; did you mean 'pe'?",
        ),
        ({"fc1": {"pe": 4}}, "folding: node 'fc1': pe must divide 10 (1, 2, 5, 10), is 4"),
        ({"fc1": {"simd": 0}}, "folding: node 'fc1': simd must divide 8 (1, 2, 4, 8), is 0"),
        ({"fc1": {"pe": True}}, "folding: layer 'fc1': pe must be an integer, is True"),
        ({"fc1": {"pe": "2"}}, "folding: layer 'fc1': pe must be an integer, is '2'"),
        ({"fc1": 2}, "folding: layer 'fc1' must map 'pe' and 'simd' to integers, is 2"),
        (
            {"fc0": {"pe": 1}, "fc0_source": {"pe": 2}},
            "folding: layer 'fc0' must be given once, is given again as 'fc0_source'",
        ),
    ],
)
def test_wrong_foldings(folding: Any, message: str) -> None:
    graph = mapped()
    before = folding_of(graph)
    with pytest.raises(OptionError) as error:
        Fold(folding).apply(graph)
    assert str(error.value) == message
    assert folding_of(graph) == before


def test_the_default_reaches_ten_thousand_frames() -> None:
    graph = mapped((784, 256, 256, 10))
    Fold().apply(graph)
    assert analyse(graph).ii_cycles <= 10_000
    assert graph.metadata[FOLD_NOTE] == "the cheapest that reaches 10,000 frames/s"


@pytest.mark.parametrize("fps", [1_000, 50_000, 400_000, 1_000_000])
def test_a_target_is_reached_with_converters_and_borders(fps: int) -> None:
    graph = mapped((60, 36, 10), datatype="UINT2")
    graph.transform(Fold(target_fps=fps), SizeStreams())
    assert analyse(graph).fps(100.0) >= fps


def test_a_higher_target_never_costs_less() -> None:
    costs = []
    for fps in (10_000, 100_000, 1_000_000):
        graph = mapped((64, 64, 64, 10))
        Fold(target_fps=fps).apply(graph)
        folding = folding_of(graph)
        costs.append(sum(layer["pe"] * layer["simd"] for layer in folding.values()))
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_a_target_beyond_the_border_says_what_can_be() -> None:
    graph = mapped((64, 8, 10), datatype="UINT8")  # 8 beats a frame
    with pytest.raises(OptionError) as error:
        Fold(target_fps=20e6).apply(graph)
    assert str(error.value) == (
        "target fps must be at most 12,500,000 on pynq-z1 at 100 MHz, is 20,000,000; "
        "the bottleneck at the most is 'fc0' with 8 cycles a frame"
    )
    Fold(target_fps=12.5e6).apply(graph)
    assert analyse(graph).ii_cycles == 8


def test_a_target_beyond_the_part_says_what_can_be() -> None:
    graph = mapped((784, 1024, 1024, 10), datatype="BIPOLAR")
    with pytest.raises(OptionError, match=r"^target fps must be at most ([\d,]+) on pynq-z1") as error:
        Fold(target_fps=5e6).apply(graph)
    best = float(str(error.value).split("at most ")[1].split(" on")[0].replace(",", ""))
    Fold(target_fps=best).apply(graph)
    assert 100_000 < best < 5e6


def test_the_clock_counts() -> None:
    graph = mapped((64, 64, 64, 10))
    Fold(target_fps=100_000, clock_mhz=50.0).apply(graph)
    assert analyse(graph).ii_cycles <= 500


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"board": "pynq-z2"}, "board must be 'pynq-z1', is 'pynq-z2'; did you mean 'pynq-z1'?"),
        ({"board": "ultra"}, "board must be 'pynq-z1', is 'ultra'"),
        ({"clock_mhz": 0.0}, "clock must be from 1 to 250 MHz on pynq-z1, is 0"),
        ({"clock_mhz": float("nan")}, "clock must be from 1 to 250 MHz on pynq-z1, is nan"),
        ({"target_fps": -5.0}, "target fps must be a positive number, is -5"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as error:
        Fold(**options).apply(mapped())
    assert str(error.value) == message


def test_boards_have_budgets() -> None:
    assert board_named("pynq-z1").budget == Resources(53_200, 106_400, 280, 220)
    for name, board in BOARDS.items():
        assert board.name == name
        assert board.shell.fits(board.budget)


def test_the_first_simd_needs_no_converter_at_equal_cost() -> None:
    unit = LabelSelect()
    same = Resources(lut=10)
    choices = [[Choice(unit, 4, same, converts=True), Choice(unit, 4, same, converts=False)]]
    found = cheapest(choices, 10)
    assert found is not None
    assert not found[0].converts


options = st.builds(
    lambda cycles, lut, bram: Choice(LabelSelect(), cycles, Resources(lut, 0, bram, 0)),
    st.integers(1, 9),
    st.integers(0, 60),
    st.integers(0, 6),
)


@given(st.lists(st.lists(options, min_size=1, max_size=4), min_size=1, max_size=3), st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_the_search_is_exact(choices: list[list[Choice]], limit: int) -> None:
    budget = Resources(lut=90, ff=1, bram18=9, dsp=1)

    def price(picks: tuple[Choice, ...]) -> float:
        return sum(pick.key[0] for pick in picks)

    def fits(picks: tuple[Choice, ...]) -> bool:
        return (
            sum(p.cost.lut for p in picks) <= budget.lut
            and sum(p.cost.bram18 for p in picks) <= budget.bram18
        )

    every = [picks for picks in product(*choices) if fits(picks)]
    allowed = [picks for picks in every if max(pick.cycles for pick in picks) <= limit]
    found = cheapest(choices, limit, budget)
    assert (found is None) == (not allowed)
    if found is not None:
        assert fits(tuple(found))
        assert np.isclose(price(tuple(found)), min(map(price, allowed)))
    quickest = fastest(choices, 1, budget)
    assert (quickest is None) == (not every)
    if quickest is not None:
        assert max(c.cycles for c in quickest) == min(max(p.cycles for p in picks) for picks in every)
