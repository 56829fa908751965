# SPDX-License-Identifier: Apache-2.0
"""From the nodes of a file to the nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from finnlite.errors import IRError, ModelError, UnsupportedError
from finnlite.ir import OWN_DOMAIN, Graph, Node, Op, Value
from finnlite.ops import lookup
from finnlite.ops.movement import Reshape
from finnlite.serde import read_op

from .checks import check_arity, check_batch, check_numbers, reshape_target
from .constants import Constants, Find, is_foldable, live, names_read
from .opsets import QONNX_DOMAIN, check_opset, domain_of, modern, operator_of

__all__ = ["BlockedNode", "Builder", "UnknownOperatorError"]

_SHAPE_OPS = ("ConstantOfShape", "Expand", "Range", "Shape", "Size")
"""Operators that are fine on shapes: they are no news where an unknown operator hides the shape."""


class BlockedNode(NamedTuple):
    """A node that finnlite has no operator for.

    Args:
        name: Its name, as the user's file names it.
        op_type: Its operator.
        domain: Its domain; empty for standard ONNX.
        fix: What the user can do.
    """

    name: str
    op_type: str
    domain: str
    fix: str


class UnknownOperatorError(UnsupportedError):
    """The model has nodes of operators that finnlite does not know; `nodes` lists them all."""

    def __init__(self, nodes: Sequence[BlockedNode]) -> None:
        """Says the first in the words of all such messages, and lists the others."""
        first = nodes[0]
        operator = f"{first.domain}::{first.op_type}" if first.domain else first.op_type
        others = f" (and {len(nodes) - 1} more: {_listed(nodes[1:])})" if nodes[1:] else ""
        message = f"node {first.name!r}: operator must be one that finnlite knows, is {operator}{others}"
        super().__init__(message, node=first.name, fix=first.fix)
        self.nodes = tuple(nodes)


def _listed(nodes: Sequence[BlockedNode]) -> str:
    shown = ", ".join(f"{node.name!r} {node.op_type}" for node in nodes[:5])
    return f"{shown}, …" if len(nodes) > 5 else shown


def _fix(node: NodeProto) -> str:
    domain = domain_of(node)
    if domain == QONNX_DOMAIN:
        return "use Quant, IntQuant, BipolarQuant, Trunc or MultiThreshold"
    if domain == OWN_DOMAIN:
        return "this is a stage that finnlite wrote: build with --from, or from the source model"
    if domain:
        return "export the model with standard ONNX and QONNX operators only"
    return "replace it in the network by operators that finnlite knows"


class Builder:
    """Builds a graph from a model's nodes, in their order.

    Args:
        model: The model.
        graph: The graph, its inputs in place.
        values: Those inputs by name.
        batch: The batch the model was exported with.
    """

    def __init__(self, model: ModelProto, graph: Graph, values: dict[str, Value], batch: int) -> None:
        """See the class."""
        self.graph = graph
        self.blocked: list[BlockedNode] = []
        self._opset = check_opset(model)
        self.constants = Constants(self._opset, self._build)
        self._values = values
        self._batch = batch
        self._registered: dict[str, Value] = {}
        self._hidden: set[str] = set()
        self._names: set[str] = set()

    # -- names --------------------------------------------------------------------------------------
    def name_nodes(self, nodes: Iterable[NodeProto]) -> list[NodeProto]:
        """Copies of nodes, each with a name of its own: the file's where it has one that is not taken."""
        copies = []
        for node in nodes:
            copy = NodeProto()
            copy.CopyFrom(node)
            copies.append(copy)
        reserved = {node.name for node in copies}
        for index, node in enumerate(copies):
            if not node.name or node.name in self._names:
                base = node.name or f"{node.op_type}_{index}"
                tries = (base if number == 0 else f"{base}_{number}" for number in count())
                node.name = next(n for n in tries if n not in reserved and n not in self._names)
            self._names.add(node.name)
        return copies

    def add_tensors(self, tensors: Iterable[TensorProto]) -> None:
        """Adds initializers to the constants.

        Raises:
            ModelError: If one cannot be read.
        """
        for tensor in tensors:
            try:
                self.constants.arrays[tensor.name] = numpy_helper.to_array(tensor)
            except (ValueError, TypeError, KeyError) as error:
                raise ModelError(
                    f"tensor {tensor.name!r} must hold {list(tensor.dims)} numbers: {error}"
                ) from error

    def value(self, name: str) -> Value | None:
        """The value a name stands for, constants put into the graph; None for what is unknown."""
        if name in self._values:
            return self._values[name]
        if name in self._registered:
            return self._registered[name]
        if name not in self.constants:
            return None
        try:
            value = self.graph.constant(self.constants[name], name=name)
        except KeyError:
            kind = self.constants[name].dtype
            raise ModelError(f"tensor {name!r} must hold numbers, holds {kind}") from None
        self._registered[name] = value
        return value

    def _alias(self, new: str, old: str) -> None:
        if old in self._values:
            self._values[new] = self._values[old]
        elif old in self._hidden:
            self._hidden.add(new)
        else:
            self.constants.arrays[new] = self.constants[old]

    # -- walking ------------------------------------------------------------------------------------
    def walk(self, nodes: Iterable[NodeProto]) -> None:
        """Adds nodes in order: folded, resolved, taken as they are, or noted as blocked.

        Raises:
            ModelError: If a node is inconsistent; the message names it.
        """
        for node in nodes:
            self._visit(node)

    def _visit(self, node: NodeProto) -> None:
        self._check_names(node)
        domain, op_type = domain_of(node), node.op_type
        read = [name for name in node.input if name]
        if any(name in self._hidden for name in names_read([node])):
            self._hide(node)
        elif all(name in self.constants for name in read) and is_foldable(node):
            self.constants.add(node)
        elif not domain and op_type in ("Shape", "Size"):
            self._shape(node)
        elif not domain and op_type in ("Identity", "Dropout"):
            self._pass_through(node)
        elif not domain and op_type == "If":
            self._choose(node)
        elif self._class_of(node) is None:
            self._hide(node)
        else:
            made = self._build(self.graph, node, self.value)
            self._values.update(zip(node.output, made.outputs, strict=False))

    def _check_names(self, node: NodeProto) -> None:
        for name in names_read([node]):
            known = name in self._values or name in self.constants or name in self._hidden
            if not known and name in node.input:
                raise ModelError(
                    f"node {node.name!r}: input {name!r} must be made by a node before it, is not; "
                    "export the model again"
                )
        for name in filter(None, node.output):
            if name in self._values or name in self.constants:
                raise ModelError(
                    f"node {node.name!r}: output {name!r} must be made once, is made again; "
                    "export the model again"
                )

    def _class_of(self, node: NodeProto) -> type[Op] | None:
        return None if node.domain == OWN_DOMAIN else lookup(*operator_of(node))

    def _hide(self, node: NodeProto) -> None:
        """Notes a blocked node; what follows it has no known shape and is looked at by its name only."""
        follows = any(name in self._hidden for name in node.input)
        known = self._class_of(node) is not None or (follows and node.op_type in _SHAPE_OPS)
        if not known and node.op_type not in ("If", "Dropout", "Constant"):
            self.blocked.append(BlockedNode(node.name, node.op_type, domain_of(node), _fix(node)))
        self._hidden.update(filter(None, node.output))

    # -- what import resolves -------------------------------------------------------------------------
    def _shape(self, node: NodeProto) -> None:
        """The shape with the batch the model was exported with, as everything baked expects it."""
        shape = self._values[node.input[0]].shape
        shape = (self._batch, *shape[1:])
        limits = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        part = shape[slice(limits.get("start", 0), limits.get("end"))]
        result = np.asarray(part if node.op_type == "Shape" else np.prod(shape), dtype=np.int64)
        self.constants.arrays[node.output[0]] = result
        self.constants.folded.append(node.name)

    def _pass_through(self, node: NodeProto) -> None:
        training = node.input[2] if len(node.input) > 2 else ""
        if training and (training not in self.constants or self.constants[training].any()):
            raise ModelError(
                f"node {node.name!r}: Dropout training_mode must be false, is not; "
                "export the model for inference"
            )
        self._alias(node.output[0], node.input[0])

    def _choose(self, node: NodeProto) -> None:
        """Takes the branch of an `If` whose condition is a constant."""
        if not node.input or node.input[0] not in self.constants:
            raise UnsupportedError(
                f"node {node.name!r}: the condition of If must be a constant, is computed from the input",
                node=node.name,
                fix="export the branch that is meant",
            )
        wanted = "then_branch" if self.constants[node.input[0]].all() else "else_branch"
        branch = next((a.g for a in node.attribute if a.name == wanted), None)
        if branch is None or len(branch.output) != len(node.output):
            raise ModelError(f"node {node.name!r}: {wanted} must have {len(node.output)} outputs, has not")
        renamed = self._own_names(branch, f"{node.name}/")
        outputs = [output.name for output in renamed.output]
        self.add_tensors(renamed.initializer)
        self.walk(self.name_nodes(live(renamed.node, outputs)))
        for new, old in zip(node.output, outputs, strict=True):
            self._alias(new, old)

    def _own_names(self, branch: GraphProto, prefix: str) -> GraphProto:
        """The branch, its values renamed where another branch has taken the name."""
        made = [t.name for t in branch.initializer] + [n for node in branch.node for n in node.output if n]
        taken = {n for n in made if n in self._values or n in self.constants or n in self._hidden}
        copy = GraphProto()
        copy.CopyFrom(branch)
        _rename(copy, {name: f"{prefix}{name}" for name in taken})
        return copy

    # -- one node -------------------------------------------------------------------------------------
    def _build(self, graph: Graph, node: NodeProto, find: Find) -> Node:
        """Adds one node of a known operator to a graph.

        Raises:
            ModelError: If the node does not fit its definition.
        """
        for name in node.input:
            if name in self.constants:
                self.constants[name]  # computes it now, so that an error names the constant's node
        try:
            check_arity(node, self._opset)
            op, inputs = self._operator(graph, node, find)
            check_numbers(op, inputs)
            if graph is self.graph:
                check_batch(op, inputs)
        except (IRError, ModelError) as error:
            raise ModelError(f"node {node.name!r}: {error}") from None
        return graph.add_node(op, *inputs, name=node.name, origin=(node.name,), outputs=tuple(node.output))

    def _operator(self, graph: Graph, node: NodeProto, find: Find) -> tuple[Op, list[Value | None]]:
        first = find(node.input[0]) if node.input and node.input[0] else None
        form = modern(
            node,
            self._opset,
            carrier=np.dtype(np.float32) if first is None else first.carrier,
            shape=() if first is None else first.shape,
            constant=self.constants.__getitem__,
        )
        cls = lookup(form.domain, form.op_type)
        if cls is None:
            raise ModelError(f"operator must be one that finnlite knows, is {form.op_type}")
        op = read_op(cls, form.attributes)
        inputs: list[Value | None] = []
        for item in form.inputs:
            if isinstance(item, np.ndarray):
                inputs.append(graph.constant(item, name=f"{node.name}_input{len(inputs)}"))
            else:
                inputs.append(None if item is None else find(item))
        if isinstance(op, Reshape) and graph is self.graph:
            target = reshape_target(op, inputs, self._batch)
            inputs[1] = graph.constant(target, name=f"{node.name}_shape")
            op = Reshape()
        op.infer(*inputs)
        return op, inputs


def _rename(graph: GraphProto, names: Mapping[str, str]) -> None:
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for output in graph.output:
        output.name = names.get(output.name, output.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                _rename(inner, names)
