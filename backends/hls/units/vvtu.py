# SPDX-License-Identifier: Apache-2.0
"""C++ of the VVTU."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.cost import LANE_BITS
from finnlite.ops.vvtu import VVTU

from ...codes import encode, lanes
from ..writer import array, element_type
from .code import LayerCode, Port, ram_pragmas, rom_pragmas
from .thresholds import activation

__all__ = ["vvtu"]


def vvtu(node: Node, name: str) -> LayerCode:
    """Weights in lanes of 36 bits, an accumulator a channel, and the activation."""
    op = node.op
    if not isinstance(op, VVTU):
        raise IRError(f"node {node.name!r}: must be a VVTU, is {op.op_type}")
    x, weights, y = node.input(0), node.input(1), node.output
    taps = op.folds(node)[0]
    memories = op.memories(node)
    thresholds = activation(
        name, op.pe, node.optional(2), node.optional(3), op.out_min, op.out_step, memories
    )
    memory = f"{name}_weights"
    return LayerCode(
        template="vvtu",
        title=f"vector-vector-threshold unit, {taps} taps of {weights.shape[1]} channels, {op.pe} a step",
        shape=(
            ("TAPS", str(taps)),
            ("C", str(weights.shape[1])),
            ("PE", str(op.pe)),
            ("input", element_type(x.datatype)),
            ("weight", element_type(weights.datatype)),
            ("accumulator", element_type(op.accumulator)),
            ("output", element_type(y.datatype)),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.source(node).width}>"),
            Port("m0", f"ap_uint<{op.sink(node).width}>"),
        ),
        scalars=("tap", "nf", "fold"),
        arrays=("sums",),
        pragmas=(
            *ram_pragmas("sums", memories["sums"], lanes=True),
            *rom_pragmas(memory, memories["weights"]),
            *thresholds.pragmas,
        ),
        constants=_weights(node, op, memory) + "\n" + thresholds.constants,
        activation=thresholds.body,
        activation_type=thresholds.library_type,
        arguments=(memory,),
    )


def _weights(node: Node, op: VVTU, memory: str) -> str:
    value = node.input(1)
    if value.const is None:
        raise IRError(f"node {node.name!r}: weights must be constant, are computed")
    codes = np.ascontiguousarray(encode(value.const, value.datatype)).reshape(-1, op.pe)
    words = lanes(codes, int(value.datatype.bitwidth()))
    head = (
        f"// Weights of one tap of PE channels a word, in lanes of {LANE_BITS} bits; [LANES][TAPS * FOLDS].\n"
    )
    return head + array(memory, f"ap_uint<{LANE_BITS}>", words, hexadecimal=True)
