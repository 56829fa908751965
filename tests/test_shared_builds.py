# SPDX-License-Identifier: Apache-2.0
"""The shared networks, from the file to the driver before the simulated device."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.measuring import FOLDINGS
from finnlite import flow
from finnlite.execution import Session
from finnlite.runtime import Accelerator

PIXELS = {"input_type": "uint8", "input_scale": "1/255"}
MLPS: dict[str, dict[str, str]] = {
    "tfc_w1a1": PIXELS,
    "tfc_w1a2": {},
    "tfc_w1a2_opset18": {},
    "sfc_w2a2_brevitas": {},
    "lfc_w1a1": {},
    "unsw_w2a2": {},
}
IMAGES = (
    "cnv_w1a1",
    "cnv_w1a2",
    "cnv_w1a1_brevitas",
    "mnist_cnn_w1a1",
    "resnet8_w4a4",
    "mobilenet_tiny_w4a4",
)
SHOWN = {"tfc_w1a1", "lfc_w1a1"}
"""Networks that also see a thousand MNIST images."""


@pytest.mark.parametrize("model", [*MLPS, *IMAGES])
def test_every_rung_agrees_on_every_golden_input(shared: Path, model: str, tmp_path: Path) -> None:
    source, golden = (shared / "models" / f"{model}.{suffix}" for suffix in ("onnx", "golden.npz"))
    options: dict[str, Any] = {"folding": FOLDINGS.get(model), **MLPS.get(model, {})}
    build = flow.build(source, out=tmp_path / "out", verify=golden, **options)
    assert build.ok
    count = len(np.load(golden)["input"])
    rows = {row["stage"]: row for row in build.report["verification"] if row["against"] != "source"}
    assert list(rows) == ["import", "integer", "hardware", "csim", "device"]
    assert {row["samples"] for row in rows.values()} == {count}
    assert {(row["mismatches"], row["near_ties"]) for row in rows.values()} == {(0, 0)}
    assert json.loads((tmp_path / "out" / "deploy" / "metadata.json").read_text())["name"] == model
    if model in SHOWN:
        _thousand_images(shared, build, tmp_path / "out")
    if model == "cnv_w1a1":
        _pictures(shared, build, tmp_path / "out")


def _thousand_images(shared: Path, build: flow.Build, out: Path) -> None:
    pixels: NDArray[Any] = np.load(shared / "data" / "mnist_test.npz")["x"][:1000]
    value = build.graph.inputs[0]
    if value.datatype.name == "BIPOLAR":
        pixels = np.where(pixels >= 128, 1, -1)
    frames = pixels.reshape(-1, *value.shape[1:])
    expected = Session(build.graph).run(frames.astype(value.carrier))[build.graph.outputs[0].name]
    with Accelerator(out, device="sim") as accelerator:
        for batch in (1, 7, 64, 1000):
            parts = (frames[start : start + batch] for start in range(0, 1000, batch))
            found = np.concatenate(list(accelerator.predict(parts)))
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
            assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def _pictures(shared: Path, build: flow.Build, out: Path) -> None:
    """CIFAR-10 images as files; the driver makes of them the integers that the goldens hold."""
    names = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    with np.load(shared / "data" / "cifar10_test761.npz") as data:
        pixels: NDArray[Any] = data["x"][:3]
        labels = data["y"][:3]
    k = np.clip(np.floor((2.0 * pixels / 255 - 1) * 128 + 0.5), -128, 127)
    scores = Session(build.graph).run(k.transpose(0, 3, 1, 2).astype(build.graph.inputs[0].carrier))
    expected = scores[build.graph.outputs[0].name]
    assert expected.argmax(axis=1).tolist() == labels.tolist()
    with Accelerator(out, device="sim") as accelerator:
        for image, row in zip(pixels, expected, strict=True):
            Image.fromarray(image).save(out / "image.png")
            found = accelerator.classify_image(out / "image.png", names)
            np.testing.assert_allclose(found.scores, row, rtol=1e-6)
            assert found.label == names[int(row.argmax())]
