# SPDX-License-Identifier: Apache-2.0
"""Blocks of convolutional networks: each takes a quantized image and gives one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .chains import batch_norm, scalar_chain
from .images import WITHOUT_SCALES, Images
from .windows import average_pool, convolve, deconvolve, draw_frame, global_pool, max_pool, same_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from .builder import Signal

    Block = Callable[[Images, Signal], Signal]


def _conv(net: Images, x: Signal) -> Signal:
    """A convolution; now and then behind scalar operators, whose zero is not the integers' zero."""
    if net.b.chance(0.2) and x.levels is not None:
        moved = scalar_chain(net.b, x)
        if moved is not x:
            frame = draw_frame(net.b, x.shape[1:], padding="no padding")
            return net.activate(convolve(net, moved, frame=frame))
    return net.activate(convolve(net, x))


def _pool(net: Images, x: Signal) -> Signal:
    """A maximum behind the quantizer, or between a convolution and its quantizer."""
    if net.b.chance(0.5):
        return max_pool(net, x)
    net.b.cell("MaxPool in front of the quantizer")
    return net.activate(max_pool(net, convolve(net, x)))


def _average(net: Images, x: Signal) -> Signal:
    """A mean in front of a quantizer or of a convolution."""
    y = average_pool(net, x)
    return net.activate(y if net.b.chance(0.5) else convolve(net, y))


def _squeeze(net: Images, x: Signal) -> Signal:
    """A global pool, and 1 × 1 pixels from there on."""
    operator = net.b.pick(("GlobalAveragePool", "GlobalMaxPool"))
    return net.activate(convolve(net, global_pool(net, x, operator)))


def _residual(net: Images, x: Signal) -> Signal:
    """Two branches quantized with scales of a ratio 1 : 1 or 1 : 2, added or subtracted."""
    b = net.b
    y = convolve(net, x, x.channels, frame=same_frame(b, net.axes))
    y = batch_norm(b, y, tiny=0.0) if b.chance(0.7) else net.shift(y)
    short = x
    if b.chance(0.5):
        short = convolve(net, x, x.channels, frame=same_frame(b, net.axes))
    short = net.shift(short)
    datatype = b.pick(("INT4", "UINT3", "INT8", "INT3"))
    scale = net.scale_of(short, y, datatype=datatype)
    ratio = 1 if b.dialect in WITHOUT_SCALES else b.pick((1, 2))
    one, two = net.shared(short, scale, datatype), net.shared(y, np.float32(scale * ratio), datatype)
    operator = b.pick(("Add", "Add", "Sub", "Sum"))
    b.cell(f"residual {operator}")
    b.cell(f"residual of ratio {ratio}")
    total = one.probe - two.probe if operator == "Sub" else one.probe + two.probe
    made = b.node(operator, one.name, two.name)
    z = one.then(made, total, is_exact=False, bits=one.bits + 2, datatype="")
    if b.chance(0.3):
        b.cell("residual before a convolution")
        sign = -1 if operator == "Sub" else 1
        assert one.levels is not None
        assert two.levels is not None
        levels = np.unique(np.add.outer(one.levels, sign * two.levels))
        return net.activate(convolve(net, z.then(z.name, z.probe, levels=levels)))
    return net.activate(z)


def _concat(net: Images, x: Signal) -> Signal:
    """Branches of their own scales in front of a quantizer, or of related ones in front of a convolution."""
    b = net.b
    parts = [
        convolve(net, x, int(b.rng.integers(1, 4)), frame=same_frame(b, net.axes))
        for _ in range(b.pick((2, 2, 3)))
    ]
    if b.chance(0.5):
        b.cell("Concat of sums")
        return net.activate(_join(net, [net.shift(part) for part in parts]))
    datatype = b.pick(("INT4", "UINT3", "INT8"))
    scale = net.scale_of(*parts, datatype=datatype)
    ratios = [1] + [1 if b.dialect in WITHOUT_SCALES else b.pick((1, 1, 2)) for _ in parts[1:]]
    parts = [
        net.shared(net.shift(part), np.float32(scale * ratio), datatype)
        for part, ratio in zip(parts, ratios, strict=True)
    ]
    b.cell(f"Concat of levels of ratio {max(ratios)}")
    return net.activate(convolve(net, _join(net, parts)))


def _join(net: Images, parts: list[Signal]) -> Signal:
    name = net.b.node("Concat", *(part.name for part in parts), axis=1)
    array = np.concatenate([net.image(part) for part in parts], axis=1)
    known = [part.levels for part in parts if part.levels is not None]
    levels = np.unique(np.concatenate(known)) if len(known) == len(parts) else None
    bits = max(part.bits for part in parts) + 1
    exact = all(part.is_exact for part in parts)
    return net.signal(parts[0], name, array, levels=levels, is_exact=exact, bits=bits, datatype="")


def _split(net: Images, x: Signal) -> Signal:
    """Parts of the channels on ways of their own, and together again."""
    b = net.b
    if x.channels < 2:
        x = net.activate(convolve(net, x, 4))
    cut = int(b.rng.integers(1, x.channels))
    lengths = [cut, x.channels - cut]
    b.cell("Split")
    if b.opset < 13:
        first = b.node("Split", x.name, axis=1, split=lengths, outputs=2)
    else:
        first = b.node("Split", x.name, b.constant(lengths, np.int64), axis=1, outputs=2)
    names = b.nodes[-1].output
    assert names[0] == first
    arrays = np.split(net.image(x), [cut], axis=1)
    parts = [net.signal(x, n, a, levels=x.levels) for n, a in zip(names, arrays, strict=True)]
    convolved = [convolve(net, part, frame=same_frame(b, net.axes)) for part in parts]
    return net.activate(_join(net, [net.shift(part) for part in convolved]))


def _deconv(net: Images, x: Signal) -> Signal:
    return net.activate(deconvolve(net, x) or convolve(net, x))


def _resize(net: Images, x: Signal) -> Signal:
    """Pixels repeated."""
    b = net.b
    factors = [1, 1, *(b.pick((1, 2, 3)) for _ in range(net.axes))]
    array = net.image(x)
    for axis, factor in enumerate(factors):
        array = np.repeat(array, factor, axis=axis)
    if b.opset < 11:
        operator = "Upsample" if b.opset == 9 else "Resize"
        name = b.node(operator, x.name, b.constant(factors), mode="nearest")
    else:
        modes = {
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
            "mode": "nearest",
        }
        roi = b.constant(np.zeros(0)) if b.opset < 13 or b.chance(0.3) else ""
        name = b.node("Resize", x.name, roi, b.constant(factors), **modes)
    b.cell("nearest resize")
    y = net.signal(x, name, array, levels=x.levels)
    return net.activate(convolve(net, y))


def _pad(net: Images, x: Signal) -> Signal:
    """Zeros by an operator of their own."""
    b = net.b
    pairs = [(int(p), int(q)) for p, q in b.rng.integers(0, 3, (net.axes, 2))]
    around = [(0, 0), (0, 0), *pairs]
    pads = [p for p, _ in around] + [q for _, q in around]
    array = np.pad(net.image(x), around)
    if b.opset >= 11:
        name = b.node("Pad", x.name, b.constant(pads, np.int64))
    else:
        name = b.node("Pad", x.name, pads=pads)
    b.cell("Pad")
    frame = draw_frame(b, array.shape[2:], padding="no padding")
    padded = net.signal(x, name, array, levels=x.levels, datatype="")
    return net.activate(convolve(net, padded, frame=frame))


def _turn(net: Images, x: Signal) -> Signal:
    """The image as exporters from channels-last frameworks move it about: there and back."""
    b = net.b
    back = [0, net.axes + 1, *range(1, net.axes + 1)]
    there = [0, *range(2, net.axes + 2), 1]
    b.cell("Transpose and back")
    name = b.node("Transpose", b.node("Transpose", x.name, perm=there), perm=back)
    return _conv(net, x.then(name, x.probe, levels=x.levels))


BLOCKS: dict[str, Block] = {
    "conv": _conv,
    "pool": _pool,
    "average": _average,
    "residual": _residual,
    "concat": _concat,
    "split": _split,
    "deconv": _deconv,
    "resize": _resize,
    "pad": _pad,
    "turn": _turn,
    "squeeze": _squeeze,
}


def first_block(net: Images, x: Signal, operator: str, stride: str, padding: str) -> Signal:
    """The operator of a row of the coverage table, quantized again."""
    if operator == "ConvTranspose":
        y = deconvolve(net, x, stride, padding)
        assert y is not None, (operator, stride, padding, x.shape)
        return net.activate(y)
    if operator == "MaxPool":
        return max_pool(net, x, stride, padding)
    if operator == "AveragePool":
        return net.activate(average_pool(net, x, stride, padding))
    if operator.startswith("Global"):
        y = global_pool(net, x, operator)
        return y if operator == "GlobalMaxPool" else net.activate(y)
    frame = draw_frame(net.b, x.shape[1:], stride, padding)
    return net.activate(convolve(net, x, kind=operator, frame=frame))
