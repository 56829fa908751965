# SPDX-License-Identifier: Apache-2.0
"""Helpers that operators' `infer` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.ir import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["broadcast", "constant", "integer_type", "present"]


def present(value: Value | None, role: str) -> Value:
    """The value, which must be there.

    Raises:
        IRError: If it is absent.
    """
    if value is None:
        raise IRError(f"input {role} must be present, is absent")
    return value


def constant(value: Value | None) -> NDArray[np.float64]:
    """A constant input in float64.

    Raises:
        IRError: If it is absent or computed.
    """
    value = present(value, "constant")
    if value.const is None:
        raise IRError(f"input {value.name!r} must be constant, is computed")
    return np.asarray(value.const, dtype=np.float64)


def broadcast(*values: Value | None) -> tuple[int, ...]:
    """The shape NumPy's rules broadcast the present values to.

    Raises:
        IRError: If they do not broadcast.
    """
    shapes = [value.shape for value in values if value is not None]
    try:
        return tuple(int(d) for d in np.broadcast_shapes(*shapes))
    except ValueError:
        found = " and ".join(str(list(shape)) for shape in shapes)
        raise IRError(f"input shapes must broadcast, are {found}") from None


def integer_type(low: int, high: int, *, bipolar: bool = False) -> BaseDataType:
    """The narrowest QONNX integer datatype that holds every integer from `low` to `high`.

    Args:
        low: Smallest value.
        high: Largest value.
        bipolar: Only `low` and `high` occur, so −1 and +1 make `BIPOLAR`.
    """
    if bipolar and (low, high) == (-1, 1):
        return DataType["BIPOLAR"]
    if low >= 0:
        bits = max(1, int(high).bit_length())
        return DataType["BINARY"] if bits == 1 else DataType[f"UINT{bits}"]
    if low >= -1 and high <= 1:
        return DataType["TERNARY"]
    bits = max((-int(low) - 1).bit_length(), int(high).bit_length()) + 1
    return DataType[f"INT{max(bits, 2)}"]
