# SPDX-License-Identifier: Apache-2.0
"""From a graph to a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorAnnotation, ValueInfoProto, helper, numpy_helper

from finnlite.errors import IRError
from finnlite.ir import OWN_DOMAIN, Graph, Node, Value, datatype_of

from .attributes import write_op

__all__ = ["save", "to_bytes", "to_onnx"]

FORMAT_VERSION = 1
VERSIONS = {"": 17, "qonnx.custom_op.general": 2, OWN_DOMAIN: FORMAT_VERSION}
"""The version in which each domain is written."""
_IR_VERSION = 8
DATATYPE = "finn_datatype"
"""Key of QONNX's annotations."""
ORIGINS, CHANNELS, METADATA = "finnlite.origins", "finnlite.channel_axes", "finnlite.metadata"
"""Keys of the model's metadata."""


def to_onnx(graph: Graph, *, symbolic_batch: str | None = None) -> ModelProto:
    """A graph as a model: opset 17, IR 8, shapes of all values.

    Args:
        graph: Any stage.
        symbolic_batch: Name of a symbolic dimension that replaces axis 0 of all values that depend on an
            input (for execution on batches; such a model cannot be read back).

    Raises:
        IRError: If a field of an operator cannot be written.
    """
    model = ModelProto(ir_version=_IR_VERSION, producer_name="finnlite")
    domains = {"": None, OWN_DOMAIN: None} | dict.fromkeys(node.op.domain for node in graph.nodes)
    for domain in sorted(domains):
        model.opset_import.add(domain=domain, version=VERSIONS[domain])
    proto = model.graph
    proto.name = graph.name
    proto.node.extend(_write_node(node) for node in graph.nodes)
    batched = set() if symbolic_batch is None else _dependent(graph)
    values = _ordered(graph)
    infos = {value: _write_type(value, symbolic_batch if value in batched else None) for value in values}
    proto.input.extend(infos[value] for value in graph.inputs)
    proto.output.extend(infos[value] for value in graph.outputs)
    border = {*graph.inputs, *graph.outputs}
    proto.value_info.extend(info for value, info in infos.items() if value not in border)
    for value in values:
        if value.const is not None:
            proto.initializer.append(numpy_helper.from_array(value.const, value.name))
        if value.datatype != datatype_of(value.carrier):
            note = TensorAnnotation(tensor_name=value.name)
            note.quant_parameter_tensor_names.add(key=DATATYPE, value=value.datatype.name)
            proto.quantization_annotation.append(note)
    for key, entry in _write_metadata(graph).items():
        if entry:
            model.metadata_props.add(key=key, value=json.dumps(entry, sort_keys=True))
    return model


def _write_node(node: Node) -> NodeProto:
    try:
        attributes = write_op(node.op)
    except IRError as error:
        raise IRError(f"node {node.name!r}: {error}") from None
    return NodeProto(
        name=node.name,
        domain=node.op.domain,
        op_type=node.op.op_type,
        input=["" if value is None else value.name for value in node.inputs],
        output=[value.name for value in node.outputs],
        attribute=attributes,
    )


def _ordered(graph: Graph) -> list[Value]:
    """The values in an order that depends on the graph alone: inputs, constants as used, outputs of nodes."""
    used = (value for node in graph.nodes for value in node.inputs if value is not None)
    constants = (value for value in (*used, *graph.values) if value.const is not None)
    outputs = (value for node in graph.nodes for value in node.outputs)
    return list(dict.fromkeys((*graph.inputs, *constants, *outputs)))


def _dependent(graph: Graph) -> set[Value]:
    """The values that depend on an input and have a batch axis."""
    found = set(graph.inputs)
    for node in graph.nodes:
        if any(value in found for value in node.inputs):
            found.update(node.outputs)
    return {value for value in found if value.shape[:1] == (1,)}


def _write_type(value: Value, batch: str | None) -> ValueInfoProto:
    shape: list[int | str] = list(value.shape)
    if batch is not None:
        shape[0] = batch
    element = helper.np_dtype_to_tensor_dtype(value.carrier)
    return helper.make_tensor_value_info(value.name, element, shape)


def _default_axis(value: Value) -> int | None:
    return 1 if len(value.shape) > 1 else None


def _write_metadata(graph: Graph) -> dict[str, dict[str, Any]]:
    return {
        ORIGINS: {node.name: node.origin for node in graph.nodes if node.origin},
        CHANNELS: {v.name: v.channel_axis for v in graph.values if v.channel_axis != _default_axis(v)},
        METADATA: graph.metadata,
    }


def to_bytes(graph: Graph) -> bytes:
    """A graph as the bytes of a stage file; equal graphs give equal bytes."""
    data: bytes = to_onnx(graph).SerializeToString(deterministic=True)
    return data


def save(graph: Graph, path: Path | str) -> None:
    """Writes a stage file."""
    Path(path).write_bytes(to_bytes(graph))
