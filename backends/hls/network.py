# SPDX-License-Identifier: Apache-2.0
"""The part of a graph that becomes hardware: its layers, in topological order, and the streams between them.

Stream i that a unit reads is its node's input i and its port s<i>; stream j that it writes is output j, m<j>.
"""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.cost import Style
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
    """A stream between two layers, given by index and port; `depth` words fit in its `memory`."""

    name: str
    ctype: str
    writer: int
    writer_port: str
    reader: int
    reader_port: str
    depth: int
    memory: Style | None = None


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
        UnsupportedError: If a unit has no HLS code, or a stream has more readers than one.
        IRError: If the borders are missing or two units disagree about the stream between them.
    """
    first, last = _border(graph, AxiIn), _border(graph, AxiOut)
    nodes = _between(graph, first, last)
    names = identifiers([(node.op.op_type.lower(), node.name) for node in nodes])
    layers = tuple(_layer(node, name) for node, name in zip(nodes, names, strict=True))
    end = len(layers) - 1
    inside = _streams(layers)
    streams = (
        StreamCode("s0", BEAT, OUTSIDE, "", 0, "s0", _DEFAULT_DEPTH),
        *inside,
        StreamCode("transfer_last", LAST, 0, "m1", end, "s1", _frames_in_flight(layers, inside)),
        StreamCode("m0", BEAT, end, "m0", OUTSIDE, "", _DEFAULT_DEPTH),
    )
    return Network(
        layers,
        streams,
        first.input(0),
        last.output,
        first.op.source(first).words if isinstance(first.op, AxiIn) else 0,
        last.op.sink(last).words if isinstance(last.op, AxiOut) else 0,
    )


def _frames_in_flight(layers: tuple[Layer, ...], streams: list[StreamCode]) -> int:
    """At most so many frames have been read to the end by AxiIn and not written to the end by AxiOut.

    Each is counted where its last word is. Of a stream's words every `words`-th is a frame's last; a layer
    works on one frame and finished others are on their way through its pipeline. Where paths fork, one of
    them would do.
    """
    result = 0
    for layer in layers:
        unit = layer.node.op
        latency = unit.latency(layer.node) if isinstance(unit, Unit) else 0
        result += 1 + _ceil_div(latency + 1, layer.steps)
    for stream in streams:
        writer = layers[stream.writer].node
        port = int(stream.writer_port[1:])
        words = writer.op.sinks(writer)[port].words if isinstance(writer.op, Unit) else 1
        result += _ceil_div(stream.depth + _SLICES, words)
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


def _between(graph: Graph, first: Node, last: Node) -> list[Node]:
    """The threads from `first` to `last`, which is the last of them, in topological order.

    Raises:
        IRError: If a node between them is no unit, or does not lead to `last`.
    """
    inside = {first}
    nodes = [first]
    ends = False
    for node in graph.nodes:
        if node is first or not any(value is not None and value.producer in inside for value in node.inputs):
            continue
        if not isinstance(node.op, Unit):
            raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
        if node is last:
            ends = True
            continue  # what comes behind it is the host's
        inside.add(node)
        if not isinstance(node.op, FIFO):
            nodes.append(node)
    if not ends:
        raise IRError(f"node {last.name!r}: must be reached from {first.name!r}, is not")
    return [*nodes, last]


def _reader(value: Value) -> tuple[Node, int, int, Style | None]:
    """The thread that reads a stream, as which input, and depth and memory of the FIFOs on the way.

    Raises:
        UnsupportedError: If there is not one.
    """
    depth, memory = 0, None
    while True:
        uses = value.uses
        if len(uses) != 1:
            node = value.producer
            name = node.name if node is not None else value.name
            raise UnsupportedError(
                f"node {name!r}: its output must have one reader in hardware, has {len(uses)}",
                node=name,
            )
        node, index = uses[0]
        if not isinstance(node.op, FIFO):
            return node, index, depth or _DEFAULT_DEPTH, memory
        depth, memory = depth + node.op.depth, memory or node.op.memory
        value = node.output


def _streams(layers: tuple[Layer, ...]) -> list[StreamCode]:
    """The streams between the layers, each after its writer.

    Raises:
        IRError: If two layers disagree about the stream between them.
    """
    position = {layer.node: index for index, layer in enumerate(layers)}
    result = []
    for index, writer in enumerate(layers[:-1]):
        for output, value in enumerate(writer.node.outputs):
            node, port, depth, memory = _reader(value)
            if node not in position:
                raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
            reader = layers[position[node]]
            source, sink = _port(writer, f"m{output}"), _port(reader, f"s{port}")
            if source.ctype != sink.ctype:
                raise IRError(
                    f"node {node.name!r}: must read words of {source.ctype} as "
                    f"{writer.node.name!r} writes them, reads {sink.ctype}; a WidthConverter is missing"
                )
            name = f"{writer.name}_out{output or ''}"
            at, to = (index, source.name), (position[node], sink.name)
            result.append(StreamCode(name, source.ctype, *at, *to, depth, memory))
    return result


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
