# SPDX-License-Identifier: Apache-2.0
"""The part of a graph that becomes hardware: its layers, in order, and the streams between them."""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Unit

from .naming import identifiers
from .units import LayerCode, Port, layer_code
from .units.code import BEAT, LAST

__all__ = ["OUTSIDE", "Layer", "Network", "StreamCode", "network_of"]

OUTSIDE = -1
"""The writer or reader of a stream that crosses the border."""

_DEFAULT_DEPTH = 2
_SLICES = 4
"""Words that HLS holds beside a FIFO: a register slice of two at either end of an AXI4-Stream."""


@dataclass(frozen=True)
class Layer:
    """A unit with its identifier, its code and its steps a frame."""

    node: Node
    name: str
    code: LayerCode
    steps: int


@dataclass(frozen=True)
class StreamCode:
    """A stream between two layers, given by index and port; `depth` words fit in it."""

    name: str
    ctype: str
    writer: int
    writer_port: str
    reader: int
    reader_port: str
    depth: int


@dataclass(frozen=True)
class Network:
    """What is emitted: `x` enters through the first layer and `y` leaves through the last one."""

    layers: tuple[Layer, ...]
    streams: tuple[StreamCode, ...]
    x: Value
    y: Value
    input_beats: int
    output_beats: int


def network_of(graph: Graph) -> Network:
    """The units from AxiIn to AxiOut.

    Raises:
        UnsupportedError: If a unit has no HLS code, or the graph forks.
        IRError: If the borders are missing or two units disagree about the stream between them.
    """
    first, last = _border(graph, AxiIn), _border(graph, AxiOut)
    nodes, depths = _chain(first, last)
    names = identifiers([(node.op.op_type.lower(), node.name) for node in nodes])
    layers = tuple(_layer(node, name) for node, name in zip(nodes, names, strict=True))
    streams = [StreamCode("s0", BEAT, OUTSIDE, "", 0, "s0", _DEFAULT_DEPTH)]
    for index, depth in enumerate(depths):
        writer, reader = layers[index], layers[index + 1]
        source, sink = _port(writer, "m0"), _port(reader, "s0")
        if source.ctype != sink.ctype:
            raise IRError(
                f"node {reader.node.name!r}: must read words of {source.ctype} as "
                f"{writer.node.name!r} writes them, reads {sink.ctype}; a WidthConverter is missing"
            )
        streams.append(StreamCode(f"{writer.name}_out", source.ctype, index, "m0", index + 1, "s0", depth))
    end = len(layers) - 1
    in_flight = _frames_in_flight(layers, depths)
    streams.append(StreamCode("transfer_last", LAST, 0, "m1", end, "s1", in_flight))
    streams.append(StreamCode("m0", BEAT, end, "m0", OUTSIDE, "", _DEFAULT_DEPTH))
    return Network(
        layers,
        tuple(streams),
        first.input(0),
        last.output,
        first.op.source(first).words if isinstance(first.op, AxiIn) else 0,
        last.op.sink(last).words if isinstance(last.op, AxiOut) else 0,
    )


def _frames_in_flight(layers: tuple[Layer, ...], depths: list[int]) -> int:
    """The most frames whose last beat AxiIn has read and whose last beat AxiOut has not written.

    Each is counted where its last word is. Of a stream's words every `words`-th is a frame's last; a layer
    works on one frame and finished others are on their way through its pipeline.
    """
    result = 0
    for layer in layers:
        unit = layer.node.op
        latency = unit.latency(layer.node) if isinstance(unit, Unit) else 0
        result += 1 + _ceil_div(latency + 1, layer.steps)
    for layer, depth in zip(layers, depths, strict=False):  # the last one writes beats to the outside
        words = layer.node.op.sink(layer.node).words if isinstance(layer.node.op, Unit) else 1
        result += _ceil_div(depth + _SLICES, words)
    return result


def _ceil_div(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _border(graph: Graph, kind: type[Unit]) -> Node:
    found = [node for node in graph.nodes if isinstance(node.op, kind)]
    if len(found) != 1:
        raise IRError(
            f"graph {graph.name!r}: must have one {kind.op_type}, has {len(found)}; "
            f"emit a graph after the stage SizeStreams"
        )
    return found[0]


def _chain(first: Node, last: Node) -> tuple[list[Node], list[int]]:
    """The threads from `first` to `last`, and the depth of the stream after each but the last."""
    nodes, depths = [first], []
    depth = 0
    node = first
    while node is not last:
        uses = node.output.uses
        if len(uses) != 1:
            raise UnsupportedError(
                f"node {node.name!r}: its output must have one reader in hardware, has {len(uses)}",
                node=node.name,
            )
        node = uses[0][0]
        if not isinstance(node.op, Unit):
            raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
        if isinstance(node.op, FIFO):
            depth += node.op.depth
            continue
        nodes.append(node)
        depths.append(depth or _DEFAULT_DEPTH)
        depth = 0
    return nodes, depths


def _layer(node: Node, name: str) -> Layer:
    try:
        code = layer_code(node, name)
    except IRError as error:
        text = str(error)
        raise IRError(text if text.startswith("node ") else f"node {node.name!r}: {text}") from error
    steps = node.op.cycles(node) if isinstance(node.op, Unit) else 0
    return Layer(node, name, code, steps)


def _port(layer: Layer, name: str) -> Port:
    for port in layer.code.ports:
        if port.name == name:
            return port
    raise IRError(f"node {layer.node.name!r}: must have a stream {name}, has none")
