# SPDX-License-Identifier: Apache-2.0
"""Which unit each layer becomes: the layer's node is changed in place and reads a stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Op, Value
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.joins import StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Split, constant_ints
from finnlite.ops.mvtu import MVTU
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU

from .tables import fit_table
from .thresholds import set_thresholds, sorted_rows

__all__ = ["place"]


def place(graph: Graph, node: Node, streams: Sequence[Value]) -> None:
    """Makes a layer a unit that reads `streams`.

    Raises:
        UnsupportedError: If it has no unit for what it reads.
    """
    shapes = [node.input(number).shape for number in range(len(streams))]
    before = node.input(0).datatype
    for number, stream in enumerate(streams):
        graph.set_input(node, number, stream)
    _PLACES[type(node.op)](graph, node, shapes)
    fit_table(graph, node, before)
    graph.refresh(node)


def _become(graph: Graph, node: Node, op: Op, *, keep: int) -> None:
    """Gives the node its unit and takes all inputs but the first `keep` away."""
    for number in reversed(range(keep, len(node.inputs))):
        graph.set_input(node, number, None)
    node.op = op


def _image(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> Value:
    """The stream of a layer that needs its lines and columns as they are."""
    stream = node.input(0)
    if len(shapes[0]) != 4 or stream.shape != shapes[0]:
        raise UnsupportedError(
            f"node {node.source!r}: must read a stream of {list(shapes[0][1:])}, "
            f"its producer's is {list(stream.shape[1:])}",
            node=node.source,
            fix="no unit gives a stream another shape: keep height, width and channels as they are",
        )
    return stream


def _flat(graph: Graph, node: Node, shape: tuple[int, ...]) -> None:
    """Makes the channels of what a layer reads those of `shape`: a window as large as the image."""
    stream = node.input(0)
    if stream.shape[-1] == shape[-1]:
        return
    if math.prod(stream.shape) != shape[-1]:
        _image(graph, node, [shape])
    unit = SWU(kernel=stream.shape[1:3])
    whole = graph.add(unit, stream, name=f"{node.name}_windows", before=node, origin=node.origin)
    graph.set_input(node, 0, whole)


def _matmul(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    stream, weights = node.input(0), node.input(1)
    if len(weights.shape) != 2 or weights.shape[0] not in (stream.shape[-1], math.prod(stream.shape)):
        raise UnsupportedError(
            f"node {node.source!r}: must multiply one vector of {weights.shape[0]} elements a frame, "
            f"has {stream.shape[-1]} elements",
            node=node.source,
            fix="flatten the input before this layer, so that it is a fully connected one",
        )
    node.op = MVTU(accumulator=node.output.datatype)


def _thresholding(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    """Rows sorted as units want them; repeated where the channels are not the stream's."""
    op, shape = node.op, shapes[0]
    if not isinstance(op, Thresholding):
        return
    axis = op.axis % len(shape)
    thresholds, falling = sorted_rows(node.input(1), node.optional(2))
    if len(thresholds) > 1 and axis != len(shape) - 1:
        count = node.input(0).shape[-1]
        if count != math.prod(shape):
            _image(graph, node, [(1, math.prod(shape))])
        channel = np.arange(count) // math.prod(shape[axis + 1 :]) % shape[axis]
        thresholds = thresholds[channel]
        falling = None if falling is None else falling[channel]
    elif len(thresholds) > 1:
        _flat(graph, node, shape)
    set_thresholds(graph, node, 1, (thresholds, falling), node.input(1))
    node.op = replace(op, axis=len(node.input(0).shape) - 1, pe=1)


def _lookup(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    _flat(graph, node, shapes[0])


def _windows(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    op = node.op
    _image(graph, node, shapes)
    if isinstance(op, Im2Col):
        node.op = SWU(op.kernel, op.strides, op.dilations)


def _reduction(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    op, stream = node.op, _image(graph, node, shapes)
    if isinstance(op, ChannelProduct):
        node.op = VVTU(accumulator=node.output.datatype)
        return
    if not isinstance(op, ChannelMax | ChannelSum):
        return
    kind = WindowMax if isinstance(op, ChannelMax) else WindowSum
    above = stream.producer
    whole = above is not None and isinstance(above.op, SWU) and above.op.kernel == above.input(0).shape[1:3]
    if above is not None and whole:  # of the whole image no windows are needed
        graph.set_input(node, 0, above.input(0))
    node.op = kind(window=op.window, whole=whole)


def _pad(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    _image(graph, node, shapes)
    pads = constant_ints(node.input(1), "pads")
    if any((pads[0], pads[3], pads[4], pads[7])):
        _interleaved_axes(node)
    filler = node.optional(2)
    value = 0 if filler is None or filler.const is None else int(filler.const.ravel()[0])
    _become(graph, node, StreamPad(pads=(pads[1], pads[2], pads[5], pads[6]), value=value), keep=1)


def _interleaved_axes(node: Node) -> None:
    raise UnsupportedError(
        f"node {node.source!r}: must change the lines and columns of (1, H, W, C) alone",
        node=node.source,
        fix="run InterleaveChannels first",
    )


def _resize(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    stream = _image(graph, node, shapes)
    scales = [new / old for new, old in zip(node.output.shape, stream.shape, strict=True)]
    if scales[3] != 1 or any(scale != int(scale) for scale in scales):
        _interleaved_axes(node)
    _become(graph, node, Upsample(scales=(int(scales[1]), int(scales[2]))), keep=1)


def _zeros(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    op = node.op
    _image(graph, node, shapes)
    if isinstance(op, InsertZeros):
        node.op = Upsample(scales=op.scales, zeros=True)


def _alike(node: Node, values: Sequence[Value], shapes: Sequence[tuple[int, ...]]) -> None:
    """Checks that a join's streams have the shapes of what it joins, but for axes of length 1."""
    for value, shape in zip(values, shapes, strict=True):
        if value.shape != shape:
            raise UnsupportedError(
                f"node {node.source!r}: must join streams of {list(shape[1:])}, "
                f"{value.name!r} is one of {list(value.shape[1:])}",
                node=node.source,
                fix="join before the shapes change",
            )


def _join(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    op, streams = node.op, [node.input(number) for number in range(len(shapes))]
    if isinstance(op, IntegerAdd):
        if streams[0].shape != streams[1].shape:
            _alike(node, streams, shapes)
        node.op = StreamAdd(factors=(op.factor_a, op.factor_b))
    elif isinstance(op, Concat):
        if op.axis % len(shapes[0]) != len(shapes[0]) - 1:
            _interleaved_axes(node)
        if len({stream.shape[:-1] for stream in streams}) != 1:
            _alike(node, streams, shapes)
        node.op = StreamConcat()


def _split(graph: Graph, node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    op = node.op
    if isinstance(op, Split) and op.axis % len(shapes[0]) != len(shapes[0]) - 1:
        _interleaved_axes(node)
    _flat(graph, node, shapes[0])
    sizes = tuple(constant_ints(node.input(1), "split"))
    _become(graph, node, StreamSplit(sizes=sizes), keep=1)


_PLACES: dict[type[Op], Callable[[Graph, Node, Sequence[tuple[int, ...]]], None]] = {
    ChannelMax: _reduction,
    ChannelProduct: _reduction,
    ChannelSum: _reduction,
    Concat: _join,
    Im2Col: _windows,
    InsertZeros: _zeros,
    IntegerAdd: _join,
    Lookup: _lookup,
    MatMul: _matmul,
    Pad: _pad,
    Resize: _resize,
    Split: _split,
    Thresholding: _thresholding,
}
