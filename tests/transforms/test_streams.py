# SPDX-License-Identifier: Apache-2.0
"""`SizeStreams`: what FIFOs are made of when a resource runs short. Their depths: tests/properties."""

import pytest

from finnlite import resources
from finnlite.accelerator import units
from finnlite.boards import BOARDS, Limits
from finnlite.ir import Graph
from finnlite.ops.cost import Resources, Style
from finnlite.ops.fifo import FIFO, storage
from finnlite.transforms import AbsorbThresholds, Fold, MapToHardware, MinimizeWidths, SizeStreams
from tests.integer_graphs import integer_mlp

BOARD = BOARDS["pynq-z1"]
ALL = Limits(100.0, 100.0)


@pytest.fixture
def folded() -> Graph:
    return integer_mlp().transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths(), Fold())


def sized(graph: Graph, budget: Resources, monkeypatch: pytest.MonkeyPatch) -> Resources:
    """What the graph takes once its streams are sized for a board of that budget; the shell is free."""
    board = BOARD.__class__("small", "part", budget, Resources())
    monkeypatch.setitem(BOARDS, "small", board)
    graph.transform(SizeStreams("small", ALL))
    return resources.total(resources.rows(graph, board))


def styles(graph: Graph) -> list[Style | None]:
    return [unit.memory for _, unit in units(graph) if isinstance(unit, FIFO)]


def test_fifos_say_what_they_are_made_of(folded: Graph) -> None:
    folded.transform(SizeStreams())
    fifos = [(node, unit) for node, unit in units(folded) if isinstance(unit, FIFO)]
    for node, unit in fifos:
        assert unit.memory is storage(unit.depth, unit.source(node).width).style is Style.LUTRAM
    assert len(fifos) > 3


def test_fifos_go_to_block_ram_only_where_luts_run_short(
    folded: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = BOARD.budget
    most = sized(folded, plenty, monkeypatch)
    assert Style.BLOCK not in styles(folded)
    tight = plenty._replace(lut=most.lut - 1, bram18=most.bram18 + 20)
    less = sized(folded, tight, monkeypatch)
    assert less.fits(tight)
    assert styles(folded).count(Style.BLOCK) == 1
    assert less.bram18 > most.bram18
    none = plenty._replace(lut=0, bram18=most.bram18)
    assert sized(folded, none, monkeypatch) == most  # no block RAM is left: nothing moves
    assert sized(folded, plenty, monkeypatch) == most  # nothing is remembered


def test_the_fifo_that_gains_most_moves_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one RAMB18: of those that take no more it frees the most LUTs, and is the only one."""
    fold = Fold({"fc0": {"pe": 1, "simd": 4}, "fc1": {"pe": 32, "simd": 1}, "fc2": {"pe": 1, "simd": 32}})
    folded = integer_mlp((16, 16, 32, 4)).transform(
        MapToHardware(), AbsorbThresholds(), MinimizeWidths(), fold
    )
    most = sized(folded, BOARD.budget, monkeypatch)
    freed = {}
    for node, unit in units(folded):
        if isinstance(unit, FIFO):
            moved = FIFO(unit.depth, unit.elems, Style.BLOCK).resources(node)
            if moved.bram18 == 1:
                freed[node.name] = unit.resources(node).lut - moved.lut
    assert len(set(freed.values())) > 1
    less = sized(folded, BOARD.budget._replace(lut=0, bram18=most.bram18 + 1), monkeypatch)
    assert most.lut - less.lut == max(freed.values())
    assert less.bram18 == most.bram18 + 1


def test_lutram_runs_short_before_luts_do(folded: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    most = sized(folded, BOARD.budget, monkeypatch)
    tight = BOARD.budget._replace(lutram=most.lutram - 1)
    assert sized(folded, tight, monkeypatch).fits(tight)
    assert styles(folded).count(Style.BLOCK) == 1


@pytest.mark.parametrize("full", ["lut", "lutram"])
def test_fifos_stay_in_block_ram_where_there_is_no_room(
    full: str, folded: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finnlite.ops.fifo.cheaper", lambda depth, width, small: Style.BLOCK)
    most = sized(folded, BOARD.budget, monkeypatch)
    budget = BOARD.budget._replace(bram18=most.bram18 - 1)
    assert sized(folded, budget._replace(**{full: getattr(most, full)}), monkeypatch) == most
    assert sized(folded, budget, monkeypatch) != most


def test_fifos_come_back_where_block_ram_runs_short(folded: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finnlite.ops.fifo.cheaper", lambda depth, width, small: Style.BLOCK)
    most = sized(folded, BOARD.budget, monkeypatch)
    assert set(styles(folded)) == {Style.BLOCK}
    less = sized(folded, BOARD.budget._replace(bram18=most.bram18 - 1), monkeypatch)
    assert styles(folded).count(Style.LUTRAM) == 1
    assert most.bram18 > less.bram18
