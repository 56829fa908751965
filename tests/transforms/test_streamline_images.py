# SPDX-License-Identifier: Apache-2.0
"""Streamlining images: convolutions, pools, joins, padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from finnlite.execution import Session, execute
from finnlite.ir import Op, Value
from finnlite.ops import elementwise as ew
from finnlite.ops.convolution import Conv, ConvTranspose, WideConv, WideConvTranspose
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Flatten, Split, Transpose, cast_to
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool, SumPool
from finnlite.ops.quantizers import MultiThreshold
from finnlite.ops.reduction import IntegerAdd, ReduceMean, ReduceSum
from finnlite.ops.scaling import Normalize
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.transforms import Streamline
from finnlite.transforms.streamline.convolutions import PADDING_NOTE
from tests.image_nets import Net, agreed, nodes


# -- convolutions -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"strides": (2, 3)},
        {"dilations": (2, 3)},
        {"pads": (1, 0, 2, 1)},
        {"auto_pad": "SAME_LOWER", "strides": (1, 2)},
        {"group": 3, "outputs": 6},
        {"group": 3, "outputs": 3, "pads": (2, 1, 0, 1), "strides": (3, 2)},
        {"kernel": (1, 1)},
        {"kernel": (7, 8)},
        {"kernel": (1, 2), "strides": (4, 4)},
    ],
)
def test_convolutions_of_any_window(fields: dict[str, Any]) -> None:
    net = Net()
    y = net.conv(net.quant(net.bn(net.conv(net.x, 3, pads=(1, 1, 1, 0)), -1)), **fields)
    graph = agreed(net, net.sign(net.bn(y, -1)))
    assert len(nodes(graph, Conv)) == 2


def test_one_dimension_and_a_bias() -> None:
    net = Net(4, 11)
    y = net.add(
        Conv(pads=(2, 0), strides=(2,)),
        net.x,
        net.rng.integers(-3, 4, (5, 4, 3)) * 0.5,
        net.rng.normal(size=5),
    )
    y = net.conv(net.quant(y), 2, (2,), dilations=(3,))
    agreed(net, y)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"strides": (2, 3), "output_padding": (1, 2)},
        {"pads": (1, 0, 2, 1), "strides": (2, 1)},
        {"dilations": (2, 1), "group": 3},
        {"auto_pad": "SAME_UPPER", "strides": (2, 2)},
    ],
)
def test_transposed_convolutions(fields: dict[str, Any]) -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 3), -1))
    y = net.add(ConvTranspose(**fields), x, net.rng.integers(-3, 4, (3, 2, 3, 3)) * 0.5)
    graph = agreed(net, net.sign(net.bn(y, -1)))
    assert len(nodes(graph, ConvTranspose)) == 1


def test_a_depthwise_convolution_keeps_a_scale_a_channel() -> None:
    net = Net(datatype="UINT4")
    x = net.add(ew.Mul(), net.x, np.array([0.3, 0.7, 1.1]).reshape(3, 1, 1))
    agreed(net, net.sign(net.bn(net.conv(x, 3, group=3))))


def test_sums_beyond_float32_are_convolved_in_float64() -> None:
    """Against the definitions in int64, one tap at a time."""
    net = Net(20, 6, 6, datatype="INT16")
    dense, back = net.rng.integers(200, 256, (4, 10, 3, 3)), net.rng.integers(200, 256, (20, 2, 3, 3))
    y = net.add(Conv(pads=(1, 0, 0, 1), group=2, strides=(2, 1)), net.x, dense)
    z = net.add(ConvTranspose(strides=(2, 2), pads=(1, 0, 0, 1), group=2), net.x, back)
    net.graph.outputs = [y, z]
    graph = net.graph.copy().transform(Streamline())
    graph.validate()
    (conv,), (transposed,) = nodes(graph, WideConv), nodes(graph, WideConvTranspose)
    frames = np.full((2, 20, 6, 6), 32767)
    frames[1] = net.rng.integers(-(2**15), 2**15, (20, 6, 6))
    padded = np.pad(frames, ((0, 0), (0, 0), (1, 0), (0, 1)))
    first, second = np.zeros((2, 4, 3, 5), np.int64), np.zeros((2, 4, 13, 13), np.int64)
    for i, j in np.ndindex(3, 3):
        for g in range(2):
            part, rows = slice(10 * g, 10 * g + 10), slice(2 * g, 2 * g + 2)
            taps = padded[:, part, i : i + 6 : 2, j : j + 5]
            first[:, rows] += np.einsum("nchw,mc->nmhw", taps[:, :, :3], dense[rows, :, i, j])
            spread = np.einsum("nchw,cm->nmhw", frames[:, part], back[part, :, i, j])
            second[:, rows, i : i + 12 : 2, j : j + 12 : 2] += spread
    graph.outputs = [conv.output, transposed.output]
    found = Session(graph).run(frames.astype(np.float32))
    np.testing.assert_array_equal(found[conv.output.name], first)
    np.testing.assert_array_equal(found[transposed.output.name], second[:, :, 1:, :-1])
    assert min(first.max(), second.max()) > 2**24


def test_padding_of_bipolar_values_is_zero_and_makes_the_sums_even_and_odd() -> None:
    net = Net(datatype="BIPOLAR")
    y = net.sign(net.bn(net.add(Conv(pads=(1, 1, 1, 1)), net.x, net.rng.choice([-1.0, 1.0], (4, 3, 3, 3)))))
    y = net.add(Conv(pads=(1, 1, 1, 1)), y, net.rng.choice([-0.5, 0.5], (4, 4, 3, 3)))
    graph = agreed(net, net.quant(y))
    assert [n.input(0).datatype.name for n in nodes(graph, Conv)] == ["BIPOLAR", "BIPOLAR"]
    assert graph.metadata[PADDING_NOTE] == (
        "zeros beside bipolar values take 2 bits each, not 1, in front of 'Conv', 'Conv_0'"
    )
    assert all(n.op.pads == (1, 1, 1, 1) for n in nodes(graph, Conv) if isinstance(n.op, Conv))


def test_a_zero_point_is_padded_with_itself() -> None:
    """Levels −3…4 in steps of 1/2 are 0…7 with the zero at 3."""
    net = Net()
    x = net.quant(net.bn(net.conv(net.x), -1), 0.5, 3, zero=3)
    graph = agreed(net, net.sign(net.bn(net.conv(net.add(ew.Mul(), x, 0.3), pads=(1, 2, 0, 1)))))
    (pad,) = nodes(graph, Pad)
    fill = pad.input(2).const
    assert fill is None or pad.input(0).datatype.name == "UINT3"
    assert pad.output.datatype.name == "UINT3"


def test_weights_take_up_an_integer_ratio_of_the_channels_scales() -> None:
    net = Net(4, 5, 5)
    scales = np.array([0.25, 0.5, -0.25, 0.75]).reshape(4, 1, 1)
    graph = agreed(net, net.sign(net.bn(net.conv(net.add(ew.Mul(), net.x, scales), kernel=(2, 2)))))
    weights = nodes(graph, Conv)[0].input(1).const
    assert weights is not None
    assert np.abs(weights[:, 3]).max() > 3


# -- pools --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "kinds"),
    [
        ("conv bn+ quant pool", "Conv Thresholding MaxPool"),
        ("conv relu pool bn+ quant", "Conv Thresholding MaxPool"),
        ("conv bn- relu pool quant", "Conv Thresholding MaxPool"),
        ("conv bn- pool quant", "Conv Thresholding MaxPool"),
        ("conv pool bn- quant", "Conv MaxPool Thresholding"),
        ("conv relu pool bn- quant", "Conv MaxPool Thresholding"),
        ("conv pool pool relu quant pool", "Conv Thresholding MaxPool MaxPool MaxPool"),
    ],
)
def test_maxima_stand_behind_thresholds_where_the_function_rises(order: str, kinds: str) -> None:
    net = Net(3, 15, 16, datatype="INT8")
    steps: dict[str, Callable[[Value], Value]] = {
        "conv": lambda y: net.conv(y, pads=(1, 0, 1, 2), strides=(1, 2)),
        "relu": lambda y: net.add(ew.Relu(), y),
        "bn+": net.bn,
        "bn-": lambda y: net.bn(y, -1),
        "quant": net.quant,
        "pool": lambda y: net.add(
            MaxPool(kernel_shape=(2, 2), strides=(2, 2), pads=(1, 0, 0, 1), ceil_mode=True), y
        ),
    }
    y = net.x
    for step in order.split():
        y = steps[step](y)
    graph = agreed(net, net.conv(y, 2, (1, 1)))
    assert " ".join(n.op.op_type for n in graph.nodes).startswith(kinds)


def test_a_maximum_whose_windows_hang_over_is_padded_with_the_least() -> None:
    net = Net(2, 9, 9)
    y = net.add(MaxPool(kernel_shape=(2, 2), strides=(3, 3), dilations=(4, 4), ceil_mode=True), net.x)
    graph = agreed(net, net.conv(y, 2, (1, 1)))
    fill = nodes(graph, Pad)[0].input(2).const
    assert fill is not None
    assert int(fill) == -8


@pytest.mark.parametrize(
    "op",
    [
        AveragePool(kernel_shape=(2, 3), strides=(2, 1)),
        AveragePool(kernel_shape=(3, 3), pads=(1, 1, 2, 0), count_include_pad=True),
        AveragePool(kernel_shape=(2, 2), auto_pad="VALID"),
        GlobalAveragePool(),
        ReduceMean(axes=(2, 3)),
        ReduceMean(axes=(-1, -2), keepdims=False),
    ],
)
def test_means_are_sums_and_a_scale(op: Op) -> None:
    net = Net()
    y = net.add(op, net.quant(net.bn(net.conv(net.x, 5), -1), 0.5))
    y = net.add(Flatten(), y)
    y = net.add(MatMul(), y, net.rng.integers(-3, 4, (y.shape[1], 4)) * 0.25)
    graph = agreed(net, y)
    assert len(nodes(graph, SumPool)) == 1


def test_sums_over_images_and_global_maxima() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 5), -1), 0.5)
    low = net.graph.add(ReduceSum(), x, net.ints(2, 3))
    graph = agreed(net, net.conv(low, 3, (1, 1)), net.conv(net.add(GlobalMaxPool(), x), 3, (1, 1)))
    assert len(nodes(graph, SumPool)) == len(nodes(graph, MaxPool)) == 1


def test_a_wide_sum_is_exact() -> None:
    net = Net(2, 5, 5, datatype="INT24")
    net.graph.outputs = [net.add(AveragePool(kernel_shape=(4, 4), strides=(1, 1)), net.x)]
    graph = net.graph.copy().transform(Streamline())
    (pool,) = nodes(graph, SumPool)
    assert pool.output.carrier == np.float64
    graph.outputs = [pool.output]
    frames = np.full((1, 2, 5, 5), 2**23 - 1, np.float32)
    assert (execute(graph, frames) == 16 * (2**23 - 1)).all()


# -- joins --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("op", [ew.Add(), ew.Sub(), ew.Sum()])
@pytest.mark.parametrize(("ratio", "factors"), [(1, (1, 1)), (2, (1, 2)), (0.5, (2, 1)), (1.5, (2, 3))])
def test_branches_of_scales_in_an_integer_ratio_are_added(op: Op, ratio: float, factors: Any) -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1)), -1), 0.375)
    y = net.quant(net.bn(net.conv(x, 4, (3, 3), pads=(1, 1, 1, 1)), -1), 0.375 * ratio)
    total = net.graph.add(op, x, y)
    graph = agreed(net, net.sign(net.bn(net.conv(net.quant(net.add(ew.Relu(), total), 0.41)), -1)))
    (join,) = nodes(graph, IntegerAdd)
    sign = -1 if isinstance(op, ew.Sub) else 1
    assert isinstance(join.op, IntegerAdd)
    assert (join.op.factor_a, join.op.factor_b) == (factors[0], sign * factors[1])


def test_a_sum_of_three_and_a_fork_read_many_times() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1)), -1), 0.5)
    branches = [net.quant(net.bn(net.conv(x, 4, (1, 1)), -1), 0.5) for _ in range(2)]
    total = net.graph.add(ew.Sum(), x, *branches)
    graph = agreed(net, net.conv(total, 2, (2, 2)), net.conv(branches[0], 2, (1, 1)))
    assert len(nodes(graph, IntegerAdd)) == 2


def test_a_branch_that_is_always_zero_has_any_scale() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1)), -1), 0.375)
    dead = net.quant(net.add(ew.Sub(), net.conv(x, 4, (1, 1)), 1e4), 0.3)
    agreed(net, net.conv(net.graph.add(ew.Add(), x, dead)))


def test_concat_and_split_keep_each_channels_scale() -> None:
    net = Net()
    parts = [
        net.quant(net.bn(net.conv(net.x, n, (2, 2)), -1), s, b) for n, s, b in ((2, 0.5, 2), (3, 0.25, 4))
    ]
    joined = net.graph.add(Concat(axis=1), *parts)
    first = net.conv(joined, 3, (2, 2))  # the scales' ratio goes into the weights
    halves = net.graph.add_node(Split(axis=1), joined, net.ints(1, 4)).outputs
    graph = agreed(net, first, *(net.sign(net.bn(net.conv(half, 2, (1, 1)))) for half in halves))
    (join,) = nodes(graph, Concat)
    assert join.output.datatype.name == "UINT4"


def test_sums_are_concatenated_in_front_of_a_quantizer() -> None:
    net = Net()
    parts = [net.bn(net.conv(net.x, n, (2, 2)), -1) for n in (2, 3)]
    joined = net.quant(net.add(ew.Relu(), net.graph.add(Concat(axis=1), *parts)))
    graph = agreed(net, net.conv(joined, 2, (1, 1)))
    assert [n.input(1).shape for n in nodes(graph, Thresholding)] == [(5, 7)]


def test_pixels_are_repeated_and_padded() -> None:
    net = Net(3, 4, 5)
    x = net.quant(net.bn(net.conv(net.x, 3, (2, 2)), -1), 0.5)
    y = net.add(Resize("asymmetric", nearest_mode="floor"), x, None, [1, 1, 2, 3])
    y = net.add(Resize(), y, None, [1, 1, 2, 1])  # half_pixel, round_prefer_floor repeats too
    y = net.graph.add(Pad(), y, net.ints(0, 0, 1, 0, 0, 0, 0, 2), net.c(1.5))
    graph = agreed(net, net.conv(y, 2, (3, 3)))
    assert len(nodes(graph, Resize)) == 2
    assert nodes(graph, Pad)[0].input(2).const == 3


def test_thresholds_along_the_last_axis_come_back_to_channels() -> None:
    """QONNX's channels-last: Transpose, MultiThreshold, Transpose."""
    net = Net()
    y = net.conv(net.x, 4, (2, 2))
    y = net.add(Transpose(perm=(0, 2, 3, 1)), y)
    y = net.add(MultiThreshold(data_layout="NHWC"), y, np.sort(net.rng.normal(size=(4, 3)) * 3))
    y = net.add(Transpose(perm=(0, 3, 1, 2)), y)
    graph = agreed(net, net.conv(y, 2, (2, 2)))
    assert [n.input(1).shape for n in nodes(graph, Thresholding)] == [(4, 3)]


def test_a_mean_a_channel_is_a_channels_threshold() -> None:
    net = Net(datatype="UINT8")
    constants = (
        1,
        255,
        np.array([0.4, 0.5, 0.6]).reshape(3, 1, 1),
        np.array([0.2, 0.3, 0.4]).reshape(3, 1, 1),
    )
    real = net.graph.add(Normalize(), net.x, *(net.graph.constant(np.float64(v)) for v in constants))
    graph = agreed(net, net.conv(net.quant(net.add(ew.Add(), real, 1), 0.25), 2, (2, 2), pads=(1, 1, 1, 1)))
    assert [n.input(1).shape for n in nodes(graph, Thresholding)] == [(3, 7)]


@pytest.mark.parametrize("shape", [(3, 5, 6), (3, 9), (7,)])
def test_a_function_that_falls_and_rises_is_a_table(shape: tuple[int, ...]) -> None:
    net = Net(*shape, datatype="INT6")
    offsets = np.linspace(-3, 3, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    y = net.add(ew.Add(), net.add(ew.Mul(), net.x, 0.2), offsets)
    y = net.quant(net.add(ew.HardSwish(), y), 0.25, 5, zero=4)
    if len(shape) == 1:
        graph = agreed(net, net.add(MatMul(), y, net.rng.integers(-2, 3, (7, 3))))
    else:
        graph = agreed(net, net.conv(y, 2, (2,) * (len(shape) - 1), pads=(1,) * (2 * len(shape) - 2)))
    assert [n.input(1).shape for n in nodes(graph, Lookup)] == [(shape[0], 64)]
    assert not nodes(graph, Thresholding)


def test_a_table_for_all_channels_is_one_row() -> None:
    net = Net()
    y = net.quant(net.add(ew.Abs(), net.quant(net.conv(net.x), zero=4)), 0.4, 2)
    graph = agreed(net, net.conv(y, 2, (1, 1)))
    assert [n.input(1).shape for n in nodes(graph, Lookup)] == [(1, 8)]


def test_pixels_of_an_unsigned_element_type() -> None:
    """uint8 images in front of what picks, pads and repeats."""
    net = Net(3, 5, 6, datatype="UINT8")
    net.graph.set_type(net.x, net.x.type._replace(carrier=np.dtype(np.uint8)))
    real = net.graph.add(cast_to(np.float32), net.x)
    first, second = net.graph.add_node(Split(axis=1), real, net.ints(1, 2)).outputs
    first = net.graph.add(Pad(), first, net.ints(0, 0, 1, 0, 0, 0, 0, 2), net.c(7))
    second = net.add(Resize(), second, None, [1, 1, 2, 1])
    pooled = net.add(MaxPool(kernel_shape=(2, 2), ceil_mode=True, strides=(2, 2)), real)
    agreed(net, *(net.conv(y, 2, (2, 2), pads=(1, 0, 0, 1)) for y in (first, second, pooled, real)))
