# SPDX-License-Identifier: Apache-2.0
"""Operators with windows: convolutions, deconvolutions, pools, drawn with any kernel, stride and padding."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool

from .images import Images, evaluate
from .numerics import kind_of
from .weights import Wanted, make_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .builder import Builder, Signal

STRIDES = ("stride 1", "stride within the kernel", "stride beyond the kernel")
PADDINGS = ("no padding", "equal padding", "asymmetric padding")
ATTEMPTS = 400


@dataclass(frozen=True)
class Frame:
    """A window: a number for each spatial axis; pads begin and then end."""

    kernel_shape: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]

    @property
    def axes(self) -> int:
        """Spatial axes."""
        return len(self.kernel_shape)

    @property
    def stride(self) -> str:
        """Its row of the coverage table: one of `STRIDES`."""
        if any(s > k for s, k in zip(self.strides, self.kernel_shape, strict=True)):
            return STRIDES[2]
        return STRIDES[max(self.strides) > 1]

    @property
    def padding(self) -> str:
        """Its column of the coverage table: one of `PADDINGS`."""
        if not any(self.pads):
            return PADDINGS[0]
        return PADDINGS[1 if self.pads[: self.axes] == self.pads[self.axes :] else 2]

    def room(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Pixels that the kernel leaves over on each axis; negative where it does not fit."""
        first, last = self.pads[: self.axes], self.pads[self.axes :]
        parts = zip(sizes, first, last, self.kernel_shape, self.dilations, strict=True)
        return tuple(size + p + q - d * (k - 1) - 1 for size, p, q, k, d in parts)

    def attributes(self) -> dict[str, tuple[int, ...]]:
        """As ONNX has them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def written(self, b: Builder) -> dict[str, tuple[int, ...]]:
        """The attributes that the file gets: defaults are mostly left out."""
        defaults = {"strides": 1, "dilations": 1, "pads": 0}
        return {
            name: values
            for name, values in self.attributes().items()
            if set(values) != {defaults.get(name)} or b.chance(0.3)
        }


def _draw(b: Builder, sizes: tuple[int, ...], dilated: bool) -> Frame:
    kernel = tuple(min(int(b.rng.integers(1, 5)), s + 1) for s in sizes)
    if b.chance(0.1):
        kernel = sizes
    dilations = tuple(b.pick((1, 1, 1, 2)) if dilated else 1 for _ in sizes)
    strides = tuple(b.pick((1, 1, 2, 3, 5)) for _ in sizes)
    first = tuple(int(b.rng.integers(0, min(k, 3))) for k in kernel)
    last = first if b.chance(0.5) else tuple(int(b.rng.integers(0, min(k, 3))) for k in kernel)
    return Frame(kernel, strides, dilations, (*first, *last))


def draw_frame(
    b: Builder, sizes: tuple[int, ...], stride: str = "", padding: str = "", *, dilated: bool = True
) -> Frame:
    """A window that fits an image of `sizes`; of a row and a column of the table if they are given."""
    ones = (1,) * len(sizes)
    for _ in range(ATTEMPTS):
        frame = _draw(b, sizes, dilated)
        if padding == PADDINGS[0]:
            frame = replace(frame, pads=(0,) * (2 * len(sizes)))
        if stride == STRIDES[0]:
            frame = replace(frame, strides=ones)
        elif not stride and b.chance(0.5):
            frame = replace(frame, strides=ones)  # else little would be left of the image
        fits = min(frame.room(sizes)) >= 0
        if fits and stride in ("", frame.stride) and padding in ("", frame.padding):
            return frame
    if stride or padding:
        raise ValueError(f"no window with {stride} and {padding} fits {sizes}")
    return Frame(ones, ones, ones, (0,) * (2 * len(sizes)))


def same_frame(b: Builder, axes: int) -> Frame:
    """A window that keeps the image's size."""
    kernel = tuple(b.pick((1, 2, 3)) for _ in range(axes))
    first = tuple((k - 1) // 2 for k in kernel)
    last = tuple(k - 1 - f for k, f in zip(kernel, first, strict=True))
    ones = (1,) * axes
    return Frame(kernel, ones, ones, (*first, *last))


def note(b: Builder, operator: str, frame: Frame, x: Signal) -> None:
    """Enters the operator into the coverage table: what it is, over what, and its notable cases."""
    if not x.datatype:
        return
    b.cell(f"{operator}, {frame.stride}, {frame.padding}", kind_of(x.datatype))
    b.cell(f"window:{operator}", x.datatype)
    transposed = operator.startswith("ConvTranspose")
    is_single = all(r < s for r, s in zip(frame.room(x.shape[1:]), frame.strides, strict=True))
    parts = list(zip(frame.kernel_shape, frame.strides, strict=True))
    for what, is_so in (
        ("1-D", frame.axes == 1),
        ("dilated", any(d > 1 and k > 1 for d, k in zip(frame.dilations, frame.kernel_shape, strict=True))),
        ("non-square", len(set(frame.kernel_shape)) > 1),
        ("kernel no multiple of the stride", any(k > s and k % s for k, s in parts)),
        ("kernel equals the image", not transposed and frame.kernel_shape == x.shape[1:]),
        ("one output pixel", not transposed and is_single),
    ):
        if is_so:
            b.cell(f"{operator} {what}")


def convolve(
    net: Images, x: Signal, outputs: int = 0, *, kind: str = "", frame: Frame | None = None
) -> Signal:
    """A convolution, with a bias or without.

    Args:
        net: The network.
        x: An image.
        outputs: Its channels; any number unless given.
        kind: `Conv`, `Conv grouped` or `Conv depthwise`; drawn unless given.
        frame: Its window; drawn unless given.
    """
    b = net.b
    group, outputs = _groups(b, x.channels, outputs, kind)
    kind = "Conv" if group == 1 else "Conv depthwise" if group == x.channels else "Conv grouped"
    automatic: dict[str, Any] = {}
    if frame is None:
        frame, automatic = _automatic(b, draw_frame(b, x.shape[1:]), x)
    note(b, kind, frame, x)
    operator, datatype = b.pick(net.weights)
    wanted = Wanted((outputs, x.channels // group, *frame.kernel_shape), 0, datatype)
    name, weights = make_weights(b, operator, wanted)
    inputs, values = [x.name, name], [weights]
    if b.chance(0.25):
        b.cell("Conv with a bias")
        values.append(b.rng.normal(size=outputs).astype(np.float32))
        inputs.append(b.constant(values[1]))
    attributes = {**frame.written(b), **automatic}
    made = b.node("Conv", *inputs, group=group if group > 1 else None, **attributes)
    array = evaluate(Conv(group=group, **frame.attributes()), net.image(x), *values)
    exact = net.is_exact(x, weights.reshape(outputs, -1).T) and len(values) == 1
    return net.signal(x, made, array, is_exact=exact, datatype="")


def _automatic(b: Builder, frame: Frame, x: Signal) -> tuple[Frame, dict[str, Any]]:
    """Seldom: the window with the padding that `auto_pad` stands for, and the attributes to write."""
    if max(frame.dilations) > 1 or frame.stride == STRIDES[2] or b.chance(0.8):
        return frame, {}  # with strides beyond the kernel onnxruntime crops, against ONNX's text
    mode = b.pick(("SAME_UPPER", "SAME_LOWER", "VALID"))
    if mode == "VALID" and min(replace(frame, pads=(0,) * (2 * frame.axes)).room(x.shape[1:])) < 0:
        return frame, {}
    b.cell(f"Conv with auto_pad {mode}")
    op = Conv(auto_pad=mode, kernel_shape=frame.kernel_shape, strides=frame.strides)
    pads = op.resolve(x.shape[1:], frame.kernel_shape).pads
    return replace(frame, pads=pads), {"auto_pad": mode, "pads": None}


def _groups(b: Builder, channels: int, outputs: int, kind: str) -> tuple[int, int]:
    """Groups and output channels."""
    middle = [g for g in range(2, channels) if channels % g == 0]
    options = {"Conv": [1], "Conv depthwise": [channels], "Conv grouped": middle}
    groups = options.get(kind) or [1, 1, channels, *middle]
    if outputs:
        return b.pick([g for g in groups if outputs % g == 0] or [1]), outputs
    group = b.pick(groups)
    return group, group * int(b.rng.integers(1, 3)) if group > 1 else int(b.rng.integers(1, 7))


def deconvolve(net: Images, x: Signal, stride: str = "", padding: str = "") -> Signal | None:
    """A transposed convolution, dense or depthwise; None if no output pixel would be left."""
    b = net.b
    group = x.channels if b.chance(0.3) else 1
    for _ in range(ATTEMPTS):
        frame = _draw(b, (4,) * net.axes, dilated=True)
        if padding == PADDINGS[0]:
            frame = replace(frame, pads=(0,) * (2 * net.axes))
        if stride == STRIDES[0]:
            frame = replace(frame, strides=(1,) * net.axes)
        frame = replace(frame, strides=tuple(min(s, 3) for s in frame.strides))
        extra = tuple(int(b.rng.integers(0, s)) for s in frame.strides)
        crop = np.add(frame.pads[: net.axes], frame.pads[net.axes :])
        parts = zip(x.shape[1:], frame.strides, extra, frame.dilations, frame.kernel_shape, crop, strict=True)
        sizes = [s * (n - 1) + e + d * (k - 1) + 1 - c for n, s, e, d, k, c in parts]
        if min(sizes) >= 1 and stride in ("", frame.stride) and padding in ("", frame.padding):
            break
    else:
        return None
    outputs = 1 if group > 1 else int(b.rng.integers(1, 5))
    note(b, "ConvTranspose", frame, x)
    operator, datatype = b.pick(net.weights)
    shape = (x.channels, outputs, *frame.kernel_shape)
    name, weights = make_weights(b, operator, Wanted(shape, 0 if group > 1 else 1, datatype))
    attributes: dict[str, Any] = {"group": group, "output_padding": extra, **frame.attributes()}
    made = b.node("ConvTranspose", x.name, name, **attributes)
    array = evaluate(ConvTranspose(**attributes), net.image(x), weights)
    rows: NDArray[np.float32] = np.concatenate([p.swapaxes(0, 1) for p in np.split(weights, group)])
    exact = net.is_exact(x, rows.reshape(len(rows), -1).T)
    return net.signal(x, made, array, is_exact=exact, datatype="")


def max_pool(net: Images, x: Signal, stride: str = "", padding: str = "") -> Signal:
    """The greatest of each window."""
    b = net.b
    sizes = x.shape[1:]
    frame = draw_frame(b, sizes, stride, padding, dilated=b.opset >= 10)
    while not _is_filled(frame, sizes, ceil=False):
        frame = draw_frame(b, sizes, stride, padding, dilated=b.opset >= 10)
    ceil = not stride and b.opset >= 10 and b.chance(0.3) and not _starts_in_padding(frame, sizes)
    ceil = ceil and _is_filled(frame, sizes, ceil=True)
    note(b, "MaxPool", frame, x)
    if ceil:
        b.cell("MaxPool with ceil_mode")
    array = evaluate(MaxPool(ceil_mode=ceil, **frame.attributes()), net.image(x))
    written = frame.attributes()
    if b.opset < 10:
        del written["dilations"]
    name = b.node("MaxPool", x.name, ceil_mode=1 if ceil else None, **written)
    return net.signal(x, name, array, levels=x.levels)


def _is_filled(frame: Frame, sizes: tuple[int, ...], *, ceil: bool) -> bool:
    """Whether no window lies in the padding alone: the greatest of nothing is minus infinity."""
    op = MaxPool(**frame.attributes())
    return op.resolve(sizes, frame.kernel_shape, ceil=ceil).is_filled(sizes)


def _starts_in_padding(frame: Frame, sizes: tuple[int, ...]) -> bool:
    """Whether rounding up adds a window that starts behind the image: ONNX's shape inference counts it."""
    parts = zip(frame.room(sizes), frame.strides, sizes, frame.pads, strict=False)
    return any(-(-room // stride) * stride >= size + first for room, stride, size, first in parts)


def average_pool(net: Images, x: Signal, stride: str = "", padding: str = "") -> Signal:
    """The mean of each window; padding counts as zero."""
    b = net.b
    frame = draw_frame(b, x.shape[1:], stride, padding, dilated=False)
    note(b, "AveragePool", frame, x)
    attributes = {key: value for key, value in frame.attributes().items() if key != "dilations"}
    include = any(frame.pads)
    array = evaluate(AveragePool(count_include_pad=include, **attributes), net.image(x))
    name = b.node("AveragePool", x.name, count_include_pad=int(include), **attributes)
    return net.signal(x, name, array, is_exact=False, datatype="")


def global_pool(net: Images, x: Signal, operator: str = "GlobalAveragePool") -> Signal:
    """One number a channel."""
    if x.datatype:
        net.b.cell(operator, kind_of(x.datatype))
        net.b.cell(f"window:{operator}", x.datatype)
    name = net.b.node(operator, x.name)
    if operator == "GlobalMaxPool":
        return net.signal(x, name, evaluate(GlobalMaxPool(), net.image(x)), levels=x.levels)
    array = evaluate(GlobalAveragePool(), net.image(x))
    return net.signal(x, name, array, is_exact=False, datatype="")
