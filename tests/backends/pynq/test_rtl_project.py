# SPDX-License-Identifier: Apache-2.0
"""The Vivado project of an accelerator in Verilog: its files, and the design that they make."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from finnlite.backends.network import network_of
from finnlite.backends.pynq.identity import identity_of
from finnlite.backends.pynq.project import project_plan
from finnlite.boards import BOARDS
from finnlite.errors import OptionError
from finnlite.ir import Graph
from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import IDENTITY, compiled, project_of, recorded, rtl_demo
from tests.backends.pynq.wiring import Wanted
from tests.backends.small import network
from tests.test_shared_builds import MLPS

BOARD = BOARDS["pynq-z1"]
OWN = ("settings.tcl", "ps7.tcl", "design.tcl", "identity.xdc")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return network()


def files_of(graph: Graph, *, status: bool = False) -> dict[str, bytes]:
    return dict(project_plan(graph, BOARD, 100.0, IDENTITY, "rtl", status=status).files)


def test_what_is_generated(graph: Graph, golden: Callable[[str, str], None]) -> None:
    files = files_of(graph)
    for path in OWN:
        golden(f"vivado_rtl/{path}", files[path].decode())
    golden("vivado_rtl/status/design.tcl", files_of(graph, status=True)["design.tcl"].decode())


def test_no_golden_file_is_left_over(root: Path) -> None:
    folder = root / "tests" / "golden" / "vivado_rtl"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {*OWN, "status/design.tcl"}


def test_nothing_of_hls_is_left(graph: Graph) -> None:
    files = files_of(graph)
    assert [path for path in files if "hls" in path.lower() or path.startswith("first_contact")] == []
    names = {"build.tcl", "implement.tcl", "sources.tcl", "README.txt", *OWN}
    assert {path for path in files if not path.startswith("rtl/")} == names
    for path in names - {"README.txt", "implement.tcl"}:
        assert not re.search(r"\bhls\b", files[path].decode(), re.IGNORECASE), path
    assert "Vitis HLS is not needed" in files["README.txt"].decode()


def test_all_sources_are_named_and_are_all_that_is_needed(graph: Graph) -> None:
    files = files_of(graph)
    settings = files["settings.tcl"].decode()
    lists = {
        name: re.findall(r"    (\S+) \\", body)
        for name, body in re.findall(r"^set (\w+) \[list \\\n((?:    .*\n)*)\]$", settings, re.MULTILINE)
    }
    verilog, memories = lists["verilog"], lists["memories"]
    assert {f"rtl/{name}" for name in verilog + memories} == {p for p in files if p.startswith("rtl/")}
    assert lists["layers"] == [layer.name for layer in network_of(graph).layers]
    assert verilog[-1] == "finnlite_accelerator.v"
    text = "".join(files[f"rtl/{name}"].decode() for name in verilog)
    assert set(re.findall(r'"(\w+\.hex)"', text)) == set(memories) != set()
    defined = re.findall(r"^module (\w+)", text, re.MULTILINE)
    assert sorted(f"{module}.v" for module in defined) == sorted(verilog)
    used = set(re.findall(r"\bfinnlite_\w+(?= #?\(| \w+ \()", re.sub(r"//.*", "", text)))
    assert used <= set(defined)
    assert set(defined) - used == {*lists["layers"], "finnlite_accelerator"} - used


@pytest.mark.parametrize("status", [False, True])
@pytest.mark.parametrize("clock_mhz", [33.333333333333336, 100.0, 200.0])
def test_the_design_of_the_demo_obeys_the_rules(clock_mhz: float, status: bool, tmp_path: Path) -> None:
    wanted = rtl_demo(status=status).at(clock_mhz)
    recording = recorded(wanted, tmp_path)
    assert recording.exit_code == 0, recording.output
    assert problems(recording, wanted) == []


@pytest.mark.parametrize("model", MLPS)
def test_the_design_of_every_shared_network_obeys_the_rules(shared: Path, model: str, tmp_path: Path) -> None:
    hls = compiled(shared / "models" / f"{model}.onnx", **MLPS[model])
    wanted = Wanted(hls.graph, hls.network, hls.board, hls.clock_mhz, hls.identity, "rtl", status=True)
    assert problems(recorded(wanted, tmp_path), wanted) == []


@pytest.mark.parametrize("status", [False, True])
def test_each_deleted_connection_is_missed(status: bool, tmp_path: Path) -> None:
    wanted = rtl_demo(status=status)
    recording = recorded(wanted, tmp_path)
    calls = list(recording.called("connect_bd_net", "connect_bd_intf_net", "assign_bd_address"))
    assert len(calls) > 30
    assert [call.place for call in calls if not problems(recording.without(call), wanted)] == []


def test_the_status_block_has_its_place(tmp_path: Path) -> None:
    wanted = rtl_demo(status=True)
    recording = recorded(wanted, tmp_path)
    (call,) = (c for c in recording.called("assign_bd_address") if "/accelerator/s_axi/reg0" in c.arguments)
    assert (call.options["-offset"], call.options["-range"]) == ("0x43C00000", "0x00010000")
    module = recording.cells["accelerator"]
    assert module.interfaces["s_axi"]["mode"] == "slave"
    assert module.segments == {"s_axi/reg0": {"range": "65536"}}
    assert module.pins["aclk"]["clocks"] == ["s_axis", "m_axis", "s_axi"]


def test_memories_are_memories_of_the_project(tmp_path: Path) -> None:
    recording = recorded(rtl_demo(), tmp_path)
    kinds: dict[str, set[str]] = {}
    for call in recording.called("set_property"):
        if call.arguments[0] == "file_type":
            kinds.setdefault(call.arguments[1], set()).add(Path(call.arguments[2]).name)
    files = {Path(path).name for path in project_of(rtl_demo()).files if path.startswith("rtl/")}
    assert kinds["Verilog"] == {name for name in files if name.endswith(".v")}
    assert kinds["Memory Initialization Files"] == {name for name in files if name.endswith(".hex")} != set()


def test_the_identity_is_of_the_backend_and_its_options(graph: Graph) -> None:
    identities = {
        identity_of(graph, BOARD, 100.0),
        identity_of(graph, BOARD, 100.0, "rtl"),
        identity_of(graph, BOARD, 100.0, "rtl", status=True),
        identity_of(graph, BOARD, 125.0, "rtl"),
    }
    assert len(identities) == 4
    assert identity_of(graph, BOARD, 100.0, "rtl") == identity_of(network(), BOARD, 100.0, "rtl")


def test_hls_has_no_status_block(graph: Graph) -> None:
    with pytest.raises(OptionError) as error:
        project_plan(graph, BOARD, 100.0, IDENTITY, status=True)
    assert str(error.value) == (
        "status block: backend must be 'rtl', which has monitors at its streams, is 'hls'; build with "
        "--backend rtl, or without the status block"
    )


def test_an_unknown_backend_is_refused(graph: Graph) -> None:
    with pytest.raises(OptionError) as error:
        project_plan(graph, BOARD, 100.0, IDENTITY, "vhdl")
    assert str(error.value) == "backend must be 'hls' or 'rtl', is 'vhdl'"
