# SPDX-License-Identifier: Apache-2.0
"""C++ of the table of a function."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.table import Lookup

from ...codes import encode
from ..writer import array, element_type
from .code import LayerCode, Port, rom_pragmas

__all__ = ["lookup"]


def lookup(node: Node, name: str) -> LayerCode:
    """One word in and one out a step."""
    op = node.op
    if not isinstance(op, Lookup):
        raise IRError(f"node {node.name!r}: must be a Lookup, is {op.op_type}")
    x, table, y = node.input(0), node.input(1), node.output
    memory = f"{name}_table"
    rows = 1 if table.shape[0] == 1 else x.shape[-1] // op.pe
    return LayerCode(
        template="lookup",
        title=f"table of a function of {x.datatype.name}, {op.pe} elements a step",
        shape=(
            ("C", str(x.shape[-1])),
            ("PE", str(op.pe)),
            ("ROWS", str(rows)),
            ("input", element_type(x.datatype)),
            ("output", element_type(y.datatype)),
        ),
        ports=(
            Port("s0", f"ap_uint<{op.source(node).width}>"),
            Port("m0", f"ap_uint<{op.sink(node).width}>"),
        ),
        scalars=("nf",),
        pragmas=rom_pragmas(memory, op.memories(node)["table"]),
        constants=_table(node, op, memory),
        arguments=(memory,),
    )


def _table(node: Node, op: Lookup, memory: str) -> str:
    x, table, y = node.input(0), node.input(1), node.output
    if table.const is None:
        raise IRError(f"node {node.name!r}: table must be constant, is computed")
    entries = encode(table.const, table.datatype).astype(np.int64)
    values = np.arange(int(x.datatype.min()), int(x.datatype.max()) + 1)
    held = np.array([x.datatype.allowed(value) for value in values.tolist()])
    codes = encode(values[held], x.datatype).astype(np.int64)
    by_code = np.zeros((len(entries), 1 << int(x.datatype.bitwidth())), dtype=np.int64)
    by_code[:, codes] = entries[:, held]
    # [PE][NF * CODES]; a table that all share is there PE times, as it is read PE times a step.
    folded = np.repeat(by_code, op.pe, axis=0) if len(entries) == 1 else by_code
    lanes = folded.reshape(-1, op.pe, by_code.shape[1]).transpose(1, 0, 2).reshape(op.pe, -1)
    head = "// The function's codes by fold and code of the element; [PE][ROWS * CODES].\n"
    return head + array(memory, f"ap_uint<{int(y.datatype.bitwidth())}>", lanes)
