# SPDX-License-Identifier: Apache-2.0
"""Verilog of the MVTU."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.mvtu import MVTU

from .code import LayerCode
from .memories import ram_style
from .roms import constants
from .sums import layer_of, sums_of

__all__ = ["mvtu"]


def mvtu(node: Node, name: str) -> LayerCode:
    """Weights in lanes of 36 bits, the cell, and what follows its sums."""
    op = node.op
    if not isinstance(op, MVTU):
        raise IRError(f"node {node.name!r}: must be an MVTU, is {op.op_type}")
    x, weights = node.input(0), node.input(1)
    if weights.const is None:
        raise IRError(f"node {node.name!r}: weights must be constant, are computed")
    neurons, synapses = op.folds(node)
    memories = op.memories(node)
    layer = layer_of(node, op.simd, x, weights, np.asarray(weights.const).astype(np.int64).T)
    row_bits = max(1, (neurons - 1).bit_length())
    fold_bits = max(1, (neurons * synapses - 1).bit_length())
    sums = sums_of(name, node, layer, op.pe, row_bits, (op.out_min, op.out_step), memories)
    folded = layer.matrix.reshape(neurons, op.pe, synapses, op.simd).transpose(0, 2, 1, 3)
    words = layer.product.words(folded, weights.datatype).reshape(neurons * synapses, -1)
    rom = constants(name, "weights", words, "fold", memories["weights"].style)
    sum_pipe = (4 if neurons > 1 else 2) + layer.product.latency + 1
    return LayerCode(
        title=f"matrix-vector-threshold unit, {weights.shape[0]} inputs by {weights.shape[1]} outputs, "
        f"{op.simd} by {op.pe} a step",
        cell="finnlite_mvtu",
        parameters=(
            ("SIMD", op.simd),
            ("PE", op.pe),
            ("SF", synapses),
            ("NF", neurons),
            *layer.product.parameters,
            ("SHIFT", sums.shift),
            ("SUM_BITS", sums.bits),
            ("OUT_BITS", op.sink(node).width // op.pe),
            ("ROW_PIPE", sum_pipe - sums.early),
            *((("BUFFER_STYLE", ram_style(memories["buffer"])),) if "buffer" in memories else ()),
        ),
        pipe=sum_pipe + sums.activation.pipe,
        connections=tuple((net, net) for net in ("fold", "weights", "row", "start", "sums", "outputs")),
        body=(*sums.body(row_bits, fold_bits, op.pe), *rom.body, ""),
        memories={**rom.memories, **sums.activation.memories},
    )
