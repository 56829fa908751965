# SPDX-License-Identifier: Apache-2.0
"""What is said where images cannot be streamlined: the node, what it must be, what it is, the fix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import finnlite
from finnlite.errors import ModelError
from finnlite.ops import elementwise as ew
from finnlite.ops.convolution import Conv
from finnlite.ops.movement import Concat, Split
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from finnlite.ops.reduction import ReduceMean
from finnlite.ops.spatial import Pad, Resize
from finnlite.serde import to_onnx
from finnlite.transforms import Streamline
from tests.image_nets import Net, refused


def test_a_join_of_other_scales_names_both_quantizers() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1))), 0.37, name="short")
    y = net.quant(net.bn(net.conv(x, 4, (1, 1))), 0.4001, name="long")
    total = net.graph.add(ew.Add(), x, net.add(ew.Add(), y, 1), name="join")
    assert refused(net, net.conv(net.quant(total))) == (
        "node 'join': the scales of its branches must be in an integer ratio, 'short' has 0.37, 'long' has "
        "0.4001; give 'short' and 'long' one quantizer, or scales that are multiples of each other"
    )


def test_a_join_of_a_quantized_and_a_float_branch_names_both() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1))), 0.37, name="short")
    y = net.bn(net.conv(x, 4, (1, 1)), name="norm")
    total = net.graph.add(ew.Add(), x, y, name="join")
    message = refused(net, net.conv(net.quant(total)))
    assert message.startswith(
        "node 'join': the scales of its branches must be in an integer ratio, 'short' has 0.37, 'norm' has "
    )
    assert message.endswith(
        " a channel; give 'short' and 'norm' one quantizer, or scales that are multiples of each other"
    )


def test_a_product_of_branches_is_refused() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x, 4, (1, 1))), name="short")
    y = net.quant(net.bn(net.conv(x, 4, (1, 1))), name="gate")
    assert refused(net, net.conv(net.graph.add(ew.Mul(), x, y, name="mul"))) == (
        "node 'mul': branches must be joined by Add, Sub or Concat, 'short' and 'gate' are by Mul; "
        "remove the branch, or add what it computes"
    )


def test_an_average_that_leaves_out_its_padding_is_refused() -> None:
    net = Net()
    op = AveragePool(kernel_shape=(3, 3), pads=(1, 1, 1, 1))
    assert refused(net, net.add(op, net.quant(net.conv(net.x)), name="pool")) == (
        "node 'pool': AveragePool must divide every window by 9, has pads and count_include_pad 0; "
        "set count_include_pad to 1, or pads to 0"
    )


def test_an_average_whose_windows_hang_over_is_refused() -> None:
    net = Net()
    op = AveragePool(kernel_shape=(2, 2), strides=(2, 2), ceil_mode=True)
    assert refused(net, net.add(op, net.quant(net.conv(net.x, 4, (3, 3))), name="pool")) == (
        "node 'pool': AveragePool must divide every window by 4, has ceil_mode 1; set ceil_mode to 0"
    )


def test_a_mean_over_channels_is_refused() -> None:
    net = Net()
    assert refused(net, net.add(ReduceMean(axes=(1,)), net.quant(net.conv(net.x)), name="mean")) == (
        "node 'mean': ReduceMean must be over all pixels of each channel, is over axes [1] of [1, 4, 5, 7]; "
        "use a pool, or put it behind the last layer's output"
    )


def test_an_average_of_what_is_not_quantized_is_refused() -> None:
    net = Net()
    y = net.add(ew.Relu(), net.bn(net.conv(net.x)), name="act")
    assert refused(net, net.sign(net.add(GlobalAveragePool(), y, name="pool"))) == (
        "node 'act' (Relu): the input of 'pool' must be quantized to at most 256 values, takes more; "
        "put a quantizer (Quant, BipolarQuant, QCDQ, Sign) behind it"
    )


def test_a_maximum_over_falling_sums_is_refused() -> None:
    net = Net()
    y = net.bn(net.conv(net.x), -1)
    y = net.add(MaxPool(kernel_shape=(2, 2)), y, name="pool")
    assert refused(net, net.sign(net.bn(y, -1))) == (
        "node 'pool': what MaxPool reads must rise with the integers behind it, falls in 2 of 4 channels; "
        "put a quantizer between the layer and the pool"
    )


def test_padding_beside_the_integers_is_refused() -> None:
    net = Net()
    x = net.add(ew.Add(), net.quant(net.bn(net.conv(net.x)), 0.5), 0.2)
    assert refused(net, net.conv(x, pads=(1, 1, 1, 1), name="conv")) == (
        "node 'conv': zero padding must be an integer of its input, which is 0.5·k + 0.2 in channel 0: zero "
        "would be k = -0.4; use a quantizer (or an input mean) with zero among its values, or no padding"
    )


def test_padding_that_differs_between_branches_is_refused() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x)), 0.5)
    joined = net.graph.add(Concat(axis=1), x, net.add(ew.Add(), x, 1))
    assert refused(net, net.conv(joined, pads=(1, 1, 1, 1), name="conv")) == (
        "node 'conv': zero padding must be one integer for all channels of its input, is 0 in channel 0 and "
        "-2 in channel 4; use quantizers of one zero point for all branches that meet there, or no padding"
    )


def test_other_padding_resizing_and_axes_are_refused() -> None:
    net = Net()
    x = net.quant(net.bn(net.conv(net.x)), 0.5)
    mirrored = net.graph.add(Pad(mode="reflect"), x, net.ints(0, 0, 1, 1, 0, 0, 1, 1), name="pad")
    linear = net.add(Resize(mode="linear"), x, None, [1, 1, 2, 2], name="resize")
    parts = net.graph.add_node(Split(axis=2), x, net.ints(2, 3), name="split").outputs
    tall = net.graph.add(Concat(axis=2), x, x, name="concat")
    net.graph.outputs = [mirrored, linear, *parts, tall]
    assert [str(error) for error in Streamline().diagnose(net.graph)] == [
        "node 'pad': Pad must be of mode constant, is reflect; pad with zeros",
        "node 'resize': Resize must repeat each pixel a whole number of times (nearest), is linear from "
        "[5, 7] to [10, 14]; use mode nearest with coordinate_transformation_mode asymmetric, nearest_mode "
        "floor",
        "node 'split': Split must be along the channels, axis 1, is along axis 2; "
        "split images along their channels only",
        "node 'concat': Concat must be along the channels, axis 1, is along axis 2; "
        "join images along their channels only",
    ]


def test_float_kernels_name_the_channel() -> None:
    net = Net()
    weights = net.rng.integers(-3, 4, (4, 3, 2, 2)) * np.linspace(0.1, 0.4, 4).reshape(4, 1, 1, 1)
    weights[2] = net.rng.normal(size=(3, 2, 2))
    y = net.add(Conv(), net.x, weights, name="conv")
    assert refused(net, net.sign(y)) == (
        "node 'conv': the weights of output channel 2 must be integers of at most ±511 times one scale, are "
        "12 different values that are not; quantize the weights to 8 bits or fewer before export"
    )


def test_a_scale_a_pixel_is_refused() -> None:
    net = Net()
    x = net.add(ew.Mul(), net.x, net.rng.uniform(1, 2, (1, 1, 1, 8)))
    assert refused(net, net.conv(x, name="conv")) == (
        "node 'conv': scale and offset must be one number a channel at its input, vary from pixel to pixel; "
        "scale and shift whole channels only"
    )


def test_a_function_of_many_integers_that_falls_and_rises_is_refused() -> None:
    net = Net(datatype="INT8")
    y = net.quant(net.add(ew.Abs(), net.conv(net.x, name="conv"), name="abs"))
    assert refused(net, net.conv(y)) == (
        "node 'abs' (Abs): the function before a quantizer must be monotone, is not over the 9181 values of "
        "'conv_accumulator'; use a monotone activation (Relu, Clip, Sign, Tanh)"
    )


def test_volumes_are_refused() -> None:
    net = Net(2, 4, 4, 4)
    assert refused(net, net.conv(net.x, 3, (2, 2, 2), name="conv")) == (
        "node 'conv': Conv must have one or two spatial axes, has 3; use the form for images (or sequences)"
    )


def test_check_lists_every_cause_and_what_depends_on_it(tmp_path: Path) -> None:
    net = Net()
    x = net.quant(net.conv(net.x, 4, (1, 1), name="first"), 0.37, name="short")
    y = net.quant(net.conv(x, 4, (1, 1), name="second"), 0.4001, name="long")
    total = net.quant(net.graph.add(ew.Add(), x, y, name="join"), name="quant")
    side = net.add(Resize(mode="linear"), net.x, None, [1, 1, 2, 2], name="resize")
    net.graph.outputs = [net.conv(total, 2, (1, 1), name="third"), net.conv(side, 2, (1, 1), name="fourth")]
    onnx.save(to_onnx(net.graph), tmp_path / "model.onnx")
    entries = finnlite.check(tmp_path / "model.onnx").blocked
    assert [(entry.node, entry.cause) for entry in entries] == [
        ("join", "join"),
        ("quant", "join"),
        ("resize", "resize"),
        ("third", "join"),
        ("fourth", "resize"),
    ]
    assert entries[0].reason.startswith("the scales of its branches must be in an integer ratio, 'short' has")
    assert entries[0].fix.startswith("give 'short' and 'long' one quantizer")
    assert entries[1].fix == "fix 'join' first"


def test_sizes_that_vary_are_refused(tmp_path: Path) -> None:
    net = Net()
    net.graph.outputs = [net.conv(net.x)]
    model = to_onnx(net.graph)
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "width"
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ModelError) as error:
        finnlite.check(tmp_path / "model.onnx")
    assert str(error.value) == (
        "input 'x': axis 3 must have a fixed length, is 'width'; only the batch, axis 0, may vary: "
        "export the model with a fixed size"
    )


@pytest.mark.parametrize("quantized", [False, True])
def test_channels_made_by_broadcasting_are_refused(quantized: bool) -> None:
    net = Net(1, 5, 6)
    wide = net.add(ew.Mul(), net.x, [[[1]], [[2]], [[3]]], name="mul")
    assert refused(net, net.conv(net.quant(wide) if quantized else wide)) == (
        "node 'mul': Mul must keep the shape of its input, makes [1, 3, 5, 6] of [1, 1, 5, 6]; "
        "repeat channels by a convolution 1 × 1, pixels by Resize"
    )


def test_branches_of_two_shapes_are_refused() -> None:
    net = Net()
    x = net.quant(net.conv(net.x, 4, (1, 1)))
    y = net.quant(net.add(GlobalMaxPool(), net.conv(x, 4, (1, 1))))
    assert refused(net, net.conv(net.graph.add(ew.Add(), x, y, name="add"))) == (
        "node 'add': branches must have one shape, have [1, 4, 7, 8] and [1, 4, 1, 1]; "
        "bring both to the larger shape first"
    )
