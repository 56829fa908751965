# SPDX-License-Identifier: Apache-2.0
"""Each wrong network of images gets one clear message and exit code 1, and nothing is written."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tests.small_models import QONNX_DOMAIN

Run = Callable[..., str]
Axes = Sequence[int | str]
IMAGE = (1, 2, 6, 6)


def quant(x: str, y: str, name: str, scale: str = "quarter", zero: str = "zero") -> NodeProto:
    attributes = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    return helper.make_node("Quant", [x, scale, zero, "four"], [y], name, domain=QONNX_DOMAIN, **attributes)


def conv(x: str, y: str, name: str) -> NodeProto:
    return helper.make_node("Conv", [x, "w"], [y], name, pads=[1] * 4)


def save(path: Path, nodes: Sequence[NodeProto], shape: Axes = IMAGE, output: Axes = IMAGE) -> str:
    constants = {"quarter": 0.25, "odd": 0.31415927, "zero": 0, "one": 1, "four": 4}
    tensors = [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in constants.items()]
    weights = np.random.default_rng(0).integers(-1, 2, (2, 2, 3, 3)).astype(np.float32)
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(axes))
        for name, axes in (("x", shape), ("y", output))
    ]
    tensors.append(numpy_helper.from_array(weights, "w"))
    graph = helper.make_graph(list(nodes), "image", infos[:1], infos[1:], tensors)
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX_DOMAIN, 1)]
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=opsets), path)
    return path.name


@pytest.mark.parametrize(("axis", "shape"), [(2, (1, 2, "H", 6)), (3, ("N", 2, 6, "W"))], ids=["H", "W"])
def test_dynamic_spatial_size(build_refused: Run, tmp_path: Path, axis: int, shape: Axes) -> None:
    nodes = [quant("x", "q", "in"), conv("q", "c", "conv"), quant("c", "y", "out")]
    assert build_refused(save(tmp_path / "size.onnx", nodes, shape, shape)) == (
        f"input 'x': axis {axis} must have a fixed length, is '{shape[axis]}'; "
        "only the batch, axis 0, may vary: export the model with a fixed size"
    )


@pytest.mark.parametrize("operator", ["Add", "Sub"])
def test_residual_with_incompatible_scales(build_refused: Run, tmp_path: Path, operator: str) -> None:
    nodes = [
        quant("x", "q", "in"),
        *(conv("q", "c1", "conv_a"), quant("c1", "a", "quant_a")),
        *(conv("q", "c2", "conv_b"), quant("c2", "b", "quant_b", "odd")),
        helper.make_node(operator, ["a", "b"], ["z"], "join"),
        quant("z", "y", "out"),
    ]
    assert build_refused(save(tmp_path / "join.onnx", nodes)) == (
        "node 'join': the scales of its branches must be in an integer ratio, "
        "'quant_a' has 0.25, 'quant_b' has 0.314159; "
        "give 'quant_a' and 'quant_b' one quantizer, or scales that are multiples of each other"
    )


POOLS = {
    "unknown": (
        helper.make_node("LpPool", ["q"], ["p"], "pool", kernel_shape=[2, 2]),
        (1, 2, 5, 5),
        "operator must be one that finnlite knows, is LpPool; "
        "replace it in the network by operators that finnlite knows",
    ),
    "uneven mean": (
        helper.make_node("AveragePool", ["q"], ["p"], "pool", kernel_shape=[2, 2], pads=[1] * 4),
        (1, 2, 7, 7),
        "AveragePool must divide every window by 4, has pads and count_include_pad 0; "
        "set count_include_pad to 1, or pads to 0",
    ),
    "rounded-up mean": (
        helper.make_node(
            "AveragePool", ["q"], ["p"], "pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1
        ),
        (1, 2, 3, 3),
        "AveragePool must divide every window by 9, has ceil_mode 1; set ceil_mode to 0",
    ),
    "mean of rows": (
        helper.make_node("ReduceMean", ["q"], ["p"], "pool", axes=[3], keepdims=1),
        (1, 2, 6, 1),
        "ReduceMean must be over all pixels of each channel, is over axes [3] of [1, 2, 6, 6]; "
        "use a pool, or put it behind the last layer's output",
    ),
}


@pytest.mark.parametrize("kind", POOLS)
def test_unsupported_pooling(build_refused: Run, tmp_path: Path, kind: str) -> None:
    node, shape, message = POOLS[kind]
    nodes = [quant("x", "q", "in"), node, quant("p", "y", "out")]
    assert build_refused(save(tmp_path / "pool.onnx", nodes, output=shape)) == f"node 'pool': {message}"


def test_kernel_larger_than_its_image(build_refused: Run, tmp_path: Path) -> None:
    node = helper.make_node("MaxPool", ["q"], ["p"], "pool", kernel_shape=[7, 7])
    nodes = [quant("x", "q", "in"), node, quant("p", "y", "out")]
    assert build_refused(save(tmp_path / "big.onnx", nodes, output=(1, 2, 1, 1))) == (
        "node 'pool': MaxPool kernel must fit into 6 pixels, is [7, 7]; "
        "pad the image, or use a smaller kernel"
    )
