# SPDX-License-Identifier: Apache-2.0
"""The block design of a network whose layers are IP from HLS: a cell a layer, and FIFOs between them."""

from __future__ import annotations

from collections.abc import Collection

from finnlite.errors import IRError
from finnlite.ops.fifo import storage

from ..network import OUTSIDE, Kind, Layer, Network, Stream
from ..rtl.axis import axis_name
from .blocks import RESET, Cell, Design, Link
from .shell import DMA, addresses, identity_cell, memory_links, shell

__all__ = ["design_of"]


def design_of(network: Network, identity: str, verilog: Collection[int] = ()) -> Design:
    """The block design of a network: PS7, DMA, layers and FIFOs on one clock.

    Args:
        network: What `network_of` gives; its names are identifiers.
        identity: 64 hexadecimal digits; the first 16 are in the name of a cell, the first 8 its value.
        verilog: Indices of layers that are Verilog, with the FIFOs behind them in their cells.

    Raises:
        IRError: If a stream's type has no width, or there is not one stream in and one out.
    """
    fifos = [s for s in network.streams if OUTSIDE not in (s.writer, s.reader) and s.writer not in verilog]
    layers = enumerate(network.layers)
    return Design(
        cells={
            **shell(),
            "The layers": tuple(_rtl(layer) if i in verilog else _hls(layer) for i, layer in layers),
            "The streams between them": tuple(_fifo(stream) for stream in fifos),
            "Which build this is": (identity_cell(identity),),
        },
        interfaces={
            "Memory and registers": memory_links(),
            "The streams": tuple(
                link for s in network.streams for link in _stream_links(network, s, fifo=s in fifos)
            ),
        },
        addresses=addresses(),
    )


def _rtl(layer: Layer) -> Cell:
    kind = f"-type module -reference {axis_name(layer)}"
    return Cell(layer.name, kind, clocks=("aclk",), resets=(("aresetn", RESET),))


def _hls(layer: Layer) -> Cell:
    kind = f"-type ip -vlnv finnlite:hls:{layer.name}:1.0"
    return Cell(layer.name, kind, clocks=("ap_clk",), resets=(("ap_rst_n", RESET),))


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
        resets=(("aresetn", RESET),),
    )


def _fifo_name(stream: Stream) -> str:
    return f"fifo_{stream.name}"


def _stream_links(network: Network, stream: Stream, *, fifo: bool) -> tuple[Link, ...]:
    """From the writer to the reader, through a FIFO if there is one; at the border the DMA has its own."""
    layers = network.layers
    if OUTSIDE in (stream.writer, stream.reader) and stream.kind is not Kind.BEAT:
        raise IRError(f"stream {stream.name}: must hold beats at the border, holds {stream.kind.value}s")
    if stream.writer == OUTSIDE:
        return (Link(f"{DMA}/M_AXIS_MM2S", f"{layers[stream.reader].name}/{stream.reader_port}"),)
    writer = f"{layers[stream.writer].name}/{stream.writer_port}"
    if stream.reader == OUTSIDE:
        return (Link(writer, f"{DMA}/S_AXIS_S2MM"),)
    reader = f"{layers[stream.reader].name}/{stream.reader_port}"
    if not fifo:
        return (Link(writer, reader),)
    name = _fifo_name(stream)
    return (Link(writer, f"{name}/s_axis"), Link(f"{name}/m_axis", reader))
