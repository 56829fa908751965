# SPDX-License-Identifier: Apache-2.0
"""Convolutional networks of every cell of the table: source, import, integers, hardware, C simulation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finnlite.accelerator import units
from finnlite.host import Host
from finnlite.ops.movement import Transpose
from finnlite.serde import from_onnx, to_onnx
from tests.backends.unity import Simulation, compile_unity, write_networks
from tests.comparison import differences
from tests.networks.tables import DIALECTS

from .agreement import assert_agree
from .conv_stages import (
    MAPPING,
    NETWORKS,
    assert_integers_agree,
    assert_source_agrees,
    assert_stages_agree,
    compiled_conv,
    seeds_of,
)
from .stages import run
from .test_csim import accelerator

FRAMES = 3
"""Frames of the C simulation: state that a unit keeps from one to the next would be seen."""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_rung_agrees(dialect: str, tmp_path: Path) -> None:
    """Source, import, integers, folded hardware and the emitted C++ of 31 networks, in one unit."""
    found = []
    for number, seed in enumerate(seeds_of(dialect)):
        it = compiled_conv(seed)
        assert_source_agrees(it)
        assert_integers_agree(it)
        graph = it.folded(number)
        expected = list(run(it.graphs["Streamline"], it.frames).values())
        assert_agree(f"{it.network.name}, folded", run(graph, it.frames), expected, exact=True)
        found.append((it, graph, accelerator(graph, f"n{number}"), expected))
    write_networks([inner for _, _, inner, _ in found], tmp_path)
    library = compile_unity(tmp_path, "clang++" if shutil.which("clang++") else "g++")
    for number, (it, graph, inner, expected) in enumerate(found):
        simulation = Simulation(library, number, inner)
        outputs = Host(graph).around(simulation.run)({graph.inputs[0].name: it.frames[:FRAMES]})
        simulation.close()
        wanted = [array[:FRAMES] for array in expected]
        assert_agree(f"{it.network.name}, C simulation", dict(outputs), wanted, exact=True)


@pytest.mark.parametrize("part", range(4))
def test_every_stage_alone(part: int) -> None:
    """Each stage keeps the function, changes nothing when it runs again, and is written and read back."""
    for seed in range(5 * part, NETWORKS, 20):
        it = compiled_conv(seed)
        assert_stages_agree(it, list(run(it.graphs["Streamline"], it.frames).values()))
        for stage, transform in MAPPING.items():
            graph = it.graphs[stage]
            again = graph.copy()
            assert not transform.apply(again), (it.network.name, stage)
            assert differences(graph, again) == [], (it.network.name, stage)
            assert differences(graph, from_onnx(to_onnx(graph))) == [], (it.network.name, stage)


def test_no_unit_transposes() -> None:
    for seed in range(0, NETWORKS, 9):
        it = compiled_conv(seed)
        for node, unit in units(it.graphs["MapToHardware"]):
            assert not isinstance(unit, Transpose), (it.network.name, node.name)
