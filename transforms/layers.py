# SPDX-License-Identifier: Apache-2.0
"""Which nodes of an integer graph become hardware: its layers, and what only moves data between them."""

from __future__ import annotations

from collections.abc import Sequence

from finnlite.ir import Node, Value
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Cast, Concat, Identity, Split
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding

__all__ = ["entry_of", "is_layer", "moves", "streams_of"]

_ONE_STREAM = (
    ChannelMax,
    ChannelProduct,
    ChannelSum,
    Im2Col,
    InsertZeros,
    Lookup,
    MatMul,
    Pad,
    Resize,
    Split,
    Thresholding,
)
_JOINS = (Concat, IntegerAdd)


def streams_of(node: Node) -> tuple[Value, ...]:
    """What a layer reads as a stream: its first input, or all of a join."""
    inputs: Sequence[Value | None] = node.inputs if isinstance(node.op, _JOINS) else node.inputs[:1]
    return tuple(value for value in inputs if value is not None)


def is_layer(node: Node) -> bool:
    """Whether the node computes on integers and has a unit; its parameters must be constants."""
    if not isinstance(node.op, _ONE_STREAM + _JOINS):
        return False
    streams = streams_of(node)
    if not streams or any(x.const is not None or not x.datatype.is_integer() for x in streams):
        return False
    if isinstance(node.op, MatMul):
        weights = node.input(1)
        return weights.const is not None and weights.datatype.is_integer()
    if isinstance(node.op, Thresholding):
        return True
    return all(x.carrier.kind == "f" for x in streams)


def moves(node: Node) -> bool:
    """Whether the node moves all integers of its input and changes none."""
    x = node.optional(0)
    if x is None or not x.datatype.is_integer() or len(node.outputs) != 1:
        return False
    if isinstance(node.op, Cast | Identity):
        return bool(node.output.datatype.is_integer())
    return node.op.moves_data


def entry_of(value: Value) -> Value:
    """Where the elements of a value come from, in whatever order."""
    while value.producer is not None and not is_layer(value.producer) and moves(value.producer):
        value = value.producer.input(0)
    return value
