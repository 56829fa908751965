# SPDX-License-Identifier: Apache-2.0
"""Faults planted in the emitted Tcl that the tool would take or only warn of, each named by a rule."""

from pathlib import Path

import pytest

from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import demo, project_of, recorded
from tests.backends.pynq.planting import (
    Fault,
    add,
    design,
    drop,
    drop_all,
    link,
    planted,
    statements,
    swap,
    wire,
)

LAYERS = [layer.name for layer in demo().network.layers]
FIRST, SECOND, LAST = LAYERS[0], LAYERS[1], LAYERS[-1]
FIFO = f"fifo_{FIRST}_out"
DEPTH = next(s.depth for s in demo().network.streams if s.name == f"{FIRST}_out")
MVTU = next(name for name in LAYERS if name.startswith("mvtu_fc1"))
FIFOS = [f"fifo_{name}_out" for name in LAYERS[:-1]] + ["fifo_transfer_last"]
FINAL = FIFOS[-2]
SIDE = next(s.depth for s in demo().network.streams if s.name == "transfer_last")
STYLE = "CONFIG.RAM_STYLE distributed]"
BEFORE, AFTER = LAYERS[LAYERS.index(MVTU) - 1], LAYERS[LAYERS.index(MVTU) + 1]
DDR = "ps7/S_AXI_HP0/HP0_DDR_LOWOCM"
CELL = "finnlite_0f1e2d3c4b5a6978"

WRONG = [
    Fault(
        "clock pin on another clock",
        {
            "ps7.tcl": [swap("PCW_EN_CLK0_PORT 1", "PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_CLK1_PORT 1")],
            "design.tcl": [
                swap(wire("ps7/FCLK_CLK0", f"{SECOND}/ap_clk"), wire("ps7/FCLK_CLK1", f"{SECOND}/ap_clk"))
            ],
        },
        [f"{SECOND}/ap_clk: clock must be ps7/FCLK_CLK0, is ps7/FCLK_CLK1"],
    ),
    design(
        "undriven clock",
        drop(wire("ps7/FCLK_CLK0", f"{FIFO}/aclk")),
        messages=[f"{FIFO}/aclk: clock must be ps7/FCLK_CLK0, is absent"],
    ),
    design(
        "reset of wrong polarity",
        swap(
            wire("reset/peripheral_aresetn", f"{LAST}/ap_rst_n"),
            wire("reset/peripheral_reset", f"{LAST}/ap_rst_n"),
        ),
        messages=[f"{LAST}/ap_rst_n: reset must be active low, reset/peripheral_reset is active high"],
    ),
    design(
        "undriven reset",
        drop(wire("ps7/FCLK_RESET0_N", "reset/ext_reset_in")),
        messages=["reset/ext_reset_in: reset must be driven by a reset, is by nothing"],
    ),
    design(
        "clock for a reset",
        swap(wire("reset/peripheral_aresetn", f"{FIFO}/aresetn"), wire("ps7/FCLK_CLK0", f"{FIFO}/aresetn")),
        messages=[f"{FIFO}/aresetn: reset must be driven by a reset, is by ps7/FCLK_CLK0"],
    ),
    design(
        "reset that is not synchronised",
        swap(
            wire("reset/peripheral_aresetn", "axi_dma/axi_resetn"),
            wire("ps7/FCLK_RESET0_N", "axi_dma/axi_resetn"),
        ),
        messages=["axi_dma/axi_resetn: reset must come from reset, comes from ps7/FCLK_RESET0_N"],
    ),
    design(
        "two drivers of one net",
        add(wire("axi_dma/mm2s_prmry_reset_out_n", "axi_dma/axi_resetn")),
        messages=[
            "net of axi_dma/mm2s_prmry_reset_out_n and reset/peripheral_aresetn: must have one driver, has 2",
        ],
    ),
    Fault(
        "required pin unconnected",
        {"ps7.tcl": [swap("FABRIC_INTERRUPT 0", "FABRIC_INTERRUPT 1 CONFIG.PCW_IRQ_F2P_INTR 1")]},
        ["ps7/IRQ_F2P: must be driven, is not connected"],
    ),
    design(
        "stream connected twice",
        add(link(f"{FIRST}/m0", f"{SECOND}/s0")),
        messages=[
            f"{FIRST}/m0: must be connected once, is connected 2 times",
            f"{SECOND}/s0: must be connected once, is connected 2 times",
        ],
    ),
    design(
        "stream not connected",
        drop(link(f"{FIFO}/m_axis", f"{SECOND}/s0")),
        messages=[
            f"{SECOND}/s0: must be connected once, is connected 0 times",
            f"{FIFO}/m_axis: must be connected once, is connected 0 times",
        ],
    ),
    design(
        "stream into a master",
        swap(link(f"{FIFO}/m_axis", f"{SECOND}/s0"), link(f"{FIFO}/m_axis", f"{SECOND}/m0")),
        messages=[
            f"{SECOND}/s0: must be connected once, is connected 0 times",
            f"{SECOND}/m0: must be connected once, is connected 2 times",
            f"{FIFO}/m_axis to {SECOND}/m0: must be a master and a slave, are master and master",
            f"{FIFO}/m_axis: must lead to {SECOND}/s0, leads to {SECOND}/m0",
        ],
    ),
    design(
        "stream to a register port",
        swap(link(f"{LAST}/m0", "axi_dma/S_AXIS_S2MM"), link(f"{LAST}/m0", "hp0_interconnect/S01_AXI")),
        messages=[
            "axi_dma/S_AXIS_S2MM: must be connected once, is connected 0 times",
            "hp0_interconnect/S01_AXI: must be connected once, is connected 2 times",
            f"{LAST}/m0 to hp0_interconnect/S01_AXI: must be of one kind, are axis and aximm",
            f"{LAST}/m0: must lead to axi_dma/S_AXIS_S2MM, leads to hp0_interconnect/S01_AXI",
        ],
    ),
    design(
        "unequal widths",
        swap(
            f"CONFIG.WIDTH 64 CONFIG.DEPTH {DEPTH} {STYLE} [get_bd_cells {FIFO}]",
            f"CONFIG.WIDTH 32 CONFIG.DEPTH {DEPTH} {STYLE} [get_bd_cells {FIFO}]",
        ),
        messages=[
            f"{FIRST}/m0 to {FIFO}/s_axis: streams must be equally wide, are 64 and 32 bits",
            f"{FIFO}/m_axis to {SECOND}/s0: streams must be equally wide, are 32 and 64 bits",
            f"{FIFO}: WIDTH must be 64, is 32",
        ],
    ),
    design(
        "no TLAST for the DMA",
        swap(link(f"{LAST}/m0", "axi_dma/S_AXIS_S2MM"), link(f"{FINAL}/m_axis", "axi_dma/S_AXIS_S2MM")),
        swap(link(f"{FINAL}/m_axis", f"{LAST}/s0"), link(f"{LAST}/m0", f"{LAST}/s0")),
        messages=[
            f"{LAST}/m0 to {LAST}/s0: both must have the same of TKEEP and TLAST, "
            "have TKEEP and TLAST and none",
            f"{FINAL}/m_axis to axi_dma/S_AXIS_S2MM: both must have the same of TKEEP and TLAST, "
            "have none and TKEEP and TLAST",
            f"{LAST}/m0: must lead to axi_dma/S_AXIS_S2MM, leads to {LAST}/s0",
            f"{FINAL}/m_axis: must lead to {LAST}/s0, leads to axi_dma/S_AXIS_S2MM",
        ],
    ),
    design(
        "wrong FIFO depth",
        swap(
            f"CONFIG.WIDTH 64 CONFIG.DEPTH {DEPTH} {STYLE} [get_bd_cells {FIFO}]",
            f"CONFIG.WIDTH 64 CONFIG.DEPTH {DEPTH - 1} {STYLE} [get_bd_cells {FIFO}]",
        ),
        messages=[f"{FIFO}: DEPTH must be {DEPTH}, is {DEPTH - 1}"],
    ),
    design(
        "side FIFO too shallow",
        swap(f"CONFIG.DEPTH {SIDE} ", "CONFIG.DEPTH 2 "),
        messages=[f"fifo_transfer_last: DEPTH must be {SIDE}, is 2"],
    ),
    design(
        "a layer missing",
        drop_all(f" {MVTU}\n"),
        drop_all(f"fifo_{MVTU}_out"),
        drop_all(f"{MVTU}/"),
        add(link(f"fifo_{BEFORE}_out/m_axis", f"{AFTER}/s0")),
        messages=[
            f"cell fifo_{MVTU}_out: must be module:finnlite_fifo, is absent",
            f"cell {MVTU}: must be finnlite:hls:{MVTU}, is absent",
            f"fifo_{BEFORE}_out/m_axis: must lead to {MVTU}/s0, leads to {AFTER}/s0",
        ],
    ),
    design(
        "two layers in the other order",
        swap(link(f"fifo_{BEFORE}_out/m_axis", f"{MVTU}/s0"), link(f"fifo_{MVTU}_out/m_axis", f"{MVTU}/s0")),
        swap(
            link(f"fifo_{MVTU}_out/m_axis", f"{AFTER}/s0"), link(f"fifo_{BEFORE}_out/m_axis", f"{AFTER}/s0")
        ),
        messages=[
            f"fifo_{BEFORE}_out/m_axis: must lead to {MVTU}/s0, leads to {AFTER}/s0",
            f"fifo_{MVTU}_out/m_axis: must lead to {AFTER}/s0, leads to {MVTU}/s0",
        ],
    ),
    design(
        "a cell too many",
        add("create_bd_cell -type ip -vlnv xilinx.com:ip:xlconstant spare"),
        messages=[
            "cell spare: must be absent, is xilinx.com:ip:xlconstant",
            "cell spare: must be connected, is not",
        ],
    ),
    design(
        "unmapped registers",
        drop("ps7/Data"),
        messages=["ps7/Data: axi_dma/S_AXI_LITE/Reg must have an address, has none"],
    ),
    design(
        "unmapped memory",
        drop("axi_dma/Data_S2MM"),
        messages=[f"axi_dma/Data_S2MM: {DDR} must have an address, has none"],
    ),
    design(
        "registers outside of GP0",
        swap("-offset 0x40400000", "-offset 0x80400000"),
        messages=[
            "ps7/Data: axi_dma/S_AXI_LITE/Reg must be at a multiple of its size "
            "from 0x40000000 to 0x80000000, is at 0x80400000",
        ],
    ),
    design(
        "half of the memory",
        swap(
            "-range 0x20000000 -target_address_space [get_bd_addr_spaces axi_dma/Data_MM2S]",
            "-range 0x10000000 -target_address_space [get_bd_addr_spaces axi_dma/Data_MM2S]",
        ),
        messages=[
            f"axi_dma/Data_MM2S: {DDR} must have 0x20000000 bytes, has 0x10000000",
        ],
    ),
    design(
        "memory out of reach",
        drop(link("hp0_interconnect/M00_AXI", "ps7/S_AXI_HP0")),
        messages=[
            "ps7/S_AXI_HP0: must be connected once, is connected 0 times",
            "hp0_interconnect/M00_AXI: must be connected once, is connected 0 times",
            "axi_dma/Data_MM2S: must lead to a slave, leads to none",
            "axi_dma/Data_S2MM: must lead to a slave, leads to none",
            f"{DDR}: must be in reach of a master, is not",
            f"axi_dma/Data_MM2S: {DDR} must be in reach, is not",
            f"axi_dma/Data_S2MM: {DDR} must be in reach, is not",
        ],
    ),
    design(
        "interconnect with a port too many",
        swap("CONFIG.NUM_SI 2 CONFIG.NUM_MI 1", "CONFIG.NUM_SI 3 CONFIG.NUM_MI 1"),
        messages=[
            "hp0_interconnect/S02_ACLK: clock must be ps7/FCLK_CLK0, is absent",
            "hp0_interconnect/S02_ARESETN: reset must be driven by a reset, is by nothing",
            "hp0_interconnect/S02_AXI: must be connected once, is connected 0 times",
        ],
    ),
    design(
        "scatter-gather",
        swap("CONFIG.c_include_sg 0 ", ""),
        messages=[
            "axi_dma/m_axi_sg_aclk: clock must be ps7/FCLK_CLK0, is absent",
            "axi_dma/M_AXI_SG: must be connected once, is connected 0 times",
            "axi_dma/Data_SG: must lead to a slave, leads to none",
            "axi_dma: c_include_sg must be 0, is 1",
        ],
    ),
    design(
        "bursts too long for HP0",
        swap("CONFIG.c_s2mm_burst_size 16", "CONFIG.c_s2mm_burst_size 32"),
        messages=["axi_dma: c_s2mm_burst_size must be 16, is 32"],
    ),
    design(
        "change after the validation",
        drop("validate_bd_design"),
        swap("# Resets, all active low.", "validate_bd_design"),
        messages=[
            "validate_bd_design: must be called after assign_bd_address (design.tcl), is called before",
        ],
    ),
    Fault(
        "settings that the automation undoes",
        {
            "ps7.tcl": [
                swap("apply_bd_automation ", "set automation [list apply_bd_automation "),
                swap("} [get_bd_cells ps7]\n", "} [get_bd_cells ps7]]\n"),
                lambda text: text + "{*}$automation\n",
            ]
        },
        ["apply_bd_automation: must be called before the settings of ps7, which it undoes, is after"],
    ),
    Fault(
        "a shallow FIFO in block RAM",
        {"design.tcl": [swap(f"DEPTH {DEPTH} {STYLE}", f"DEPTH {DEPTH} CONFIG.RAM_STYLE block]")]},
        [f"{FIFO}: RAM_STYLE must be distributed, is block"],
    ),
    design(
        "no validation",
        drop("validate_bd_design"),
        messages=["validate_bd_design: must be called, is not"],
    ),
    Fault(
        "another clock",
        {
            "ps7.tcl": [swap("PCW_FPGA0_PERIPHERAL_FREQMHZ 100", "PCW_FPGA0_PERIPHERAL_FREQMHZ 125")],
            "settings.tcl": [swap("set clock_mhz 100", "set clock_mhz 125")],
        },
        [
            "ps7: PCW_FPGA0_PERIPHERAL_FREQMHZ must be 100, is 125",
            "ps7: PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ must be 100, is 125.000000",
        ],
    ),
    Fault(
        "pins of the memory left inside",
        {"ps7.tcl": [swap("apply_bd_automation ", "list ")]},
        ["ps7/DDR: must be made external, is not", "ps7/FIXED_IO: must be made external, is not"],
    ),
    design(
        "wrong identity cell",
        swap(f"xlconstant {CELL}\n", "xlconstant finnlite_ffffffffffffffff\n"),
        swap(f"[get_bd_cells {CELL}]", "[get_bd_cells finnlite_ffffffffffffffff]"),
        messages=[
            f"cell {CELL}: must be xilinx.com:ip:xlconstant, is absent",
            "cell finnlite_ffffffffffffffff: must be absent, is xilinx.com:ip:xlconstant",
            "cell finnlite_ffffffffffffffff: must be connected, is not",
        ],
    ),
    design(
        "wrong identity value",
        swap("CONFIG.CONST_VAL 0x0f1e2d3c", "CONFIG.CONST_VAL 0x0f1e2d3d"),
        messages=[f"cell {CELL}: must be 0x0f1e2d3c of 32 bits, is 0x0f1e2d3d of 32 bits"],
    ),
    Fault(
        "wrong USERID",
        {"identity.xdc": [swap("0x0F1E2D3C", "0x0F1E2D3D")]},
        ["USERID must be 0x0f1e2d3c, is 0x0f1e2d3d"],
    ),
    Fault("no USERID", {"identity.xdc": [drop("USERID")]}, ["USERID must be 0x0f1e2d3c, is absent"]),
    Fault(
        "a message that is not raised",
        {"implement.tcl": [drop("{Synth 8-4445}")]},
        ["message Synth 8-4445: must be an error, is not"],
    ),
    Fault(
        "another part",
        {"settings.tcl": [swap("xc7z020clg400-1", "xc7z010clg400-1")]},
        ["the project must be of xc7z020clg400-1, is of xc7z010clg400-1"],
    ),
    Fault(
        "stream that no clock of the module is for",
        {"rtl/finnlite_fifo.v": [swap("ASSOCIATED_BUSIF s_axis:m_axis,", "ASSOCIATED_BUSIF s_axis,")]},
        [f"{name}/m_axis: must belong to one clock pin, belongs to absent" for name in FIFOS],
    ),
    Fault(
        "reset of the module without polarity",
        {"rtl/finnlite_fifo.v": [drop("POLARITY ACTIVE_LOW")]},
        [
            f"{name}/aresetn: reset must be active unknown, reset/peripheral_aresetn is active low"
            for name in FIFOS
        ],
    ),
    design(
        "a FIFO left out",
        drop_all(FIFO),
        add(link(f"{FIRST}/m0", f"{SECOND}/s0")),
        messages=[
            f"cell {FIFO}: must be module:finnlite_fifo, is absent",
            f"{FIRST}/m0: must lead to a FIFO, leads to {SECOND}/s0",
        ],
    ),
    Fault(
        "narrow memory port",
        {"ps7.tcl": [swap("HP0_DATA_WIDTH 64", "HP0_DATA_WIDTH 32")]},
        ["ps7: S_AXI_HP0 must be 64 bits wide, is 32"],
    ),
    design(
        "no top",
        drop("set_property top"),
        messages=["the top must be system_wrapper, is absent"],
    ),
]


@pytest.mark.parametrize("fault", WRONG, ids=str)
def test_a_planted_fault_is_named(fault: Fault, tmp_path: Path) -> None:
    assert planted(fault, tmp_path) == fault.messages


def test_the_layout_is_all_that_design_tcl_could_do_without(tmp_path: Path) -> None:
    """Every other statement is missed when it is deleted: some of each command, really run."""
    text = project_of(demo()).files["design.tcl"].decode()
    by_command: dict[str, list[str]] = {}
    for one in statements(text):
        if one.strip() and not one.startswith("#"):
            by_command.setdefault(one.split()[0], []).append(one)
    sample = {one for group in by_command.values() for one in (group[0], group[len(group) // 2], group[-1])}
    assert len(sample) > 20
    spared = set()
    for number, one in enumerate(sample):
        files = {"design.tcl": text.replace(one, "", 1)}
        if not problems(recorded(demo(), tmp_path / str(number), files), demo()):
            spared.add(one)
    assert spared == {"regenerate_bd_layout\n", "update_compile_order -fileset sources_1\n"}
