# SPDX-License-Identifier: Apache-2.0
"""Verilog of thresholds standing alone."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.thresholding import AT_ONCE, Thresholding

from ..writer import instance, wire
from .code import LayerCode
from .products import Affine, code_of
from .thresholds import Levels, Table, compared, table_of

__all__ = ["thresholding"]


def thresholding(node: Node, name: str) -> LayerCode:
    """One word in and one out a step; the elements as unsigned numbers."""
    op = node.op
    if not isinstance(op, Thresholding):
        raise IRError(f"node {node.name!r}: must be a Thresholding, is {op.op_type}")
    x, thresholds, falling = node.input(0), node.input(1), node.optional(2)
    if thresholds.const is None or (falling is not None and falling.const is None):
        raise IRError(f"node {node.name!r}: thresholds must be constant, are computed")
    folds, pe = op.folds(node), op.pe
    code = code_of(x.datatype)
    flips = np.zeros(1) if falling is None or falling.const is None else np.asarray(falling.const).ravel()
    affine = Affine(code.scale, 1, np.array([code.offset]))
    table = table_of(np.asarray(thresholds.const).astype(np.int64), flips != 0, affine)
    table = Table(np.clip(table.reached, 0, 1 << code.bits), table.flips)
    bits = code.bits + 1  # one more than the largest element is a threshold that none reaches
    row_bits = max(1, (folds - 1).bit_length())
    searched = table.count > AT_ONCE
    levels = Levels(node.output, op.out_min, op.out_step, table.count)
    after = compared(name, pe, bits, row_bits, table, levels, op.memories(node))
    delay = 0 if searched or table.count == 0 else after.early
    return LayerCode(
        title=f"thresholds of {folds * pe} channels, {pe} a step",
        cell="finnlite_elementwise",
        parameters=(
            ("X_BITS", op.source(node).width),
            ("OUT_BITS", op.sink(node).width),
            ("FOLDS", folds),
        ),
        pipe=delay + after.pipe,
        connections=(("row", "row"), ("outputs", "outputs")),
        body=(
            wire(row_bits, "row"),
            wire(pe * bits, "numbers"),
            f"assign numbers = {_numbers(pe, code.bits, signed=code.signed)};",
            wire(pe * bits, "values"),
            *instance(
                "finnlite_delay",
                "values_delay",
                (("WIDTH", pe * bits), ("CYCLES", delay)),
                [("aclk", "aclk"), ("d", "numbers"), ("q", "values")],
            ),
            *after.body,
            "wire unused = &{1'b0, row, values};",
            "",
        ),
        memories=after.memories,
    )


def _numbers(pe: int, bits: int, *, signed: bool) -> str:
    """The elements of a word with a bit more, and with their sign bits inverted."""
    pieces = list[str]()
    for p in reversed(range(pe)):
        top, low = (p + 1) * bits - 1, p * bits
        pieces += ["1'b0", f"{'~' if signed else ''}s0_data[{top}]" if pe * bits > 1 else "s0_data"]
        if bits > 1:
            pieces.append(f"s0_data[{top - 1}:{low}]")
    return "{" + ", ".join(pieces) + "}"
