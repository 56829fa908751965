# SPDX-License-Identifier: Apache-2.0
"""Builds whose Vivado project is made of Verilog, whole or in part: to the bitstream, and to the driver."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from finnlite import flow
from finnlite.backends.rtl.verilator import find_verilator
from finnlite.errors import OptionError, ToolError
from finnlite.execution import execute
from finnlite.runtime import Accelerator, Fault
from finnlite.runtime.errors import StuckError
from tests.backends.pynq.recording import record
from tests.runtime.deployed import device_for, refused
from tests.small_models import Network


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small network."""
    try:
        find_verilator()
    except ToolError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("verilog")
    Network().save(home / "net.onnx")
    return home


@pytest.fixture(scope="module")
def verilog(home: Path) -> flow.Build:
    """All of Verilog, with a status block."""
    return flow.build(home / "net.onnx", out=home / "verilog", backend="rtl", status=True)


def test_the_project_of_verilog_becomes_a_bitstream(verilog: flow.Build) -> None:
    assert verilog.folder is not None
    run = record(verilog.folder / "vivado", None)
    assert run.exit_code == 0, run.output
    identity = json.loads((verilog.folder / "report.json").read_text())["identity"]
    assert f"finnlite_{identity[:16]}" in run.cells
    assert "s_axi" in run.cells["accelerator"].interfaces
    assert (verilog.folder / "deploy" / "overlay" / "accelerator.bit").is_file()


def test_the_driver_reads_the_status_block(verilog: flow.Build) -> None:
    assert verilog.folder is not None
    frames = np.random.default_rng(2).integers(0, 16, (7, 8)).astype(np.float32)
    device = device_for(verilog.folder)
    with Accelerator(verilog.folder, device, timeout=0.1) as accelerator:
        device.inject(Fault.INPUT_STUCK)
        message = refused(lambda: accelerator.predict(frames), StuckError)
        assert "; nothing moves in it: " in message
        assert "node 'AxiIn' (axiin_axiin) makes no step" in message
        expected = execute(verilog.stages["Import"], frames)
        assert (accelerator.predict(frames) == expected).all()


def test_a_layer_in_verilog_is_simulated_as_such(home: Path) -> None:
    build = flow.build(home / "net.onnx", out=home / "mixed", rtl_layers=["fc1"])
    rows = [row["stage"] for row in build.report["verification"]]
    assert rows[-3:] == ["csim", "rtl", "device"]
    assert (home / "mixed" / "vivado" / "rtl" / "mvtu_fc1_axis.v").is_file()
    assert not (home / "mixed" / "vivado" / "hls" / "mvtu_fc1").exists()
    assert (home / "mixed" / "vivado" / "hls" / "mvtu_fc0").is_dir()


def test_an_unknown_layer_ends_the_build_before_anything_is_compiled(home: Path) -> None:
    steps: list[str] = []
    with pytest.raises(OptionError, match="rtl layers: must be nodes between the borders or their operators"):
        flow.build(home / "net.onnx", out=home / "none", rtl_layers=["fc7"], progress=steps.append)
    assert "compile C simulation" not in steps
    assert not (home / "none").exists()
