# SPDX-License-Identifier: Apache-2.0
"""`Unit`: what an operator that is a piece of hardware answers (design §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node, Op, Value

from .cost import Resources
from .shapes import present

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STREAM_BITS", "Axis", "Steps", "Stream", "Unit", "divisors", "elements"]

STREAM_BITS = 1024
"""Widest stream: the limit of `ap_uint` without further options."""


class Axis(NamedTuple):
    """What a folding attribute divides: `size` elements, each `bits` wide on the stream they share."""

    size: int
    bits: int


class Stream(NamedTuple):
    """A stream of a unit: `words` words a frame of `elems` elements and `width` bits each."""

    elems: int
    width: int
    words: int


@dataclass(frozen=True)
class Steps:
    """A thread: for each step of a frame, whether it reads the unit's source and writes its sink.

    Args:
        reads: (S,) booleans.
        writes: (S,) booleans.
    """

    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]

    def __len__(self) -> int:
        """Steps a frame."""
        return len(self.reads)


def divisors(size: int) -> tuple[int, ...]:
    """All divisors in ascending order.

    >>> divisors(10)
    (1, 2, 5, 10)
    """
    small = [d for d in range(1, int(size**0.5) + 1) if size % d == 0]
    return tuple(small + [size // d for d in reversed(small) if d * d != size])


def elements(value: Value | None, role: str = "x") -> int:
    """Elements of a stream's frame: the N of a (1, N) integer value.

    Raises:
        IRError: If the value is none.
    """
    x = present(value, role)
    if len(x.shape) != 2 or x.shape[0] != 1:
        raise IRError(f"stream {role} must have shape [1, N], has {list(x.shape)}")
    if not x.datatype.is_integer():
        raise IRError(f"stream {role} must hold integers, holds {x.datatype.name}")
    return x.shape[1]


@dataclass(frozen=True)
class Unit(Op):
    """An operator that is a hardware unit: one thread between one source and one sink stream.

    Its folding attributes are fields; `axes` says what each divides. Cost and time are asked of the unit
    with the node it stands in, which knows shapes and datatypes.
    """

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """What each folding attribute divides; empty if nothing can be folded."""
        return {}

    def legal(self, *inputs: Value | None) -> dict[str, tuple[int, ...]]:
        """Legal values of each folding attribute; every combination of them is legal."""
        return {
            name: tuple(d for d in divisors(axis.size) if d * axis.bits <= STREAM_BITS)
            for name, axis in self.axes(*inputs).items()
        }

    def check_folding(self, *inputs: Value | None) -> None:
        """Checks the folding attributes.

        Raises:
            IRError: If one does not divide its axis or makes a stream too wide.
        """
        legal = self.legal(*inputs)
        for name, axis in self.axes(*inputs).items():
            value = getattr(self, name)
            if value in legal[name]:
                continue
            if value not in divisors(axis.size):
                allowed = ", ".join(map(str, legal[name]))
                raise IRError(f"{name} must divide {axis.size} ({allowed}), is {value}")
            raise IRError(
                f"{name} must be at most {legal[name][-1]}, is {value}: "
                f"a stream has at most {STREAM_BITS:,} bits, {value} × {axis.bits} bits are more"
            )

    def source(self, node: Node) -> Stream:
        """The stream the unit reads."""
        raise NotImplementedError(self.op_type)

    def sink(self, node: Node) -> Stream:
        """The stream the unit writes."""
        raise NotImplementedError(self.op_type)

    def steps(self, node: Node) -> Steps | None:
        """The thread of a frame; None for a buffer, which has none."""
        raise NotImplementedError(self.op_type)

    def cycles(self, node: Node) -> int:
        """Length of the thread: cycles a frame takes if nothing makes it wait."""
        steps = self.steps(node)
        return 0 if steps is None else len(steps)

    def latency(self, node: Node) -> int:
        """Upper bound of the pipeline's latency L: a word written in t is readable from t + 1 + L."""
        return 0

    def resources(self, node: Node) -> Resources:
        """Estimated cost; see `finnlite.ops.cost`."""
        raise NotImplementedError(self.op_type)


def stream_of(value: Value, elems: int) -> Stream:
    """The stream that carries a (1, N) value, `elems` elements a word; the last word may be partial."""
    return Stream(elems, elems * int(value.datatype.bitwidth()), -(-value.shape[-1] // elems))
