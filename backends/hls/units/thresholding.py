# SPDX-License-Identifier: Apache-2.0
"""C++ of thresholds standing alone."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.thresholding import Thresholding

from ..writer import element_type
from .code import LayerCode, Port
from .thresholds import activation

__all__ = ["thresholding"]


def thresholding(node: Node, name: str) -> LayerCode:
    """One word in and one out a step."""
    op = node.op
    if not isinstance(op, Thresholding):
        raise IRError(f"node {node.name!r}: must be a Thresholding, is {op.op_type}")
    x, y = node.input(0), node.output
    lanes = op.folds(node) * op.pe
    memories = op.memories(node)
    act = activation(name, op.pe, node.input(1), node.optional(2), op.out_min, op.out_step, memories)
    return LayerCode(
        template="thresholding",
        title=f"thresholds of {lanes} channels, {op.pe} a step",
        shape=(
            ("C", str(lanes)),
            ("PE", str(op.pe)),
            ("input", element_type(x.datatype)),
            ("output", element_type(y.datatype)),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.pe * int(x.datatype.bitwidth())}>"),
            Port("m0", f"ap_uint<{op.pe * int(y.datatype.bitwidth())}>"),
        ),
        scalars=("nf",),
        pragmas=act.pragmas,
        constants=act.constants,
        activation=act.body,
        activation_type=act.library_type,
    )
