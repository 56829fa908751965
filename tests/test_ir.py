# SPDX-License-Identifier: Apache-2.0
"""The graph IR: what its methods keep right."""

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.ir import FLOAT32, Graph, Node, TensorType, Value, carrier_of, datatype_of
from finnlite.ops.elementwise import Clip, LeakyRelu, Relu, Sigmoid
from finnlite.ops.linear import MatMul
from finnlite.ops.selection import TopK
from tests.comparison import differences
from tests.small_graphs import diamond


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def readers(value: Value) -> list[tuple[str, int]]:
    return [(node.name, index) for node, index in value.uses]


# -- types ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("datatype", "carrier"),
    [
        ("FLOAT32", "float32"),
        ("BIPOLAR", "float32"),
        ("UINT24", "float32"),
        ("UINT25", "float64"),
        ("INT25", "float32"),
        ("INT26", "float64"),
        ("INT64", "float64"),
    ],
)
def test_the_carrier_is_float32_where_that_is_exact(datatype: str, carrier: str) -> None:
    assert carrier_of(DataType[datatype]) == np.dtype(carrier)
    low, high = int(DataType[datatype].min()), int(DataType[datatype].max())
    if datatype != "FLOAT32" and carrier == "float32":
        assert int(np.float32(low)) == low
        assert int(np.float32(high)) == high


@pytest.mark.parametrize(
    ("dtype", "datatype"),
    [
        ("bool", "BINARY"),
        ("int64", "INT64"),
        ("uint8", "UINT8"),
        ("float64", "FLOAT32"),
        ("float16", "FLOAT16"),
    ],
)
def test_the_datatype_of_an_element_type(dtype: str, datatype: str) -> None:
    assert datatype_of(dtype) == DataType[datatype]


def test_float_fields_of_standard_operators_are_float32() -> None:
    assert LeakyRelu(alpha=0.1).alpha == float(np.float32(0.1)) != 0.1
    assert LeakyRelu(alpha=0.1) == LeakyRelu(alpha=float(np.float32(0.1)))


# -- building ---------------------------------------------------------------------------------------
def test_nodes_values_and_uses() -> None:
    graph = diamond()
    graph.validate()
    assert names(graph) == ["relu", "sigmoid", "clip", "add"]
    assert len(graph) == 4
    assert [value.name for value in graph.values] == ["x", "relu_out", "sigmoid_out", "low", "clip_out", "y"]
    relu = graph.node("relu")
    assert graph.value("relu_out").producer is relu
    assert relu.output is graph.value("relu_out")
    assert readers(graph.value("relu_out")) == [("sigmoid", 0), ("clip", 0)]
    assert readers(graph.value("low")) == [("clip", 1)]
    assert graph.is_output(graph.value("y"))
    assert not graph.is_output(graph.value("x"))
    assert graph.value("y").type == TensorType((1, 4), FLOAT32, np.dtype(np.float32))
    assert repr(graph) == "<graph 'diamond': 4 nodes, 'x' FLOAT32[1, 4] → 'y' FLOAT32[1, 4]>"
    assert repr(graph.value("low")) == "<constant 'low' FLOAT32[]>"
    assert repr(relu) == "<node 'relu' Relu() → FLOAT32[1, 4]>"


def test_names_are_made_unique() -> None:
    graph = Graph()
    x = graph.input("x", (1, 2))
    values = [graph.add(Relu(), x) for _ in range(3)]
    assert names(graph) == ["Relu", "Relu_0", "Relu_1"]
    assert len({value.name for value in values}) == 3
    constants = [graph.constant(np.zeros(1, np.float32), name="x") for _ in range(2)]
    assert [value.name for value in constants] == ["x_0", "x_1"]
    graph.validate()


def test_a_node_is_inserted_before_another() -> None:
    graph = diamond()
    graph.add(Relu(), graph.value("relu_out"), name="new", before=graph.node("clip"))
    graph.add(Relu(), graph.value("x"), name="first", before=graph.node("relu"))
    assert names(graph) == ["first", "relu", "sigmoid", "new", "clip", "add"]
    graph.validate()


def test_an_operator_that_does_not_fit_is_not_added() -> None:
    graph = diamond()
    twin = graph.copy()
    with pytest.raises(
        IRError, match=r"^node 'mm': MatMul shapes must agree, are \[1, 4\] and \[1, 4\]$"
    ) as error:
        graph.add(MatMul(), graph.value("x"), graph.value("relu_out"), name="mm")
    assert error.value.__cause__ is None
    assert differences(graph, twin) == []


def test_trailing_absent_inputs_are_dropped() -> None:
    graph = diamond()
    clip = graph.add_node(Clip(), graph.value("x"), None, None)
    assert clip.inputs == (graph.value("x"),)
    low = graph.value("low")
    graph.set_input(clip, 2, low)
    assert clip.inputs == (graph.value("x"), None, low)
    assert clip.optional(1) is None
    assert clip.input(2) is low
    graph.set_input(clip, 2, None)
    assert clip.inputs == (graph.value("x"),)
    assert readers(low) == [("clip", 1)]
    graph.validate()
    with pytest.raises(IRError, match="^node 'Clip': Clip must have input 1, has none$"):
        clip.input(1)


def test_a_constant_is_read_only_and_not_the_callers() -> None:
    graph = Graph()
    array = np.arange(4, dtype=np.float32)
    value = graph.constant(array)
    array[0] = 7
    assert value.const is not None
    assert value.const.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        value.const[0] = 1
    view = graph.constant(array[1:])
    array[1] = 9
    assert view.const is not None
    assert view.const.tolist() == [1, 2, 3]


def test_a_constant_with_a_datatype_gets_its_carrier() -> None:
    graph = Graph()
    narrow = graph.constant(np.array([1, -1]), DataType["BIPOLAR"])
    wide = graph.constant(np.array([2**30]), DataType["INT32"])
    plain = graph.constant(np.array([1, 2], dtype=np.int64))
    assert (narrow.datatype, narrow.carrier) == (DataType["BIPOLAR"], np.float32)
    assert (wide.datatype, wide.carrier) == (DataType["INT32"], np.float64)
    assert (plain.datatype, plain.carrier) == (DataType["INT64"], np.int64)


def test_missing_names_are_errors() -> None:
    graph = diamond()
    with pytest.raises(IRError, match="^graph 'diamond' has no value 'z'$"):
        graph.value("z")
    with pytest.raises(IRError, match="^graph 'diamond' has no node 'z'$"):
        graph.node("z")


def test_the_networkx_view() -> None:
    view = diamond().to_networkx()
    assert list(view.nodes) == ["relu", "sigmoid", "clip", "add"]
    edges = {("relu", "sigmoid"), ("relu", "clip"), ("sigmoid", "add"), ("clip", "add")}
    assert set(view.edges) == edges
    assert view.edges["relu", "clip"]["value"] == "relu_out"
    assert view.nodes["relu"]["node"].op == Relu()


# -- changing ---------------------------------------------------------------------------------------
def test_replace_moves_every_reader() -> None:
    graph = diamond()
    graph.replace(graph.value("relu_out"), graph.value("x"))
    assert readers(graph.value("x")) == [("relu", 0), ("sigmoid", 0), ("clip", 0)]
    assert readers(graph.value("relu_out")) == []
    graph.remove(graph.node("relu"))
    assert names(graph) == ["sigmoid", "clip", "add"]
    graph.validate()


def test_replacing_an_output_keeps_its_name() -> None:
    graph = diamond()
    old = graph.value("y")
    graph.replace(old, graph.value("clip_out"))
    assert graph.outputs == [graph.value("y")]
    assert graph.value("y").producer is graph.node("clip")
    assert old.name == "y_old"
    assert graph.prune()
    assert names(graph) == ["relu", "clip"]
    graph.validate()


@pytest.mark.parametrize("new", ["x", "low"])
def test_an_output_that_becomes_an_input_or_a_constant_is_copied(new: str) -> None:
    graph = diamond()
    graph.replace(graph.value("y"), graph.value(new))
    (output,) = graph.outputs
    assert output.name == "y"
    assert output.producer is not None
    assert output.producer.inputs == (graph.value(new),)
    assert graph.value(new).name == new
    graph.validate()


def test_two_outputs_that_become_one_value_stay_two() -> None:
    graph = diamond()
    graph.outputs.append(graph.value("clip_out"))
    graph.replace(graph.value("y"), graph.value("clip_out"))
    assert [value.name for value in graph.outputs] == ["y", "clip_out"]
    graph.validate()


def test_replacing_a_value_by_itself_changes_nothing() -> None:
    graph = diamond()
    twin = graph.copy()
    for value in graph.values:
        graph.replace(value, value)
    assert differences(graph, twin) == []


@pytest.mark.parametrize("name", ["relu", "add"])
def test_a_node_that_is_read_or_an_output_is_not_removed(name: str) -> None:
    graph = diamond()
    twin = graph.copy()
    output = graph.node(name).output.name
    message = f"^node '{name}': must be unused to be removed, '{output}' is read$"
    with pytest.raises(IRError, match=message):
        graph.remove(graph.node(name))
    assert differences(graph, twin) == []


def test_nodes_may_be_removed_while_iterating() -> None:
    graph = diamond()
    graph.outputs = []
    for value in [*graph.values]:
        graph.replace(value, graph.value("x"))
    seen = []
    for node in graph.nodes:
        seen.append(node.name)
        if node.name == "relu":
            graph.remove(node)
            graph.remove(graph.node("sigmoid"))
        if node.name == "clip":
            graph.remove(graph.node("add"))
    assert seen == ["relu", "clip"]
    assert names(graph) == ["clip"]
    graph.validate()


def test_nodes_added_while_iterating_are_not_visited_again_and_again() -> None:
    graph = diamond()
    for node in graph.nodes:
        following = next((other for other in graph.nodes if node.output in other.inputs), None)
        if following is not None:
            graph.add(Relu(), node.output, before=following)
    assert len(graph) == 7
    graph.validate()


def test_prune_removes_what_no_output_needs() -> None:
    graph = diamond()
    assert not graph.prune()
    graph.constant(np.ones(1, np.float32), name="spare")
    assert graph.prune()
    assert "spare" not in [value.name for value in graph.values]
    graph.add(Sigmoid(), graph.add(Relu(), graph.value("clip_out")))
    graph.outputs = [graph.value("sigmoid_out")]
    assert graph.prune()
    assert names(graph) == ["relu", "sigmoid"]
    assert [value.name for value in graph.values] == ["x", "relu_out", "sigmoid_out"]
    assert not graph.prune()
    graph.validate()


def test_renaming() -> None:
    graph = diamond()
    graph.rename(graph.value("low"), "lowest")
    graph.rename(graph.value("lowest"), "lowest")
    graph.validate()
    with pytest.raises(IRError, match="^value 'lowest': its new name must be free, 'y' is taken$"):
        graph.rename(graph.value("lowest"), "y")
    graph.validate()


def test_types_follow_a_changed_operator() -> None:
    graph = Graph()
    x = graph.input("x", (1, 5))
    top = graph.add_node(TopK(), x, graph.constant(np.array([2])))
    assert [value.shape for value in top.outputs] == [(1, 2), (1, 2)]
    graph.set_input(top, 1, graph.constant(np.array([3])))
    graph.refresh(top)
    assert [value.shape for value in top.outputs] == [(1, 3), (1, 3)]
    graph.validate()


def test_a_copy_is_independent_but_shares_constants() -> None:
    graph = diamond()
    graph.metadata["declared"] = "yes"
    graph.value("clip_out").channel_axis = 0
    twin = graph.copy()
    assert differences(graph, twin) == []
    twin.validate()
    assert twin.value("low").const is graph.value("low").const
    assert not {*graph.values} & {*twin.values}
    assert all(node.graph is twin for node in twin.nodes)
    untouched = graph.copy()
    twin.metadata.clear()
    twin.replace(twin.value("y"), twin.add(Relu(), twin.value("x")))
    twin.prune()
    assert differences(graph, untouched) == []
    assert len(differences(graph, twin)) > 3


def test_a_graph_becomes_another() -> None:
    graph, other = Graph("old"), diamond()
    graph.become(other)
    assert differences(graph, diamond()) == []
    graph.validate()


def test_the_node_of_a_graph_knows_it() -> None:
    graph = diamond()
    node = graph.node("add")
    assert isinstance(node, Node)
    graph.outputs = []
    graph.remove(node)
    assert node.graph is None
