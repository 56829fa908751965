# SPDX-License-Identifier: Apache-2.0
"""Stage `Import`: from a model file to a `Graph` in opset 17 forms, batch 1, constants folded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import onnx.inliner
from onnx import ModelProto
from qonnx.core.datatype import BaseDataType

from finnlite.errors import ModelError
from finnlite.ir import Graph
from finnlite.ops.movement import Identity

from .constants import live
from .files import read_model
from .inputs import Declaration, Numbers, add_inputs
from .nodes import BlockedNode, Builder, UnknownOperatorError
from .opsets import QONNX_DOMAIN, check_opset, domain_of

__all__ = ["BlockedNode", "Declaration", "Import", "UnknownOperatorError", "import_model", "read_model"]


@dataclass(frozen=True)
class Import:
    """The first stage: a model file becomes a typed graph of batch 1, its constants folded.

    Its fields declare a raw input, see `Declaration.parse`.

    What the graph keeps: the signature, node and tensor names (a node without a name, or with another's,
    gets one of its own), the order of the nodes. What it does not keep: the batch, functions, `If` with a
    constant condition, `Identity`, `Dropout`, shape arithmetic, nodes of constants (listed as JSON in
    `graph.metadata["folded"]`).
    """

    input_type: BaseDataType | str | None = None
    input_scale: float | str | Fraction | None = None
    input_mean: Numbers | None = None
    input_std: Numbers | None = None

    @property
    def name(self) -> str:
        """The name that messages and stage files use."""
        return type(self).__name__

    def __post_init__(self) -> None:
        """Checks the declaration."""
        self.declaration  # noqa: B018

    @property
    def declaration(self) -> Declaration | None:
        """What the options declare; None if they declare nothing.

        Raises:
            OptionError: If they cannot be read, or scale, mean or std come without a type.
        """
        return Declaration.parse_optional(self.input_type, self.input_scale, self.input_mean, self.input_std)

    def load(self, path: Path | str) -> Graph:
        """Reads a model file.

        Raises:
            ModelError: If it cannot be read or imported; the message names the node.
            UnknownOperatorError: If it holds operators that finnlite does not know.
            OptionError: If the declared input does not fit.
        """
        return self.run(read_model(path))

    def run(self, model: ModelProto) -> Graph:
        """Imports a model, which is left as it is.

        Raises:
            ModelError: If it cannot be imported; the message names the node.
            UnknownOperatorError: If it holds operators that finnlite does not know.
            OptionError: If the declared input does not fit.
        """
        declaration = self.declaration
        check_opset(model)
        model = _inline(model)
        if model.graph.sparse_initializer:
            raise ModelError(f"model {model.graph.name!r} must have dense weights, has sparse ones")
        graph = Graph(model.graph.name or "graph")
        values, batch = add_inputs(graph, model.graph, declaration)
        builder = Builder(model, graph, values, batch)
        builder.add_tensors(model.graph.initializer)
        outputs = [output.name for output in model.graph.output]
        builder.walk(builder.name_nodes(live(model.graph.node, outputs)))
        if builder.blocked:
            raise UnknownOperatorError(builder.blocked)
        _add_outputs(graph, builder, outputs)
        if builder.constants.folded:
            graph.metadata["folded"] = json.dumps(builder.constants.folded)
        return graph


def import_model(
    model: ModelProto,
    *,
    input_type: BaseDataType | str | None = None,
    input_scale: float | str | Fraction | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
) -> Graph:
    """Imports a model; see `Import`."""
    return Import(input_type, input_scale, input_mean, input_std).run(model)


def _inline(model: ModelProto) -> ModelProto:
    """The model without functions. A function that defines a QONNX operator yields to that operator."""
    if not model.functions:
        return model
    copy = ModelProto()
    copy.CopyFrom(model)
    kept = [function for function in model.functions if domain_of(function) != QONNX_DOMAIN]
    del copy.functions[:]
    copy.functions.extend(kept)
    try:
        return onnx.inliner.inline_local_functions(copy)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"functions of model {model.graph.name!r} cannot be inlined: {error}") from error


def _add_outputs(graph: Graph, builder: Builder, names: Sequence[str]) -> None:
    """Makes the model's outputs the graph's, under their own names."""
    for name in names:
        value = builder.value(name)
        if value is None:
            raise ModelError(f"output {name!r} must be made by a node, is not; export the model again")
        if value.const is not None:
            raise ModelError(f"output {name!r} must depend on the input, is constant")
        if value.producer is None or graph.is_output(value):
            value = graph.add(Identity(), value, name=f"{name}_copy")
        others = {v.name: v for v in graph.values if v is not value}
        if name in others:
            taken = (f"{name}_{number}" for number in count())
            graph.rename(others[name], next(n for n in taken if n not in others and n != value.name))
        graph.rename(value, name)
        graph.outputs.append(value)
