# SPDX-License-Identifier: Apache-2.0
"""`Unit`: what an operator that is a piece of hardware answers (design §8)."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node, Op, Value

from .cost import MEMORY_DISTANCE, Memory, Resources, port, total
from .shapes import present
from .structure import Backend, Structure, estimate, memory_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MEMORY_DISTANCE",
    "STREAM_BITS",
    "Axis",
    "Steps",
    "Stream",
    "Unit",
    "divisors",
    "elements",
    "pixels",
    "stream_of",
]

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
    """A thread: for each step of a frame, which of the unit's streams it reads and writes.

    Args:
        reads: (S,) booleans: whether the step reads the first source.
        writes: (S,) booleans: whether it writes the first sink.
        more_reads: The same for the further sources, in order.
        more_writes: The same for the further sinks.
    """

    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]
    more_reads: tuple[NDArray[np.bool_], ...] = ()
    more_writes: tuple[NDArray[np.bool_], ...] = ()

    def __len__(self) -> int:
        """Steps a frame."""
        return len(self.reads)

    @property
    def ports_read(self) -> tuple[NDArray[np.bool_], ...]:
        """The reads of all sources."""
        return (self.reads, *self.more_reads)

    @property
    def ports_written(self) -> tuple[NDArray[np.bool_], ...]:
        """The writes of all sinks."""
        return (self.writes, *self.more_writes)

    def repeated(self, times: int) -> Steps:
        """The same steps `times` times: a frame of so many vectors."""
        return Steps(
            np.tile(self.reads, times),
            np.tile(self.writes, times),
            tuple(np.tile(port, times) for port in self.more_reads),
            tuple(np.tile(port, times) for port in self.more_writes),
        )


def divisors(size: int) -> tuple[int, ...]:
    """All divisors in ascending order.

    >>> divisors(10)
    (1, 2, 5, 10)
    """
    small = [d for d in range(1, int(size**0.5) + 1) if size % d == 0]
    return tuple(small + [size // d for d in reversed(small) if d * d != size])


def pixels(value: Value | None, role: str = "x") -> tuple[int, int, int]:
    """Height, width and channels of a stream's frame: (1, H, W, C), or (1, C), which is one pixel.

    Raises:
        IRError: If the value is neither, or holds no integers.
    """
    x = present(value, role)
    if len(x.shape) not in (2, 4) or x.shape[0] != 1:
        raise IRError(f"stream {role} must have shape [1, N] or [1, H, W, C], has {list(x.shape)}")
    if not x.datatype.is_integer():
        raise IRError(f"stream {role} must hold integers, holds {x.datatype.name}")
    height, width = x.shape[1:-1] or (1, 1)
    return height, width, x.shape[-1]


def elements(value: Value | None, role: str = "x") -> int:
    """Elements of a stream's frame.

    Raises:
        IRError: See `pixels`.
    """
    return math.prod(pixels(value, role))


@dataclass(frozen=True)
class Unit(Op):
    """An operator that is a hardware unit: one thread between source and sink streams.

    Stream i of the sources carries the node's input i, which constants follow; stream i of the sinks its
    output i. Most units have one of each and say `source` and `sink`; the others say `sources` and `sinks`.
    A stream carries (1, N) or (1, H, W, C), pixels row by row, the channels of a pixel adjacent.

    Its folding attributes are fields; `axes` says what each divides. Cost and time are asked of the unit
    with the node it stands in, which knows shapes and datatypes.
    """

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """What each folding attribute divides; empty if nothing can be folded."""
        return {}

    def legal(self, *inputs: Value | None) -> dict[str, tuple[int, ...]]:
        """The values of each folding attribute that divide its axis and fit into a stream."""
        return {
            name: tuple(d for d in divisors(axis.size) if d * axis.bits <= STREAM_BITS)
            for name, axis in self.axes(*inputs).items()
        }

    def settings(self, *inputs: Value | None) -> dict[str, tuple[Any, ...]]:
        """What a folding decides: attribute to the values it may have, alone; see `variants`."""
        return dict(self.legal(*inputs))

    def variants(self, *inputs: Value | None) -> Iterator[Self]:
        """The unit in every legal combination of its settings."""
        settings = self.settings(*inputs)
        for values in itertools.product(*settings.values()):
            variant = replace(self, **dict(zip(settings, values, strict=True)))
            with contextlib.suppress(IRError):
                variant.check_folding(*inputs)
                yield variant

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
        """The first stream the unit reads."""
        raise NotImplementedError(self.op_type)

    def sink(self, node: Node) -> Stream:
        """The first stream the unit writes."""
        raise NotImplementedError(self.op_type)

    def sources(self, node: Node) -> tuple[Stream, ...]:
        """All streams the unit reads."""
        return (self.source(node),)

    def sinks(self, node: Node) -> tuple[Stream, ...]:
        """All streams the unit writes."""
        return (self.sink(node),)

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

    def macs(self, node: Node) -> int:
        """Multiply–accumulates of a frame; what has some has its weights as input 1."""
        return 0

    def structure(self, node: Node) -> Structure:
        """Its logic by what it is for: all but its memories and ports."""
        raise NotImplementedError(self.op_type)

    def memories(self, node: Node) -> dict[str, Memory]:
        """Its memories by the name that they have in the code; those of few words may be registers."""
        return {}

    def resources(self, node: Node, backend: Backend = Backend.HLS) -> Resources:
        """Estimated cost: its logic, its ports and its memories; see `finnlite.ops.cost`."""
        if backend is Backend.RTL:
            return estimate(self.op_type, self.terms(node), self.exact(node))
        ports = (port(stream.width) for stream in (*self.sources(node), *self.sinks(node)))
        memories = (memory.resources for memory in self.memories(node).values())
        return total((self.structure(node).hls, *ports, *memories))

    def terms(self, node: Node) -> dict[str, float]:
        """What its cost in RTL is a weighted sum of: its structure, its words and its memories."""
        structure = self.structure(node)
        found = {
            **structure.terms,
            "registers": structure.ff,
            "read": sum(stream.width for stream in self.sources(node)),
            "written": sum(stream.width for stream in self.sinks(node)),
            **memory_terms(self.cells(node)),
        }
        return {name: float(value) for name, value in found.items() if value}

    def exact(self, node: Node) -> Resources:
        """Block RAM, DSP48E1s and LUTs as RAM in RTL; no other LUTs, no flip-flops."""
        held = total(memory.resources for memory in self.cells(node).values())
        return held._replace(lut=0, ff=0, dsp=self.structure(node).dsp)

    def cells(self, node: Node) -> dict[str, Memory]:
        """Its memories as they are in RTL."""
        return self.memories(node)


def stream_of(value: Value, elems: int) -> Stream:
    """The stream that carries a value, `elems` elements a word; the frame's last word may be partial."""
    return Stream(elems, elems * int(value.datatype.bitwidth()), -(-math.prod(value.shape[1:]) // elems))
