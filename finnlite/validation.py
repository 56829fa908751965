# SPDX-License-Identifier: Apache-2.0
"""The invariants of a `Graph`, checked in one pass."""

from __future__ import annotations

from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, Value

__all__ = ["validate"]


def validate(graph: Graph, *, types: bool) -> None:
    """Checks order, use lists and names; with `types` also that operators infer what values claim.

    Raises:
        IRError: Naming the first node or value that breaks an invariant.
    """
    known: set[Value] = {value for value in graph.values if value.producer is None}
    count = 0
    for node in graph.nodes:
        count += 1
        _check_inputs(graph, node, known)
        for index, value in enumerate(node.outputs):
            if value.producer is not node or value.index != index or graph.value(value.name) is not value:
                raise IRError(f"value {value.name!r}: must be output {index} of node {node.name!r}")
            known.add(value)
        if types:
            _check_types(node)
    if count != len(graph):
        raise IRError(f"graph {graph.name!r}: must have {len(graph)} nodes in its order, has {count}")
    for value in graph.values:
        if value not in known:
            raise IRError(f"value {value.name!r}: its producer must be in the graph, is not")
        if graph.value(value.name) is not value:
            raise IRError(f"value {value.name!r}: its name must be unique in the graph, is not")
        for user, index in value.uses:
            if user.graph is not graph or user.optional(index) is not value:
                raise IRError(f"value {value.name!r}: listed as read by {user.name!r}, which reads another")
    for value in (*graph.inputs, *graph.outputs):
        if value not in known:
            raise IRError(f"value {value.name!r}: an input or output must belong to the graph, does not")
    for value in graph.inputs:
        if value.producer is not None or value.const is not None:
            raise IRError(f"value {value.name!r}: an input must be neither computed nor constant, is")


def _check_inputs(graph: Graph, node: Node, known: set[Value]) -> None:
    if graph.node(node.name) is not node:
        raise IRError(f"node {node.name!r}: its name must be unique in the graph, is not")
    for index, value in enumerate(node.inputs):
        if value is None:
            continue
        if value not in known:
            raise IRError(f"node {node.name!r}: must come after the producer of {value.name!r}, does not")
        if (node, index) not in value._uses:
            raise IRError(f"node {node.name!r}: must be listed as a use of {value.name!r}, is not")


def _check_types(node: Node) -> None:
    try:
        types = node.op.infer(*node.inputs)
    except IRError as error:
        raise IRError(f"node {node.name!r}: {error}") from None
    if len(types) != len(node.outputs):
        raise IRError(f"node {node.name!r}: must have {len(types)} outputs, has {len(node.outputs)}")
    for value, inferred in zip(node.outputs, types, strict=True):
        if value.shape != inferred.shape:
            raise IRError(
                f"node {node.name!r}: output shape must be {list(inferred.shape)}, is {list(value.shape)}"
            )
        if not _holds(value.datatype, inferred.datatype):
            found, wanted = value.datatype.name, inferred.datatype.name
            raise IRError(f"node {node.name!r}: output datatype must hold {wanted}, is {found}")
        if value.carrier != inferred.carrier:
            raise IRError(
                f"node {node.name!r}: output carrier must be {inferred.carrier}, is {value.carrier}"
            )


def _holds(datatype: BaseDataType, other: BaseDataType) -> bool:
    """Whether a datatype holds every value of another; a wider one may stand for a narrower one."""
    if datatype.is_integer() != other.is_integer():
        return False
    return bool(datatype.min() <= other.min() and other.max() <= datatype.max())
