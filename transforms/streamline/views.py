# SPDX-License-Identifier: Apache-2.0
"""Views: integers seen through a scale and an offset, and back to the reals that the model means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value, carrier_of
from finnlite.ops.movement import cast_to
from finnlite.ops.scaling import Affine

from .chains import is_integer, move, varying, walk_back
from .constants import ON_GRID
from .quantizers import materialise

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["View", "along_channels", "as_carrier", "channel_terms", "real_zero", "see_as", "view_of"]


@dataclass(frozen=True)
class View:
    """An integer value and the scale and offset (float64, broadcasting to its shape) it is seen through."""

    integers: Value
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]


def view_of(graph: Graph, reader: Node, index: int = 0) -> View:
    """The integers behind an input of `reader`; materialises the quantizer where there is one.

    Raises:
        UnsupportedError: If there is no quantizer, or an element type without the precision stands behind it.
    """
    base, tail = walk_back(reader.input(index))
    if not is_integer(base):
        materialise(graph, base, reader)
        base, tail = walk_back(reader.input(index))
    if not is_integer(base):
        message = f"node {reader.name!r}: its input must be float32 or float64, is {base.carrier}"
        raise UnsupportedError(message, node=reader.name, fix="export the model in float32")
    scale, offset = np.ones(()), np.zeros(())
    integers = base
    if base.carrier.kind != "f":
        integers = as_carrier(graph, base, carrier_of(base.datatype), reader)
    for node in tail:
        (varied,) = varying(node)
        if node.op.moves_data:
            shape = node.input(varied).shape
            scale, offset = (
                term if term.size == 1 else move(node, np.broadcast_to(term, shape))
                for term in (scale, offset)
            )
            scale, offset = (term.reshape(()) if term.size == 1 else term for term in (scale, offset))
            origin = node.origin or (node.name,)
            integers = graph.add(
                node.op, integers, *node.inputs[1:], name=node.name, before=reader, origin=origin
            )
        else:
            with np.errstate(divide="ignore"):
                a, b = node.op.affine_terms(varied, *node.inputs)
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                message = f"node {node.name!r}: must not divide by 0, does"
                raise UnsupportedError(message, node=node.name, fix="repair the constant and export again")
            scale, offset = scale * a, offset * a + b
    return View(integers, scale, offset)


def as_carrier(graph: Graph, value: Value, carrier: DTypeLike, before: Node) -> Value:
    """The value in an element type."""
    if value.carrier == np.dtype(carrier):
        return value
    return graph.add(cast_to(carrier), value, before=before, origin=before.origin or (before.name,))


def see_as(graph: Graph, node: Node, results: Sequence[View]) -> None:
    """Makes every reader of a node read integers through their scale and offset; the node is removed."""
    origin = node.origin or (node.name,)
    for old, view in zip(node.outputs, results, strict=True):
        scale, offset = (_plain(term) for term in (view.scale, view.offset))
        shift = graph.constant(offset) if np.any(offset) else None
        real = graph.add(
            Affine(), view.integers, graph.constant(scale), shift, name=f"{node.name}_scale", before=node,
            origin=origin,
        )  # fmt: skip
        graph.replace(old, as_carrier(graph, real, old.carrier, node))
    graph.remove(node)
    made = results[0].integers.producer
    if made is not None and made.origin == origin:
        graph.rename_node(made, node.name)


def _plain(term: NDArray[np.float64]) -> NDArray[np.float64]:
    """One number where all are equal."""
    return term.ravel()[0].reshape(()) if term.size > 1 and (term == term.ravel()[0]).all() else term


def along_channels(terms: NDArray[np.float64], rank: int) -> NDArray[np.float64]:
    """One number a channel, in the shape that broadcasts to a value of `rank` axes."""
    return terms.reshape(-1, *[1] * (rank - 2)) if terms.ndim else terms


def channel_terms(node: Node, view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and offset of each channel, (C,) each; a vector's elements are its channels.

    Raises:
        UnsupportedError: If they vary within a channel.
    """
    shape = view.integers.shape
    result = []
    for term in (view.scale, view.offset):
        full = np.broadcast_to(term, shape).reshape(shape[1], -1)
        if not (full == full[:, :1]).all():
            message = (
                f"node {node.name!r}: scale and offset must be one number a channel at its input, "
                "vary from pixel to pixel"
            )
            raise UnsupportedError(message, node=node.name, fix="scale and shift whole channels only")
        result.append(full[:, 0])
    return result[0], result[1]


def real_zero(node: Node, view: View) -> int:
    """The integer that stands for the real zero of padding.

    Raises:
        UnsupportedError: If no integer does, or not the same in all channels.
    """
    scales, offsets = channel_terms(node, view)
    if not offsets.any():
        return 0
    with np.errstate(divide="ignore", invalid="ignore"):
        zeros = -offsets / scales
    bad = ~(np.abs(zeros - np.round(zeros)) < ON_GRID)
    whole = np.round(zeros)
    if not bad.any() and (whole == whole[0]).all():
        return int(whole[0])
    if bad.any():
        worst = int(np.argmax(bad))
        message = (
            f"zero padding must be an integer of its input, which is {scales[worst]:.6g}·k + "
            f"{offsets[worst]:.6g} in channel {worst}: zero would be k = {zeros[worst]:.6g}"
        )
        fix = "use a quantizer (or an input mean) with zero among its values, or no padding"
    else:
        other = int(np.argmax(whole != whole[0]))
        message = (
            "zero padding must be one integer for all channels of its input, is "
            f"{int(whole[0])} in channel 0 and {int(whole[other])} in channel {other}"
        )
        fix = "use quantizers of one zero point for all branches that meet there, or no padding"
    raise UnsupportedError(f"node {node.name!r}: {message}", node=node.name, fix=fix)
