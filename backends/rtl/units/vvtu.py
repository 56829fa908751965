# SPDX-License-Identifier: Apache-2.0
"""Verilog of the VVTU."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.vvtu import VVTU

from .code import LayerCode
from .memories import ram_style
from .roms import constants
from .sums import layer_of, sums_of

__all__ = ["vvtu"]


def vvtu(node: Node, name: str) -> LayerCode:
    """Weights in lanes of 36 bits, the cell, and what follows its sums."""
    op = node.op
    if not isinstance(op, VVTU):
        raise IRError(f"node {node.name!r}: must be a VVTU, is {op.op_type}")
    x, weights = node.input(0), node.input(1)
    if weights.const is None:
        raise IRError(f"node {node.name!r}: weights must be constant, are computed")
    taps, folds = op.folds(node)
    memories = op.memories(node)
    layer = layer_of(node, 1, x, weights, np.asarray(weights.const).astype(np.int64).T)
    row_bits = max(1, (folds - 1).bit_length())
    fold_bits = max(1, (taps * folds - 1).bit_length())
    sums = sums_of(name, node, layer, op.pe, row_bits, (op.out_min, op.out_step), memories)
    folded = layer.matrix.T.reshape(taps, folds, op.pe, 1)
    words = layer.product.words(folded, weights.datatype).reshape(taps * folds, -1)
    rom = constants(name, "weights", words, "fold", memories["weights"].style)
    sum_pipe = layer.product.latency + 3
    style = ram_style(memories["sums"])
    return LayerCode(
        title=f"vector-vector-threshold unit, {taps} taps of {weights.shape[1]} channels, {op.pe} a step",
        cell="finnlite_vvtu",
        parameters=(
            ("TAPS", taps),
            ("PE", op.pe),
            ("FOLDS", folds),
            *layer.product.parameters,
            ("SHIFT", sums.shift),
            ("SUM_BITS", sums.bits),
            ("OUT_BITS", op.sink(node).width // op.pe),
            ("ROW_PIPE", sum_pipe - sums.early),
            *((("SUMS_STYLE", style), ("SUMS_LAG", 2 if style == "block" else 1)) if folds > 1 else ()),
        ),
        pipe=sum_pipe + sums.activation.pipe,
        connections=tuple((net, net) for net in ("fold", "weights", "row", "start", "sums", "outputs")),
        body=(*sums.body(row_bits, fold_bits, op.pe), *rom.body, ""),
        memories={**rom.memories, **sums.activation.memories},
    )
