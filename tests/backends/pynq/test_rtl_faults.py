# SPDX-License-Identifier: Apache-2.0
"""Faults planted in the project of an accelerator in Verilog, and what is said of them."""

import re
from pathlib import Path

import pytest

from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import project_of, recorded, rtl_demo
from tests.backends.pynq.planting import Fault, design, drop, edited, link, swap, wire
from tests.backends.pynq.recording import record

LAYERS = [layer.name for layer in rtl_demo().network.layers]
FILES = sorted(path for path in project_of(rtl_demo()).files if path.startswith("rtl/"))
MEMORY = next(path for path in FILES if path.endswith(".hex"))
TOP = "rtl/finnlite_accelerator.v"
CELL = "finnlite_0f1e2d3c4b5a6978"
STATUS = "accelerator/s_axi/reg0"
NAME = MEMORY.removeprefix("rtl/")

WRONG = [
    design(
        "unconnected clock",
        drop(wire("ps7/FCLK_CLK0", "accelerator/aclk")),
        messages=["accelerator/aclk: clock must be ps7/FCLK_CLK0, is absent"],
    ),
    design(
        "unconnected reset",
        drop(wire("reset/peripheral_aresetn", "accelerator/aresetn")),
        messages=["accelerator/aresetn: reset must be driven by a reset, is by nothing"],
    ),
    design(
        "reset of wrong polarity",
        swap(
            wire("reset/peripheral_aresetn", "accelerator/aresetn"),
            wire("reset/peripheral_reset", "accelerator/aresetn"),
        ),
        messages=["accelerator/aresetn: reset must be active low, reset/peripheral_reset is active high"],
    ),
    design(
        "input not connected",
        drop(link("axi_dma/M_AXIS_MM2S", "accelerator/s_axis")),
        messages=[
            "axi_dma/M_AXIS_MM2S: must be connected once, is connected 0 times",
            "accelerator/s_axis: must be connected once, is connected 0 times",
        ],
    ),
    design(
        "another module",
        swap("-reference finnlite_accelerator accelerator", f"-reference {LAYERS[1]} accelerator"),
        messages=["get_bd_intf_pins: 'accelerator/s_axis' must exist, does not"],
    ),
    design(
        "identity not connected",
        drop(wire(f"{CELL}/dout", "accelerator/identity")),
        messages=[
            "accelerator/identity: must be driven, is not connected",
            f"cell {CELL}: must be connected, is not",
            f"accelerator/identity: must be that of {CELL}, is not",
        ],
    ),
    design(
        "status block without an address",
        drop(STATUS),
        messages=[f"ps7/Data: {STATUS} must have an address, has none"],
    ),
    design(
        "status block at the DMA's size",
        swap("-offset 0x43C00000 -range 0x00010000", "-offset 0x43C00000 -range 0x00001000"),
        messages=[f"ps7/Data: {STATUS} must have 0x10000 bytes, has 0x1000"],
    ),
    design(
        "no port for the status block",
        swap("CONFIG.NUM_SI 1 CONFIG.NUM_MI 2", "CONFIG.NUM_SI 1 CONFIG.NUM_MI 1"),
        messages=["get_bd_intf_pins: 'gp0_interconnect/M01_AXI' must exist, does not"],
    ),
    Fault(
        "registers that no clock is for",
        {TOP: [swap("s_axis:m_axis:s_axi,", "s_axis:m_axis,")]},
        ["accelerator/s_axi: must belong to one clock pin, belongs to absent"],
    ),
    Fault(
        "output without TLAST",
        {TOP: [drop("interface:axis:1.0 m_axis TLAST")]},
        [
            "accelerator/m_axis to axi_dma/S_AXIS_S2MM: both must have the same of TKEEP and TLAST, have "
            "TKEEP and TKEEP and TLAST",
        ],
    ),
    Fault(
        "layer that is not in the project",
        {"settings.tcl": [swap(f"    {LAYERS[1]}.v \\\n", "")]},
        [f"the script must end with 0, ends with 1:   ERROR: [Synth 8-439] module '{LAYERS[1]}' not found"],
    ),
    Fault(
        "memory that is not in the project",
        {"settings.tcl": [swap(f"    {NAME} \\\n", "")]},
        [
            "the script must end with 0, ends with 1:   ERROR: [Synth 8-4445] could not open $readmem data "
            f"file '{NAME}'; ignoring"
        ],
    ),
]


@pytest.mark.parametrize("fault", WRONG, ids=str)
def test_a_planted_fault_is_named(fault: Fault, tmp_path: Path) -> None:
    wanted = rtl_demo(status=True)
    found = problems(recorded(wanted, tmp_path, edited(fault, wanted)), wanted)
    assert [re.sub(r"^\w+\.(tcl|xdc):\d+: ", "", message) for message in found] == fault.messages


@pytest.mark.parametrize("path", [MEMORY, TOP, f"rtl/{LAYERS[1]}.v"])
def test_a_missing_source_is_named_before_anything_runs(path: str, tmp_path: Path) -> None:
    recorded(rtl_demo(), tmp_path)
    (tmp_path / "vivado" / path).unlink()
    run = record(tmp_path / "vivado", None)
    assert run.exit_code == 1
    assert run.last == (
        f"ERROR in step 1 (check the tools and the folder): the Verilog must be complete, 1 of {len(FILES)} "
        f"files are missing: {path}; copy the folder again, or build it again with finnlite"
    )
    assert list(run.called("create_project")) == []


def test_many_missing_sources_are_not_all_named(tmp_path: Path) -> None:
    recorded(rtl_demo(), tmp_path)
    for path in FILES[:7]:
        (tmp_path / "vivado" / path).unlink()
    run = record(tmp_path / "vivado", None)
    assert f"7 of {len(FILES)} files are missing: " in run.last
    assert sum(path in run.last for path in FILES[:7]) == 5
