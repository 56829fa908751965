# SPDX-License-Identifier: Apache-2.0
"""Which kind of dot product computes an MVTU or a VVTU, and what its sums stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.ir import Value
from finnlite.ops.mvtu import mac_cost

from ...codes import encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EQUAL", "MULTIPLY", "Affine", "Code", "Product", "code_of", "product_of"]

EQUAL, AND, MULTIPLY = 0, 1, 2
"""The cell's kinds: equal bits are counted, products of bits are, products are made in DSP slices."""
_AT_ONCE = 96
"""Bits that are counted without a register between the counts and their sum."""
_TABLE = 7
"""Bits that one short chain counts."""
_ADDER = 3
"""Bits that one full adder counts."""


class Code(NamedTuple):
    """What an element's bits stand for, a sign bit inverted: scale · (unsigned bits) + offset."""

    scale: int
    offset: int
    bits: int
    signed: bool


def code_of(datatype: BaseDataType) -> Code:
    """The code of a stream's datatype.

    >>> code_of(DataType["BIPOLAR"]), code_of(DataType["INT4"])
    (Code(scale=2, offset=-1, bits=1, signed=False), Code(scale=1, offset=-8, bits=4, signed=True))
    """
    if datatype == DataType["BIPOLAR"]:
        return Code(2, -1, 1, signed=False)
    bits, signed = int(datatype.bitwidth()), bool(datatype.signed())
    return Code(1, -(1 << bits - 1) if signed else 0, bits, signed)


@dataclass(frozen=True)
class Affine:
    """What a sum stands for: den · value = num · sum + offset, an offset a row.

    Args:
        num: 1, 2 or 4.
        den: 1 or 2.
        offset: (MH,).
    """

    num: int
    den: int
    offset: NDArray[np.int64]

    def reached(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The smallest sums whose values are at least those given, (MH, …)."""
        offset = self.offset.reshape(-1, *[1] * (values.ndim - 1))
        return -((offset - self.den * values) // self.num)

    def reduced(self) -> Affine:
        """The same in the smallest numbers."""
        if self.num % 2 == 0 and self.den == 2 and not (self.offset % 2).any():
            return Affine(self.num // 2, 1, self.offset // 2)
        return self


@dataclass(frozen=True)
class Product:
    """The dot products of a layer.

    Args:
        kind: Of the cell.
        simd: Elements at once.
        x_bits: Bits of an element.
        w_bits: Bits of a weight.
        x_signed: Whether elements are in two's complement.
        w_signed: Whether weights are.
        affine: What a whole sum from 0 on stands for.
    """

    kind: int
    simd: int
    x_bits: int
    w_bits: int
    x_signed: bool
    w_signed: bool
    affine: Affine

    @property
    def counted(self) -> int:
        """Bits that are counted at once, at most."""
        pairs = self.w_bits if self.kind == EQUAL else min(self.x_bits, self.w_bits)
        return self.simd * pairs

    @property
    def count_latency(self) -> int:
        """Cycles of a count, or of a multiplication."""
        if self.kind == MULTIPLY or self.counted <= (_ADDER if self.kind == EQUAL else _TABLE):
            return 2
        return 4 if self.counted > _AT_ONCE else 3

    @property
    def latency(self) -> int:
        """Cycles of a dot product."""
        terms = {EQUAL: self.x_bits, AND: self.x_bits + self.w_bits - 1, MULTIPLY: self.simd}[self.kind]
        if self.kind != MULTIPLY:
            terms = min(terms, self.counted.bit_length())
        return self.count_latency + ((terms - 1).bit_length() + 1) // 2

    @property
    def parameters(self) -> tuple[tuple[str, int], ...]:
        """The cell's."""
        return (
            ("X_BITS", self.x_bits),
            ("W_BITS", self.w_bits),
            ("KIND", self.kind),
            ("X_SIGNED", int(self.x_signed)),
            ("W_SIGNED", int(self.w_signed)),
            ("COUNT_LATENCY", self.count_latency),
            ("DOT_LATENCY", self.latency),
        )

    def words(self, weights: NDArray[np.int64], datatype: BaseDataType) -> NDArray[np.uint8]:
        """The weights as the cell wants them.

        Args:
            weights: (…, SIMD).
            datatype: Of theirs.

        Returns:
            (…, SIMD · w_bits) bits.
        """
        if self.kind == EQUAL and self.w_bits == 2:
            planes = np.stack([weights >= 0, weights > 0], axis=-2).astype(np.uint64)  # half their signs' sum
        else:
            codes = encode(weights, datatype)[..., None, :]
            planes = codes >> np.arange(self.w_bits, dtype=np.uint64)[:, None] & np.uint64(1)
        if self.kind == MULTIPLY:
            planes = planes.swapaxes(-1, -2)
        bits = planes.astype(np.uint8).reshape(*weights.shape[:-1], -1)
        if self.kind == EQUAL:
            third = bits.shape[-1] // 3
            bits[..., 2 * third : 3 * third] ^= bits[..., :third] ^ bits[..., third : 2 * third]
        return bits


def product_of(x: Value, weights: Value, matrix: NDArray[np.int64], simd: int) -> Product:
    """The dot products of a layer whose rows' sums are of `matrix`, (MH, K), K elements a row."""
    code, bits = code_of(x.datatype), int(weights.datatype.bitwidth())
    if mac_cost(x, weights)[1]:
        if weights.datatype == DataType["BIPOLAR"]:
            raise IRError("a bipolar weight must not be multiplied, is")
        plain = Affine(1, 1, np.zeros(len(matrix), dtype=np.int64))
        signs = code.signed, bool(weights.datatype.signed())
        return Product(MULTIPLY, simd, code.bits, bits, *signs, plain)
    sums, elements, most = matrix.sum(axis=1), matrix.shape[1], (1 << code.bits) - 1
    if _sums_of_signs(weights, matrix):
        offset = code.scale * most * (sums - elements) + 2 * code.offset * sums
        affine = Affine(2 * code.scale // bits, 2, offset).reduced()
        return Product(EQUAL, simd, code.bits, bits, code.signed, False, affine)
    signed = bool(weights.datatype.signed())
    inverted = (most << bits - 1) * elements if signed else 0
    affine = Affine(code.scale, 1, code.offset * sums - code.scale * inverted)
    return Product(AND, simd, code.bits, bits, code.signed, signed, affine)


def _sums_of_signs(weights: Value, matrix: NDArray[np.int64]) -> bool:
    if weights.datatype == DataType["BIPOLAR"]:
        return True
    return int(weights.datatype.bitwidth()) == 2 and bool((np.abs(matrix) <= 1).all())
