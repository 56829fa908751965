# SPDX-License-Identifier: Apache-2.0
"""The search behind `Fold` against brute force: on tables of costs, and on all foldings of small graphs."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qonnx.core.datatype import DataType

from finnlite.accelerator import units
from finnlite.boards import BOARDS, Board, Limits
from finnlite.errors import OptionError
from finnlite.ir import Graph
from finnlite.ops.cost import Resources, price
from finnlite.ops.fifo import FIFO
from finnlite.ops.width_converter import WidthConverter
from finnlite.timing import analyse
from finnlite.transforms.fitting import Fitting
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.interleaving import InterleaveChannels
from finnlite.transforms.lowering import LowerConvs
from finnlite.transforms.pareto import front
from finnlite.transforms.search import UNLIMITED, Problem, Table
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.image_graphs import Images, residual
from tests.integer_graphs import integer_mlp

# -- tables of costs -------------------------------------------------------------------------------------

AMPLE = Resources(10**6, 10**6, 10**6, 10**6, 10**6)
variant = st.tuples(st.integers(1, 9), st.tuples(*(st.integers(0, most) for most in (60, 80, 6, 4, 30))))
tables = st.lists(st.lists(variant, min_size=1, max_size=5), min_size=1, max_size=5).map(
    lambda rows: [Table(np.array([c for c, _ in unit]), np.array([r for _, r in unit])) for unit in rows]
)


def combinations(tables: list[Table]) -> Iterator[tuple[int, Resources]]:
    for picks in product(*(range(len(table.cycles)) for table in tables)):
        rows = [table.costs[pick] for table, pick in zip(tables, picks, strict=True)]
        cycles = max(int(table.cycles[pick]) for table, pick in zip(tables, picks, strict=True))
        yield cycles, Resources(*map(int, np.sum(rows, axis=0)))


@given(tables, st.integers(0, 200), st.integers(0, 14), st.integers(0, 9), st.integers(1, 9))
@settings(max_examples=250, deadline=None)
def test_the_cheapest_is_that_of_brute_force(
    tables: list[Table], luts: int, blocks: int, dsps: int, limit: int
) -> None:
    budget = AMPLE._replace(lut=luts, bram18=blocks, dsp=dsps)
    every = [(cycles, cost) for cycles, cost in combinations(tables) if cost.fits(budget)]
    problem = Problem(tables)
    found = problem.cheapest(limit, budget)
    prices = [price(cost) for cycles, cost in every if cycles <= limit]
    assert (found is None) == (not prices)
    if found is not None:
        assert problem.cost(found).fits(budget)
        assert all(table.cycles[pick] <= limit for table, pick in zip(tables, found, strict=True))
        assert price(problem.cost(found)) == pytest.approx(min(prices))
    feasible = [pace for pace in problem.paces if problem.cheapest(pace, budget) is not None]
    assert feasible[:1] == ([min(cycles for cycles, _ in every)] if every else [])


@given(tables, st.integers(0, 250), st.integers(0, 90), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_what_flip_flops_and_lutram_bound_fits(
    tables: list[Table], ffs: int, lutram: int, limit: int
) -> None:
    budget = Resources(150, ffs, 12, 8, lutram)
    allowed = [price(cost) for cycles, cost in combinations(tables) if cost.fits(budget) and cycles <= limit]
    problem = Problem(tables)
    found = problem.cheapest(limit, budget)
    if found is not None:
        assert problem.cost(found).fits(budget)
        assert price(problem.cost(found)) >= min(allowed) * (1 - 1e-9)


# -- graphs ----------------------------------------------------------------------------------------------


@cache
def mapped(name: str) -> Graph:
    if name == "dense":
        graph = integer_mlp((4, 6, 2), "INT6")
    elif name == "three":
        graph = integer_mlp((4, 2, 2, 3), "UINT2")
    elif name == "residual":
        graph = residual((2, 4, 3))
    else:
        net = Images((2, 4, 4), "UINT2")
        x = net.quantize(net.conv(net.x, 3, (2, 2), strides=(2, 2), name="conv"))
        graph = net.end(net.dense(x, 2))
    graph.transform(LowerConvs(), InterleaveChannels())
    return graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())


ALL = Limits(100, 100)


def part(budget: Resources) -> Board:
    return Board("small", "none", budget, Resources(lut=100, ff=100, bram18=1))


@pytest.fixture(autouse=True)
def _boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOARDS, "small", part(UNLIMITED))


@cache
def fitting(name: str) -> Fitting:
    return Fitting(mapped(name), part(UNLIMITED), ALL, {})


def shallow(graph: Graph) -> Graph:
    for node, unit in units(graph):
        if isinstance(unit, FIFO):
            node.op = replace(unit, depth=2)
    return graph


GRAPHS = ("dense", "three", "conv")


@pytest.mark.parametrize("name", GRAPHS)
def test_a_network_counts_what_its_streams_take(name: str) -> None:
    it = fitting(name)
    rng = np.random.default_rng(1)
    for _ in range(25):
        picks = [int(rng.integers(len(item.units))) for item in it.network.variants]
        graph = it.graph.copy()
        it.put(graph, picks)
        SizeStreams("small").apply(graph)
        longest = max(unit.cycles(node) for node, unit in units(graph))
        assert max(t.cycles[p] for t, p in zip(it.network.tables(), picks, strict=True)) == longest
        costs = [unit.resources(node) for node, unit in units(shallow(graph))]
        assert it.network.cost(picks) == Resources(*map(sum, zip(*costs, strict=True)))


@cache
def every(name: str) -> list[tuple[int, Resources, list[int]]]:
    """Cycles and cost, with FIFOs of two words, of every folding."""
    it = fitting(name)
    tables = it.network.tables()
    choices = list(product(*(range(len(item.units)) for item in it.network.variants)))
    cycles = [max(int(t.cycles[p]) for t, p in zip(tables, picks, strict=True)) for picks in choices]
    return [(c, it.network.cost(picks), list(picks)) for c, picks in zip(cycles, choices, strict=True)]


@pytest.mark.parametrize("name", GRAPHS)
def test_with_converters_the_cheapest_of_a_chain_is_that_of_brute_force(name: str) -> None:
    it = fitting(name)
    for limit in it.paces:
        start = Problem(it.network.tables()).cheapest(limit)
        assert start is not None
        found = it.network.aligned(start, limit, UNLIMITED)
        assert len(found) == 1
        best = min(price(cost) for cycles, cost, _ in every(name) if cycles <= limit)
        assert price(it.network.cost(found[0])) == pytest.approx(best)


@pytest.mark.parametrize("name", GRAPHS)
def test_what_units_alone_need_is_a_lower_bound(name: str) -> None:
    it = fitting(name)
    problem = Problem(it.network.tables())
    assert all(problem.cost(picks).fits(cost) for _, cost, picks in every(name))


FIXED = {
    "dense": {"fc1": {"pe": 2, "memory": "lut"}},
    "conv": {"conv": {"memory": "block"}, "dense": {"pe": 2, "memory": "lut"}},
}


@pytest.mark.parametrize("name", sorted(FIXED))
def test_foldings_are_hardly_beaten_by_any_with_its_streams_sized(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Budgets of LUTs and block RAM; what FIFOs take beyond two words is no part of the search itself."""
    costs = np.array([cost.lut for _, cost, _ in every(name)])
    rng = np.random.default_rng(6)
    fastest, cheapest, rounds = 0, 0, 6
    for number in range(rounds):
        luts = 100 + int(rng.integers(costs.min() - 20, np.percentile(costs, 60)))
        board = part(UNLIMITED._replace(lut=luts, bram18=1 + number % 3))
        monkeypatch.setitem(BOARDS, "small", board)
        it = Fitting(mapped(name), board, ALL, FIXED[name])
        picks = product(*(range(len(item.units)) for item in it.network.variants))
        points = [point for choice in picks if (point := it.sized(list(choice))).total.fits(board.budget)]
        it = Fitting(mapped(name), board, ALL, FIXED[name])
        found, best = it.fastest(), min((point.ii_cycles for point in points), default=None)
        assert found is None or (found.total.fits(board.budget) and found.ii_cycles >= best)
        fastest += best == (None if found is None else found.ii_cycles)
        limit = int(rng.choice(it.paces))
        prices = [price(point.total) for point in points if point.ii_cycles <= limit]
        reached = it.reached(limit)
        assert reached is None or (reached.total.fits(board.budget) and reached.ii_cycles <= limit)
        cheapest += prices == [] if reached is None else price(reached.total) < 1.005 * min(prices)
    assert fastest >= rounds - 1
    assert cheapest >= rounds - 1


@pytest.mark.parametrize("name", [*GRAPHS, "residual"])
def test_what_fold_finds_fits_and_no_shorter_interval_was_left_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = mapped(name)
    most = Fitting(graph, part(UNLIMITED), ALL, {})
    needs = np.array([most.unbounded(pace).total for pace in (most.paces[0], most.paces[-1])])
    for share in (0.0, 0.2, 0.5, 0.8, 1.1):
        luts = int(needs[1, 0] + share * (needs[0, 0] - needs[1, 0]))
        board = part(UNLIMITED._replace(lut=luts, bram18=4))
        monkeypatch.setitem(BOARDS, "small", board)
        folded = graph.copy()
        Fold(board="small", max_fps=True, limits=ALL).apply(folded)
        again = Fitting(folded, board, ALL, {})
        SizeStreams("small", ALL).apply(folded)
        total = [unit.resources(node) for node, unit in units(folded)]
        assert Resources(*map(sum, zip(board.shell, *total, strict=True))).fits(board.budget)
        shorter = [pace for pace in again.paces if pace < analyse(folded).ii_cycles]
        assert not shorter or again.reached(shorter[-1]) is None


def test_a_front_is_ascending_fits_and_has_no_point_that_another_beats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = mapped("conv")
    board = part(UNLIMITED._replace(lut=2_000, bram18=4))
    monkeypatch.setitem(BOARDS, "small", board)
    before = dict(graph.metadata)
    found = front(graph, board, ALL, 6).foldings
    points = []
    for folding in found:
        folded = graph.copy().transform(Fold(folding, board="small", limits=ALL), SizeStreams("small", ALL))
        total = Resources(
            *map(sum, zip(board.shell, *(u.resources(n) for n, u in units(folded)), strict=True))
        )
        assert total.fits(board.budget)
        points.append((analyse(folded).ii_cycles, total))
    assert 2 <= len(points) <= 6
    assert [cycles for cycles, _ in points] == sorted({cycles for cycles, _ in points})
    assert not any(a.fits(b) for number, (_, b) in enumerate(points) for _, a in points[:number])
    assert dict(graph.metadata) == before
    with pytest.raises(OptionError, match="^the network must fit small, needs"):
        front(graph, part(Resources()), Limits(), 6)


def test_a_converter_is_as_long_as_the_longer_of_its_ends() -> None:
    """But for a frame that its output words do not divide: it may end with a step that only writes."""
    longer = 0
    for have, want in product(range(1, 13), repeat=2):
        for size in range(1, 49):
            graph = Graph("stream")
            converter = WidthConverter(have, want)
            node = graph.add_node(converter, graph.input("x", (1, size), DataType["UINT2"]))
            words = max(converter.source(node).words, converter.sink(node).words)
            assert converter.cycles(node) <= words + (size % want != 0)
            longer += converter.cycles(node) > words
    assert longer > 0
