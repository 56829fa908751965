# SPDX-License-Identifier: Apache-2.0
"""`Streamline`: integers and thresholds instead of scales, batch norm and activations.

1. Products are visited in topological order; the input of each is materialised (`quantizers`), its
   weights are lifted (`constants`), and it becomes an integer product (`products`).
2. Quantizers in front of graph outputs are materialised too.
3. What is left between the last integers and the outputs is the output description: the host applies it.
"""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import Cast
from finnlite.ops.scaling import Affine
from finnlite.ops.unit import Unit

from .chains import is_integer, varying, walk_back
from .products import lift_product, lift_weights_of
from .quantizers import materialise

__all__ = ["Streamline"]


@dataclass(frozen=True)
class Streamline(Transform):
    """Turns a graph with float scales, batch norm and activations into integers and thresholds."""

    def apply(self, graph: Graph) -> bool:
        """See the module.

        Raises:
            UnsupportedError: Naming the first node that cannot be lifted.
        """
        changed = False
        for node in list(graph.nodes):
            if not _is_known(node):
                raise _without_unit(node)
            if _is_float_product(node):
                lift_product(graph, node)
                changed = True
        for value in list(graph.outputs):
            changed |= _lift_output(graph, value)
        return graph.prune() or changed

    def diagnose(self, graph: Graph) -> list[UnsupportedError]:
        """All nodes of a graph that block it, as errors; the graph is left as it is.

        A product behind a blocked one is looked at as far as that is possible: its weights.
        """
        graph = graph.copy()
        errors: list[UnsupportedError] = []
        blocked: set[Node] = set()
        for node in list(graph.nodes):
            if not _is_known(node):
                errors.append(_without_unit(node))
                blocked.add(node)
            if _is_float_product(node):
                found = _product_errors(graph, node, behind=_is_behind(node, blocked))
                errors += found
                if not is_integer(node.output):
                    blocked.add(node)
        for value in list(graph.outputs):
            if value.producer is not None and not _is_behind(value.producer, blocked):
                try:
                    _lift_output(graph, value)
                except UnsupportedError as error:
                    errors.append(error)
        return errors


def _product_errors(graph: Graph, node: Node, *, behind: bool) -> list[UnsupportedError]:
    """Lifts a product, unless it is behind a blocked node; what is wrong with its input and its weights."""
    errors = []
    try:
        if not behind:
            lift_product(graph, node)
            return []
    except UnsupportedError as error:
        errors.append(error)
    try:
        lift_weights_of(node)
    except UnsupportedError as error:
        if all(str(error) != str(other) for other in errors):
            errors.append(error)
    return errors


def _is_known(node: Node) -> bool:
    """Whether a node is one that can become hardware, vanish, or stay behind the last layer."""
    op = node.op
    return op.elementwise or op.moves_data or op.host or isinstance(op, MatMul | Gemm | Unit)


def _without_unit(node: Node) -> UnsupportedError:
    message = f"node {node.name!r}: operator must be one that maps to hardware, is {node.op.op_type}"
    fix = "this version maps fully connected layers (MatMul, Gemm), elementwise operators and quantizers"
    return UnsupportedError(message, node=node.name, fix=fix)


def _is_float_product(node: Node) -> bool:
    return isinstance(node.op, MatMul | Gemm) and not is_integer(node.output)


def _is_behind(node: Node, blocked: set[Node]) -> bool:
    if not blocked:
        return False
    seen: set[Node] = set()
    pending = [node]
    while pending:
        current = pending.pop()
        if current in blocked:
            return True
        if current not in seen:
            seen.add(current)
            producers = (v.producer for v in current.inputs if v is not None)
            pending.extend(p for p in producers if p is not None)
    return False


def _lift_output(graph: Graph, value: Value) -> bool:
    """Materialises the last quantizer in front of an output; what is behind it stays with the host."""
    error: UnsupportedError | None = None
    while True:
        value, _ = walk_back(value)
        node = value.producer
        if node is None or is_integer(value) or _is_lifted(value):
            return False
        try:
            materialise(graph, value, None)
        except UnsupportedError as found:
            error = error or found
        else:
            return True
        inputs = varying(node)
        if len(inputs) != 1:
            raise error
        value = node.input(inputs[0])


def _is_lifted(value: Value) -> bool:
    """Whether a value is integers behind nothing but their scale and a cast, as `materialise` leaves them."""
    while value.producer is not None and isinstance(value.producer.op, Affine | Cast):
        value = value.producer.input(0)
    return is_integer(value)
