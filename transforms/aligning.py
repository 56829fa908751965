# SPDX-License-Identifier: Apache-2.0
"""A network's variants and the streams between them: what converters cost, and how to need fewer of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Node, Value
from finnlite.ops.cost import Resources, Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.structure import Backend
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter

from .search import PRICES, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Network", "Variants"]

_LEAST_DEPTH = 2
_SWEEPS = 4
_EQUAL = 1e-12
_SCARCE = [Resources._fields.index(name) for name in ("bram18", "dsp")]
_LITTLE = 1e-3
"""Share of its price that a resource counts where another is to be least."""
_OCTAVES = 8.0
"""LUTs are priced up and down by at most so many factors of two, …"""
_HALVINGS = 8
"""… halved so often, …"""
_POLISHED = 3
"""… and so many of the choices are then improved unit by unit."""


class Variants(NamedTuple):
    """The forms that a unit may take.

    Args:
        node: Where it stands.
        units: V of them.
        cycles: (V,) of a frame.
        costs: (V, R), in the order of `Resources`.
        reads: For each source (V,) elements a word.
        writes: The same for each sink.
    """

    node: Node
    units: list[Unit]
    cycles: NDArray[np.int64]
    costs: NDArray[np.int64]
    reads: list[NDArray[np.int64]]
    writes: list[NDArray[np.int64]]

    @classmethod
    def of(cls, node: Node, units: list[Unit], backend: Backend) -> Variants:
        """Asks each of a node's possible units what it takes."""
        reads = np.array([[stream.elems for stream in unit.sources(node)] for unit in units])
        writes = np.array([[stream.elems for stream in unit.sinks(node)] for unit in units])
        return cls(
            node,
            units,
            np.array([unit.cycles(node) for unit in units]),
            np.array([unit.resources(node, backend) for unit in units]),
            list(reads.T),
            list(writes.T),
        )


@dataclass(frozen=True, eq=False)
class _Link:
    """A stream from a unit to the next.

    Args:
        writer: Number of the unit that writes it.
        reader: Number of the unit that reads it.
        have: (V,) for each variant of the writer which of its H widths it writes.
        want: (V,) for each variant of the reader which of its W widths it reads.
        fifos: (H, R) what a FIFO behind the writer takes.
        least: (H, R) the least of each resource that it takes, in LUTRAM or in block RAM.
        converters: (H, W, R) what a converter takes; nothing for equal widths.
        behind: (H, W, R) what the FIFO behind it takes.
        lengths: (H, W) cycles of the converter.
    """

    writer: int
    reader: int
    have: NDArray[np.int64]
    want: NDArray[np.int64]
    fifos: NDArray[np.int64]
    least: NDArray[np.int64]
    converters: NDArray[np.int64]
    behind: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @cached_property
    def costs(self) -> NDArray[np.int64]:
        """(H, W, R) what the stream takes."""
        return self.fifos[:, None] + self.converters + self.behind

    @classmethod
    def of(
        cls,
        value: Value,
        writer: int,
        writes: NDArray[np.int64],
        reader: int,
        reads: NDArray[np.int64],
        backend: Backend,
    ) -> _Link:
        """Asks the converters and FIFOs that a value may need what they take."""
        (haves, have), (wants, want) = (np.unique(words, return_inverse=True) for words in (writes, reads))
        kind = value.shape, value.datatype.name, backend
        fifos = {
            word: _alone(FIFO(_LEAST_DEPTH, word), *kind)[0] for word in {*haves.tolist(), *wants.tolist()}
        }
        blocks = {word: _alone(FIFO(_LEAST_DEPTH, word, Style.BLOCK), *kind)[0] for word in haves.tolist()}
        own = np.array([fifos[word] for word in haves.tolist()])
        least = np.minimum(own, [blocks[word] for word in haves.tolist()])
        converters, behind = np.zeros((2, len(haves), len(wants), len(Resources._fields)), dtype=np.int64)
        lengths = np.zeros((len(haves), len(wants)), dtype=np.int64)
        for (i, word), (j, other) in itertools.product(enumerate(haves.tolist()), enumerate(wants.tolist())):
            if word != other:
                converters[i, j], lengths[i, j] = _alone(WidthConverter(word, other), *kind)
                behind[i, j] = fifos[other]
        return cls(writer, reader, have, want, own, least, converters, behind, lengths)


@lru_cache(maxsize=8192)
def _alone(unit: Unit, shape: tuple[int, ...], datatype: str, backend: Backend) -> tuple[Resources, int]:
    """Cost and cycles of a unit on a stream."""
    graph = Graph("stream")
    node = graph.add_node(unit, graph.input("x", shape, DataType[datatype]))
    return unit.resources(node, backend), unit.cycles(node)


class Network:
    """All units of an accelerator with their variants, and the streams between them.

    A converter moves a word a step, so it takes as many steps as the longer of its ends has words, and their
    units take no fewer; only where a border's words do not divide the frame may it be one longer. Streams are
    counted with FIFOs of two words: what deeper ones take is known when all is chosen.

    Args:
        variants: In stream order.
        backend: Whose hardware it is.
    """

    def __init__(self, variants: Sequence[Variants], backend: Backend = Backend.HLS) -> None:
        self.variants = variants
        self._links: list[_Link] = []
        index = {item.node: number for number, item in enumerate(variants)}
        for reader, item in enumerate(variants):
            for value, reads in zip(item.node.inputs, item.reads, strict=False):
                if value is not None and value.producer in index:
                    writer = index[value.producer]
                    writes = variants[writer].writes[value.index]
                    link = _Link.of(value, writer, writes, reader, reads, backend)
                    self._links.append(link)
        self._at: list[list[_Link]] = [[] for _ in variants]
        for link in self._links:
            self._at[link.writer].append(link)
            self._at[link.reader].append(link)
        self._cycles = [item.cycles.copy() for item in variants]
        for link in self._links:
            if link.lengths.shape[1] == 1:
                longer = link.lengths[link.have, 0]
                self._cycles[link.writer] = np.maximum(self._cycles[link.writer], longer)
        self._chains = self._found_chains()

    def tables(self) -> list[Table]:
        """What each variant takes with its streams, as far as it alone decides them: a lower bound.

        A FIFO belongs to the unit that writes it. A converter belongs to one of its ends if the other has the
        same words in all variants, as borders have; none is between other units, and no FIFO behind any.
        """
        costs = [item.costs.copy() for item in self.variants]
        for link in self._links:
            costs[link.writer] += link.least[link.have]
            if len(link.fifos) == 1:
                costs[link.reader] += link.converters[0, link.want]
            elif link.converters.shape[1] == 1:
                costs[link.writer] += link.converters[link.have, 0]
        return [Table(*pair) for pair in zip(self._cycles, costs, strict=True)]

    def cost(self, picks: Sequence[int]) -> Resources:
        """What all units take in the variants chosen, with their converters, and FIFOs of two words."""
        parts = [item.costs[pick] for item, pick in zip(self.variants, picks, strict=True)]
        parts += [
            link.costs[link.have[picks[link.writer]], link.want[picks[link.reader]]] for link in self._links
        ]
        return Resources(*map(int, np.sum(parts, axis=0)))

    def aligned(self, picks: Sequence[int], limit: int, budget: Resources) -> list[list[int]]:
        """Choices with the converters between units counted: the cheapest, or some that lack little.

        The cheapest of a chain is found exactly, unit by unit along it; chains that meet at joins and forks
        take turns. If that does not fit, LUTs are priced up or down against the rest; besides, they are made
        as few as possible with no more RAMB18s and DSPs in any unit than it was picked to take.

        Args:
            picks: For each unit the variant that a search without converters chose.
            limit: Most cycles of a unit.
            budget: What all may take together.
        """
        result = self._swept(picks, limit, PRICES)
        if self.cost(result).fits(budget):
            return [result]
        luts = np.eye(len(PRICES))[0]
        caps = [item.costs[pick] for item, pick in zip(self.variants, picks, strict=True)]
        found = [result, self._swept(picks, limit, luts + _LITTLE * PRICES, caps)]
        low, high = -_OCTAVES, _OCTAVES
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found.append(self._swept(picks, limit, PRICES * np.where(luts, 2**middle, 1)))
            lacks = _shares(np.array(self.cost(found[-1])), np.array(budget))
            low, high = (middle, high) if lacks[0] == lacks.max() > 0 else (low, middle)
        found.sort(key=lambda choice: self._worth(choice, budget))
        polished = [self._polished(choice, limit, budget) for choice in found[:_POLISHED]]
        distinct = [choice for number, choice in enumerate(polished) if choice not in polished[:number]]
        return sorted(distinct, key=lambda choice: self._worth(choice, budget))

    def _worth(self, picks: Sequence[int], budget: Resources) -> tuple[float, float]:
        """What is lacking for a choice, as shares of the budget, and its price: the less the better."""
        cost = np.array(self.cost(picks))
        return float(_shares(cost, np.array(budget)).sum()), float(cost @ PRICES)

    def _found_chains(self) -> list[list[int]]:
        """Units in rows in which each but the last is read by the next alone, which reads nothing else."""
        following = {
            link.writer: link.reader
            for link in self._links
            if len(self.variants[link.writer].writes) == 1 and len(self.variants[link.reader].reads) == 1
        }
        followers = set(following.values())
        chains = []
        for unit in (unit for unit in range(len(self.variants)) if unit not in followers):
            chains.append([unit])
            while chains[-1][-1] in following:
                chains[-1].append(following[chains[-1][-1]])
        return chains

    def _swept(
        self,
        picks: Sequence[int],
        limit: int,
        weights: NDArray[np.float64],
        caps: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[int]:
        """The choice of least weight: exact of one chain; of several, each in turn, until nothing changes."""
        result = list(picks)
        for _ in range(_SWEEPS if len(self._chains) > 1 else 1):
            before = list(result)
            for chain in self._chains:
                self._lighten(chain, result, limit, weights, caps)
            if result == before:
                break
        return result

    def _lighten(
        self,
        chain: Sequence[int],
        picks: list[int],
        limit: int,
        weights: NDArray[np.float64],
        caps: Sequence[NDArray[np.int64]] | None,
    ) -> None:
        """Picks the variants of a chain that weigh least with the streams between and around them."""
        back: list[NDArray[np.int64]] = []
        weight = np.zeros(0)
        for number, unit in enumerate(chain):
            inner = [link for link in self._at[unit] if number and link.writer == chain[number - 1]]
            outer = [
                link
                for link in self._at[unit]
                if link not in inner and link.reader not in chain[number + 1 :][:1]
            ]
            own = self._around(unit, picks, outer) @ weights
            own[self._cycles[unit] > limit] = np.inf
            if caps is not None:
                own[(self.variants[unit].costs > caps[unit])[:, _SCARCE].any(axis=1)] = np.inf
            for link in inner:
                own, origin = _through(link, weight, own, weights)
                back.append(origin)
            weight = own
        pick = int(np.argmin(weight))
        for unit in reversed(chain):
            picks[unit] = pick
            pick = int(back.pop()[pick]) if back else pick

    def _polished(self, picks: Sequence[int], limit: int, budget: Resources) -> list[int]:
        """The choice, improved unit by unit, until nothing is gained: less lacking, then cheaper."""
        result = list(picks)
        total = np.array(self.cost(result))
        bounds = np.array(budget)
        for sweep in range(_SWEEPS):
            before = list(result)
            units = range(len(result))
            for unit in units if sweep % 2 else reversed(units):
                around = self._around(unit, result, self._at[unit])
                sums = total - around[result[unit]] + around
                lacking = _shares(sums, bounds).sum(axis=1)
                lacking[self._cycles[unit] > limit] = np.inf
                worth = np.where(lacking <= lacking.min() + _EQUAL, sums @ PRICES, np.inf)
                if worth[result[unit]] > worth.min() + _EQUAL:
                    result[unit] = int(np.argmin(worth))
                    total = sums[result[unit]]
            if result == before:
                break
        return result

    def _around(self, unit: int, picks: Sequence[int], links: Sequence[_Link]) -> NDArray[np.int64]:
        """Cost of each variant of a unit with some of the streams at its ports, the others as picked."""
        total = self.variants[unit].costs
        for link in links:
            if link.reader == unit:
                total = total + link.costs[link.have[picks[link.writer]], link.want]
            else:
                total = total + link.costs[link.have, link.want[picks[link.reader]]]
        return total


def _through(
    link: _Link, before: NDArray[np.float64], own: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Weights up to each variant of a stream's reader, and with which variant of its writer each is had."""
    words = [np.flatnonzero(link.have == number) for number in range(len(link.fifos))]
    lightest = np.array([variants[np.argmin(before[variants])] for variants in words])
    paths = before[lightest][:, None] + link.costs @ weights
    return own + paths.min(axis=0)[link.want], lightest[paths.argmin(axis=0)][link.want]


def _shares(need: NDArray[np.int64], budget: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is lacking of each resource, as a share of the budget."""
    shares: NDArray[np.float64] = np.maximum(need - budget, 0) / np.maximum(budget, 1)
    return shares
