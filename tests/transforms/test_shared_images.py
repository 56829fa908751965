# SPDX-License-Identifier: Apache-2.0
"""The shared convolutional models from integers to units: no element differs, and CNV's cycles are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.execution import Session
from finnlite.flow import compile_stages

MODELS = (
    "cnv_w1a1",
    "cnv_w1a1_brevitas",
    "cnv_w1a2",
    "mnist_cnn_w1a1",
    "mobilenet_tiny_w4a4",
    "resnet8_w4a4",
)


@pytest.mark.parametrize("name", MODELS)
def test_the_units_answer_as_the_integers(name: str, shared: Path) -> None:
    stages = compile_stages(shared / "models" / f"{name}.onnx")
    frames = np.load(shared / "models" / f"{name}.golden.npz")["input"][:8].astype(np.float32)
    answers = [Session(stages[stage], threads=1).run(frames) for stage in ("Streamline", "SizeStreams")]
    assert {k: v.tolist() for k, v in answers[0].items()} == {k: v.tolist() for k, v in answers[1].items()}


def labels_of(model: Path, frames: NDArray[Any]) -> list[NDArray[np.int64]]:
    """What the source's graph and the hardware graph say of the frames."""
    graphs = compile_stages(model)
    return [
        Session(graph).run(frames.astype(np.float32))[graph.outputs[0].name].argmax(axis=1)
        for graph in (graphs["Import"], graphs["SizeStreams"])
    ]


@pytest.mark.parametrize(("model", "right"), [("cnv_w1a1", 615), ("cnv_w1a2", 654)])
def test_cnv_gives_the_labels_of_the_source(model: str, right: int, shared: Path) -> None:
    data = np.load(shared / "data" / "cifar10_test761.npz")
    pixels = data["x"].transpose(0, 3, 1, 2).astype(np.float64)
    frames = np.clip(np.floor((2 * pixels / 255 - 1) * 128 + 0.5), -128, 127)
    source, hardware = labels_of(shared / "models" / f"{model}.onnx", frames)
    np.testing.assert_array_equal(hardware, source)
    assert int((hardware == data["y"]).sum()) == right


def test_mnist_cnn_gives_the_labels_of_the_source(shared: Path) -> None:
    data = np.load(shared / "data" / "mnist_test.npz")
    frames = data["x"][:, None] / np.float32(255)
    source, hardware = labels_of(shared / "models" / "mnist_cnn_w1a1.onnx", frames)
    np.testing.assert_array_equal(hardware, source)
    assert (hardware == data["y"]).mean() == pytest.approx(0.958, abs=5e-4)
