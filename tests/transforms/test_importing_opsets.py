# SPDX-License-Identifier: Apache-2.0
"""Old and new forms of nodes mean after Import what onnxruntime makes of the file as it is."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from finnlite.errors import ModelError
from finnlite.execution import Session, execute, run_onnx
from finnlite.transforms.importing import import_model

SHAPE = (1, 3, 1, 4)


def model_of(
    opset, op_type, constants=(), shape=SHAPE, outputs=("y",), dtype=TensorProto.FLOAT, **attributes
):
    names = [f"c{index}" if array is not None else "" for index, array in enumerate(constants)]
    tensors = [
        numpy_helper.from_array(array, name)
        for name, array in zip(names, constants, strict=True)
        if array is not None
    ]
    graph = helper.make_graph(
        [helper.make_node(op_type, ["x", *names], outputs, "node", **attributes)],
        "g",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs if name != "unused"],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def ints(*numbers):
    return np.array(numbers, dtype=np.int64)


def floats(*shape):
    return np.random.default_rng(1).uniform(0.5, 2, size=shape).astype(np.float32)


NOTHING = np.zeros(0, dtype=np.float32)
SCALES = np.float32([1, 1, 3, 2])
PADS = [0, 0, 1, 2, 0, 0, 0, 1]
CASES = [
    (9, "Clip", (), {"min": -0.5, "max": 0.25}),
    (10, "Clip", (), {"max": 0.25}),
    (11, "Clip", (np.float32(-0.5), np.float32(0.25)), {}),
    (13, "Clip", (None, np.float32(0.25)), {}),
    (18, "Clip", (np.float32(-0.5),), {}),
    (9, "Squeeze", (), {"axes": [2]}),
    (13, "Squeeze", (ints(2),), {}),
    (12, "Unsqueeze", (), {"axes": [1, 3]}),
    (17, "Unsqueeze", (ints(1, 3),), {}),
    (11, "ReduceSum", (), {"axes": [1, -1], "keepdims": 0}),
    (13, "ReduceSum", (ints(1, -1),), {"keepdims": 0}),
    (9, "ReduceMean", (), {"axes": [3], "keepdims": 1}),
    (18, "ReduceMean", (ints(3),), {"keepdims": 1}),
    (18, "ReduceMax", (ints(1, 2),), {"keepdims": 0}),
    (18, "ReduceMin", (ints(-1),), {"noop_with_empty_axes": 0}),
    (9, "Pad", (), {"pads": PADS, "value": 1.5}),
    (10, "Pad", (), {"pads": PADS}),
    (11, "Pad", (ints(*PADS), np.float32(1.5)), {}),
    (18, "Pad", (ints(1, 2, 0, 1), np.float32(1.5), ints(2, -1)), {}),
    (18, "Pad", (ints(1, 2, 0, 1), None, ints(3, 1)), {}),
    (9, "Slice", (), {"starts": [1, 0], "ends": [3, -1], "axes": [1, 3]}),
    (9, "Slice", (), {"starts": [0, 1], "ends": [2**31 - 1, 2]}),
    (10, "Slice", (ints(1), ints(3), ints(1), ints(1)), {}),
    (12, "Softmax", (), {"axis": 3}),
    (9, "LogSoftmax", (), {"axis": -1}),
    (13, "Softmax", (), {"axis": 1}),
    (18, "Softmax", (), {}),
    (9, "TopK", (), {"k": 2, "axis": 3}),
    (10, "TopK", (ints(2),), {"axis": -1}),
    (11, "TopK", (ints(2),), {"axis": -1, "largest": 0}),
    (9, "ArgMax", (), {"axis": 3, "keepdims": 0}),
    (13, "ArgMax", (), {"axis": 1, "select_last_index": 1}),
    (9, "BatchNormalization", tuple(floats(3) for _ in range(4)), {"epsilon": 0.01}),
    (14, "BatchNormalization", tuple(floats(3) for _ in range(4)), {"training_mode": 0}),
    (9, "Flatten", (), {"axis": 1}),
    (9, "Upsample", (SCALES,), {"mode": "nearest"}),
    (10, "Resize", (SCALES,), {"mode": "nearest"}),
    (11, "Resize", (NOTHING, SCALES), {"coordinate_transformation_mode": "asymmetric"}),
    (12, "Resize", (NOTHING, NOTHING, ints(1, 3, 2, 9)), {"mode": "linear"}),
    (13, "Resize", (None, None, ints(1, 3, 3, 7)), {"coordinate_transformation_mode": "align_corners"}),
    (18, "Resize", (None, SCALES[2:]), {"axes": [2, -1], "mode": "cubic"}),
    (18, "Resize", (None, None, ints(8)), {"axes": [3], "antialias": 0}),
    (9, "PRelu", (floats(3, 1, 1),), {}),
    (9, "Cast", (), {"to": TensorProto.DOUBLE}),
    (9, "MaxPool", (), {"kernel_shape": [1, 2], "strides": [1, 2]}),
    (18, "AveragePool", (), {"kernel_shape": [1, 3], "pads": [0, 1, 0, 1], "count_include_pad": 1}),
    (10, "QuantizeLinear", (np.float32(0.1), np.int8(3)), {}),
    (13, "QuantizeLinear", (floats(3), np.array([0, 1, 2], np.uint8)), {"axis": 1}),
    (14, "Reshape", (ints(0, -1),), {"allowzero": 0}),
    (14, "Reshape", (ints(1, 12),), {"allowzero": 1}),
    (9, "HardSigmoid", (), {}),
    (9, "LeakyRelu", (), {}),
    (9, "Elu", (), {}),
    (9, "Selu", (), {}),
    (10, "ThresholdedRelu", (), {}),
    (10, "Mod", (floats(4),), {"fmod": 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("opset", "op_type", "constants", "attributes"), CASES, ids=[f"{c[1]}-{c[0]}" for c in CASES]
)
def test_node_equals_onnxruntime_on_the_source(opset, op_type, constants, attributes):
    outputs = ("y", "z") if op_type == "TopK" else ("y",)
    model = model_of(opset, op_type, constants, outputs=outputs, **attributes)
    x = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    expected = run_onnx(model.SerializeToString(), {"x": x})
    graph = import_model(model)
    assert [v.name for v in graph.outputs] == list(outputs)
    result = execute(graph, x)
    assert result.dtype == expected[0].dtype
    np.testing.assert_array_equal(result, expected[0])
    batch = execute(graph, np.concatenate([x, -x, x]))
    np.testing.assert_array_equal(batch[::2], np.concatenate([expected[0]] * 2))


@pytest.mark.parametrize(
    ("opset", "constants", "attributes", "lengths"),
    [
        (9, (), {"axis": 1, "split": [2, 1]}, [2, 1]),
        (11, (), {"axis": -1}, [2, 2]),
        (13, (ints(1, 3),), {"axis": 3}, [1, 3]),
        (13, (), {"axis": 3}, [2, 2]),
        (18, (), {"axis": 1, "num_outputs": 2}, [2, 1]),
    ],
)
def test_the_lengths_of_a_split_are_spelled_out(opset, constants, attributes, lengths):
    model = model_of(opset, "Split", constants, outputs=("y", "z"), **attributes)
    x = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    graph = import_model(model)
    assert graph.node("node").input(1).const.tolist() == lengths
    for found, wanted in zip(
        Session(graph).run(np.concatenate([x, -x])).values(),
        run_onnx(model.SerializeToString(), {"x": x}),
        strict=True,
    ):
        np.testing.assert_array_equal(found[:1], wanted)


@pytest.mark.parametrize(
    "attributes", [{"antialias": 1, "mode": "linear"}, {"keep_aspect_ratio_policy": "not_larger"}]
)
def test_resize_with_a_policy_or_antialias_is_refused(attributes):
    with pytest.raises(ModelError) as error:
        import_model(model_of(18, "Resize", (None, None, ints(1, 3, 2, 8)), **attributes))
    assert str(error.value) == (
        "node 'node': Resize must not use antialias or keep_aspect_ratio_policy, does; export without"
    )


def test_every_opset_in_range_is_read():
    for opset in range(9, 19):
        assert len(import_model(model_of(opset, "Relu"))) == 1


@pytest.mark.parametrize("opset", [8, 19, 21])
def test_other_opsets_are_refused(opset):
    with pytest.raises(ModelError) as error:
        import_model(model_of(opset, "Relu"))
    assert str(error.value) == f"model opset must be 9 to 18, is {opset}; export it with opset_version=17"


def test_softmax_over_several_axes_is_refused():
    with pytest.raises(ModelError) as error:
        import_model(model_of(12, "Softmax"))
    assert str(error.value) == (
        "node 'node': Softmax axis must be the last of 4 before opset 13, is 1; "
        "export the model with opset 13 or newer"
    )


def test_training_outputs_that_nobody_reads_do_not_matter():
    names = ("y", "unused", "unused1", "unused2", "unused3")
    model = model_of(9, "BatchNormalization", tuple(floats(3) for _ in range(4)), outputs=names)
    del model.graph.output[1:]
    assert len(import_model(model).node("node").outputs) == 1


def test_integer_input_is_a_declaration_of_its_own():
    model = model_of(13, "DequantizeLinear", (np.float32(0.5),), dtype=TensorProto.UINT8)
    graph = import_model(model)
    assert graph.inputs[0].datatype.name == "UINT8"
    assert graph.inputs[0].carrier == np.uint8
    x = np.arange(12, dtype=np.uint8).reshape(SHAPE)
    np.testing.assert_array_equal(execute(graph, x), x * np.float32(0.5))
