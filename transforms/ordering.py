# SPDX-License-Identifier: Apache-2.0
"""Which operators keep the order of elements, so that a stream need not notice them."""

from __future__ import annotations

import math

from finnlite.ir import Node
from finnlite.ops.movement import Cast, Identity, Transpose

__all__ = ["keeps_order"]


def keeps_order(node: Node) -> bool:
    """Whether the node's output holds its input's elements in the same order."""
    if isinstance(node.op, Transpose):
        shape = node.input(0).shape
        axes = node.op.perm if node.op.perm is not None else tuple(reversed(range(len(shape))))
        long = [axis for axis in axes if shape[axis] != 1]
        return long == sorted(long)
    if isinstance(node.op, Cast | Identity):
        return bool(node.output.datatype.is_integer())
    kept = math.prod(node.output.shape) == math.prod(node.input(0).shape)
    return node.op.moves_data and len(node.outputs) == 1 and kept
