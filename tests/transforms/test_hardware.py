# SPDX-License-Identifier: Apache-2.0
"""MapToHardware, AbsorbThresholds, MinimizeWidths, SizeStreams: what they make, keep and refuse."""

from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.accelerator import units
from finnlite.errors import OptionError, UnsupportedError
from finnlite.execution import execute
from finnlite.ir import Graph, Transform
from finnlite.ops.elementwise import Add, Mul, Relu
from finnlite.ops.fifo import FIFO
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Cast, Flatten, Reshape, Transpose
from finnlite.ops.mvtu import MVTU
from finnlite.ops.scaling import Affine
from finnlite.ops.selection import ArgMax
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.width_converter import WidthConverter
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.comparison import differences
from tests.integer_graphs import frames_of, integer_mlp, layer

ALL: list[Transform] = [MapToHardware(), AbsorbThresholds(), MinimizeWidths(), Fold(), SizeStreams()]
FOLDED = {"fc0": {"pe": 4, "simd": 3}, "fc1": {"pe": 3, "simd": 8}, "fc2": {"pe": 2, "simd": 2}}


def kinds(graph: Graph) -> list[str]:
    return [unit.op_type for _, unit in units(graph)]


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def test_layers_become_units_between_the_borders() -> None:
    graph = integer_mlp().transform(MapToHardware())
    expected = ["AxiIn", "MVTU", "Thresholding", "MVTU", "Thresholding", "MVTU", "AxiOut"]
    assert kinds(graph) == expected
    assert names(graph) == ["AxiIn", "fc0", "fc0_quant", "fc1", "fc1_quant", "fc2", "AxiOut", "scale"]
    assert [value.name for value in graph.outputs] == ["y"]
    graph.transform(AbsorbThresholds())
    assert kinds(graph) == ["AxiIn", "MVTU", "MVTU", "MVTU", "AxiOut"]
    assert graph.node("fc0").origin == ("fc0_source", "fc0_act")


@pytest.mark.parametrize("count", range(1, len(ALL) + 1))
@pytest.mark.parametrize(
    ("datatype", "levels"), [("UINT4", 1), ("BIPOLAR", 3), ("INT8", 2), ("TERNARY", 1), ("UINT8", 15)]
)
def test_every_transform_keeps_the_function_and_is_idempotent(count: int, datatype: str, levels: int) -> None:
    graph = integer_mlp(datatype=datatype, levels=levels)
    frames = frames_of(graph)
    expected = execute(graph, frames)
    for transform in ALL[:count]:
        assert transform.apply(graph)
    graph.validate()
    assert np.array_equal(execute(graph, frames), expected)
    before = graph.copy()
    assert not ALL[count - 1].apply(graph)
    assert differences(before, graph) == []


def test_falling_and_shared_thresholds_are_sorted_into_rows() -> None:
    graph = Graph("f")
    x = graph.input("x", (1, 4), DataType["INT4"])
    weights = graph.constant(np.array([[1, -2], [3, 1], [-1, 2], [2, 2]]), DataType["INT3"])
    product = graph.add(MatMul(), x, weights, name="fc")
    table = graph.constant(np.array([[5, -5, 0]]), DataType["INT8"])
    falling = graph.constant(np.array([0, 1]), DataType["BINARY"])
    graph.outputs = [graph.add(Thresholding(), product, table, falling, name="q")]
    frames = frames_of(graph)
    expected = execute(graph, frames)
    graph.transform(MapToHardware(), AbsorbThresholds())
    node = graph.node("fc")
    assert np.asarray(node.input(2).const).tolist() == [[-5, 0, 5], [5, 0, -5]]
    assert np.asarray(node.input(3).const).tolist() == [0, 1]
    assert np.array_equal(execute(graph, frames), expected)
    graph.transform(MinimizeWidths(), Fold(), SizeStreams())
    assert np.array_equal(execute(graph, frames), expected)


def test_an_image_is_flattened_by_the_host() -> None:
    graph = integer_mlp((12, 6, 4), shape=(1, 3, 2, 2))
    frames = frames_of(graph)
    expected = execute(graph, frames)
    graph.transform(MapToHardware())
    assert names(graph)[:2] == ["flatten", "AxiIn"]
    assert np.array_equal(execute(graph, frames), expected)


def test_per_channel_thresholds_of_an_image_are_repeated() -> None:
    rng = np.random.default_rng(2)
    graph = Graph("image")
    x = graph.input("x", (1, 3, 2, 2), DataType["UINT8"])
    table = graph.constant(np.array([[10, 90], [100, 120], [0, 255]]), DataType["UINT8"])
    x = graph.add(Thresholding(), x, table, name="quant")
    x = graph.add(Flatten(), x)
    graph.outputs = [layer(graph, x, 5, rng, "fc")]
    frames = frames_of(graph)
    expected = execute(graph, frames)
    graph.transform(MapToHardware())
    assert kinds(graph) == ["AxiIn", "Thresholding", "MVTU", "Thresholding", "AxiOut"]
    assert graph.node("quant").input(1).shape == (12, 2)
    assert np.array_equal(execute(graph, frames), expected)


def test_casts_and_shapes_between_layers_vanish_and_the_output_keeps_its_type() -> None:
    rng = np.random.default_rng(2)
    graph = Graph("movers")
    x = graph.input("x", (1, 6), DataType["UINT4"])
    x = layer(graph, x, 4, rng, "a")
    x = graph.add(Cast(to=11), x)
    x = graph.add(Reshape(), x, graph.constant(np.array([0, 2, 2])))
    x = graph.add(Transpose(perm=(0, 1, 2)), x)
    x = graph.add(Reshape(), x, graph.constant(np.array([0, 4])))
    weights = graph.constant(np.eye(4), DataType["INT2"])
    weights.type = weights.type._replace(carrier=np.dtype(np.float32))
    x = layer(graph, graph.add(Cast(to=1), x), 4, rng, "b", 0)
    graph.outputs = [graph.add(Reshape(), graph.add(Cast(to=11), x), graph.constant(np.array([0, 1, 4])))]
    frames, signature = frames_of(graph), graph.outputs[0].type
    expected = execute(graph, frames)
    graph.transform(MapToHardware())
    assert kinds(graph) == ["AxiIn", "MVTU", "Thresholding", "MVTU", "AxiOut"]
    assert graph.outputs[0].type == signature
    assert np.array_equal(execute(graph, frames), expected)


def test_an_operator_between_layers_without_a_unit_is_an_error() -> None:
    rng = np.random.default_rng(2)
    graph = Graph("relu")
    x = graph.input("x", (1, 6), DataType["UINT4"])
    y = graph.add(Relu(), layer(graph, x, 4, rng, "a", 0), name="act")
    y.type = y.type._replace(datatype=DataType["UINT8"])
    graph.outputs = [layer(graph, y, 4, rng, "b")]
    with pytest.raises(UnsupportedError) as error:
        MapToHardware().apply(graph)
    assert error.value.node == "act"
    assert str(error.value) == (
        "node 'act': must have a hardware unit, as it stands between layers, is Relu; "
        "quantize its result, or move it behind the last layer"
    )


def test_a_result_that_layers_and_the_host_read_is_an_error() -> None:
    graph = integer_mlp()
    hidden = graph.node("fc0_quant").output
    graph.outputs.append(graph.add(Mul(), hidden, graph.constant(np.float32(2)), name="extra"))
    with pytest.raises(UnsupportedError) as error:
        MapToHardware().apply(graph)
    assert str(error.value) == (
        "node 'fc0_act': its result must be read by layers or by the host, not by both, is read by 'fc1' "
        "and 'extra'; remove the reader that is no layer: one accelerator has one output stream"
    )


def test_a_second_input_stream_is_an_error() -> None:
    rng = np.random.default_rng(2)
    graph = Graph("two")
    parts = [layer(graph, graph.input(n, (1, 4), DataType["INT4"]), 3, rng, f"fc_{n}", 0) for n in "xz"]
    scaled = [graph.add(Affine(), p, graph.constant(np.float64(2))) for p in parts]
    graph.outputs = [graph.add(Add(), *scaled)]
    with pytest.raises(
        UnsupportedError, match=r"node 'fc_z_source': must read the one stream that starts at 'fc_x_source'"
    ):
        MapToHardware().apply(graph)


def test_a_join_with_the_input_behind_the_layers_is_an_error() -> None:
    graph = integer_mlp((4, 4))
    graph.outputs = [graph.add(Add(), graph.outputs[0], graph.inputs[0], name="skip")]
    with pytest.raises(UnsupportedError) as error:
        MapToHardware().apply(graph)
    assert str(error.value) == (
        "node 'skip': must depend on the layers' result alone, reads 'x' as well; "
        "join it with the input outside of the model"
    )


def test_an_output_without_a_layer_is_an_error() -> None:
    graph = integer_mlp((4, 4))
    graph.outputs.append(graph.add(Relu(), graph.inputs[0], name="other"))
    with pytest.raises(UnsupportedError, match="output 'other_out': must depend on a layer of integers"):
        MapToHardware().apply(graph)


def test_an_input_that_no_layer_reads_is_an_error() -> None:
    graph = integer_mlp((4, 4))
    graph.input("z", (1, 3))
    with pytest.raises(UnsupportedError, match=r"graph 'integers': must have one input .*, has 'x' and 'z'"):
        MapToHardware().apply(graph)


def test_a_graph_without_integers_is_an_error() -> None:
    graph = Graph("floats")
    graph.outputs = [graph.add(Relu(), graph.input("x", (1, 3)), name="relu")]
    with pytest.raises(UnsupportedError, match=r"graph 'floats': must hold a layer of integers"):
        MapToHardware().apply(graph)


@pytest.mark.parametrize("scale", [0.5, [[0.25, 0.25, 0.25, 0.25]]])
def test_the_label_is_selected_in_hardware_if_the_scale_cannot_change_it(scale: object) -> None:
    graph = integer_mlp(scale=scale)
    frames = frames_of(graph, 200)
    expected = execute(graph, frames).argmax(axis=1)[:, None]
    graph.transform(MapToHardware("label"), AbsorbThresholds(), MinimizeWidths(), Fold(), SizeStreams())
    assert "LabelSelect" in kinds(graph)
    labels = execute(graph, frames)
    assert labels.dtype == np.int64
    assert np.array_equal(labels, expected)
    assert graph.metadata["note.label"] == "the label is selected by a LabelSelect unit"


@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        ([[0.5, 0.5, 0.25, 0.5]], "the outputs' scales or offsets differ"),
        (-1.0, "different results of the accelerator can give equal or falling outputs"),
        (1e-320, "different results of the accelerator can give equal or falling outputs"),
    ],
)
def test_the_label_stays_on_the_host_if_the_scale_can_change_it(scale: object, reason: str) -> None:
    graph = integer_mlp(scale=scale)
    frames = frames_of(graph, 200)
    expected = execute(graph, frames).argmax(axis=1)[:, None]
    graph.transform(MapToHardware("label"))
    assert "LabelSelect" not in kinds(graph)
    assert np.array_equal(execute(graph, frames), expected)
    assert graph.metadata["note.label"] == f"the label is selected on the host: {reason}"


def test_the_models_own_argmax_becomes_the_unit() -> None:
    graph = integer_mlp()
    graph.outputs = [graph.add(ArgMax(axis=1, keepdims=False), graph.outputs[0], name="argmax")]
    frames = frames_of(graph)
    expected = execute(graph, frames)
    graph.transform(MapToHardware("label"))
    assert "LabelSelect" in kinds(graph)
    assert graph.outputs[0].shape == (1,)
    assert np.array_equal(execute(graph, frames), expected)


@pytest.mark.parametrize(
    ("sizes", "output", "message"),
    [
        ((4, 3), "labels", "output must be 'logits' or 'label', is 'labels'"),
        (
            (4, 1),
            "label",
            "output 'label' must be of a model with at least 2 outputs a frame, this one has 1",
        ),
    ],
)
def test_wrong_output(sizes: tuple[int, ...], output: str, message: str) -> None:
    with pytest.raises(OptionError) as error:
        MapToHardware(output).apply(integer_mlp(sizes))
    assert str(error.value) == message


def test_widths_are_what_the_bounds_need() -> None:
    graph = Graph("w")
    x = graph.input("x", (1, 3), DataType["UINT2"])
    weights = graph.constant(np.array([[1, 2], [1, -3], [1, 0]]), DataType["INT8"])
    product = graph.add(MatMul(), x, weights, name="fc")
    table = graph.constant(np.array([[-99, 4, 99], [-99, 4, 99]]), DataType["INT32"])
    graph.outputs = [graph.add(Thresholding(), product, table)]
    frames = frames_of(graph)
    expected = execute(graph, frames)
    graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())
    node = graph.node("fc")
    assert isinstance(node.op, MVTU)
    assert node.input(1).datatype == DataType["INT3"]
    assert node.op.accumulator == DataType["INT5"]  # from -9 to 9
    assert np.asarray(node.input(2).const).tolist() == [[0, 4, 10], [-9, 4, 7]]
    assert node.input(2).datatype == DataType["INT5"]
    assert np.array_equal(execute(graph, frames), expected)


def test_a_threshold_that_never_fires_needs_its_own_bit() -> None:
    graph = Graph("never")
    x = graph.input("x", (1, 7), DataType["BINARY"])
    weights = graph.constant(np.ones((7, 1)), DataType["INT2"])
    product = graph.add(MatMul(), x, weights, name="fc")
    table = graph.constant(np.array([[8]]), DataType["UINT8"])  # the accumulator's largest value is 7
    graph.outputs = [graph.add(Thresholding(), product, table)]
    graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())
    node = graph.node("fc")
    assert isinstance(node.op, MVTU)
    assert node.op.accumulator == DataType["UINT3"]
    assert node.input(2).datatype == DataType["UINT4"]
    assert execute(graph, np.ones((1, 7))).tolist() == [[0]]


@pytest.mark.parametrize(
    ("weights", "datatype"),
    [([1, -1], "BIPOLAR"), ([1, 1], "BIPOLAR"), ([1, 0], "BINARY"), ([-1, 0], "TERNARY"), ([-2, 1], "INT2")],
)
def test_weight_types(weights: list[int], datatype: str) -> None:
    graph = Graph("w")
    x = graph.input("x", (1, 2), DataType["UINT4"])
    constant: Any = graph.constant(np.array(weights)[:, None], DataType["INT8"])
    graph.outputs = [graph.add(MatMul(), x, constant, name="fc")]
    graph.transform(MapToHardware(), MinimizeWidths())
    assert graph.node("fc").input(1).datatype == DataType[datatype]


def test_streams_are_buffered_and_converted() -> None:
    graph = integer_mlp().transform(*ALL[:3], Fold(FOLDED), SizeStreams())
    placed = units(graph)
    for (node, unit), (after, reader) in zip(placed, placed[1:], strict=False):
        assert unit.sink(node).elems == reader.source(after).elems
        assert isinstance(unit, FIFO) != isinstance(reader, FIFO)
        if isinstance(reader, FIFO):
            assert 2 <= reader.depth <= unit.sink(node).words + 2 + unit.latency(node)
    converters = {node.name: unit for node, unit in placed if isinstance(unit, WidthConverter)}
    assert converters == {
        "fc0_width": WidthConverter(in_elems=16, out_elems=3),
        "fc1_width": WidthConverter(in_elems=4, out_elems=8),
        "fc2_width": WidthConverter(in_elems=3, out_elems=2),
        "AxiOut_width": WidthConverter(in_elems=2, out_elems=16),
    }


def test_streams_follow_another_folding() -> None:
    graph = integer_mlp().transform(*ALL[:3], Fold(FOLDED), SizeStreams())
    again = graph.copy().transform(Fold(FOLDED | {"fc1": {"pe": 2, "simd": 4}}), SizeStreams())
    direct = integer_mlp().transform(*ALL[:3], Fold(FOLDED | {"fc1": {"pe": 2, "simd": 4}}), SizeStreams())
    assert [(n.name, n.op) for n in again.nodes] == [(n.name, n.op) for n in direct.nodes]
