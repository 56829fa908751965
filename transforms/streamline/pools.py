# SPDX-License-Identifier: Apache-2.0
"""Pools: the greatest or the sum of the integers of each window.

The maximum commutes with whatever never decreases. `advance_pools` first moves it behind the operators that
follow it, so that thresholds come first and it compares few bits; where those fall or are no quantizer, it
goes back to the integers before it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.movement import Reshape, constant_ints
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool, SumPool
from finnlite.ops.reduction import ReduceMean, ReduceSum
from finnlite.ops.window import Window

from .chains import varying
from .convolutions import pad_with, padded_view
from .products import carrier_of_sums
from .views import View, along_channels, as_carrier, channel_terms, see_as, view_of

__all__ = ["advance_pools", "is_plain_maximum", "lift_maximum", "lift_sum"]


def advance_pools(graph: Graph) -> bool:
    """Moves every maximum behind the rising functions that follow it; says whether there were any."""
    changed = False
    for node in reversed(list(graph.nodes)):
        while isinstance(node.op, MaxPool | GlobalMaxPool):
            value = node.output
            if graph.is_output(value) or len(value.uses) != 1:
                break
            reader, index = value.uses[0]
            if not _commutes(reader, index):
                break
            node = _swap(graph, node, reader, index)
            changed = True
    return changed


def _commutes(node: Node, index: int) -> bool:
    """Whether a node is a function of each channel of one input that never decreases."""
    op, x = node.op, node.input(index)
    if not op.elementwise or varying(node) != [index] or len(x.shape) < 3:
        return False
    pixel = Value(x.name, x.type._replace(shape=(1, x.shape[1], *[1] * (len(x.shape) - 2))))
    inputs = [pixel if value is x else value for value in node.inputs]
    try:
        return op.infer(*inputs)[0].shape == pixel.shape and op.rising_in(index, inputs)
    except IRError:
        return False


def _swap(graph: Graph, pool: Node, reader: Node, index: int) -> Node:
    """pool, reader to reader, pool; returns the new pool."""
    inputs = list(reader.inputs)
    inputs[index] = pool.input(0)
    first = graph.add_node(reader.op, *inputs, before=pool, origin=reader.origin or (reader.name,))
    last = graph.add_node(pool.op, first.output, before=pool, origin=pool.origin or (pool.name,))
    graph.replace(reader.output, last.output)
    names = reader.name, pool.name
    graph.remove(reader)
    graph.remove(pool)
    for node, name in zip((first, last), names, strict=True):
        graph.rename_node(node, name)
    return last


def is_plain_maximum(node: Node) -> bool:
    """Whether nothing about a maximum's window is left to resolve."""
    op = node.op
    if not isinstance(op, MaxPool) or op.kernel_shape is None or op.pads is None:
        return False
    resolved = op.auto_pad == "NOTSET" and not op.ceil_mode and None not in (op.strides, op.dilations)
    return resolved and all(pad < k for pad, k in zip(op.pads, op.kernel_shape * 2, strict=True))


def lift_maximum(graph: Graph, node: Node) -> None:
    """Replaces a maximum of floats by one of integers.

    Raises:
        UnsupportedError: If its input is neither quantized nor a rising function of integers.
    """
    try:
        view = view_of(graph, node)
    except UnsupportedError:
        before = node.input(0).producer
        if before is None or varying(before) == [] or not _commutes(before, varying(before)[0]):
            raise
        retreat = _retreat(graph, node, before)
        lift_maximum(graph, retreat)
        return
    scales, offsets = channel_terms(node, view)
    if (scales < 0).any():
        message = (
            f"node {node.name!r}: what {node.op.op_type} reads must rise with the integers behind it, falls "
            f"in {int((scales < 0).sum())} of {len(scales)} channels"
        )
        raise UnsupportedError(message, node=node.name, fix="put a quantizer between the layer and the pool")
    window = _window(node)
    origin = node.origin or (node.name,)
    q = view.integers
    if any(pad >= k for pad, k in zip(window.pads, window.kernel * 2, strict=True)):
        # onnxruntime pads less than a kernel; the smallest integer never wins
        q = pad_with(graph, node, q, window, int(q.datatype.min()))
        window = window._replace(pads=(0,) * len(window.pads))
    made = MaxPool(
        kernel_shape=window.kernel, strides=window.strides, dilations=window.dilations, pads=window.pads
    )
    q = graph.add(made, q, before=node, origin=origin)
    rank = len(q.shape)
    see_as(graph, node, [View(q, along_channels(scales, rank), along_channels(offsets, rank))])


def _retreat(graph: Graph, pool: Node, before: Node) -> Node:
    """Before, pool to pool, before; returns the new pool."""
    (index,) = varying(before)
    origin = pool.origin or (pool.name,)
    first = graph.add_node(pool.op, before.input(index), before=pool, origin=origin)
    inputs = list(before.inputs)
    inputs[index] = first.output
    last = graph.add(
        before.op, *inputs, before=pool, name=before.name, origin=before.origin or (before.name,)
    )
    graph.replace(pool.output, last)
    name = pool.name
    graph.remove(pool)
    graph.rename_node(first, name)
    return first


def _window(node: Node) -> Window:
    op, x = node.op, node.input(0)
    if isinstance(op, MaxPool | AveragePool):
        return op.window(x)
    kernel = x.shape[2:]
    ones = (1,) * len(kernel)
    return Window(kernel, ones, ones, (0,) * (2 * len(kernel)), ones)


def lift_sum(graph: Graph, node: Node) -> None:
    """Replaces a mean or sum over windows of floats by the sum of their integers, and its scale.

    Raises:
        UnsupportedError: If its input is not quantized, or the windows do not share one divisor.
    """
    _check_mean(node)
    view = view_of(graph, node)
    window = _window(node)
    view, window = padded_view(graph, node, view, window)
    scales, offsets = channel_terms(node, view)
    ones = np.ones((1, window.size), dtype=np.float32)
    q = as_carrier(graph, view.integers, carrier_of_sums(ones, view.integers), node)
    made = SumPool(
        kernel_shape=window.kernel, strides=window.strides, dilations=window.dilations, pads=window.pads
    )
    origin = node.origin or (node.name,)
    q = graph.add(made, q, before=node, origin=origin)
    divisor = 1 if isinstance(node.op, ReduceSum) else window.size
    scales, offsets = scales / divisor, offsets * (window.size / divisor)
    rank = len(q.shape)
    scale, offset = along_channels(scales, rank), along_channels(offsets, rank)
    if q.shape != node.output.shape:
        target = graph.constant(np.array([0, *node.output.shape[1:]], dtype=np.int64))
        q = graph.add(Reshape(), q, target, before=node, origin=origin)
        scale, offset = scales.reshape(node.output.shape[1:]), offsets.reshape(node.output.shape[1:])
    see_as(graph, node, [View(q, scale, offset)])


def _check_mean(node: Node) -> None:
    """Sees that every window has one divisor, and that a reduction is over whole images."""
    op, x = node.op, node.input(0)
    message = fix = ""
    if isinstance(op, AveragePool):
        window = op.window(x)
        overhang = window.pads != replace(op, ceil_mode=False).window(x).pads
        if overhang or (window.padded and not op.count_include_pad):
            what = "ceil_mode 1" if overhang else "pads and count_include_pad 0"
            message = f"{op.op_type} must divide every window by {window.size}, has {what}"
            fix = "set ceil_mode to 0" if overhang else "set count_include_pad to 1, or pads to 0"
    elif isinstance(op, ReduceMean | ReduceSum):
        axes = op.axes if isinstance(op, ReduceMean) else constant_ints(node.optional(1), "axes")
        reduced = sorted(axis % len(x.shape) for axis in axes or ())
        wanted = list(range(2, len(x.shape)))
        if reduced != wanted or not wanted:
            message = f"{op.op_type} must be over all pixels of each channel, is over axes {list(axes or ())}"
            message += f" of {list(x.shape)}"
            fix = "use a pool, or put it behind the last layer's output"
    elif not isinstance(op, GlobalAveragePool):
        raise TypeError(op)
    if message:
        raise UnsupportedError(f"node {node.name!r}: {message}", node=node.name, fix=fix)
