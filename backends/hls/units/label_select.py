# SPDX-License-Identifier: Apache-2.0
"""C++ of the label selection."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.unit import elements

from ..writer import element_type
from .code import LayerCode, Port

__all__ = ["label_select"]


def label_select(node: Node, name: str) -> LayerCode:
    """The index of the frame's largest element, in its last step."""
    op = node.op
    if not isinstance(op, LabelSelect):
        raise IRError(f"node {node.name!r}: must be a LabelSelect, is {op.op_type}")
    x, y = node.input(0), node.output
    return LayerCode(
        template="label_select",
        title=f"index of the largest of {elements(x)} elements, {op.pe} a step",
        shape=(
            ("C", str(elements(x))),
            ("PE", str(op.pe)),
            ("input", element_type(x.datatype)),
            ("output", element_type(y.datatype)),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.pe * int(x.datatype.bitwidth())}>"),
            Port("m0", f"ap_uint<{int(y.datatype.bitwidth())}>"),
        ),
        scalars=("nf", "best", "index"),
    )
