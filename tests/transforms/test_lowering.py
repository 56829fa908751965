# SPDX-License-Identifier: Apache-2.0
"""LowerConvs: any window becomes rows and products, exactly; and what it refuses."""

from typing import Any

import numpy as np
import pytest

from finnlite.errors import UnsupportedError
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.convolution import Conv
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.linear import MatMul
from finnlite.ops.pools import MaxPool, SumPool
from finnlite.ops.window import WindowOp
from finnlite.transforms import LowerConvs
from tests.comparison import differences
from tests.image_graphs import Images, residual
from tests.integer_graphs import frames_of, integer_mlp

CONVS: dict[str, dict[str, Any]] = {
    "3x3": {},
    "1x1": {"kernel": (1, 1)},
    "1x1 stride": {"kernel": (1, 1), "strides": (2, 2)},
    "1x1 padded": {"kernel": (1, 1), "pads": (1, 0, 0, 2)},
    "non-square": {"kernel": (2, 4)},
    "stride beyond the kernel": {"kernel": (2, 1), "strides": (3, 2)},
    "dilated": {"kernel": (2, 3), "dilations": (3, 2)},
    "asymmetric padding": {"pads": (0, 2, 1, 0), "strides": (2, 1)},
    "whole image": {"kernel": (6, 5)},
    "grouped": {"shape": (4, 6, 5), "group": 2, "outputs": 6},
    "depthwise": {"group": 3, "outputs": 3, "pads": (1, 1, 1, 1)},
    "depthwise, two outputs each": {"group": 3, "outputs": 6, "strides": (2, 2)},
    "depthwise 1x1": {"group": 3, "outputs": 3, "kernel": (1, 1)},
    "one axis": {"shape": (3, 9), "kernel": (3,), "strides": (2,), "pads": (1, 0), "dilations": (2,)},
    "one axis, grouped": {"shape": (4, 9), "kernel": (2,), "group": 2},
    "one axis, depthwise": {"shape": (4, 9), "kernel": (2,), "group": 4, "outputs": 8, "pads": (0, 1)},
}
DECONVS: dict[str, dict[str, Any]] = {
    "stride 1": {},
    "stride 2": {"strides": (2, 2), "pads": (1, 1, 1, 1), "output_padding": (1, 1)},
    "stride 3, 2": {"kernel": (2, 3), "strides": (3, 2), "pads": (0, 1, 1, 0)},
    "dilated": {"kernel": (2, 2), "dilations": (2, 3)},
    "grouped": {"shape": (4, 3, 4), "group": 2, "strides": (2, 1)},
    "depthwise": {"shape": (4, 3, 4), "group": 4, "strides": (2, 2)},
    "one axis": {"shape": (3, 5), "kernel": (4,), "strides": (2,), "pads": (1, 2), "output_padding": (1,)},
}
POOLS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "max": (MaxPool(kernel_shape=(2, 2), strides=(2, 2)), (3, 6, 5)),
    "max padded": (MaxPool(kernel_shape=(3, 2), strides=(2, 1), pads=(1, 0, 1, 1)), (3, 6, 5)),
    "max dilated": (MaxPool(kernel_shape=(2, 2), dilations=(2, 3)), (3, 6, 5)),
    "max, one axis": (MaxPool(kernel_shape=(2,), strides=(2,)), (3, 8)),
    "sum": (SumPool(kernel_shape=(2, 3), strides=(1, 2)), (3, 6, 5)),
    "sum padded": (SumPool(kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)), (3, 6, 5)),
    "sum of the image": (SumPool(kernel_shape=(6, 5)), (3, 6, 5)),
    "pixels": (SumPool(kernel_shape=(1, 1)), (3, 4, 2)),
}


def conv(name: str, datatype: str = "UINT4") -> Graph:
    fields = dict(CONVS[name])
    net = Images(fields.pop("shape", (3, 6, 5)), datatype)
    x = net.conv(net.x, fields.pop("outputs", 4), fields.pop("kernel", (3, 3)), **fields)
    return net.end(net.quantize(x))


def deconv(name: str, datatype: str = "INT4") -> Graph:
    fields = dict(DECONVS[name])
    net = Images(fields.pop("shape", (3, 3, 4)), datatype)
    return net.end(net.quantize(net.deconv(net.x, 4, fields.pop("kernel", (3, 3)), **fields)))


def pool(name: str, datatype: str = "INT4") -> Graph:
    op, shape = POOLS[name]
    net = Images(shape, datatype)
    return net.end(net.graph.add(op, net.x, name="pool", origin=("pool_source",)))


def lowered(graph: Graph) -> Graph:
    """The graph after LowerConvs, having seen that it still computes the same and has the same border."""
    frames = frames_of(graph)
    expected = execute(graph, frames)
    assert len(np.unique(expected)) > 1, "the case tests nothing"
    before = [value.type for value in (*graph.inputs, *graph.outputs)]
    after = graph.copy()
    assert LowerConvs().apply(after)
    after.validate()
    assert not any(isinstance(node.op, WindowOp) for node in after.nodes)
    assert [value.type for value in (*after.inputs, *after.outputs)] == before
    assert np.array_equal(execute(after, frames), expected)
    again = after.copy()
    assert not LowerConvs().apply(again)
    assert differences(after, again) == []
    return after


def count(graph: Graph, kind: type) -> int:
    return sum(isinstance(node.op, kind) for node in graph.nodes)


@pytest.mark.parametrize("datatype", ["UINT4", "BIPOLAR"])
@pytest.mark.parametrize("name", CONVS)
def test_convolutions(name: str, datatype: str) -> None:
    graph = lowered(conv(name, datatype))
    depthwise = CONVS[name].get("group", 1) > 2
    assert count(graph, ChannelProduct) == int(depthwise)
    assert graph.node("conv").op == (ChannelProduct() if depthwise else graph.node("conv").op)


@pytest.mark.parametrize("datatype", ["INT4", "BIPOLAR"])
@pytest.mark.parametrize("name", DECONVS)
def test_transposed_convolutions(name: str, datatype: str) -> None:
    graph = lowered(deconv(name, datatype))
    assert count(graph, InsertZeros) == int(max(DECONVS[name].get("strides", (1,))) > 1)


@pytest.mark.parametrize("datatype", ["INT4", "BIPOLAR"])
@pytest.mark.parametrize("name", POOLS)
def test_pools(name: str, datatype: str) -> None:
    graph = lowered(pool(name, datatype))
    assert count(graph, ChannelMax) + count(graph, ChannelSum) == 1
    assert isinstance(graph.node("pool").op, ChannelMax if "max" in name else ChannelSum)


def test_rows_are_in_the_order_of_the_weights_and_names_are_kept() -> None:
    before = conv("3x3")
    weights = np.asarray(before.node("conv").input(1).const)
    graph = lowered(before)
    product = graph.node("conv")
    assert isinstance(product.op, MatMul)
    assert product.origin == ("conv_source",)
    assert np.array_equal(np.asarray(product.input(1).const), weights.reshape(4, 27).T)
    assert product.input(1).datatype == before.node("conv").input(1).datatype
    assert graph.value("conv_out").shape == (1, 4, 4, 3)


def test_single_pixels_need_no_window() -> None:
    assert count(lowered(conv("1x1")), Im2Col) == 0
    assert count(lowered(conv("1x1 stride")), Im2Col) == 1


def test_forks_and_joins() -> None:
    graph = lowered(residual())
    assert count(graph, MatMul) == 5


def test_zeros_between_bipolar_pixels_are_real_zeros() -> None:
    graph = lowered(deconv("stride 2", "BIPOLAR"))
    node = next(node for node in graph.nodes if isinstance(node.op, InsertZeros))
    assert node.output.datatype.name == "TERNARY"


def test_floats_and_vectors_stay() -> None:
    graph = integer_mlp()
    assert not LowerConvs().apply(graph)
    net = Images(datatype="FLOAT32")
    graph = net.graph
    graph.outputs = [net.conv(net.x, 2)]
    assert not LowerConvs().apply(graph)
    assert isinstance(graph.node("conv").op, Conv)


def test_a_volume_is_an_error() -> None:
    net = Images((2, 3, 3, 3))
    net.graph.outputs = [net.conv(net.x, 2, (2, 2, 2))]
    with pytest.raises(UnsupportedError) as error:
        LowerConvs().apply(net.graph)
    assert error.value.node == "conv_source"
    assert str(error.value) == (
        "node 'conv_source': must have 1 or 2 spatial axes, has 3; there is no unit for volumes"
    )


def test_a_cut_beyond_the_kernel_is_an_error() -> None:
    net = Images((2, 5, 5))
    net.graph.outputs = [net.deconv(net.x, 2, (2, 2), pads=(2, 0, 0, 0))]
    with pytest.raises(UnsupportedError) as error:
        LowerConvs().apply(net.graph)
    assert str(error.value) == (
        "node 'deconv_source': must not cut off more than its kernel adds, cuts off 1; use smaller pads"
    )
