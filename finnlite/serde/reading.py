# SPDX-License-Identifier: Apache-2.0
"""From a model that finnlite wrote to the graph it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError, ModelError
from finnlite.ir import OWN_DOMAIN, Graph, TensorType, Value, datatype_of
from finnlite.ops import lookup

from .attributes import datatype_named, read_op
from .writing import CHANNELS, DATATYPE, FORMAT_VERSION, METADATA, ORIGINS, VERSIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["extract", "from_onnx", "load_stage"]


def load_stage(path: Path | str) -> Graph:
    """Reads a stage file; other models are read by `finnlite.load`.

    Raises:
        ModelError: If the file cannot be read, or was not written by this or an older finnlite.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ModelError(f"stage file {str(path)!r} cannot be read: {error.strerror}") from None
    try:
        return from_onnx(ModelProto.FromString(data))
    except DecodeError:
        raise ModelError(f"stage file {str(path)!r} must be an ONNX model, is none or damaged") from None
    except ModelError as error:
        raise ModelError(f"stage file {str(path)!r}: {error}") from None


def from_onnx(model: ModelProto) -> Graph:
    """A graph from a model that `to_onnx` wrote, exactly as it was.

    Types that the model does not say are inferred.

    Raises:
        ModelError: If the model is not one that this or an older finnlite wrote; the message names the node.
    """
    _check_version(model)
    metadata = _read_metadata(model)
    proto = model.graph
    graph = Graph(proto.name)
    graph.metadata = metadata.get(METADATA, {})
    origins: dict[str, list[str]] = metadata.get(ORIGINS, {})
    datatypes = _read_datatypes(proto)
    known = _read_types(proto, datatypes)
    values: dict[str, Value] = {}

    def register(value: Value, name: str, type_: TensorType) -> None:
        if value.name != name:
            raise ModelError(f"value {name!r} must be defined once, is defined again")
        values[name] = value
        graph.set_type(value, type_)

    for info in proto.input:
        if info.name not in known:
            raise ModelError(f"shape of input {info.name!r} must be numbers, is not")
        register(graph.input(info.name, known[info.name].shape), info.name, known[info.name])
    for tensor in proto.initializer:
        value = graph.constant(_read_array(tensor), name=tensor.name)
        datatype = datatypes.get(tensor.name, value.datatype)
        register(value, tensor.name, value.type._replace(datatype=datatype))
    for node in proto.node:
        outputs = _read_node(graph, node, values, origins.get(node.name, ()))
        for value, name in zip(outputs, node.output, strict=True):
            type_ = known.get(name, value.type._replace(datatype=datatypes.get(name, value.datatype)))
            if type_.shape != value.shape:
                found, wanted = list(type_.shape), list(value.shape)
                raise ModelError(f"{_label(node)}: shape of {name!r} must be {wanted}, is {found}")
            register(value, name, type_)
    for info in proto.output:
        if info.name not in values:
            raise ModelError(f"output {info.name!r} must be computed by a node, is not")
        graph.outputs.append(values[info.name])
    for name, axis in metadata.get(CHANNELS, {}).items():
        if name in values:
            values[name].channel_axis = axis
    return graph


def _read_metadata(model: ModelProto) -> dict[str, dict[str, Any]]:
    result = {}
    for entry in model.metadata_props:
        if entry.key in (ORIGINS, CHANNELS, METADATA):
            try:
                result[entry.key] = dict(json.loads(entry.value))
            except (TypeError, ValueError):
                raise ModelError(f"metadata {entry.key!r} must be a JSON object, is not") from None
    return result


def _label(node: NodeProto) -> str:
    return f"node {node.name or node.output[0]!r}"


def _check_version(model: ModelProto) -> None:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    version = versions.get(OWN_DOMAIN)
    if version is None:
        by = model.producer_name or "an unknown producer"
        raise ModelError(f"a stage must be written by finnlite, is by {by}; use finnlite.load")
    if version > FORMAT_VERSION:
        raise ModelError(f"stage format must be at most {FORMAT_VERSION}, is {version}; update finnlite")
    if versions.get("") != VERSIONS[""]:
        raise ModelError(f"opset must be {VERSIONS['']}, is {versions.get('')}")


def _read_datatypes(proto: GraphProto) -> dict[str, BaseDataType]:
    result = {}
    for note in proto.quantization_annotation:
        for entry in note.quant_parameter_tensor_names:
            if entry.key == DATATYPE:
                try:
                    result[note.tensor_name] = datatype_named(entry.value)
                except ValueError:
                    raise ModelError(
                        f"datatype of {note.tensor_name!r} must be one of QONNX's, is {entry.value!r}"
                    ) from None
    return result


def _read_types(proto: GraphProto, datatypes: Mapping[str, BaseDataType]) -> dict[str, TensorType]:
    result = {}
    for info in (*proto.input, *proto.output, *proto.value_info):
        tensor = info.type.tensor_type
        dims = tensor.shape.dim
        if tensor.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            try:
                carrier = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
                datatype = datatypes.get(info.name) or datatype_of(carrier)
            except KeyError:
                raise ModelError(
                    f"element type of {info.name!r} must be a number's, is {tensor.elem_type}"
                ) from None
            result[info.name] = TensorType(tuple(dim.dim_value for dim in dims), datatype, carrier)
    return result


def _read_array(tensor: TensorProto) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = numpy_helper.to_array(tensor)
        datatype_of(array.dtype)
    except (KeyError, TypeError, ValueError):
        raise ModelError(
            f"constant {tensor.name!r} must hold {list(tensor.dims)} numbers, does not"
        ) from None
    return array


def _read_node(
    graph: Graph, node: NodeProto, values: Mapping[str, Value], origin: Iterable[str]
) -> tuple[Value, ...]:
    cls = lookup(node.domain, node.op_type)
    if cls is None:
        found = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        raise ModelError(f"{_label(node)}: operator must be one that finnlite has, is {found}")
    inputs: list[Value | None] = []
    for name in node.input:
        if name and name not in values:
            raise ModelError(f"{_label(node)}: input {name!r} must be computed before it, is not")
        inputs.append(values[name] if name else None)
    try:
        op = read_op(cls, {attribute.name: attribute for attribute in node.attribute})
        outputs = tuple(node.output)
        made = graph.add_node(op, *inputs, name=node.name, origin=tuple(origin), outputs=outputs)
    except (IRError, ModelError) as error:
        # add_node has named the node already
        message = str(error) if isinstance(error, IRError) else f"{_label(node)}: {error}"
        raise ModelError(message) from None
    if len(made.outputs) != len(outputs):
        raise ModelError(f"{_label(node)}: must have {len(made.outputs)} outputs, has {len(outputs)}")
    return made.outputs


def extract(node: NodeProto, proto: GraphProto) -> Graph:
    """One node of a model as a graph of its own, whose outputs have the types that it infers.

    Raises:
        ModelError: As `from_onnx`.
    """
    needed = set(node.input)
    constants = [tensor for tensor in proto.initializer if tensor.name in needed]
    needed.difference_update(tensor.name for tensor in constants)
    infos = (*proto.input, *proto.output, *proto.value_info)
    model = ModelProto()
    for domain in ("", OWN_DOMAIN):
        model.opset_import.add(domain=domain, version=VERSIONS[domain])
    model.graph.node.append(node)
    model.graph.initializer.extend(constants)
    model.graph.input.extend({info.name: info for info in infos if info.name in needed}.values())
    model.graph.output.extend(ValueInfoProto(name=name) for name in node.output)
    notes = proto.quantization_annotation
    model.graph.quantization_annotation.extend(note for note in notes if note.tensor_name in node.input)
    return from_onnx(model)
