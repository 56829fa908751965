# SPDX-License-Identifier: Apache-2.0
"""C++ of the MVTU."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.cost import LANE_BITS
from finnlite.ops.mvtu import MVTU

from ...codes import encode, lanes
from ..writer import array, element_type
from .code import LayerCode, Port, ram_pragmas, rom_pragmas
from .thresholds import activation

__all__ = ["mvtu"]


def mvtu(node: Node, name: str) -> LayerCode:
    """Weights in lanes of 36 bits, the replay buffer, and the activation."""
    op = node.op
    if not isinstance(op, MVTU):
        raise IRError(f"node {node.name!r}: must be an MVTU, is {op.op_type}")
    x, weights, y = node.input(0), node.input(1), node.output
    neurons, synapses = op.folds(node)
    memories = op.memories(node)
    thresholds = activation(
        name, op.pe, node.optional(2), node.optional(3), op.out_min, op.out_step, memories
    )
    memory = f"{name}_weights"
    return LayerCode(
        template="mvtu",
        title=f"matrix-vector-threshold unit, {weights.shape[0]} inputs by {weights.shape[1]} outputs, "
        f"{op.simd} by {op.pe} a step",
        shape=(
            ("MW", str(weights.shape[0])),
            ("MH", str(weights.shape[1])),
            ("SIMD", str(op.simd)),
            ("PE", str(op.pe)),
            ("input", element_type(x.datatype)),
            ("weight", element_type(weights.datatype)),
            ("accumulator", element_type(op.accumulator)),
            ("output", element_type(y.datatype)),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.simd * int(x.datatype.bitwidth())}>"),
            Port("m0", f"ap_uint<{op.pe * int(y.datatype.bitwidth())}>"),
        ),
        scalars=("sf", "nf", "fold"),
        arrays=("buffer", "sums"),
        pragmas=(
            "array_partition variable=state.sums type=complete",
            *(ram_pragmas("buffer", memories["buffer"]) if "buffer" in memories else ()),
            *rom_pragmas(memory, memories["weights"]),
            *thresholds.pragmas,
        ),
        constants=_weights(node, op, memory, neurons, synapses) + "\n" + thresholds.constants,
        activation=thresholds.body,
        activation_type=thresholds.library_type,
        arguments=(memory,),
    )


def _weights(node: Node, op: MVTU, memory: str, neurons: int, synapses: int) -> str:
    value = node.input(1)
    if value.const is None:
        raise IRError(f"node {node.name!r}: weights must be constant, are computed")
    codes = encode(value.const, value.datatype).T  # (MH, MW)
    folded = codes.reshape(neurons, op.pe, synapses, op.simd).transpose(0, 2, 1, 3)
    words = lanes(
        np.ascontiguousarray(folded).reshape(neurons * synapses, -1), int(value.datatype.bitwidth())
    )
    head = (
        f"// Weights of one fold a word, PE rows of SIMD elements, in lanes of {LANE_BITS} bits; "
        "[LANES][NF * SF].\n"
    )
    return head + array(memory, f"ap_uint<{LANE_BITS}>", words, hexadecimal=True)
