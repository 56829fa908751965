# SPDX-License-Identifier: Apache-2.0
"""The steps that units declare are those that the compiled code counts; altered lists are found out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from finnlite.accelerator import Placed, units
from finnlite.backends.hls.network import network_of
from finnlite.ops.fifo import FIFO
from finnlite.ops.swu import SWU
from finnlite.ops.unit import Steps, Unit, elements
from tests.backends.hardware import random_unit, values
from tests.backends.images import random_image_unit
from tests.backends.test_image_units import check_threads
from tests.backends.unity import Simulation, compile_unity, write_networks

if TYPE_CHECKING:
    from finnlite.ir import Graph, Node

MAKERS = (random_image_unit, random_unit)
SEEDS = 54
UNITS = (
    "Add AxiIn AxiOut Concat Duplicate LabelSelect Lookup MVTU Pad SWU Split Thresholding Upsample VVTU "
    "WidthConverter WindowMax WindowSum parallel"
).split()


def kind(unit: Unit) -> str:
    return "parallel" if isinstance(unit, SWU) and unit.parallel else unit.op_type


def steps_of(graph: Graph) -> dict[str, int]:
    return {layer.name: layer.steps for layer in network_of(graph).layers}


@dataclass
class Traced:
    """A graph with what its compiled code counted in a frame."""

    graph: Graph
    trace: list[tuple[tuple[int, ...], tuple[int, ...]]]
    steps: dict[str, int]
    """Of each layer, as they were compiled."""

    def confirm(self) -> None:
        check_threads(self.graph, self.trace)
        assert self.steps == steps_of(self.graph)


def few() -> Iterator[Graph]:
    """Graphs that hold a unit of each kind, whose thread has several steps."""
    missing = set(UNITS)
    for seed in range(SEEDS):
        for make in MAKERS:
            graph = make(seed)
            found = {kind(unit) for node, unit in units(graph) if unit.cycles(node) > 3} & missing
            if found:
                missing -= found
                yield graph
    assert not missing, missing


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> list[Traced]:
    graphs = list(few())
    folder = tmp_path_factory.mktemp("steps")
    write_networks(graphs, folder)
    library = compile_unity(folder, "g++" if shutil.which("clang++") is None else "clang++")
    result = []
    for index, graph in enumerate(graphs):
        x = graph.inputs[0]
        frame = values(np.random.default_rng(index), x.datatype, (1, elements(x)))
        simulation = Simulation(library, index, graph)
        result.append(Traced(graph, simulation.trace(frame), steps_of(graph)))
        simulation.close()
    return result


def test_every_unit_is_traced(traced: list[Traced]) -> None:
    graphs = [one.graph for one in traced]
    assert {kind(unit) for graph in graphs for _, unit in units(graph)} - {FIFO.op_type} == set(UNITS)
    for one in traced:
        one.confirm()


def altered(steps: Steps) -> Iterator[Steps]:
    """A step more; a port a step later than the others; the first use that can be moved, a step later."""
    ports = [*steps.ports_read, *steps.ports_written]
    reads = len(steps.ports_read)

    def of(marks: list[np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> Steps:
        return Steps(marks[0], marks[reads], tuple(marks[1:reads]), tuple(marks[reads + 1 :]))

    yield of([np.append(marks, False) for marks in ports])
    for index, marks in enumerate(ports):
        others = [np.append(port, False) for port in ports]
        yield of([*others[:index], np.insert(marks, 0, False), *others[index + 1 :]])
        free = np.flatnonzero(marks[:-1] != marks[1:])
        if len(free):
            moved = marks.copy()
            moved[free[0]], moved[free[0] + 1] = marks[free[0] + 1], marks[free[0]]
            yield of([*ports[:index], moved, *ports[index + 1 :]])


@pytest.mark.parametrize("name", UNITS)
def test_an_altered_list_is_found_out(
    name: str, traced: list[Traced], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, placed = next(
        (one, Placed(node, unit))
        for one in traced
        for node, unit in units(one.graph)
        if kind(unit) == name and unit.cycles(node) > 3
    )
    declared = type(placed.unit).steps
    honest = placed.unit.steps(placed.node)
    assert honest is not None
    lies = list(altered(honest))
    assert len(lies) > 2
    for lie in lies:

        def steps(unit: Unit, node: Node, lie: Steps = lie) -> Steps | None:
            return lie if node is placed.node else declared(unit, node)

        monkeypatch.setattr(type(placed.unit), "steps", steps)
        with pytest.raises(AssertionError):
            one.confirm()
        monkeypatch.undo()
    one.confirm()
