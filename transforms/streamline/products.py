# SPDX-License-Identifier: Apache-2.0
"""Products: a product of a scaled integer and liftable weights is an integer product, scaled.

With x = s_x·q + o_x per input channel and W = s_w·K per output channel, x·W = s_w·s_x·(q·K) + s_w·(o_x·K).
`MatMul` and `Gemm` are here, convolutions in `convolutions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Value
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.shapes import integer_type

from .constants import common_step, lift_weights
from .ranges import value_range
from .views import View, as_carrier, channel_terms, see_as, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bias_of", "carrier_of_sums", "input_scale", "integer_weights", "lift_matrix", "lift_product"]

_EXACT = 2**24
_LARGEST_RATIO = 64
"""Largest ratio between the scales of input channels that goes into the weights."""


def lift_matrix(node: Node) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Integer weights (MW, MH) and scales of a matrix product.

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
    weights, weight_scale = lift_matrix(node)
    scales, offsets = channel_terms(node, view)
    scale, factors = input_scale(node, scales)
    acc_offset = weight_scale * (offsets @ weights.astype(np.float64)) if offsets.any() else np.zeros(())
    if factors is not None:
        weights = weights * factors[:, None]
    terms = _gemm_terms(node, weight_scale * scale, acc_offset)
    carrier = carrier_of_sums(weights.T, view.integers)
    q = as_carrier(graph, view.integers, carrier, node)
    integers = integer_weights(graph, node, weights.astype(carrier))
    origin, name = node.origin or (node.name,), f"{node.name}_accumulator"
    product = graph.add_node(MatMul(), q, integers, before=node, origin=origin, outputs=(name,)).output
    see_as(graph, node, [View(product, *terms)])


def input_scale(node: Node, scales: NDArray[np.float64]) -> tuple[float, NDArray[np.float32] | None]:
    """The one scale of all input channels, and the integers by which their weights are multiplied, if any.

    Raises:
        UnsupportedError: If the scales are not ± small integers times one scale.
    """
    magnitudes = np.abs(scales)
    if magnitudes.max() - magnitudes.min() <= 1e-12 * magnitudes.max():
        if (scales >= 0).all() or (scales <= 0).all():
            return float(scales[0]), None
        return float(magnitudes[0]), np.sign(scales).astype(np.float32)
    step = common_step(np.unique(magnitudes[magnitudes > 0]), _LARGEST_RATIO)
    if step is not None:
        return step, np.round(scales / step).astype(np.float32)
    message = (
        f"node {node.name!r}: all {len(scales)} input channels must share one scale, "
        f"have {len(np.unique(magnitudes))} from {magnitudes.min():.6g} to {magnitudes.max():.6g}"
    )
    fix = "use one scale for all channels of this activation, and one std for a declared input"
    raise UnsupportedError(message, node=node.name, fix=fix)


def _gemm_terms(
    node: Node, scale: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not isinstance(node.op, Gemm):
        return scale, offset
    return scale * node.op.alpha, offset * node.op.alpha + node.op.beta * bias_of(node)


def bias_of(node: Node) -> NDArray[np.float64]:
    """The constant bias of a product, one number an output channel or one for all; 0 if it has none.

    Raises:
        UnsupportedError: If it is computed.
    """
    bias = node.optional(2)
    if bias is None:
        return np.zeros(())
    if bias.const is None:
        message = f"node {node.name!r}: the bias of {node.op.op_type} must be constant, is computed"
        raise UnsupportedError(message, node=node.name, fix="add what is computed by a node of its own (Add)")
    return np.asarray(bias.const, dtype=np.float64).reshape(-1)


def carrier_of_sums(rows: NDArray[np.float32], q: Value) -> np.dtype[Any]:
    """float32 where every partial sum of the rows' products with q is exact in it, else float64."""
    largest = max(int(np.max(np.abs(bound))) for bound in value_range(q))
    sums = np.abs(rows).reshape(len(rows), -1).sum(axis=1, dtype=np.float64)
    return np.dtype(np.float64 if sums.max() * largest >= _EXACT else np.float32)


def integer_weights(graph: Graph, node: Node, weights: NDArray[Any]) -> Value:
    """The integer weights of a product as a constant of their narrowest datatype."""
    integers = graph.constant(weights, name=node.input(1).name)
    integers.type = integers.type._replace(datatype=_weight_type(weights))
    return integers


def _weight_type(weights: NDArray[Any]) -> BaseDataType:
    if (np.abs(weights) == 1).all():
        return integer_type(-1, 1, bipolar=True)
    return integer_type(int(weights.min()), int(weights.max()))
