# SPDX-License-Identifier: Apache-2.0
"""Each wrong model gets one clear message and exit code 1, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.small_models import Network, bipolar

Run = Callable[..., str]


# The model's file


def test_missing(build_refused: Run) -> None:
    assert build_refused("no.onnx") == "model 'no.onnx' must be an ONNX file, does not exist; check the path"


def test_folder(build_refused: Run, tmp_path: Path) -> None:
    (tmp_path / "dir.onnx").mkdir()
    assert (
        build_refused("dir.onnx") == "model 'dir.onnx' must be an ONNX file, is a folder; name the file in it"
    )


AGAIN = "export the model to ONNX again"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", f"is empty; {AGAIN}"),
        (b"not a model\n", f"is text; {AGAIN}"),
        (
            bytes(range(256)) * 9,
            f"is damaged, truncated or of another kind (2304 bytes); copy it again or {AGAIN}",
        ),
    ],
    ids=["empty", "text", "bytes"],
)
def test_not_onnx(build_refused: Run, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    assert build_refused("bad.onnx") == f"model 'bad.onnx' must be an ONNX file, {message}"


def test_truncated(build_refused: Run, tmp_path: Path, good: Path) -> None:
    content = good.read_bytes()[:-40]
    (tmp_path / "cut.onnx").write_bytes(content)
    assert build_refused("cut.onnx") == (
        "model 'cut.onnx' must be an ONNX file, is damaged, truncated or of another kind "
        f"({len(content)} bytes); copy it again or {AGAIN}"
    )


def test_external_data_missing(build_refused: Run, tmp_path: Path) -> None:
    onnx.save(
        Network().proto(),
        tmp_path / "ext.onnx",
        save_as_external_data=True,
        location="w.bin",
        size_threshold=0,
    )
    (tmp_path / "w.bin").unlink()
    assert build_refused("ext.onnx") == (
        "model 'ext.onnx': external data of 'one' must be in 'w.bin', which does not exist; "
        "copy it beside the model"
    )


def test_external_data_outside(build_refused: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "ext.onnx"
    onnx.save(Network().proto(), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "in" / "w.bin").rename(tmp_path / "w.bin")
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../w.bin"
    path.write_bytes(model.SerializeToString())
    assert build_refused("in/ext.onnx") == (
        "model 'in/ext.onnx': external data of 'one' must lie in the model's folder, is '../w.bin'; "
        f"move it there and {AGAIN}"
    )


# The network


def test_unquantized(build_refused: Run, tmp_path: Path) -> None:
    network = Network(datatype="")
    network.nodes = [node for node in network.nodes if node.op_type == "MatMul"]
    network.nodes[0].input[1], network.nodes[1].input[0], network.nodes[1].input[1] = "w0", "p0", "w1"
    assert build_refused(network.save(tmp_path / "float.onnx").name) == (
        "node 'fc0': its input 'x' must hold integers, is FLOAT32; "
        "declare them (--input-type), or put a quantizer behind the input"
    )


def test_weights_only_quantized(build_refused: Run, tmp_path: Path) -> None:
    network = Network(datatype="")
    network.nodes.remove(network.node("sign0"))
    network.node("fc1").input[0] = "p0"
    assert build_refused(network.save(tmp_path / "weights.onnx").name) == (
        "node 'fc0': its input 'x' must hold integers, is FLOAT32; "
        "declare them (--input-type), or put a quantizer behind the input"
    )


def test_activations_only_quantized(build_refused: Run, tmp_path: Path) -> None:
    network = Network()
    network.nodes.remove(network.node("quant0"))
    network.node("fc0").input[1] = "w0"
    assert build_refused(network.save(tmp_path / "floats.onnx").name) == (
        "node 'fc0': the weights of output channel 0 must be integers of at most ±511 times one scale, "
        "are 8 different values that are not; quantize the weights to 8 bits or fewer before export"
    )


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("", "is Frobnicate; replace it in the network by operators that finnlite knows"),
        (
            "com.example",
            "is com.example::Frobnicate; export the model with standard ONNX and QONNX operators only",
        ),
    ],
    ids=["standard", "foreign"],
)
def test_unknown_operator(build_refused: Run, tmp_path: Path, domain: str, message: str) -> None:
    network = Network()
    network.insert_before("sign0", helper.make_node("Frobnicate", ["p0"], ["f"], "strange", domain=domain))
    proto = network.proto()
    proto.opset_import.append(helper.make_opsetid("com.example", 1))
    onnx.save(proto, tmp_path / "op.onnx")
    assert build_refused("op.onnx") == f"node 'strange': operator must be one that finnlite knows, {message}"


def test_unsupported_pooling(build_refused: Run, tmp_path: Path) -> None:
    network = Network((9, 4, 3))
    network.constants["image"] = np.array([1, 1, 3, 3], np.int64)
    network.constants["row"] = np.array([1, 9], np.int64)
    pool = helper.make_node("AveragePool", ["i"], ["c"], "pool", kernel_shape=[3, 3], pads=[1] * 4)
    network.insert_before("fc0", helper.make_node("Reshape", ["x", "image"], ["i"], "to_image"))
    network.insert_before("fc0", pool)
    network.insert_before("fc0", helper.make_node("Reshape", ["c", "row"], ["r"], "to_row"))
    assert build_refused(network.save(tmp_path / "pool.onnx").name) == (
        "node 'pool': AveragePool must divide every window by 9, has pads and count_include_pad 0; "
        "set count_include_pad to 1, or pads to 0"
    )


def test_non_monotone_over_a_large_domain(build_refused: Run, tmp_path: Path) -> None:
    network = Network((512, 4, 3), datatype="INT16")
    network.constants["middle"] = np.full((1, 1), 100_000, np.float32)
    network.insert_before("sign0", helper.make_node("Abs", ["p0"], ["s"], "wave"))
    network.insert_before("sign0", helper.make_node("Sub", ["s", "middle"], ["t"], "shift"))
    assert build_refused(network.save(tmp_path / "wave.onnx").name) == (
        "node 'wave' (Abs): the function before a quantizer must be monotone, "
        "is not over the 33553921 values of 'fc0_accumulator'; "
        "use a monotone activation (Relu, Clip, Sign, Tanh)"
    )


@pytest.mark.parametrize("layer", [0, 1])
def test_nan_weights(build_refused: Run, tmp_path: Path, layer: int) -> None:
    network = Network()
    network.constants[f"w{layer}"][1, 2] = np.nan
    assert build_refused(network.save(tmp_path / "nan.onnx").name) == (
        f"node 'quant{layer}': constant 'w{layer}' must be finite, is nan at [1, 2] (1 such elements); "
        "repair the weights and export the model again"
    )


def test_scale_of_zero(build_refused: Run, tmp_path: Path) -> None:
    network = Network()
    network.constants["zero"] = np.zeros((), np.float32)
    position = network.nodes.index(network.node("quant0"))
    network.nodes[position] = bipolar("w0", "q0", "quant0", "zero")
    assert build_refused(network.save(tmp_path / "zero.onnx").name) == (
        "node 'quant0': BipolarQuant scale must be positive, is 0; correct it and export again"
    )
