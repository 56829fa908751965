# SPDX-License-Identifier: Apache-2.0
"""Random networks, folded at random, down to the emitted C++: many in one translation unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from finnlite.accelerator import borders
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.slicing import cut
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.streams import SizeStreams
from tests.backends.unity import Simulation, compile_unity, write_networks
from tests.networks.tables import DIALECTS

from .agreement import assert_agree
from .stages import TRANSFORMS, Compiled, compiled, run, seeds_of
from .test_transforms import random_folding

PER_DIALECT = 6
FRAMES = 40


@pytest.mark.parametrize("dialects", [DIALECTS[:4], DIALECTS[4:]], ids=["qonnx", "plain"])
def test_the_emitted_code_computes_what_the_graph_does(dialects: tuple[str, ...], tmp_path: Path) -> None:
    chosen = [compiled(seed) for dialect in dialects for seed in list(seeds_of(dialect))[:PER_DIALECT]]
    graphs = [folded(it, number) for number, it in enumerate(chosen)]
    accelerators = [accelerator(graph, f"n{number}") for number, graph in enumerate(graphs)]
    write_networks(accelerators, tmp_path)
    library = compile_unity(tmp_path)
    for number, (it, graph, inner) in enumerate(zip(chosen, graphs, accelerators, strict=True)):
        frames = it.frames[:FRAMES]
        simulation = Simulation(library, number, inner)
        found = Host(graph).around(simulation.run)({graph.inputs[0].name: frames})
        expected = run(graph, frames)
        assert_agree(it.network.name, dict(found), list(expected.values()), exact=True)
        simulation.close()


def folded(it: Compiled, number: int) -> Graph:
    """The network's hardware with a random folding; every fourth one names the label itself."""
    rng = np.random.default_rng(number)
    graph = it.graphs["MinimizeWidths"].copy()
    if number % 4 == 3 and it.network.plan.head in ("logits", "Softmax") and it.network.sizes[-1] > 1:
        graph = it.graphs["Streamline"].copy().transform(MapToHardware("label"))
        graph.transform(TRANSFORMS["AbsorbThresholds"], TRANSFORMS["MinimizeWidths"])
    graph.transform(Fold(random_folding(graph, rng)), SizeStreams())
    graph.validate()
    return graph


def accelerator(graph: Graph, prefix: str) -> Graph:
    """The units alone, from the stream that enters to the one that leaves, their names made unique."""
    first, last = borders(graph)
    inner = cut(graph, [first.input(0)], [last.output])
    result = Graph(prefix)
    twins = {
        value: result.constant(value.const, value.datatype)
        for value in inner.values
        if value.const is not None
    }
    for value in inner.inputs:
        twins[value] = result.input(value.name, value.shape, value.datatype)
    for node in inner.nodes:
        inputs = [value and twins[value] for value in node.inputs]
        twin = result.add_node(node.op, *inputs, name=f"{prefix} {node.name}")
        twins.update(zip(node.outputs, twin.outputs, strict=True))
    result.outputs = [twins[value] for value in inner.outputs]
    result.validate()
    return result
