# SPDX-License-Identifier: Apache-2.0
"""The shared networks as graphs: integers, hardware, foldings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite import flow
from finnlite.accelerator import units
from finnlite.ir import Graph
from finnlite.ladder import Ladder, accuracies, check_caps
from finnlite.options import Options
from finnlite.samples import Samples, load_samples

PIXELS = {"input_type": "uint8", "input_scale": "1/255"}
MLPS: dict[str, dict[str, str]] = {
    "tfc_w1a1": PIXELS,
    "tfc_w1a2": PIXELS,
    "tfc_w1a2_opset18": PIXELS,
    "sfc_w2a2_brevitas": PIXELS,
    "lfc_w1a1": {},
    "unsw_w2a2": {},
}


def ladder_of(stages: Mapping[str, Graph], samples: Samples) -> tuple[Ladder, list[Any]]:
    graphs = (stages["Import"], stages["Streamline"], stages["SizeStreams"])
    ladder = Ladder(samples, check_caps({}), *graphs)
    return ladder, ladder.run()


@pytest.mark.parametrize("model", MLPS)
def test_shared_mlps_map_and_agree(shared: Path, model: str) -> None:
    path, declared = shared / "models" / f"{model}.onnx", MLPS[model]
    assert flow.check(path, **declared).ok
    stages = flow.compile_stages(path, Options(**declared))
    samples = load_samples(shared / "models" / f"{model}.golden.npz", stages["Import"])
    _, rows = ladder_of(stages, samples)
    assert [(row.stage, row.mismatches, row.near_ties) for row in rows if row.against != "file"] == [
        ("integer", 0, 0),
        ("hardware", 0, 0),
    ]
    assert all(row.mismatches == 0 for row in rows)
    assert 10_000 <= 1e8 / max(unit.cycles(node) for node, unit in units(stages["SizeStreams"]))


@pytest.mark.parametrize(
    ("model", "accuracy"), [("tfc_w1a1", 0.9296), ("tfc_w1a2", 0.9474), ("lfc_w1a1", 0.9834)]
)
def test_every_mnist_image_keeps_the_sources_label(shared: Path, model: str, accuracy: float) -> None:
    data = np.load(shared / "data" / "mnist_test.npz")
    stages = flow.compile_stages(shared / "models" / f"{model}.onnx", Options(**MLPS[model]))
    value = stages["Import"].inputs[0]
    pixels: NDArray[Any] = data["x"] if MLPS[model] else np.where(data["x"] >= 128, 1, -1)
    frames = pixels.reshape(-1, *value.shape[1:]).astype(value.carrier)
    ladder, rows = ladder_of(stages, Samples({value.name: frames}, {}, data["y"], "file"))
    assert [(row.samples, row.mismatches, row.near_ties) for row in rows] == [(10_000, 0, 0)] * 2
    assert accuracies(ladder.samples, ladder.answers) == dict.fromkeys(
        ("import", "integer", "hardware"), accuracy
    )
    labels = [next(iter(ladder.answers[rung].values())).argmax(axis=1) for rung in ("import", "hardware")]
    assert np.array_equal(*labels)
