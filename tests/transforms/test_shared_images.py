# SPDX-License-Identifier: Apache-2.0
"""The shared convolutional models from integers to units: no element differs, and CNV's cycles are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.accelerator import units
from finnlite.execution import Session
from finnlite.flow import compile_stages
from finnlite.options import Options
from finnlite.report import model_part
from finnlite.timing import analyse

MODELS = (
    "cnv_w1a1",
    "cnv_w1a1_brevitas",
    "cnv_w1a2",
    "mnist_cnn_w1a1",
    "mobilenet_tiny_w4a4",
    "resnet8_w4a4",
)
# SIMD, PE and cycles of each layer: BNN-PYNQ's folding of CNV, but for the last layer's PE.
CNV = (
    (3, 16, 32400),
    (32, 32, 28224),
    (32, 16, 20736),
    (32, 16, 28800),
    (32, 4, 20736),
    (32, 1, 18432),
    (4, 1, 32768),
    (8, 1, 32768),
    (1, 5, 1024),
)
LAYERS = [f"Conv_{n}" for n in range(6)] + [f"MatMul_{n}" for n in range(6, 9)]


@pytest.mark.parametrize("name", MODELS)
def test_the_units_answer_as_the_integers(name: str, shared: Path) -> None:
    stages = compile_stages(shared / "models" / f"{name}.onnx")
    frames = np.load(shared / "models" / f"{name}.golden.npz")["input"][:8].astype(np.float32)
    answers = [Session(stages[stage], threads=1).run(frames) for stage in ("Streamline", "SizeStreams")]
    assert {k: v.tolist() for k, v in answers[0].items()} == {k: v.tolist() for k, v in answers[1].items()}


def test_cnv_takes_the_cycles_of_its_folding(shared: Path) -> None:
    folding = {name: {"simd": simd, "pe": pe} for name, (simd, pe, _) in zip(LAYERS, CNV, strict=True)}
    graph = compile_stages(shared / "models" / "cnv_w1a1.onnx", Options(folding=folding))["SizeStreams"]
    cycles = {node.name: unit.cycles(node) for node, unit in units(graph)}
    assert [cycles[name] for name in LAYERS] == [expected for *_, expected in CNV]
    assert analyse(graph).ii_cycles == 32768
    assert model_part("cnv", "", graph)["macs"] == 59_461_376


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
