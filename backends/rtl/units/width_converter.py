# SPDX-License-Identifier: Apache-2.0
"""Verilog of the width converter."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.unit import elements
from finnlite.ops.width_converter import WidthConverter

from .code import LayerCode

__all__ = ["width_converter"]


def width_converter(node: Node, name: str) -> LayerCode:
    """Words of one size to words of another."""
    op = node.op
    if not isinstance(op, WidthConverter):
        raise IRError(f"node {node.name!r}: must be a WidthConverter, is {op.op_type}")
    x = node.input(0)
    return LayerCode(
        title=f"words of {op.in_elems} elements to words of {op.out_elems}, {elements(x)} a frame",
        cell="finnlite_width_converter",
        parameters=(
            ("N", elements(x)),
            ("IN", op.in_elems),
            ("OUT", op.out_elems),
            ("BITS", int(x.datatype.bitwidth())),
        ),
        pipe=1,
    )
