# SPDX-License-Identifier: Apache-2.0
"""QONNX's transformations on finnlite's graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qonnx.core.modelwrapper import ModelWrapper

from finnlite.errors import FinnliteError, TransformError
from finnlite.ir import Graph, Node, Transform
from finnlite.serde import from_onnx, to_bytes, to_onnx

if TYPE_CHECKING:
    from onnx import ModelProto
    from qonnx.transformation.base import Transformation

__all__ = ["FromQonnx"]


@dataclass(frozen=True)
class FromQonnx(Transform):
    """Runs a QONNX transformation: the graph is written, transformed and read back.

    Origins of new nodes are those of the nodes they replace. Datatypes are what QONNX annotates, so that
    those it knows nothing about may widen.

    >>> from qonnx.transformation.general import GiveUniqueNodeNames
    >>> FromQonnx(GiveUniqueNodeNames()).name
    'GiveUniqueNodeNames'

    Args:
        transformation: The QONNX transformation.
    """

    transformation: Transformation

    @property
    def name(self) -> str:
        """The name of QONNX's class."""
        return type(self.transformation).__name__

    def apply(self, graph: Graph) -> bool:
        """Transforms `graph`, which stays as it was if this fails.

        Raises:
            TransformError: If the transformation fails, or its result has an operator unknown to finnlite.
        """
        model = to_onnx(graph)
        nodes = tuple(graph.nodes)
        for index, node in enumerate(model.graph.node):
            node.doc_string = str(index)
        try:
            result = ModelWrapper(model).transform(self.transformation, make_deepcopy=False).model
        except Exception as error:  # QONNX raises bare exceptions
            raise TransformError(f"QONNX's {self.name} failed: {error}") from error
        try:
            changed = from_onnx(result)
            changed.validate()
        except FinnliteError as error:
            raise TransformError(f"the result of QONNX's {self.name} cannot be read: {error}") from error
        changed.metadata = graph.metadata
        _keep_what_onnx_loses(nodes, result, changed)
        modified = to_bytes(changed) != to_bytes(graph)
        graph.become(changed)
        return modified


def _keep_what_onnx_loses(nodes: tuple[Node, ...], model: ModelProto, graph: Graph) -> None:
    """Gives the nodes of `graph` the origins and channel axes of the nodes they were, or replace."""
    by_output = {value.name: node for node in nodes for value in node.outputs}
    sources: dict[Node, Node | None] = {}
    for proto, node in zip(model.graph.node, graph.nodes, strict=True):
        old = nodes[int(proto.doc_string)] if proto.doc_string else None
        if old is not None:
            for value, twin in zip(old.outputs, node.outputs, strict=False):
                if len(value.shape) == len(twin.shape):
                    twin.channel_axis = value.channel_axis
        sources[node] = old or by_output.get(node.output.name)
    for node in reversed(list(graph.nodes)):
        heirs = (sources[user] for user in _users(node))
        sources[node] = source = sources[node] or next(heirs, None)
        node.origin = () if source is None else source.origin


def _users(node: Node) -> Iterator[Node]:
    return (user for value in node.outputs for user, _ in value.uses)
