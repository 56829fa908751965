# SPDX-License-Identifier: Apache-2.0
"""Rung import equals rung source: finnlite's reading of a file against an outside executor's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import finnlite
from finnlite.oracle import Oracle
from finnlite.transforms.importing import import_model
from tests.comparison import differences
from tests.networks import random_mlp, source_outputs
from tests.networks.oracle import input_batch
from tests.networks.tables import DIALECTS

from .agreement import assert_agree
from .stages import run, seeds_of

NETWORKS = 160


@pytest.mark.parametrize("dialect", DIALECTS)
def test_import_equals_the_source(dialect: str) -> None:
    for seed in seeds_of(dialect, NETWORKS):
        network = random_mlp(seed)
        batch = input_batch(network.model)
        raw = network.raw_inputs({0: 16, 1: 2}.get(batch, batch), np.random.default_rng([seed, 5]))
        expected = source_outputs(network.model, network.to_source(raw))
        graph = import_model(network.model, **network.input_options)
        graph.validate()
        assert [value.name for value in graph.outputs] == [info.name for info in network.model.graph.output]
        assert_agree(network.name, run(graph, raw), expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_is_read_as_its_model(dialect: str, tmp_path: Path) -> None:
    seed = next(iter(seeds_of(dialect)))
    network = random_mlp(seed)
    path = tmp_path / "model.onnx"
    onnx.save(network.model, path)
    loaded = finnlite.load(path, **network.input_options)
    assert differences(loaded, import_model(network.model, **network.input_options)) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_ladders_source_runs_every_dialect(dialect: str, tmp_path: Path) -> None:
    """The rung that ships with finnlite gives what the generator's own oracle gives."""
    for seed in list(seeds_of(dialect))[:6]:
        network = random_mlp(seed)
        path = tmp_path / "model.onnx"
        onnx.save(network.model, path)
        frames = network.inputs(3, np.random.default_rng(seed))
        found = Oracle(path).run({network.model.graph.input[0].name: frames})
        assert_agree(network.name, found, source_outputs(network.model, frames))
