# SPDX-License-Identifier: Apache-2.0
"""Elementwise operators (ONNX): output element i depends on the elements i of the broadcast inputs only.

The classes are a table: a base fixes the number of inputs, the class arguments say in which inputs the
operator is affine or monotone when all its other inputs are constant, the fields are the attributes.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Op, TensorType, Value, datatype_of

from .shapes import broadcast, constant, present

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Abs", "Add", "And", "Ceil", "Celu", "Clip", "Div", "Elementwise", "Elu", "Equal", "Erf", "Exp", "Floor",
    "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "LeakyRelu", "Less", "LessOrEqual", "Log",
    "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu",
    "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh", "ThresholdedRelu", "Where",
]  # fmt: skip

_EVERY = range(sys.maxsize)


@dataclass(frozen=True)
class Elementwise(Op):
    """Base of the elementwise operators.

    Subclass arguments: `affine` and `monotone` hold the indices of the inputs in which the operator is
    affine (y = a·x + b) or monotone (never decreasing or never increasing) per element, all its other
    inputs being constant.
    """

    domain: ClassVar[str] = ""
    op_type: ClassVar[str] = ""
    elementwise: ClassVar[bool] = True
    inputs_required: ClassVar[int] = 1
    carrier_from: ClassVar[int] = 0
    """The input whose carrier the result has."""
    compares: ClassVar[bool] = False
    """The result is bool."""
    affine_inputs: ClassVar[Container[int]] = ()
    monotone_inputs: ClassVar[Container[int]] = ()
    falling_inputs: ClassVar[Container[int]] = ()
    """Of the monotone inputs those in which y decreases."""

    def __init_subclass__(
        cls, *, affine: Container[int] | None = None, monotone: Container[int] | None = None
    ) -> None:
        """Keeps the indices, or its base's where none are given; affine implies monotone."""
        super().__init_subclass__()
        if affine is not None:
            cls.affine_inputs = cls.monotone_inputs = affine
        if monotone is not None:
            cls.monotone_inputs = monotone
        cls.affine, cls.monotone = 0 in cls.affine_inputs, 0 in cls.monotone_inputs

    def affine_in(self, index: int) -> bool:
        """Whether y = a·x + b for x = input `index`, the other inputs being constant."""
        return index in self.affine_inputs

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """Whether y never decreases or never increases with x = input `index`, the others being constant.

        Args:
            index: The input that varies.
            inputs: The node's inputs, where known: for some operators it depends on the constants.
        """
        return index in self.monotone_inputs

    def rising_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """Whether y never decreases with x = input `index`, the other inputs being constant and given."""
        return index not in self.falling_inputs and super().rising_in(index, inputs)

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The broadcast shape; `BINARY` in bool for comparisons, else the carrier of the data input.

        Raises:
            IRError: If an input is absent, the shapes do not broadcast or the data carriers differ.
        """
        for index in range(self.inputs_required):
            present(inputs[index] if index < len(inputs) else None, str(index))
        data = [value for value in inputs[self.carrier_from :] if value is not None]
        carrier = data[0].carrier
        if any(value.carrier != carrier for value in data) and self.op_type != "Pow":
            found = " and ".join(str(value.carrier) for value in data)
            raise IRError(f"{self.op_type} inputs must have one element type, are {found}")
        if self.compares:
            carrier = np.dtype(np.bool_)
        return (TensorType.of(broadcast(*inputs), datatype_of(carrier), carrier),)


@dataclass(frozen=True)
class _Binary(Elementwise):
    op_type: ClassVar[str] = ""
    inputs_required: ClassVar[int] = 2


@dataclass(frozen=True)
class _Comparison(_Binary):
    op_type: ClassVar[str] = ""
    compares: ClassVar[bool] = True


# -- arithmetic -----------------------------------------------------------------------------------
class Add(_Binary, affine=(0, 1)):
    """a + b."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope 1, offset the other input."""
        return np.ones(()), constant(inputs[1 - index])


class Sub(_Binary, affine=(0, 1)):
    """a − b."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope ±1, offset the other input's negative or itself."""
        other = constant(inputs[1 - index])
        return (np.ones(()), -other) if index == 0 else (-np.ones(()), other)


class Mul(_Binary, affine=(0, 1)):
    """a · b."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope the other input."""
        return constant(inputs[1 - index]), np.zeros(())


class Div(_Binary, affine=(0,)):
    """a / b: affine in the dividend; as a function of the divisor it is not even monotone."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope one over the divisor."""
        return 1.0 / constant(inputs[1]), np.zeros(())


class Sum(Elementwise, affine=_EVERY):
    """The sum of one or more inputs."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope 1, offset the sum of the others."""
        others = [constant(value) for i, value in enumerate(inputs) if i != index and value is not None]
        return np.ones(()), np.asarray(sum(others, start=np.zeros(())))


class Min(Elementwise, monotone=_EVERY):
    """The least of one or more inputs."""


class Max(Elementwise, monotone=_EVERY):
    """The greatest of one or more inputs."""


class Pow(_Binary):
    """a to the power of b; the carrier is a's."""

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """In the base, for constant exponents that are odd and positive, or fractions (then a ≥ 0)."""
        exponent = inputs[1].const if index == 0 and len(inputs) > 1 and inputs[1] is not None else None
        if exponent is None:
            return False
        values = np.asarray(exponent, dtype=np.float64)
        return bool(np.all((values > 0) & (values % 2 != 0)))


@dataclass(frozen=True)
class Mod(_Binary):
    """The remainder of a / b, with the divisor's sign or, with `fmod`, the dividend's."""

    fmod: bool = False


# -- functions of one input -------------------------------------------------------------------------
class Neg(Elementwise, affine=(0,)):
    """−x."""

    def affine_terms(self, index: int, *inputs: Value | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Slope −1."""
        return -np.ones(()), np.zeros(())


class Abs(Elementwise):
    """|x|."""


class Reciprocal(Elementwise):
    """1 / x."""


class Exp(Elementwise, monotone=(0,)):
    """eˣ."""


class Log(Elementwise, monotone=(0,)):
    """The natural logarithm."""


class Sqrt(Elementwise, monotone=(0,)):
    """The square root."""


class Erf(Elementwise, monotone=(0,)):
    """The error function."""


class Sign(Elementwise, monotone=(0,)):
    """−1, 0 or 1."""


class Floor(Elementwise, monotone=(0,)):
    """The greatest integer ≤ x."""


class Ceil(Elementwise, monotone=(0,)):
    """The least integer ≥ x."""


class Round(Elementwise, monotone=(0,)):
    """The nearest integer, ties to even."""


@dataclass(frozen=True)
class Clip(Elementwise, monotone=(0, 1, 2)):
    """min(max(x, low), high); inputs x, low, high, of which the last two may be absent."""


# -- activations ------------------------------------------------------------------------------------
class Relu(Elementwise, monotone=(0,)):
    """max(x, 0)."""


class Sigmoid(Elementwise, monotone=(0,)):
    """1 / (1 + e⁻ˣ)."""


class Tanh(Elementwise, monotone=(0,)):
    """The hyperbolic tangent."""


class Softplus(Elementwise, monotone=(0,)):
    """log(eˣ + 1)."""


class Softsign(Elementwise, monotone=(0,)):
    """x / (1 + |x|)."""


class HardSwish(Elementwise):
    """x · max(0, min(1, x/6 + 1/2)): falls before it rises."""


class PRelu(_Binary):
    """x, or slope · x below 0."""

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """In x, for constant slopes that are not negative."""
        slope = inputs[1].const if index == 0 and len(inputs) > 1 and inputs[1] is not None else None
        return slope is not None and bool(np.all(np.asarray(slope, dtype=np.float64) >= 0))


@dataclass(frozen=True)
class _Alpha(Elementwise):
    """An activation that is monotone if its `alpha` is not negative."""

    op_type: ClassVar[str] = ""
    alpha: float = 1.0

    def monotone_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """For an `alpha` that is not negative."""
        return index in self.monotone_inputs and self.alpha >= 0


@dataclass(frozen=True)
class LeakyRelu(_Alpha, monotone=(0,)):
    """x, or alpha · x below 0."""

    alpha: float = float(np.float32(0.01))


class Elu(_Alpha, monotone=(0,)):
    """x, or alpha · (eˣ − 1) below 0."""


@dataclass(frozen=True)
class Selu(_Alpha, monotone=(0,)):
    """gamma times x, or alpha · (eˣ − 1) below 0."""

    alpha: float = float(np.float32(1.67326319217681884765625))
    gamma: float = float(np.float32(1.05070102214813232421875))


class Celu(_Alpha, monotone=(0,)):
    """x, or alpha · (e^(x/alpha) − 1) below 0."""


class ThresholdedRelu(_Alpha, monotone=(0,)):
    """x above alpha, else 0."""


@dataclass(frozen=True)
class HardSigmoid(Elementwise, monotone=(0,)):
    """max(0, min(1, alpha · x + beta))."""

    alpha: float = float(np.float32(0.2))
    beta: float = 0.5


# -- comparisons and logic --------------------------------------------------------------------------
class Greater(_Comparison, monotone=(0, 1)):
    """a > b."""

    falling_inputs: ClassVar[Container[int]] = (1,)


class GreaterOrEqual(_Comparison, monotone=(0, 1)):
    """a ≥ b."""

    falling_inputs: ClassVar[Container[int]] = (1,)


class Less(_Comparison, monotone=(0, 1)):
    """a < b."""

    falling_inputs: ClassVar[Container[int]] = (0,)


class LessOrEqual(_Comparison, monotone=(0, 1)):
    """a ≤ b."""

    falling_inputs: ClassVar[Container[int]] = (0,)


class Equal(_Comparison):
    """a = b."""


class And(_Comparison, monotone=(0, 1)):
    """a and b."""


class Or(_Comparison, monotone=(0, 1)):
    """a or b."""


@dataclass(frozen=True)
class Not(Elementwise, monotone=(0,)):
    """Not a."""

    falling_inputs: ClassVar[Container[int]] = (0,)
    compares: ClassVar[bool] = True


@dataclass(frozen=True)
class Where(Elementwise, monotone=(0, 1, 2)):
    """a where the condition holds, else b; inputs condition (bool), a, b."""

    inputs_required: ClassVar[int] = 3
    carrier_from: ClassVar[int] = 1

    def rising_in(self, index: int, inputs: Sequence[Value | None] = ()) -> bool:
        """In the condition, if a ≥ b; always in a and b."""
        if index != 0:
            return super().rising_in(index, inputs)
        a, b = (value.const if value is not None else None for value in inputs[1:3])
        return a is not None and b is not None and bool(np.all(np.asarray(a >= b)))
