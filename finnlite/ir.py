# SPDX-License-Identifier: Apache-2.0
"""The graph IR: `Graph`, `Node`, `Value`, `Op`, `Transform`.

A graph owns its nodes in topological order (a linked list, so that insertion before any node is O(1))
and its values. A value knows its producer and its uses, so no query scans a list. Operators are frozen
dataclasses; nodes are the only places where they are instantiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError, TransformError
from finnlite.nodes import Node, Value
from finnlite.op import FLOAT32, OWN_DOMAIN, Op, TensorType, carrier_of, datatype_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from finnlite.pictures import Picture

__all__ = [
    "FLOAT32",
    "OWN_DOMAIN",
    "Graph",
    "Node",
    "Op",
    "TensorType",
    "Transform",
    "Value",
    "carrier_of",
    "datatype_of",
]


class Graph:
    """A dataflow graph: inputs, nodes in topological order, values, outputs.

    Args:
        name: Name of the model.
    """

    def __init__(self, name: str = "graph") -> None:
        """See the class."""
        self.name = name
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self.metadata: dict[str, str] = {}
        """What belongs to the graph as a whole and is written into its file (declared input and the like)."""
        self._first: Node | None = None
        self._last: Node | None = None
        self._nodes: dict[str, Node] = {}
        self._values: dict[str, Value] = {}
        self._fresh: dict[str, int] = {}

    # -- reading ----------------------------------------------------------------------------------
    @property
    def nodes(self) -> Iterator[Node]:
        """The nodes in topological order; any may be removed while iterating, added ones may be missed."""
        node = self._first
        while node is not None:
            following = node._next
            yield node
            while following is not None and following.graph is not self:
                following = following._next
            node = following

    def __len__(self) -> int:
        """Number of nodes."""
        return len(self._nodes)

    @property
    def values(self) -> tuple[Value, ...]:
        """All values: inputs, constants, and outputs of nodes."""
        return tuple(self._values.values())

    def value(self, name: str) -> Value:
        """The value called `name`.

        Raises:
            IRError: If there is none.
        """
        try:
            return self._values[name]
        except KeyError:
            raise IRError(f"graph {self.name!r} has no value {name!r}") from None

    def node(self, name: str) -> Node:
        """The node called `name`.

        Raises:
            IRError: If there is none.
        """
        try:
            return self._nodes[name]
        except KeyError:
            raise IRError(f"graph {self.name!r} has no node {name!r}") from None

    def is_output(self, value: Value) -> bool:
        """Whether `value` leaves the graph."""
        return any(value is out for out in self.outputs)

    def to_networkx(self) -> nx.DiGraph[str]:
        """The nodes as a directed graph of names, with `node=` and, on edges, `value=` attributes."""
        result: nx.DiGraph[str] = nx.DiGraph()
        for node in self.nodes:
            result.add_node(node.name, node=node)
            for value in node.inputs:
                if value is not None and value.producer is not None:
                    result.add_edge(value.producer.name, node.name, value=value.name)
        return result

    # -- building ---------------------------------------------------------------------------------
    def _unique(self, base: str, taken: dict[str, Node] | dict[str, Value]) -> str:
        if base not in taken:
            return base
        number = self._fresh.get(base, 0)
        while (name := f"{base}_{number}") in taken:
            number += 1
        self._fresh[base] = number + 1
        return name

    def _register(self, value: Value) -> Value:
        value.name = self._unique(value.name, self._values)
        self._values[value.name] = value
        return value

    def input(self, name: str, shape: Iterable[int], datatype: BaseDataType = FLOAT32) -> Value:
        """Adds a graph input."""
        value = self._register(Value(name, TensorType.of(shape, datatype)))
        self.inputs.append(value)
        return value

    def constant(self, array: ArrayLike, datatype: BaseDataType | None = None, name: str = "const") -> Value:
        """Adds a constant; it keeps a read-only copy of the array, which copies of the graph share.

        With a datatype the array is converted to that datatype's carrier; without, the array's own
        element type is kept.
        """
        array = np.asarray(array)
        if datatype is None:
            type_ = TensorType.of(array.shape, datatype_of(array.dtype), array.dtype)
        else:
            type_ = TensorType.of(array.shape, datatype)
            array = array.astype(type_.carrier, copy=False)
        if array.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
        return self._register(Value(name, type_, array))

    def add_node(
        self,
        op: Op,
        *inputs: Value | None,
        name: str = "",
        before: Node | None = None,
        origin: tuple[str, ...] = (),
        outputs: tuple[str, ...] = (),
    ) -> Node:
        """Adds a node, at the end or `before` another one; its output types are inferred."""
        while inputs and inputs[-1] is None:
            inputs = inputs[:-1]
        node = Node(self._unique(name or op.op_type, self._nodes), op, inputs, origin)
        try:
            types = op.infer(*inputs)
        except IRError as error:
            raise IRError(f"node {node.name!r}: {error}") from None
        node.graph = self
        self._nodes[node.name] = node
        self._link(node, before)
        for index, value in enumerate(inputs):
            if value is not None:
                value._uses[node, index] = None
        results = []
        for index, type_ in enumerate(types):
            base = (outputs[index] if index < len(outputs) else "") or f"{node.name}_out{index or ''}"
            value = self._register(Value(base, type_))
            value.producer, value.index = node, index
            results.append(value)
        node.outputs = tuple(results)
        return node

    def add(
        self,
        op: Op,
        *inputs: Value | None,
        name: str = "",
        before: Node | None = None,
        origin: tuple[str, ...] = (),
    ) -> Value:
        """Adds a node and returns its first output."""
        return self.add_node(op, *inputs, name=name, before=before, origin=origin).outputs[0]

    def _link(self, node: Node, before: Node | None) -> None:
        previous = before._prev if before is not None else self._last
        node._prev, node._next = previous, before
        if previous is None:
            self._first = node
        else:
            previous._next = node
        if before is None:
            self._last = node
        else:
            before._prev = node

    # -- changing ---------------------------------------------------------------------------------
    def set_input(self, node: Node, index: int, value: Value | None) -> None:
        """Makes `node` read `value` as its input `index`."""
        inputs = list(node.inputs) + [None] * (index + 1 - len(node.inputs))
        old = inputs[index]
        if old is not None:
            del old._uses[node, index]
        inputs[index] = value
        if value is not None:
            value._uses[node, index] = None
        while inputs and inputs[-1] is None:
            inputs.pop()
        node.inputs = tuple(inputs)

    def set_type(self, value: Value, type_: TensorType) -> None:
        """Gives a node's output another type, after its operator or inputs changed."""
        value.type = type_

    def refresh(self, node: Node) -> None:
        """Infers the types of a node's outputs again, after its operator or inputs changed."""
        for value, type_ in zip(node.outputs, node.op.infer(*node.inputs), strict=True):
            value.type = type_

    def rename(self, value: Value, name: str) -> None:
        """Gives a value another name, which must be free.

        Raises:
            IRError: If the name is taken.
        """
        if name in self._values and name != value.name:
            raise IRError(f"value {value.name!r}: its new name must be free, {name!r} is taken")
        del self._values[value.name]
        value.name = name
        self._values[name] = value

    def rename_node(self, node: Node, name: str) -> None:
        """Gives a node another name, made unique if it is taken."""
        del self._nodes[node.name]
        node.name = self._unique(name, self._nodes)
        self._nodes[node.name] = node

    def replace(self, old: Value, new: Value) -> None:
        """Makes every reader of `old` read `new`; a graph output keeps its name."""
        if new is old:
            return
        for node, index in old.uses:
            self.set_input(node, index, new)
        if self.is_output(old):
            if new.producer is None or self.is_output(new):
                from finnlite.ops.movement import Identity

                new = self.add(Identity(), new)
            self.outputs = [new if out is old else out for out in self.outputs]
            name = old.name
            self.rename(old, self._unique(f"{name}_old", self._values))
            self.rename(new, name)

    def remove(self, node: Node) -> None:
        """Removes a node whose outputs nobody reads.

        Raises:
            IRError: If an output is still read or leaves the graph.
        """
        for value in node.outputs:
            if value._uses or self.is_output(value):
                raise IRError(f"node {node.name!r}: must be unused to be removed, {value.name!r} is read")
        for index, used in enumerate(node.inputs):
            if used is not None:
                del used._uses[node, index]
        for value in node.outputs:
            del self._values[value.name]
        del self._nodes[node.name]
        if node._prev is None:
            self._first = node._next
        else:
            node._prev._next = node._next
        if node._next is None:
            self._last = node._prev
        else:
            node._next._prev = node._prev
        node.graph = None

    def prune(self) -> bool:
        """Removes nodes and constants that no output depends on; says whether there were any."""
        changed = False
        node = self._last
        while node is not None:
            previous = node._prev
            if not any(v._uses or self.is_output(v) for v in node.outputs):
                self.remove(node)
                changed = True
            node = previous
        for value in list(self._values.values()):
            if value.const is not None and not value._uses and not self.is_output(value):
                del self._values[value.name]
                changed = True
        return changed

    def copy(self) -> Graph:
        """A graph of its own nodes and values; constant arrays are shared."""
        result = Graph(self.name)
        result.metadata = dict(self.metadata)
        twin: dict[Value, Value] = {}
        for value in self._values.values():
            other = Value(value.name, value.type, value.const)
            other.index, other.channel_axis = value.index, value.channel_axis
            result._values[value.name] = twin[value] = other
        for node in self.nodes:
            inputs = tuple(None if v is None else twin[v] for v in node.inputs)
            other_node = Node(node.name, node.op, inputs, node.origin)
            other_node.graph = result
            result._nodes[node.name] = other_node
            result._link(other_node, None)
            other_node.outputs = tuple(twin[v] for v in node.outputs)
            for output in other_node.outputs:
                output.producer = other_node
            for index, used in enumerate(inputs):
                if used is not None:
                    used._uses[other_node, index] = None
        result.inputs = [twin[v] for v in self.inputs]
        result.outputs = [twin[v] for v in self.outputs]
        return result

    def become(self, other: Graph) -> None:
        """Takes over everything `other` has, which must not be used any more."""
        self.__dict__.update(other.__dict__)
        for node in self._nodes.values():
            node.graph = self

    # -- transforming and checking ------------------------------------------------------------------
    def transform(
        self, *transforms: Transform, after: Callable[[Transform, Graph], None] | None = None
    ) -> Graph:
        """Runs transformations in place, validating the structure after each, and returns the graph.

        Args:
            transforms: What to run, in order.
            after: Called after each with the transformation and the graph.

        Raises:
            FinnliteError: What a transformation raises for the user passes through unchanged.
            TransformError: If a transformation fails otherwise or leaves an invalid graph.
        """
        done: list[str] = []
        for transform in transforms:
            try:
                transform.apply(self)
                self.validate(types=False)
            except IRError as error:
                before = ", ".join(done) or "nothing"
                raise TransformError(
                    f"transformation {transform.name} failed: {error}; {before} ran before it"
                ) from error
            done.append(transform.name)
            if after is not None:
                after(transform, self)
        return self

    def validate(self, *, types: bool = True) -> None:
        """Checks the invariants: order, use lists, names; with `types` also what operators infer.

        Raises:
            IRError: Naming the first node or value that breaks one.
        """
        from finnlite.validation import validate

        validate(self, types=types)

    def plot(self) -> Picture:
        """The graph as a picture, which a notebook shows by itself; see `finnlite.pictures`."""
        from finnlite.pictures import draw_graph

        return draw_graph(self)

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()

    def __repr__(self) -> str:
        """Name, size and borders."""
        ends = (", ".join(f"{v.name!r} {v.type}" for v in values) for values in (self.inputs, self.outputs))
        return f"<graph {self.name!r}: {len(self)} nodes, {' → '.join(ends)}>"


@dataclass(frozen=True)
class Transform:
    """A transformation of a graph, in place. Its fields are its options."""

    @property
    def name(self) -> str:
        """The name that messages and stage files use."""
        return type(self).__name__

    def apply(self, graph: Graph) -> bool:
        """Transforms `graph`; says whether it changed.

        Raises:
            FinnliteError: If the graph cannot be transformed; the message names the node.
        """
        raise NotImplementedError(self.name)
