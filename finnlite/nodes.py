# SPDX-License-Identifier: Apache-2.0
"""What a graph is made of: `Value` and `Node`. They change through `Graph` methods only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.op import Op, TensorType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from finnlite.ir import Graph

__all__ = ["Node", "Value"]


class Value:
    """A tensor of a graph. Made by `Graph.add`, `Graph.input` and `Graph.constant` only."""

    __slots__ = ("_uses", "channel_axis", "const", "index", "name", "producer", "type")

    def __init__(self, name: str, type_: TensorType, const: NDArray[Any] | None = None) -> None:
        """See the class."""
        self.name = name
        self.type = type_
        self.const = const
        self.producer: Node | None = None
        self.index = 0
        self.channel_axis: int | None = 1 if len(type_.shape) > 1 else None
        self._uses: dict[tuple[Node, int], None] = {}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape; axis 0 is the batch and is 1 (but for constants)."""
        return self.type.shape

    @property
    def datatype(self) -> BaseDataType:
        """QONNX datatype of the elements."""
        return self.type.datatype

    @property
    def carrier(self) -> np.dtype[np.generic]:
        """Element type of the tensor that carries the datatype."""
        return self.type.carrier

    @property
    def uses(self) -> tuple[tuple[Node, int], ...]:
        """The nodes that read this value, with the index of the input they read it as."""
        return tuple(self._uses)

    def __repr__(self) -> str:
        """Name, datatype and shape."""
        kind = "constant" if self.const is not None else "value"
        return f"<{kind} {self.name!r} {self.type}>"


class Node:
    """One application of an operator. Inputs change through `Graph` methods only; `op` may be replaced."""

    __slots__ = ("_next", "_prev", "graph", "inputs", "name", "op", "origin", "outputs")

    def __init__(self, name: str, op: Op, inputs: tuple[Value | None, ...], origin: tuple[str, ...]) -> None:
        """See the class."""
        self.name = name
        self.op = op
        self.inputs = inputs
        self.outputs: tuple[Value, ...] = ()
        self.origin = origin
        self.graph: Graph | None = None
        self._prev: Node | None = None
        self._next: Node | None = None

    @property
    def output(self) -> Value:
        """The first output."""
        return self.outputs[0]

    @property
    def source(self) -> str:
        """The node of the user's file whose result it makes, for messages; its own name if there is none."""
        return self.origin[-1] if self.origin else self.name

    def input(self, index: int) -> Value:
        """Input `index`, which must be present.

        Raises:
            IRError: If the node has no such input.
        """
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise IRError(f"node {self.name!r}: {self.op.op_type} must have input {index}, has none")
        return value

    def optional(self, index: int) -> Value | None:
        """Input `index`, or None if it is absent."""
        return self.inputs[index] if index < len(self.inputs) else None

    def __repr__(self) -> str:
        """Name, operator and what it makes."""
        made = ", ".join(str(value.type) for value in self.outputs)
        return f"<node {self.name!r} {self.op!r} → {made}>"
