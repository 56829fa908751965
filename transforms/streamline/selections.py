# SPDX-License-Identifier: Apache-2.0
"""Operators that pick, repeat or surround elements: `Split`, `Resize` (nearest), `Pad`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Value
from finnlite.ops.movement import Split, constant_ints
from finnlite.ops.spatial import Pad, Resize

from .views import View, along_channels, channel_terms, real_zero, see_as, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["is_plain_pad", "is_plain_resize", "lift_pad", "lift_resize", "lift_split"]

_REPEAT = Resize("asymmetric", mode="nearest", nearest_mode="floor")


def is_plain_pad(node: Node) -> bool:
    """Whether a node surrounds images by a number that it names."""
    around = np.reshape(constant_ints(node.input(1), "pads"), (2, -1))
    plain = isinstance(node.op, Pad) and node.op.mode == "constant" and node.optional(2) is not None
    return plain and not around[:, :2].any() and bool((around >= 0).all())


def is_plain_resize(node: Node) -> bool:
    """Whether a node is written as the repetition of pixels."""
    factors = node.optional(2)
    if node.op != _REPEAT or factors is None or factors.const is None:
        return False
    whole = (factors.const == np.round(factors.const)) & (factors.const >= 1)
    return bool(whole.all() and (factors.const[:2] == 1).all())


def lift_split(graph: Graph, node: Node) -> None:
    """Replaces a split of floats by one of integers.

    Raises:
        UnsupportedError: If it is not along the channels, or its input is not quantized.
    """
    op, rank = node.op, len(node.input(0).shape)
    if not isinstance(op, Split) or op.axis % rank != 1:
        axis = op.axis if isinstance(op, Split) else None
        message = f"node {node.name!r}: Split must be along the channels, axis 1, is along axis {axis}"
        raise UnsupportedError(message, node=node.name, fix="split images along their channels only")
    view = view_of(graph, node)
    scales, offsets = channel_terms(node, view)
    ends = np.cumsum(constant_ints(node.input(1), "split"))[:-1]
    origin = node.origin or (node.name,)
    made = graph.add_node(Split(axis=1), view.integers, node.input(1), before=node, origin=origin)
    parts = zip(made.outputs, np.split(scales, ends), np.split(offsets, ends), strict=True)
    see_as(graph, node, [View(q, along_channels(s, rank), along_channels(o, rank)) for q, s, o in parts])


def lift_pad(graph: Graph, node: Node) -> None:
    """Replaces padding with a constant by padding with the integer that stands for it.

    Raises:
        UnsupportedError: If the constant lies beside the integers, or it is no padding of images.
    """
    op, rank = node.op, len(node.input(0).shape)
    pads = np.array(constant_ints(node.input(1), "pads"), dtype=np.int64)
    fill = node.optional(2)
    around = pads.reshape(2, rank)
    if not isinstance(op, Pad) or op.mode != "constant":
        mode = op.mode if isinstance(op, Pad) else ""
        message, fix = f"Pad must be of mode constant, is {mode}", "pad with zeros"
    elif around[:, :2].any() or (around < 0).any():
        message = f"Pad must add pixels around an image, has pads {pads.tolist()}"
        fix = "pad the axes behind batch and channels, and do not crop"
    elif fill is not None and fill.const is None:
        message, fix = "the value of Pad must be constant, is computed", "pad with zeros"
    else:
        number = 0.0 if fill is None or fill.const is None else float(fill.const.ravel()[0])
        view = view_of(graph, node)
        zero = real_zero(node, View(view.integers, view.scale, view.offset - number))
        value = graph.constant(np.asarray(zero, dtype=view.integers.carrier))
        origin = node.origin or (node.name,)
        q = graph.add(Pad(), view.integers, graph.constant(pads), value, before=node, origin=origin)
        scales, offsets = channel_terms(node, view)
        see_as(graph, node, [View(q, along_channels(scales, rank), along_channels(offsets, rank))])
        return
    raise UnsupportedError(f"node {node.name!r}: {message}", node=node.name, fix=fix)


def lift_resize(graph: Graph, node: Node) -> None:
    """Replaces an enlargement that repeats pixels by that of the integers.

    Raises:
        UnsupportedError: If it is any other change of size, or its input is not quantized.
    """
    shape, wanted = node.input(0).shape, node.output.shape
    factors = [Fraction(b, a) for a, b in zip(shape, wanted, strict=True)]
    whole = all(factor.denominator == 1 for factor in factors) and factors[0] == factors[1] == 1
    if not whole or not _repeats(node, [int(factor) for factor in factors]):
        mode = node.op.mode if isinstance(node.op, Resize) else ""
        message = (
            f"node {node.name!r}: Resize must repeat each pixel a whole number of times (nearest), is {mode} "
            f"from {list(shape[2:])} to {list(wanted[2:])}"
        )
        fix = "use mode nearest with coordinate_transformation_mode asymmetric, nearest_mode floor"
        raise UnsupportedError(message, node=node.name, fix=fix)
    view = view_of(graph, node)
    scales, offsets = channel_terms(node, view)
    q = view.integers
    repeats = graph.constant(np.array(factors, dtype=np.float32))
    q = graph.add(_REPEAT, q, None, repeats, before=node, origin=node.origin or (node.name,))
    rank = len(shape)
    see_as(graph, node, [View(q, along_channels(scales, rank), along_channels(offsets, rank))])


def _repeats(node: Node, factors: list[int]) -> bool:
    """Whether a node, asked itself, repeats the elements of its input."""
    graph = Graph("resize")
    shape = node.input(0).shape
    x = graph.input("x", (1, 1, *shape[2:]))
    constants: list[Value | None] = []
    for index, value in enumerate(node.inputs[1:], start=1):
        if value is None or value.const is None:
            constants.append(None)
            continue
        array: NDArray[np.generic] = value.const
        if index == 3:
            array = np.array([1, 1, *array[2:]], dtype=array.dtype)
        constants.append(graph.constant(array))
    graph.outputs = [graph.add(node.op, x, *constants)]
    ramp = np.arange(np.prod(shape[2:]), dtype=np.float32).reshape(x.shape)
    expected = ramp
    for axis, factor in enumerate(factors):
        expected = np.repeat(expected, factor, axis=axis)
    found = Session(graph, threads=1).run(ramp)[graph.outputs[0].name]
    return bool(np.array_equal(found, expected))
