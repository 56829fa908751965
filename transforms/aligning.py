# SPDX-License-Identifier: Apache-2.0
"""Words between units: which converters a folding needs, and foldings that need fewer of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from finnlite.accelerator import Placed
from finnlite.ir import Node
from finnlite.ops.cost import Resources
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter

from .search import Choice, price

__all__ = ["aligned", "longest_converter"]

_FIFO = Resources(lut=30, ff=30)
"""What the FIFO that a converter needs costs at least."""
_SWEEPS = 2


class _Link(NamedTuple):
    """A stream: output `output` of `writer` is input `port` of `reader`."""

    writer: Node
    output: int
    reader: Node
    port: int


def _links(node: Node) -> Iterator[_Link]:
    """The streams at a node's ports."""
    for port, value in enumerate(node.inputs):
        if value is not None and value.producer is not None and isinstance(value.producer.op, Unit):
            yield _Link(value.producer, value.index, node, port)
    for value in node.outputs:
        for reader, port in value.uses:
            if isinstance(reader.op, Unit):
                yield _Link(node, value.index, reader, port)


def _converter(link: _Link, chosen: Mapping[str, Unit]) -> tuple[Resources, int] | None:
    """Cost and cycles of the converter that a stream needs; None if both ends have one word."""
    writer, reader = (chosen.get(node.name, node.op) for node in (link.writer, link.reader))
    if not isinstance(writer, Unit) or not isinstance(reader, Unit):
        return None
    have, want = writer.sinks(link.writer)[link.output], reader.sources(link.reader)[link.port]
    if have.elems == want.elems:
        return None
    converter = WidthConverter(in_elems=have.elems, out_elems=want.elems)
    cycles = max(have.words, want.words) if link.port else converter.cycles(link.reader)
    return converter.resources(link.reader).plus(_FIFO), cycles


def longest_converter(placed: Sequence[Placed], chosen: Sequence[Choice]) -> int:
    """Cycles of the longest converter that the chosen folding needs."""
    units = {node.name: choice.unit for (node, _), choice in zip(placed, chosen, strict=True)}
    found = (_converter(link, units) for node, _ in placed for link in _links(node))
    return max((cycles for _, cycles in filter(None, found)), default=0)


def aligned(
    placed: Sequence[Placed], choices: Sequence[Sequence[Choice]], chosen: list[Choice], floor: int
) -> list[Choice]:
    """The chosen folding, with words that fit together where that is cheaper than a converter.

    Windows, padding, pools and joins have no constants, so that wider words cost them little: each takes
    the choice that is cheapest with the converters around it, in two sweeps, at the same interval.

    Args:
        placed: The units.
        choices: For each unit its choices.
        chosen: For each unit the one chosen.
        floor: Cycles of the slowest unit that cannot be folded.
    """
    units = {node.name: choice.unit for (node, _), choice in zip(placed, chosen, strict=True)}
    result = list(chosen)
    limit = max(floor, longest_converter(placed, chosen), *(choice.cycles for choice in chosen))
    movers = [
        index
        for index, (node, _) in enumerate(placed)
        if all(value is None or value.const is None for value in node.inputs)
    ]
    for sweep in range(_SWEEPS):
        for index in movers if sweep % 2 else reversed(movers):
            node, best = placed[index].node, None
            links = list(_links(node))
            for choice in choices[index]:
                if choice.cycles > limit:
                    continue
                units[node.name] = choice.unit
                around = [found for link in links if (found := _converter(link, units)) is not None]
                if any(cycles > limit for _, cycles in around):
                    continue
                cost = choice.cost
                for extra, _ in around:
                    cost = cost.plus(extra)
                if best is None or price(cost) < best[0]:
                    best = price(cost), choice
            if best is not None:
                result[index] = best[1]
            units[node.name] = result[index].unit
    return result
