# SPDX-License-Identifier: Apache-2.0
"""`SizeStreams`: width converters where words differ, and FIFOs between all units."""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.accelerator import Placed, units
from finnlite.errors import IRError
from finnlite.ir import Graph, Op, Transform, Value
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter

__all__ = ["SizeStreams"]

_SLACK = 2
"""Full rate needs a depth of 2 + L: flags are registered (design §8)."""


@dataclass(frozen=True)
class SizeStreams(Transform):
    """Puts a FIFO behind every unit, and a `WidthConverter` where the next one reads other words.

    A FIFO holds one frame of its stream and 2 + L words, L being the producer's latency: the producer
    never waits for a consumer that is a frame behind, and a chain of units cannot deadlock.
    """

    def apply(self, graph: Graph) -> bool:
        """See the class."""
        before = _signature(units(graph))
        for node, unit in units(graph):
            if isinstance(unit, FIFO | WidthConverter):
                graph.replace(node.output, node.input(0))
                graph.remove(node)
        for node, _ in units(graph)[1:]:
            _connect(graph, node.name)
        return _signature(units(graph)) != before


def _signature(placed: list[Placed]) -> list[tuple[str, Op]]:
    return [(node.name, node.op) for node, _ in placed]


def _connect(graph: Graph, name: str) -> None:
    """Buffers, converts and buffers the stream that the node called `name` reads."""
    node = graph.node(name)
    producer = node.input(0).producer
    if producer is None or not isinstance(producer.op, Unit) or not isinstance(node.op, Unit):
        return
    have, want = producer.op.sink(producer), node.op.source(node)
    stream = _buffer(graph, producer.name, name)
    if have.elems != want.elems:
        converter = WidthConverter(in_elems=have.elems, out_elems=want.elems)
        width = graph.add_node(converter, stream, name=f"{name}_width", before=node)
        graph.set_input(node, 0, width.output)
        _buffer(graph, width.name, name)


def _buffer(graph: Graph, producer_name: str, name: str) -> Value:
    producer, node = graph.node(producer_name), graph.node(name)
    if not isinstance(producer.op, Unit):
        raise IRError(f"node {producer_name!r}: must be a hardware unit, is {producer.op.op_type}")
    stream = producer.op.sink(producer)
    fifo = FIFO(depth=stream.words + _SLACK + producer.op.latency(producer), elems=stream.elems)
    output = graph.add(fifo, producer.output, name=f"{producer_name}_fifo", before=node)
    graph.set_input(node, 0, output)
    return output
