# SPDX-License-Identifier: Apache-2.0
"""Faults planted in the emitted Tcl that the tool itself refuses, as its stand-in does."""

from pathlib import Path

import pytest

from tests.backends.pynq.designs import demo
from tests.backends.pynq.planting import Fault, design, drop, planted, swap, wire

LAYERS = [layer.name for layer in demo().network.layers]
FIRST = LAYERS[0]
FIFO = f"fifo_{FIRST}_out"

REFUSED = [
    design(
        "unknown command",
        swap("validate_bd_design\n", "check_bd_design\n"),
        messages=[
            "the script must end with 0, ends with 1: "
            'ERROR in step 4 (create the block design): invalid command name "check_bd_design"',
        ],
    ),
    design(
        "unknown option",
        swap(f"-reference finnlite_fifo {FIFO}\n", f"-module finnlite_fifo {FIFO}\n"),
        messages=["create_bd_cell: option must be -type or -vlnv or -reference, is -module"],
    ),
    design(
        "too many arguments",
        swap(wire("ps7/FCLK_CLK0", f"{FIRST}/ap_clk"), wire("ps7/FCLK_CLK0", f"{FIRST}/ap_clk") + " extra"),
        messages=["connect_bd_net: must have 2 arguments, has 3"],
    ),
    design(
        "unknown IP",
        swap("-vlnv xilinx.com:ip:axi_dma axi_dma", "-vlnv xilinx.com:ip:axi_dna axi_dma"),
        messages=["create_bd_cell: IP must be in the catalog, 'xilinx.com:ip:axi_dna' is not"],
    ),
    design(
        "unknown module",
        swap(f"-reference finnlite_fifo {FIFO}\n", f"-reference finnlite_fofi {FIFO}\n"),
        messages=["create_bd_cell: module must be in a file of the project, 'finnlite_fofi' is not"],
    ),
    design(
        "unknown property",
        swap("CONFIG.c_include_sg 0", "CONFIG.c_include_sgg 0"),
        messages=["set_property: CONFIG.c_include_sgg must be a property of cell 'axi_dma', is not"],
    ),
    Fault(
        "unknown PS7 property",
        {"ps7.tcl": [swap("PCW_USE_S_AXI_HP0 1", "PCW_USE_S_AXI_HPO 1")]},
        ["set_property: CONFIG.PCW_USE_S_AXI_HPO must be a property of cell 'ps7', is not"],
    ),
    design(
        "value out of range",
        swap("CONFIG.c_sg_length_width 26", "CONFIG.c_sg_length_width 27"),
        messages=["set_property: CONFIG.c_sg_length_width must be 8 to 26, is '27'"],
    ),
    design(
        "value of a wrong kind",
        swap("CONFIG.c_include_sg 0", "CONFIG.c_include_sg no"),
        messages=["set_property: CONFIG.c_include_sg must be 0 or 1, is 'no'"],
    ),
    design(
        "misspelt pin",
        swap("axi_dma/axi_resetn]", "axi_dma/axi_reset_n]"),
        messages=["get_bd_pins: 'axi_dma/axi_reset_n' must exist, does not"],
    ),
    design(
        "misspelt interface",
        swap("axi_dma/S_AXI_LITE]\n", "axi_dma/S_AXI_LIGHT]\n"),
        messages=["get_bd_intf_pins: 'axi_dma/S_AXI_LIGHT' must exist, does not"],
    ),
    Fault(
        "port that is not enabled",
        {"ps7.tcl": [swap("PCW_USE_S_AXI_HP0 1", "PCW_USE_S_AXI_HP0 0")]},
        ["get_bd_intf_pins: 'ps7/S_AXI_HP0' must exist, does not"],
    ),
    Fault(
        "another value in the constraints",
        {"identity.xdc": [swap("0x0F1E2D3C", "0F1E2D3C")]},
        ["set_property: BITSTREAM.CONFIG.USERID must be 0x and eight hexadecimal digits, is '0F1E2D3C'"],
    ),
    design(
        "command of a newer Tcl",
        swap("validate_bd_design\n", "lmap pin {} {}\n"),
        messages=[
            "the script must end with 0, ends with 1: "
            'ERROR in step 4 (create the block design): invalid command name "lmap"'
        ],
    ),
    Fault(
        "renamed parameter of the module",
        {"rtl/finnlite_fifo.v": [swap("parameter DEPTH = 2", "parameter SLOTS = 2")]},
        [f"set_property: CONFIG.DEPTH must be a property of cell '{FIFO}', is not"],
    ),
    Fault(
        "renamed stream of the module",
        {"rtl/finnlite_fifo.v": [lambda text: text.replace("axis:1.0 s_axis ", "axis:1.0 slave ")]},
        [f"get_bd_intf_pins: '{FIFO}/s_axis' must exist, does not"],
    ),
    Fault(
        "no catalogue of the layers",
        {"sources.tcl": [drop("update_ip_catalog")]},
        [f"create_bd_cell: IP must be in the catalog, 'finnlite:hls:{FIRST}:1.0' is not"],
    ),
    Fault(
        "no project",
        {"implement.tcl": [drop("create_project")]},
        ["current_project: there must be an open project, is none"],
    ),
]


@pytest.mark.parametrize("fault", REFUSED, ids=str)
def test_a_planted_fault_is_refused(fault: Fault, tmp_path: Path) -> None:
    assert planted(fault, tmp_path) == fault.messages
