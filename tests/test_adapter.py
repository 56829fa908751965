# SPDX-License-Identifier: Apache-2.0
"""QONNX's transformations on our graphs: each does what QONNX says it does, and the function stays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.batchnorm_to_affine import BatchNormToAffine
from qonnx.transformation.bipolar_to_xnor import ConvertBipolarMatMulToXnorPopcount
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.transformation.general import (
    ConvertDivToMul,
    ConvertSubToAdd,
    GiveReadableTensorNames,
    GiveUniqueNodeNames,
    RemoveUnusedTensors,
)
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.quant_constant_folding import FoldTransposeIntoQuantInit
from qonnx.transformation.remove import RemoveIdentityOps

from finnlite.adapter import FromQonnx
from finnlite.errors import TransformError
from finnlite.execution import execute
from finnlite.ir import FLOAT32, Graph, TensorType, Value
from finnlite.ops.elementwise import Add, Div, Mul, Relu, Sub
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.normalization import BatchNormalization
from finnlite.ops.quantizers import Quant
from finnlite.ops.thresholding import Thresholding
from finnlite.serde import from_onnx, to_onnx
from tests.comparison import differences

RNG = np.random.default_rng(5)


def floats(*shape: int) -> NDArray[np.float32]:
    return RNG.normal(size=shape).astype(np.float32)


def network() -> Graph:
    """Gemm → batch norm → Sub, Div → Mul by a constant subgraph → own operator → MatMul of integers."""
    graph = Graph("network")
    graph.metadata["declared"] = "nothing"
    rng = np.random.default_rng(5)

    def const(*shape: int) -> Value:
        return graph.constant(rng.normal(size=shape).astype(np.float32))

    value = graph.input("x", (1, 6))
    scale = graph.add(Add(), const(4), const(4), name="fold me", origin=("/scale",))
    value = graph.add(Gemm(transB=True), value, const(4, 6), const(4), name="fc", origin=("/fc",))
    variance = graph.constant(np.arange(1, 5, dtype=np.float32))
    parameters = (const(4), const(4), const(4), variance)
    value = graph.add(BatchNormalization(), value, *parameters, name="bn", origin=("/bn", "/bn2"))
    value.channel_axis = None
    value = graph.add(Sub(), value, const(4), name="sub", origin=("/sub",))
    value = graph.add(Div(), value, graph.constant(np.float32(0.5)), name="div", origin=("/div",))
    value = graph.add(Mul(), value, scale, name="mul", origin=("/mul",))
    value = graph.add(Mul(), value, graph.constant(np.float32(1)), name="nothing", origin=("/one",))
    thresholds = graph.constant(np.array([[-1, 0, 1]] * 4, np.float32), name="thresholds")
    value = graph.add(Thresholding(out_min=-1), value, thresholds, name="unit", origin=("/act",))
    weights = graph.constant(np.arange(8).reshape(4, 2) - 4, DataType["INT4"], name="weights")
    value = graph.add(MatMul(), value, weights, name="last one", origin=("/last",))
    graph.outputs = [value]
    graph.validate()
    return graph


def operators(graph: Graph) -> list[str]:
    return [node.op.op_type for node in graph.nodes]


TAIL = ["Mul", "Mul", "Thresholding", "MatMul"]
ALL = ["Add", "Gemm", "BatchNormalization", "Sub", "Div", *TAIL]
EXPECTED: list[tuple[Transformation, list[str], bool]] = [
    (InferShapes(), ALL, False),
    (InferDataTypes(), ALL, True),
    (RemoveUnusedTensors(), ALL, False),
    (GiveUniqueNodeNames("q_"), ALL, True),
    (GiveReadableTensorNames(), ALL, True),
    (FoldConstants(), ALL[1:], True),
    (GemmToMatMul(), ["Add", "Transpose", "MatMul", "Add", *ALL[2:5], *TAIL[1:]], True),
    (BatchNormToAffine(), ["Add", "Gemm", "Mul", "Add", *ALL[3:]], True),
    (ConvertSubToAdd(), ["Add", "Gemm", "BatchNormalization", "Add", *ALL[4:]], True),
    (ConvertDivToMul(), ["Add", "Gemm", "BatchNormalization", "Sub", "Mul", *TAIL], True),
    (RemoveIdentityOps(), [*ALL[:5], *TAIL[1:]], True),
    (FoldTransposeIntoQuantInit(), ALL, False),
]


@pytest.mark.filterwarnings("ignore:The GemmToMatMul transformation only offers")
@pytest.mark.parametrize(("transformation", "result", "changes"), EXPECTED, ids=lambda v: type(v).__name__)
def test_a_transformation_keeps_the_function(
    transformation: Transformation, result: list[str], changes: bool
) -> None:
    graph = network()
    x = floats(200, 6)
    before = execute(graph, x)
    adapter = FromQonnx(transformation)
    assert adapter.name == type(transformation).__name__
    assert adapter.apply(graph) is changes
    graph.validate()
    assert operators(graph) == result
    assert graph.metadata == {"declared": "nothing"}
    assert all(node.graph is graph for node in graph.nodes)
    after = execute(graph, x)
    assert len(np.unique(before)) > 3
    # what is folded in float32 may move a few values over a threshold
    assert np.mean(before != after) <= 0.01
    assert differences(from_onnx(to_onnx(graph)), graph) == []


def test_a_transformation_that_changes_nothing_changes_nothing() -> None:
    graph = network()
    assert not FromQonnx(InferShapes()).apply(graph)
    twin = network()
    assert [node.name for node in graph.nodes] == [node.name for node in twin.nodes]
    assert [node.origin for node in graph.nodes] == [node.origin for node in twin.nodes]
    assert graph.node("bn").output.channel_axis is None


def test_names_are_qonnxs_and_origins_stay() -> None:
    graph = network()
    graph.transform(FromQonnx(GiveUniqueNodeNames()), FromQonnx(GiveReadableTensorNames()))
    assert {node.name: node.origin for node in graph.nodes} == {
        "Add_0": ("/scale",),
        "Gemm_0": ("/fc",),
        "BatchNormalization_0": ("/bn", "/bn2"),
        "Sub_0": ("/sub",),
        "Div_0": ("/div",),
        "Mul_0": ("/mul",),
        "Mul_1": ("/one",),
        "Thresholding_0": ("/act",),
        "MatMul_0": ("/last",),
    }
    assert [value.name for value in (*graph.inputs, *graph.outputs)] == ["global_in", "global_out"]
    assert graph.node("Sub_0").inputs[0].name == "BatchNormalization_0_out0"
    assert graph.node("BatchNormalization_0").output.channel_axis is None


@pytest.mark.filterwarnings("ignore:The GemmToMatMul transformation only offers")
def test_new_nodes_come_from_where_the_replaced_ones_came_from() -> None:
    graph = network()
    graph.transform(FromQonnx(GemmToMatMul()), FromQonnx(BatchNormToAffine()))
    origins = [(node.op.op_type, node.origin) for node in graph.nodes]
    assert origins[1:6] == [
        ("Transpose", ("/fc",)),
        ("MatMul", ("/fc",)),
        ("Add", ("/fc",)),
        ("Mul", ("/bn", "/bn2")),
        ("Add", ("/bn", "/bn2")),
    ]
    assert [origin for _, origin in origins[6:]] == [
        ("/sub",),
        ("/div",),
        ("/mul",),
        ("/act",),
        ("/last",),
    ]


def test_datatypes_are_what_qonnx_infers() -> None:
    graph = network()
    last, unit = graph.outputs[0], graph.node("unit").output
    assert (last.datatype.name, unit.datatype.name) == ("INT6", "INT3")
    graph.set_type(unit, TensorType.of(unit.shape, FLOAT32))
    graph.transform(FromQonnx(InferDataTypes()))
    assert (graph.outputs[0].datatype.name, graph.node("unit").output.datatype.name) == ("INT32", "INT3")


def bipolar() -> Graph:
    graph = Graph("bipolar")
    x = graph.input("x", (1, 4), DataType["BIPOLAR"])
    w = graph.constant(np.where(floats(4, 3) > 0, 1, -1), DataType["BIPOLAR"])
    graph.outputs = [graph.add(MatMul(), x, w, name="fc")]
    return graph


@pytest.mark.filterwarnings("ignore:IMPORTANT")
def test_an_operator_that_finnlite_has_not_is_named() -> None:
    graph = bipolar()
    with pytest.raises(TransformError) as error:
        graph.transform(FromQonnx(ConvertBipolarMatMulToXnorPopcount()))
    assert str(error.value) == (
        "the result of QONNX's ConvertBipolarMatMulToXnorPopcount cannot be read: "
        "node 'fc': operator must be one that finnlite has, is qonnx.custom_op.general.XnorPopcountMatMul"
    )
    assert [node.op for node in graph.nodes] == [MatMul()]
    graph.validate()


class Fail(Transformation):
    """Fails as QONNX's do."""

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        model.graph.node.pop()
        raise Exception("some tensor has no shape")  # noqa: TRY002


class Invent(Transformation):
    """Makes a model that breaks a rule."""

    def __init__(self, damage: Callable[[Any], object]) -> None:
        super().__init__()
        self.damage = damage

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        self.damage(model)
        return model, False


def test_a_failing_transformation_is_named_and_leaves_the_graph() -> None:
    graph = network()
    with pytest.raises(TransformError) as error:
        FromQonnx(Fail()).apply(graph)
    assert str(error.value) == "QONNX's Fail failed: some tensor has no shape"
    assert [node.name for node in graph.nodes] == [node.name for node in network().nodes]
    graph.validate()


def test_a_result_of_a_wrong_shape_is_an_error() -> None:
    graph = bipolar()
    with pytest.raises(TransformError) as error:
        FromQonnx(Invent(lambda model: model.set_tensor_shape("fc_out", [1, 5]))).apply(graph)
    assert str(error.value) == (
        "the result of QONNX's Invent cannot be read: node 'fc': shape of 'fc_out' must be [1, 3], is [1, 5]"
    )


def test_a_quantizer_goes_there_and_back() -> None:
    graph = Graph("quant")
    x = graph.input("x", (1, 4))
    numbers = [graph.constant(np.array(n, np.float32)) for n in (0.25, 0, 4)]
    graph.outputs = [graph.add(Relu(), graph.add(Quant(narrow=True, rounding_mode="FLOOR"), x, *numbers))]
    x_values = floats(50, 4)
    before = execute(graph, x_values)
    graph.transform(FromQonnx(InferShapes()), FromQonnx(FoldConstants()), FromQonnx(InferDataTypes()))
    assert next(graph.nodes).op == Quant(narrow=True, rounding_mode="FLOOR")
    assert (execute(graph, x_values) == before).all()
