# SPDX-License-Identifier: Apache-2.0
"""Small random graphs of units, folded at random: layers, windows, ways around them, joins."""

from __future__ import annotations

from typing import Any

import numpy as np

from finnlite.accelerator import units
from finnlite.ir import Graph, Node, Value
from finnlite.ops.movement import Concat
from finnlite.ops.pools import MaxPool
from finnlite.ops.unit import Unit
from finnlite.transforms import (
    AbsorbThresholds,
    Fold,
    InterleaveChannels,
    LowerConvs,
    MapToHardware,
    MinimizeWidths,
    SizeStreams,
)
from tests.image_graphs import Images
from tests.integer_graphs import integer_mlp

__all__ = ["KINDS", "even", "random_folded"]


def _mlp(rng: np.random.Generator) -> Graph:
    sizes = tuple(int(n) for n in rng.integers(1, 16, rng.integers(2, 5)))
    return integer_mlp(sizes, datatype=str(rng.choice(["BIPOLAR", "UINT3", "INT12"])))


class _Net(Images):
    """Images of a random size, and blocks of random convolutions."""

    def __init__(self, rng: np.random.Generator) -> None:
        shape = (int(rng.integers(1, 5)), *(int(n) for n in rng.integers(4, 8, 2)))
        super().__init__(shape, str(rng.choice(["UINT4", "INT3", "BIPOLAR"])))
        self.draw = rng

    def block(self, x: Value, outputs: int = 0, stride: int = 1) -> Value:
        """A convolution that keeps the size, but for its stride, and thresholds."""
        outputs = outputs or int(self.draw.integers(1, 7))
        kernel = int(self.draw.choice([1, 3]))
        pads = (kernel // 2,) * 4
        return self.quantize(self.conv(x, outputs, (kernel, kernel), strides=(stride, stride), pads=pads))

    def done(self, x: Value) -> Graph:
        """A last layer, if there is one."""
        if self.draw.random() < 0.5:
            x = self.dense(x, int(self.draw.integers(1, 5)))
        return self.end(x)


def _conv(rng: np.random.Generator) -> Graph:
    net = _Net(rng)
    x = net.x
    for _ in range(int(rng.integers(1, 4))):
        x = net.block(x, stride=int(rng.integers(1, 3)))
        if rng.random() < 0.3 and min(x.shape[2:]) > 1:
            x = net.graph.add(MaxPool(kernel_shape=(2, 2), strides=(2, 2)), x)
    return net.done(x)


def _residual(rng: np.random.Generator) -> Graph:
    net = _Net(rng)
    x = net.block(net.x)
    for _ in range(int(rng.integers(1, 3))):
        stride, channels = int(rng.integers(1, 3)), int(rng.integers(1, 5))
        long = net.block(net.block(x, stride=stride), channels)
        keeps = stride == 1 and channels == x.shape[1]
        x = net.quantize(net.add(long, x if keeps else net.block(x, channels, stride)))
    return net.done(x)


def _concat(rng: np.random.Generator) -> Graph:
    net = _Net(rng)
    x = net.block(net.x)
    branches = [x] * int(rng.integers(2, 4))
    for index, branch in enumerate(branches):
        for _ in range(int(rng.integers(index == 0, 3))):
            branches[index] = branch = net.block(branch)
    return net.done(net.quantize(net.conv(net.graph.add(Concat(axis=1), *branches), 2, (1, 1))))


KINDS = (_mlp, _conv, _residual, _concat)


def _mapped(graph: Graph) -> Graph:
    units_ = (MapToHardware(), AbsorbThresholds(), MinimizeWidths())
    return graph.transform(LowerConvs(), InterleaveChannels(), *units_)


def even() -> Graph:
    """Three layers as slow as each other: from the second frame on they wait for their own last frames."""
    net = Images((4, 8, 8))
    x, folding = net.x, {"dense": {"pe": 1, "simd": 8}}
    for index in range(3):
        name = f"c{index}"
        x = net.quantize(net.conv(x, 4, pads=(1, 1, 1, 1), name=name), name=f"q{index}")
        folding |= {name: {"pe": 1, "simd": 12}, f"{name}_windows": {"simd": 4}}
        folding[f"{name}_pad"] = {"pe": 1 if index else 4}
    return _mapped(net.end(net.dense(x, 3))).transform(Fold(folding), SizeStreams())


def _settings(unit: Unit, node: Node) -> dict[str, Any]:
    """What a folding says of a unit."""
    return {name: getattr(unit, name) for name in unit.settings(*node.inputs)}


def random_folded(seed: int) -> Graph:
    """A random graph of one of the kinds, after `SizeStreams`."""
    rng = np.random.default_rng(seed)
    graph = _mapped(KINDS[seed % len(KINDS)](rng))
    folding = {}
    for node, unit in units(graph):
        if unit.axes(*node.inputs):
            variants = list(unit.variants(*node.inputs))
            folding[node.name] = _settings(variants[int(rng.integers(len(variants)))], node)
    return graph.transform(Fold(folding), SizeStreams())
