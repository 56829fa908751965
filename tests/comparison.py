# SPDX-License-Identifier: Apache-2.0
"""Structural comparison of graphs, written without serde so that it can judge it."""

from collections.abc import Iterator
from itertools import zip_longest

from finnlite.ir import Graph, Node, Value


def differences(first: Graph, second: Graph) -> list[str]:
    """Everything in which two graphs differ; only the order of use lists and constants may."""
    return list(_differences(first, second))


def _differences(first: Graph, second: Graph) -> Iterator[str]:
    for what in ("name", "metadata"):
        if getattr(first, what) != getattr(second, what):
            yield f"{what}: {getattr(first, what)!r} / {getattr(second, what)!r}"
    for what in ("inputs", "outputs"):
        names = [[value.name for value in getattr(graph, what)] for graph in (first, second)]
        if names[0] != names[1]:
            yield f"{what}: {names[0]} / {names[1]}"
    for one, other in zip_longest(first.nodes, second.nodes):
        if one is None or other is None or _node(one) != _node(other):
            yield f"node: {one and _node(one)} / {other and _node(other)}"
    values = [{value.name: value for value in graph.values} for graph in (first, second)]
    for name in {**values[0], **values[1]}:
        one, other = (_value(found[name]) if name in found else None for found in values)
        if one != other:
            yield f"value {name!r}: {one} / {other}"


def _node(node: Node) -> tuple[object, ...]:
    # the representation tells −0.0 from 0.0, True from 1, and lets NaN equal NaN
    operator = (type(node.op), repr(node.op))
    inputs = [value and value.name for value in node.inputs]
    return (node.name, operator, inputs, [value.name for value in node.outputs], node.origin)


def _value(value: Value) -> tuple[object, ...]:
    array = value.const
    constant = None if array is None else (array.dtype, array.shape, array.tobytes())
    producer = value.producer and (value.producer.name, value.index)
    uses = sorted((node.name, index) for node, index in value.uses)
    return (value.shape, value.datatype.name, value.carrier, value.channel_axis, constant, producer, uses)
