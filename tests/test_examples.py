# SPDX-License-Identifier: Apache-2.0
"""The packaged model is as good as the README says, by an executor that is not ours."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from finnlite.examples import digits_data, digits_model


def logits_by_qonnx(path: Path, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What QONNX's executor makes of all images at once."""
    model = ModelWrapper(str(path))
    assert model.get_tensor_datatype("pixels") == DataType["UINT4"]
    model.set_tensor_shape("pixels", [len(pixels), 64])
    model.set_tensor_shape("logits", [len(pixels), 10])
    result: np.ndarray[Any, Any] = execute_onnx(model.transform(InferShapes()), {"pixels": pixels})["logits"]
    return result


def test_accuracy() -> None:
    data = np.load(digits_data())
    assert data["input"].shape == (360, 64)
    assert set(np.unique(data["input"])) == set(range(16))
    logits = logits_by_qonnx(digits_model(), data["input"])
    assert np.mean(logits.argmax(1) == data["label"]) == 352 / 360
    # `output` was computed by the training script in float64, so this compares two implementations.
    assert np.abs(logits - data["output"]).max() <= 1e-5 * np.abs(data["output"]).max()


def test_every_weight_is_binarized() -> None:
    model = onnx.load(digits_model())
    quantized = {node.input[0] for node in model.graph.node if node.op_type == "BipolarQuant"}
    assert [node.input[1] for node in model.graph.node if node.op_type == "MatMul"] == [
        f"fc{k}.signs" for k in range(3)
    ]
    assert {f"fc{k}.weights" for k in range(3)} <= quantized


def test_training_script_exports_what_it_trained(root: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(root / "scripts" / "train_digits.py"),
        "--epochs",
        "4",
        "-o",
        str(tmp_path),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    data = np.load(tmp_path / "digits_w1a1.npz")
    logits = logits_by_qonnx(tmp_path / "digits_w1a1.onnx", data["input"])
    accuracy = np.mean(logits.argmax(1) == data["label"])
    assert f"held-out accuracy {accuracy:.2%}" in run.stdout
    assert accuracy > 0.8
