# SPDX-License-Identifier: Apache-2.0
"""Chains: the elementwise nodes between an integer value and the value it is seen as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Value, carrier_of
from finnlite.ops.linear import MatMul, dot_bounds
from finnlite.ops.movement import Cast
from finnlite.ops.thresholding import Thresholding

from .levels import Domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Chain", "chain_of", "is_integer", "move", "root_domain", "varying", "walk_back"]

_MAX_INPUT_BITS = 32
"""Widest integer of a model's input; products of wider ones have no exact carrier."""


def is_integer(value: Value) -> bool:
    """Whether a value is an integer of the accelerator: declared input, product, thresholds, or moved.

    A cast counts as a move if its carrier holds every integer.
    """
    if not value.datatype.is_integer():
        return False
    node = value.producer
    if node is None:
        return value.const is None and value.datatype.bitwidth() <= _MAX_INPUT_BITS
    if isinstance(node.op, MatMul | Thresholding):
        return value.carrier.kind == "f"
    if isinstance(node.op, Cast):
        exact = value.carrier.itemsize >= carrier_of(value.datatype).itemsize
        return exact and node.input(0).datatype == value.datatype and is_integer(node.input(0))
    return node.op.moves_data and is_integer(node.input(0))


def varying(node: Node) -> list[int]:
    """The inputs of a node that are not constant."""
    return [i for i, value in enumerate(node.inputs) if value is not None and value.const is None]


def move(node: Node, array: NDArray[Any]) -> NDArray[Any]:
    """Applies a node that moves data to an array of its input's shape."""
    return node.op.move(array, node.output.shape)


def walk_back(value: Value) -> tuple[Value, list[Node]]:
    """Walks back over affine operators and moves of one non-constant input.

    Returns:
        The first value that is an integer or made by anything else, and the nodes from it to `value`.
    """
    tail: list[Node] = []
    while not is_integer(value) and value.producer is not None:
        node = value.producer
        inputs = varying(node)
        if len(inputs) != 1 or not (_is_affine(node, inputs[0]) or node.op.moves_data):
            break
        before = node.input(inputs[0])
        if before.carrier.kind != "f" and not (is_integer(before) and node.output.carrier.kind == "f"):
            break
        tail.append(node)
        value = before
    return value, tail[::-1]


def _is_affine(node: Node, index: int) -> bool:
    """Whether a node is affine in an input; a cast between floats of single or double precision is."""
    if isinstance(node.op, Cast):
        return {node.input(index).carrier, node.output.carrier} <= {np.dtype("f4"), np.dtype("f8")}
    return node.op.affine_in(index)


@dataclass
class Chain:
    """The function from `root` to `value`, as the nodes between them in topological order."""

    root: Value
    value: Value
    nodes: list[Node] = field(default_factory=list)

    @property
    def moves(self) -> list[Node]:
        """The nodes that move data."""
        return [node for node in self.nodes if node.op.moves_data]

    def unproven(self) -> Node | None:
        """The first node that is not known to be monotone, None if the whole chain is."""
        for node in self.nodes:
            inputs = varying(node)
            if node.op.moves_data or (len(inputs) == 1 and node.op.monotone_in(inputs[0], node.inputs)):
                continue
            return node
        return None

    def function(self, domain: Domain) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
        """The function, lane by lane: (K, lanes) indices to (K, lanes) values, by onnxruntime itself.

        A lane is an element of the root; where the chain moves data the results are put back in order.
        """
        graph = Graph("chain")
        twins: dict[Value, Value] = {self.root: graph.input("root", self.root.shape)}
        twins[self.root].type = self.root.type
        for node in self.nodes:
            for value in node.inputs:
                if value is not None and value not in twins:
                    twins[value] = graph.constant(_read(value), name=value.name)
                    twins[value].type = value.type
            inputs = [None if v is None else twins[v] for v in node.inputs]
            twin = graph.add_node(node.op, *inputs, name=node.name)
            twins.update(zip(node.outputs, twin.outputs, strict=True))
        graph.outputs = [twins[self.value]]
        session = Session(graph, threads=1)
        order = np.arange(int(np.prod(self.root.shape))).reshape(self.root.shape)
        for node in self.moves:
            order = move(node, order)
        back = np.argsort(order.ravel()) if self.moves else slice(None)

        def evaluate(indices: NDArray[np.int64]) -> NDArray[Any]:
            points = domain.values(indices).reshape(len(indices), *self.root.shape[1:])
            result = session.run(points)[session.outputs[0]]
            return result.reshape(len(indices), -1)[:, back]

        return evaluate


def _read(value: Value) -> NDArray[Any]:
    if value.const is None:
        raise UnsupportedError(f"value {value.name!r} must be constant, is computed", node=value.name)
    return value.const


def chain_of(value: Value) -> Chain | list[Value]:
    """The chain from the one integer (or undeclared float input) that `value` is a function of.

    Returns:
        The chain; or, if there is not exactly one root or a node is not elementwise, what was found instead:
        the values where the search ended.
    """
    ends: dict[Value, None] = {}
    nodes: dict[Node, None] = {}
    pending = [value]
    while pending:
        current = pending.pop()
        node = current.producer
        elementwise = node is not None and (node.op.elementwise or node.op.moves_data)
        if is_integer(current) or node is None or not elementwise:
            ends[current] = None
            continue
        if node in nodes:
            continue
        nodes[node] = None
        pending.extend(node.input(i) for i in varying(node))
    root = next(iter(ends))
    if len(ends) != 1 or not (is_integer(root) or root.producer is None):
        return list(ends)
    return Chain(root, value, _in_order(nodes))


def _in_order(nodes: dict[Node, None]) -> list[Node]:
    done: dict[Node, None] = {}

    def visit(start: Node) -> None:
        stack = [start]
        while stack:
            node = stack[-1]
            producers = [node.input(i).producer for i in varying(node)]
            missing = [p for p in producers if p is not None and p in nodes and p not in done]
            if missing:
                stack.extend(missing)
            else:
                done[node] = None
                stack.pop()

    for node in nodes:
        visit(node)
    return list(done)


def root_domain(root: Value) -> Domain:
    """The values each lane of a root can take, exactly.

    Raises:
        UnsupportedError: If it is an input of integers that are too wide.
    """
    lanes = int(np.prod(root.shape))
    if not root.datatype.is_integer():
        return _float_domain(lanes)
    if root.producer is None and root.datatype.bitwidth() > _MAX_INPUT_BITS:
        reader = root.uses[0][0].name if root.uses else root.name
        message = (
            f"node {reader!r}: its input {root.name!r} must hold integers of at most {_MAX_INPUT_BITS} bits, "
            f"is {root.datatype.name}"
        )
        raise UnsupportedError(message, node=reader, fix="declare a narrower type (--input-type)")
    if root.datatype.name == "BIPOLAR":
        return Domain(
            np.zeros(lanes, dtype=np.int64),
            np.ones(lanes, dtype=np.int64),
            lambda i: (2 * i - 1).astype(root.carrier),
        )
    low, high = value_range(root)
    full = [np.broadcast_to(bound, root.shape).ravel().astype(np.int64) for bound in (low, high)]
    return Domain(full[0], full[1], lambda i: i.astype(root.carrier))


def value_range(value: Value) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The smallest and largest integer of each channel, as arrays that broadcast to the value's shape."""
    node = value.producer
    if node is not None and isinstance(node.op, MatMul):
        weights, (low, high) = node.input(1), value_range(node.input(0))
        if weights.const is not None:
            return dot_bounds(weights.const, int(low.min()), int(high.max()))
    if node is not None and isinstance(node.op, Thresholding):
        count = node.input(1).shape[1]
        return np.array(node.op.out_min), np.array(node.op.out_min + node.op.out_step * count)
    if node is not None and (node.op.moves_data or isinstance(node.op, Cast)):
        low, high = value_range(node.input(0))
        return np.asarray(low.min()), np.asarray(high.max())
    return np.array(int(value.datatype.min())), np.array(int(value.datatype.max()))


def _float_domain(lanes: int) -> Domain:
    """Float32 in order: index i ≥ 0 is the float of bit pattern i, −i its negative.

    It ends at ±2⁶⁰: beyond it products overflow, and ∞·0 and ∞ − ∞ would be taken for levels.
    """
    top = int(np.array(2.0**60, dtype=np.float32).view(np.int32))

    def values(indices: NDArray[np.int64]) -> NDArray[Any]:
        magnitude = np.abs(indices).astype(np.int32).view(np.float32)
        return np.where(indices < 0, -magnitude, magnitude)

    low, high = np.full(lanes, -top, dtype=np.int64), np.full(lanes, top, dtype=np.int64)
    return Domain(low, high, values, unbounded=True)
