# SPDX-License-Identifier: Apache-2.0
"""Bounds of integer convolutions and sums: exact, from the weights themselves."""

from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.execution import Session
from finnlite.ir import Graph, Node
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.pools import SumPool
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.window import scatter_index, window_index

SIZES = (6, 7)


def node_of(op: Conv | ConvTranspose, weights: np.ndarray, datatype: str) -> Node:
    graph = Graph("conv")
    channels = weights.shape[0] if isinstance(op, ConvTranspose) else weights.shape[1] * op.group
    x = graph.input("x", (1, channels, *SIZES), DataType[datatype])
    node = graph.add_node(op, x, graph.constant(weights, DataType["INT4"]))
    graph.outputs = [node.output]
    return node


def extremes(node: Node) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest sum of every channel, each output pixel given the inputs that suit it best."""
    op, x, w = node.op, node.input(0), np.asarray(node.input(1).const, np.int64)
    assert isinstance(op, Conv | ConvTranspose)
    window = op.window(x, node.input(1))
    rows = op.rows(w) if isinstance(op, ConvTranspose) else w
    index = (scatter_index if isinstance(op, ConvTranspose) else window_index)(x.shape[2:], window)
    low, high = int(x.datatype.min()), int(x.datatype.max())
    taps = rows.reshape(len(rows), -1, window.size)
    most = np.where(taps > 0, taps * high, taps * low).sum(axis=1) @ (index >= 0).T.astype(np.int64)
    least = np.where(taps > 0, taps * low, taps * high).sum(axis=1) @ (index >= 0).T.astype(np.int64)
    return least.min(axis=1), most.max(axis=1)


WINDOWS = [
    {},
    {"strides": (2, 3)},
    {"dilations": (2, 1), "strides": (2, 2)},
    {"pads": (1, 2, 0, 1), "strides": (3, 1)},
    {"group": 2, "pads": (1, 0, 1, 0)},
]


@pytest.mark.parametrize("fields", WINDOWS)
@pytest.mark.parametrize("datatype", ["INT3", "UINT2", "BIPOLAR"])
@pytest.mark.parametrize("transposed", [False, True])
def test_bounds_are_reached(fields: dict[str, object], datatype: str, transposed: bool) -> None:
    rng = np.random.default_rng(3)
    group = int(str(fields.get("group", 1)))
    shape = (4, 3, 3, 2) if transposed else (6, 4 // group, 3, 2)
    op = (ConvTranspose if transposed else Conv)(**fields)  # type: ignore[arg-type]
    node = node_of(op, rng.integers(-8, 8, shape), datatype)
    window = op.window(node.input(0), node.input(1))
    ends = int(node.input(0).datatype.min()), int(node.input(0).datatype.max())
    low, high = op.bounds(np.asarray(node.input(1).const), window, *ends)
    least, most = extremes(node)
    np.testing.assert_array_equal(low, np.minimum(least, 0) if transposed else least)
    np.testing.assert_array_equal(high, np.maximum(most, 0) if transposed else most)
    assert node.output.datatype.min() <= low.min()
    assert high.max() <= node.output.datatype.max()


def test_sums_hold_every_value() -> None:
    graph = Graph("sums")
    a, b = (graph.input(name, (1, 2, 4, 4), DataType[t]) for name, t in (("a", "UINT3"), ("b", "INT3")))
    total = graph.add(IntegerAdd(2, -3), a, b)
    pooled = graph.add(SumPool(kernel_shape=(3, 2), pads=(1, 0, 0, 1), strides=(1, 2)), total)
    graph.outputs = [total, pooled]
    assert (total.datatype.name, pooled.datatype.name) == ("INT6", "INT9")
    frames = {"a": np.full((2, 2, 4, 4), 7.0), "b": np.full((2, 2, 4, 4), -4.0)}
    frames["a"][1], frames["b"][1] = 0, 3
    found = Session(graph).run(frames)
    assert found[total.name].max() == 2 * 7 + 3 * 4
    assert found[total.name].min() == -9
    assert found[pooled.name].max() == 6 * 26
    assert found[pooled.name][0, 0, 0].tolist() == [4 * 26, 4 * 26]


def test_a_bipolar_input_beside_padding_reaches_less() -> None:
    node = node_of(Conv(pads=(2, 1, 2, 1)), np.ones((1, 1, 3, 2)), "BIPOLAR")
    assert node.output.datatype.name == "INT4"


def test_padding_that_would_leave_out_pixels_is_refused() -> None:
    weights = np.ones((2, 3, 1, 1))
    with pytest.raises(IRError) as error:
        node_of(Conv(auto_pad="SAME_UPPER", strides=(7, 7)), weights, "INT4")
    assert (
        "Conv auto_pad SAME_UPPER must not leave out pixels, leaves out 6; export it with explicit pads"
        in str(error.value)
    )
    assert node_of(Conv(auto_pad="SAME_UPPER", strides=(2, 2)), weights, "INT4").output.shape == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            Conv(strides=(0, 1)),
            "Conv kernel, strides and dilations must be at least 1 and pads at least 0, are ",
        ),
        (Conv(dilations=(1, 0)), "Conv kernel, strides and dilations must be at least 1 and pads at least 0"),
        (
            Conv(pads=(0, 0, -1, 0)),
            "Conv kernel, strides and dilations must be at least 1 and pads at least 0",
        ),
        (
            ConvTranspose(output_padding=(0, 1)),
            "ConvTranspose output_padding must be from 0 to below stride or dilation, is [0, 1]",
        ),
        (ConvTranspose(group=0), "ConvTranspose shapes must agree, are [1, 2, 6, 7] and"),
        (
            Conv(auto_pad="BOGUS"),
            "Conv auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, is BOGUS",
        ),
    ],
)
def test_attributes_that_make_no_window_are_refused(op: Conv | ConvTranspose, message: str) -> None:
    with pytest.raises(IRError) as error:
        node_of(op, np.ones((2, 3, 1, 1)), "INT4")
    assert message in str(error.value)
