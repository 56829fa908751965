# SPDX-License-Identifier: Apache-2.0
"""Which integers a value can hold, channel by channel, from the weights themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Node, Value
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.linear import MatMul, dot_bounds
from finnlite.ops.movement import Cast, Concat, Split, constant_ints
from finnlite.ops.pools import MaxPool, SumPool
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.thresholding import Thresholding

from .levels import Domain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]

__all__ = ["MAX_INPUT_BITS", "root_domain", "value_range"]

MAX_INPUT_BITS = 32
"""Widest integer of a model's input; products of wider ones have no exact carrier."""


def root_domain(root: Value, lanes: int) -> Domain:
    """The values each lane of a root can take, exactly.

    Args:
        root: The value.
        lanes: Its elements, or its channels.

    Raises:
        UnsupportedError: If it is an input of integers that are too wide.
    """
    if not root.datatype.is_integer():
        return _float_domain(lanes)
    if root.producer is None and root.datatype.bitwidth() > MAX_INPUT_BITS:
        reader = root.uses[0][0].name if root.uses else root.name
        message = (
            f"node {reader!r}: its input {root.name!r} must hold integers of at most {MAX_INPUT_BITS} bits, "
            f"is {root.datatype.name}"
        )
        raise UnsupportedError(message, node=reader, fix="declare a narrower type (--input-type)")
    if root.datatype.name == "BIPOLAR":
        return Domain(
            np.zeros(lanes, dtype=np.int64),
            np.ones(lanes, dtype=np.int64),
            lambda i: (2 * i - 1).astype(root.carrier),
        )
    shape = root.shape if lanes == int(np.prod(root.shape)) else (1, lanes, *[1] * (len(root.shape) - 2))
    low, high = (np.broadcast_to(bound, shape).ravel().astype(np.int64) for bound in value_range(root))
    return Domain(low, high, lambda i: i.astype(root.carrier))


def value_range(value: Value) -> Bounds:
    """The smallest and largest integer of each channel, as arrays that broadcast to the value's shape.

    Within a channel all elements share them.
    """
    node = value.producer
    if node is None:
        return _of_datatype(value)
    op, inputs = node.op, node.inputs
    if isinstance(op, MatMul | Conv | ConvTranspose):
        return _product_range(node)
    if isinstance(op, Thresholding):
        count = node.input(1).shape[1]
        return np.array(op.out_min), np.array(op.out_min + op.out_step * count)
    if isinstance(op, SumPool):
        window = op.window(node.input(0))
        low, high = (bound * window.size for bound in value_range(node.input(0)))
        return (np.minimum(low, 0), np.maximum(high, 0)) if window.padded else (low, high)
    if isinstance(op, IntegerAdd):
        a = [bound * op.factor_a for bound in value_range(node.input(0))]
        b = [bound * op.factor_b for bound in value_range(node.input(1))]
        return np.minimum(*a) + np.minimum(*b), np.maximum(*a) + np.maximum(*b)
    if isinstance(op, Concat) and op.axis % len(value.shape) == 1:
        parts = [_full(value_range(v), v.shape) for v in inputs if v is not None]
        return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts], axis=1)
    if isinstance(op, Split) and op.axis % len(value.shape) == 1:
        ends = np.cumsum(constant_ints(node.input(1), "split"))[:-1]
        low, high = _full(value_range(node.input(0)), node.input(0).shape)
        return np.split(low, ends, axis=1)[value.index], np.split(high, ends, axis=1)[value.index]
    if isinstance(op, MaxPool | Resize) or (isinstance(op, Cast) and value.shape):
        return value_range(node.input(0))
    if isinstance(op, Pad):
        low, high = value_range(node.input(0))
        fill = node.optional(2)
        number = 0 if fill is None or fill.const is None else int(fill.const.ravel()[0])
        return np.minimum(low, number), np.maximum(high, number)
    if op.moves_data:
        low, high = value_range(node.input(0))
        return np.asarray(low.min()), np.asarray(high.max())
    return _of_datatype(value)


def _of_datatype(value: Value) -> Bounds:
    return np.array(int(value.datatype.min())), np.array(int(value.datatype.max()))


def _full(bounds: Bounds, shape: tuple[int, ...]) -> Bounds:
    """The bounds with an axis of channels."""
    wanted = (1, shape[1], *[1] * (len(shape) - 2))
    return np.broadcast_to(bounds[0], wanted), np.broadcast_to(bounds[1], wanted)


def _product_range(node: Node) -> Bounds:
    x, w = node.input(0), node.input(1)
    if w.const is None:
        return _of_datatype(node.output)
    low, high = value_range(x)
    least, most = int(low.min()), int(high.max())
    if isinstance(node.op, Conv | ConvTranspose):
        bounds = node.op.bounds(w.const, node.op.window(x, w), least, most)
        shape = (-1, *[1] * (len(x.shape) - 2))
        return bounds[0].reshape(shape), bounds[1].reshape(shape)
    return dot_bounds(w.const, least, most)


def _float_domain(lanes: int) -> Domain:
    """Float32 in order: index i ≥ 0 is the float of bit pattern i, −i its negative.

    It ends at ±2⁶⁰: beyond it products overflow, and ∞·0 and ∞ − ∞ would be taken for levels.
    """
    top = int(np.array(2.0**60, dtype=np.float32).view(np.int32))

    def values(indices: NDArray[np.int64]) -> NDArray[Any]:
        magnitude = np.abs(indices).astype(np.int32).view(np.float32)
        return np.where(indices < 0, -magnitude, magnitude)

    low, high = np.full(lanes, -top, dtype=np.int64), np.full(lanes, top, dtype=np.int64)
    return Domain(low, high, values, unbounded=True)
