# SPDX-License-Identifier: Apache-2.0
"""Fold: by file, by target, to the most that fits, by default; and what is said of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from finnlite import resources
from finnlite.accelerator import units
from finnlite.boards import BOARDS, Board, Limits, board_named
from finnlite.errors import OptionError
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.ops.cost import Resources, Style
from finnlite.ops.swu import SWU
from finnlite.options import Options
from finnlite.timing import analyse
from finnlite.transforms.fitting import Fitting
from finnlite.transforms.folding import FOLD_NOTE, Fold, explain, folding_of
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.interleaving import InterleaveChannels
from finnlite.transforms.lowering import LowerConvs
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.image_graphs import Images
from tests.integer_graphs import integer_mlp


def mapped(sizes: tuple[int, ...] = (12, 8, 10), **options: Any) -> Graph:
    graph = integer_mlp(sizes, **options)
    return graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())


def windows() -> Graph:
    """A convolution of 3 × 3 pixels of 2 elements."""
    net = Images((2, 6, 6), "UINT2")
    x = net.quantize(net.conv(net.x, 4, name="conv"))
    graph = net.end(net.dense(x, 3)).transform(LowerConvs(), InterleaveChannels())
    return graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())


FULL = {
    "fc0": {"pe": 4, "simd": 6, "memory": "lut"},
    "fc1": {"pe": 2, "simd": 8, "memory": "block"},
}


def test_a_folding_is_taken_as_given_and_reported_in_the_same_form() -> None:
    graph = mapped()
    assert Fold(FULL).apply(graph)
    assert folding_of(graph) == FULL
    assert graph.metadata[FOLD_NOTE] == "as given"
    assert not Fold(folding_of(graph)).apply(graph)
    assert not Fold(json.loads(json.dumps(folding_of(graph)))).apply(graph)
    assert all(type(unit.memory) is Style for _, unit in units(graph) if hasattr(unit, "pe"))


def test_a_folding_of_windows_is_taken_as_given_too() -> None:
    for given in (
        {"simd": 1, "parallel": False},
        {"simd": 2, "parallel": False},
        {"simd": 2, "parallel": True},
    ):
        graph = windows()
        Fold({"conv_windows": given}).apply(graph)
        found = json.loads(json.dumps(folding_of(graph)))
        assert found["conv_windows"] == given
        again = windows()
        Fold(found).apply(again)
        assert folding_of(again) == folding_of(graph)
        assert again.metadata[FOLD_NOTE] == "as given"


def test_an_edited_folding_is_taken_and_null_is_open() -> None:
    graph = mapped()
    Fold(FULL).apply(graph)
    edited = json.loads(json.dumps(folding_of(graph)))
    edited["fc0"] = {"pe": None, "simd": 3, "memory": "block"}
    edited["fc1"]["pe"] = 10
    Fold(edited).apply(graph)
    found = folding_of(graph)
    assert found["fc0"] | {"pe": 0} == {"pe": 0, "simd": 3, "memory": "block"}
    assert found["fc1"] == {"pe": 10, "simd": 8, "memory": "block"}
    assert graph.metadata[FOLD_NOTE] == "as given; the rest at the pace of the slowest unit given"


def test_a_layer_may_be_named_by_a_source_node() -> None:
    graph = mapped()
    Fold({"fc0_source": FULL["fc0"], "fc1": FULL["fc1"]}).apply(graph)
    assert folding_of(graph) == FULL


def test_what_a_folding_leaves_out_keeps_the_pace_of_what_it_gives() -> None:
    graph = mapped((64, 64, 64, 10))
    Fold({"fc0": {"pe": 8, "simd": 16}}).apply(graph)  # 32 cycles
    assert folding_of(graph)["fc0"].items() >= {"pe": 8, "simd": 16}.items()
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
            "folding: layer 'fc0' (MVTU): attributes must be 'pe', 'simd' and 'memory', is 'PE'; "
            "did you mean 'pe'?",
        ),
        ({"fc1": {"pe": 4}}, "folding: node 'fc1': pe must divide 10 (1, 2, 5, 10), is 4"),
        ({"fc1": {"simd": 0}}, "folding: node 'fc1': simd must divide 8 (1, 2, 4, 8), is 0"),
        ({"fc1": {"pe": True}}, "folding: layer 'fc1': pe must be an integer, is True"),
        ({"fc1": {"pe": "2"}}, "folding: layer 'fc1': pe must be an integer, is '2'"),
        ({"fc1": {"memory": "bram"}}, "folding: layer 'fc1': memory must be 'lut' or 'block', is 'bram'"),
        ({"fc1": {"memory": True}}, "folding: layer 'fc1': memory must be 'lut' or 'block', is True"),
        ({"fc1": 2}, "folding: layer 'fc1' must map 'pe', 'simd' and 'memory' to values, is 2"),
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


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"simd": 1, "parallel": True},
            "folding: node 'conv_windows': simd must be 2, a pixel, where windows are parallel, is 1",
        ),
        ({"parallel": 1}, "folding: layer 'conv_windows': parallel must be true or false, is 1"),
        (
            {"memory": "lut"},
            "folding: layer 'conv_windows' (SWU): attributes must be 'simd' and 'parallel', is 'memory'",
        ),
    ],
)
def test_wrong_foldings_of_windows(given: Any, message: str) -> None:
    with pytest.raises(OptionError) as error:
        Fold({"conv_windows": given}).apply(windows())
    assert str(error.value) == message


def test_the_default_reaches_ten_thousand_frames() -> None:
    graph = mapped((784, 256, 256, 10))
    Fold().apply(graph)
    assert analyse(graph).ii_cycles <= 10_000
    assert graph.metadata[FOLD_NOTE] == "the cheapest that reaches the default of 10,000 frames/s"


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
        "target fps must be at most 12,500,000 on pynq-z1 at 100 MHz, is 20,000,000; the bottleneck "
        "at the most is 'AxiIn' with 8 cycles a frame: a frame is so many words at the border"
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
        ({"limits": Limits(0, 85)}, "lut limit must be above 0 and at most 100 percent, is 0"),
        ({"limits": Limits(70, 100.5)}, "bram limit must be above 0 and at most 100 percent, is 100.5"),
        ({"limits": Limits(70, float("nan"))}, "bram limit must be above 0 and at most 100 percent, is nan"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as error:
        Fold(**options).apply(mapped())
    assert str(error.value) == message


def test_boards_have_budgets() -> None:
    assert board_named("pynq-z1").budget == Resources(53_200, 106_400, 280, 220, 17_400)
    for name, board in BOARDS.items():
        assert board.name == name
        assert board.shell.fits(board.budget)


def test_the_first_simd_needs_no_converter_where_paces_are_equal() -> None:
    """8 elements come in a word; at 8 cycles as many could be read 4 at a time, by twice the rows."""
    graph = mapped((64, 8, 4), datatype="UINT8")
    Fold(target_fps=12.5e6).apply(graph)
    graph.transform(SizeStreams())
    assert "fc0_width" not in [node.name for node in graph.nodes]


# -- the most that fits ----------------------------------------------------------------------------------


def total(graph: Graph, board: Board) -> Resources:
    return resources.total(resources.rows(graph, board))


def test_the_most_is_more_with_higher_limits_and_fits_them() -> None:
    board, intervals = board_named("pynq-z1"), []
    for limits in (Limits(20, 10), Limits(40, 40), Limits(), Limits(100, 100)):
        graph = mapped((784, 256, 256, 10), datatype="BIPOLAR")
        graph.transform(Fold(max_fps=True, limits=limits))
        assert graph.metadata[FOLD_NOTE] == "the fastest that fits pynq-z1"
        graph.transform(SizeStreams(limits=limits))
        intervals.append(analyse(graph).ii_cycles)
        assert total(graph, board).fits(board.within(limits))
    assert intervals == sorted(intervals, reverse=True)
    assert len(set(intervals)) == 4


def test_the_most_keeps_what_is_given() -> None:
    graph = mapped((784, 256, 256, 10), datatype="BIPOLAR")
    Fold({"fc0": FULL["fc1"]}, max_fps=True).apply(graph)
    assert folding_of(graph)["fc0"] == FULL["fc1"]
    assert graph.metadata[FOLD_NOTE] == "as given; the rest as fast as fits pynq-z1"
    assert analyse(graph).ii_cycles == 784 * 256 // 16


def small(monkeypatch: pytest.MonkeyPatch, **budget: int) -> Board:
    """A board with so little of something, and plenty of the rest."""
    board = Board("small", "none", Resources(*(10**6,) * 5)._replace(**budget), Resources())
    monkeypatch.setitem(BOARDS, "small", board)
    return board


def test_the_report_names_what_binds_and_what_the_next_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(100, 100)
    boards = {
        "lut": small(monkeypatch, lut=9_000, bram18=0),
        "bram18": Board("small", "none", Resources(12_000, 10**6, 70, 0, 10**6), Resources()),
    }
    for binding, sizes in (("lut", (256, 256, 256, 10)), ("bram18", (256, 2048, 256, 10))):
        board = boards[binding]
        monkeypatch.setitem(BOARDS, "small", board)
        graph = mapped(sizes, datatype="BIPOLAR")
        Fold(board="small", max_fps=True, limits=limits).apply(graph)
        bottleneck = analyse(graph)
        found = explain(graph, board, limits, 100.0)
        assert found["how"] == graph.metadata[FOLD_NOTE]
        assert found["bottleneck"] == bottleneck.bottleneck
        assert (found["ii_cycles"], found["fps"]) == (bottleneck.ii_cycles, bottleneck.fps(100.0))
        assert found["limits"] == board.budget._asdict()
        assert found["next"]["ii_cycles"] < bottleneck.ii_cycles
        assert found["binding"] == found["next"]["exceeds"][0] == binding
        assert found["next"][binding] > board.budget._asdict()[binding]


def test_where_the_target_asks_for_no_more_nothing_binds() -> None:
    graph = mapped((64, 64, 64, 10))
    Fold(target_fps=100_000).apply(graph)
    found = explain(graph, board_named("pynq-z1"), Limits(), 100.0)
    assert found["binding"] is None
    assert found["next"]["exceeds"] == []
    assert found["next"]["ii_cycles"] < found["ii_cycles"]
    faster = graph.copy().transform(Fold(target_fps=found["next"]["fps"]), SizeStreams())
    cost = total(faster, board_named("pynq-z1"))
    assert {name: found["next"][name] for name in cost._fields} == cost._asdict()


def test_where_the_border_or_a_unit_binds_there_is_no_next() -> None:
    board = board_named("pynq-z1")
    graph = mapped((64, 8, 10), datatype="UINT8")
    Fold(max_fps=True).apply(graph)
    found = explain(graph, board, Limits(), 100.0)
    assert (found["binding"], found["next"], found["bottleneck"]) == ("dma", None, "AxiIn")
    graph = windows()  # whose windows come a pixel a step
    Fold(max_fps=True).apply(graph)
    found = explain(graph, board, Limits(), 100.0)
    assert (found["binding"], found["next"]) == ("unit", None)
    assert graph.node("conv_windows").op == SWU((3, 3), simd=2, parallel=True)


@pytest.mark.parametrize(
    ("model", "declared", "limits", "most", "binding"),
    [
        ("cnv_w1a1", {}, Limits(), 8_200, "lut"),
        ("lfc_w1a1", {}, Limits(), 512, "lut"),
        ("lfc_w1a1", {}, Limits(90, 100), 256, "lut"),
        ("tfc_w1a1", {"input_type": "uint8", "input_scale": "1/255"}, Limits(), 98, "dma"),
        ("tfc_w1a1", {}, Limits(), 13, "dma"),
    ],
)
def test_the_most_of_the_shared_networks(
    shared: Path, model: str, declared: dict[str, str], limits: Limits, most: int, binding: str
) -> None:
    board = board_named("pynq-z1")
    options = Options(max_fps=True, limits=limits, **declared)
    stages = compile_stages(shared / "models" / f"{model}.onnx", options)
    assert analyse(stages["SizeStreams"]).ii_cycles <= most
    assert total(stages["SizeStreams"], board).fits(board.within(limits))
    assert explain(stages["Fold"], board, limits, 100.0)["binding"] == binding


# -- what does not fit -----------------------------------------------------------------------------------


def refused(graph: Graph, **options: Any) -> str:
    with pytest.raises(OptionError) as error:
        Fold(**options).apply(graph)
    return str(error.value)


def test_a_target_beyond_a_resource_names_unit_and_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, lut=9_000, bram18=0)
    options: dict[str, Any] = {"board": "small", "limits": Limits(100, 100)}
    message = refused(mapped((256, 256, 10), datatype="BIPOLAR"), target_fps=1e7, **options)
    graph = mapped((256, 256, 10), datatype="BIPOLAR")
    Fold(max_fps=True, **options).apply(graph)
    most = analyse(graph)
    needs = explain(graph, BOARDS["small"], Limits(100, 100), 100.0)["next"]["lut"]
    assert message == (
        f"target fps must be at most {100_000_000 // most.ii_cycles:,} on small at 100 MHz, is 10,000,000; "
        f"the bottleneck at the most is {most.bottleneck!r} with {most.ii_cycles:,} cycles a frame: "
        f"a faster folding needs {needs:,} of 9,000 LUT"
    )


def test_a_network_that_does_not_fit_names_the_resource_and_who_takes_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No block RAM, and logic holds 64 bits of weights a LUT and the multiplexers behind: fc1 has 4 Mbit."""
    small(monkeypatch, bram18=0, lut=20_000)
    graph = mapped((512, 2048, 2048, 10), datatype="BIPOLAR")
    message = refused(graph, board="small", limits=Limits(100, 100))
    found = re.fullmatch(
        r"the network must fit small, needs ([\d,]+) of 20,000 LUT when folded most; "
        r"'fc1' takes ([\d,]+) LUT; use fewer weights, or fewer bits, or raise the limits",
        message,
    )
    assert found is not None, message
    needed, by_one = (int(number.replace(",", "")) for number in found.groups())
    assert 2**22 / 64 < by_one < needed < 2 * 2**22 / 64


def test_a_board_of_nothing_lacks_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    board = small(monkeypatch, **dict.fromkeys(Resources._fields, 0))
    graph = mapped()
    need = Fitting(graph, board, Limits(), {}).closest(2**40).total
    message = refused(graph, board="small")
    assert message == refused(graph, board="small", max_fps=True)
    assert message == (
        f"the network must fit small, needs {need.ff:,} of 0 FF, {need.lut:,} of 0 LUT, "
        f"{need.lutram} of 0 LUTRAM, {need.bram18} of 0 RAMB18 when folded most; 'AxiIn' takes 498 FF; "
        "use fewer weights, or fewer bits, or raise the limits"
    )


def test_the_shell_alone_may_be_too_much() -> None:
    assert refused(mapped((16, 10)), limits=Limits(70, 1)) == (
        "the network must fit pynq-z1, needs 6 of 2 RAMB18 when folded most; the shell takes 6 RAMB18; "
        "use fewer weights, or fewer bits, or raise the limits"
    )


def test_a_given_folding_that_does_not_fit_is_taken_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    board = small(monkeypatch, lut=1_000)
    graph = mapped()
    Fold(FULL, board="small", limits=Limits(100, 100)).apply(graph)
    assert folding_of(graph) == FULL
    note = graph.metadata[FOLD_NOTE]
    needs = total(graph.copy().transform(SizeStreams("small", Limits(100, 100))), board).lut
    assert note == f"as given, which does not fit small: needs {needs:,} of 1,000 LUT"
