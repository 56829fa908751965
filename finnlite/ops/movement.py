# SPDX-License-Identifier: Apache-2.0
"""Operators that move data and change no element (ONNX)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value, datatype_of

from .shapes import integer_type, present

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = [
    "cast_to",
    "Cast", "Concat", "Dropout", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
]  # fmt: skip


def constant_ints(value: Value | None, role: str) -> list[int]:
    """The elements of a constant integer input.

    Raises:
        IRError: If it is absent or computed.
    """
    const = present(value, role).const
    if const is None:
        raise IRError(f"input {role} must be a constant, is computed")
    return [int(d) for d in const.ravel()]


@dataclass(frozen=True)
class Identity(Op):
    """y = x (ONNX `Identity`)."""

    domain: ClassVar[str] = ""
    elementwise: ClassVar[bool] = True
    affine: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        return (present(inputs[0], "x").type,)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope 1."""
        return np.ones(()), np.zeros(())


@dataclass(frozen=True)
class Cast(Op):
    """Changes the carrier, not the values (ONNX `Cast`); `to` is an ONNX element type number."""

    to: int = 1
    domain: ClassVar[str] = ""
    elementwise: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    _NUMPY: ClassVar[dict[int, str]] = {
        1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
        9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    }  # fmt: skip

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x; an integer datatype survives a cast to a float carrier."""
        x = present(inputs[0], "x")
        if self.to not in self._NUMPY:
            raise IRError(f"Cast target must be a numeric element type, is {self.to}")
        carrier = self._NUMPY[self.to]
        if x.datatype.is_integer() and carrier in ("float32", "float64"):
            return (TensorType.of(x.shape, x.datatype, carrier),)
        return (TensorType.of(x.shape, datatype_of(carrier), carrier),)

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """For element types that hold every accumulator; values wrap around in narrower ones."""
        return self._NUMPY.get(self.to) in ("float16", "float32", "float64", "int32", "int64")

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope 1."""
        return np.ones(()), np.zeros(())


def cast_to(carrier: DTypeLike) -> Cast:
    """The `Cast` to an element type.

    >>> cast_to(np.float64)
    Cast(to=11)
    """
    wanted = np.dtype(carrier).name
    return Cast(to=next(number for number, name in Cast._NUMPY.items() if name == wanted))


@dataclass(frozen=True)
class Flatten(Op):
    """Keeps the axes before `axis` as one and the rest as one (ONNX `Flatten`)."""

    axis: int = 1
    domain: ClassVar[str] = ""
    moves_data: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """(d0, …) → (Π before, Π after)."""
        x = present(inputs[0], "x")
        axis = self.axis + len(x.shape) if self.axis < 0 else self.axis
        shape = (math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))
        return (TensorType(shape, x.datatype, x.carrier),)


@dataclass(frozen=True)
class Reshape(Op):
    """Reads the elements in the same order under another shape (ONNX `Reshape`).

    The second input is a constant int64 shape. Import writes 0 (copy) for the batch axis, so that the
    node is right for every batch.
    """

    allowzero: bool = False
    domain: ClassVar[str] = ""
    moves_data: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape the constant asks for, its 0 and −1 resolved."""
        x = present(inputs[0], "data")
        wanted = constant_ints(inputs[1], "shape")
        shape = [x.shape[i] if d == 0 and not self.allowzero else d for i, d in enumerate(wanted)]
        if shape.count(-1) == 1:
            known = math.prod(d for d in shape if d != -1)
            shape[shape.index(-1)] = math.prod(x.shape) // known if known else 0
        if math.prod(shape) != math.prod(x.shape):
            raise IRError(f"Reshape target must keep {math.prod(x.shape)} elements, is {wanted}")
        return (TensorType(tuple(shape), x.datatype, x.carrier),)


@dataclass(frozen=True)
class Transpose(Op):
    """Permutes the axes (ONNX `Transpose`)."""

    perm: tuple[int, ...] | None = None
    domain: ClassVar[str] = ""
    moves_data: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The permuted shape; no permutation given means reversed axes."""
        x = present(inputs[0], "data")
        perm = self.perm if self.perm is not None else tuple(reversed(range(len(x.shape))))
        if sorted(perm) != list(range(len(x.shape))):
            raise IRError(f"Transpose perm must permute {len(x.shape)} axes, is {list(perm)}")
        return (TensorType(tuple(x.shape[i] for i in perm), x.datatype, x.carrier),)

    def move(self, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The permuted array."""
        return np.transpose(array, self.perm)


@dataclass(frozen=True)
class Squeeze(Op):
    """Drops axes of length 1 (ONNX `Squeeze`); the second input is the constant axes, absent for all."""

    domain: ClassVar[str] = ""
    moves_data: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape without the axes."""
        x = present(inputs[0], "data")
        rank = len(x.shape)
        if len(inputs) > 1:
            axes = [a % rank for a in constant_ints(inputs[1], "axes")]
        else:
            axes = [a for a, d in enumerate(x.shape) if d == 1]
        if any(x.shape[a] != 1 for a in axes):
            raise IRError(f"Squeeze axes must have length 1, are {axes} of {list(x.shape)}")
        shape = tuple(d for a, d in enumerate(x.shape) if a not in axes)
        return (TensorType(shape, x.datatype, x.carrier),)


@dataclass(frozen=True)
class Unsqueeze(Op):
    """Inserts axes of length 1 (ONNX `Unsqueeze`); the second input is the constant axes."""

    domain: ClassVar[str] = ""
    moves_data: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape with the axes."""
        x = present(inputs[0], "data")
        wanted = constant_ints(inputs[1] if len(inputs) > 1 else None, "axes")
        rank = len(x.shape) + len(wanted)
        axes = {a % rank for a in wanted}
        if len(axes) != len(wanted):
            raise IRError(f"Unsqueeze axes must be distinct, are {wanted}")
        old = iter(x.shape)
        shape = tuple(1 if a in axes else next(old) for a in range(rank))
        return (TensorType(shape, x.datatype, x.carrier),)


@dataclass(frozen=True)
class Concat(Op):
    """Joins tensors along `axis` (ONNX `Concat`)."""

    axis: int = 1
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The sum of the lengths along `axis`; the datatype if all share one, else the carrier's."""
        parts = [present(value, str(index)) for index, value in enumerate(inputs)]
        first = parts[0]
        axis = self.axis % len(first.shape)
        rests = {(*part.shape[:axis], *part.shape[axis + 1 :]) for part in parts}
        if len(rests) != 1 or len({part.carrier for part in parts}) != 1:
            found = " and ".join(f"{part.carrier}{list(part.shape)}" for part in parts)
            raise IRError(f"Concat inputs must agree but for axis {axis}, are {found}")
        length = sum(part.shape[axis] for part in parts)
        shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
        return (TensorType(shape, _shared_datatype(parts), first.carrier),)


def _shared_datatype(parts: Sequence[Value]) -> BaseDataType:
    """The datatype of all parts; the narrowest that holds them where they are different integers."""
    datatypes = {part.datatype for part in parts}
    if len(datatypes) == 1:
        return parts[0].datatype
    if parts[0].carrier.kind != "f" or not all(datatype.is_integer() for datatype in datatypes):
        return datatype_of(parts[0].carrier)
    low = min(int(datatype.min()) for datatype in datatypes)
    return integer_type(low, max(int(datatype.max()) for datatype in datatypes))


@dataclass(frozen=True)
class Split(Op):
    """Cuts a tensor into parts along `axis` (ONNX `Split`); the second input is their constant lengths.

    Import spells the lengths out where the file leaves them to the number of outputs.
    """

    axis: int = 0
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape with each length along `axis`."""
        x = present(inputs[0], "input")
        lengths = constant_ints(inputs[1] if len(inputs) > 1 else None, "split")
        axis = self.axis % len(x.shape)
        if sum(lengths) != x.shape[axis] or min(lengths, default=0) < 1:
            raise IRError(f"Split lengths must add up to {x.shape[axis]}, are {lengths}")
        return tuple(
            TensorType((*x.shape[:axis], length, *x.shape[axis + 1 :]), x.datatype, x.carrier)
            for length in lengths
        )


@dataclass(frozen=True)
class Slice(Op):
    """Cuts ranges out of axes (ONNX `Slice`); inputs data and the constants starts, ends, axes, steps."""

    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The lengths of the ranges."""
        x = present(inputs[0], "data")
        padded = (*inputs, None, None)
        starts, ends = constant_ints(padded[1], "starts"), constant_ints(padded[2], "ends")
        axes = constant_ints(padded[3], "axes") if padded[3] else range(len(starts))
        steps = constant_ints(padded[4], "steps") if padded[4] else [1] * len(starts)
        shape = list(x.shape)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            length = x.shape[axis]
            stop = None if step < 0 and end < -length else end
            shape[axis] = len(range(*slice(start, stop, step).indices(length)))
        return (TensorType(tuple(shape), x.datatype, x.carrier),)


@dataclass(frozen=True)
class Dropout(Op):
    """y = x at inference (ONNX `Dropout`)."""

    seed: int | None = None
    domain: ClassVar[str] = ""
    elementwise: ClassVar[bool] = True
    affine: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x."""
        return (present(inputs[0], "data").type,)
