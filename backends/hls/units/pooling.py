# SPDX-License-Identifier: Apache-2.0
"""C++ of the greatest element and of the sum of a window."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.pooling import WindowMax, WindowSum

from ..writer import element_type
from .code import LayerCode, Port, ram_pragmas

__all__ = ["window_max", "window_sum"]


def window_max(node: Node, name: str) -> LayerCode:
    """The greatest element."""
    return _pooling(node, "greatest", "greatest element")


def window_sum(node: Node, name: str) -> LayerCode:
    """The sum."""
    return _pooling(node, "sum_of", "sum")


def _pooling(node: Node, combine: str, what: str) -> LayerCode:
    op = node.op
    if not isinstance(op, WindowMax | WindowSum):
        raise IRError(f"node {node.name!r}: must be a WindowMax or WindowSum, is {op.op_type}")
    x, y = node.input(0), node.output
    channels = y.shape[-1]
    return LayerCode(
        template="pooling",
        title=f"{what} of {op.window} pixels of {channels} channels, {op.pe} a step",
        shape=(
            ("TAPS", str(op.window)),
            ("C", str(channels)),
            ("PE", str(op.pe)),
            ("input", element_type(x.datatype)),
            ("output", element_type(y.datatype)),
            ("combine", f"finnlite::{combine}"),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.source(node).width}>"),
            Port("m0", f"ap_uint<{op.sink(node).width}>"),
        ),
        scalars=("tap", "fold"),
        arrays=("kept",),
        pragmas=ram_pragmas("kept", op.memories(node)["kept"], lanes=True),
    )
