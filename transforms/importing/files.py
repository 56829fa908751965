# SPDX-License-Identifier: Apache-2.0
"""Model files: from a path to a `ModelProto` whose weights are all there, or one clear message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, external_data_helper

from finnlite.errors import ModelError

__all__ = ["read_model"]

_EXPORT = "export the model to ONNX again"
_SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive (a PyTorch checkpoint or a Keras model?)",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (a Keras model?)",
    b"\x80\x02": "a Python pickle",
    b"\x1f\x8b": "compressed by gzip",
    b"version https://git-lfs": "a Git LFS pointer (fetch the file with `git lfs pull`)",
}
"""What files that are handed over by mistake begin with."""


def read_model(path: Path | str) -> ModelProto:
    """Reads an ONNX file, with the external data it refers to.

    Args:
        path: The file.

    Returns:
        The model, all its tensors inside.

    Raises:
        ModelError: If the file is missing, damaged or not ONNX, or its external data is missing, too
            short, or lies outside the model's folder.
    """
    path = Path(path)
    data = _read(path)
    model = _parse(path, data)
    _load_external(path, model)
    return model


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise ModelError(f"model {str(path)!r} must be an ONNX file, is a folder; name the file in it")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"model {str(path)!r} must be an ONNX file, does not exist; check the path"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"model {str(path)!r} cannot be read: {reason}; check the path") from None
    if not data:
        raise ModelError(f"model {str(path)!r} must be an ONNX file, is empty; {_EXPORT}")
    return data


def _parse(path: Path, data: bytes) -> ModelProto:
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise ModelError(f"model {str(path)!r} must be an ONNX file, is {kind}; {_EXPORT}")
    if _is_text(data):
        raise ModelError(f"model {str(path)!r} must be an ONNX file, is text; {_EXPORT}")
    try:
        model = ModelProto()
        model.ParseFromString(data)
        intact = all(isinstance(name, str) for name in _names(model.graph))
    except DecodeError:
        intact = False
    if not intact:
        raise ModelError(
            f"model {str(path)!r} must be an ONNX file, is damaged, truncated or of another kind "
            f"({len(data)} bytes); copy it again or {_EXPORT}"
        )
    if not model.graph.node or not model.graph.output or not model.opset_import:
        missing = "no nodes" if not model.graph.node else "no outputs or no opset"
        raise ModelError(
            f"model {str(path)!r} must be a whole ONNX model, has {missing}; copy it again or {_EXPORT}"
        )
    return model


def _names(graph: GraphProto) -> Iterator[object]:
    """All names of a graph; protobuf gives those that are no UTF-8 as bytes instead of refusing them."""
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    for named in (*graph.initializer, *graph.input, *graph.output):
        yield named.name
    yield graph.name


def _is_text(data: bytes) -> bool:
    head = data[:4096]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not just a character that the cut divides
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c in "\t\n\r\f" for c in text)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every tensor of a graph and of the graphs in its nodes' attributes."""
    yield from graph.initializer
    for node in graph.node:
        yield from _attribute_tensors(node.attribute)


def _attribute_tensors(attributes: Iterator[AttributeProto]) -> Iterator[TensorProto]:
    for attribute in attributes:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("g"):
            yield from _tensors(attribute.g)
        for graph in attribute.graphs:
            yield from _tensors(graph)


def _load_external(path: Path, model: ModelProto) -> None:
    tensors = list(_tensors(model.graph))
    for function in model.functions:
        for node in function.node:
            tensors.extend(_attribute_tensors(node.attribute))
    folder = path.resolve().parent
    for tensor in tensors:
        if tensor.data_location == TensorProto.EXTERNAL:
            _check_external(path, folder, tensor)
            try:
                external_data_helper.load_external_data_for_tensor(tensor, str(folder))
            except Exception as error:
                # onnx has its own rules for such files (links, permissions) and no class for their breach
                raise ModelError(
                    f"model {str(path)!r}: external data of {tensor.name!r} cannot be read: {error}"
                ) from error


def _check_external(path: Path, folder: Path, tensor: TensorProto) -> None:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    about = f"model {str(path)!r}: external data of {tensor.name!r}"
    target = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not target.is_relative_to(folder):
        raise ModelError(
            f"{about} must lie in the model's folder, is {location!r}; move it there and {_EXPORT}"
        )
    if not target.is_file():
        raise ModelError(f"{about} must be in {location!r}, which does not exist; copy it beside the model")
    try:
        offset, length = int(entries.get("offset", 0)), int(entries.get("length", 0))
    except ValueError:
        raise ModelError(
            f"{about} must have whole numbers as offset and length, has not; {_EXPORT}"
        ) from None
    size = target.stat().st_size
    if offset < 0 or length < 0 or offset + length > size:
        raise ModelError(
            f"{about} must end within {location!r} ({size} bytes), ends at {offset + length}; copy it again"
        )
