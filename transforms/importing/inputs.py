# SPDX-License-Identifier: Apache-2.0
"""The graph's inputs: batch, declared integer types, and the reals that a declared raw input stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np
import onnx
from onnx import GraphProto, ValueInfoProto
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import ArgumentError, ModelError, OptionError
from finnlite.ir import Graph, TensorType, Value, datatype_of
from finnlite.ops.movement import cast_to
from finnlite.ops.scaling import Normalize

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Declaration", "add_inputs"]

_ANNOTATION = "finn_datatype"

Numbers = float | str | Fraction | Sequence[float | str]


@dataclass(frozen=True)
class Declaration:
    """A raw integer input q and the reals x = float32((q·scale − mean)/std) it stands for.

    Args:
        datatype: The integer datatype of q.
        scale: A fraction, so that 1/255 is exact.
        mean: One number, or one a channel.
        std: One number, or one a channel; positive.
    """

    datatype: BaseDataType
    scale: Fraction = Fraction(1)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    @classmethod
    def parse(
        cls,
        datatype: BaseDataType | str,
        scale: float | str | Fraction | None = None,
        mean: Numbers | None = None,
        std: Numbers | None = None,
    ) -> Self:
        """A declaration from options as users write them.

        Args:
            datatype: A QONNX datatype or its name in any case, like "uint8".
            scale: A number, a `Fraction`, or text like "1/255"; 1 if absent.
            mean: A number, a sequence of them, or text like "0.5" or "0.49,0.48,0.45"; 0 if absent.
            std: Likewise; 1 if absent.

        Raises:
            ArgumentError: If one of them cannot be read or is out of range.
        """
        return cls(
            _datatype(datatype),
            _scale(1 if scale is None else scale),
            _numbers("input_mean", 0.0 if mean is None else mean),
            _numbers("input_std", 1.0 if std is None else std, positive=True),
        )

    @classmethod
    def parse_optional(
        cls,
        datatype: BaseDataType | str | None,
        scale: float | str | Fraction | None,
        mean: Numbers | None,
        std: Numbers | None,
    ) -> Self | None:
        """Like `parse`; None without a datatype.

        Raises:
            ArgumentError: If there is no datatype, but something else is declared.
        """
        if datatype is not None:
            return cls.parse(datatype, scale, mean, std)
        for option, value in (("input_scale", scale), ("input_mean", mean), ("input_std", std)):
            if value is not None:
                raise ArgumentError(f"{option} must come with input_type, comes alone; give input_type too")
        return None

    @property
    def is_identity(self) -> bool:
        """Whether x = q."""
        return self.scale == 1 and not any(self.mean) and all(s == 1 for s in self.std)


def _datatype(name: BaseDataType | str) -> BaseDataType:
    try:
        datatype = name if isinstance(name, BaseDataType) else DataType[name.strip().upper()]
    except (KeyError, ValueError):
        datatype = None
    if datatype is None or not datatype.is_integer() or datatype.bitwidth() > 32:
        wanted = "an integer datatype of at most 32 bits like uint8, int4 or bipolar"
        raise ArgumentError(f"input_type must be {wanted}, is {str(name)!r}")
    return datatype


def _scale(scale: float | str | Fraction) -> Fraction:
    try:
        fraction = Fraction(scale)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        fraction = Fraction(0)
    if fraction <= 0:
        raise ArgumentError(
            f"input_scale must be a positive number or fraction like 1/255, is {str(scale)!r}"
        )
    return fraction


def _numbers(option: str, numbers: Numbers, *, positive: bool = False) -> tuple[float, ...]:
    if isinstance(numbers, str):
        numbers = numbers.split(",")
    items: Iterable[float | str | Fraction] = numbers if isinstance(numbers, Sequence) else [numbers]
    try:
        values = tuple(float(Fraction(item)) for item in items)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        values = ()
    if not values or (positive and min(values) <= 0):
        kind = "positive numbers" if positive else "numbers"
        raise ArgumentError(f"{option} must be {kind}, one for all channels or one for each, is {numbers!r}")
    return values


def add_inputs(graph: Graph, proto: GraphProto, declared: Declaration | None) -> tuple[dict[str, Value], int]:
    """Adds the model's inputs, batch 1, as the integers they are declared to be.

    A model declares an input's datatype by a QONNX annotation or an integer element type; `declared` does
    it for a model of one input. What was made 1 is noted in `graph.metadata["batch"]`.

    Returns:
        The values that the model's nodes read, by name, and the batch the model was exported with.

    Raises:
        ModelError: If an input is no tensor of known shape.
        OptionError: If `declared` does not fit the model.
    """
    constants = {tensor.name for tensor in proto.initializer}
    constants.update(tensor.values.name for tensor in proto.sparse_initializer)
    infos = [info for info in proto.input if info.name not in constants]
    if not infos:
        raise ModelError(f"model {proto.name!r} must have an input, has none")
    if declared is not None and len(infos) > 1:
        names = ", ".join(repr(info.name) for info in infos)
        raise OptionError(f"input_type must be given for a model of one input, the model has {names}")
    annotated = _annotations(proto)
    batches: list[int | str] = []
    values = {}
    for info in infos:
        batch, type_ = _type(info, annotated)
        batches.append(batch)
        values[info.name] = _declare(graph, info.name, type_, declared)
    made_one = [batch for batch in batches if batch != 1]
    if made_one:
        graph.metadata["batch"] = str(made_one[0])
    baked = [batch for batch in batches if isinstance(batch, int)]
    return values, baked[0] if baked else 1


def _annotations(proto: GraphProto) -> dict[str, str]:
    return {
        note.tensor_name: entry.value
        for note in proto.quantization_annotation
        for entry in note.quant_parameter_tensor_names
        if entry.key == _ANNOTATION
    }


def _type(info: ValueInfoProto, annotated: Mapping[str, str]) -> tuple[int | str, TensorType]:
    if not info.type.HasField("tensor_type") or not info.type.tensor_type.HasField("shape"):
        raise ModelError(f"input {info.name!r}: must be a tensor of known shape, is not; export it with one")
    tensor = info.type.tensor_type
    dims: list[int | str] = [
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else d.dim_param or "?"
        for d in tensor.shape.dim
    ]
    if not dims:
        raise ModelError(f"input {info.name!r}: must have the batch as axis 0, has no axis")
    for axis, length in enumerate(dims[1:], start=1):
        if isinstance(length, str):
            raise ModelError(
                f"input {info.name!r}: axis {axis} must have a fixed length, is {length!r}; only the "
                f"batch, axis 0, may vary: export the model with a fixed size"
            )
    shape = (1, *(int(d) for d in dims[1:]))
    try:
        carrier = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        implied = datatype_of(carrier)
    except (KeyError, ValueError):
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type)
        raise ModelError(f"input {info.name!r}: element type must be a number, is {kind}") from None
    name = annotated.get(info.name)
    if name is None:
        return dims[0], TensorType(shape, implied, carrier)
    try:
        datatype = DataType[name]
    except (KeyError, ValueError):
        raise ModelError(f"input {info.name!r}: annotation must be a QONNX datatype, is {name!r}") from None
    return dims[0], TensorType(shape, datatype if datatype.is_integer() else implied, carrier)


def _declare(graph: Graph, name: str, type_: TensorType, declared: Declaration | None) -> Value:
    if declared is None:
        value = graph.input(name, type_.shape, type_.datatype)
        graph.set_type(value, type_)
        return value
    if declared.is_identity and _is_narrower(declared.datatype, type_):
        return _declare(graph, name, type_._replace(datatype=declared.datatype), None)
    if type_.datatype.is_integer():
        if type_.datatype != declared.datatype or not declared.is_identity:
            raise OptionError(
                f"input {name!r}: the model declares it {type_.datatype.name}; input_type must be "
                f"{type_.datatype.name.lower()} without scale, mean and std, or left out"
            )
        return _declare(graph, name, type_, None)
    q = graph.input(name, type_.shape, declared.datatype)
    if declared.is_identity:
        return _carried(graph, q, type_)
    constants = [
        graph.constant(np.float64(declared.scale.numerator), name=f"{name}_numerator"),
        graph.constant(np.float64(declared.scale.denominator), name=f"{name}_denominator"),
        graph.constant(_per_channel("input_mean", declared.mean, type_.shape), name=f"{name}_mean"),
        graph.constant(_per_channel("input_std", declared.std, type_.shape), name=f"{name}_std"),
    ]
    real = graph.add(Normalize(), q, *constants, name=f"{name}_normalize", origin=(name,))
    return _carried(graph, real, type_)


def _is_narrower(datatype: BaseDataType, type_: TensorType) -> bool:
    """Whether a tensor whose only declaration is its integer element type may hold just `datatype`."""
    if type_.carrier.kind not in "iu" or type_.datatype != datatype_of(type_.carrier):
        return False
    whole = type_.datatype
    return bool(whole.min() <= datatype.min() and datatype.max() <= whole.max())


def _carried(graph: Graph, value: Value, type_: TensorType) -> Value:
    """The value in the element type that the model's nodes expect."""
    return value if value.carrier == type_.carrier else graph.add(cast_to(type_.carrier), value)


def _per_channel(option: str, numbers: tuple[float, ...], shape: tuple[int, ...]) -> NDArray[np.float64]:
    if len(numbers) == 1:
        return np.asarray(numbers[0], dtype=np.float64)
    channels = shape[1] if len(shape) > 1 else 1
    if len(numbers) != channels:
        raise OptionError(f"{option} must be one number or {channels}, is {len(numbers)}")
    return np.asarray(numbers, dtype=np.float64).reshape(1, -1, *[1] * (len(shape) - 2))
