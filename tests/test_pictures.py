# SPDX-License-Identifier: Apache-2.0
"""The pictures: valid, complete, deterministic, escaped; the timeline is that of the cycle simulation."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import finnlite
from finnlite import pictures
from finnlite import report as reports
from finnlite.accelerator import units
from finnlite.boards import board_named
from finnlite.comparison import Row
from finnlite.errors import IRError, OptionError
from finnlite.examples import digits_model
from finnlite.flow import Build, compile_stages
from finnlite.ir import Graph
from finnlite.mapping import Check, Entry
from finnlite.ops.elementwise import Add, Relu
from finnlite.ops.fifo import FIFO
from finnlite.pictures import Picture
from finnlite.schedule import schedule, timeline
from finnlite.transforms import InterleaveChannels, LowerConvs
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.streams import SizeStreams
from tests.cycles import UNBOUNDED, run
from tests.image_graphs import residual
from tests.small_graphs import diamond
from tests.small_models import Network

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<script>alert(1)</script>", '"]]>&amp;<b>\x1b\x00\ufffe\ud800']


def texts(picture: Picture) -> list[str]:
    """What a picture says; it is valid XML and holds nothing that runs or is loaded."""
    root = ET.fromstring(picture.svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "g", "rect", "line", "path", "circle", "text"}
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or "href" in name]
    return [element.text or "" for element in root.iter(SVG + "text")]


def hints(picture: Picture) -> list[str]:
    return [title.text or "" for title in ET.fromstring(picture.svg).iter(SVG + "title")]


def boxes(picture: Picture) -> dict[str, tuple[float, float]]:
    """Left and upper end of each box, by its first line."""
    groups = ET.fromstring(picture.svg).iter(SVG + "g")
    found = {}
    for group in groups:
        rect, text = group.find(SVG + "rect"), group.find(SVG + "text")
        assert rect is not None
        assert text is not None
        found[text.text or ""] = (float(rect.attrib["x"]), float(rect.attrib["y"]))
    return found


@pytest.fixture(scope="module")
def stages() -> dict[str, Graph]:
    """The packaged model after each stage."""
    return compile_stages(digits_model())


@pytest.fixture(scope="module")
def forked() -> Graph:
    """A hardware graph with branches."""
    lowered = residual().transform(LowerConvs(), InterleaveChannels())
    return lowered.transform(MapToHardware(), AbsorbThresholds(), Fold(), SizeStreams())


# -- graphs -------------------------------------------------------------------------------------------
def test_every_stage_shows_every_node_from_top_to_bottom(stages: dict[str, Graph]) -> None:
    for graph in stages.values():
        found = boxes(graph.plot())
        assert len(texts(graph.plot())) > len(graph)
        shown = [at for line, at in found.items() if not line.startswith(("FIFO", "output", "input"))]
        assert shown == sorted(set(shown))  # by columns, and down each
        for node in graph.nodes:
            assert any(hint.startswith(f"{node.op.op_type} {node.name}\n") for hint in hints(graph.plot()))


def test_a_unit_shows_its_folding_and_its_cycles(stages: dict[str, Graph]) -> None:
    lines = texts(stages["SizeStreams"].plot())
    (place,) = (number for number, line in enumerate(lines) if line == "MVTU · fc1.matmul")
    assert lines[place + 1 : place + 3] == ["BIPOLAR 1×64", "PE 1 · SIMD 1 · 4,096 cycles"]
    depths = [node.op.depth for node in stages["SizeStreams"].nodes if isinstance(node.op, FIFO)]
    assert [line for line in lines if line.startswith("FIFO")] == [f"FIFO · {depth} deep" for depth in depths]


def test_branches_lie_side_by_side_and_edges_pass_beside_boxes(forked: Graph) -> None:
    graph = diamond()
    found = boxes(graph.plot())
    assert found["Sigmoid · sigmoid"][1] == found["Clip · clip"][1]
    assert abs(found["Sigmoid · sigmoid"][0] - found["Clip · clip"][0]) > 290
    assert found["Add · add"][0] == found["Relu · relu"][0]
    graph.outputs = [graph.add(Add(), graph.add(Relu(), graph.outputs[0]), graph.inputs[0])]
    for picture in (graph.plot(), forked.plot()):
        lefts = boxes(picture).values()
        edges = [path.attrib["d"] for path in ET.fromstring(picture.svg).iter(SVG + "path")]
        assert len(edges) > len(lefts)
        for x, top, bottom in (part for edge in edges for part in passages(edge)):
            assert not [y for left, y in lefts if left < x < left + 290 and top <= y < bottom]


def passages(d: str) -> list[tuple[float, float, float]]:
    """The vertical parts of an edge: where, from and to."""
    found, x, y = [], 0.0, 0.0
    for command in re.findall(r"[MVHCLZ][^MVHCLZ]*", d):
        numbers = [float(number) for number in command[1:].split()]
        if command[0] == "V":
            found.append((x, *sorted((y, numbers[0]))))
            y = numbers[0]
        elif command[0] == "H":
            x = numbers[0]
        elif numbers:
            x, y = numbers[-2:]
    return found


def test_names_and_long_graphs_stay_usable() -> None:
    graph = Graph(HOSTILE[1])
    x = graph.input(HOSTILE[0], (1, 4))
    for number in range(200):
        x = graph.add(Relu(), x, name=f"{HOSTILE[number % 2]}/{'long' * 50}/{number}")
    graph.outputs = [x]
    picture = graph.plot()
    lines = texts(picture)
    assert max(map(len, lines)) < 40
    assert lines[0] == "input <script>alert(1)</script>"
    assert lines[2] == "Relu · <script>a…onglonglonglong/0"
    assert "<script>" not in graph._repr_html_()
    assert "max-height" not in graph._repr_html_()  # the end of what scrolls is not seen
    assert len(picture.svg) < 200_000
    drawn = ET.fromstring(picture.svg)
    assert 960 < float(drawn.attrib["width"]) < 1000
    assert float(drawn.attrib["height"]) < 64 * 200 / 2.5  # in three columns
    lefts = [x for x, _ in boxes(picture).values()]
    assert len(set(lefts)) == 3
    edges = [passages(path.attrib["d"]) for path in drawn.iter(SVG + "path")]
    turning = [edge for edge in edges if len(edge) == 3]
    assert [edge[1][0] for edge in turning] == [left - 24 for left in sorted(set(lefts))[1:]]
    assert repr(picture).isprintable()


def test_any_graph_has_a_picture() -> None:
    empty = Graph("empty")
    assert texts(empty.plot()) == []
    constant = empty.constant([1.0], name="c")
    empty.outputs = [constant]
    assert texts(empty.plot()) == ["output c"]
    unread = diamond()
    unread.input("unread", (1, 2))
    assert "input unread" in texts(unread.plot())


# -- timeline -----------------------------------------------------------------------------------------
def test_the_first_frame_is_that_of_the_cycle_simulation(forked: Graph) -> None:
    end = int(timeline(forked, first=True).edges[-1])
    found, wanted = timeline(forked, first=True, bins=end), run(forked, 1, depths=UNBOUNDED).times
    assert list(found.busy) == list(wanted)
    for name, cycles in wanted.items():
        assert np.array_equal(found.busy[name], np.bincount(cycles, minlength=end)), name
        assert not found.others[name].any()


def test_every_frame_takes_each_unit_its_cycles(forked: Graph, stages: dict[str, Graph]) -> None:
    for graph in (forked, stages["SizeStreams"]):
        plan, found = schedule(graph), timeline(graph)
        cycles = {node.name: unit.cycles(node) for node, unit in units(graph) if unit.cycles(node)}
        assert {name: round(busy.sum(), 6) for name, busy in found.busy.items()} == cycles
        last = units(graph)[-1]
        assert found.edges[-1] + last.unit.latency(last.node) == plan.settled_cycles
        exact = timeline(graph, bins=int(found.edges[-1]))
        for name, count in cycles.items():
            both = exact.busy[name] + exact.others[name]
            assert both.max() <= 1
            assert both[-plan.ii_cycles :].sum() == count
            assert both[: plan.ii_cycles].sum() == count
        assert (exact.busy[plan.bottleneck] + exact.others[plan.bottleneck] == 1).all()


def test_the_picture_names_every_unit_and_for_whom_it_waits(forked: Graph) -> None:
    plan = schedule(forked)
    for first in (False, True):
        picture = pictures.draw_timeline(forked, first=first)
        for node, unit in units(forked):
            if count := unit.cycles(node):
                assert node.name in texts(picture)
                assert f"{count:,} · {100 * count // plan.ii_cycles} %" in texts(picture)
        for name, waits in plan.waits.items():
            (hint,) = (hint for hint in hints(picture) if hint.startswith(f"{name}: works "))
            assert all(f"{max(waits, key=waits.__getitem__)} " in hint for _ in waits)


def test_a_timeline_needs_streams_that_fit(stages: dict[str, Graph]) -> None:
    with pytest.raises(IRError) as error:
        pictures.draw_timeline(stages["Import"])
    assert str(error.value) == "graph 'digits_w1a1': must be mapped to hardware, has no AxiIn"


# -- charts -------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def built(stages: dict[str, Graph]) -> Build:
    """What a build answers, without the time that its C simulation takes."""
    row = Row("import", "source", 8, 360, "file", 0)
    rows = [row, replace(row, against="file", near_ties=2), replace(row, stage="csim", mismatches=None)]
    part = reports.hardware_part(stages["SizeStreams"], board_named("pynq-z1"), 100.0)
    report = {
        "model": {"name": "digits_w1a1"},
        "board": "pynq-z1",
        **part,
        "verification": reports.verification_part(rows),
        "accuracy": {"import": 0.9778},
        "accuracy_samples": {"import": 360},
    }
    return Build(Path("out"), stages, report, ok=True)


def test_the_charts_of_a_build(built: Build) -> None:
    lines = texts(built.plot_layers())
    assert [line for line in lines if line.startswith("fc")] == ["fc0.matmul", "fc1.matmul", "fc2.matmul"]
    assert "4,096 · 100 %" in lines
    assert texts(built.plot_ladder())[3:] == [
        *("import against source", "agrees on 8 frames", "97.78 % of 360"),
        *("import against file", "agrees on 8 frames, but for 2 near-ties"),
        *("csim against source", "not compared"),
    ]
    assert "AxiOut_width" in texts(built.plot_timeline())
    page = built._repr_html_()
    assert page.count("<svg") == 2
    assert repr(built) == ("<build 'digits_w1a1' on pynq-z1: 24,414 frames/s, all rungs agree, in 'out'>")
    assert repr(replace(built, folder=None, ok=False)).endswith(" frames/s, rungs differ, not kept>")
    wrong = dict(built.report["verification"][0], mismatches=3)
    differing = pictures.draw_ladder({**built.report, "verification": [wrong], "accuracy": None})
    assert texts(differing)[2:] == ["import against source", "3 elements differ on 8 frames"]


def test_a_build_that_stopped_early(tmp_path: Path, good: Path) -> None:
    built = finnlite.build(good, out=tmp_path / "out", to_stage="Streamline")
    with pytest.raises(OptionError) as error:
        built.plot_layers()
    assert str(error.value) == "report must be of a build with hardware, is of one that stopped before"
    assert built._repr_html_().count("<svg") == 1
    assert "stage Streamline, all rungs agree" in repr(built)


def test_the_front_of_an_exploration(tmp_path: Path) -> None:
    model = Network(names=HOSTILE[:1] + ["fc1"]).save(tmp_path / "net.onnx")
    found = finnlite.explore(model, points=4)
    drawn = ET.fromstring(found.plot().svg)
    assert len(list(drawn.iter(SVG + "circle"))) == 2 * len(found.points)
    lines = texts(found.plot())
    assert {"limit 70 %", "limit 85 %", "LUT used of 53,200", "RAMB18 used of 280"} <= set(lines)
    for number, point in enumerate(found.points, 1):
        start = f"{number}: {point['fps']:,.0f} frames/s, {point['lut']:,} LUT"
        assert sum(hint.startswith(start) for hint in hints(found.plot())) == 2
    assert "<script>" not in found._repr_html_()
    rates = [f"{found.points[place]['fps']:,.0f}" for place in (-1, 0)]
    assert repr(found) == (
        f"<exploration of 'net' on pynq-z1: {len(found.points)} points of the front, "
        f"{rates[0]} to {rates[1]} frames/s>"
    )


def test_a_check_is_a_table() -> None:
    entries = [Entry("a", "MatMul", True, "in MVTU 'a'"), Entry(HOSTILE[0], "Gelu", False, "no", "b", "fix")]
    found = Check(entries)
    assert repr(found) == f"<check: 1 of 2 nodes map, first blocked {HOSTILE[0]!r}: no>"
    assert found._repr_html_().count("<tr>") == 3
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()


# -- files --------------------------------------------------------------------------------------------
def test_pictures_are_the_same_every_time_and_can_be_saved(tmp_path: Path) -> None:
    graph, again = (compile_stages(digits_model())["SizeStreams"] for _ in range(2))
    drawings: list[Callable[[Graph], Picture]] = [pictures.draw_graph, pictures.draw_timeline]
    for draw in drawings:
        assert draw(graph).svg == draw(again).svg
    picture = graph.plot()
    assert picture.save(tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg
    page = picture.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert picture.svg in page
    assert page.startswith("<!DOCTYPE html>")
    with pytest.raises(OptionError) as error:
        picture.save("a.png")
    assert str(error.value) == "picture 'a.png': its name must end in .svg or .html, ends in '.png'"
    with pytest.raises(OptionError) as error:
        picture.save(tmp_path / "none" / "a.svg")
    path = str(tmp_path / "none" / "a.svg")
    assert str(error.value) == f"picture {path!r}: must be writable, is not (No such file or directory)"


def test_a_graph_and_its_schedule_say_what_they_are(stages: dict[str, Graph]) -> None:
    graph = stages["SizeStreams"]
    assert repr(graph) == "<graph 'digits_w1a1': 13 nodes, 'pixels' UINT4[1, 64] → 'logits' FLOAT32[1, 10]>"
    assert repr(graph.plot()) == "<picture: digits_w1a1: 13 nodes>"
    plan = schedule(graph)
    assert repr(plan) == (
        "<schedule: a frame every 4,096 cycles, the first after 4,925, bottleneck 'fc1.matmul'>"
    )
    assert repr(timeline(graph)) == "<timeline: 6 units, 4,919 cycles>"
