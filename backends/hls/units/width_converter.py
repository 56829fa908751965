# SPDX-License-Identifier: Apache-2.0
"""C++ of the width converter."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.unit import elements
from finnlite.ops.width_converter import WidthConverter

from .code import LayerCode, Port

__all__ = ["width_converter"]


def width_converter(node: Node, name: str) -> LayerCode:
    """Words of one size to words of another."""
    op = node.op
    if not isinstance(op, WidthConverter):
        raise IRError(f"node {node.name!r}: must be a WidthConverter, is {op.op_type}")
    x = node.input(0)
    bits = int(x.datatype.bitwidth())
    return LayerCode(
        template="width_converter",
        title=f"words of {op.in_elems} elements to words of {op.out_elems}, {elements(x)} a frame",
        shape=(
            ("N", str(elements(x))),
            ("IN", str(op.in_elems)),
            ("OUT", str(op.out_elems)),
            ("BITS", str(bits)),
        ),
        ports=(Port("s0", f"ap_uint<{op.in_elems * bits}>"), Port("m0", f"ap_uint<{op.out_elems * bits}>")),
        scalars=("have", "read", "written"),
        arrays=("chunks",),
        pragmas=("array_partition variable=state.chunks type=complete",),
    )
