# SPDX-License-Identifier: Apache-2.0
"""Units of several streams: `Add` and `Concat` join, `Duplicate` and `Split` fork.

They read and write in a fixed order, whichever stream comes first: the FIFOs around them must hold what
one branch is ahead of another (`SizeStreams`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value, carrier_of

from .cost import ADDER_BIT, CONTROL, counters, shifter_bit
from .elementwise import Add, Mul
from .movement import Concat, Identity, Slice
from .mvtu import carried
from .shapes import integer_type, present
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Duplicate", "StreamAdd", "StreamConcat", "StreamSplit", "common_type"]

_EXACT_FLOAT32 = 2**24


def common_type(types: Sequence[BaseDataType]) -> BaseDataType:
    """The narrowest datatype that holds all of some, which is theirs if they are equal."""
    if len(set(types)) == 1:
        return types[0]
    return integer_type(min(int(t.min()) for t in types), max(int(t.max()) for t in types))


def _streams(inputs: Sequence[Value | None], least: int) -> list[Value]:
    if len(inputs) < least:
        raise IRError(f"there must be at least {least} streams, are {len(inputs)}")
    values = [present(value, f"x{index}") for index, value in enumerate(inputs)]
    for index, value in enumerate(values):
        elements(value, f"x{index}")
    return values


def _always(count: int) -> NDArray[np.bool_]:
    return np.ones(count, dtype=np.bool_)


def _in_turn(words: Sequence[int], times: int) -> tuple[NDArray[np.bool_], ...]:
    """For each of several streams, the steps of a frame that are its own: so many words of it a pixel."""
    owner = np.tile(np.repeat(np.arange(len(words)), words), times)
    return tuple(owner == index for index in range(len(words)))


@dataclass(frozen=True)
class StreamAdd(Unit):
    """factors[0]·x0 + factors[1]·x1, element by element; both integers of one shape, any datatypes."""

    op_type: ClassVar[str] = "Add"

    factors: tuple[int, ...] = (1, 1)
    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of both, the narrowest datatype of the exact bounds."""
        x0, x1 = _streams(inputs, 2)[:2]
        if len(inputs) != 2 or len(self.factors) != 2 or 0 in self.factors:
            found = f"{len(inputs)} streams and the factors {list(self.factors)}"
            raise IRError(f"there must be two streams and two factors that are not 0, are {found}")
        if x0.shape != x1.shape:
            raise IRError(f"streams must have one shape, have {list(x0.shape)} and {list(x1.shape)}")
        self.check_folding(*inputs)
        return (TensorType.of(x0.shape, self._output_type(x0, x1)),)

    def _output_type(self, *streams: Value) -> BaseDataType:
        ends = [
            sorted((factor * int(x.datatype.min()), factor * int(x.datatype.max())))
            for factor, x in zip(self.factors, streams, strict=True)
        ]
        return integer_type(sum(low for low, _ in ends), sum(high for _, high in ends))

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Mul` and `Add`, in float64 where float32 is not exact."""
        streams = _streams(inputs, 2)
        carrier = carrier_of(self._output_type(*streams)).name
        for factor, x in zip(self.factors, streams, strict=True):
            if abs(factor) * max(-int(x.datatype.min()), int(x.datatype.max())) >= _EXACT_FLOAT32:
                carrier = "float64"
        terms = []
        for factor, x in zip(self.factors, streams, strict=True):
            term = carried(graph, x, carrier)
            if factor != 1:
                term = graph.add(Mul(), term, graph.constant(np.array(factor, dtype=carrier)))
            terms.append(term)
        return graph.add(Add(), *terms)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        streams = _streams(inputs, 2)[:2]
        types = [x.datatype for x in streams] + [self._output_type(*streams)]
        return {"pe": Axis(streams[0].shape[-1], max(int(t.bitwidth()) for t in types))}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def sources(self, node: Node) -> tuple[Stream, ...]:
        """PE elements a word of either."""
        return tuple(stream_of(node.input(index), self.pe) for index in range(2))

    def cycles(self, node: Node) -> int:
        """C / PE a pixel."""
        return self.sink(node).words

    def steps(self, node: Node) -> Steps:
        """Reads both and writes in every step."""
        always = _always(self.cycles(node))
        return Steps(always, always, (always,))

    def latency(self, node: Node) -> int:
        """Input, products (2), sum, output and its register slice."""
        return 7

    def structure(self, node: Node) -> Structure:
        """An adder an element, and one for every further bit that a factor has set."""
        bits = int(node.output.datatype.bitwidth())
        adders = 1 + sum(abs(factor).bit_count() - 1 for factor in self.factors)
        return Structure.of(control=CONTROL, adders=self.pe * adders * ADDER_BIT * bits)


@dataclass(frozen=True)
class StreamConcat(Unit):
    """The channels of several streams one after the other, pixel by pixel."""

    op_type: ClassVar[str] = "Concat"

    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The sum of the channels, the narrowest datatype that holds all."""
        streams = _streams(inputs, 2)
        if len({x.shape[:-1] for x in streams}) != 1:
            found = " and ".join(str(list(x.shape)) for x in streams)
            raise IRError(f"streams must agree but for their channels, are {found}")
        self.check_folding(*inputs)
        channels = sum(x.shape[-1] for x in streams)
        datatype = common_type([x.datatype for x in streams])
        return (TensorType.of((*streams[0].shape[:-1], channels), datatype),)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """`Concat`."""
        streams = _streams(inputs, 2)
        carrier = carrier_of(common_type([x.datatype for x in streams])).name
        parts = [carried(graph, x, carrier) for x in streams]
        return graph.add(Concat(axis=len(streams[0].shape) - 1), *parts)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides every stream's channels."""
        streams = _streams(inputs, 2)
        bits = int(common_type([x.datatype for x in streams]).bitwidth())
        return {"pe": Axis(math.gcd(*(x.shape[-1] for x in streams)), bits)}

    def words(self, node: Node) -> tuple[int, ...]:
        """Words a pixel of each stream."""
        return tuple(node.input(index).shape[-1] // self.pe for index in range(len(node.inputs)))

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return self.sources(node)[0]

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def sources(self, node: Node) -> tuple[Stream, ...]:
        """PE elements a word of each."""
        return tuple(stream_of(node.input(index), self.pe) for index in range(len(node.inputs)))

    def cycles(self, node: Node) -> int:
        """ΣC / PE a pixel."""
        return self.sink(node).words

    def steps(self, node: Node) -> Steps:
        """Writes in every step; reads the streams in turn, each for its channels."""
        words = self.words(node)
        turns = _in_turn(words, self.cycles(node) // sum(words))
        return Steps(turns[0], _always(self.cycles(node)), turns[1:])

    def latency(self, node: Node) -> int:
        """Input, counter, choice, output and its register slice."""
        return 6

    def structure(self, node: Node) -> Structure:
        """The choice of a stream."""
        chosen = shifter_bit(len(node.inputs)) * self.sink(node).width
        counted = counters(sum(self.words(node)))
        return Structure.of(control=CONTROL, counters=counted, choice=chosen)


@dataclass(frozen=True)
class Duplicate(Unit):
    """The same stream `copies` times: what a value with several readers becomes."""

    copies: int = 2
    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The type of x, `copies` times."""
        x = _streams(inputs, 1)[0]
        if self.copies < 2:
            raise IRError(f"copies must be at least 2, are {self.copies}")
        self.check_folding(*inputs)
        return (TensorType.of(x.shape, x.datatype),) * self.copies

    def expand(self, graph: Graph, *inputs: Value | None) -> tuple[Value, ...]:
        """An `Identity` each."""
        x = present(inputs[0], "x")
        return tuple(graph.add(Identity(), x) for _ in range(self.copies))

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the channels."""
        x = present(inputs[0], "x")
        return {"pe": Axis(x.shape[-1], int(x.datatype.bitwidth()))}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def sinks(self, node: Node) -> tuple[Stream, ...]:
        """PE elements a word of each."""
        return (self.sink(node),) * self.copies

    def cycles(self, node: Node) -> int:
        """C / PE a pixel."""
        return self.source(node).words

    def steps(self, node: Node) -> Steps:
        """Reads, and writes all, in every step."""
        always = _always(self.cycles(node))
        return Steps(always, always, (), (always,) * (self.copies - 1))

    def latency(self, node: Node) -> int:
        """Input, output and its register slice."""
        return 5

    def structure(self, node: Node) -> Structure:
        """Handshakes."""
        return Structure.of(control=CONTROL)


@dataclass(frozen=True)
class StreamSplit(Unit):
    """The channels of a stream to several streams, `sizes` of them each, pixel by pixel."""

    op_type: ClassVar[str] = "Split"

    sizes: tuple[int, ...] = ()
    pe: int = 1

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A type a size."""
        x = _streams(inputs, 1)[0]
        if len(self.sizes) < 2 or min(self.sizes) < 1 or sum(self.sizes) != x.shape[-1]:
            raise IRError(f"sizes must be two or more that sum up to {x.shape[-1]}, are {list(self.sizes)}")
        self.check_folding(*inputs)
        return tuple(TensorType.of((*x.shape[:-1], size), x.datatype) for size in self.sizes)

    def expand(self, graph: Graph, *inputs: Value | None) -> tuple[Value, ...]:
        """A `Slice` each."""
        x = present(inputs[0], "x")
        ends = np.cumsum(self.sizes)
        parts = []
        for size, end in zip(self.sizes, ends.tolist(), strict=True):
            limits = ([end - size], [end], [len(x.shape) - 1])
            parts.append(
                graph.add(Slice(), x, *(graph.constant(np.array(v, dtype=np.int64)) for v in limits))
            )
        return tuple(parts)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides all sizes."""
        return {"pe": Axis(math.gcd(*self.sizes), int(present(inputs[0], "x").datatype.bitwidth()))}

    def words(self, node: Node) -> tuple[int, ...]:
        """Words a pixel of each stream."""
        return tuple(size // self.pe for size in self.sizes)

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return self.sinks(node)[0]

    def sinks(self, node: Node) -> tuple[Stream, ...]:
        """PE elements a word of each."""
        return tuple(stream_of(value, self.pe) for value in node.outputs)

    def cycles(self, node: Node) -> int:
        """C / PE a pixel."""
        return self.source(node).words

    def steps(self, node: Node) -> Steps:
        """Reads in every step; writes the streams in turn, each for its channels."""
        words = self.words(node)
        turns = _in_turn(words, self.cycles(node) // sum(words))
        return Steps(_always(self.cycles(node)), turns[0], (), turns[1:])

    def latency(self, node: Node) -> int:
        """Input, counter, output and its register slice."""
        return 6

    def structure(self, node: Node) -> Structure:
        """Handshakes and the counter of a pixel's words."""
        return Structure.of(control=CONTROL, counters=counters(sum(self.words(node))))
