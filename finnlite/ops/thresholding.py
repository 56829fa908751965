# SPDX-License-Identifier: Apache-2.0
"""`Thresholding`, and the expansion of thresholds that every unit with thresholds shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import ADDER_BIT, COMPARATOR_BIT, CONTROL, Memory, counters, rom
from .elementwise import Add, GreaterOrEqual, Mul, Where
from .gathering import Gather
from .movement import cast_to
from .shapes import integer_type, present
from .structure import Structure
from .unit import Axis, Steps, Stream, Unit, elements, stream_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qonnx.core.datatype import BaseDataType

__all__ = [
    "AT_ONCE",
    "Thresholding",
    "expand_thresholds",
    "threshold_counts",
    "threshold_logic",
    "threshold_memories",
    "threshold_stages",
]

_TABLE_LIMIT = 2**20
"""Most entries of a table that replaces a binary search: 4 MB, which stays in a laptop's cache."""


def threshold_counts(
    x: NDArray[Any], thresholds: NDArray[Any], falling: NDArray[Any] | None
) -> NDArray[np.int64]:
    """How many thresholds fire: #(x ≥ t), or #(x ≤ t) where falling. The definition, for tables and tests.

    Args:
        x: (C, K) values.
        thresholds: (C, T).
        falling: (C,) or None.

    Returns:
        (C, K) counts.
    """
    sign = np.ones(len(thresholds)) if falling is None else np.where(np.asarray(falling) != 0, -1.0, 1.0)
    rows = np.sort(thresholds * sign[:, None], axis=1)
    values = np.broadcast_to(x, (len(rows), x.shape[1])) * sign[:, None]
    counts = [np.searchsorted(row, v, side="right") for row, v in zip(rows, values, strict=True)]
    return np.stack(counts).astype(np.int64)


def expand_thresholds(
    graph: Graph,
    x: Value,
    thresholds: Value,
    levels: NDArray[np.float32],
    falling: Value | None = None,
    axis: int = 1,
) -> Value:
    """Writes levels[number of thresholds that fire] as standard operators.

    One threshold becomes a comparison; integers of a small range a table; all else a binary search.

    Args:
        graph: Where to write.
        x: The tensor to compare.
        thresholds: Constant (C, T), or (1, T) for all channels.
        levels: (T + 1,) output for each number of thresholds that fire.
        falling: Constant (C,) or (1,): nonzero where a threshold fires at x ≤ t.
        axis: The channel axis of x; −1 is the last.
    """
    axis %= len(x.shape)
    if thresholds.const is None or (falling is not None and falling.const is None):
        raise IRError("thresholds must be constant, are computed")
    table = np.asarray(thresholds.const)
    flips = None if falling is None else np.asarray(falling.const).ravel()
    if flips is not None and len(flips) > len(table):
        table = np.broadcast_to(table, (len(flips), table.shape[1]))
    shape = (-1, *[1] * (len(x.shape) - 1 - axis % len(x.shape)))
    if len(table) > 1 and table.shape[1] > 1 and (table == table[0]).all() and flips is None:
        table = table[:1]
    domain = x.datatype
    if table.shape[1] > 1 and domain.is_integer():
        low, size = int(domain.min()), int(domain.max()) - int(domain.min()) + 1
        if size * len(table) <= _TABLE_LIMIT:
            return _by_table(graph, x, table, flips, levels, (low, size), shape)
    if flips is not None and flips.any():
        sign = np.where(flips != 0, -1, 1).astype(x.carrier)
        x = graph.add(Mul(), x, graph.constant(sign.reshape(shape)))
        table = table * sign[:, None]
    table = np.sort(table, axis=1)
    if table.shape[1] == 1:
        fires = graph.add(GreaterOrEqual(), x, graph.constant(table.astype(x.carrier).reshape(shape)))
        high, low_ = graph.constant(levels[1]), graph.constant(levels[0])
        return graph.add(Where(), fires, high, low_)
    return _by_search(graph, x, table, levels, shape)


def _by_table(
    graph: Graph,
    x: Value,
    table: NDArray[Any],
    flips: NDArray[Any] | None,
    levels: NDArray[np.float32],
    domain: tuple[int, int],
    shape: tuple[int, ...],
) -> Value:
    low, size = domain
    counts = threshold_counts(np.arange(low, low + size)[None], table, flips)
    offset = (np.arange(len(table)) * size - low).astype(np.float64).reshape(shape)
    index = graph.add(Add(), graph.add(cast_to(np.int64), x), graph.constant(offset.astype(np.int64)))
    return graph.add(Gather(), graph.constant(levels[counts].ravel()), index)


def _by_search(
    graph: Graph, x: Value, table: NDArray[Any], levels: NDArray[np.float32], shape: tuple[int, ...]
) -> Value:
    count = table.shape[1]
    depth = count.bit_length()
    padded = np.full((len(table), 2**depth), np.nan, dtype=x.carrier)  # x ≥ NaN never holds, even for ∞
    padded[:, :count] = table
    memory = graph.constant(padded.ravel())
    base = graph.constant((np.arange(len(table), dtype=np.int64) * 2**depth - 1).reshape(shape))
    position: Value = graph.constant(np.zeros((), dtype=np.int64))
    for level in reversed(range(depth)):
        step = np.int64(2**level)
        at = graph.add(Add(), graph.add(Add(), base, position), graph.constant(step))
        fires = graph.add(GreaterOrEqual(), x, graph.add(Gather(), memory, at))
        taken = graph.add(Where(), fires, graph.constant(step), graph.constant(np.int64(0)))
        position = graph.add(Add(), position, taken)
    return graph.add(Gather(), graph.constant(levels), position)


AT_ONCE = 15
"""Most thresholds that are compared at once (4 output bits); more are searched (design §8)."""


def threshold_stages(thresholds: Value) -> int:
    """Most cycles from a sum to the number of thresholds that fire.

    They are compared at once and counted, or each level of a search has a memory with an output register.
    """
    count = thresholds.shape[1]
    return count.bit_length() * (1 if count <= AT_ONCE else 2)


def threshold_logic(pe: int, bits: int, thresholds: Value | None, falling: Value | None) -> dict[str, float]:
    """LUTs of comparing PE accumulators of `bits` bits with their thresholds, by the structure: one term."""
    if thresholds is None:
        return {}
    count, levels = thresholds.shape[1], thresholds.shape[1].bit_length()
    compared = COMPARATOR_BIT * bits * (2 if _mixed(falling) else 1)  # both directions, to choose from
    if count > AT_ONCE:
        return {"searched": pe * levels * compared}
    counted = ADDER_BIT * max(0, count - 1)  # of those that fire
    return {"compared": pe * (count * compared + counted)}


def threshold_memories(
    pe: int, folds: int, thresholds: Value | None, falling: Value | None
) -> dict[str, Memory]:
    """The thresholds' memories: one for each that is read at once."""
    if thresholds is None:
        return {}
    rows, count = thresholds.shape
    width, levels, depth = int(thresholds.datatype.bitwidth()), count.bit_length(), 1 if rows == 1 else folds
    memories = {"falling": rom(depth, 1, copies=pe)} if _mixed(falling) else {}
    if count <= AT_ONCE:
        return {"thresholds": rom(depth, width, copies=pe * count), **memories}
    # Each step of the search has its own memory, twice as deep as the one before.
    return {**{f"level{n}": rom(depth << n, width, copies=pe) for n in range(levels)}, **memories}


def _mixed(falling: Value | None) -> bool:
    if falling is None or falling.const is None:
        return False
    return bool(falling.const.any()) and not falling.const.all()


@dataclass(frozen=True)
class Thresholding(Unit):
    """y = out_min + out_step · (number of thresholds that fire).

    Inputs: x, thresholds (C, T) or (1, T) along `axis`, falling (C,) or (1,) or absent. A threshold fires
    at x ≥ t, or at x ≤ t where falling. On floats (the host's input quantizer) thresholds are float32. As
    a unit, on a stream, its axis is the last.
    """

    out_min: int = 0
    out_step: int = 1
    axis: int = 1
    pe: int = 1
    elementwise: ClassVar[bool] = True

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of x and the narrowest datatype of the outputs."""
        x, thresholds = present(inputs[0], "x"), present(inputs[1], "thresholds")
        if len(thresholds.shape) != 2 or thresholds.shape[0] not in (1, x.shape[self.axis]):
            wanted = f"(1 or {x.shape[self.axis]}, T)"
            raise IRError(f"thresholds must have shape {wanted}, have {list(thresholds.shape)}")
        if self.pe != 1:
            self.check_folding(*inputs)
        return (TensorType.of(x.shape, self.infer_output(*inputs)),)

    def infer_output(self, *inputs: Value | None) -> BaseDataType:
        """The narrowest datatype of the outputs."""
        count = present(inputs[1], "thresholds").shape[1]
        return integer_type(self.out_min, self.out_min + self.out_step * count, bipolar=count == 1)

    def levels(self, count: int) -> NDArray[np.float32]:
        """(count + 1,) output for each number of thresholds that fire."""
        return (self.out_min + self.out_step * np.arange(count + 1)).astype(np.float32)

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """See `expand_thresholds`."""
        x, thresholds = present(inputs[0], "x"), present(inputs[1], "thresholds")
        falling = inputs[2] if len(inputs) > 2 else None
        return expand_thresholds(graph, x, thresholds, self.levels(thresholds.shape[1]), falling, self.axis)

    def lanes(self, *inputs: Value | None) -> int:
        """What PE divides: the channels, or all elements of a frame if they share their thresholds."""
        x, thresholds = present(inputs[0], "x"), present(inputs[1], "thresholds")
        falling = inputs[2] if len(inputs) > 2 else None
        shared = thresholds.shape[0] == 1 and (falling is None or falling.shape[0] == 1)
        return math.prod(x.shape[1:]) if shared else x.shape[-1]

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """PE divides the lanes."""
        x, y = present(inputs[0], "x"), self.infer_output(*inputs)
        return {"pe": Axis(self.lanes(*inputs), max(int(x.datatype.bitwidth()), int(y.bitwidth())))}

    def source(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.input(0), self.pe)

    def sink(self, node: Node) -> Stream:
        """PE elements a word."""
        return stream_of(node.output, self.pe)

    def folds(self, node: Node) -> int:
        """Lanes / PE: words until the thresholds repeat.

        Raises:
            IRError: If the channels are not the stream's last axis.
        """
        x = node.input(0)
        if self.axis % len(x.shape) != len(x.shape) - 1:
            raise IRError(f"axis must be {len(x.shape) - 1}, the last, on a stream, is {self.axis}")
        return self.lanes(*node.inputs) // self.pe

    def cycles(self, node: Node) -> int:
        """One word a step."""
        return elements(node.input(0)) // self.pe

    def steps(self, node: Node) -> Steps:
        """Reads and writes in every step."""
        always = np.ones(self.cycles(node), dtype=np.bool_)
        return Steps(always, always)

    def latency(self, node: Node) -> int:
        """Input, threshold memory (2), comparisons, output and its register slice."""
        return 7 + threshold_stages(node.input(1))

    def structure(self, node: Node) -> Structure:
        """The comparators."""
        bits = int(node.input(0).datatype.bitwidth())
        compared = threshold_logic(self.pe, bits, node.input(1), node.optional(2))
        counted = counters(self.folds(node))
        return Structure({"control": CONTROL, "counters": counted, **compared})

    def terms(self, node: Node) -> dict[str, float]:
        """In RTL comparisons with what is the same in every step are a term of their own."""
        found = super().terms(node)
        if node.input(1).shape[0] == 1 or self.folds(node) == 1:
            found["fixed"] = found.pop("compared", 0.0)
        return found

    def memories(self, node: Node) -> dict[str, Memory]:
        """The thresholds."""
        return threshold_memories(self.pe, self.folds(node), node.input(1), node.optional(2))
