# SPDX-License-Identifier: Apache-2.0
"""The files of the Vivado project: to be read, complete, and safe whatever the model's names are."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.hls.network import OUTSIDE, network_of
from finnlite.backends.network import Kind
from finnlite.backends.pynq.blocks import render
from finnlite.backends.pynq.design import design_of
from finnlite.backends.pynq.project import project_plan
from finnlite.backends.pynq.shell import DMA
from finnlite.backends.pynq.tcl import number, properties, word
from finnlite.boards import BOARDS
from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.ops.cost import Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from tests.backends.hardware import Chain, sorted_thresholds, values
from tests.backends.small import network

BOARD = BOARDS["pynq-z1"]
IDENTITY = "0123456789abcdef" * 4
OWN = ("settings.tcl", "ps7.tcl", "design.tcl", "identity.xdc")
CONNECTION = re.compile(r"connect_bd(_intf|)_net \[get_bd\1_pins (\w+/\w+)\] \[get_bd\1_pins (\w+/\w+)\]")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return network()


def text_of(graph: Graph, path: str, clock_mhz: float = 100.0) -> str:
    return project_plan(graph, BOARD, clock_mhz, IDENTITY).files[path].decode()


def test_what_is_generated(graph: Graph, golden: Callable[[str, str], None]) -> None:
    files = project_plan(graph, BOARD, 100.0, IDENTITY).files
    for path in OWN:
        golden(f"vivado/{path}", files[path].decode())


def test_no_golden_file_is_left_over(root: Path) -> None:
    folder = root / "tests" / "golden" / "vivado"
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(OWN)


def test_the_folder_is_complete_and_the_same_every_time(graph: Graph) -> None:
    plan = project_plan(graph, BOARD, 100.0, IDENTITY)
    layers = {f"hls/{layer.name}/run.tcl" for layer in network_of(graph).layers}
    static = {"build.tcl", "implement.tcl", "sources.tcl", "README.txt", "rtl/finnlite_fifo.v"}
    static |= {"hls/synthesise.tcl"}
    assert {*OWN, *static, *layers, "first_contact/first_contact.tcl"} <= set(plan.files)
    assert plan.commands == ()
    assert plan.digest == project_plan(network(), BOARD, 100.0, IDENTITY).digest
    assert plan.digest != project_plan(graph, BOARD, 125.0, IDENTITY).digest
    assert plan.digest != project_plan(graph, BOARD, 100.0, IDENTITY[::-1]).digest


def test_nothing_depends_on_a_machine_or_a_shell(graph: Graph) -> None:
    for path, content in project_plan(graph, BOARD, 100.0, IDENTITY).files.items():
        text = content.decode("ascii")
        assert "\r" not in text
        if path in OWN or path in ("build.tcl", "implement.tcl", "sources.tcl"):
            assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n"), path
            assert not re.search(r"\bexec\b|/(home|root|tmp)/|~/", text), path


def test_no_procedure_is_defined_twice_in_one_process(graph: Graph) -> None:
    """What build.tcl sources shares one namespace."""
    own = ("build.tcl", "sources.tcl", "implement.tcl", "ps7.tcl")
    sourced = (*own, "hls/synthesise.tcl", "hls/report.tcl")
    names = re.findall(r"^proc (\S+)", "".join(text_of(graph, path) for path in sourced), re.MULTILINE)
    assert len(names) > 30
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_every_connection_has_a_line_with_one_source_and_one_sink(graph: Graph) -> None:
    lines = [line for line in text_of(graph, "design.tcl").splitlines() if line.startswith("connect_")]
    found = [CONNECTION.fullmatch(line) for line in lines]
    assert None not in found
    sinks = Counter(match[3] for match in found if match)
    assert set(sinks.values()) == {1}
    interfaces = Counter(match[2] for match in found if match and match[1])
    assert set(interfaces.values()) == {1}  # an interface has one partner, a clock has many


def test_every_stream_inside_has_a_fifo_of_its_width_and_depth(graph: Graph) -> None:
    net = network_of(graph)
    design = design_of(net, IDENTITY)
    fifos = {c.name: dict(c.config) for c in design.cells["The streams between them"]}
    inner = [s for s in net.streams if OUTSIDE not in (s.writer, s.reader)]
    assert len(fifos) == len(inner) == len(net.layers)  # TLAST has one too
    for stream in inner:
        bits = int(stream.ctype.removeprefix("ap_uint<").removesuffix(">"))
        config = fifos[f"fifo_{stream.name}"]
        assert config["DEPTH"] == stream.depth
        assert config["WIDTH"] in range(bits, bits + 8)
        assert config["WIDTH"] % 8 == 0
    links = {(link.source, link.sink) for link in design.interfaces["The streams"]}
    first, last = net.layers[0].name, net.layers[-1].name
    assert (f"{DMA}/M_AXIS_MM2S", f"{first}/s0") in links
    assert (f"{last}/m0", f"{DMA}/S_AXIS_S2MM") in links
    assert (f"{first}/m1", "fifo_transfer_last/s_axis") in links
    assert ("fifo_transfer_last/m_axis", f"{last}/s1") in links


@pytest.mark.parametrize(
    ("width", "depth", "memory", "style"),
    [
        (64, 192, None, "distributed"),
        (64, 193, None, "block"),
        (8, 832, None, "distributed"),
        (1, 833, None, "block"),
        (8, 16, Style.BLOCK, "block"),
        (64, 1024, Style.LUTRAM, "distributed"),
    ],
)
def test_deep_fifos_are_in_block_ram(
    graph: Graph, width: int, depth: int, memory: Style | None, style: str
) -> None:
    net = network_of(graph)
    streams = tuple(
        replace(s, width=width, depth=depth, memory=memory) if s.name == "transfer_last" else s
        for s in net.streams
    )
    design = design_of(replace(net, streams=streams), IDENTITY)
    cell = next(c for c in design.cells["The streams between them"] if c.name == "fifo_transfer_last")
    assert dict(cell.config)["RAM_STYLE"] == style


def test_the_depths_are_the_graphs(graph: Graph) -> None:
    """A FIFO of the graph that is altered alters its cell."""
    chain = Chain.start(8, "UINT4")
    chain.value = chain.graph.add(FIFO(77, chain.elems, Style.BLOCK), chain.value, name="FIFO_0")
    chain.thresholding(Thresholding(0, 1, pe=8), np.array([[3, 5, 9]]), name="quantize")
    text = text_of(chain.end(), "design.tcl")
    assert "CONFIG.WIDTH 64 CONFIG.DEPTH 77 CONFIG.RAM_STYLE block" in text


def test_names_of_a_model_are_harmless() -> None:
    rng = np.random.default_rng(0)
    chain = Chain.start(8, "BIPOLAR")
    hostile = ('"]; exit 7; [', "$::env(HOME)", "a b\\", "{", "x" * 300, "reset", "ps7", "äöü")
    for name in hostile:
        weights = values(rng, chain.value.datatype, (8, 8))
        thresholds = sorted_thresholds(rng, 8, 1, (-2, 2), None)
        op = MVTU(8, 8, integer_type(-8, 8), -1, 2)
        chain.mvtu(op, weights, "BIPOLAR", thresholds, name=name)
    graph = chain.end()
    names = [layer.name for layer in network_of(graph).layers]
    assert len(set(names)) == len(hostile) + 2 + len([n for n in names if n.startswith("widthconverter")])
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in names)
    files = project_plan(graph, BOARD, 100.0, IDENTITY).files
    for path in OWN:
        text = files[path].decode("ascii")
        assert "exit 7" not in text
        assert "$::env" not in text
    assert text_of(graph, "settings.tcl").count("    mvtu_") == len(hostile)


@pytest.mark.parametrize(
    ("clock_mhz", "text"),
    [(100.0, "100"), (1000 / 7, "142.857143"), (1000 / 30, "33.333333"), (62.5, "62.5")],
)
def test_the_clock_is_the_same_everywhere(graph: Graph, clock_mhz: float, text: str) -> None:
    assert f"set clock_mhz {text}\n" in text_of(graph, "settings.tcl", clock_mhz)
    ps7 = text_of(graph, "ps7.tcl", clock_mhz)
    assert re.findall(r"CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ (\S+)", ps7) == [text]


def test_the_processor_gets_every_setting_of_the_board_once(graph: Graph, root: Path) -> None:
    published = json.loads((root / "backends" / "pynq" / "ps7.json").read_text())["CONFIG"]
    found = re.findall(r"^    CONFIG\.(PCW_\w+) (.*) \\$", text_of(graph, "ps7.tcl"), re.MULTILINE)
    values_of = {name: value.removeprefix("{").removesuffix("}") for name, value in found}
    assert len(values_of) == len(found)
    assert {name: values_of[name] for name in published} == published
    assert {name: value for name, value in values_of.items() if name not in published} == {
        "PCW_USE_M_AXI_GP0": "1",
        "PCW_USE_S_AXI_HP0": "1",
        "PCW_USE_FABRIC_INTERRUPT": "0",
        "PCW_EN_CLK0_PORT": "1",
        "PCW_EN_RST0_PORT": "1",
    }


def test_the_identity_is_in_the_design_and_in_the_bitstream(graph: Graph) -> None:
    cell = "create_bd_cell -type ip -vlnv xilinx.com:ip:xlconstant finnlite_0123456789abcdef\n"
    assert cell in text_of(graph, "design.tcl")
    assert "BITSTREAM.CONFIG.USERID 0x01234567 " in text_of(graph, "identity.xdc")
    assert f"set identity {IDENTITY}\n" in text_of(graph, "settings.tcl")


@pytest.mark.parametrize("identity", ["", "0123", "0123456789ABCDEF" * 4, "g" * 64])
def test_an_identity_is_64_digits(graph: Graph, identity: str) -> None:
    message = f"identity must be 64 hexadecimal digits, is {identity!r}"
    with pytest.raises(IRError) as error:
        project_plan(graph, BOARD, 100.0, identity)
    assert str(error.value) == message


def test_settings_of_another_part_are_refused(graph: Graph) -> None:
    with pytest.raises(IRError) as error:
        project_plan(graph, replace(BOARD, name="other", part="xc7z010"), 100.0, IDENTITY)
    assert str(error.value) == "board other: PS7 settings must be of xc7z010, are of xc7z020clg400-1"


def test_a_border_that_carries_no_beats_is_refused(graph: Graph) -> None:
    net = network_of(graph)
    streams = tuple(replace(s, kind=Kind.WORD) if s.name == "s0" else s for s in net.streams)
    with pytest.raises(IRError) as error:
        design_of(replace(net, streams=streams), IDENTITY)
    assert str(error.value) == "stream s0: must hold beats at the border, holds words"


def test_the_design_is_rendered_in_order(graph: Graph) -> None:
    text = render(design_of(network_of(graph), IDENTITY))
    commands = re.findall(r"^[a-z_]+(?= )|^[a-z_]+$", text, re.MULTILINE)
    groups = list(dict.fromkeys(commands))
    assert groups == [
        "create_bd_design",
        "create_bd_cell",
        "source",
        "set_property",
        "connect_bd_intf_net",
        "connect_bd_net",
        "assign_bd_address",
        "regenerate_bd_layout",
        "validate_bd_design",
        "save_bd_design",
        "add_files",
        "update_compile_order",
    ]


def test_values_are_quoted() -> None:
    assert properties([("A", "MIO 1 .. 6"), ("B", 3)]) == "[list CONFIG.A {MIO 1 .. 6} CONFIG.B 3]"
    assert word('a"}[$b]\\\n') == '"a\\"\\}\\[\\$b\\]\\\\\\n"'
    assert number(0.5) == "0.5"
