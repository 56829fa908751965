# SPDX-License-Identifier: Apache-2.0
"""Hand-made graphs of images as Streamline leaves them: (1, C, H, W), integer windows, thresholds, joins."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Value
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Flatten
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.scaling import Affine
from finnlite.ops.thresholding import Thresholding


class Images:
    """A graph that grows by one layer a call; every layer's constants are drawn."""

    def __init__(self, shape: Sequence[int] = (3, 6, 5), datatype: str = "UINT4", seed: int = 3) -> None:
        self.graph = Graph("images")
        self.rng = np.random.default_rng(seed)
        self.x = self.graph.input("x", (1, *shape), DataType[datatype])

    def conv(
        self, x: Value, outputs: int, kernel: Sequence[int] = (3, 3), name: str = "", **fields: Any
    ) -> Value:
        """A `Conv` of weights from −3 to 3."""
        shape = (outputs, x.shape[1] // fields.get("group", 1), *kernel)
        weights = self.graph.constant(self.rng.integers(-3, 4, shape), DataType["INT3"], name=f"{name}_w")
        op = Conv(kernel_shape=tuple(kernel), **fields)
        return self.graph.add(op, x, weights, name=name or "conv", origin=(f"{name or 'conv'}_source",))

    def deconv(self, x: Value, outputs: int, kernel: Sequence[int] = (3, 3), **fields: Any) -> Value:
        """A `ConvTranspose` of weights from −3 to 3."""
        shape = (x.shape[1], outputs // fields.get("group", 1), *kernel)
        weights = self.graph.constant(self.rng.integers(-3, 4, shape), DataType["INT3"])
        op = ConvTranspose(kernel_shape=tuple(kernel), **fields)
        return self.graph.add(op, x, weights, name="deconv", origin=("deconv_source",))

    def quantize(self, x: Value, levels: int = 3, name: str = "") -> Value:
        """Thresholds of each channel within the middle half of what x can be; bipolar if there is one."""
        low, high = int(x.datatype.min()), int(x.datatype.max())
        quarter = (high - low) // 4
        table = np.sort(self.rng.integers(low + quarter, high - quarter + 1, (x.shape[1], levels)), axis=1)
        thresholds = self.graph.constant(table, DataType["INT32"])
        op = Thresholding(out_min=-1, out_step=2) if levels == 1 else Thresholding()
        return self.graph.add(op, x, thresholds, name=name or "quant", origin=(f"{name or 'quant'}_source",))

    def add(self, a: Value, b: Value, *factors: int) -> Value:
        """A join."""
        return self.graph.add(IntegerAdd(*factors), a, b, name="join", origin=("join_source",))

    def dense(self, x: Value, rows: int) -> Value:
        """`Flatten` and a product."""
        x = self.graph.add(Flatten(), x, name="flatten", origin=("flatten_source",))
        weights = self.rng.integers(-3, 4, (x.shape[1], rows))
        return self.graph.add(MatMul(), x, self.graph.constant(weights, DataType["INT3"]), name="dense")

    def end(self, x: Value) -> Graph:
        """The host's scale, and the output."""
        factor = self.graph.constant(np.asarray(0.5))
        self.graph.outputs = [self.graph.add(Affine(), x, factor, name="scale")]
        self.graph.rename(self.graph.outputs[0], "y")
        return self.graph


def residual(shape: Sequence[int] = (4, 6, 5), **options: Any) -> Graph:
    """Two convolutions and a way around them, of which one branch changes the stride; then a dense layer."""
    net = Images(shape, **options)
    x = net.quantize(net.conv(net.x, 4, pads=(1, 1, 1, 1), name="first"), name="first_act")
    long = net.quantize(net.conv(x, 6, strides=(2, 2), pads=(1, 1, 1, 1), name="a"), name="a_act")
    long = net.quantize(net.conv(long, 6, pads=(1, 1, 1, 1), name="b"), name="b_act")
    short = net.quantize(net.conv(x, 6, (1, 1), strides=(2, 2), name="short"), name="short_act")
    return net.end(net.dense(net.quantize(net.add(long, short, 2, -1)), 3))
