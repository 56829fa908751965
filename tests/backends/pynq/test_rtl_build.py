# SPDX-License-Identifier: Apache-2.0
"""What a user sees of build.tcl when the layers are Verilog."""

import json
import re
from pathlib import Path

import pytest

from finnlite.implementation import Used, read_results
from tests.backends.pynq.designs import IDENTITY, recorded, rtl_demo
from tests.backends.pynq.recording import record
from tests.vivado_results import HIERARCHY, UTILIZATION

STEPS = [
    "[1/9] check the tools and the folder",
    "[2/9] take {layers} layers as they are, in Verilog",
    "[3/9] create the project",
    "[4/9] create the block design",
    "[5/9] generate its files",
    "[6/9] synthesise",
    "[7/9] place and route",
    "[8/9] check the timing, write the reports",
    "[9/9] write the bitstream",
]
LAYERS = [layer.name for layer in rtl_demo().network.layers]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with spaces in its path."""
    return tmp_path / "my first net"


def overlay(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "deploy" / "overlay").glob("*"))


def test_a_run_leaves_the_bitstream_and_its_description(folder: Path) -> None:
    run = recorded(rtl_demo(status=True), folder)
    assert run.exit_code == 0, run.output
    wanted = [line.format(layers=len(LAYERS)) for line in STEPS]
    assert [line for line in run.output.splitlines() if re.match(r"\[\d/9\] ", line)] == wanted
    assert overlay(folder) == ["accelerator.bit", "accelerator.hwh"]
    text = (folder / "deploy" / "overlay" / "accelerator.hwh").read_text()
    assert 'INSTANCE="accelerator"' in text
    assert 'INSTANCE="finnlite_0f1e2d3c4b5a6978"' in text
    assert b"UserID=0X0F1E2D3C;" in (folder / "deploy" / "overlay" / "accelerator.bit").read_bytes()
    results = json.loads((folder / "vivado" / "results" / "implementation.json").read_text())
    assert (results["identity"], results["wns_ns"]) == (IDENTITY, 0.123)


def test_the_results_can_be_reported(folder: Path) -> None:
    recorded(rtl_demo(), folder)
    results = folder / "vivado" / "results"
    # What the stand-in cannot know.
    (results / "utilization.rpt").write_text(UTILIZATION)
    (results / "utilization_hierarchical.rpt").write_text(HIERARCHY.replace("mvtu_fc0 ", f"{LAYERS[1]}_i "))
    found = read_results(folder / "vivado")
    assert found is not None
    assert (found.identity, found.lut) == (IDENTITY, 25770)
    assert sorted(layer.layer for layer in found.layers) == sorted(LAYERS)
    layer = next(layer for layer in found.layers if layer.layer == LAYERS[1])
    assert layer.implemented == Used(812, 900, 7, 2)
    assert (layer.ii, layer.latency, layer.style, layer.slack_ns, layer.lut) == (None,) * 5


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    recorded(rtl_demo(), folder)
    again = record(folder / "vivado", None)
    assert again.exit_code == 0
    assert again.last == "Nothing else to do: the bitstream in deploy/overlay is made from exactly this."
    assert list(again.called("create_project")) == []


@pytest.mark.parametrize("kind", ["*.hex", "finnlite_stream.v", "mvtu_*.v", "../sources.tcl"])
def test_what_changed_is_done_again(folder: Path, kind: str) -> None:
    recorded(rtl_demo(), folder)
    path = (
        sorted((folder / "vivado" / "rtl").glob(kind))[0]
        if ".." not in kind
        else (folder / "vivado" / "sources.tcl")
    )
    with path.open("a") as file:
        file.write("\n")
    assert len(list(record(folder / "vivado", None).called("create_project"))) == 1


def test_the_layer_of_the_worst_path_is_named(folder: Path) -> None:
    first, second = LAYERS[1], LAYERS[2]
    at = "system_i/accelerator/inst"
    routed = {
        "wns": "-0.417",
        "whs": "0.03",
        "startpoint": f"{at}/{first}_i/unit/sum_reg[3]/C",
        "endpoint": f"{at}/{second}_i/unit/sum_reg[0]/D",
    }
    run = recorded(rtl_demo(), folder, runs={"impl_1": routed})
    assert run.exit_code == 1
    assert f"its path leads from {first} to {second} ({at}/{first}_i/unit/sum_reg[3]/C to " in run.last
    assert "build with --clock-mhz 95 or slower" in run.last
    assert overlay(folder) == []


def test_a_path_outside_of_the_layers_is_that_of_its_cell(folder: Path) -> None:
    routed = {"wns": "-0.1", "startpoint": "system_i/axi_dma/U0/a_reg/C", "endpoint": "system_i/ps7/b_reg/D"}
    run = recorded(rtl_demo(), folder, runs={"impl_1": routed})
    assert "its path leads from axi_dma to ps7 (" in run.last
