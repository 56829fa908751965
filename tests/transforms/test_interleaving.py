# SPDX-License-Identifier: Apache-2.0
"""InterleaveChannels: images become (1, H, W, C), constants follow, no Transpose is left between layers."""

from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import UnsupportedError
from finnlite.execution import execute
from finnlite.ir import Graph, Value
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Flatten, Reshape, Split, Squeeze, Transpose, Unsqueeze
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.transforms import InterleaveChannels, LowerConvs
from finnlite.transforms.layers import is_layer
from tests.comparison import differences
from tests.image_graphs import Images, residual
from tests.integer_graphs import frames_of, integer_mlp

from .test_lowering import CONVS, DECONVS, POOLS, conv, deconv, pool


def ints(graph: Graph, *numbers: int) -> Value:
    return graph.constant(np.array(numbers, dtype=np.int64))


def interleaved(graph: Graph) -> Graph:
    """The graph after both transforms, having seen that it computes the same and has the same border."""
    frames = frames_of(graph)
    expected = execute(graph, frames)
    assert len(np.unique(expected)) > 1, "the case tests nothing"
    before = [value.type for value in (*graph.inputs, *graph.outputs)]
    names = [value.name for value in graph.outputs]
    after = graph.copy().transform(LowerConvs())
    assert InterleaveChannels().apply(after)
    after.validate()
    assert [value.type for value in (*after.inputs, *after.outputs)] == before
    assert [value.name for value in after.outputs] == names
    assert np.array_equal(execute(after, frames), expected)
    net, layers = after.to_networkx(), {node.name for node in after.nodes if is_layer(node)}
    for node in after.nodes:
        if isinstance(node.op, Transpose):  # the host's, in front of the first layer or behind the last one
            assert not (nx.ancestors(net, node.name) & layers and nx.descendants(net, node.name) & layers)
    again = after.copy()
    assert not InterleaveChannels().apply(again)
    assert differences(after, again) == []
    return after


@pytest.mark.parametrize("name", CONVS)
def test_convolutions(name: str) -> None:
    interleaved(conv(name))


@pytest.mark.parametrize("name", DECONVS)
def test_transposed_convolutions(name: str) -> None:
    interleaved(deconv(name))


@pytest.mark.parametrize("name", POOLS)
def test_pools(name: str) -> None:
    interleaved(pool(name))


def test_forks_and_joins() -> None:
    graph = interleaved(residual())
    assert graph.node("join").output.shape == (1, 3, 3, 6)
    assert graph.node("a_act").op == Thresholding(axis=3)


def test_weight_rows_become_kernel_first() -> None:
    before = conv("non-square")
    weights = np.asarray(before.node("conv").input(1).const)  # (M, C, kh, kw)
    rows = np.asarray(interleaved(before).node("conv").input(1).const)
    assert np.array_equal(rows, weights.transpose(2, 3, 1, 0).reshape(-1, 4))


def test_depthwise_weights_become_kernel_first() -> None:
    before = conv("depthwise")
    weights = np.asarray(before.node("conv").input(1).const)  # (C, 1, kh, kw)
    rows = np.asarray(interleaved(before).node("conv").input(1).const)
    assert np.array_equal(rows, weights.reshape(3, 9).T)


def test_rows_behind_a_flatten_follow_the_pixels() -> None:
    net = Images((3, 4, 4))
    x = net.quantize(net.conv(net.x, 5))
    before = net.end(net.dense(x, 2))
    weights = np.asarray(before.node("dense").input(1).const)  # (C·H·W, N)
    rows = np.asarray(interleaved(before).node("dense").input(1).const)
    assert np.array_equal(rows, weights.reshape(5, 2, 2, 2).transpose(1, 2, 0, 3).reshape(20, 2))


MOVES: dict[str, Callable[[Graph, Value], Value]] = {
    "flatten": lambda g, x: g.add(Flatten(), x),
    "pixels first": lambda g, x: g.add(Flatten(), g.add(Transpose(perm=(0, 2, 3, 1)), x)),
    "columns first": lambda g, x: g.add(Flatten(), g.add(Transpose(perm=(0, 3, 1, 2)), x)),
    "two shapes": lambda g, x: g.add(
        Reshape(), g.add(Transpose(perm=(0, 2, 1)), g.add(Reshape(), x, ints(g, 0, 5, 4))), ints(g, 0, -1)
    ),
    "there and back": lambda g, x: g.add(
        Flatten(),
        g.add(Squeeze(), g.add(Unsqueeze(), g.add(Transpose(perm=(0, 1, 3, 2)), x), ints(g, 2)), ints(g, 2)),
    ),
}


@pytest.mark.parametrize("moves", MOVES)
def test_any_order_in_front_of_a_dense_layer(moves: str) -> None:
    net = Images((3, 4, 4))
    x = MOVES[moves](net.graph, net.quantize(net.conv(net.x, 5)))
    interleaved(net.end(net.dense(x, 3)))


def test_thresholds_behind_a_flatten_follow_the_pixels() -> None:
    net = Images((3, 4, 4))
    x = net.graph.add(Flatten(), net.conv(net.x, 5))
    interleaved(net.end(net.quantize(x)))


def test_channels_are_joined_and_parted() -> None:
    net = Images((4, 4, 4))
    graph = net.graph
    first, second = graph.add_node(Split(axis=1), net.x, ints(graph, 1, 3)).outputs
    x = graph.add(Concat(axis=1), second, net.quantize(net.conv(first, 2, (1, 1))), net.x)
    after = interleaved(net.end(net.quantize(net.conv(x, 3))))
    (joined,) = [node for node in after.nodes if isinstance(node.op, Concat)]
    assert joined.op == Concat(axis=3)
    assert joined.output.shape == (1, 4, 4, 9)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 6)])
def test_images_grow(shape: tuple[int, ...]) -> None:
    net = Images(shape)
    graph, rank = net.graph, len(shape) - 1
    pads = ints(graph, 0, 0, *range(1, rank + 1), 0, 0, *[2] * rank)
    x = graph.add(Pad(), net.x, pads, graph.constant(np.float32(3)))
    scales = graph.constant(np.array([1, 1, *[2, 3][:rank]], dtype=np.float32))
    resize = Resize(coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    x = graph.add(resize, x, None, scales)
    interleaved(net.end(net.quantize(net.conv(x, 2, (2,) * rank))))


def test_an_image_leaves_as_it_was() -> None:
    net = Images((3, 4, 4))
    net.graph.outputs = [net.quantize(net.conv(net.x, 5))]
    net.graph.rename(net.graph.outputs[0], "image")
    after = interleaved(net.graph)
    assert [node.name for node in after.nodes][-1] == "from_pixels"


def test_an_order_that_no_transpose_says_leaves_as_it_was() -> None:
    net = Images((4, 4, 4))
    x = net.quantize(net.conv(net.x, 4))
    x = net.graph.add(Reshape(), x, ints(net.graph, 0, 8, 2))
    net.graph.outputs = [net.graph.add(Transpose(perm=(0, 2, 1)), x)]
    interleaved(net.graph)


def test_pixels_that_come_first_need_no_transpose() -> None:
    net = Images((6, 5, 3))  # H, W, C
    x = net.graph.add(Transpose(perm=(0, 3, 1, 2)), net.x, name="to_channels")
    after = interleaved(net.end(net.quantize(net.conv(x, 4))))
    assert [node.name for node in after.nodes][0] == "conv_windows"


def test_rows_of_vectors() -> None:
    graph = Graph("sequence")
    x = graph.input("x", (1, 5, 3), DataType["INT4"])
    weights = graph.constant(np.random.default_rng(1).integers(-3, 4, (3, 4)), DataType["INT3"])
    y = graph.add(MatMul(), x, weights, name="product")
    thresholds = graph.constant(np.array([[-9, 0], [3, 4], [0, 1], [-2, 5]]), DataType["INT8"])
    graph.outputs = [graph.add(Thresholding(axis=2), y, thresholds)]
    after = interleaved(graph)
    assert after.node("product").output.shape == (1, 1, 5, 4)


def test_vectors_stay() -> None:
    graph = integer_mlp()
    before = graph.copy()
    assert not InterleaveChannels().apply(graph)
    assert differences(before, graph) == []


def refused(graph: Graph) -> UnsupportedError:
    graph.transform(LowerConvs())
    with pytest.raises(UnsupportedError) as error:
        InterleaveChannels().apply(graph)
    return error.value


def test_a_transpose_that_no_layer_can_take_is_an_error() -> None:
    net = Images()
    x = net.quantize(net.conv(net.x, 4))
    x = net.graph.add(Transpose(perm=(0, 1, 3, 2)), x, name="turn", origin=("turn_source",))
    error = refused(net.end(net.conv(x, 2, (1, 2), name="second")))
    assert error.node == "turn_source"
    assert str(error) == (
        "node 'turn_source': must leave a pixel's channels adjacent for 'second_source' (input 0), reorders "
        "them (Transpose); remove it, or move it behind the last layer: no unit reorders a stream"
    )


def test_padded_channels_are_an_error() -> None:
    net = Images()
    pads = ints(net.graph, 0, 1, 0, 0, 0, 0, 0, 0)
    x = net.graph.add(Pad(), net.x, pads, name="wide", origin=("wide_source",))
    assert str(refused(net.end(net.conv(x, 2)))) == (
        "node 'wide_source': must pad pixels, pads batch or channels; there is no unit that adds channels"
    )


@pytest.mark.parametrize("rows", [1, 4])
def test_tables_follow_the_channels(rows: int) -> None:
    net = Images((4, 3, 3), "INT3")
    table = net.rng.integers(-4, 4, (rows, 8))
    x = net.graph.add(Transpose(perm=(0, 2, 3, 1)), net.x)
    x = net.graph.add(Lookup(), x, net.graph.constant(table, DataType["INT3"]), name="table")
    x = net.graph.add(Transpose(perm=(0, 3, 1, 2)), x)
    after = interleaved(net.end(net.quantize(net.conv(x, 2, (2, 2)))))
    assert np.array_equal(np.asarray(after.node("table").input(1).const), table)
