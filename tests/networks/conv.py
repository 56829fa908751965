# SPDX-License-Identifier: Apache-2.0
"""Random quantized convolutional networks: any window, groups, pools, joins, forks, deconvolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from . import tables
from .blocks import BLOCKS, first_block
from .builder import Builder, Cell, Signal
from .conv_plans import HEADS, Card, cards
from .images import Images, draw_frames
from .weights import Wanted, make_weights
from .windows import convolve, global_pool

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto


@dataclass(frozen=True)
class ConvNetwork:
    """A random convolutional network.

    Attributes:
        name: Says how to make it again.
        model: The network in its dialect.
        shape: Shape of the input without its batch.
        datatype: Of the integers that enter it, or FLOAT32.
        features: The coverage cells it touches.
        noise: See `mlp.Network`.
    """

    name: str
    model: ModelProto = field(repr=False)
    shape: tuple[int, ...]
    datatype: str
    features: frozenset[Cell] = field(repr=False)
    noise: float

    @property
    def input_options(self) -> dict[str, Any]:
        """`input_type` of a raw integer input, else nothing."""
        return {} if self.datatype == "FLOAT32" else {"input_type": self.datatype}

    def inputs(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """`n` legal inputs of the source model."""
        return draw_frames(rng, self.datatype, n, self.shape)


def random_conv(
    seed: int, *, dialect: str | None = None, card: Card | None = None, blocks: tuple[str, ...] | None = None
) -> ConvNetwork:
    """A random quantized convolutional network; equal arguments give equal networks.

    Args:
        seed: Its number; consecutive ones walk through dialects, cards, blocks and heads.
        dialect: One of `tables.DIALECTS`; the seed's unless given.
        card: What it begins with; the seed's unless given.
        blocks: Names from `BLOCKS` that follow; drawn unless given.
    """
    number, index = divmod(seed, len(tables.DIALECTS))
    name = f"random_conv({seed}, dialect={dialect!r}, card={card}, blocks={blocks})"
    dialect = dialect or tables.DIALECTS[index]
    card = card or cards()[seed % len(cards())]
    b = Builder(np.random.default_rng([seed, 5]), dialect, tables.OPSETS[dialect][-1 - number % 6])
    net = Images(b, axes=1 if b.chance(0.2) else 2)
    info, x, datatype = _begin(net, card)
    x = first_block(net, x, card.operator, card.stride, card.padding)
    if blocks is None:
        names = tuple(BLOCKS)
        drawn = [names[(number + index) % len(names)]]
    else:
        drawn = list(blocks)
    for block in drawn:
        b.cell(f"block {block}")
        x = BLOCKS[block](net, x)
    y = _end(net, x, HEADS[(number + seed) % len(HEADS)])
    batch = info.type.tensor_type.shape.dim[0]
    axes = [batch.dim_value or batch.dim_param, *y.shape]
    output = helper.make_tensor_value_info(y.name, TensorProto.FLOAT, axes)
    model = b.model([info], [output], "conv")
    shape = tuple(d.dim_value for d in info.type.tensor_type.shape.dim[1:])
    return ConvNetwork(name, model, shape, datatype, frozenset(b.cells), b.noise)


def _begin(net: Images, card: Card) -> tuple[Any, Signal, str]:
    """The input, of the card's datatype as it is or behind a quantizer."""
    b = net.b
    low, high = (5, 9) if net.axes == 2 else (6, 16)
    channels = int(b.pick((2, 3, 4)) if card.operator != "Conv grouped" else b.pick((4, 6)))
    shape = (channels, *map(int, b.rng.integers(low, high, net.axes)))
    is_quantized = card.datatype in {t for _, t in net.activations} and b.chance(0.6)
    datatype = card.datatype
    if is_quantized:
        datatype = b.pick(("FLOAT32", "FLOAT32", "UINT8", "INT5", "BIPOLAR"))
    info, x = net.begin(shape, datatype, b.pick(("N", 1, 4)))
    if not is_quantized:
        return info, x, datatype
    if datatype != "FLOAT32":
        frame_first = convolve(net, x, channels)
        if min(frame_first.shape[1:]) >= 5:
            return info, net.activate(frame_first, card.datatype), datatype
    return info, net.activate(x, card.datatype), datatype


def _end(net: Images, x: Signal, head: str) -> Signal:
    b = net.b
    b.cell(f"head {head}")
    if head == "quantized":
        return net.activate(convolve(net, x))
    if head == "conv":
        return net.flat(global_pool(net, convolve(net, x)))
    x = net.flat(global_pool(net, x) if head == "global average" else x)
    operator, datatype = b.pick(net.weights)
    outputs = int(b.rng.integers(2, 6))
    name, weights = make_weights(b, operator, Wanted((x.channels, outputs), 1, datatype))
    made = b.node("MatMul", x.name, name)
    return x.then(made, x.probe @ weights.astype(np.float64), shape=(outputs,))
