# SPDX-License-Identifier: Apache-2.0
"""The block design: which cells there are, how they are wired, and its Tcl.

The Tcl is as plain as it can be: a cell a line, a connection a line with one source and one sink, so that
every line can be read, checked and missed by itself. Names and pins are those of the vendor's documents:
PG082 and UG585 (PS7), PG021 (AXI DMA), PG059 (AXI Interconnect), PG164 (reset), UG1399 (the layers' pins).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from finnlite.errors import IRError
from finnlite.ops.fifo import storage

from ..network import OUTSIDE, Kind, Layer, Network, Stream
from .tcl import properties, word

__all__ = ["DMA", "Address", "Cell", "Design", "Link", "design_of", "render"]

DMA = "axi_dma"
"""The cell of the DMA: the driver looks for it in the overlay."""

_CLOCK = "ps7/FCLK_CLK0"
_RESET = "reset/peripheral_aresetn"
_INTERCONNECT_RESET = "reset/interconnect_aresetn"
_DDR_BYTES = 0x2000_0000
_DMA_ADDRESS, _DMA_BYTES = 0x4040_0000, 0x1_0000


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
        addresses: What each master sees.
    """

    cells: dict[str, tuple[Cell, ...]] = field(default_factory=dict)
    interfaces: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()

    @property
    def clocks(self) -> tuple[Link, ...]:
        """The clock of every clock pin."""
        return tuple(Link(_CLOCK, f"{c.name}/{pin}") for c in self._all() for pin in c.clocks)

    @property
    def resets(self) -> tuple[Link, ...]:
        """The source of every reset pin."""
        return tuple(Link(source, f"{c.name}/{pin}") for c in self._all() for pin, source in c.resets)

    def _all(self) -> Iterator[Cell]:
        for group in self.cells.values():
            yield from group


def design_of(network: Network, identity: str) -> Design:
    """The block design of a network: PS7, DMA, layers and FIFOs on one clock.

    Args:
        network: What `network_of` gives; its names are identifiers.
        identity: 64 hexadecimal digits; the first 16 are in the name of a cell, the first 8 its value.

    Raises:
        IRError: If a stream's type has no width, or there is not one stream in and one out.
    """
    inner = [s for s in network.streams if OUTSIDE not in (s.writer, s.reader)]
    return Design(
        cells={
            "The processor: its settings are in ps7.tcl": (_ps7(),),
            "The DMA and its way to the registers and to memory": (_dma(), *_interconnects(), _reset()),
            "The layers": tuple(_layer(layer) for layer in network.layers),
            "The streams between them": tuple(_fifo(stream) for stream in inner),
            "Which build this is": (_identity(identity),),
        },
        interfaces={
            "Memory and registers": _memory_links(),
            "The streams": tuple(link for s in network.streams for link in _stream_links(network, s)),
        },
        addresses=(
            Address("ps7/Data", f"{DMA}/S_AXI_LITE/Reg", _DMA_ADDRESS, _DMA_BYTES),
            Address(f"{DMA}/Data_MM2S", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM", 0, _DDR_BYTES),
            Address(f"{DMA}/Data_S2MM", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM", 0, _DDR_BYTES),
        ),
    )


def _ip(name: str) -> str:
    # Without a version, Vivado takes the newest it has.
    return f"-type ip -vlnv xilinx.com:ip:{name}"


def _ps7() -> Cell:
    return Cell("ps7", _ip("processing_system7"), clocks=("M_AXI_GP0_ACLK", "S_AXI_HP0_ACLK"))


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
        _ip("axi_dma"),
        tuple(config.items()),
        clocks=("s_axi_lite_aclk", "m_axi_mm2s_aclk", "m_axi_s2mm_aclk"),
        resets=(("axi_resetn", _RESET),),
    )


def _interconnects() -> tuple[Cell, Cell]:
    return _interconnect("gp0_interconnect", 1), _interconnect("hp0_interconnect", 2)


def _interconnect(name: str, masters: int) -> Cell:
    """An AXI Interconnect from `masters` masters to one slave: smaller than a SmartConnect."""
    ports = (*(f"S{k:02}" for k in range(masters)), "M00")
    return Cell(
        name,
        _ip("axi_interconnect"),
        (("NUM_SI", masters), ("NUM_MI", 1)),
        clocks=("ACLK", *(f"{port}_ACLK" for port in ports)),
        resets=(("ARESETN", _INTERCONNECT_RESET), *((f"{port}_ARESETN", _RESET) for port in ports)),
    )


def _reset() -> Cell:
    return Cell(
        "reset",
        _ip("proc_sys_reset"),
        clocks=("slowest_sync_clk",),
        resets=(("ext_reset_in", "ps7/FCLK_RESET0_N"),),
    )


def _layer(layer: Layer) -> Cell:
    kind = f"-type ip -vlnv finnlite:hls:{layer.name}:1.0"
    return Cell(layer.name, kind, clocks=("ap_clk",), resets=(("ap_rst_n", _RESET),))


def _fifo(stream: Stream) -> Cell:
    memory = storage(stream.depth, stream.width, stream.memory)
    return Cell(
        _fifo_name(stream),
        "-type module -reference finnlite_fifo",
        (
            ("WIDTH", memory.width),
            ("DEPTH", memory.depth),
            ("RAM_STYLE", "block" if memory.block else "distributed"),
        ),
        clocks=("aclk",),
        resets=(("aresetn", _RESET),),
    )


def _fifo_name(stream: Stream) -> str:
    return f"fifo_{stream.name}"


def _identity(identity: str) -> Cell:
    config = (("CONST_WIDTH", 32), ("CONST_VAL", f"0x{identity[:8]}"))
    return Cell(f"finnlite_{identity[:16]}", _ip("xlconstant"), config)


def _memory_links() -> tuple[Link, ...]:
    return (
        Link("ps7/M_AXI_GP0", "gp0_interconnect/S00_AXI"),
        Link("gp0_interconnect/M00_AXI", f"{DMA}/S_AXI_LITE"),
        Link(f"{DMA}/M_AXI_MM2S", "hp0_interconnect/S00_AXI"),
        Link(f"{DMA}/M_AXI_S2MM", "hp0_interconnect/S01_AXI"),
        Link("hp0_interconnect/M00_AXI", "ps7/S_AXI_HP0"),
    )


def _stream_links(network: Network, stream: Stream) -> tuple[Link, ...]:
    """From the writer through a FIFO to the reader; at the border the DMA has its own."""
    layers = network.layers
    if OUTSIDE in (stream.writer, stream.reader) and stream.kind is not Kind.BEAT:
        raise IRError(f"stream {stream.name}: must hold beats at the border, holds {stream.kind.value}s")
    if stream.writer == OUTSIDE:
        return (Link(f"{DMA}/M_AXIS_MM2S", f"{layers[stream.reader].name}/{stream.reader_port}"),)
    writer = f"{layers[stream.writer].name}/{stream.writer_port}"
    if stream.reader == OUTSIDE:
        return (Link(writer, f"{DMA}/S_AXIS_S2MM"),)
    fifo = _fifo_name(stream)
    reader = f"{layers[stream.reader].name}/{stream.reader_port}"
    return (Link(writer, f"{fifo}/s_axis"), Link(f"{fifo}/m_axis", reader))


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
    for title, links in (("The one clock", design.clocks), ("Resets, all active low", design.resets)):
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
