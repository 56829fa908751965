# SPDX-License-Identifier: Apache-2.0
"""Graphs as ONNX files: every stage can be written, and is read back exactly as it was.

Standard operators are written as standard nodes, QONNX's as QONNX's, all others in finnlite's own domain
(`finnlite.qonnx_ops`), whose version is the version of the file format. A datatype that does not follow
from the element type is a QONNX quantization annotation; origins, channel axes and `Graph.metadata` are
JSON in the model's `metadata_props`.
"""

from .attributes import attribute_kinds, datatype_named, read_op, write_op
from .reading import extract, from_onnx, load_stage
from .writing import save, to_bytes, to_onnx

__all__ = [
    "attribute_kinds",
    "datatype_named",
    "extract",
    "from_onnx",
    "load_stage",
    "read_op",
    "save",
    "to_bytes",
    "to_onnx",
    "write_op",
]
