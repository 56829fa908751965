# SPDX-License-Identifier: Apache-2.0
"""The parts of an accelerator that are synthesised one by one: its layers and its FIFOs."""

from __future__ import annotations

from collections.abc import Sequence

from finnlite.ir import Graph, Node
from finnlite.ops.fifo import FIFO, storage
from finnlite.ops.unit import Unit

from ..network import OUTSIDE, Layer, Network, Stream, network_of
from .emit import code_of, layer_source, stream_parameters
from .synthesis import Part
from .units import layer_code
from .writer import instance, module_head

__all__ = ["node_part", "parts_of", "stream_part"]

_CELL = "finnlite_stream"
_HANDSHAKE = (("data", 0), ("valid", 0), ("ready", 1))
_WAYS = {"s": ("input", "output"), "m": ("output", "input")}


def parts_of(graph: Graph) -> dict[str, Part]:
    """The parts of a hardware graph (stage SizeStreams), by the names of its nodes.

    The streams to AxiOut beside the graph's, which have no node, are called `<transfer_last>` and `<m0>`.

    Raises:
        UnsupportedError: If a unit has no RTL code.
        IRError: If the graph is not a hardware graph.
    """
    network = network_of(graph)
    codes = [code_of(layer) for layer in network.layers]
    result = {}
    for layer, code in zip(network.layers, codes, strict=True):
        result[layer.node.name] = Part(layer.name, layer_source(layer, code), code.memories)
    for stream in network.streams:
        if stream.writer != OUTSIDE:
            parameters = stream_parameters(network, stream, codes[stream.writer])
            result[_name(network, stream)] = stream_part(stream.name, parameters)
    return result


def node_part(node: Node) -> Part:
    """A node's layer or FIFO alone; the FIFO behind a unit of no latency if that is not known.

    Raises:
        UnsupportedError: If the unit has no RTL code.
    """
    unit = node.op
    assert isinstance(unit, Unit)
    name = f"{unit.op_type.lower()}_0"
    if isinstance(unit, FIFO):
        stream, writer = unit.source(node), node.input(0).producer
        memory = storage(unit.depth, stream.width, unit.memory)
        pipe, latency = (0, 0) if writer is None else _pipeline(writer)
        style = "block" if memory.block else "distributed"
        sizes = [("WIDTH", stream.width), ("DEPTH", unit.depth), ("PIPE", pipe), ("LATENCY", latency)]
        return stream_part(name, [*sizes, ("RAM_STYLE", style)])
    code = layer_code(node, name)
    return Part(name, layer_source(Layer(node, unit, name), code), code.memories)


def _pipeline(node: Node) -> tuple[int, int]:
    assert isinstance(node.op, Unit)
    return layer_code(node, "writer").pipe, node.op.latency(node)


def stream_part(name: str, parameters: Sequence[tuple[str, int | str]]) -> Part:
    """A FIFO alone.

    Args:
        name: The module to be.
        parameters: Of `finnlite_stream`; its WIDTH is in bits.
    """
    width = int(dict(parameters)["WIDTH"])
    ports = [("input", 1, "aclk"), ("input", 1, "aresetn")]
    for side, ways in _WAYS.items():
        ports += [
            (ways[way], 1 if way or what == "valid" else width, f"{side}_{what}") for what, way in _HANDSHAKE
        ]
    body = instance(_CELL, "fifo", parameters, [(port, port) for _, _, port in ports])
    return Part(name, "\n".join([*module_head(name, ports), *body, "endmodule", ""]))


def _name(network: Network, stream: Stream) -> str:
    """The node of a stream's FIFO."""
    if stream.reader != OUTSIDE:
        reader, port = network.layers[stream.reader].node, int(stream.reader_port[1:])
        if port < len(reader.inputs):
            node = reader.input(port).producer
            if node is not None and isinstance(node.op, FIFO):
                return node.name
    return f"<{stream.name}>"
