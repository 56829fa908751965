# SPDX-License-Identifier: Apache-2.0
"""Convolutions of scaled integers: dense, depthwise, grouped and transposed.

Padding is the integer that stands for real zero: 0 where the view has no offset, else a `Pad` in front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.convolution import Conv, ConvTranspose, WideConv, WideConvTranspose
from finnlite.ops.spatial import Pad
from finnlite.ops.window import Window

from .constants import lift_weights
from .products import bias_of, carrier_of_sums, input_scale, integer_weights
from .views import View, along_channels, as_carrier, channel_terms, real_zero, see_as, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PADDING_NOTE", "lift_convolution", "lift_kernels", "pad_with", "padded_view"]

PADDING_NOTE = "note.padding"
"""Metadata key: where padding widens a bipolar stream."""


def lift_kernels(node: Node) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Integer weights by output channel, (M, C/group, …), and their scales, () or (M,).

    Raises:
        UnsupportedError: If the weights are computed or cannot be lifted.
    """
    weights = node.input(1)
    if weights.const is None:
        message = f"node {node.name!r}: the weights of {node.op.op_type} must be constant, are computed"
        raise UnsupportedError(message, node=node.name, fix="products of two activations are not mapped")
    rows: NDArray[Any] = weights.const
    if isinstance(node.op, ConvTranspose):
        rows = node.op.rows(rows)
    lifted = lift_weights(rows.reshape(len(rows), -1).T, node.name)
    return lifted.integers.T.reshape(rows.shape), lifted.scale


def lift_convolution(graph: Graph, node: Node) -> None:
    """Replaces a convolution of floats by one of integers and its scale.

    Raises:
        UnsupportedError: If an operand cannot be lifted.
    """
    op = node.op
    if not isinstance(op, Conv | ConvTranspose):
        raise TypeError(op)
    view = view_of(graph, node)
    rows, weight_scale = lift_kernels(node)
    window = op.window(node.input(0), node.input(1))
    if isinstance(op, Conv):
        view, window = padded_view(graph, node, view, window)
    elif real_zero(node, view) != 0:
        message = f"node {node.name!r}: zero must be the integer 0 of its input, is {real_zero(node, view)}"
        raise UnsupportedError(
            message, node=node.name, fix="use a quantizer with zero point 0 in front of it"
        )
    rows, scale, offset = _terms(node, op.group, view, rows)
    offset = weight_scale * offset + bias_of(node)
    integers = _convolve(graph, node, view.integers, rows, window)
    rank = len(integers.shape)
    view = View(integers, along_channels(weight_scale * scale, rank), along_channels(offset, rank))
    see_as(graph, node, [view])


def padded_view(graph: Graph, node: Node, view: View, window: Window) -> tuple[View, Window]:
    """A view and a window such that the padding, if any is left, is the integer 0.

    Raises:
        UnsupportedError: If no integer stands for real zero.
    """
    if not window.padded:
        return view, window
    zero = real_zero(node, view)
    if zero == 0:
        if view.integers.datatype.name == "BIPOLAR":
            _note_ternary(graph, node)
        return view, window
    q = pad_with(graph, node, view.integers, window, zero)
    # the offset is exactly that of the zero: else the padding would be a little beside it
    return View(q, view.scale, -zero * view.scale), window._replace(pads=(0,) * len(window.pads))


def _note_ternary(graph: Graph, node: Node) -> None:
    """Says what zeros beside −1 and +1 cost."""
    before = graph.metadata.get(
        PADDING_NOTE, "zeros beside bipolar values take 2 bits each, not 1, in front of "
    )
    graph.metadata[PADDING_NOTE] = before + ("" if before.endswith(" ") else ", ") + repr(node.name)


def pad_with(graph: Graph, node: Node, q: Value, window: Window, number: int) -> Value:
    """The integers with a window's padding around them, made of `number`."""
    half = len(window.pads) // 2
    pads = np.array([0, 0, *window.pads[:half], 0, 0, *window.pads[half:]], dtype=np.int64)
    fill = graph.constant(np.asarray(number, dtype=q.carrier))
    origin, name = node.origin or (node.name,), f"{node.name}_pad"
    return graph.add(Pad(), q, graph.constant(pads), fill, before=node, origin=origin, name=name)


def _terms(
    node: Node, group: int, view: View, rows: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Rows that take up what differs between the scales of a group's channels, scales and offsets (M,)."""
    scales, offsets = channel_terms(node, view)
    rows, share = rows.copy(), len(rows) // group
    found = np.empty(len(rows))
    offset = np.empty(len(rows))
    for number, (part, shift) in enumerate(
        zip(np.split(scales, group), np.split(offsets, group), strict=True)
    ):
        own = slice(number * share, (number + 1) * share)
        sums = rows[own].reshape(share, len(part), -1).sum(axis=2, dtype=np.float64)
        offset[own] = sums @ shift
        found[own], factors = input_scale(node, part)
        if factors is not None:
            rows[own] *= factors.reshape(-1, *[1] * (rows.ndim - 2))
    if (found == found[0]).all():
        found = found[0].reshape(())
    return rows, found, offset


def _convolve(graph: Graph, node: Node, q: Value, rows: NDArray[np.float32], window: Window) -> Value:
    op = node.op
    carrier = carrier_of_sums(rows, q)
    wide = carrier == np.float64
    weights: NDArray[Any] = rows.astype(carrier)
    shape = (window.dilations, window.kernel, window.pads, window.strides)
    made: Conv | ConvTranspose
    if isinstance(op, ConvTranspose):
        parts = np.split(weights, op.group)
        weights = np.concatenate([np.swapaxes(part, 0, 1) for part in parts])
        extra = _output_padding(q.shape[2:], window)
        made = (WideConvTranspose if wide else ConvTranspose)("NOTSET", *shape, op.group, extra)
    elif isinstance(op, Conv):
        made = (WideConv if wide else Conv)("NOTSET", *shape, op.group)
    q = as_carrier(graph, q, carrier, node)
    integers = integer_weights(graph, node, weights)
    origin, name = node.origin or (node.name,), f"{node.name}_accumulator"
    return graph.add_node(made, q, integers, before=node, origin=origin, outputs=(name,)).output


def _output_padding(sizes: tuple[int, ...], window: Window) -> tuple[int, ...]:
    """What makes a transposed convolution's result as large as it is."""
    rank = len(sizes)
    return tuple(
        window.output[a]
        + window.pads[a]
        + window.pads[a + rank]
        - window.strides[a] * (sizes[a] - 1)
        - window.dilations[a] * (window.kernel[a] - 1)
        - 1
        for a in range(rank)
    )
