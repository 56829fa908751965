# SPDX-License-Identifier: Apache-2.0
"""How values lie in streams, and what each layer does to work on them; see `interleaving`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Op, Value
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Reshape, Split, constant_ints
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding

from .layers import moves, streams_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Index = NDArray[np.int64]

__all__ = ["LAYERS", "Layout", "Layouts", "pixels_first"]


class Layout(NamedTuple):
    """How a value of before lies in a stream.

    Args:
        stream: (1, N) or (1, H, W, C).
        places: In the value's own shape, the place of each element in the stream.
    """

    stream: Value
    places: Index


def pixels_first(shape: Sequence[int]) -> Index:
    """The index of (1, C, …) whose stream holds a pixel's channels adjacent, row-major.

    >>> pixels_first((1, 2, 1, 3)).ravel()
    array([0, 2, 4, 1, 3, 5])
    """
    spatial = tuple(shape[2:])
    order = np.arange(int(np.prod(shape))).reshape(1, *spatial, shape[1])
    return np.moveaxis(order, -1, 1)


class Layouts:
    """The values of a graph that lie in streams so far."""

    def __init__(self, graph: Graph) -> None:
        """See the class."""
        self.graph = graph
        self.of: dict[Value, Layout] = {}

    def shaped(self, value: Value, shape: Sequence[int], before: Node | None) -> Value:
        """The same elements in the same order under another shape."""
        if value.shape == tuple(shape):
            return value
        target = self.graph.constant(np.array([0, *shape[1:]], dtype=np.int64), name="stream_shape")
        return self.graph.add(Reshape(), value, target, name="stream", before=before)

    def stuck(self, node: Node, value: Value) -> UnsupportedError:
        """The error of a layer that cannot read a value as it lies."""
        culprit, number = node, list(node.inputs).index(value)
        if value.producer is not None:
            culprit = value.producer
            while culprit.inputs and moves(culprit) and culprit.input(0).producer is not None:
                above = culprit.input(0).producer
                if above is None or not moves(above):
                    break
                culprit = above
        return UnsupportedError(
            f"node {culprit.source!r}: must leave a pixel's channels adjacent for {node.source!r} "
            f"(input {number}), reorders them ({culprit.op.op_type})",
            node=culprit.source,
            fix="remove it, or move it behind the last layer: no unit reorders a stream",
        )

    def image(self, node: Node, number: int = 0) -> Value:
        """Input `number`, (1, C, …), as a stream (1, H, W, C)."""
        value = node.input(number)
        stream, index = self.of[value]
        if len(index.shape) not in (3, 4) or not np.array_equal(index, pixels_first(index.shape)):
            raise self.stuck(node, value)
        lines = index.shape[2:] if len(index.shape) == 4 else (1, index.shape[2])
        return self.shaped(stream, (1, *lines, index.shape[1]), node)

    def constant(self, array: NDArray[np.generic], like: Value) -> Value:
        """A constant in place of another one."""
        result = self.graph.constant(np.ascontiguousarray(array), name=like.name)
        self.graph.set_type(result, result.type._replace(datatype=like.datatype))
        return result


def _product(layouts: Layouts, node: Node) -> list[Index]:
    """`MatMul`: its rows follow the elements of each vector."""
    value, weights = node.input(0), node.input(1)
    stream, index = layouts.of[value]
    inner, outer = weights.shape
    vectors = index.reshape(-1, inner)
    order = vectors[0] % inner
    if not ((vectors // inner == vectors[:, :1] // inner).all() and (vectors % inner == order).all()):
        raise layouts.stuck(node, value)
    if stream.shape[-1] != inner:
        lines = (len(vectors),) if len(index.shape) == 2 else (1, len(vectors))
        stream = layouts.shaped(stream, (*lines, inner), node)
    if not np.array_equal(order, np.arange(inner)):
        rows = np.empty_like(weights.const)
        rows[order] = weights.const
        layouts.graph.set_input(node, 1, layouts.constant(rows, weights))
    layouts.graph.set_input(node, 0, stream)
    return [vectors[:, :1] // inner * outer + np.arange(outer)]


def _channelwise(layouts: Layouts, node: Node) -> list[Index]:
    """`Thresholding` and `Lookup`: rows of constants follow the channels."""
    op, value = node.op, node.input(0)
    stream, index = layouts.of[value]
    axis = op.axis % len(index.shape) if isinstance(op, Thresholding) else len(index.shape) - 1
    tables = [(n, v) for n, v in enumerate(node.inputs) if n > 0 and v is not None and v.shape[0] > 1]
    if tables:
        shape = [1] * len(index.shape)
        shape[axis] = index.shape[axis]
        channel = np.empty(index.size, dtype=np.int64)
        channel[index.ravel()] = np.broadcast_to(
            np.arange(index.shape[axis]).reshape(shape), index.shape
        ).ravel()
        pixels = channel.reshape(-1, stream.shape[-1])
        if not (pixels == pixels[0]).all():
            stream, pixels = layouts.shaped(stream, (1, index.size), node), channel[None]
        if not np.array_equal(pixels[0], np.arange(index.shape[axis])):
            for number, table in tables:
                rows = np.asarray(table.const)[pixels[0]]
                layouts.graph.set_input(node, number, layouts.constant(rows, table))
    if isinstance(op, Thresholding):
        node.op = replace(op, axis=len(stream.shape) - 1)
    layouts.graph.set_input(node, 0, stream)
    return [index]


def _windows(layouts: Layouts, node: Node) -> list[Index]:
    """`Im2Col`: rows become (kh, kw, C)."""
    op, stream = node.op, layouts.image(node)
    if not isinstance(op, Im2Col):
        raise layouts.stuck(node, node.input(0))
    node.op = replace(op, interleaved=True)
    layouts.graph.set_input(node, 0, stream)
    channels, taps = stream.shape[-1], op.kernel[0] * op.kernel[1]
    row = np.arange(taps) * channels + np.arange(channels)[:, None]
    count = int(np.prod(node.output.shape[1:3]))
    return [np.arange(count)[:, None] * row.size + row.ravel()]


def _reduction(layouts: Layouts, node: Node) -> list[Index]:
    """`ChannelProduct`, `ChannelMax` and `ChannelSum`: on rows (kh, kw, C)."""
    op, value = node.op, node.input(0)
    stream, index = layouts.of[value]
    if not isinstance(op, ChannelProduct | ChannelMax | ChannelSum):
        raise layouts.stuck(node, value)
    taps = op.window_of(node.inputs)
    channels = index.shape[-1] // taps
    row = np.arange(taps) * channels + np.arange(channels)[:, None]
    if not np.array_equal(
        index.reshape(-1, row.size) % row.size, np.tile(row.ravel(), (index.size // row.size, 1))
    ):
        raise layouts.stuck(node, value)
    if node.optional(1) is not None:
        weights = node.input(1)
        layouts.graph.set_input(node, 1, layouts.constant(np.asarray(weights.const).T, weights))
    node.op = replace(op, interleaved=True)
    layouts.graph.set_input(node, 0, layouts.shaped(stream, (*index.shape[:3], row.size), node))
    return [index.reshape(-1, row.size)[:, :1] // row.size * channels + np.arange(channels)]


def _addition(layouts: Layouts, node: Node) -> list[Index]:
    """`IntegerAdd`: both must lie alike."""
    (first, index), (second, other) = (layouts.of[node.input(n)] for n in (0, 1))
    if not np.array_equal(index, other):
        raise layouts.stuck(node, node.input(1))
    layouts.graph.set_input(node, 0, first)
    layouts.graph.set_input(node, 1, layouts.shaped(second, first.shape, node))
    return [index]


def _concat(layouts: Layouts, node: Node) -> list[Index]:
    """`Concat`: the channels of each pixel one stream after the other."""
    op = node.op
    parts = [layouts.of[value] for value in streams_of(node)]
    if len({part.stream.shape[:-1] for part in parts}) != 1:
        parts = [
            Layout(layouts.shaped(part.stream, (1, part.places.size), node), part.places) for part in parts
        ]
    total, start, joined = sum(part.stream.shape[-1] for part in parts), 0, []
    for number, (stream, index) in enumerate(parts):
        own = stream.shape[-1]
        joined.append(index // own * total + start + index % own)
        layouts.graph.set_input(node, number, stream)
        start += own
    axis = op.axis if isinstance(op, Concat) else 1
    node.op = Concat(axis=len(parts[0].stream.shape) - 1)
    return [np.concatenate(joined, axis=axis)]


def _split(layouts: Layouts, node: Node) -> list[Index]:
    """`Split`: each part must be the same channels of every pixel."""
    op, value = node.op, node.input(0)
    stream, index = layouts.of[value]
    own, axis = stream.shape[-1], op.axis if isinstance(op, Split) else 1
    ends = np.cumsum(constant_ints(node.input(1), "split"))[:-1]
    sizes, parts, start = [], [], 0
    for part in np.split(index, ends, axis=axis):
        size = part.size * own // index.size
        channels = part % own - start
        if not (0 <= channels.min() and channels.max() < size):
            raise layouts.stuck(node, value)
        parts.append(part // own * size + channels)
        sizes.append(size)
        start += size
    node.op = Split(axis=len(stream.shape) - 1)
    layouts.graph.set_input(node, 0, stream)
    layouts.graph.set_input(node, 1, layouts.graph.constant(np.array(sizes, dtype=np.int64), name="sizes"))
    return parts


def _larger(layouts: Layouts, node: Node) -> list[Index]:
    """`Pad`, `Resize` and `InsertZeros`: the two spatial axes are the second and third."""
    op, shape, stream = node.op, node.output.shape, layouts.image(node)
    rank = len(shape)
    if isinstance(op, Pad):
        pads = constant_ints(node.input(1), "pads")
        first, last = pads[:rank], pads[rank:]
        if any((*first[:2], *last[:2])):
            raise UnsupportedError(
                f"node {node.source!r}: must pad pixels, pads batch or channels",
                node=node.source,
                fix="there is no unit that adds channels",
            )
        lines = [0] * (4 - rank)
        spatial = [0, *lines, *first[2:], 0, 0, *lines, *last[2:], 0]
        layouts.graph.set_input(
            node, 1, layouts.graph.constant(np.array(spatial, dtype=np.int64), name="pads")
        )
    elif isinstance(op, Resize):
        target = (1, *[1] * (4 - rank), *shape[2:], shape[1])
        scales = np.array(target, dtype=np.float32) / np.array(stream.shape, dtype=np.float32)
        layouts.graph.set_input(node, 2, layouts.graph.constant(scales, name="scales"))
    elif isinstance(op, InsertZeros):
        node.op = replace(op, interleaved=True)
    layouts.graph.set_input(node, 0, stream)
    return [pixels_first(shape)]


LAYERS: dict[type[Op], Callable[[Layouts, Node], list[Index]]] = {
    ChannelMax: _reduction,
    ChannelProduct: _reduction,
    ChannelSum: _reduction,
    Concat: _concat,
    Im2Col: _windows,
    InsertZeros: _larger,
    IntegerAdd: _addition,
    Lookup: _channelwise,
    MatMul: _product,
    Pad: _larger,
    Resize: _larger,
    Split: _split,
    Thresholding: _channelwise,
}
"""What makes a layer work on streams: changes its constants and inputs, and says where its results lie."""
