# SPDX-License-Identifier: Apache-2.0
"""The part of a graph that becomes hardware: its layers, in topological order, and the streams between them.

Stream i that a unit reads is its node's input i and its port s<i>; stream j that it writes is output j, m<j>.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from finnlite.accelerator import Placed
from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import BEAT_BITS, AxiIn, AxiOut
from finnlite.ops.cost import Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Unit

from .naming import identifiers

__all__ = ["OUTSIDE", "Kind", "Layer", "Network", "Stream", "network_of"]

OUTSIDE = -1
"""The writer or reader of a stream that crosses the border."""

_DEFAULT_DEPTH = 2
_SLICES = 4
"""Words that HLS holds beside a FIFO: a register slice of two at either end of an AXI4-Stream."""


class Kind(Enum):
    """What a stream carries: words of elements, beats with TLAST, or the TLAST of each frame's last beat."""

    WORD = "word"
    BEAT = "beat"
    LAST = "last"


@dataclass(frozen=True)
class Layer:
    """A unit with its identifier."""

    node: Node
    unit: Unit
    name: str

    @property
    def steps(self) -> int:
        """Steps a frame."""
        return self.unit.cycles(self.node)


@dataclass(frozen=True)
class Stream:
    """A stream between two layers, given by index and port; `depth` words of `width` bits fit in `memory`."""

    name: str
    kind: Kind
    width: int
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
    streams: tuple[Stream, ...]
    x: Value
    y: Value
    input_beats: int
    output_beats: int


def network_of(graph: Graph) -> Network:
    """The units from AxiIn to AxiOut.

    Raises:
        UnsupportedError: If a stream has more readers than one.
        IRError: If the borders are missing or two units disagree about the stream between them.
    """
    first, last = _border(graph, AxiIn), _border(graph, AxiOut)
    placed = _between(graph, first, last)
    names = identifiers([(node.op.op_type.lower(), node.name) for node, _ in placed])
    layers = tuple(Layer(*unit, name) for unit, name in zip(placed, names, strict=True))
    end = len(layers) - 1
    inside = _streams(layers)
    streams = (
        Stream("s0", Kind.BEAT, BEAT_BITS, OUTSIDE, "", 0, "s0", _DEFAULT_DEPTH),
        *inside,
        Stream("transfer_last", Kind.LAST, 1, 0, "m1", end, "s1", _frames_in_flight(layers, inside)),
        Stream("m0", Kind.BEAT, BEAT_BITS, end, "m0", OUTSIDE, "", _DEFAULT_DEPTH),
    )
    beats = first.unit.source(first.node).words, last.unit.sink(last.node).words
    return Network(layers, streams, first.node.input(0), last.node.output, *beats)


def _frames_in_flight(layers: tuple[Layer, ...], streams: list[Stream]) -> int:
    """At most so many frames have been read to the end by AxiIn and not written to the end by AxiOut.

    Each is counted where its last word is. Of a stream's words every `words`-th is a frame's last; a layer
    works on one frame and finished others are on their way through its pipeline. Where paths fork, one of
    them would do.
    """
    result = 0
    for layer in layers:
        result += 1 + _ceil_div(layer.unit.latency(layer.node) + 1, layer.steps)
    for stream in streams:
        writer = layers[stream.writer]
        words = writer.unit.sinks(writer.node)[int(stream.writer_port[1:])].words
        result += _ceil_div(stream.depth + _SLICES, words)
    return result


def _ceil_div(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _border(graph: Graph, kind: type[Unit]) -> Placed:
    found = [Placed(node, node.op) for node in graph.nodes if isinstance(node.op, kind)]
    if len(found) != 1:
        raise IRError(
            f"graph {graph.name!r}: must have one {kind.op_type}, has {len(found)}; "
            f"emit a graph after the stage SizeStreams"
        )
    return found[0]


def _between(graph: Graph, first: Placed, last: Placed) -> list[Placed]:
    """The threads from `first` to `last`, which is the last of them, in topological order.

    Raises:
        IRError: If a node between them is no unit, or does not lead to `last`.
    """
    inside = {first.node}
    found = [first]
    ends = False
    for node in graph.nodes:
        if node is first.node or not any(
            value is not None and value.producer in inside for value in node.inputs
        ):
            continue
        if not isinstance(node.op, Unit):
            raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
        if node is last.node:
            ends = True
            continue  # what comes behind it is the host's
        inside.add(node)
        if not isinstance(node.op, FIFO):
            found.append(Placed(node, node.op))
    if not ends:
        raise IRError(f"node {last.node.name!r}: must be reached from {first.node.name!r}, is not")
    return [*found, last]


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


def _streams(layers: tuple[Layer, ...]) -> list[Stream]:
    """The streams between the layers, each after its writer.

    Raises:
        IRError: If two layers disagree about the stream between them.
    """
    position = {layer.node: index for index, layer in enumerate(layers)}
    result = []
    for index, writer in enumerate(layers[:-1]):
        for output, sink in enumerate(writer.unit.sinks(writer.node)):
            node, port, depth, memory = _reader(writer.node.outputs[output])
            if node not in position:
                raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
            sources = layers[position[node]].unit.sources(node)
            if port >= len(sources):
                raise IRError(f"node {node.name!r}: must have a stream s{port}, has none")
            if sources[port].width != sink.width:
                raise IRError(
                    f"node {node.name!r}: must read words of {sink.width} bits as {writer.node.name!r} "
                    f"writes them, reads {sources[port].width}; a WidthConverter is missing"
                )
            name = f"{writer.name}_out{output or ''}"
            at, to = (index, f"m{output}"), (position[node], f"s{port}")
            result.append(Stream(name, Kind.WORD, sink.width, *at, *to, depth, memory))
    return result
