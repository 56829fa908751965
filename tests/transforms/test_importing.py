# SPDX-License-Identifier: Apache-2.0
"""Rung import equals rung source: the shared models, and what Import keeps and resolves."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from finnlite.errors import ModelError
from finnlite.execution import execute, run_onnx
from finnlite.ir import Graph
from finnlite.ops.linear import Gemm, MatMul
from finnlite.serde import from_onnx, to_onnx
from finnlite.transforms.importing import Import, import_model, read_model
from tests.comparison import differences

MODELS = (
    "cnv_w1a1", "cnv_w1a1_brevitas", "cnv_w1a2", "lfc_w1a1", "mnist_cnn_w1a1", "mobilenet_tiny_w4a4",
    "resnet8_w4a4", "sfc_w2a2_brevitas", "tfc_w1a1", "tfc_w1a2", "tfc_w1a2_opset18", "unsw_w2a2",
)  # fmt: skip
INEXACT = ("mnist_cnn_w1a1", "mobilenet_tiny_w4a4", "resnet8_w4a4")
"""Real-valued sums of a convolution's or pool's result, which depend on how many samples run at once."""
QONNX = "qonnx.custom_op.general"


def model_of(nodes, constants, shape=(1, 4), out_rank=2, opset=13, qonnx=2, functions=()):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * out_rank)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    if qonnx:
        opsets.append(helper.make_opsetid(QONNX, qonnx))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# -- the shared models ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MODELS)
def test_shared_model_imports_and_equals_its_golden_output(shared, name):
    graph = Import().load(shared / "models" / f"{name}.onnx")
    graph.validate()
    with np.load(shared / "models" / f"{name}.golden.npz") as golden:
        x, expected = golden["input"], golden["output"]
    result = execute(graph, x)
    assert result.shape == expected.shape
    if name in INEXACT:
        assert np.abs(result - expected).max() <= 1e-5 * np.abs(expected).max()
    else:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", MODELS)
def test_shared_model_keeps_signature_and_node_names(shared, name):
    model = read_model(shared / "models" / f"{name}.onnx")
    graph = import_model(model)
    tensors = {tensor.name for tensor in model.graph.initializer}
    assert [v.name for v in graph.inputs] == [i.name for i in model.graph.input if i.name not in tensors]
    assert [v.name for v in graph.outputs] == [o.name for o in model.graph.output]
    source = {node.name for node in model.graph.node}
    if "" not in source:
        folded = set(json.loads(graph.metadata.get("folded", "[]")))
        kept = {node.name for node in graph.nodes}
        assert kept | folded == source
        assert not kept & folded
        assert all(node.origin == (node.name,) for node in graph.nodes)


@pytest.mark.parametrize("name", MODELS)
def test_shared_model_survives_its_stage_file(shared, name):
    graph = Import().load(shared / "models" / f"{name}.onnx")
    assert differences(from_onnx(to_onnx(graph)), graph) == []


@pytest.mark.filterwarnings("ignore:Output shapes disagree")  # QONNX on shapes that opset 9 leaves open
@pytest.mark.parametrize("name", ["tfc_w1a1", "tfc_w1a2", "sfc_w2a2_brevitas", "unsw_w2a2", "lfc_w1a1"])
def test_shared_mlp_equals_qonnx_now(shared, name):
    """Not the stored golden output: the file as it is, by the QONNX that is installed."""
    path = shared / "models" / f"{name}.onnx"
    with np.load(shared / "models" / f"{name}.golden.npz") as golden:
        x = golden["input"][:8].astype(np.float32)
    wrapped = ModelWrapper(str(path)).transform(InferShapes())
    feed, out = wrapped.graph.input[0].name, wrapped.graph.output[0].name
    expected = [execute_onnx(wrapped, {feed: x[k : k + 1]})[out] for k in range(len(x))]
    np.testing.assert_array_equal(execute(Import().load(path), x), np.concatenate(expected))


@pytest.mark.parametrize("name", ["tfc_w1a1", "tfc_w1a2", "sfc_w2a2_brevitas", "tfc_w1a2_opset18"])
def test_declared_pixels_equal_normalised_floats(shared, name):
    path = shared / "models" / f"{name}.onnx"
    with np.load(shared / "models" / f"{name}.golden.npz") as golden:
        x = golden["input"]
        pixels = golden["input_u8"] if "input_u8" in golden else golden["pixels"][:, None]
    graph = Import(input_type="uint8", input_scale="1/255").load(path)
    assert graph.inputs[0].datatype == DataType["UINT8"]
    assert graph.inputs[0].name == Import().load(path).inputs[0].name
    np.testing.assert_array_equal(execute(graph, pixels), execute(Import().load(path), x))


def test_annotations_on_inputs_are_declarations(shared):
    found = {name: Import().load(shared / "models" / f"{name}.onnx").inputs[0].datatype for name in MODELS}
    declared = {name: datatype.name for name, datatype in found.items() if datatype.is_integer()}
    assert declared == {
        "cnv_w1a1": "INT8", "cnv_w1a2": "INT8", "lfc_w1a1": "BIPOLAR", "unsw_w2a2": "BIPOLAR",
    }  # fmt: skip


# -- what is resolved -------------------------------------------------------------------------------
def test_weights_behind_quantizer_and_transpose_become_one_constant():
    nodes = [
        helper.make_node("Quant", ["w", "s", "z", "b"], ["q"], "quant", domain=QONNX, signed=1, narrow=1),
        helper.make_node("Transpose", ["q"], ["t"], "turn", perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["y"], "fc"),
    ]
    weights = numbers(3, 4)
    constants = {"w": weights, "s": np.float32(0.25), "z": np.float32(0), "b": np.float32(3)}
    graph = import_model(model_of(nodes, constants))
    assert [node.name for node in graph.nodes] == ["fc"]
    assert json.loads(graph.metadata["folded"]) == ["quant", "turn"]
    expected = np.clip(np.round(weights / np.float32(0.25)), -3, 3).T * np.float32(0.25)
    folded = graph.node("fc").input(1).const
    assert folded is not None
    np.testing.assert_array_equal(folded, expected)
    assert {v.name for v in graph.values} == {"x", "t", "y"}


def test_model_is_left_as_it_is():
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Relu", ["r"], ["y"])]
    model = model_of(nodes, {})
    before = model.SerializeToString()
    import_model(model)
    assert model.SerializeToString() == before


@pytest.mark.parametrize(
    ("domain", "version"), [("onnx.brevitas", 0), ("onnx.brevitas", 1), (QONNX, 1), (QONNX, 2)]
)
def test_all_spellings_of_the_domain_are_one(domain, version):
    nodes = [helper.make_node("BipolarQuant", ["x", "s"], ["y"], "q", domain=domain)]
    model = model_of(nodes, {"s": np.float32(0.5)}, qonnx=0)
    if version:
        model.opset_import.append(helper.make_opsetid(domain, version))
    graph = import_model(model)
    assert graph.node("q").op.domain == QONNX
    assert execute(graph, np.array([[-1, 0, 2, -3]], np.float32)).tolist() == [[-0.5, 0.5, 0.5, -0.5]]


def trunc(inputs, **attributes):
    return [helper.make_node("Trunc", ["x", *inputs], ["y"], "t", domain=QONNX, **attributes)]


def test_both_versions_of_trunc_equal_qonnx():
    constants = {"s": np.float32(0.5), "z": np.float32(0), "i": np.float32(8), "o": np.float32(4)}
    constants["os"] = np.float32(8)
    x = numbers(1, 4) * 50
    for version, inputs in ((1, ["s", "z", "i", "o"]), (2, ["s", "z", "i", "os", "o"])):
        model = model_of(trunc(inputs, rounding_mode="FLOOR"), constants, qonnx=version)
        expected = execute_onnx(ModelWrapper(model), {"x": x})["y"]
        np.testing.assert_array_equal(execute(import_model(model), x), expected)


@pytest.mark.parametrize("batch", [1, 4, "N"])
def test_shape_gather_unsqueeze_concat_is_resolved(batch):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], "shape"),
        helper.make_node("Gather", ["s", "zero"], ["g"], "gather", axis=0),
        helper.make_node("Unsqueeze", ["g"], ["u"], "unsqueeze", axes=[0]),
        helper.make_node("Concat", ["u", "rest"], ["c"], "concat", axis=0),
        helper.make_node("Reshape", ["x", "c"], ["r"], "reshape"),
        helper.make_node("MatMul", ["r", "w"], ["y"], "fc"),
    ]
    constants = {"zero": np.int64(0), "rest": np.array([-1], np.int64), "w": numbers(12, 2)}
    graph = import_model(model_of(nodes, constants, shape=(batch, 3, 4), opset=11))
    assert [node.name for node in graph.nodes] == ["reshape", "fc"]
    assert graph.node("reshape").input(1).const.tolist() == [0, 12]
    assert graph.metadata.get("batch") == (None if batch == 1 else str(batch))
    x = numbers(7, 3, 4)
    np.testing.assert_allclose(execute(graph, x), x.reshape(7, 12) @ constants["w"], rtol=1e-5)


@pytest.mark.parametrize(("batch", "target"), [(1, [1, -1]), (4, [4, 12]), ("N", [-1, 12]), (4, [0, 12])])
def test_batch_in_reshape_target_becomes_a_copy(batch, target):
    nodes = [helper.make_node("Reshape", ["x", "t"], ["y"], "reshape")]
    graph = import_model(model_of(nodes, {"t": np.array(target, np.int64)}, shape=(batch, 3, 4)))
    assert graph.node("reshape").input(1).const.tolist() == [0, 12]
    x = numbers(5, 3, 4)
    np.testing.assert_array_equal(execute(graph, x), x.reshape(5, 12))


def test_identity_and_dropout_vanish_and_the_output_keeps_its_name():
    nodes = [
        helper.make_node("Identity", ["x"], ["i"], "first"),
        helper.make_node("Relu", ["i"], ["r"], "relu"),
        helper.make_node("Dropout", ["r"], ["d", "mask"], "drop"),
        helper.make_node("Identity", ["d"], ["y"], "last"),
    ]
    graph = import_model(model_of(nodes, {}))
    assert [node.name for node in graph.nodes] == ["relu"]
    assert graph.outputs[0] is graph.node("relu").output
    assert graph.outputs[0].name == "y"


def test_output_that_is_the_input_is_a_copy():
    graph = import_model(model_of([helper.make_node("Identity", ["x"], ["y"], "same")], {}))
    assert (graph.inputs[0].name, graph.outputs[0].name) == ("x", "y")
    x = numbers(3, 4)
    np.testing.assert_array_equal(execute(graph, x), x)


def test_two_outputs_of_one_value_are_both_there():
    model = model_of([helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Identity", ["y"], ["z"])], {})
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4]))
    graph = import_model(model)
    graph.validate()
    assert [v.name for v in graph.outputs] == ["y", "z"]


def branch(op_type, name, output, constant=None):
    tensors = [numpy_helper.from_array(np.float32(constant), "inner")] if constant is not None else []
    node = helper.make_node(op_type, ["x", *(["inner"] if tensors else [])], [output], name)
    return helper.make_graph([node], name, [], [helper.make_empty_tensor_value_info(output)], tensors)


@pytest.mark.parametrize("condition", [True, False])
def test_if_with_a_constant_condition_is_its_branch(condition):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], "shape"),
        helper.make_node("Size", ["s"], ["rank"], "size"),
        helper.make_node("Equal", ["rank", "two"], ["c"], "equal"),
        helper.make_node(
            "If", ["c"], ["y"], "choice",
            then_branch=branch("Relu", "rectify", "out"),
            else_branch=branch("Add", "shift", "out", 5.0),
        ),
    ]  # fmt: skip
    model = model_of(nodes, {"two": np.int64(2 if condition else 3)})
    graph = import_model(model)
    assert [node.name for node in graph.nodes] == ["rectify" if condition else "shift"]
    x = numbers(3, 4)
    np.testing.assert_array_equal(execute(graph, x), np.maximum(x, 0) if condition else x + np.float32(5))


def test_branches_that_use_the_same_names_stay_apart():
    nodes = [
        helper.make_node("If", ["c"], ["a"], "one", then_branch=branch("Add", "add", "out", 1.0),
                         else_branch=branch("Relu", "r", "out")),
        helper.make_node("If", ["c"], ["b"], "two", then_branch=branch("Add", "add", "out", 10.0),
                         else_branch=branch("Relu", "r", "out")),
        helper.make_node("Add", ["a", "b"], ["y"], "sum"),
    ]  # fmt: skip
    graph = import_model(model_of(nodes, {"c": np.array(True)}))
    graph.validate()
    assert [node.name for node in graph.nodes] == ["add", "add_1", "sum"]
    x = numbers(3, 4)
    np.testing.assert_array_equal(execute(graph, x), (x + np.float32(1)) + (x + np.float32(10)))


def test_functions_are_inlined():
    inner = [helper.make_node("Mul", ["a", "b"], ["m"]), helper.make_node("Relu", ["m"], ["o"])]
    function = helper.make_function(
        "local", "Scaled", ["a", "b"], ["o"], inner, [helper.make_opsetid("", 13)]
    )
    nodes = [
        helper.make_node("Scaled", ["x", "w"], ["h"], "f1", domain="local"),
        helper.make_node("Scaled", ["h", "w"], ["y"], "f2", domain="local"),
    ]
    model = model_of(nodes, {"w": numbers(4)}, functions=[function])
    model.opset_import.append(helper.make_opsetid("local", 1))
    x = numbers(1, 4)
    (expected,) = run_onnx(model.SerializeToString(), {"x": x})
    graph = import_model(model)
    assert [node.op.op_type for node in graph.nodes] == ["Mul", "Relu", "Mul", "Relu"]
    np.testing.assert_array_equal(execute(graph, x), expected)


def test_a_function_for_a_qonnx_operator_yields_to_the_operator():
    inner = [helper.make_node("Sign", ["a"], ["o"])]
    function = helper.make_function(
        QONNX, "BipolarQuant", ["a", "b"], ["o"], inner, [helper.make_opsetid("", 13)]
    )
    nodes = [helper.make_node("BipolarQuant", ["x", "s"], ["y"], "q", domain=QONNX)]
    graph = import_model(model_of(nodes, {"s": np.float32(1)}, functions=[function]))
    assert [node.op.op_type for node in graph.nodes] == ["BipolarQuant"]


def test_initializers_that_are_listed_as_inputs_are_constants():
    model = model_of([helper.make_node("MatMul", ["x", "w"], ["y"], "fc")], {"w": numbers(4, 2)})
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 2]))
    graph = import_model(model)
    assert [v.name for v in graph.inputs] == ["x"]


def test_constant_nodes_are_constants_and_shared():
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(numbers(4, 4))),
        helper.make_node("Constant", [], ["f"], value_float=2.5),
        helper.make_node("Constant", [], ["i"], value_ints=[1, -1]),
        helper.make_node("MatMul", ["x", "w"], ["a"], "fc1"),
        helper.make_node("MatMul", ["a", "w"], ["b"], "fc2"),
        helper.make_node("Reshape", ["b", "i"], ["c"], "reshape"),
        helper.make_node("Mul", ["c", "f"], ["y"], "scale"),
    ]
    graph = import_model(model_of(nodes, {}))
    assert [node.name for node in graph.nodes] == ["fc1", "fc2", "reshape", "scale"]
    assert graph.node("fc1").input(1) is graph.node("fc2").input(1)
    assert graph.node("scale").input(1).const == 2.5


def test_nodes_without_names_and_with_taken_names_get_their_own():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "same"),
        helper.make_node("Relu", ["a"], ["b"], "same"),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Relu", ["c"], ["y"], "Relu_2"),
    ]
    graph = import_model(model_of(nodes, {}))
    assert [node.name for node in graph.nodes] == ["same", "same_1", "Relu_2_1", "Relu_2"]


def test_gemm_stays_gemm():
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], "gemm", transB=1, alpha=0.5),
        helper.make_node("MatMul", ["h", "v"], ["y"], "matmul"),
    ]
    graph = import_model(model_of(nodes, {"w": numbers(3, 4), "b": numbers(3), "v": numbers(3, 2)}))
    assert graph.node("gemm").op == Gemm(alpha=0.5, transB=True)
    assert graph.node("matmul").op == MatMul()


def test_qcdq_equals_onnxruntime():
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["q"], "quantize"),
        helper.make_node("Clip", ["q", "lo", "hi"], ["c"], "clip"),
        helper.make_node("DequantizeLinear", ["c", "xs", "xz"], ["d"], "dequantize"),
        helper.make_node("DequantizeLinear", ["w8", "ws", "wz"], ["w"], "weights", axis=1),
        helper.make_node("MatMul", ["d", "w"], ["y"], "fc"),
    ]
    rng = np.random.default_rng(0)
    constants = {
        "xs": np.float32(0.1), "xz": np.int8(0), "lo": np.int8(-7), "hi": np.int8(7),
        "w8": rng.integers(-3, 4, size=(4, 3)).astype(np.int8),
        "ws": np.array([0.1, 0.2, 0.3], np.float32), "wz": np.zeros(3, np.int8),
    }  # fmt: skip
    model = model_of(nodes, constants)
    x = numbers(1, 4)
    (expected,) = run_onnx(model.SerializeToString(), {"x": x})
    graph = import_model(model)
    assert [node.name for node in graph.nodes] == ["quantize", "clip", "dequantize", "fc"]
    # onnxruntime multiplies by constant weights in another order than by computed ones
    np.testing.assert_allclose(execute(graph, x), expected, rtol=1e-6)


def test_unused_nodes_are_not_read():
    nodes = [helper.make_node("Relu", ["x"], ["y"], "relu"), helper.make_node("Foo", ["x"], ["z"], "foo")]
    assert [node.name for node in import_model(model_of(nodes, {})).nodes] == ["relu"]


def test_a_tensor_named_like_something_import_makes_keeps_its_name():
    nodes = [
        helper.make_node("Reshape", ["x", "t"], ["r"], "y"),  # its target is called y_shape
        helper.make_node("Relu", ["r"], ["y_shape"], "relu"),
    ]
    model = model_of(nodes, {"t": np.array([1, 4], np.int64)})
    model.graph.output[0].name = "y_shape"
    graph = import_model(model)
    graph.validate()
    assert graph.outputs[0].name == "y_shape"


def test_metadata_of_a_plain_model_is_empty():
    assert import_model(model_of([helper.make_node("Relu", ["x"], ["y"])], {})).metadata == {}


def test_import_is_linear_in_the_number_of_nodes():
    """Counted, not timed: no list of the graph is scanned, so 4 times the nodes are 4 times the calls."""
    import cProfile
    import pstats

    def calls(count):
        nodes = [helper.make_node("Add", [f"v{k}", "c"], [f"v{k + 1}"]) for k in range(count)]
        nodes[0].input[0], nodes[-1].output[0] = "x", "y"
        model = model_of(nodes, {"c": numbers(4)})
        profile = cProfile.Profile()
        graph: Graph = profile.runcall(import_model, model)
        assert len(graph) == count
        return pstats.Stats(profile).total_calls

    calls(10)
    assert calls(800) < 4.2 * calls(200)


def test_error_of_a_constant_node_names_it():
    nodes = [
        helper.make_node("Reshape", ["w", "t"], ["v"], "fold"),
        helper.make_node("MatMul", ["x", "v"], ["y"], "fc"),
    ]
    model = model_of(nodes, {"w": numbers(3, 5), "t": np.array([4, -1], np.int64)})
    with pytest.raises(ModelError, match=r"^constant nodes 'fold' cannot be computed: .*fold"):
        import_model(model)


def test_loads_from_a_string_path(shared):
    path = str(shared / "models" / "tfc_w1a1.onnx")
    assert len(Import().load(path)) == len(import_model(onnx.load(path)))
