# SPDX-License-Identifier: Apache-2.0
"""Verilog of the table of a function."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.table import Lookup

from ...codes import encode
from ..writer import wire
from .code import LayerCode
from .roms import bits_of, constants

__all__ = ["lookup"]


def lookup(node: Node, name: str) -> LayerCode:
    """One word in and one out a step; a table for each of the PE elements."""
    op = node.op
    if not isinstance(op, Lookup):
        raise IRError(f"node {node.name!r}: must be a Lookup, is {op.op_type}")
    x, table, y = node.input(0), node.input(1), node.output
    if table.const is None:
        raise IRError(f"node {node.name!r}: table must be constant, is computed")
    bits, out = int(x.datatype.bitwidth()), int(y.datatype.bitwidth())
    entries = encode(table.const, table.datatype).astype(np.int64)
    values = np.arange(int(x.datatype.min()), int(x.datatype.max()) + 1)
    held = np.array([x.datatype.allowed(value) for value in values.tolist()])
    by_code = np.zeros((len(entries), 1 << bits), dtype=np.int64)
    by_code[:, encode(values[held], x.datatype).astype(np.int64)] = entries[:, held]
    shared = len(entries) == 1
    folds = 1 if shared else x.shape[-1] // op.pe
    style = op.memories(node)["table"].style
    row_bits = max(1, (folds - 1).bit_length())
    body, files = [wire(row_bits, "row"), "wire unused = &{1'b0, row};"], dict[str, bytes]()
    for p in range(op.pe):
        own = by_code if shared else by_code[p :: op.pe]  # channel = fold · PE + p
        code = "s0_data" if op.pe * bits == 1 else f"s0_data[{(p + 1) * bits - 1}:{p * bits}]"
        address = f"{{row, {code}}}" if len(own) > 1 else code
        rom = constants(name, f"table_{p}", bits_of(own.reshape(-1, 1), out), address, style)
        body += rom.body
        files |= rom.memories
    pieces = ", ".join(f"table_{p}" for p in reversed(range(op.pe)))
    body += [wire(op.pe * out, "outputs"), f"assign outputs = {{{pieces}}};", ""]
    return LayerCode(
        title=f"table of a function of {x.datatype.name}, {op.pe} elements a step",
        cell="finnlite_elementwise",
        parameters=(
            ("X_BITS", op.source(node).width),
            ("OUT_BITS", op.sink(node).width),
            ("FOLDS", folds),
        ),
        pipe=2,
        connections=(("row", "row"), ("outputs", "outputs")),
        body=tuple(body),
        memories=files,
    )
