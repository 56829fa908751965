# SPDX-License-Identifier: Apache-2.0
"""What the driver is told of the registers of a status block."""

from __future__ import annotations

from finnlite.runtime.status import OUTSIDE as DMA
from finnlite.runtime.status import Status, StatusStream, StatusUnit

from ..network import OUTSIDE, Kind, Network, Stream
from ..rtl.emit import stream_depth
from .rtl_design import ACCELERATOR

__all__ = ["status_of"]


def status_of(network: Network) -> Status:
    """Units and streams in the order of their numbers in the registers."""
    units = tuple(StatusUnit(layer.name, layer.node.source) for layer in network.layers)
    return Status(ACCELERATOR, units, tuple(_stream(network, stream) for stream in network.streams))


def _stream(network: Network, stream: Stream) -> StatusStream:
    writer, reader = (DMA if end == OUTSIDE else end for end in (stream.writer, stream.reader))
    words, depth = _words(network, stream), stream_depth(network, stream)
    return StatusStream(stream.name, writer, reader, words, depth)


def _words(network: Network, stream: Stream) -> int:
    """Of a frame."""
    if stream.kind is Kind.LAST:
        return 1
    if stream.writer == OUTSIDE:
        return network.input_beats
    if stream.reader == OUTSIDE:
        return network.output_beats
    writer = network.layers[stream.writer]
    return writer.unit.sinks(writer.node)[int(stream.writer_port[1:])].words
