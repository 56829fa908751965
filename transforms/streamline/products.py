# SPDX-License-Identifier: Apache-2.0
"""Products: a matrix product of a scaled integer and liftable weights is an integer product, scaled.

With x = s_x·q + o_x per input channel and W = s_w·K per output channel, x·W = s_w·s_x·(q·K) + s_w·(o_x·K).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import cast_to
from finnlite.ops.scaling import Affine
from finnlite.ops.shapes import integer_type

from .chains import is_integer, move, value_range, walk_back
from .constants import lift_weights
from .quantizers import materialise

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["View", "lift_product", "lift_weights_of", "view_of"]

_EXACT = 2**24


@dataclass(frozen=True)
class View:
    """An integer value and the scale and offset (float64, broadcasting to its shape) it is seen through."""

    integers: Value
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]


def view_of(graph: Graph, reader: Node) -> View:
    """The integers behind the first input of `reader`; materialises the quantizer where there is one.

    Raises:
        UnsupportedError: If there is no quantizer, or an element type without the precision stands behind it.
    """
    base, tail = walk_back(reader.input(0))
    if not is_integer(base):
        materialise(graph, base, reader)
        base, tail = walk_back(reader.input(0))
    if not is_integer(base):
        message = f"node {reader.name!r}: its input must be float32 or float64, is {base.carrier}"
        raise UnsupportedError(message, node=reader.name, fix="export the model in float32")
    scale, offset = np.ones(()), np.zeros(())
    integers = base
    for node in tail:
        index = next(i for i, v in enumerate(node.inputs) if v is not None and v.const is None)
        if node.op.moves_data:
            shape = node.input(index).shape
            scale, offset = (
                term if term.size == 1 else move(node, np.broadcast_to(term, shape))
                for term in (scale, offset)
            )
            scale, offset = (term.reshape(()) if term.size == 1 else term for term in (scale, offset))
            integers = graph.add(
                node.op, integers, *node.inputs[1:], name=node.name, before=reader, origin=node.origin
            )
        else:
            with np.errstate(divide="ignore"):
                a, b = node.op.affine_terms(index, *node.inputs)
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                message = f"node {node.name!r}: must not divide by 0, does"
                raise UnsupportedError(message, node=node.name, fix="repair the constant and export again")
            scale, offset = scale * a, offset * a + b
    return View(integers, scale, offset)


def lift_weights_of(node: Node) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Integer weights (MW, MH) and scales of a product.

    Raises:
        UnsupportedError: If the second operand is computed or cannot be lifted, or the first is constant.
    """
    _check_factors(node)
    weights = node.input(1)
    if weights.const is None:
        message = f"node {node.name!r}: one factor of {node.op.op_type} must be constant, both are computed"
        raise UnsupportedError(message, node=node.name, fix="products of two activations are not mapped")
    array: NDArray[Any] = weights.const
    if isinstance(node.op, Gemm) and node.op.transB:
        array = array.T
    if array.ndim != 2 or len(node.input(0).shape) != 2:
        shapes = f"{list(node.input(0).shape)} × {list(array.shape)}"
        message = f"node {node.name!r}: a product must be of a (1, K) input and (K, N) weights, is {shapes}"
        raise UnsupportedError(message, node=node.name, fix="flatten the input to two axes")
    lifted = lift_weights(array, node.name)
    return lifted.integers, lifted.scale


def _check_factors(node: Node) -> None:
    """Sees that the input stands on the left and is not transposed."""
    if isinstance(node.op, Gemm) and node.op.transA:
        message = f"node {node.name!r}: transA of Gemm must be 0, is 1"
        raise UnsupportedError(message, node=node.name, fix="transpose the weights instead")
    if node.input(0).const is not None:
        message = (
            f"node {node.name!r}: the weights of {node.op.op_type} must be on the right, are on the left"
        )
        raise UnsupportedError(message, node=node.name, fix="transpose the product: (W·x)ᵀ = xᵀ·Wᵀ")


def lift_product(graph: Graph, node: Node) -> None:
    """Replaces a float product by an integer product and its scale.

    Raises:
        UnsupportedError: If an operand cannot be lifted.
    """
    _check_factors(node)
    view = view_of(graph, node)
    weights, weight_scale = lift_weights_of(node)
    scale, rows = _input_scale(node, view.scale, len(weights))
    if rows is not None:
        weights = weights * rows[:, None]
    offset_x = np.broadcast_to(view.offset.ravel(), (len(weights),))
    acc_scale = weight_scale * scale
    acc_offset = weight_scale * (offset_x @ lift_rows(weights, rows)) if offset_x.any() else np.zeros(())
    acc_scale, acc_offset = _gemm_terms(node, acc_scale, acc_offset)
    product = _integer_product(graph, node, view.integers, weights)
    offset = graph.constant(acc_offset) if np.any(acc_offset) else None
    origin = node.origin or (node.name,)
    name = f"{node.name}_scale"
    real = graph.add(
        Affine(), product, graph.constant(acc_scale), offset, name=name, before=node, origin=origin
    )
    if real.carrier != node.output.carrier:
        real = graph.add(cast_to(node.output.carrier), real, before=node, origin=origin)
    graph.replace(node.output, real)
    graph.remove(node)
    integer_node = product.producer
    if integer_node is not None:
        graph.rename_node(integer_node, node.name)


def lift_rows(weights: NDArray[np.float32], rows: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """The weights as they were before rows were turned around."""
    undone = weights if rows is None else weights * rows[:, None]
    return undone.astype(np.float64)


def _input_scale(
    node: Node, scale: NDArray[np.float64], channels: int
) -> tuple[float, NDArray[np.float32] | None]:
    """The one scale of all input channels, and the sign by which each weight row is multiplied, if any."""
    lanes = np.broadcast_to(scale.ravel(), (channels,)) if scale.size > 1 else scale.ravel()
    magnitudes = np.abs(lanes)
    if magnitudes.max() - magnitudes.min() > 1e-12 * magnitudes.max():
        message = (
            f"node {node.name!r}: all {channels} input channels must share one scale, "
            f"have {len(np.unique(magnitudes))} from {magnitudes.min():.6g} to {magnitudes.max():.6g}"
        )
        fix = "use one scale for all channels of this activation, and one std for a declared input"
        raise UnsupportedError(message, node=node.name, fix=fix)
    if (lanes >= 0).all() or (lanes <= 0).all():
        return float(lanes[0]), None
    return float(magnitudes[0]), np.sign(lanes).astype(np.float32)


def _gemm_terms(
    node: Node, scale: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not isinstance(node.op, Gemm):
        return scale, offset
    bias = node.optional(2)
    scale, offset = scale * node.op.alpha, offset * node.op.alpha
    if bias is None:
        return scale, offset
    if bias.const is None:
        message = f"node {node.name!r}: the bias of Gemm must be constant, is computed"
        raise UnsupportedError(message, node=node.name, fix="joins of branches are not mapped yet")
    row = np.asarray(bias.const, dtype=np.float64)
    return scale, offset + node.op.beta * row.reshape(-1)


def _integer_product(graph: Graph, node: Node, q: Value, weights: NDArray[np.float32]) -> Value:
    low, high = int(weights.min()), int(weights.max())
    bipolar = bool((np.abs(weights) == 1).all())
    datatype = integer_type(-1, 1, bipolar=True) if bipolar else integer_type(low, high)
    origin = node.origin or (node.name,)
    largest = max(int(np.max(np.abs(bound))) for bound in value_range(q))
    wide = np.abs(weights).sum(axis=0, dtype=np.float64).max() * largest >= _EXACT
    carrier = np.dtype(np.float64 if wide else np.float32)
    integers = graph.constant(weights.astype(carrier), name=node.input(1).name)
    integers.type = integers.type._replace(datatype=datatype)
    if q.carrier != carrier:
        q = graph.add(cast_to(carrier), q, before=node, origin=origin)
    accumulator = f"{node.name}_accumulator"
    return graph.add_node(MatMul(), q, integers, before=node, origin=origin, outputs=(accumulator,)).output
