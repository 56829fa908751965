# SPDX-License-Identifier: Apache-2.0
"""The accelerator inside a hardware graph: the units from `AxiIn` to `AxiOut`, and the host around them."""

from __future__ import annotations

from typing import NamedTuple

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.unit import Unit

__all__ = ["Placed", "borders", "is_mapped", "units"]


class Placed(NamedTuple):
    """A unit and the node it stands in."""

    node: Node
    unit: Unit


def is_mapped(graph: Graph) -> bool:
    """Whether `MapToHardware` ran on the graph."""
    return any(isinstance(node.op, AxiIn) for node in graph.nodes)


def units(graph: Graph) -> list[Placed]:
    """The accelerator's units in stream order, the borders included.

    Raises:
        IRError: If the graph has no accelerator, or a node inside it is no unit.
    """
    result: list[Placed] = []
    inside: set[Value] = set()
    for node in graph.nodes:
        entering = isinstance(node.op, AxiIn)
        if not entering and not any(value in inside for value in node.inputs if value is not None):
            continue
        if not isinstance(node.op, Unit):
            raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
        result.append(Placed(node, node.op))
        if not isinstance(node.op, AxiOut):
            inside.update(node.outputs)
    if not result:
        raise IRError(f"graph {graph.name!r}: must be mapped to hardware, has no AxiIn")
    return result


def borders(graph: Graph) -> tuple[Node, Node]:
    """The nodes of `AxiIn` and `AxiOut`.

    Raises:
        IRError: If the graph has no accelerator.
    """
    placed = units(graph)
    return placed[0].node, placed[-1].node
