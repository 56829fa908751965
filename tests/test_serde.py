# SPDX-License-Identifier: Apache-2.0
"""Stage files: every graph is read back as it was, and nothing else is read at all."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import ModelProto
from qonnx.core.datatype import DataType

from finnlite.errors import ModelError
from finnlite.ir import Graph, TensorType
from finnlite.ops.elementwise import Add, Relu
from finnlite.ops.movement import Transpose
from finnlite.ops.quantizers import Quant
from finnlite.serde import (
    extract,
    from_onnx,
    to_bytes,
    to_onnx,
)
from tests.comparison import differences
from tests.small_graphs import rich


def test_a_rich_graph_is_read_back_exactly() -> None:
    graph = rich()
    data = to_bytes(graph)
    back = from_onnx(ModelProto.FromString(data))
    back.validate()
    assert differences(graph, back) == []
    assert to_bytes(back) == data
    assert to_bytes(graph.copy()) == data
    assert to_bytes(rich()) == data
    back.metadata = dict(reversed(back.metadata.items()))
    assert to_bytes(back) == data


def test_the_comparison_of_these_tests_sees_everything() -> None:
    """`differences` must notice each of the things that the round trip must keep."""

    def changed(change: Callable[[Graph], object]) -> list[str]:
        graph = rich()
        change(graph)
        return differences(rich(), graph)

    nan = np.array(np.nan, np.float32)
    assert changed(lambda g: None) == []
    assert changed(lambda g: setattr(g, "name", "other"))
    assert changed(lambda g: g.metadata.clear())
    assert changed(lambda g: setattr(g.node("fc 1"), "origin", ("a b",)))
    assert changed(lambda g: setattr(g.node("fc 1"), "op", Relu()))
    assert changed(lambda g: setattr(g.value("u"), "channel_axis", 1))
    assert changed(lambda g: setattr(g.value("nan"), "const", -nan))
    assert changed(lambda g: setattr(g.value("0-d"), "const", np.array(0.0, np.float32)))
    assert changed(lambda g: g.set_type(g.value("wide"), TensorType.of((1,), DataType["INT43"])))
    assert changed(lambda g: g.set_input(g.node("clip 2"), 1, None))
    assert changed(lambda g: g.outputs.pop())
    assert changed(lambda g: g.rename(g.value("wide"), "wider"))


def test_a_graph_without_nodes() -> None:
    graph = Graph("")
    graph.outputs = [graph.input("x", (1, 2), DataType["INT3"])]
    assert differences(graph, from_onnx(to_onnx(graph))) == []
    assert differences(Graph(), from_onnx(to_onnx(Graph()))) == []


def test_a_stage_is_a_correct_model_of_opset_17_with_all_shapes() -> None:
    graph = rich()
    graph.outputs = graph.outputs[:2]
    graph.add(Quant(), graph.value("u"), *[graph.constant(np.ones((), np.float32)) for _ in range(3)])
    model = to_onnx(graph)
    onnx.checker.check_model(model)
    assert model.ir_version == 8
    assert {entry.domain: entry.version for entry in model.opset_import} == {
        "": 17,
        "qonnx.custom_op.general": 2,
        "finnlite.qonnx_ops": 1,
    }
    assert model.opset_import[0].domain == ""  # QONNX takes the first for the standard one
    described = [info.name for info in (*model.graph.input, *model.graph.output, *model.graph.value_info)]
    assert sorted(described) == sorted(value.name for value in graph.values)


def test_datatypes_are_qonnx_annotations_where_the_element_type_does_not_say_them() -> None:
    model = to_onnx(rich())
    notes = {
        note.tensor_name: {entry.key: entry.value for entry in note.quant_parameter_tensor_names}
        for note in model.graph.quantization_annotation
    }
    assert {name: entries["finn_datatype"] for name, entries in notes.items()} == {
        "x y/../$(z)\n": "UINT8",
        "w": "BIPOLAR",
        "wide": "INT42",
        "narrow": "UINT2",
        "fc 1_out": "INT12",
        "Flatten_out": "INT12",
    }


def test_a_symbolic_batch_reaches_what_depends_on_an_input() -> None:
    graph = Graph()
    x = graph.input("x", (1, 2))
    constant = graph.constant(np.ones((1, 2), np.float32), name="c")
    folded = graph.add(Add(), constant, constant, name="folded")
    y = graph.add(Add(), x, folded, name="sum")
    turned = graph.add(Transpose(), y, name="turned")
    graph.outputs = [y, turned]
    proto = to_onnx(graph, symbolic_batch="N").graph
    shapes = {
        info.name: [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in (*proto.input, *proto.output, *proto.value_info)
    }
    assert shapes == {
        "x": ["N", 2],
        "c": [1, 2],
        "folded_out": [1, 2],
        "sum_out": ["N", 2],
        "turned_out": [2, 1],
    }
    with pytest.raises(ModelError, match="^shape of input 'x' must be numbers, is not$"):
        from_onnx(to_onnx(graph, symbolic_batch="N"))


def test_one_node_is_extracted_with_what_it_reads() -> None:
    proto = to_onnx(rich()).graph
    alone = extract(next(node for node in proto.node if node.name == "fc 1"), proto)
    assert [value.name for value in alone.inputs] == ["x y/../$(z)\n"]
    assert alone.inputs[0].datatype == DataType["UINT8"]
    assert sorted(value.name for value in alone.values if value.const is not None) == ["w"]
    assert [value.datatype.name for value in alone.outputs] == ["INT11"]  # inferred, not the annotated INT12
