# SPDX-License-Identifier: Apache-2.0
"""The region of an integer graph that becomes hardware: its layers, and its one entry and exit."""

from __future__ import annotations

from typing import NamedTuple

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.movement import Cast, Identity
from finnlite.ops.window import WindowOp

from .layers import is_layer, moves, streams_of
from .ordering import keeps_order

__all__ = ["Region", "region_of"]


class Region(NamedTuple):
    """What becomes hardware.

    Args:
        layers: The nodes that become units, in topological order.
        entry: The value that enters.
        exit: The value that leaves.
    """

    layers: list[Node]
    entry: Value
    exit: Value


def region_of(graph: Graph) -> Region:
    """Finds the layers and their one entry and exit.

    Raises:
        UnsupportedError: If there are none, or they are not one piece between one input and one output.
    """
    layers = [node for node in graph.nodes if is_layer(node)]
    if not layers:
        raise UnsupportedError(
            f"graph {graph.name!r}: must hold a layer of integers to become hardware, holds none",
            node=next((node.name for node in graph.nodes), ""),
            fix="quantize weights and activations, or declare the input type",
        )
    _check_lowered(graph)
    known = set(layers)
    _check_between(graph, known)
    _check_host(graph, known)
    entry = _entry(layers, known)
    if len(graph.inputs) != 1:
        names = " and ".join(repr(value.name) for value in graph.inputs)
        raise UnsupportedError(
            f"graph {graph.name!r}: must have one input to become hardware, has {names}",
            node=layers[0].name,
            fix="remove the inputs that no layer reads",
        )
    return Region(layers, entry, _exit(graph, layers, known))


def _check_lowered(graph: Graph) -> None:
    for node in graph.nodes:
        if isinstance(node.op, WindowOp) and node.input(0).datatype.is_integer():
            raise UnsupportedError(
                f"node {node.source!r}: must be lowered to windows and products, is {node.op.op_type}",
                node=node.source,
                fix="run LowerConvs and InterleaveChannels first",
            )
        if not getattr(node.op, "interleaved", True):
            raise UnsupportedError(
                f"node {node.source!r}: must have its channels interleaved, has not",
                node=node.source,
                fix="run InterleaveChannels first",
            )


def _moved_from(value: Value) -> Value:
    """Where the elements of `value` come from, in the same order."""
    while value.producer is not None and not is_layer(value.producer) and keeps_order(value.producer):
        value = value.producer.input(0)
    return value


def _entry(layers: list[Node], known: set[Node]) -> Value:
    """The one value that the first layers read."""
    found: dict[Value, tuple[Node, Value]] = {}
    for node in layers:
        for value in streams_of(node):
            root = _moved_from(value)
            if root.producer not in known:
                found.setdefault(root, (node, value))
    (first, _), *others = found.values()
    for other, _ in others:
        raise UnsupportedError(
            f"node {other.source!r}: must read the one stream that starts at {first.source!r}, "
            "starts a second one",
            node=other.source,
            fix="one accelerator has one input stream; build the branches separately",
        )
    root = next(iter(found))
    read = {x for node in layers for x in streams_of(node) if _moved_from(x) is root}
    entry = next(iter(read)) if len(read) == 1 else root
    while entry.producer is not None and isinstance(entry.producer.op, Cast | Identity):
        if not moves(entry.producer):
            break
        entry = entry.producer.input(0)
    return entry


def _readers(value: Value) -> list[Node]:
    """The nodes that use the elements of `value`, after what only moves them."""
    found: list[Node] = []
    for node, _ in value.uses:
        found += _readers(node.output) if not is_layer(node) and keeps_order(node) else [node]
    return list(dict.fromkeys(found))


def _leaves(graph: Graph, value: Value) -> bool:
    if graph.is_output(value):
        return True
    return any(
        not is_layer(node) and keeps_order(node) and _leaves(graph, node.output) for node, _ in value.uses
    )


def _exit(graph: Graph, layers: list[Node], known: set[Node]) -> Value:
    """The one result that the host, or nobody, goes on with."""
    exits: list[tuple[Node, Value]] = []
    for node in layers:
        for value in node.outputs:
            readers = _readers(value)
            leaves = _leaves(graph, value)
            outside = [reader for reader in readers if reader not in known]
            if not readers and not leaves:
                raise UnsupportedError(
                    f"node {node.source!r}: all its results must be read, {value.name!r} is not",
                    node=node.source,
                    fix="remove the part that nobody reads",
                )
            if len(outside) < len(readers) and (outside or leaves):
                names = " and ".join(repr(reader.name) for reader in readers)
                raise UnsupportedError(
                    f"node {node.source!r}: its result must be read by layers or by the host, not by both, "
                    f"is read by {names}" + (" and leaves the model" if leaves else ""),
                    node=node.source,
                    fix="remove the reader that is no layer: one accelerator has one output stream",
                )
            if outside or leaves:
                exits.append((node, value))
    (first, value), *others = exits
    for other, _ in others:
        raise UnsupportedError(
            f"node {other.source!r}: must lead to the one stream that leaves at {first.source!r}, "
            "leaves as a second one",
            node=other.source,
            fix="one accelerator has one output stream; join them, or build the branches separately",
        )
    return value


def _check_between(graph: Graph, layers: set[Node]) -> None:
    """Checks that every node between two layers is a unit or only changes a shape."""
    below: set[Node] = set()
    off: dict[Node, Node] = {}  # node on the host below a layer: the first one on its path
    for node in graph.nodes:
        producers = [v.producer for v in node.inputs if v is not None and v.producer is not None]
        cause = next((off[producer] for producer in producers if producer in off), None)
        if cause is not None and node in layers:
            raise UnsupportedError(
                f"node {cause.source!r}: must have a hardware unit, as it stands between layers, "
                f"is {cause.op.op_type}",
                node=cause.source,
                fix="quantize its result, or move it behind the last layer",
            )
        if node in layers or any(producer in below for producer in producers):
            below.add(node)
        if cause is not None:
            off[node] = cause
        elif node in below and node not in layers and not keeps_order(node):
            off[node] = node


def _check_host(graph: Graph, layers: set[Node]) -> None:
    """Checks that what the host does behind the layers depends on their result alone."""
    below: set[Node] = set()
    for node in graph.nodes:
        inputs = [value for value in node.inputs if value is not None and value.const is None]
        after = [value for value in inputs if value.producer in layers or value.producer in below]
        if after and node not in layers and len(after) < len(inputs):
            other = next(value for value in inputs if value not in after)
            raise UnsupportedError(
                f"node {node.source!r}: must depend on the layers' result alone, "
                f"reads {other.name!r} as well",
                node=node.source,
                fix="join it with the input outside of the model",
            )
        if after and node not in layers:
            below.add(node)
    for value in graph.outputs:
        if value.producer not in layers and value.producer not in below:
            raise UnsupportedError(
                f"output {value.name!r}: must depend on a layer of integers, does not",
                node=value.producer.name if value.producer is not None else value.name,
                fix="remove the output from the model",
            )
