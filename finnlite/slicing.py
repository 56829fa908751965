# SPDX-License-Identifier: Apache-2.0
"""Parts of a graph as graphs of their own: what lies between some values and others."""

from __future__ import annotations

from collections.abc import Sequence

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, Value

__all__ = ["cut"]


def cut(graph: Graph, sources: Sequence[Value], targets: Sequence[Value]) -> Graph:
    """The part of `graph` that computes `targets` from `sources`, names kept, constants shared.

    Args:
        graph: Any stage; left as it is.
        sources: What becomes the inputs.
        targets: What becomes the outputs.

    Raises:
        IRError: If a target depends on an input of the graph that is no source.
    """
    needed = _needed(sources, targets)
    result = Graph(graph.name)
    twins: dict[Value, Value] = {}
    for source in sources:
        twins[source] = result.input(source.name, source.shape, source.datatype)
        result.set_type(twins[source], source.type)
    for node in graph.nodes:
        if node not in needed:
            continue
        inputs: list[Value | None] = []
        for value in node.inputs:
            inputs.append(None if value is None else _twin(result, twins, value, node))
        copy = result.add_node(
            node.op,
            *inputs,
            name=node.name,
            origin=node.origin,
            outputs=tuple(value.name for value in node.outputs),
        )
        for value, other in zip(node.outputs, copy.outputs, strict=True):
            twins.setdefault(value, other)
            result.set_type(other, value.type)
    result.outputs = [twins[target] for target in targets]
    return result


def _needed(sources: Sequence[Value], targets: Sequence[Value]) -> set[Node]:
    known = set(sources)
    needed: set[Node] = set()
    pending = list(targets)
    while pending:
        value = pending.pop()
        if value in known or value.producer is None or value.producer in needed:
            continue
        needed.add(value.producer)
        pending += [v for v in value.producer.inputs if v is not None]
    return needed


def _twin(result: Graph, twins: dict[Value, Value], value: Value, node: Node) -> Value:
    if value not in twins:
        if value.const is None:
            raise IRError(f"node {node.name!r}: {value.name!r} must be cut off or constant, is an input")
        twins[value] = result.constant(value.const, name=value.name)
        result.set_type(twins[value], value.type)
    return twins[value]
