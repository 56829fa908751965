# SPDX-License-Identifier: Apache-2.0
"""The bits of constants: codes of values, and words of them cut into lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.ops.cost import LANE_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["encode", "lanes"]


def encode(values: NDArray[np.generic], datatype: BaseDataType) -> NDArray[np.uint64]:
    """The codes of values: bipolar one bit, signed in two's complement.

    Raises:
        IRError: If the datatype does not hold a value.
    """
    integers = np.asarray(values).astype(np.int64)
    bits = int(datatype.bitwidth())
    if datatype == DataType["BIPOLAR"]:
        if not np.isin(integers, (-1, 1)).all():
            raise IRError("bipolar constants must be -1 or 1, are not")
        return (integers > 0).astype(np.uint64)
    if integers.size and not datatype.min() <= integers.min() <= integers.max() <= datatype.max():
        raise IRError(f"constants must fit {datatype.name}, range from {integers.min()} to {integers.max()}")
    return integers.astype(np.uint64) & np.uint64((1 << bits) - 1)


def lanes(codes: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    """Cuts words into lanes of 36 bits.

    Args:
        codes: (DEPTH, K): the K elements of each word, element 0 in the least significant bits.
        bits: Bits of an element.

    Returns:
        (LANES, DEPTH).
    """
    depth = len(codes)
    shifts = np.arange(bits, dtype=np.uint64)
    flat = ((codes[:, :, None] >> shifts) & np.uint64(1)).reshape(depth, -1)
    count = -(-flat.shape[1] // LANE_BITS)
    padded = np.zeros((depth, count * LANE_BITS), dtype=np.uint64)
    padded[:, : flat.shape[1]] = flat
    powers = np.uint64(1) << np.arange(LANE_BITS, dtype=np.uint64)
    words: NDArray[np.uint64] = padded.reshape(depth, count, LANE_BITS) @ powers
    return np.ascontiguousarray(words.T)
