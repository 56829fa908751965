# SPDX-License-Identifier: Apache-2.0
"""`SizeStreams`: width converters where words differ, and FIFOs between all units."""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.accelerator import Placed, units
from finnlite.errors import IRError
from finnlite.ir import Graph, Node, Op, Transform, Value
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Stream, Unit
from finnlite.ops.width_converter import WidthConverter

__all__ = ["SizeStreams"]

_SLACK = 2
"""Full rate needs a depth of 2 + L: flags are registered (design §8)."""


@dataclass(frozen=True)
class SizeStreams(Transform):
    """Puts a FIFO behind every stream of a unit, and a `WidthConverter` where the next one reads other words.

    A FIFO holds one frame of its stream and 2 + L words, L being the producer's latency. No graph can
    deadlock: every unit reads a whole frame and writes all its results before it reads the next one, so
    while a join waits for one branch, the other has room for the frame that the first is working on.
    """

    def apply(self, graph: Graph) -> bool:
        """See the class."""
        before = _signature(units(graph))
        for node, unit in units(graph):
            if isinstance(unit, FIFO | WidthConverter):
                graph.replace(node.output, node.input(0))
                graph.remove(node)
        for node, unit in units(graph)[1:]:
            for port in range(len(unit.sources(node))):
                _connect(graph, node, unit, port)
        return _signature(units(graph)) != before


def _signature(placed: list[Placed]) -> list[tuple[str, Op]]:
    return [(node.name, node.op) for node, _ in placed]


def _connect(graph: Graph, node: Node, unit: Unit, port: int) -> None:
    """Buffers, converts and buffers the stream at a port of a unit."""
    value, want = node.input(port), unit.sources(node)[port]
    have = _sink_of(value)
    stream = _buffer(graph, value, node)
    if have.elems != want.elems:
        converter = WidthConverter(in_elems=have.elems, out_elems=want.elems)
        suffix = f"_width{port}" if len(unit.sources(node)) > 1 else "_width"
        stream = _buffer(graph, graph.add(converter, stream, name=f"{node.name}{suffix}", before=node), node)
    graph.set_input(node, port, stream)


def _sink_of(value: Value) -> Stream:
    """The stream that a unit writes a value to."""
    node = value.producer
    if node is None or not isinstance(node.op, Unit):
        raise IRError(f"value {value.name!r}: must be written by a hardware unit, is not")
    return node.op.sinks(node)[value.index]


def _buffer(graph: Graph, value: Value, reader: Node) -> Value:
    stream, producer = _sink_of(value), value.producer
    if producer is None or not isinstance(producer.op, Unit):
        raise IRError(f"value {value.name!r}: must be written by a hardware unit, is not")
    fifo = FIFO(depth=stream.words + _SLACK + producer.op.latency(producer), elems=stream.elems)
    suffix = f"_fifo{value.index}" if len(producer.outputs) > 1 else "_fifo"
    return graph.add(fifo, value, name=f"{producer.name}{suffix}", before=reader)
