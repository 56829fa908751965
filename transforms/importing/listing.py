# SPDX-License-Identifier: Apache-2.0
"""The nodes of a model file under the names that import gives them, for `check`."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import ModelProto

from finnlite.ir import Graph

from . import _inline
from .constants import live, names_read
from .nodes import Builder

__all__ = ["source_nodes"]


def source_nodes(model: ModelProto) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Name, operator, and the tensors read and made, of every node that an output depends on, in order."""
    model = _inline(model)
    builder = Builder(model, Graph(), {}, 1)
    outputs = [output.name for output in model.graph.output]
    for node in builder.name_nodes(live(model.graph.node, outputs)):
        read = tuple(name for name in names_read([node]) if name)
        yield node.name, node.op_type, read, tuple(name for name in node.output if name)
