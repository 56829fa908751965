# SPDX-License-Identifier: Apache-2.0
"""A block design: which cells there are, how they are wired, and its Tcl.

The Tcl is as plain as it can be: a cell a line, a connection a line with one source and one sink, so that
every line can be read, checked and missed by itself. Names and pins are those of the vendor's documents:
PG082 and UG585 (PS7), PG021 (AXI DMA), PG059 (AXI Interconnect), PG164 (reset), UG1399 (the layers' pins).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .tcl import properties, word

__all__ = ["CLOCK", "RESET", "Address", "Cell", "Design", "Link", "render"]

CLOCK = "ps7/FCLK_CLK0"
"""The one clock."""
RESET = "reset/peripheral_aresetn"
"""The reset of all but interconnects, active low."""


@dataclass(frozen=True)
class Cell:
    """A cell of the block design.

    Args:
        name: Its name.
        kind: What `create_bd_cell` is to create: `-type ip -vlnv …` or `-type module -reference …`.
        config: Its properties, without `CONFIG.`.
        clocks: Its clock pins; all are on the one clock.
        resets: (pin, source) of its active-low reset pins.
    """

    name: str
    kind: str
    config: tuple[tuple[str, object], ...] = ()
    clocks: tuple[str, ...] = ()
    resets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Link:
    """A connection of two pins or interface pins, each `cell/pin`."""

    source: str
    sink: str


@dataclass(frozen=True)
class Address:
    """Where an address space sees a segment."""

    space: str
    segment: str
    offset: int
    size: int


@dataclass(frozen=True)
class Design:
    """A block design.

    Args:
        cells: In groups, each with a heading.
        interfaces: Connections of AXI interfaces, likewise.
        wires: Connections of other pins than clocks and resets, likewise.
        addresses: What each master sees.
    """

    cells: dict[str, tuple[Cell, ...]] = field(default_factory=dict)
    interfaces: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    wires: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()

    @property
    def clocks(self) -> tuple[Link, ...]:
        """The clock of every clock pin."""
        return tuple(Link(CLOCK, f"{c.name}/{pin}") for c in self._all() for pin in c.clocks)

    @property
    def resets(self) -> tuple[Link, ...]:
        """The source of every reset pin."""
        return tuple(Link(source, f"{c.name}/{pin}") for c in self._all() for pin, source in c.resets)

    def _all(self) -> Iterator[Cell]:
        for group in self.cells.values():
            yield from group


def render(design: Design) -> str:
    """`design.tcl`."""
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "#",
        "# The block design: every cell, every connection and every address by itself.",
        "",
        "create_bd_design system",
    ]
    for title, cells in design.cells.items():
        lines += ["", f"# {title}."]
        for cell in cells:
            lines.append(f"create_bd_cell {cell.kind} {word(cell.name)}")
            if cell.config:
                target = f"[get_bd_cells {word(cell.name)}]"
                lines.append(f"set_property -dict {properties(cell.config)} {target}")
            if cell.name == "ps7":
                lines.append(_SOURCE_PS7)
    for title, links in design.interfaces.items():
        lines += ["", f"# {title}.", *(_connect("connect_bd_intf_net", "get_bd_intf_pins", k) for k in links)]
    nets = {"The one clock": design.clocks, "Resets, all active low": design.resets, **design.wires}
    for title, links in nets.items():
        lines += ["", f"# {title}.", *(_connect("connect_bd_net", "get_bd_pins", k) for k in links)]
    lines += ["", "# What the processor sees of the DMA, and the DMA of memory."]
    lines += [_assign(address) for address in design.addresses]
    return "\n".join([*lines, _END])


_SOURCE_PS7 = "source [file join [file dirname [file normalize [info script]]] ps7.tcl]"

_END = """
regenerate_bd_layout
validate_bd_design
save_bd_design
add_files -norecurse [list [make_wrapper -files [get_files system.bd] -top]]
set_property top system_wrapper [current_fileset]
update_compile_order -fileset sources_1
"""


def _connect(command: str, find: str, link: Link) -> str:
    return f"{command} [{find} {word(link.source)}] [{find} {word(link.sink)}]"


def _assign(address: Address) -> str:
    return (
        f"assign_bd_address -offset 0x{address.offset:08X} -range 0x{address.size:08X} "
        f"-target_address_space [get_bd_addr_spaces {word(address.space)}] "
        f"[get_bd_addr_segs {word(address.segment)}] -force"
    )
