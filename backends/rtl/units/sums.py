# SPDX-License-Identifier: Apache-2.0
"""From weights and thresholds to sums: where they begin, how wide they are, and what follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.ir import Node, Value
from finnlite.ops.cost import Memory, rom
from finnlite.ops.linear import dot_bounds

from ..writer import wire
from .products import EQUAL, Affine, Product, product_of
from .roms import bits_of, constants
from .thresholds import Activation, Levels, Table, compared, signs, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Layer", "Sums", "layer_of", "sums_of"]


@dataclass(frozen=True)
class Layer:
    """A layer's numbers, rows that fall turned round where the kind of product has all negative weights.

    Args:
        product: Its dot products.
        matrix: (MH, K) weights.
        low: (MH,) smallest values of the sums.
        high: (MH,) largest values.
        table: Its thresholds in the sums' numbers, or None.
    """

    product: Product
    matrix: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    table: Table | None


@dataclass(frozen=True)
class Sums:
    """What the cell of a layer is told of its sums.

    Args:
        bits: Of a sum.
        shift: Of the dot products in it.
        activation: What it begins with, and what follows it.
        early: How many cycles before the sums their row is wanted.
    """

    bits: int
    shift: int
    activation: Activation
    early: int

    def body(self, row_bits: int, fold_bits: int, pe: int) -> tuple[str, ...]:
        """The nets between the cell and what is around it, and all that is around it but the weights."""
        nets = (wire(row_bits, "row"), wire(fold_bits, "fold"), wire(pe * self.bits, "sums"))
        return (*nets, "wire unused = &{1'b0, row, fold, sums};", *self.activation.body)


def layer_of(node: Node, simd: int, x: Value, weights: Value, matrix: NDArray[np.int64]) -> Layer:
    """The numbers of an MVTU's or a VVTU's node, K weights a row.

    Raises:
        IRError: If something must be constant and is not, or thresholds are not sorted.
    """
    thresholds, falling = node.optional(2), node.optional(3)
    low, high = dot_bounds(matrix.T, int(x.datatype.min()), int(x.datatype.max()))
    flips = np.zeros(len(matrix), dtype=np.bool_)
    if falling is not None and falling.const is not None:
        flips = np.asarray(falling.const).ravel() != 0
    product = product_of(x, weights, matrix, simd)
    if product.kind == EQUAL and flips.any() and thresholds is not None and thresholds.const is not None:
        sign = np.where(flips, -1, 1)
        matrix = matrix * sign[:, None]
        low, high = np.where(flips, -high, low), np.where(flips, -low, high)
        product = product_of(x, weights, matrix, simd)
        rising = np.asarray(thresholds.const).astype(np.int64) * sign[:, None]
        table = table_of(rising, np.zeros(1, dtype=np.bool_), product.affine)
    elif thresholds is None:
        table = None
    else:
        if thresholds.const is None:
            raise IRError("thresholds must be constant, are computed")
        table = table_of(np.asarray(thresholds.const).astype(np.int64), flips, product.affine)
    return Layer(product, matrix, low, high, table)


def sums_of(
    name: str,
    node: Node,
    layer: Layer,
    pe: int,
    row_bits: int,
    levels: tuple[int, int],
    memories: Mapping[str, Memory],
) -> Sums:
    """The sums of a layer and what follows them.

    Args:
        name: Identifier of the layer.
        node: Its node.
        layer: Its numbers.
        pe: Rows at once.
        row_bits: Bits of the row's fold.
        levels: (out_min, out_step).
        memories: What the memories of the unit are.
    """
    y, affine = node.output, layer.product.affine
    low, high = _sums(affine, layer.low), _sums(affine, layer.high)
    if layer.table is None:
        return _plain(name, y, affine, pe)
    count = layer.table.count
    codes = Levels(y, *levels, count)
    if count == 0:
        start = _start(name, np.zeros(len(low), dtype=np.int64), 1, pe, None)
        after = compared(name, pe, 1, row_bits, layer.table, codes, memories)
        return Sums(1, 0, Activation((*start.body, *after.body)), 3)
    reached = np.clip(layer.table.reached, low[:, None], high[:, None] + 1)
    if count == 1:
        begin = -reached[:, 0]
        bits = _signed_bits(int((low + begin).min()), int((high + begin).max()))
        start = _start(name, begin, bits, pe, memories["thresholds"])
        after = signs(name, pe, bits, layer.table, codes, memories)
        files = {**start.memories, **after.memories}
        return Sums(bits, 0, Activation((*start.body, *after.body), files, after.pipe), 3)
    base = int(low.min())
    table = Table(reached - base, layer.table.flips)
    bits = max(int(high.max()) - base + 1, int(table.reached.max())).bit_length()
    start = _start(name, np.full(len(low), -base), bits, pe, None)
    after = compared(name, pe, bits, row_bits, table, codes, memories)
    values = (wire(pe * bits, "values"), "assign values = sums;")
    activation = Activation((*start.body, *values, *after.body), after.memories, after.pipe)
    return Sums(bits, 0, activation, after.early)


def _sums(affine: Affine, values: NDArray[np.int64]) -> NDArray[np.int64]:
    return (affine.den * values - affine.offset) // affine.num


def _signed_bits(low: int, high: int) -> int:
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1


def _start(name: str, begin: NDArray[np.int64], bits: int, pe: int, memory: Memory | None) -> Activation:
    words = bits_of(begin.reshape(-1, pe), bits)
    style = (memory or rom(len(words), bits, copies=pe)).style
    made = constants(name, "start", words, "row", style)
    return Activation(made.body, made.memories)


def _plain(name: str, y: Value, affine: Affine, pe: int) -> Sums:
    """No thresholds: sums are the values, or twice them."""
    bipolar = y.datatype == DataType["BIPOLAR"]
    width = int(y.datatype.bitwidth())
    bits = (2 if bipolar else width) + affine.den - 1
    start = _start(name, affine.offset, bits, pe, None)
    ends = [((p + 1) * bits - 1, p * bits + affine.den - 1) for p in reversed(range(pe))]
    pieces = [f"~sums[{high}]" if bipolar else f"sums[{high}:{low}]" for high, low in ends]
    whole = affine.den == 1 and not bipolar
    expression = "sums" if whole else f"{{{', '.join(pieces)}}}"
    body = (*start.body, wire(pe * width, "outputs"), f"assign outputs = {expression};")
    return Sums(bits, int(affine.num == 2), Activation(body, start.memories), 3)
