# SPDX-License-Identifier: Apache-2.0
"""Joins: sums and concatenations of branches that depend on several layers.

A sum of a = s·f_a·q_a + o_a and b = s·f_b·q_b + o_b with integers f is s·(f_a·q_a + f_b·q_b) + o_a + o_b.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.elementwise import Add, Sub, Sum
from finnlite.ops.movement import Cast, Concat
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.thresholding import Thresholding

from .chains import Chain, chain_of, is_integer, varying, walk_back
from .ranges import value_range
from .views import View, along_channels, as_carrier, channel_terms, see_as, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["is_join", "lift_concat", "lift_join"]

_EXACT = 2**24
_LARGEST_FACTOR = 256
_LARGEST_OF_BOTH = 16
_CLOSE = 2.0**-21
"""How far a ratio of float32 scales may be from that of two integers."""


def is_join(node: Node) -> bool:
    """Whether an elementwise node joins branches of several layers."""
    return node.op.elementwise and len(varying(node)) > 1 and not isinstance(chain_of(node.output), Chain)


def lift_join(graph: Graph, node: Node) -> None:
    """Replaces a sum of branches by a sum of integers and its scale.

    Raises:
        UnsupportedError: If it is no sum, a branch is not quantized, or the scales have no integer ratio.
    """
    inputs = varying(node)
    if not isinstance(node.op, Add | Sub | Sum) or len(inputs) != len(node.inputs):
        names = " and ".join(repr(_maker(node.input(i))) for i in inputs)
        message = f"node {node.name!r}: branches must be joined by Add, Sub or Concat, {names} are by "
        message += node.op.op_type
        raise UnsupportedError(message, node=node.name, fix="remove the branch, or add what it computes")
    shapes = [node.input(i).shape for i in inputs]
    if len(set(shapes)) != 1 or len(shapes[0]) < 2:
        found = " and ".join(str(list(shape)) for shape in shapes)
        message = f"node {node.name!r}: branches must have one shape, have {found}"
        raise UnsupportedError(message, node=node.name, fix="bring both to the larger shape first")
    makers = [_maker(node.input(i)) for i in inputs]
    view = view_of(graph, node, inputs[0])
    for number, index in enumerate(inputs[1:], start=1):
        other = view_of(graph, node, index)
        view = _sum(graph, node, (view, other), (makers[number - 1], makers[number]))
    see_as(graph, node, [view])


def _maker(value: Value) -> str:
    """The name of the quantizer of a branch; of the last node of one that has none."""
    base, _ = walk_back(value)
    quantized = not is_integer(base) or (
        base.producer is not None and isinstance(base.producer.op, Thresholding)
    )
    maker = base.producer if quantized else value.producer
    return value.name if maker is None else maker.source


def _sum(graph: Graph, node: Node, views: tuple[View, View], names: tuple[str, str]) -> View:
    sign = -1 if isinstance(node.op, Sub) else 1
    (scale_a, offset_a), (scale_b, offset_b) = (channel_terms(node, view) for view in views)
    if _is_zero(views[0].integers):
        scale_a = scale_b  # zero has any scale
    elif _is_zero(views[1].integers):
        scale_b = scale_a
    factors = _factors(scale_a, sign * scale_b)
    if factors is None:
        raise _incompatible(node, names, scale_a, scale_b)
    largest = sum(
        abs(factor) * max(int(np.abs(bound).max()) for bound in value_range(view.integers))
        for factor, view in zip(factors, views, strict=True)
    )
    carrier = np.float64 if largest >= _EXACT else np.float32
    q = [as_carrier(graph, view.integers, carrier, node) for view in views]
    total = graph.add(IntegerAdd(*factors), *q, before=node, origin=node.origin or (node.name,))
    rank = len(total.shape)
    scale = scale_a / factors[0]
    return View(total, along_channels(scale, rank), along_channels(offset_a + sign * offset_b, rank))


def _is_zero(value: Value) -> bool:
    """Whether a value is 0 for every input: all levels but one of its quantizer are out of reach."""
    node = value.producer
    while node is not None and (node.op.moves_data or isinstance(node.op, Cast)):
        node = node.input(0).producer
    if node is None or not isinstance(node.op, Thresholding) or node.op.out_min != 0:
        return False
    thresholds, falling = node.input(1).const, node.optional(2)
    if falling is not None or thresholds is None:
        return False
    x = node.input(0)
    _, high = value_range(x)
    channels = np.broadcast_to(high, (1, x.shape[1], *[1] * (len(x.shape) - 2))).reshape(-1, 1)
    return bool((thresholds > channels).all())


def _factors(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[int, int] | None:
    """Small integers (p, q) with a : b = p : q in every channel, p > 0."""
    live = (a != 0) & (b != 0)
    if not live.any() or ((a == 0) != (b == 0)).any():
        return None
    ratios = a[live] / b[live]
    fraction = Fraction(float(ratios[0])).limit_denominator(_LARGEST_FACTOR)
    p, q = fraction.numerator, fraction.denominator
    small = max(abs(p), q) <= _LARGEST_FACTOR and min(abs(p), q) <= _LARGEST_OF_BOTH
    if p == 0 or not small or (np.abs(ratios * q / p - 1) > _CLOSE).any():
        return None
    return (p, q) if p > 0 else (-p, -q)


def _incompatible(
    node: Node, names: tuple[str, str], a: NDArray[np.float64], b: NDArray[np.float64]
) -> UnsupportedError:
    first, second = (_described(name, scale) for name, scale in zip(names, (a, b), strict=True))
    message = f"node {node.name!r}: the scales of its branches must be in an integer ratio, {first}, {second}"
    fix = f"give {names[0]!r} and {names[1]!r} one quantizer, or scales that are multiples of each other"
    return UnsupportedError(message, node=node.name, fix=fix)


def _described(name: str, scale: NDArray[np.float64]) -> str:
    low, high = scale.min(), scale.max()
    return f"{name!r} has {low:.6g}" + ("" if low == high else f" to {high:.6g} a channel")


def lift_concat(graph: Graph, node: Node) -> None:
    """Replaces a concatenation of floats by one of integers; each channel keeps its scale.

    Raises:
        UnsupportedError: If it is not along the channels, or a branch is not quantized.
    """
    op = node.op
    rank = len(node.output.shape)
    if not isinstance(op, Concat) or op.axis % rank != 1:
        axis = op.axis if isinstance(op, Concat) else None
        message = f"node {node.name!r}: Concat must be along the channels, axis 1, is along axis {axis}"
        raise UnsupportedError(message, node=node.name, fix="join images along their channels only")
    constant = [v.name for v in node.inputs if v is not None and v.const is not None]
    if constant:
        message = f"node {node.name!r}: Concat must be of computed branches, {constant[0]!r} is constant"
        raise UnsupportedError(message, node=node.name, fix="add the constant channels' effect to the bias")
    views = [view_of(graph, node, index) for index in range(len(node.inputs))]
    terms = [channel_terms(node, view) for view in views]
    zeros = [_is_zero(view.integers) for view in views]
    if not all(zeros):
        live = terms[zeros.index(False)][0][0]  # zero has any scale
        terms = [(np.full_like(s, live) if z else s, o) for z, (s, o) in zip(zeros, terms, strict=True)]
    wide = any(view.integers.carrier == np.float64 for view in views)
    parts = [as_carrier(graph, v.integers, np.float64 if wide else np.float32, node) for v in views]
    q = graph.add(Concat(axis=1), *parts, before=node, origin=node.origin or (node.name,))
    scale, offset = (along_channels(np.concatenate(part), rank) for part in zip(*terms, strict=True))
    see_as(graph, node, [View(q, scale, offset)])
