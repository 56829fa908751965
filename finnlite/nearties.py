# SPDX-License-Identifier: Apache-2.0
"""Integers against floats, quantizer by quantizer: which differences are near-ties (design §11).

Every quantizer of the integer graph is compared with the value it replaced, on the reference's own inputs: a
difference in one layer is not counted again in those behind it. It is a near-tie if the reference's
accumulator, moved by less than 1e-5 · max(|accumulator|, 1), gives the integers' answer; near-ties must be
rare and never hit the same (quantizer, accumulator value) twice, else they are mismatches.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.comparison import Mismatch, compare_outputs, first_mismatch
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Value
from finnlite.ops.pools import MaxPool
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.progress import Count
from finnlite.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Verdict", "compare_integers"]

_DISTANCE = 1e-5
_RARE = 1e-6
_LEARNING_FRAMES = 256
_CHUNK = 2048
"""Frames compared at once, so that the values of all quantizers fit in memory."""
_LINES = 12
"""Most frequent (integer, real) pairs through which lines are tried."""
_ON_LINE = 0.01
Arrays = dict[str, "NDArray[Any]"]


@dataclass
class Verdict:
    """What the comparison of an integer graph with its float reference found."""

    mismatches: int = 0
    near_ties: int = 0
    first: Mismatch | None = None
    elements: int = 0
    _hits: dict[tuple[str, int], int] = field(default_factory=dict)
    _first_near: Mismatch | None = None

    def add(self, mismatches: int, first: Mismatch | None) -> None:
        """Counts mismatches; the first of the first layer is kept."""
        self.mismatches += mismatches
        self.first = self.first or first

    def hit(self, quantizer: str, accumulators: NDArray[Any], first: Mismatch | None) -> None:
        """Counts near-ties, and where they happened; the first of the first layer is kept."""
        self.near_ties += accumulators.size
        self._first_near = self._first_near or first
        for value in accumulators.ravel():
            key = (quantizer, int(value))
            self._hits[key] = self._hits.get(key, 0) + 1

    def settle(self) -> None:
        """Turns near-ties into mismatches if they are not rare, or repeat."""
        repeated = any(count > 1 for count in self._hits.values())
        if repeated or self.near_ties > max(1, _RARE * self.elements):
            self.mismatches += self.near_ties
            self.near_ties = 0
            self.first = self.first or self._first_near


@dataclass(frozen=True)
class _Pair:
    """A quantizer of the integer graph, and the value of the reference that it replaced.

    Where the reference quantizes behind maxima and moves, and the integers in front of them, `behind` are
    those.
    """

    node: Node
    behind: tuple[Node, ...]
    reference: Value
    root: Value | None

    @property
    def output(self) -> Value:
        """What is compared with the reference."""
        return (self.node, *self.behind)[-1].output


@dataclass(frozen=True)
class _Grid:
    """real = step · k + offset, learnt from the frames themselves."""

    step: float
    offset: float

    def integers(self, reals: NDArray[Any]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = np.round((reals.astype(np.float64) - self.offset) / self.step)
        return result


def compare_integers(
    reference: Graph, integers: Graph, inputs: Mapping[str, NDArray[Any]], count: Count | None = None
) -> tuple[Verdict, Arrays, Arrays]:
    """Compares the integer stage with the imported graph on the same inputs; `count` is told the frames.

    Returns:
        The verdict, the integer graph's own outputs, and the reference's.
    """
    pairs = _pairs(reference, integers)
    theirs = Session(reference, [pair.reference.name for pair in pairs])
    ours = Session(integers, [pair.output.name for pair in pairs])
    verdict = Verdict()
    outputs: list[Arrays] = []
    wanted: list[Arrays] = []
    total = len(next(iter(inputs.values())))
    for start in range(0, total, _CHUNK):
        part = {name: array[start : start + _CHUNK] for name, array in inputs.items()}
        expected = theirs.run(part, partial(_count_half, count, start, total, 0))
        found = ours.run(part, partial(_count_half, count, start, total, 1))
        outputs.append({value.name: found[value.name] for value in integers.outputs})
        wanted.append({value.name: expected[value.name] for value in reference.outputs})
        chunk = _Chunk(reference, integers, pairs, part, start)
        chunk.compare(verdict, found, expected)
    verdict.settle()
    return verdict, _joined(outputs), _joined(wanted)


def _count_half(count: Count | None, start: int, total: int, half: int, done: int, frames: int) -> None:
    """Tells the frames of a chunk that ran, when each runs twice."""
    if count is not None:
        count(start + (half * frames + done) // 2, total)


def _joined(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True)
class _Chunk:
    """Some frames of the comparison."""

    reference: Graph
    integers: Graph
    pairs: list[_Pair]
    inputs: Arrays
    start: int

    def compare(self, verdict: Verdict, found: Arrays, expected: Arrays) -> None:
        answers: Arrays = {}
        grids: dict[str, _Grid] = {}
        clean = np.ones(len(next(iter(self.inputs.values()))), dtype=np.bool_)
        for pair in self.pairs:
            name = pair.output.name
            reals = expected[pair.reference.name]
            grids[name] = _grid(found[name], reals)
            answers[name] = grids[name].integers(reals).reshape(found[name].shape).astype(found[name].dtype)
            clean &= (found[name] == answers[name]).reshape(len(clean), -1).all(axis=1)
            verdict.elements += found[name].size
        final = {value.name: found[value.name] for value in self.integers.outputs}
        frames = np.flatnonzero(~clean)
        if len(frames):
            inputs = {name: array[frames] for name, array in self.inputs.items()}
            answers = {name: array[frames] for name, array in answers.items()}
            _explain(verdict, self, inputs, answers, frames, grids)
            for name, array in _from_reference(self.integers, self.integers.outputs, inputs, answers).items():
                final[name] = final[name].copy()
                final[name][frames] = array
        wanted = {value.name: expected[value.name] for value in self.reference.outputs}
        count, first, _ = compare_outputs(final, wanted, exact=False)
        verdict.add(count, first if first is None else replace(first, sample=first.sample + self.start))


def _pairs(reference: Graph, integers: Graph) -> list[_Pair]:
    position: dict[str, tuple[int, Node]] = {}
    for index, node in enumerate(reference.nodes):
        for name in (node.name, *node.origin):
            position[name] = (index, node)
    pairs = []
    for node in integers.nodes:
        if not isinstance(node.op, Thresholding | Lookup):
            continue
        known = [position[name] for name in node.origin if name in position]
        if not known:
            continue
        index, last = max(known, key=lambda item: item[0])
        behind = _behind(node, {name for name, (place, _) in position.items() if place < index})
        pair = _Pair(node, behind, last.output, _root(node, position))
        if _size(last.output) == _size(pair.output):
            pairs.append(pair)
    return pairs


def _behind(node: Node, before: Container[str]) -> tuple[Node, ...]:
    """The maxima and moves behind a quantizer that the reference has in front of it (named in `before`)."""
    found: list[Node] = []
    while True:
        readers = [reader for reader, _ in node.output.uses]
        if len(readers) != 1 or not (readers[0].op.moves_data or isinstance(readers[0].op, MaxPool)):
            return tuple(found)
        (node,) = readers
        if not any(name in before for name in node.origin):
            return tuple(found)
        found.append(node)


def _size(value: Value) -> int:
    return int(np.prod(value.shape))


def _root(node: Node, position: Mapping[str, tuple[int, Node]]) -> Value | None:
    """The reference's value of the accumulator that a quantizer reads."""
    producer = node.input(0).producer
    while producer is not None and producer.op.moves_data:
        producer = producer.input(0).producer
    if producer is None:
        return None
    for name in (producer.name, *reversed(producer.origin)):
        if name in position:
            value = position[name][1].output
            return value if _size(value) == _size(node.input(0)) else None
    return None


def _grid(ours: NDArray[Any], theirs: NDArray[Any]) -> _Grid:
    """The rising line real = step · k + offset on which most of the elements lie."""
    levels, k = np.unique(ours[:_LEARNING_FRAMES].ravel(), return_inverse=True)
    reals, r = np.unique(theirs[:_LEARNING_FRAMES].ravel().astype(np.float64), return_inverse=True)
    counts = np.bincount(k * len(reals) + r, minlength=len(levels) * len(reals))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    x, y, weight = levels[order // len(reals)].astype(np.float64), reals[order % len(reals)], counts[order]
    best, most = _Grid(1.0, float(y[0] - x[0])), -1
    for i, j in combinations(range(min(len(order), _LINES)), 2):
        if (x[j] - x[i]) * (y[j] - y[i]) <= 0:
            continue
        step = (y[j] - y[i]) / (x[j] - x[i])
        agreeing = int(weight[np.abs(y - y[i] - step * (x - x[i])) < _ON_LINE * step].sum())
        if agreeing > most:
            best, most = _Grid(float(step), float(y[i] - step * x[i])), agreeing
    return best


def _explain(
    verdict: Verdict,
    chunk: _Chunk,
    inputs: Arrays,
    answers: Arrays,
    frames: NDArray[np.int64],
    grids: Mapping[str, _Grid],
) -> None:
    """Counts the differences of each quantizer alone, on the frames where some quantizer differs."""
    for pair in chunk.pairs:
        name, read = pair.output.name, pair.node.input(0).name
        own = _from_reference(chunk.integers, [pair.output, pair.node.input(0)], inputs, answers, skip=name)
        wrong = own[name] != answers[name]
        if not wrong.any():
            continue
        near = wrong & _near(chunk.reference, pair, inputs, own, grids[name])
        ties, left = (
            _first(pair.node.name, own[name], answers[name], elements, frames + chunk.start)
            for elements in (near, wrong & ~near)
        )
        verdict.hit(name, _accumulators(pair, own[read]).reshape(near.shape)[near], ties)
        verdict.add(int(np.count_nonzero(wrong & ~near)), left)


def _accumulators(pair: _Pair, read: NDArray[Any]) -> NDArray[Any]:
    """What a quantizer read, the greatest of each window where maxima follow, in the reference's order."""
    if not pair.behind:
        return read
    graph = Graph("behind")
    value = graph.input("x", pair.node.input(0).shape)
    for node in pair.behind:
        rest = [graph.constant(v.const) for v in node.inputs[1:] if v is not None and v.const is not None]
        value = graph.add(node.op, value, *rest)
    graph.outputs = [value]
    found: NDArray[Any] = Session(graph).run(read)[value.name]
    return found


def _first(
    layer: str,
    found: NDArray[Any],
    expected: NDArray[Any],
    elements: NDArray[np.bool_],
    frames: NDArray[np.int64],
) -> Mismatch | None:
    """The first of some differing elements, under its frame's index among all."""
    first = first_mismatch(layer, found, expected, elements.reshape(len(elements), -1))
    return None if first is None else replace(first, sample=int(frames[first.sample]))


def _from_reference(
    integers: Graph, targets: list[Value], inputs: Arrays, answers: Arrays, skip: str = ""
) -> Arrays:
    """Targets of the integer graph, computed from the reference's answers of the quantizers before them."""
    sources = [integers.value(name) for name in answers if name != skip]
    part = cut(integers, [*sources, *integers.inputs], targets)
    part.inputs = [value for value in part.inputs if value.uses or value in part.outputs]
    given = {value.name: answers.get(value.name, inputs.get(value.name)) for value in part.inputs}
    found = Session(part).run({name: array for name, array in given.items() if array is not None})
    return {value.name: found[value.name] for value in targets}


def _near(reference: Graph, pair: _Pair, inputs: Arrays, own: Arrays, grid: _Grid) -> NDArray[np.bool_]:
    """Elements whose answer the reference also gives for an accumulator next to its own."""
    ours = own[pair.output.name]
    if pair.root is None:
        return np.zeros(ours.shape, dtype=np.bool_)
    x = Session(reference, [pair.root.name]).run(inputs)[pair.root.name]
    accumulator = own[pair.node.input(0).name]
    ratio = np.abs(x.ravel()[accumulator.ravel() != 0] / accumulator.ravel()[accumulator.ravel() != 0])
    unit = float(np.median(ratio)) if ratio.size else 1.0
    function = Session(cut(reference, [pair.root], [pair.reference]))
    step = _DISTANCE * np.maximum(np.abs(x), unit)
    near = np.zeros(ours.shape, dtype=np.bool_)
    for moved in (x - step, x + step):
        answer = function.run(moved.astype(x.dtype))[pair.reference.name]
        near |= grid.integers(answer).reshape(ours.shape) == ours
    return near
