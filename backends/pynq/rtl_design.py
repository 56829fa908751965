# SPDX-License-Identifier: Apache-2.0
"""The block design of an accelerator in Verilog: one cell, from the DMA to the DMA."""

from __future__ import annotations

from dataclasses import replace

from finnlite.runtime.status import BYTES

from ..rtl.emit import TOP
from .blocks import RESET, Address, Cell, Design, Link
from .shell import DMA, addresses, identity_cell, memory_links, shell

__all__ = ["ACCELERATOR", "rtl_design_of"]

ACCELERATOR = "accelerator"
"""The cell of the accelerator: the driver looks for it in the overlay if it has a status block."""
_STATUS_ADDRESS = 0x43C0_0000


def rtl_design_of(identity: str, *, status: bool = False) -> Design:
    """The block design of any network: PS7, DMA and the accelerator on one clock.

    Args:
        identity: 64 hexadecimal digits; the first 16 are in the name of a cell, the first 8 its value.
        status: Whether the accelerator has a status block.
    """
    constant = identity_cell(identity)
    streams = (
        Link(f"{DMA}/M_AXIS_MM2S", f"{ACCELERATOR}/s_axis"),
        Link(f"{ACCELERATOR}/m_axis", f"{DMA}/S_AXIS_S2MM"),
    )
    kind = f"-type module -reference {TOP}"
    design = Design(
        cells={
            **shell(2 if status else 1),
            "The accelerator": (Cell(ACCELERATOR, kind, clocks=("aclk",), resets=(("aresetn", RESET),)),),
            "Which build this is": (constant,),
        },
        interfaces={"Memory and registers": memory_links(), "The streams": streams},
        addresses=addresses(),
    )
    if not status:
        return design
    registers = {"The status block": (Link("gp0_interconnect/M01_AXI", f"{ACCELERATOR}/s_axi"),)}
    named = Link(f"{constant.name}/dout", f"{ACCELERATOR}/identity")
    seen = Address("ps7/Data", f"{ACCELERATOR}/s_axi/reg0", _STATUS_ADDRESS, BYTES)
    return replace(
        design,
        interfaces={**design.interfaces, **registers},
        wires={"Which build the status block says this is": (named,)},
        addresses=(*design.addresses, seen),
    )
