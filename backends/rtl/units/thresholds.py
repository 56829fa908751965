# SPDX-License-Identifier: Apache-2.0
"""What makes outputs of sums: thresholds in the sums' own numbers, and the cells that compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Value
from finnlite.ops.cost import Memory
from finnlite.ops.thresholding import AT_ONCE

from ...codes import encode
from ..writer import instance, wire
from .products import Affine
from .roms import Constants, bits_of, constant, constants

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Activation", "Levels", "Table", "compared", "signs", "table_of"]

_NONE: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Table:
    """Thresholds of each row.

    Args:
        reached: (R, T), ascending: what a sum must be at least for a threshold to fire. R is 1 or all rows.
        flips: (R,) booleans: the thresholds that fire are those not reached.
    """

    reached: NDArray[np.int64]
    flips: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """T."""
        return int(self.reached.shape[1])


class Levels:
    """The codes of the outputs: out_min + out_step · count."""

    def __init__(self, y: Value, out_min: int, out_step: int, count: int) -> None:
        """Of an output with `count` thresholds."""
        values = np.array([out_min, out_min + out_step * min(count, 1)])
        codes = encode(values, y.datatype).astype(np.int64).tolist()
        self.bits = int(y.datatype.bitwidth())
        self.first, self.step = codes[0], codes[1] - codes[0]


@dataclass(frozen=True)
class Activation:
    """What follows the sums.

    Args:
        body: Lines that make `outputs`.
        memories: File name to content.
        pipe: Cycles from the sums to the outputs.
        early: How many cycles before the sums their row is wanted.
    """

    body: tuple[str, ...]
    memories: Mapping[str, bytes] = field(default_factory=lambda: _NONE)
    pipe: int = 0
    early: int = 2


def table_of(thresholds: NDArray[np.int64], flips: NDArray[np.bool_], affine: Affine) -> Table:
    """Thresholds of values as thresholds of sums.

    Args:
        thresholds: (R, T), sorted so that those that fire come first; R is 1 or all rows.
        flips: (R',): where they fire at ≤; R' is 1 or all rows.
        affine: What a sum stands for, of as many rows or of one.

    Raises:
        IRError: If they are not sorted.
    """
    rows = max(len(thresholds), len(flips))
    flips = np.broadcast_to(flips, rows)
    values = np.broadcast_to(thresholds, (rows, thresholds.shape[1]))
    rising = np.where(flips[:, None], values[:, ::-1] + 1, values)  # x ≤ t is not x ≥ t + 1
    if (np.diff(rising, axis=1) < 0).any():
        raise IRError("thresholds must be sorted, ascending where they fire at >=, else descending")
    return Table(affine.reached(rising), flips)


def signs(
    layer: str, pe: int, bits: int, table: Table, levels: Levels, memories: Mapping[str, Memory]
) -> Activation:
    """One threshold, which the sums began below 0: it fires if they are not negative.

    Args:
        layer: Identifier of the layer.
        pe: Rows at once.
        bits: Of a sum.
        table: The threshold of each row.
        levels: The codes of the outputs.
        memories: What the memories of the unit are.
    """
    flip = _flips(layer, pe, table, "row", memories)
    mixed = bool(flip.memories)
    fires = [f"assign fires[{p}] = ~sums[{(p + 1) * bits - 1}];" for p in range(pe)]
    if pe == 1:
        fires = [f"assign fires = ~sums{f'[{bits - 1}]' if bits > 1 else ''};"]
    body = (
        *flip.body,
        *(_late(pe) if mixed else ()),
        wire(pe, "fires"),
        *fires,
        *_code(pe, 1, levels, "fires", "late" if mixed else "flip", registered=False),
    )
    return Activation(body, flip.memories, 0)


def compared(
    layer: str,
    pe: int,
    bits: int,
    row_bits: int,
    table: Table,
    levels: Levels,
    memories: Mapping[str, Memory],
) -> Activation:
    """Thresholds that are compared at once, or searched; see `signs` for the arguments.

    `values` are unsigned numbers of so many bits; `row` is the row's fold, of `row_bits` bits.
    """
    if table.count == 0:
        return Activation(_constant(pe, levels), pipe=0)
    if table.count <= AT_ONCE:
        return _at_once(layer, pe, bits, table, levels, memories)
    return _searched(layer, pe, bits, row_bits, table, levels, memories)


def _constant(pe: int, levels: Levels) -> tuple[str, ...]:
    bits = bits_of(np.full((1, pe), levels.first), levels.bits)[0]
    return constant("outputs", bits).body


def _at_once(
    layer: str, pe: int, bits: int, table: Table, levels: Levels, memories: Mapping[str, Memory]
) -> Activation:
    count = table.count
    words = _folded(table.reached, pe).reshape(-1, pe * count)
    rom = constants(layer, "thresholds", bits_of(words, bits), "row", memories["thresholds"].style)
    flip = _flips(layer, pe, table, "row", memories)
    width = count.bit_length()
    body = (
        *rom.body,
        *flip.body,
        *_late(pe),
        wire(pe * width, "counts"),
        *instance(
            "finnlite_compare",
            "compare",
            (("PE", pe), ("BITS", bits), ("COUNT", count)),
            [("aclk", "aclk"), ("values", "values"), ("thresholds", "thresholds"), ("counts", "counts")],
        ),
        *_code(pe, count, levels, "counts", "late", registered=True),
    )
    return Activation(body, {**rom.memories, **flip.memories}, pipe=2)


def _searched(
    layer: str,
    pe: int,
    bits: int,
    row_bits: int,
    table: Table,
    levels: Levels,
    memories: Mapping[str, Memory],
) -> Activation:
    count, depth = table.count, table.count.bit_length()
    folded = _folded(table.reached, pe)
    never = np.full((*folded.shape[:2], (1 << depth) - 1 - count), (1 << bits) - 1)
    folded = np.concatenate([folded, never], axis=2)  # (F, PE, 2^depth - 1)
    body, files = list[str](), dict[str, bytes]()
    names = ("values", "row", "1'b0" if pe == 1 else f"{pe}'d0")
    for level in range(depth):
        step = 1 << (depth - 1 - level)
        nodes = folded[:, :, step - 1 :: 2 * step]  # (F, PE, 2^level)
        values, row, found = names
        net = f"level{level}"
        pieces = list[str]()
        for p in range(pe):
            high = f"found{level}[{(p + 1) * level - 1}:{p * level}]"
            node = (found if pe * level == 1 else high) if level else ""
            parts = [row] * (len(nodes) > 1) + [node] * (level > 0)
            address = "{" + ", ".join(parts) + "}" if len(parts) > 1 else "".join(parts)
            word = bits_of(np.ascontiguousarray(nodes[:, p]).reshape(-1, 1), bits)
            rom = constants(layer, f"{net}_{p}", word, address, memories[net].style)
            body += rom.body
            files |= rom.memories
            pieces.insert(0, f"{net}_{p}")
        after = (f"values{level + 1}", f"row{level + 1}", f"found{level + 1}")
        body += [wire(pe * bits, after[0]), wire(row_bits, after[1]), wire(pe * (level + 1), after[2])]
        body += [wire(pe * bits, net), f"assign {net} = {{{', '.join(pieces)}}};"]
        inputs = [("aclk", "aclk"), ("values", values), ("row", row), ("found", found), ("thresholds", net)]
        outputs = list(zip(("next_values", "next_row", "next_found"), after, strict=True))
        parameters = (("PE", pe), ("BITS", bits), ("ROW_BITS", row_bits), ("FOUND", level))
        body += instance("finnlite_level", f"{net}_search", parameters, [*inputs, *outputs])
        names = after
    flip = _flips(layer, pe, table, f"row{depth - 1}" if depth > 1 else "row", memories)
    unused = f"wire unused_search = &{{1'b0, {names[0]}, {names[1]}}};"
    body += [*flip.body, unused, *_code(pe, count, levels, names[2], "flip", registered=True)]
    return Activation(tuple(body), {**files, **flip.memories}, pipe=2 * depth + 1, early=0)


def _folded(rows: NDArray[np.int64], pe: int) -> NDArray[np.int64]:
    """(R, T) as (F, PE, T): a row that all share is that of all PE."""
    if len(rows) == 1:
        return np.repeat(rows, pe, axis=0)[None]
    return rows.reshape(-1, pe, rows.shape[1])


def _flips(layer: str, pe: int, table: Table, row: str, memories: Mapping[str, Memory]) -> Constants:
    words = _folded(table.flips[:, None].astype(np.int64), pe)[:, :, 0].astype(np.uint8)
    if (words == words[0]).all():
        return constant("flip", words[0])
    return constants(layer, "flip", words, row, memories["falling"].style)


def _late(pe: int) -> list[str]:
    """`flip` of one cycle earlier."""
    ports = [("aclk", "aclk"), ("d", "flip"), ("q", "late")]
    return [
        wire(pe, "late"),
        *instance("finnlite_delay", "flip_delay", (("WIDTH", pe), ("CYCLES", 1)), ports),
    ]


def _code(pe: int, count: int, levels: Levels, counts: str, flip: str, *, registered: bool) -> list[str]:
    parameters = (
        ("PE", pe),
        ("COUNT", count),
        ("OUT_BITS", levels.bits),
        ("LEVEL_0", levels.first),
        ("LEVEL_STEP", levels.step),
        ("REGISTERED", int(registered)),
    )
    ports = [("aclk", "aclk"), ("counts", counts), ("flip", flip), ("codes", "outputs")]
    return [wire(pe * levels.bits, "outputs"), *instance("finnlite_code", "code", parameters, ports)]
