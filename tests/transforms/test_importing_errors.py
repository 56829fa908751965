# SPDX-License-Identifier: Apache-2.0
"""Models that Import refuses: the message names the node, what was found, what is allowed, and a fix."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from finnlite.errors import ModelError, UnsupportedError
from finnlite.transforms.importing import BlockedNode, UnknownOperatorError, import_model

QONNX = "qonnx.custom_op.general"
NAN, INF = float("nan"), float("inf")
REPAIR = "repair the weights and export the model again"


def model_of(nodes, constants, shape=(1, 4)):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 2)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def refusal(nodes, constants=None, shape=(1, 4), error=ModelError):
    with pytest.raises(error) as raised:
        import_model(model_of(nodes, constants or {}, shape))
    return str(raised.value)


def quant(scale=1.0, zeropt=0.0, bits=4.0, source="x", **attributes):
    constants = {"s": np.float32(scale), "z": np.float32(zeropt), "b": np.float32(bits)}
    attributes = {"signed": 1, "narrow": 0, **attributes}
    return helper.make_node(
        "Quant", [source, "s", "z", "b"], ["y"], "q", domain=QONNX, **attributes
    ), constants


def test_all_unknown_operators_are_in_one_error():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "fine"),
        helper.make_node("LSTMish", ["a"], ["b"], "first", domain="com.example"),
        helper.make_node("MatMul", ["b", "w"], ["c"], "also fine"),
        helper.make_node("Shape", ["c"], ["s"], "shape"),
        helper.make_node("ConstantOfShape", ["s"], ["zeros"], "zeros"),
        helper.make_node("Add", ["c", "zeros"], ["d"], "add"),
        helper.make_node("FloatQuant", ["d"], ["e"], "second", domain=QONNX),
        helper.make_node("Det", ["a"], ["f"], "third"),
        helper.make_node("Add", ["e", "f"], ["y"], "sum"),
    ]
    with pytest.raises(UnknownOperatorError) as error:
        import_model(model_of(nodes, {"w": np.zeros((4, 4), np.float32)}))
    assert isinstance(error.value, UnsupportedError)
    assert error.value.node == "first"
    assert str(error.value) == (
        "node 'first': operator must be one that finnlite knows, is com.example::LSTMish "
        "(and 2 more: 'second' FloatQuant, 'third' Det); "
        "export the model with standard ONNX and QONNX operators only"
    )
    assert error.value.nodes == (
        BlockedNode(
            "first", "LSTMish", "com.example", "export the model with standard ONNX and QONNX operators only"
        ),
        BlockedNode(
            "second", "FloatQuant", QONNX, "use Quant, IntQuant, BipolarQuant, Trunc or MultiThreshold"
        ),
        BlockedNode("third", "Det", "", "replace it in the network by operators that finnlite knows"),
    )


def test_trap_the_misspelt_bipolar_quantizer_is_not_skipped():
    nodes = [helper.make_node("BinaryQuant", ["x"], ["y"], "q", domain=QONNX)]
    assert refusal(nodes, error=UnknownOperatorError) == (
        f"node 'q': operator must be one that finnlite knows, is {QONNX}::BinaryQuant; "
        "use Quant, IntQuant, BipolarQuant, Trunc or MultiThreshold"
    )


def test_own_stages_are_not_models():
    nodes = [helper.make_node("MVTU", ["x"], ["y"], "m", domain="finnlite.qonnx_ops")]
    assert refusal(nodes, error=UnknownOperatorError).endswith(
        "this is a stage that finnlite wrote: build with --from, or from the source model"
    )


@pytest.mark.parametrize("scale", [0.0, -0.5, NAN, INF])
def test_scale_that_is_not_positive(scale):
    node, constants = quant(scale)
    assert refusal([node], constants) == (
        f"node 'q': Quant scale must be positive, is {scale:g}; correct it and export again"
    )


@pytest.mark.parametrize("op_type", ["BipolarQuant", "QuantizeLinear", "DequantizeLinear"])
def test_scale_of_zero_in_other_quantizers(op_type):
    domain = QONNX if op_type == "BipolarQuant" else ""
    scale = np.array([1, 0, 1, 1], np.float32)
    node = helper.make_node(op_type, ["x", "s"], ["y"], "q", domain=domain)
    assert refusal([node], {"s": scale}) == (
        f"node 'q': {op_type} scale must be positive, is 0 (element 1); correct it and export again"
    )


def test_scale_of_a_folded_weight_quantizer_is_checked():
    node, constants = quant(0.0, source="w")
    constants["w"] = np.ones((4, 2), np.float32)
    node.output[0] = "wq"
    nodes = [node, helper.make_node("MatMul", ["x", "wq"], ["y"], "fc")]
    assert refusal(nodes, constants) == (
        "node 'q': Quant scale must be positive, is 0; correct it and export again"
    )


@pytest.mark.parametrize("number", [NAN, INF, -INF])
def test_weights_that_are_not_numbers(number):
    weights = np.ones((4, 2), np.float32)
    weights[3, 1] = number
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")]
    assert refusal(nodes, {"w": weights}) == (
        f"node 'fc': constant 'w' must be finite, is {number} at [3, 1] (1 such elements); {REPAIR}"
    )


def test_weights_that_are_not_numbers_are_found_before_their_quantizer():
    node, constants = quant(source="w")
    constants["w"] = np.full((4, 2), NAN, np.float32)
    node.output[0] = "wq"
    nodes = [node, helper.make_node("MatMul", ["x", "wq"], ["y"], "fc")]
    assert refusal(nodes, constants) == (
        f"node 'q': constant 'w' must be finite, is nan at [0, 0] (8 such elements); {REPAIR}"
    )


@pytest.mark.parametrize("op_type", ["Clip", "Min", "Max"])
def test_limits_may_be_infinite_but_not_nan(op_type):
    inputs = ["x", "c", "d"] if op_type == "Clip" else ["x", "c"]
    node = helper.make_node(op_type, inputs, ["y"], "limit")
    constants = {"c": np.float32(-INF), "d": np.float32(INF)}
    assert len(import_model(model_of([node], constants))) == 1
    constants["c"] = np.float32(NAN)
    assert refusal([node], constants) == (
        f"node 'limit': constant 'c' must be finite, is nan (1 such elements); {REPAIR}"
    )


def test_thresholds_may_be_infinite():
    node = helper.make_node("MultiThreshold", ["x", "t"], ["y"], "m", domain=QONNX, out_dtype="UINT2")
    thresholds = np.array([[-INF, 0, INF]], np.float32)
    assert len(import_model(model_of([node], {"t": thresholds}))) == 1


KEEP = "must keep the samples of a batch apart, in axis 0"
IMAGE = (1, 3, 4)
MOVERS = [
    ("Transpose", (), {"perm": [1, 0, 2]}, f"Transpose {KEEP}, does not (inputs [1, 3, 4])"),
    ("Flatten", (), {"axis": 0}, f"Flatten {KEEP}, does not (inputs [1, 3, 4])"),
    ("Squeeze", (), {}, f"Squeeze {KEEP}, does not (inputs [1, 3, 4])"),
    ("Unsqueeze", ([0],), {}, f"Unsqueeze {KEEP}, does not (inputs [1, 3, 4] and [1])"),
    ("Softmax", (), {"axis": 0}, f"Softmax {KEEP}, does not (inputs [1, 3, 4])"),
    ("ReduceMean", (), {"axes": [0]}, f"ReduceMean {KEEP}, does not (inputs [1, 3, 4])"),
    ("ArgMax", (), {"axis": 0}, f"ArgMax {KEEP}, does not (inputs [1, 3, 4])"),
    ("Concat", (np.zeros((1, 3, 4), np.float32),), {"axis": 0},
     f"Concat {KEEP}, does not (inputs [1, 3, 4] and [1, 3, 4])"),
    ("Add", (np.zeros((2, 3, 4), np.float32),), {}, f"Add {KEEP}, does not (inputs [1, 3, 4] and [2, 3, 4])"),
    ("Gather", ([0],), {"axis": 0}, f"Gather {KEEP}, does not (inputs [1, 3, 4] and [1])"),
    ("Reshape", ([3, 4],), {}, f"Reshape {KEEP}, makes [3, 4] of [1, 3, 4]"),
    ("Reshape", ([12],), {}, f"Reshape {KEEP}, makes [12] of [1, 3, 4]"),
    ("Reshape", ([1, 5],), {}, "Reshape target must keep 12 elements, is [1, 5]"),
    ("Reshape", ([1, 3, 4, 0],), {}, "Reshape target must copy one of 3 axes, is [1, 3, 4, 0]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op_type", "constants", "attributes", "message"), MOVERS, ids=[m[3][:40] for m in MOVERS]
)
def test_the_batch_must_stay_where_it_is(op_type, constants, attributes, message):
    names = [f"c{k}" for k in range(len(constants))]
    arrays = {
        name: np.asarray(c, None if isinstance(c, np.ndarray) else np.int64)
        for name, c in zip(names, constants, strict=True)
    }
    node = helper.make_node(op_type, ["x", *names], ["y"], "n", **attributes)
    assert refusal([node], arrays, IMAGE) == f"node 'n': {message}"


def test_weights_on_the_left_mix_the_batch():
    nodes = [helper.make_node("MatMul", ["w", "x"], ["y"], "fc")]
    assert refusal(nodes, {"w": np.ones((1, 1), np.float32)}) == (
        f"node 'fc': MatMul {KEEP}, does not (inputs [1, 1] and [1, 4])"
    )


def test_condition_that_is_computed():
    inner = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["o"])], "b", [], [helper.make_empty_tensor_value_info("o")]
    )
    nodes = [
        helper.make_node("Greater", ["x", "zero"], ["c"], "greater"),
        helper.make_node("If", ["c"], ["y"], "choice", then_branch=inner, else_branch=inner),
    ]
    assert refusal(nodes, {"zero": np.float32(0)}, error=UnsupportedError) == (
        "node 'choice': the condition of If must be a constant, is computed from the input; "
        "export the branch that is meant"
    )


def test_dropout_that_trains():
    nodes = [helper.make_node("Dropout", ["x", "r", "t"], ["y"], "drop")]
    assert refusal(nodes, {"r": np.float32(0.5), "t": np.array(True)}) == (
        "node 'drop': Dropout training_mode must be false, is not; export the model for inference"
    )


TEXT = helper.make_tensor("", TensorProto.STRING, [1], [b"a"])
BROKEN = [
    ([helper.make_node("Relu", ["nowhere"], ["y"], "n")],
     "node 'n': input 'nowhere' must be made by a node before it, is not; export the model again"),
    ([helper.make_node("Relu", ["x"], ["y"], "n"), helper.make_node("Sigmoid", ["x"], ["y"], "m")],
     "node 'm': output 'y' must be made once, is made again; export the model again"),
    ([helper.make_node("Relu", ["x"], ["z"], "n")],
     "output 'y' must be made by a node, is not; export the model again"),
    ([helper.make_node("Constant", [], ["y"], "n", value_float=1.0)],
     "output 'y' must depend on the input, is constant"),
    ([helper.make_node("Add", ["x"], ["y"], "n")], "node 'n': Add must have 2 inputs, has 1"),
    ([helper.make_node("Celu", ["x"], ["y"], "n", beta=1.0)],
     "node 'n': Celu must have the attributes alpha only, has 'beta'"),
    ([helper.make_node("Elu", ["x"], ["y"], "n", alpha=1)],
     "node 'n': Elu alpha must be float (FLOAT), is INT"),
    ([helper.make_node("Constant", [], ["c"], "n", value_string="text"),
      helper.make_node("Add", ["x", "c"], ["y"], "m")],
     "node 'n': Constant must hold a tensor of numbers, does not"),
    ([helper.make_node("Constant", [], ["c"], "n", value=TEXT),
      helper.make_node("Add", ["x", "c"], ["y"], "m")],
     "node 'm': tensor 'c' must hold numbers, holds object"),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "message"), BROKEN, ids=[b[1][:50] for b in BROKEN])
def test_inconsistent_models(nodes, message):
    assert refusal(nodes) == message


def test_weights_with_fewer_bytes_than_their_shape():
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")], {"w": np.ones((4, 2), np.float32)}
    )
    model.graph.initializer[0].raw_data = b"\0" * 12
    with pytest.raises(ModelError, match=r"^tensor 'w' must hold \[4, 2\] numbers: "):
        import_model(model)


def test_shapes_that_do_not_agree():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")]
    assert refusal(nodes, {"w": np.ones((5, 2), np.float32)}) == (
        "node 'fc': MatMul shapes must agree, are [1, 4] and [5, 2]"
    )


def test_names_of_any_kind_are_kept():
    names = ["a b", 'quote"', "../up", "$(rm)", "line\nbreak", "x" * 10_000, "class", "always_ff", "a_b"]
    nodes = [helper.make_node("Relu", [f"v{k}"], [f"v{k + 1}"], name) for k, name in enumerate(names)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"
    assert [node.name for node in import_model(model_of(nodes, {})).nodes] == names
