# SPDX-License-Identifier: Apache-2.0
"""The rounding modes of `Quant`, `IntQuant` and `Trunc`, from the text of the QONNX specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDINGS: dict[str, Callable[[Any], Any]] = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda v: np.where(v < 0, np.floor(v), np.ceil(v)),
    "DOWN": np.trunc,
    "HALF_UP": lambda v: np.copysign(np.floor(np.abs(v) + v.dtype.type(0.5)), v),
    "HALF_DOWN": lambda v: np.copysign(np.ceil(np.abs(v) - v.dtype.type(0.5)), v),
}
"""Up and down mean away from and towards zero, also for the halves."""
