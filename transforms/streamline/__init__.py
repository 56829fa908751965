# SPDX-License-Identifier: Apache-2.0
"""`Streamline`: integers and thresholds instead of scales, batch norm and activations.

1. Maxima move behind the functions that follow them (`pools`).
2. Products, pools, joins and selections are visited in topological order; the inputs of each are
   materialised (`quantizers`), its weights are lifted (`constants`), and it becomes a node of integers
   (`products`, `convolutions`, `pools`, `joins`, `selections`).
3. Quantizers in front of graph outputs are materialised too.
4. What is left between the last integers and the outputs is the output description: the host applies it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Op, Transform, Value
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import Cast, Concat, Split
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool, SumPool
from finnlite.ops.reduction import IntegerAdd, ReduceMean, ReduceSum
from finnlite.ops.scaling import Affine
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.unit import Unit

from .chains import is_integer, varying, walk_back
from .convolutions import lift_convolution, lift_kernels
from .joins import is_join, lift_concat, lift_join
from .pools import advance_pools, is_plain_maximum, lift_maximum, lift_sum
from .products import lift_matrix, lift_product
from .quantizers import materialise
from .selections import is_plain_pad, is_plain_resize, lift_pad, lift_resize, lift_split

__all__ = ["Streamline"]

Rule = Callable[[Graph, Node], None]
_RULES: tuple[tuple[tuple[type[Op], ...], Rule], ...] = (
    ((MatMul, Gemm), lift_product),
    ((Conv, ConvTranspose), lift_convolution),
    ((MaxPool, GlobalMaxPool), lift_maximum),
    ((AveragePool, GlobalAveragePool, ReduceMean, ReduceSum), lift_sum),
    ((Concat,), lift_concat),
    ((Split,), lift_split),
    ((Pad,), lift_pad),
    ((Resize,), lift_resize),
)
"""How the nodes that are no functions of single elements become nodes of integers."""

_IMAGE_AXES = 2


@dataclass(frozen=True)
class Streamline(Transform):
    """Turns a graph with float scales, batch norm and activations into integers and thresholds."""

    def apply(self, graph: Graph) -> bool:
        """See the module.

        Raises:
            UnsupportedError: Naming the first node that cannot be lifted.
        """
        changed = advance_pools(graph)
        for node in list(graph.nodes):
            if not _is_known(node):
                raise _without_unit(node)
            rule = _rule(node)
            if rule is not None:
                _check_axes(node)
                rule(graph, node)
                changed = True
        for value in list(graph.outputs):
            changed |= _lift_output(graph, value)
        return graph.prune() or changed

    def diagnose(self, graph: Graph) -> list[UnsupportedError]:
        """All nodes of a graph that block it, as errors; the graph is left as it is.

        A product behind a blocked one is looked at as far as that is possible: its weights.
        """
        graph = graph.copy()
        advance_pools(graph)
        errors: list[UnsupportedError] = []
        blocked: set[Node] = set()
        for node in list(graph.nodes):
            if not _is_known(node):
                errors.append(_without_unit(node))
                blocked.add(node)
                continue
            behind = _is_behind(node, blocked)
            rule = None if behind and node.op.elementwise else _rule(node)
            if rule is not None:
                errors += _errors(graph, node, rule, behind=behind)
                if node.graph is graph:
                    blocked.add(node)
        for value in list(graph.outputs):
            if value.producer is not None and not _is_behind(value.producer, blocked):
                try:
                    _lift_output(graph, value)
                except UnsupportedError as error:
                    errors.append(error)
        return errors


def _errors(graph: Graph, node: Node, rule: Rule, *, behind: bool) -> list[UnsupportedError]:
    """Lifts a node, unless it is behind a blocked one; what is wrong with its inputs and its weights."""
    errors: list[UnsupportedError] = []
    try:
        _check_axes(node)
        if not behind:
            rule(graph, node)
            return []
    except UnsupportedError as error:
        errors.append(error)
    try:
        if isinstance(node.op, MatMul | Gemm):
            lift_matrix(node)
        elif isinstance(node.op, Conv | ConvTranspose):
            lift_kernels(node)
    except UnsupportedError as error:
        if all(str(error) != str(other) for other in errors):
            errors.append(error)
    return errors


def _rule(node: Node) -> Rule | None:
    """What lifts a node; None if it is lifted already, or part of a chain."""
    if is_integer(node.output) and _is_plain(node):
        return None
    for types, rule in _RULES:
        if isinstance(node.op, types):
            return rule
    return lift_join if is_join(node) else None


def _is_plain(node: Node) -> bool:
    """Whether a node of integers has the form in which Streamline leaves it."""
    op = node.op
    if isinstance(op, Concat | Split):
        return op.axis == 1
    if isinstance(op, Pad):
        return is_plain_pad(node)
    if isinstance(op, Resize):
        return is_plain_resize(node)
    return not isinstance(op, MaxPool) or is_plain_maximum(node)


def _is_known(node: Node) -> bool:
    """Whether a node is one that can become hardware, vanish, or stay behind the last layer."""
    op = node.op
    lifted = isinstance(op, Unit | SumPool | IntegerAdd) or any(isinstance(op, types) for types, _ in _RULES)
    return op.elementwise or op.moves_data or op.host or lifted


def _check_axes(node: Node) -> None:
    axes = len(node.input(0).shape) - 2
    if axes > _IMAGE_AXES and not isinstance(node.op, MatMul | Gemm):
        message = f"node {node.name!r}: {node.op.op_type} must have one or two spatial axes, has {axes}"
        raise UnsupportedError(message, node=node.name, fix="use the form for images (or sequences)")


def _without_unit(node: Node) -> UnsupportedError:
    message = f"node {node.name!r}: operator must be one that maps to hardware, is {node.op.op_type}"
    fix = "use products, convolutions, pools, Add, Concat, Split, Pad, Resize and elementwise operators"
    return UnsupportedError(message, node=node.name, fix=fix)


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
