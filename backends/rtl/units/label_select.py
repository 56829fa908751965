# SPDX-License-Identifier: Apache-2.0
"""Verilog of the label selection."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.unit import elements

from .code import LayerCode

__all__ = ["label_select"]


def label_select(node: Node, name: str) -> LayerCode:
    """The index of the frame's largest element, in its last step."""
    op = node.op
    if not isinstance(op, LabelSelect):
        raise IRError(f"node {node.name!r}: must be a LabelSelect, is {op.op_type}")
    x = node.input(0)
    signed = x.datatype.signed() and x.datatype.bitwidth() > 1  # bipolar is one bit and in order
    return LayerCode(
        title=f"index of the largest of {elements(x)} elements, {op.pe} a step",
        cell="finnlite_label_select",
        parameters=(
            ("C", elements(x)),
            ("PE", op.pe),
            ("BITS", int(x.datatype.bitwidth())),
            ("SIGNED", int(signed)),
            ("INDEX_BITS", op.sink(node).width),
        ),
        pipe=1 + (op.pe - 1).bit_length(),
    )
