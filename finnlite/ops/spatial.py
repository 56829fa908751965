# SPDX-License-Identifier: Apache-2.0
"""Operators that change the size of an image (ONNX): `Pad` and `Resize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value, datatype_of

from .movement import constant_ints
from .shapes import integer_type, present

__all__ = ["Pad", "Resize"]


@dataclass(frozen=True)
class Pad(Op):
    """Adds elements around a tensor (ONNX `Pad`); inputs data, the constant pads, the value or absent."""

    mode: str = "constant"
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Each axis longer by the elements before and after it; the datatype holds the value too."""
        x = present(inputs[0], "data")
        pads = constant_ints(inputs[1] if len(inputs) > 1 else None, "pads")
        rank = len(x.shape)
        if len(pads) != 2 * rank:
            raise IRError(f"Pad pads must be two for each of {rank} axes, are {pads}")
        shape = tuple(d + pads[a] + pads[a + rank] for a, d in enumerate(x.shape))
        datatype = self._datatype(x, inputs[2] if len(inputs) > 2 else None)
        return (TensorType(shape, datatype, x.carrier),)

    def _datatype(self, x: Value, value: Value | None) -> BaseDataType:
        if self.mode != "constant" or not x.datatype.is_integer():
            return x.datatype
        number = 0.0 if value is None else np.nan if value.const is None else float(value.const.ravel()[0])
        if not number.is_integer():
            return datatype_of(x.carrier)
        if x.datatype.allowed(number):
            return x.datatype
        return integer_type(min(int(x.datatype.min()), int(number)), max(int(x.datatype.max()), int(number)))


@dataclass(frozen=True)
class Resize(Op):
    """An image of another size (ONNX `Resize`); inputs X, roi, scales, sizes, of which the last is constant.

    Scales are float32, one an axis; sizes are int64 and come without scales.
    """

    coordinate_transformation_mode: str = "half_pixel"
    cubic_coeff_a: float = -0.75
    exclude_outside: bool = False
    extrapolation_value: float = 0.0
    mode: str = "nearest"
    nearest_mode: str = "round_prefer_floor"
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape that scales or sizes ask for."""
        x = present(inputs[0], "X")
        scales, sizes = (*inputs, None, None, None)[2:4]
        datatype = x.datatype if self.mode == "nearest" else datatype_of(x.carrier)
        if scales is not None and scales.shape != (0,):
            if scales.const is None or scales.shape != (len(x.shape),):
                raise IRError(f"Resize scales must be {len(x.shape)} constants, are {scales!r}")
            factors = np.asarray(scales.const, dtype=np.float32)
            shape = [int(np.floor(np.float32(d) * f)) for d, f in zip(x.shape, factors, strict=True)]
        else:
            shape = constant_ints(sizes, "sizes")
            if len(shape) != len(x.shape):
                raise IRError(f"Resize sizes must be {len(x.shape)} numbers, are {shape}")
            shape[0] = x.shape[0]
        return (TensorType(tuple(shape), datatype, x.carrier),)
