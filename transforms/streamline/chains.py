# SPDX-License-Identifier: Apache-2.0
"""Chains: the elementwise nodes between an integer value and the value it is seen as."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import IRError, UnsupportedError
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Value, carrier_of
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Cast, Concat, Split
from finnlite.ops.pools import MaxPool, SumPool
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding

from .levels import Domain
from .ranges import MAX_INPUT_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Chain", "chain_of", "is_integer", "move", "varying", "walk_back", "widens"]

_MAKERS = (MatMul, Conv, ConvTranspose, SumPool, IntegerAdd, Thresholding, Lookup)
"""Operators that make integers of integers; on floats their result is no integer."""
_SELECTORS = (Concat, MaxPool, Pad, Resize, Split)
"""Operators whose results are elements of their inputs (or a constant), but not each of them once."""


def is_integer(value: Value) -> bool:
    """Whether a value is an integer of the accelerator: declared input, product, thresholds, or moved.

    A cast counts as a move if its carrier holds every integer.
    """
    if not value.datatype.is_integer():
        return False
    node = value.producer
    if node is None:
        return value.const is None and value.datatype.bitwidth() <= MAX_INPUT_BITS
    if isinstance(node.op, _MAKERS):
        return value.carrier.kind == "f"
    if isinstance(node.op, Cast):
        exact = value.carrier.itemsize >= carrier_of(value.datatype).itemsize
        return exact and node.input(0).datatype == value.datatype and is_integer(node.input(0))
    if not (node.op.moves_data or isinstance(node.op, _SELECTORS)):
        return False
    return value.carrier.kind == "f" and all(is_integer(node.input(i)) for i in varying(node))


def varying(node: Node) -> list[int]:
    """The inputs of a node that are not constant."""
    return [i for i, value in enumerate(node.inputs) if value is not None and value.const is None]


def move(node: Node, array: NDArray[Any]) -> NDArray[Any]:
    """Applies a node that moves data to an array of its input's shape."""
    return node.op.move(array, node.output.shape)


def widens(node: Node) -> bool:
    """Whether a node has more elements than one of its inputs that are not constant: it repeats them."""
    return any(prod(node.input(i).shape) < prod(node.output.shape) for i in varying(node))


def walk_back(value: Value) -> tuple[Value, list[Node]]:
    """Walks back over affine operators and moves of one non-constant input.

    Returns:
        The first value that is an integer or made by anything else, and the nodes from it to `value`.
    """
    tail: list[Node] = []
    while not is_integer(value) and value.producer is not None:
        node = value.producer
        inputs = varying(node)
        if len(inputs) != 1 or not (_is_affine(node, inputs[0]) or node.op.moves_data) or widens(node):
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
    def name(self) -> str:
        """The name of its last node."""
        return self.value.name if self.value.producer is None else self.value.producer.name

    @property
    def origin(self) -> tuple[str, ...]:
        """The nodes of the source that it consists of."""
        return tuple(dict.fromkeys(name for node in self.nodes for name in (node.origin or (node.name,))))

    @property
    def following(self) -> Node | None:
        """The node in front of which its replacement goes."""
        return None if self.value.producer is None else self.value.producer._next

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

    @property
    def lanes(self) -> int:
        """How many different functions a sample holds: one a channel where nothing varies within an image."""
        elements = int(np.prod(self.root.shape))
        return self.root.shape[1] if len(self.root.shape) > 2 and self._is_per_channel() else elements

    def _is_per_channel(self) -> bool:
        """Whether all constants belong to channels; behind a move only single numbers are known to."""
        moved = False
        for node in self.nodes:
            moved |= node.op.moves_data
            constants = [v for v in node.inputs if v is not None and v.const is not None]
            if node.op.moves_data:
                continue
            if moved and any(v.const is not None and v.const.size > 1 for v in constants):
                return False
        try:
            graph, _ = self._twin((1, self.root.shape[1], *[1] * (len(self.root.shape) - 2)), moves=False)
        except IRError:
            return False
        return all(value.shape[2:].count(1) == len(value.shape[2:]) for value in graph.values)

    def _twin(self, shape: tuple[int, ...], *, moves: bool) -> tuple[Graph, Value]:
        """The chain as a graph of its own over a root of `shape`, with or without what moves data."""
        graph = Graph("chain")
        twins: dict[Value, Value] = {self.root: graph.input("root", shape)}
        twins[self.root].type = self.root.type._replace(shape=shape)
        for node in self.nodes:
            if node.op.moves_data and not moves:
                twins[node.output] = twins[node.input(0)]
                continue
            for value in node.inputs:
                if value is not None and value not in twins:
                    twins[value] = graph.constant(_read(value), name=value.name)
                    twins[value].type = value.type
            inputs = [None if v is None else twins[v] for v in node.inputs]
            twin = graph.add_node(node.op, *inputs, name=node.name)
            twins.update(zip(node.outputs, twin.outputs, strict=True))
        graph.outputs = [twins[self.value]]
        return graph, twins[self.value]

    def function(self, domain: Domain) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
        """The function, lane by lane: (K, lanes) indices to (K, lanes) values, by onnxruntime itself.

        A lane is a channel or an element of the root; where the chain moves elements the results are put
        back in order.
        """
        per_channel = len(domain.low) < int(np.prod(self.root.shape))
        shape = self.root.shape
        if per_channel:
            shape = (1, shape[1], *[1] * (len(shape) - 2))
        graph, _ = self._twin(shape, moves=not per_channel)
        session = Session(graph, threads=1)
        back: Any = slice(None)
        if self.moves and not per_channel:
            order = np.arange(int(np.prod(shape))).reshape(shape)
            for node in self.moves:
                order = move(node, order)
            back = np.argsort(order.ravel())

        def evaluate(indices: NDArray[np.int64]) -> NDArray[Any]:
            points = domain.values(indices).reshape(len(indices), *shape[1:])
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
        elementwise = node is not None and (node.op.elementwise or node.op.moves_data) and not widens(node)
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
