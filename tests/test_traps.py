# SPDX-License-Identifier: Apache-2.0
"""Mistakes that other compilers made with perceptrons, each as a model that makes it visible.

The judge is the source file in a foreign executor, on every input there is where these are few.
"""

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from finnlite.cli import main
from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.oracle import Oracle
from tests.small_models import QONNX_DOMAIN, Network, bipolar


def every_input(levels: Sequence[int], width: int) -> NDArray[np.float32]:
    return np.array(list(itertools.product(levels, repeat=width)), np.float32)


def agreeing_hardware(network: Network, folder: Path, frames: NDArray[np.float32]) -> Graph:
    """The hardware graph, having seen that it answers as the source file does."""
    path = network.save(folder / "net.onnx")
    stages = compile_stages(path)
    graph = stages["SizeStreams"]
    found = Session(graph).run({graph.inputs[0].name: frames})["y"]
    assert np.array_equal(found, Oracle(path).run({"x": frames})["y"])
    return graph


def first_mvtu(graph: Graph) -> Any:
    return next(node for node in graph.nodes if isinstance(node.op, MVTU))


def test_1_weights_of_zero_and_one_stay_zero_and_one(tmp_path: Path) -> None:
    network = Network((6, 3, 2), datatype="BIPOLAR")
    network.constants["w0"] = (network.constants["w0"] > 0).astype(np.float32)
    network.nodes.remove(network.node("quant0"))
    network.node("fc0").input[1] = "w0"
    graph = agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))
    assert set(np.unique(first_mvtu(graph).input(1).const)) == {0, 1}


def test_1_activations_of_zero_and_one_stay_zero_and_one(tmp_path: Path) -> None:
    network = Network((6, 3, 2), datatype="BIPOLAR")
    network.constants |= {"zero": np.zeros((), np.float32), "bits": np.ones((), np.float32)}
    position = network.nodes.index(network.node("sign0"))
    quant = helper.make_node("Quant", ["p0", "one", "zero", "bits"], ["a0"], "sign0", domain=QONNX_DOMAIN)
    quant.attribute.extend(
        [
            helper.make_attribute("signed", 0),
            helper.make_attribute("narrow", 0),
            helper.make_attribute("rounding_mode", "ROUND"),
        ]
    )
    network.nodes[position] = quant
    graph = agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))
    assert (first_mvtu(graph).op.out_min, first_mvtu(graph).op.out_step) == (0, 1)


@pytest.mark.parametrize(("level", "threshold"), [(2.78, 3), (3.0, 3), (-2.78, -2), (-3.0, -3)])
def test_2_thresholds_are_rounded_up(tmp_path: Path, level: float, threshold: int) -> None:
    network = Network((5, 1, 1), datatype="BIPOLAR")
    network.constants["w0"] = np.ones((5, 1), np.float32)
    network.constants["level"] = np.full((1, 1), level, np.float32)
    network.insert_before("sign0", helper.make_node("Sub", ["p0", "level"], ["s"], "shift"))
    graph = agreeing_hardware(network, tmp_path, every_input((-1, 1), 5))
    # Sums of five ±1 are odd, so any threshold between two odd numbers means the same.
    found = int(first_mvtu(graph).input(2).const[0, 0])
    assert (found + 1) // 2 == (threshold + 1) // 2


@pytest.mark.parametrize("gamma", [-0.5, 0.0, 0.5])
def test_3_batch_norm_with_negative_and_zero_gamma(tmp_path: Path, gamma: float) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    rng = np.random.default_rng(5)
    network.constants |= {
        "gamma": np.array([gamma, 0.3, gamma, -0.2], np.float32),
        "beta": rng.normal(size=4).astype(np.float32),
        "mean": np.array([0, 2, 1, -2], np.float32),
        "variance": rng.uniform(0.5, 2, 4).astype(np.float32),
    }
    norm = ["p0", "gamma", "beta", "mean", "variance"]
    network.insert_before("sign0", helper.make_node("BatchNormalization", norm, ["n"], "norm"))
    agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))


def test_4_a_reshape_is_not_lost(tmp_path: Path) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    network.constants["pairs"] = np.array([1, 2, 2], np.int64)
    network.constants["row"] = np.array([1, 4], np.int64)
    network.insert_before("fc1", helper.make_node("Reshape", ["a0", "pairs"], ["r"], "to_pairs"))
    network.insert_before("fc1", helper.make_node("Reshape", ["r", "row"], ["f"], "to_row"))
    agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))


def test_4_a_transpose_between_layers_is_an_error_that_names_it(tmp_path: Path) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    network.constants["pairs"] = np.array([1, 2, 2], np.int64)
    network.constants["row"] = np.array([1, 4], np.int64)
    network.insert_before("fc1", helper.make_node("Reshape", ["a0", "pairs"], ["r"], "to_pairs"))
    network.insert_before("fc1", helper.make_node("Transpose", ["r"], ["t"], "swap", perm=[0, 2, 1]))
    network.insert_before("fc1", helper.make_node("Reshape", ["t", "row"], ["f"], "to_row"))
    with pytest.raises(UnsupportedError) as refused:
        compile_stages(network.save(tmp_path / "net.onnx"))
    assert str(refused.value) == (
        "node 'swap': must have a hardware unit, as it stands between layers, is Transpose; "
        "quantize its result, or move it behind the last layer"
    )


def test_5_an_all_bipolar_model_is_compiled(tmp_path: Path) -> None:
    graph = agreeing_hardware(Network((6, 4, 3, 2), datatype="BIPOLAR"), tmp_path, every_input((-1, 1), 6))
    layers = [node for node in graph.nodes if isinstance(node.op, MVTU)]
    assert [node.input(1).datatype.name for node in layers] == ["BIPOLAR"] * 3
    assert [node.input(0).datatype.name for node in layers] == ["BIPOLAR"] * 3


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_7_thresholds_that_no_accumulator_reaches(tmp_path: Path, shift: float) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    network.constants["shift"] = np.array([[0, shift, 0, shift]], np.float32)
    network.insert_before("sign0", helper.make_node("Add", ["p0", "shift"], ["s"], "shift_it"))
    graph = agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))
    thresholds = first_mvtu(graph).input(2)
    low, high = thresholds.datatype.min(), thresholds.datatype.max()
    assert low <= thresholds.const.min() <= thresholds.const.max() <= high


def test_9_fps_counts_frames_whatever_the_batch(tmp_path: Path) -> None:
    frames = every_input((-1, 1), 6)
    reports = []
    for batch in (1, 4, "N"):
        proto = Network((6, 4, 2), datatype="BIPOLAR").proto()
        for info in (proto.graph.input[0], proto.graph.output[0]):
            dims = [batch, info.type.tensor_type.shape.dim[1].dim_value]
            info.CopyFrom(helper.make_tensor_value_info(info.name, TensorProto.FLOAT, dims))
        path = tmp_path / f"batch_{batch}.onnx"
        onnx.save(proto, path)
        np.savez(tmp_path / "data.npz", input=frames)
        out = tmp_path / f"out_{batch}"
        with pytest.raises(SystemExit) as stop:
            main(["build", str(path), "-o", str(out), "--verify", str(tmp_path / "data.npz")])
        assert stop.value.code == 0
        reports.append(json.loads((out / "report.json").read_text()))
    assert reports[0]["performance"]["fps"] > 0
    assert [report["performance"] for report in reports] == [reports[0]["performance"]] * 3


def test_6_a_compile_error_fails_the_build_and_names_the_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("c++", "g++", "clang++"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho no luck >&2\nexit 3\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SystemExit) as stop:
        main(["build", str(Network().save(tmp_path / "net.onnx")), "-o", str(tmp_path / "out")])
    assert stop.value.code == 1
    assert capsys.readouterr().err.endswith("c++ must succeed, exited with 3:\nno luck\n")
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "net.onnx"}


@pytest.mark.parametrize(
    ("domain", "opset"),
    [
        ("qonnx.custom_op.general", 1),
        ("qonnx.custom_op.general", 2),
        ("onnx.brevitas", 1),
        ("onnx.brevitas", 0),
    ],
)
def test_13_spellings_of_the_domain(tmp_path: Path, domain: str, opset: int) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    plain = network.proto()
    spelt = network.proto()
    for node in spelt.graph.node:
        if node.domain:
            node.domain = domain
    del spelt.opset_import[1:]
    if opset:
        spelt.opset_import.append(helper.make_opsetid(domain, opset))
    frames = every_input((-1, 1), 6)
    answers = []
    for name, proto in (("plain", plain), ("spelt", spelt)):
        onnx.save(proto, tmp_path / f"{name}.onnx")
        graph = compile_stages(tmp_path / f"{name}.onnx")["SizeStreams"]
        answers.append(Session(graph).run({"x": frames})["y"])
    assert np.array_equal(*answers)


def test_13_gemm_and_weights_behind_a_transpose(tmp_path: Path) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    network.constants["w0"] = np.ascontiguousarray(network.constants["w0"].T)
    network.constants["bias"] = np.array([0.5, -1.5, 2.0, 0.0], np.float32)
    network.nodes.insert(1, helper.make_node("Transpose", ["q0"], ["t0"], "turn", perm=[1, 0]))
    position = network.nodes.index(network.node("fc0"))
    network.nodes[position] = helper.make_node("Gemm", ["x", "t0", "bias"], ["p0"], "fc0")
    agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))


def test_13_reshape_by_shape_arithmetic(tmp_path: Path) -> None:
    network = Network((6, 4, 2), datatype="BIPOLAR")
    network.constants["axis"] = np.array([0], np.int64)
    network.constants["first"] = np.array(0, np.int64)
    network.constants["rest"] = np.array([-1], np.int64)
    network.nodes[1:1] = [
        helper.make_node("Shape", ["x"], ["dims"], "shape"),
        helper.make_node("Gather", ["dims", "first"], ["batch"], "gather"),
        helper.make_node("Unsqueeze", ["batch", "axis"], ["batch1"], "unsqueeze"),
        helper.make_node("Concat", ["batch1", "rest"], ["target"], "concat", axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"], "reshape"),
    ]
    network.node("fc0").input[0] = "flat"
    agreeing_hardware(network, tmp_path, every_input((-1, 1), 6))


def test_bipolar_scales_other_than_one(tmp_path: Path) -> None:
    network = Network((5, 3, 2), datatype="BIPOLAR")  # odd, so that no sum of thirds is nearly 0
    network.constants["third"] = np.full((), 1 / 3, np.float32)
    network.nodes[0] = bipolar("w0", "q0", "quant0", "third")
    agreeing_hardware(network, tmp_path, every_input((-1, 1), 5))
