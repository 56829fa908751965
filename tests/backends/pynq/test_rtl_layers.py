# SPDX-License-Identifier: Apache-2.0
"""Single layers in Verilog in a project whose other layers are IP from HLS."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from finnlite.backends.pynq.identity import identity_of
from finnlite.backends.pynq.project import project_plan
from finnlite.errors import OptionError
from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import IDENTITY, demo, project_of, recorded
from tests.backends.pynq.recording import record
from tests.backends.pynq.wiring import Wanted

LAYERS = {layer.node.name: layer.name for layer in demo().network.layers}
PRODUCTS = [name for name, layer in LAYERS.items() if layer.startswith("mvtu_")]


def mixed(*rtl_layers: str) -> Wanted:
    return replace(demo(), rtl_layers=rtl_layers)


@pytest.mark.parametrize("names", [("MVTU",), (PRODUCTS[0],), ("WidthConverter", PRODUCTS[1])], ids=str)
def test_the_design_obeys_the_rules(names: tuple[str, ...], tmp_path: Path) -> None:
    wanted = mixed(*names)
    recording = recorded(wanted, tmp_path)
    assert recording.exit_code == 0, recording.output
    assert problems(recording, wanted) == []
    modules = [cell for cell in recording.cells.values() if cell.definition.endswith("_axis")]
    assert len(modules) == {"MVTU": len(PRODUCTS)}.get(names[0], len(names))


def test_each_deleted_connection_is_missed(tmp_path: Path) -> None:
    wanted = mixed("MVTU")
    recording = recorded(wanted, tmp_path)
    calls = list(recording.called("connect_bd_net", "connect_bd_intf_net"))
    assert [call.place for call in calls if not problems(recording.without(call), wanted)] == []


def test_such_layers_are_not_synthesised_by_hls(tmp_path: Path) -> None:
    files = project_of(mixed(PRODUCTS[0])).files
    name = LAYERS[PRODUCTS[0]]
    assert [path for path in files if path.startswith(f"hls/{name}/")] == []
    assert f"hls/{LAYERS[PRODUCTS[1]]}/run.tcl" in files
    settings = files["settings.tcl"].decode()
    before, after = settings.split("set rtl_layers ")
    assert f"    {name} \\" not in before
    assert after.startswith(f"[list \\\n    {name} \\\n]")
    assert f"    {name}_axis.v \\" in after
    assert {f"rtl/{name}.v", f"rtl/{name}_axis.v", f"rtl/{name}_weights.hex"} <= set(files)


def test_the_report_finds_them(tmp_path: Path) -> None:
    recorded(mixed(PRODUCTS[0]), tmp_path)
    name = LAYERS[PRODUCTS[0]]
    found = json.loads((tmp_path / "vivado" / "results" / "layers" / f"{name}.json").read_text())
    assert found == {"layer": name, "made_from": "verilog"}


def test_a_missing_memory_of_a_layer_is_named(tmp_path: Path) -> None:
    wanted = mixed(PRODUCTS[0])
    recorded(wanted, tmp_path)
    path = f"rtl/{LAYERS[PRODUCTS[0]]}_weights.hex"
    (tmp_path / "vivado" / path).unlink()
    run = record(tmp_path / "vivado", wanted.network)
    assert run.exit_code == 1
    assert "the Verilog must be complete, 1 of " in run.last
    assert f" files are missing: {path}; " in run.last


def test_the_identity_is_another() -> None:
    graph, board = demo().graph, demo().board
    plain, one, all_ = (
        identity_of(graph, board, 100.0, rtl_layers=names) for names in ((), (PRODUCTS[0],), ("MVTU",))
    )
    assert len({plain, one, all_}) == 3
    assert identity_of(graph, board, 100.0, rtl_layers=PRODUCTS) == all_


@pytest.mark.parametrize("name", ["AxiIn", "Mvtu", "nobody"])
def test_an_unknown_layer_is_refused(name: str) -> None:
    with pytest.raises(OptionError) as error:
        project_of(mixed("MVTU", name))
    known = ", ".join(sorted({"MVTU", "WidthConverter"} | {*list(LAYERS)[1:-1]}))
    assert str(error.value) == (
        f"rtl layers: must be nodes between the borders or their operators, {known}; {name!r} is not"
    )


def test_all_layers_are_verilog_by_the_backend() -> None:
    with pytest.raises(OptionError) as error:
        project_plan(demo().graph, demo().board, 100.0, IDENTITY, "rtl", rtl_layers=["MVTU"])
    assert (
        str(error.value)
        == "rtl layers: backend must be 'hls', is 'rtl', of which all layers are Verilog; leave them out"
    )
