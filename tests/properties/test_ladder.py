# SPDX-License-Identifier: Apache-2.0
"""The ladder as users climb it: `finnlite.build` with a verify file, source to C simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import finnlite
from tests.networks import random_mlp, source_outputs
from tests.networks.tables import DIALECTS

from .test_transforms import QUIET

RUNGS = [
    ("import", "source"),
    ("import", "file"),
    ("integer", "import"),
    ("hardware", "integer"),
    ("csim", "hardware"),
    ("device", "csim"),
]


@pytest.mark.parametrize("dialect", DIALECTS[1::2])
def test_build_has_no_mismatch_on_any_rung(dialect: str, tmp_path: Path) -> None:
    number, layers = DIALECTS.index(dialect), (2, 3)
    network = next(
        n
        for n in (random_mlp(seed, dialect=dialect, max_size=13) for seed in range(number, number + 40))
        if n.noise <= QUIET and len(n.plan.layers) in layers and n.plan.head != "TopK"
    )
    onnx.save(network.model, tmp_path / "model.onnx")
    frames = network.inputs(24, np.random.default_rng(number))
    outputs = source_outputs(network.model, frames)
    np.savez(tmp_path / "verify.npz", input=frames, output=outputs[0])
    result = finnlite.build(
        tmp_path / "model.onnx",
        out=tmp_path / "out",
        verify=tmp_path / "verify.npz",
        **network.input_options,
    )
    assert result.ok, (network.name, result.report["verification"])
    rows = {(row["stage"], row["against"]): row for row in result.report["verification"]}
    assert set(rows) == set(RUNGS), network.name
    assert all(row["mismatches"] == 0 for row in rows.values()), network.name
    assert rows["csim", "hardware"]["samples"] == 24
