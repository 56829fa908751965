# SPDX-License-Identifier: Apache-2.0
"""What operators are made of: tensor types and `Op`, the base of all operators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from finnlite.ir import Graph, Value

__all__ = ["FLOAT32", "OWN_DOMAIN", "Op", "TensorType", "carrier_of", "datatype_of"]

FLOAT32: BaseDataType = DataType["FLOAT32"]
_EXACT_FLOAT32 = 2**24
OWN_DOMAIN = "finnlite.qonnx_ops"
_DATATYPES: dict[str, str] = {
    "bool": "BINARY",
    "float32": "FLOAT32",
    "float16": "FLOAT16",
    "float64": "FLOAT32",
}


def carrier_of(datatype: BaseDataType) -> np.dtype[np.generic]:
    """The element type that carries a datatype in files and in execution.

    float32 where it is exact (all floats, integers within ±2²⁴), else float64.
    """
    if datatype.is_integer() and max(-datatype.min(), datatype.max()) > _EXACT_FLOAT32:
        return np.dtype(np.float64)
    return np.dtype(np.float32)


def datatype_of(dtype: DTypeLike) -> BaseDataType:
    """The widest datatype an element type stands for (`INT64` for int64, `BINARY` for bool)."""
    dtype = np.dtype(dtype)
    return DataType[_DATATYPES.get(dtype.name, dtype.name.upper())]


class TensorType(NamedTuple):
    """Shape, datatype and carrier of a value; axis 0 of the shape is the batch."""

    shape: tuple[int, ...]
    datatype: BaseDataType
    carrier: np.dtype[np.generic]

    @classmethod
    def of(
        cls, shape: Iterable[int], datatype: BaseDataType = FLOAT32, carrier: DTypeLike | None = None
    ) -> TensorType:
        """A type whose carrier follows from the datatype unless it is given."""
        return cls(
            tuple(int(d) for d in shape),
            datatype,
            carrier_of(datatype) if carrier is None else np.dtype(carrier),
        )

    def __str__(self) -> str:
        """Datatype and shape."""
        return f"{self.datatype.name}{list(self.shape)}"


@dataclass(frozen=True)
class Op:
    """An operator: its fields are its attributes. Subclasses say what it means exactly once.

    `infer` gives the types of the outputs; `expand` writes the operator as standard ONNX operators into
    a graph and returns the output. A standard operator is its own meaning (`expand` returns None).
    """

    domain: ClassVar[str] = OWN_DOMAIN
    op_type: ClassVar[str] = ""
    affine: ClassVar[bool] = False
    """y = a·x + b per element for one non-constant input, all others constant."""
    monotone: ClassVar[bool] = False
    """Non-decreasing or non-increasing in its one non-constant input, per element."""
    elementwise: ClassVar[bool] = False
    """Output element i depends on the inputs' elements i (after broadcasting) only."""
    moves_data: ClassVar[bool] = False
    """Rearranges all elements of its first input and changes none."""
    host: ClassVar[bool] = False
    """May stay with the host behind the last layer, although it is not elementwise."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Names the operator after its class unless the class says otherwise."""
        super().__init_subclass__(**kwargs)
        if "op_type" not in cls.__dict__:
            cls.op_type = cls.__name__

    def __post_init__(self) -> None:
        """Rounds the float fields of a standard or QONNX operator to float32, which is what ONNX keeps."""
        if self.domain != OWN_DOMAIN:
            for field in fields(self):
                value = getattr(self, field.name)
                if isinstance(value, float):
                    object.__setattr__(self, field.name, float(np.float32(value)))
                elif isinstance(value, tuple) and any(isinstance(item, float) for item in value):
                    object.__setattr__(self, field.name, tuple(float(np.float32(item)) for item in value))

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """Types of the outputs.

        Raises:
            IRError: If the inputs do not fit the operator.
        """
        raise NotImplementedError(self.op_type)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value | tuple[Value, ...] | None:
        """Writes the operator's meaning into `graph`; None for a standard ONNX operator.

        Returns:
            The output, or all of them where there are several.
        """
        return None

    def affine_in(self, index: int) -> bool:
        """Whether y = a·x + b per element for x = input `index`, the other inputs being constant."""
        return self.affine and index == 0

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """Whether y never decreases or never increases with x = input `index`, the others constant."""
        return (self.monotone or self.affine) and index == 0

    def rising_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """Whether y never decreases with x = input `index`, the other inputs being constant and given."""
        if self.affine_in(index):
            return bool((self.affine_terms(index, *inputs)[0] >= 0).all())
        return self.monotone_in(index, inputs)

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """The float64 a and b of y = a·x + b for x = input `index`; they broadcast to x.

        Raises:
            IRError: If the operator is not affine in that input.
        """
        raise IRError(f"{self.op_type} must be affine in input {index}, is not")

    def move(self, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Applies an operator that moves data to an array of its input's shape.

        Args:
            array: What the input holds.
            shape: The shape of the output.
        """
        return array.reshape(shape)
