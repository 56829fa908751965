# SPDX-License-Identifier: Apache-2.0
"""A graph as a picture: a box for every node, from the inputs down to the outputs, branches side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import networkx as nx

from finnlite.accelerator import is_mapped
from finnlite.errors import IRError
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter
from finnlite.text import shortened

from .drawing import ACCENT, INK, MUTED, UNIT, Drawing, Picture, fitted

if TYPE_CHECKING:
    from finnlite.ir import Graph, Node, Value

__all__ = ["draw_graph"]

_WIDTH, _GAP, _MARGIN = 290.0, 24.0, 16.0
_LINE, _PADDING, _BETWEEN = 16.0, 6.0, 20.0
_LANE = 12.0
"""Distance of edges that run past nodes, from those and from each other."""
_COLUMNS, _COLUMN_HEIGHT = 3, 900.0
"""Most columns of a long graph, and how long it must be to have one more."""


@dataclass(eq=False)
class _Box:
    """A box of the picture, or the place where an edge runs past the boxes of a row.

    Args:
        lines: What it says; none for an edge.
        hint: What it says when it is pointed at.
        colour: Of its left border.
        share: How much of the bottleneck's cycles it takes.
        small: Whether it matters less than others.
        x: Its middle.
        y: Its upper end.
    """

    lines: Sequence[str] = ()
    hint: str = ""
    colour: str = MUTED
    share: float = 0.0
    small: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 2 * _PADDING if self.lines else 0.0


_Link = tuple[_Box, _Box]


def draw_graph(graph: Graph) -> Picture:
    """The nodes of a graph at any stage: operator, name, output; of units their folding and cycles."""
    boxes, edges = _boxes(graph)
    rows, links = _rows(boxes, edges)
    _place(rows, links)
    placed = [box for row in rows for box in row]
    turns = _columns(rows, links)
    width = max((box.x for box in placed), default=0) + _WIDTH / 2 + _MARGIN
    height = max((box.y + box.height for box in placed), default=0) + 2 * _MARGIN
    drawing = Drawing(f"{shortened(graph.name)}: {len(graph)} nodes", width, height, fluid=False)
    for upper, lower in links:
        if upper in turns:
            _draw_turn(drawing, upper, lower, turns[upper])
        else:
            _draw_link(drawing, upper, lower)
    for box in boxes:
        _draw_box(drawing, box)
    return drawing.picture


def _boxes(graph: Graph) -> tuple[list[_Box], list[_Link]]:
    """The boxes of inputs, nodes and outputs, and who reads from whom."""
    mapped = is_mapped(graph)
    cycles = {node: _cycles(node) if mapped else None for node in graph.nodes}
    most = max((count for count in cycles.values() if count), default=0)
    boxes: dict[Node | Value, _Box] = {}
    outputs = [_Box([f"output {value.name}"], f"{value!r}", INK) for value in graph.outputs]
    for value in graph.inputs:
        boxes[value] = _Box([f"input {value.name}", _type(value)], f"{value!r}", INK)
    edges = []
    for node in graph.nodes:
        boxes[node] = _node_box(node, cycles[node], most)
        read = dict.fromkeys(v.producer or v for v in node.inputs if v is not None and v.const is None)
        edges += [(boxes[source], boxes[node]) for source in read]
    for value, box in zip(graph.outputs, outputs, strict=True):
        source = value.producer or value
        if source in boxes:  # else it is a constant
            edges.append((boxes[source], box))
    return [*boxes.values(), *outputs], edges


def _cycles(node: Node) -> int | None:
    """Cycles a frame of a unit that is no buffer."""
    try:
        return (node.op.cycles(node) or None) if isinstance(node.op, Unit) else None
    except IRError:  # a graph that is being changed
        return None


def _node_box(node: Node, cycles: int | None, most: int) -> _Box:
    op, hint = node.op, _hint(node, cycles)
    if isinstance(op, FIFO):
        return _Box([f"{op.op_type} · {op.depth:,} deep"], hint, small=True)
    made = list(dict.fromkeys(map(_type, node.outputs)))
    if cycles is None or not isinstance(op, Unit):
        return _Box([_name(node), *made, *_weights(node)], hint)
    colour, share = ACCENT if cycles == most else UNIT, cycles / most
    time = f"{cycles:,} cycles"
    if isinstance(op, WidthConverter):
        return _Box([f"{op.op_type} · {time}"], hint, colour, share, small=True)
    folding = " · ".join([*_folding(node, op), time])
    return _Box([_name(node), *made, folding], hint, colour, share)


def _name(node: Node) -> str:
    """Operator and name, which often begins with the operator."""
    op = node.op.op_type
    return node.name if node.name.startswith(op) else f"{op} · {node.name}"


def _folding(node: Node, unit: Unit) -> list[str]:
    settings = {name: getattr(unit, name) for name in unit.settings(*node.inputs)}
    numbers = [f"{name.upper()} {value}" for name, value in settings.items() if type(value) is int]
    return numbers + [name for name, value in settings.items() if value is True]


def _weights(node: Node) -> list[str]:
    """The largest of a node's constants that are no scalars."""
    constants = [
        value for value in node.inputs if value is not None and value.const is not None and value.shape
    ]
    if not constants:
        return []
    return [f"with {_type(max(constants, key=lambda value: math.prod(value.shape)))}"]


def _type(value: Value) -> str:
    return f"{value.datatype.name} {'×'.join(map(str, value.shape)) or 'scalar'}"


def _hint(node: Node, cycles: int | None) -> str:
    options = [f"{field.name} = {getattr(node.op, field.name)!r}" for field in fields(node.op)]
    lines = [f"{node.op.op_type} {shortened(node.name)}", *map(shortened, options)]
    lines += [f"reads {shortened(repr(value))}" for value in node.inputs if value is not None]
    lines += [f"makes {shortened(repr(value))}" for value in node.outputs]
    lines += [f"{cycles:,} cycles a frame"] if cycles is not None else []
    return "\n".join(lines)


def _rows(boxes: list[_Box], edges: list[_Link]) -> tuple[list[list[_Box]], list[_Link]]:
    """The boxes by their distance from the inputs, and the links of each row to the next.

    An edge that passes rows has a box without lines in each, which all edges from the same box share.
    """
    order: nx.DiGraph[_Box] = nx.DiGraph()
    order.add_nodes_from(boxes)
    order.add_edges_from(edges)
    rows = [list(row) for row in nx.topological_generations(order)]
    level = {box: number for number, row in enumerate(rows) for box in row}
    lanes: dict[tuple[_Box, int], _Box] = {}
    links: dict[_Link, None] = {}
    for source, target in edges:
        upper = source
        for number in range(level[source] + 1, level[target]):
            if (source, number) not in lanes:
                lanes[source, number] = _Box()
                rows[number].append(lanes[source, number])
            links[upper, lanes[source, number]] = None
            upper = lanes[source, number]
        links[upper, target] = None
    return rows, list(links)


def _place(rows: list[list[_Box]], links: list[_Link]) -> None:
    """Puts every box below those it reads from, and edges beside the boxes that they pass."""
    above: dict[_Box, list[_Box]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
    y = _MARGIN
    for row in rows:
        for box in row:
            box.y = y
            if sources := above.get(box):
                box.x = sum(source.x for source in sources) / len(sources)
        nodes = sorted((box for box in row if box.lines), key=lambda box: box.x)
        _spread(nodes)
        taken: list[float] = []
        for edge in (box for box in row if not box.lines):
            _evade(edge, nodes, taken)
            taken.append(edge.x)
        y += max(box.height for box in row) + _BETWEEN


def _columns(rows: list[list[_Box]], links: list[_Link]) -> dict[_Box, float]:
    """Moves all to the right of the margin, and parts of a long graph beside each other.

    Returns:
        The last boxes of columns, with where between two columns their edges run up. A graph is cut only
        where one edge leads from one box to one box.
    """
    height = sum(max(box.height for box in row) + _BETWEEN for row in rows)
    count = min(_COLUMNS, math.ceil(height / _COLUMN_HEIGHT))
    after: dict[_Box, list[_Box]] = {}
    for upper, lower in links:
        after.setdefault(upper, []).append(lower)
    columns: list[list[list[_Box]]] = [[]]
    ends = []
    for number, row in enumerate(rows):
        columns[-1].append(row)
        full = row[0].y + row[0].height >= len(columns) * height / count
        last = number + 1 == len(rows) or len(columns) == count
        if full and not last and len(row) == 1 == len(rows[number + 1]) == len(after.get(row[0], ())):
            ends.append(row[0])
            columns.append([])
    right, gaps = _MARGIN, []
    for column in columns:
        boxes = [box for row in column for box in row]
        left = min((box.x for box in boxes), default=0) - _WIDTH / 2 - right
        top = min((box.y for box in boxes), default=0) - _MARGIN
        for box in boxes:
            box.x, box.y = box.x - left, box.y - top
        right = max((box.x for box in boxes), default=0) + _WIDTH / 2 + 2 * _GAP
        gaps.append(right - _GAP)
    return dict(zip(ends, gaps, strict=False))


def _spread(nodes: list[_Box]) -> None:
    """Moves the boxes of a row apart, and no further from where they want to be than that takes."""
    wanted = [box.x for box in nodes]
    for left, right in zip(nodes, nodes[1:], strict=False):
        right.x = max(right.x, left.x + _WIDTH + _GAP)
    moved = sum(box.x - x for box, x in zip(nodes, wanted, strict=True)) / max(1, len(nodes))
    for box in nodes:
        box.x -= moved


def _evade(edge: _Box, nodes: list[_Box], taken: list[float]) -> None:
    """Moves an edge to the nearest free lane between or beside the boxes of a row."""

    def free(x: float) -> bool:
        beside = all(abs(x - box.x) >= _WIDTH / 2 + _LANE for box in nodes)
        return beside and all(abs(x - other) >= _LANE for other in taken)

    if not free(edge.x):
        offsets = [_WIDTH / 2 + lane * _LANE for lane in range(1, len(taken) + 2)]
        lanes = [box.x + side * offset for box in nodes for offset in offsets for side in (1, -1)]
        edge.x = min(filter(free, lanes), key=lambda x: abs(x - edge.x))


def _draw_link(drawing: Drawing, upper: _Box, lower: _Box) -> None:
    """From the lower end of a box down to the upper end of one in the next row."""
    x, middle, end = lower.x, lower.y - _BETWEEN / 2, lower.y
    d = f"M{upper.x:.1f} {upper.y + upper.height:.1f}V{end - _BETWEEN:.1f}"
    d += (
        f"C{upper.x:.1f} {middle:.1f} {x:.1f} {middle:.1f} {x:.1f} {end:.1f}"
        if upper.x != x
        else f"V{end:.1f}"
    )
    drawing.path(d, stroke=MUTED)
    if lower.lines:
        _draw_tip(drawing, x, end)


def _draw_turn(drawing: Drawing, upper: _Box, lower: _Box, gap: float) -> None:
    """From the lower end of a column up between both to the upper end of the next."""
    start, x, end = upper.y + upper.height, lower.x, lower.y
    turns = f"V{start + _LANE:.1f}H{gap:.1f}V{end - _LANE:.1f}H{x:.1f}V{end:.1f}"
    drawing.path(f"M{upper.x:.1f} {start:.1f}{turns}", stroke=MUTED)
    _draw_tip(drawing, x, end)


def _draw_tip(drawing: Drawing, x: float, y: float) -> None:
    drawing.path(f"M{x - 4:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y - 6:.1f}Z", fill=MUTED)


def _draw_box(drawing: Drawing, box: _Box) -> None:
    drawing.group(box.hint)
    left = box.x - _WIDTH / 2
    drawing.rect(left, box.y, _WIDTH, box.height, "#f7f8fa", stroke="#c9ced6", r=4)
    drawing.rect(left, box.y, 4, box.height, box.colour)
    if box.share:
        drawing.rect(left + 4, box.y + box.height - 3, (_WIDTH - 4) * box.share, 3, box.colour)
    for number, line in enumerate(box.lines):
        bold = not number and not box.small
        y = box.y + _PADDING + number * _LINE + 12
        drawing.text(left + 12, y, fitted(line, _WIDTH - 20), bold=bold, fill=INK if bold else MUTED)
