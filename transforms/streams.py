# SPDX-License-Identifier: Apache-2.0
"""`SizeStreams`: width converters where words differ, and FIFOs between all units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from finnlite.accelerator import Placed, units
from finnlite.boards import DEFAULT_LIMITS, Limits, board_named
from finnlite.errors import IRError
from finnlite.ir import Graph, Node, Op, Transform, Value
from finnlite.ops.cost import Style
from finnlite.ops.fifo import FIFO, storage
from finnlite.ops.structure import Backend
from finnlite.ops.unit import Stream, Unit
from finnlite.ops.width_converter import WidthConverter
from finnlite.resources import rows, total
from finnlite.schedule import schedule

__all__ = ["SizeStreams"]


@dataclass(frozen=True)
class SizeStreams(Transform):
    """Puts a FIFO behind every stream of a unit, and a `WidthConverter` where the next one reads other words.

    A FIFO holds what `schedule` leaves in it, so that the graph keeps its II and latency and cannot deadlock.
    It is in LUTRAM or block RAM, whichever has the lower price; where the design then exceeds its limit of
    LUTs, LUTRAM or block RAM, FIFOs move from LUTs to block RAM or back as long as that has room, those first
    that gain most.

    Args:
        board: Name of the board.
        limits: How much of its part the design may take, shell included.
        backend: Whose hardware it is: "hls" or "rtl".
    """

    board: str = "pynq-z1"
    limits: Limits = DEFAULT_LIMITS
    backend: str = Backend.HLS

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
        depths = schedule(graph).depths
        fifos = [node for node, unit in units(graph) if isinstance(unit, FIFO)]
        for node in fifos:
            stream, depth = _sink_of(node.input(0)), depths[node.input(0).name]
            node.op = FIFO(depth, stream.elems, storage(depth, stream.width).style)
        self._relieve(graph, fifos)
        return _signature(units(graph)) != before

    def _relieve(self, graph: Graph, fifos: list[Node]) -> None:
        """Moves FIFOs out of the resource that is exceeded."""
        board = board_named(self.board, self.backend)
        used, allowed = total(rows(graph, board)), board.within(self.limits)
        blocks = used.bram18 - allowed.bram18
        luts = max(used.lut - allowed.lut, used.lutram - allowed.lutram)
        style, excess, room = (Style.LUTRAM, blocks, -luts) if blocks > 0 else (Style.BLOCK, luts, -blocks)
        moves = [_Move.of(node, style, board.backend) for node in fifos]
        for move in sorted(moves, key=lambda move: move.freed / max(1, move.taken), reverse=True):
            if excess > 0 and move.freed > 0 and move.taken <= room:
                move.node.op = move.fifo
                excess, room = excess - move.freed, room - move.taken


class _Move(NamedTuple):
    """A FIFO in the other style: RAMB18s it frees and LUTs it takes, or LUTs as RAM and RAMB18s."""

    node: Node
    fifo: FIFO
    freed: int
    taken: int

    @classmethod
    def of(cls, node: Node, style: Style, backend: Backend) -> _Move:
        assert isinstance(node.op, FIFO)
        moved = replace(node.op, memory=style)
        before, after = node.op.resources(node, backend), moved.resources(node, backend)
        blocks = after.bram18 - before.bram18
        if style is Style.BLOCK:
            return cls(node, moved, before.lutram - after.lutram, blocks)
        return cls(node, moved, -blocks, after.lut - before.lut)


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
    suffix = f"_fifo{value.index}" if len(producer.outputs) > 1 else "_fifo"
    return graph.add(FIFO(elems=stream.elems), value, name=f"{producer.name}{suffix}", before=reader)
