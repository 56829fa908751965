# SPDX-License-Identifier: Apache-2.0
"""From images of integers to units: forks, joins, windows; folding, time and streams of such graphs."""

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.accelerator import units
from finnlite.errors import OptionError, UnsupportedError
from finnlite.execution import execute
from finnlite.ir import Graph, Transform
from finnlite.ops.joins import Duplicate
from finnlite.ops.movement import Concat, Flatten, Split, Transpose
from finnlite.ops.pools import MaxPool, SumPool
from finnlite.ops.shapes import integer_type
from finnlite.ops.table import Lookup
from finnlite.ops.vvtu import VVTU
from finnlite.timing import analyse
from finnlite.transforms import (
    AbsorbThresholds,
    Fold,
    InterleaveChannels,
    LowerConvs,
    MapToHardware,
    MinimizeWidths,
    SizeStreams,
)
from finnlite.transforms.folding import folding_of
from tests.comparison import differences
from tests.cycles import simulate
from tests.image_graphs import Images, residual
from tests.integer_graphs import frames_of

from .test_interleaving import ints
from .test_lowering import CONVS, DECONVS, POOLS, conv, deconv, pool

UNITS: list[Transform] = [MapToHardware(), AbsorbThresholds(), MinimizeWidths(), Fold(), SizeStreams()]


def compiled(graph: Graph, *transforms: Transform) -> Graph:
    """The graph after all transforms, each of which keeps its function and finds no more to do."""
    frames = frames_of(graph)
    expected = execute(graph, frames)
    assert len(np.unique(expected)) > 1, "the case tests nothing"
    signature = [value.type for value in (*graph.inputs, *graph.outputs)]
    graph = graph.copy().transform(LowerConvs(), InterleaveChannels())
    for transform in transforms or UNITS:
        transform.apply(graph)
        graph.validate()
        before = graph.copy()
        assert not transform.apply(graph), transform.name
        assert differences(before, graph) == []
        assert np.array_equal(execute(graph, frames), expected), transform.name
    assert [value.type for value in (*graph.inputs, *graph.outputs)] == signature
    return graph


def kinds(graph: Graph) -> list[str]:
    return [unit.op_type for _, unit in units(graph)]


@pytest.mark.parametrize("datatype", ["UINT4", "BIPOLAR"])
@pytest.mark.parametrize("name", CONVS)
def test_convolutions(name: str, datatype: str) -> None:
    analyse(compiled(conv(name, datatype)))


@pytest.mark.parametrize("name", DECONVS)
def test_transposed_convolutions(name: str) -> None:
    analyse(compiled(deconv(name)))


@pytest.mark.parametrize("datatype", ["INT4", "BIPOLAR"])
@pytest.mark.parametrize("name", POOLS)
def test_pools(name: str, datatype: str) -> None:
    analyse(compiled(pool(name, datatype)))


def test_a_residual_block_becomes_units() -> None:
    graph = compiled(residual(), *UNITS[:2])
    assert kinds(graph) == [
        "AxiIn", "Pad", "SWU", "MVTU", "Duplicate", "Pad", "SWU", "MVTU", "Pad", "SWU", "MVTU",
        "SWU", "MVTU", "Add", "Thresholding", "MVTU", "AxiOut",
    ]  # fmt: skip
    assert graph.node("b").origin == ("b_source", "b_act_source")
    assert graph.node("first_act_fork").op == Duplicate(copies=2)


def test_a_dense_layer_reads_the_whole_image() -> None:
    node = compiled(residual(), *UNITS[:2]).node("dense")
    assert node.input(0).shape == (1, 3, 3, 6)
    assert node.output.shape == (1, 3)


def test_a_fork_at_the_input_and_of_a_join_with_itself() -> None:
    net = Images((4, 3, 3))
    x = net.quantize(net.add(net.x, net.x))
    y = net.quantize(net.conv(x, 4, pads=(1, 1, 1, 1)))
    graph = compiled(net.end(net.quantize(net.add(y, x))))
    assert kinds(graph).count("Duplicate") == 2


def test_channels_are_parted_and_joined() -> None:
    net = Images((4, 4, 4), "INT3")
    first, second = net.graph.add_node(Split(axis=1), net.x, ints(net.graph, 1, 3)).outputs
    y = net.graph.add(Concat(axis=1), second, net.quantize(net.conv(first, 2, (1, 1)), 1))
    graph = compiled(net.end(net.quantize(net.conv(y, 3))))
    assert {"Split", "Concat"} <= set(kinds(graph))


def test_the_pool_of_the_whole_image_needs_no_windows() -> None:
    graph = compiled(pool("sum of the image"))
    assert "SWU" not in kinds(graph)
    (summed,) = [unit for _, unit in units(graph) if unit.op_type == "WindowSum"]
    assert summed.cycles(graph.node("pool")) * summed.axes(*graph.node("pool").inputs)["pe"].size >= 90


def test_thresholds_of_a_flattened_image() -> None:
    net = Images((3, 4, 4))
    x = net.graph.add(SumPool(kernel_shape=(2, 2)), net.x)
    x = net.graph.add(MaxPool(kernel_shape=(2, 2)), x)
    flat = net.dense(x, 12)
    before = net.quantize(flat)
    compiled(net.end(net.dense(before, 2)))


def test_depthwise_thresholds_and_widths() -> None:
    graph = compiled(conv("depthwise"), *UNITS[:3])
    node = graph.node("conv")
    assert isinstance(node.op, VVTU)
    assert node.optional(2) is not None
    x, weights = node.input(0), np.asarray(node.input(1).const)
    largest = int(x.datatype.max())
    low = int((np.minimum(weights, 0).sum(axis=0) * largest).min())
    high = int((np.maximum(weights, 0).sum(axis=0) * largest).max())
    assert node.op.accumulator == integer_type(low, high)
    assert int(np.max(node.input(2).const)) <= high + 1


def test_zero_padding_of_bipolar_pixels_is_ternary() -> None:
    graph = compiled(conv("depthwise", "BIPOLAR"), *UNITS[:3])
    assert graph.node("conv_pad").output.datatype == DataType["TERNARY"]
    assert graph.node("conv_pad").input(0).datatype == DataType["BIPOLAR"]


def test_a_table_grows_with_what_a_transposed_convolution_could_be() -> None:
    """Its bounds are those of its phases; those of the product it becomes are wider."""
    net = Images((2, 2, 2), "INT3")
    x = net.deconv(net.x, 3, (2, 2), strides=(2, 2))
    entries = int(x.datatype.max()) - int(x.datatype.min()) + 1
    table = net.graph.constant(net.rng.integers(-4, 4, (3, entries)), DataType["INT3"])
    pixels = net.graph.add(Transpose(perm=(0, 2, 3, 1)), x)
    y = net.graph.add(Lookup(), pixels, table, name="table")
    graph = compiled(net.end(net.graph.add(Transpose(perm=(0, 3, 1, 2)), y)))
    assert graph.node("table").input(1).shape[1] > entries
    analyse(graph)


def test_the_label_of_an_image_of_scores() -> None:
    net = Images((4, 4, 4))
    x = net.graph.add(SumPool(kernel_shape=(4, 4)), net.quantize(net.conv(net.x, 5, pads=(1, 1, 1, 1))))
    graph = net.end(net.graph.add(Flatten(), x))
    frames = frames_of(graph)
    expected = execute(graph, frames).argmax(axis=1)[:, None]
    graph.transform(LowerConvs(), InterleaveChannels(), MapToHardware("label"), *UNITS[1:])
    assert "LabelSelect" in kinds(graph)
    assert np.array_equal(execute(graph, frames), expected)


# -- folding, time, streams ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [None, 100_000.0, 300_000.0])
def test_residuals_run_at_the_predicted_interval(target: float | None) -> None:
    graph = compiled(residual(), *UNITS[:3], Fold(target_fps=target), SizeStreams())
    performance = analyse(graph)
    finished = simulate(graph, 5)
    assert finished[0] == performance.latency_cycles
    assert finished[-1] - finished[-2] == performance.ii_cycles
    assert finished[-1] <= performance.latency_cycles + 4 * performance.ii_cycles


def test_shallow_streams_would_deadlock_and_those_given_do_not() -> None:
    """The way around waits for lines that the other branch still gathers."""
    graph = compiled(residual((4, 12, 12)))
    with pytest.raises(AssertionError, match="deadlock"):
        simulate(graph, 2, depth=14)
    assert len(simulate(graph, 3)) == 3


def test_a_folding_names_layers_and_windows_follow() -> None:
    given = {"a": {"pe": 2, "simd": 4}, "b_source": {"pe": 3, "simd": 2}}
    graph = compiled(residual(), *UNITS[:3], Fold(given))
    found = folding_of(graph)
    assert found["a"].items() >= given["a"].items()
    assert found["b"].items() >= given["b_source"].items()
    slowest = max(graph.node(n).op.cycles(graph.node(n)) for n in ("a", "b"))  # type: ignore[attr-defined]
    assert analyse(graph).ii_cycles == slowest
    again = compiled(residual(), *UNITS[:3], Fold(found))
    assert folding_of(again) == found


def test_a_window_may_be_folded_by_name() -> None:
    graph = compiled(residual(), *UNITS[:3], Fold({"a_windows": {"simd": 2}, "first_pad": {"pe": 4}}))
    assert folding_of(graph)["a_windows"]["simd"] == 2
    with pytest.raises(OptionError, match="simd must divide 4"):
        Fold({"a_windows": {"simd": 3}}).apply(graph)


# -- errors ----------------------------------------------------------------------------------------------


def refused(graph: Graph, *transforms: Transform) -> str:
    graph.transform(*transforms)
    with pytest.raises(UnsupportedError) as error:
        MapToHardware().apply(graph)
    return str(error.value)


def test_windows_must_be_lowered_first() -> None:
    assert refused(conv("3x3")) == (
        "node 'conv_source': must be lowered to windows and products, is Conv; "
        "run LowerConvs and InterleaveChannels first"
    )


def test_channels_must_be_interleaved_first() -> None:
    assert refused(conv("3x3"), LowerConvs()) == (
        "node 'conv_source': must have its channels interleaved, has not; run InterleaveChannels first"
    )


def test_a_part_that_nobody_reads_is_an_error() -> None:
    net = Images((4, 4, 4))
    first = net.graph.add_node(Split(axis=1), net.x, ints(net.graph, 1, 3), name="cut").outputs[0]
    assert refused(net.end(net.conv(first, 2)), LowerConvs(), InterleaveChannels()) == (
        "node 'cut': all its results must be read, 'cut_out1' is not; remove the part that nobody reads"
    )


def test_two_results_are_an_error() -> None:
    net = Images((4, 4, 4))
    x = net.quantize(net.conv(net.x, 4))
    net.graph.outputs = [net.conv(x, 2, (1, 1), name=name) for name in ("left", "right")]
    assert refused(net.graph, LowerConvs(), InterleaveChannels()) == (
        "node 'right_source': must lead to the one stream that leaves at 'left_source', leaves as a second "
        "one; one accelerator has one output stream; join them, or build the branches separately"
    )
