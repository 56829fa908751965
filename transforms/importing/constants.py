# SPDX-License-Identifier: Apache-2.0
"""Constant subgraphs: what depends on weights only is computed once, by onnxruntime.

Standard nodes run as they are, in the model's own opset; QONNX nodes (weight quantizers) by their
expansion. Runs of the two kinds alternate, so that a model takes two or three sessions, not one a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from finnlite.errors import ModelError
from finnlite.execution import Session, run_onnx
from finnlite.ir import Graph, Node, Value
from finnlite.ops import lookup

from .opsets import QONNX_DOMAIN, domain_of, operator_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Constants", "Find", "constant_of", "is_foldable", "live", "names_read"]

Find = Callable[[str], Value | None]
Build = Callable[[Graph, NodeProto, Find], Node]
_RANDOM = ("Random", "Multinomial", "Bernoulli")
_IR_VERSION = 8


def constant_of(node: NodeProto) -> NDArray[Any]:
    """The array of a `Constant` node.

    Raises:
        ModelError: If it holds no tensor of numbers.
    """
    for attribute in node.attribute:
        if attribute.name == "value":
            return numpy_helper.to_array(attribute.t)
        if attribute.name in ("value_float", "value_floats"):
            return numpy_helper.to_array(_tensor("FLOAT", helper.get_attribute_value(attribute)))
        if attribute.name in ("value_int", "value_ints"):
            return numpy_helper.to_array(_tensor("INT64", helper.get_attribute_value(attribute)))
    raise ModelError(f"node {node.name!r}: Constant must hold a tensor of numbers, does not")


def _tensor(kind: str, value: Any) -> Any:
    many = not isinstance(value, int | float)
    values = list(value) if many else [value]
    return helper.make_tensor("", getattr(TensorProto, kind), [len(values)] if many else [], values)


def is_foldable(node: NodeProto) -> bool:
    """Whether a node can be computed once its inputs are constants."""
    if any(a.HasField("g") or a.graphs for a in node.attribute) or node.op_type.startswith(_RANDOM):
        return False
    domain = domain_of(node)
    return not domain or (domain == QONNX_DOMAIN and lookup(*operator_of(node)) is not None)


def names_read(nodes: Iterable[NodeProto]) -> Iterator[str]:
    """All names that nodes read, those of the graphs in their attributes included."""
    for node in nodes:
        yield from filter(None, node.input)
        for attribute in node.attribute:
            for graph in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from _names_read_in(graph)


def _names_read_in(graph: GraphProto) -> Iterator[str]:
    yield from names_read(graph.node)
    yield from (output.name for output in graph.output)


def live(nodes: Sequence[NodeProto], outputs: Iterable[str]) -> Sequence[NodeProto]:
    """The nodes that an output depends on, in their order."""
    needed = set(outputs)
    found = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            found.append(node)
            needed.update(names_read([node]))
    return found[::-1]


class Constants:
    """The model's constants by name, and how further ones are computed from them.

    Args:
        opset: The model's opset.
        build: Adds a node to a graph, given what finds its inputs by name.
    """

    def __init__(self, opset: int, build: Build) -> None:
        """See the class."""
        self.arrays: dict[str, NDArray[Any]] = {}
        self.folded: list[str] = []
        self._build = build
        self._pending: dict[str, NodeProto] = {}
        self._opset = opset

    def __contains__(self, name: str) -> bool:
        """Whether a name is a constant, computed or still to be."""
        return name in self.arrays or name in self._pending

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A constant's array.

        Raises:
            ModelError: If it cannot be computed; the message names the node.
        """
        if name in self._pending:
            self._compute()
        return self.arrays[name]

    def add(self, node: NodeProto) -> None:
        """Adds a foldable node whose inputs all are constants; it is computed when it is needed."""
        if node.op_type == "Constant" and not node.domain:
            self.arrays[node.output[0]] = constant_of(node)
            return
        self.folded.append(node.name)
        if node.op_type == "Identity" and node.input[0] in self.arrays:
            self.arrays[node.output[0]] = self.arrays[node.input[0]]
            return
        self._pending.update((name, node) for name in node.output if name)

    def _compute(self) -> None:
        """Computes all pending nodes, kind by kind: what is ready of one, then what is ready of the other."""
        waiting = list({id(node): node for node in self._pending.values()}.values())
        self._pending = {}
        standard = True
        while waiting:
            batch, made = [], set(self.arrays)
            for node in waiting:
                if (domain_of(node) == "") == standard and all(n in made for n in node.input if n):
                    batch.append(node)
                    made.update(node.output)
            if batch:
                chosen = {id(node) for node in batch}
                waiting = [node for node in waiting if id(node) not in chosen]
                needed = [name for node in batch for name in node.output if name]
                (self._run_standard if standard else self._run_qonnx)(batch, needed)
            standard = not standard

    def _run_standard(self, nodes: Sequence[NodeProto], needed: Sequence[str]) -> None:
        used = dict.fromkeys(name for node in nodes for name in node.input if name in self.arrays)
        graph = GraphProto(
            name="constants",
            node=nodes,
            initializer=[numpy_helper.from_array(self.arrays[name], name) for name in used],
            output=[ValueInfoProto(name=name) for name in needed],
        )
        opsets = [helper.make_opsetid("", self._opset)]
        model = ModelProto(ir_version=_IR_VERSION, opset_import=opsets, graph=graph)
        try:
            results = run_onnx(model.SerializeToString(), {})
        except Exception as error:
            # whatever onnxruntime raises: the nodes come from the file
            names = ", ".join(repr(node.name) for node in nodes[:3])
            raise ModelError(
                f"constant nodes {names}{', …' if len(nodes) > 3 else ''} cannot be computed: {error}"
            ) from error
        self.arrays.update(zip(needed, results, strict=True))

    def _run_qonnx(self, nodes: Sequence[NodeProto], needed: Sequence[str]) -> None:
        graph = Graph("constants")
        values: dict[str, Value] = {}

        def find(name: str) -> Value:
            if name not in values:
                values[name] = graph.constant(self.arrays[name], name=name)
            return values[name]

        for node in nodes:
            values[node.output[0]] = self._build(graph, node, find).output
        graph.outputs = [values[name] for name in needed]
        results = Session(graph).run({})
        self.arrays.update((name, results[values[name].name]) for name in needed)
