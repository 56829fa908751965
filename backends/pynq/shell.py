# SPDX-License-Identifier: Apache-2.0
"""The part of the block design that is the same for every accelerator: PS7, DMA, interconnects, reset."""

from __future__ import annotations

from .blocks import RESET, Address, Cell, Link

__all__ = ["DMA", "addresses", "identity_cell", "ip", "memory_links", "shell"]

DMA = "axi_dma"
"""The cell of the DMA: the driver looks for it in the overlay."""

_INTERCONNECT_RESET = "reset/interconnect_aresetn"
_DDR_BYTES = 0x2000_0000
_DMA_ADDRESS, _DMA_BYTES = 0x4040_0000, 0x1_0000


def shell(slaves: int = 1) -> dict[str, tuple[Cell, ...]]:
    """The cells in groups.

    Args:
        slaves: How many blocks of registers the processor sees, the DMA's included.
    """
    return {
        "The processor: its settings are in ps7.tcl": (_ps7(),),
        "The DMA and its way to the registers and to memory": (_dma(), *_interconnects(slaves), _reset()),
    }


def addresses() -> tuple[Address, ...]:
    """What the processor sees of the DMA, and the DMA of memory."""
    return (
        Address("ps7/Data", f"{DMA}/S_AXI_LITE/Reg", _DMA_ADDRESS, _DMA_BYTES),
        Address(f"{DMA}/Data_MM2S", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM", 0, _DDR_BYTES),
        Address(f"{DMA}/Data_S2MM", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM", 0, _DDR_BYTES),
    )


def ip(name: str) -> str:
    """What makes an IP of the vendor's catalogue; without a version, Vivado takes the newest it has."""
    return f"-type ip -vlnv xilinx.com:ip:{name}"


def _ps7() -> Cell:
    return Cell("ps7", ip("processing_system7"), clocks=("M_AXI_GP0_ACLK", "S_AXI_HP0_ACLK"))


def _dma() -> Cell:
    config = {
        "c_include_sg": 0,
        "c_sg_include_stscntrl_strm": 0,
        "c_sg_length_width": 26,
        "c_include_mm2s": 1,
        "c_include_mm2s_dre": 0,
        "c_m_axi_mm2s_data_width": 64,
        "c_m_axis_mm2s_tdata_width": 64,
        "c_mm2s_burst_size": 16,
        "c_include_s2mm": 1,
        "c_include_s2mm_dre": 0,
        "c_m_axi_s2mm_data_width": 64,
        "c_s_axis_s2mm_tdata_width": 64,
        "c_s2mm_burst_size": 16,
    }
    return Cell(
        DMA,
        ip("axi_dma"),
        tuple(config.items()),
        clocks=("s_axi_lite_aclk", "m_axi_mm2s_aclk", "m_axi_s2mm_aclk"),
        resets=(("axi_resetn", RESET),),
    )


def _interconnects(slaves: int) -> tuple[Cell, Cell]:
    return _interconnect("gp0_interconnect", 1, slaves), _interconnect("hp0_interconnect", 2, 1)


def _interconnect(name: str, masters: int, slaves: int) -> Cell:
    """An AXI Interconnect from so many masters to so many slaves: smaller than a SmartConnect."""
    ports = (*(f"S{k:02}" for k in range(masters)), *(f"M{k:02}" for k in range(slaves)))
    return Cell(
        name,
        ip("axi_interconnect"),
        (("NUM_SI", masters), ("NUM_MI", slaves)),
        clocks=("ACLK", *(f"{port}_ACLK" for port in ports)),
        resets=(("ARESETN", _INTERCONNECT_RESET), *((f"{port}_ARESETN", RESET) for port in ports)),
    )


def _reset() -> Cell:
    return Cell(
        "reset",
        ip("proc_sys_reset"),
        clocks=("slowest_sync_clk",),
        resets=(("ext_reset_in", "ps7/FCLK_RESET0_N"),),
    )


def identity_cell(identity: str) -> Cell:
    """The constant that names the build by its name and its value."""
    config = (("CONST_WIDTH", 32), ("CONST_VAL", f"0x{identity[:8]}"))
    return Cell(f"finnlite_{identity[:16]}", ip("xlconstant"), config)


def memory_links() -> tuple[Link, ...]:
    """From the processor to the DMA's registers, and from the DMA to memory."""
    return (
        Link("ps7/M_AXI_GP0", "gp0_interconnect/S00_AXI"),
        Link("gp0_interconnect/M00_AXI", f"{DMA}/S_AXI_LITE"),
        Link(f"{DMA}/M_AXI_MM2S", "hp0_interconnect/S00_AXI"),
        Link(f"{DMA}/M_AXI_S2MM", "hp0_interconnect/S01_AXI"),
        Link("hp0_interconnect/M00_AXI", "ps7/S_AXI_HP0"),
    )
