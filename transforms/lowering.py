# SPDX-License-Identifier: Apache-2.0
"""`LowerConvs`: convolutions and pools become windows of pixels and products or reductions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph, Node, Op, Transform, Value
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Split, Squeeze, Transpose, Unsqueeze
from finnlite.ops.pools import MaxPool, SumPool
from finnlite.ops.spatial import Pad
from finnlite.ops.window import Window

from .tables import fit_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LowerConvs"]

_TO_PIXELS = Transpose(perm=(0, 2, 3, 1))
_TO_CHANNELS = Transpose(perm=(0, 3, 1, 2))
_BINARY = DataType["BINARY"]


@dataclass(frozen=True)
class LowerConvs(Transform):
    """Integer `Conv`, `ConvTranspose`, `MaxPool` and `SumPool` → `Pad`, `Im2Col`, and what is done to rows.

    1. A convolution becomes a `MatMul` on rows in the order (C, kh, kw) of its weights; 1 × 1 with stride 1
       needs no `Im2Col`. Groups become a `Split`, a product each, and a `Concat`; depthwise a
       `ChannelProduct`, behind a product that repeats the channels if each has several outputs.
    2. A transposed convolution becomes `InsertZeros`, `Pad` and a convolution with flipped weights.
    3. A pool becomes a `ChannelMax` or `ChannelSum` of rows.
    4. One spatial axis becomes two, the first of length 1.

    Images stay (1, C, H, W): what reads and writes pixels does so between `Transpose` nodes.
    """

    def apply(self, graph: Graph) -> bool:
        """See the class.

        Raises:
            UnsupportedError: If a window cannot be lowered.
        """
        changed = False
        for node in graph.nodes:
            if isinstance(node.op, Conv | ConvTranspose | MaxPool | SumPool) and _is_integer(node):
                scope = _Scope(graph, node)
                scope.finish(_lowered(scope, node))
                changed = True
        return changed


def _is_integer(node: Node) -> bool:
    x, weights = node.input(0), node.optional(1)
    if x.const is not None or not x.datatype.is_integer():
        return False
    return weights is None or (weights.const is not None and weights.datatype.is_integer())


def _plane(window: Window) -> Window:
    """The window on two axes; a single one becomes the second."""
    if len(window.kernel) == 2:
        return window
    ((kernel,), (stride,), (dilation,)) = window.kernel, window.strides, window.dilations
    first, last = window.pads
    return Window((1, kernel), (1, stride), (1, dilation), (0, first, 0, last), (1, *window.output))


class _Scope:
    """Writes what replaces a node, in front of it and under its name."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph, self.node = graph, node
        self.rank = len(node.input(0).shape) - 2
        if self.rank not in (1, 2):
            raise UnsupportedError(
                f"node {node.source!r}: must have 1 or 2 spatial axes, has {self.rank}",
                node=node.source,
                fix="there is no unit for volumes",
            )

    def add(self, op: Op, *inputs: Value | None, name: str) -> Value:
        return self.graph.add(
            op, *inputs, name=f"{self.node.name}_{name}", before=self.node, origin=self.node.origin
        )

    def ints(self, numbers: Sequence[int], name: str) -> Value:
        return self.graph.constant(np.array(numbers, dtype=np.int64), name=f"{self.node.name}_{name}")

    def weights(self, array: NDArray[np.generic], like: Value) -> Value:
        """A constant of the datatype and carrier of another one."""
        constant = self.graph.constant(np.ascontiguousarray(array), name=like.name)
        self.graph.set_type(constant, constant.type._replace(datatype=like.datatype))
        return constant

    def image(self) -> Value:
        """The node's input with two spatial axes."""
        x = self.node.input(0)
        return x if self.rank == 2 else self.add(Unsqueeze(), x, self.ints([2], "axis"), name="plane")

    def pad(self, x: Value, pads: Sequence[int], value: int = 0) -> Value:
        """Pixels of a value around an image."""
        if min(pads) < 0:
            raise UnsupportedError(
                f"node {self.node.source!r}: must not cut off more than its kernel adds, "
                f"cuts off {-min(pads)}",
                node=self.node.source,
                fix="use smaller pads",
            )
        if not any(pads):
            return x
        top, left, bottom, right = pads
        filler = self.graph.constant(np.array(value, dtype=x.carrier), name=f"{self.node.name}_filler")
        everywhere = self.ints([0, 0, top, left, 0, 0, bottom, right], "pads")
        return self.add(Pad(), x, everywhere, filler, name="pad")

    def rows(self, x: Value, window: Window, name: str = "") -> Value:
        """The windows of an image as rows; single pixels need no `Im2Col`."""
        if window.size == 1 and set(window.strides) == {1}:
            return self.add(_TO_PIXELS, x, name=f"pixels{name}")
        op = Im2Col(window.kernel, window.strides, window.dilations)
        return self.add(op, x, name=f"windows{name}")

    def product(
        self, x: Value, weights: Value, rows: NDArray[np.generic], window: Window, group: int
    ) -> Value:
        """A convolution of an image that is padded, `rows` being the weights (M, C/group, kh, kw)."""
        outputs, channels = len(rows), x.shape[1]
        if group == channels and group > 1:
            x = self._repeated(x, outputs // channels)
            taps = self.weights(rows.reshape(outputs, -1), weights)
            return self.to_image(self.add(ChannelProduct(), self.rows(x, window), taps, name="product"))
        if group == 1:
            matrix = self.weights(rows.reshape(outputs, -1).T, weights)
            return self.to_image(self.add(MatMul(), self.rows(x, window), matrix, name="product"))
        sizes = self.ints([channels // group] * group, "sizes")
        split = self.graph.add_node(
            Split(axis=1), x, sizes, name=f"{self.node.name}_split", before=self.node, origin=self.node.origin
        )
        parts = []
        for index, (part, own) in enumerate(zip(split.outputs, np.split(rows, group), strict=True)):
            matrix = self.weights(own.reshape(len(own), -1).T, weights)
            columns = self.rows(part, window, str(index))
            y = self.add(MatMul(), columns, matrix, name=f"product{index}")
            parts.append(self.to_image(y, str(index)))
        return self.add(Concat(axis=1), *parts, name="concat")

    def _repeated(self, x: Value, times: int) -> Value:
        """Every channel `times` times: exact, and the only unit that can is a product."""
        if times == 1:
            return x
        matrix = np.repeat(np.eye(x.shape[1], dtype=x.carrier), times, axis=1)
        copies = self.graph.constant(matrix, name=f"{self.node.name}_copies")
        self.graph.set_type(copies, copies.type._replace(datatype=_BINARY))
        pixels = self.add(_TO_PIXELS, x, name="repeat_pixels")
        return self.to_image(self.add(MatMul(), pixels, copies, name="repeat"), "_repeated")

    def to_image(self, rows: Value, name: str = "") -> Value:
        """Rows of results back to (1, C, H, W)."""
        return self.add(_TO_CHANNELS, rows, name=f"image{name}")

    def finish(self, result: Value) -> None:
        """Puts the result in the node's place; what computes it takes over the node's name."""
        graph, node, old = self.graph, self.node, self.node.output
        if self.rank == 1:
            result = self.add(Squeeze(), result, self.ints([2], "axis"), name="line")
        name, core = node.name, next(n for n in _upwards(result) if not isinstance(n.op, _MOVERS))
        value_name, before = old.name, old.datatype
        graph.replace(old, result)
        graph.remove(node)
        graph.rename_node(core, name)
        if result.name != value_name and not graph.is_output(result):
            graph.rename(result, value_name)
        if result.datatype != before:
            _refresh_behind(graph, result, before)


_MOVERS = (Transpose, Squeeze)


def _upwards(value: Value) -> list[Node]:
    nodes = []
    while value.producer is not None:
        nodes.append(value.producer)
        value = value.producer.input(0)
    return nodes


def _refresh_behind(graph: Graph, value: Value, datatype: BaseDataType) -> None:
    """Infers again what depends on a value that had another datatype."""
    stale = {value: datatype}
    for node in graph.nodes:
        if not any(v in stale for v in node.inputs):
            continue
        before = [v.datatype for v in node.outputs]
        if node.input(0) in stale:
            fit_table(graph, node, stale[node.input(0)])
        graph.refresh(node)
        stale |= {v: d for v, d in zip(node.outputs, before, strict=True) if v.datatype != d}


def _lower_conv(scope: _Scope, node: Node, op: Conv) -> Value:
    weights = node.input(1)
    window = _plane(op.window(node.input(0), weights))
    rows = np.asarray(weights.const)
    rows = rows.reshape(*rows.shape[:2], *window.kernel)
    return scope.product(scope.pad(scope.image(), window.pads), weights, rows, window, op.group)


def _lower_transposed(scope: _Scope, node: Node, op: ConvTranspose) -> Value:
    weights = node.input(1)
    window = _plane(op.window(node.input(0), weights))
    rows = op.rows(np.asarray(weights.const))
    rows = rows.reshape(*rows.shape[:2], *window.kernel)[:, :, ::-1, ::-1]
    x = scope.image()
    if max(window.strides) > 1:
        x = scope.add(InsertZeros(scales=window.strides), x, name="zeros")
    reach = [d * (k - 1) for d, k in zip(window.dilations, window.kernel, strict=True)]
    before = [r - cut for r, cut in zip(reach, window.pads[:2], strict=True)]
    after = [
        wanted - size - first + r
        for wanted, size, first, r in zip(window.output, x.shape[2:], before, reach, strict=True)
    ]
    window = window._replace(strides=(1, 1))
    return scope.product(scope.pad(x, (*before, *after)), weights, rows, window, op.group)


def _lower_pool(scope: _Scope, node: Node, op: MaxPool | SumPool) -> Value:
    x = scope.image()
    window = _plane(op.window(node.input(0)))
    largest = isinstance(op, MaxPool)
    x = scope.pad(x, window.pads, int(x.datatype.min()) if largest else 0)
    reduction = ChannelMax(window=window.size) if largest else ChannelSum(window=window.size)
    return scope.to_image(scope.add(reduction, scope.rows(x, window), name="pool"))


def _lowered(scope: _Scope, node: Node) -> Value:
    op = node.op
    if isinstance(op, Conv):
        return _lower_conv(scope, node, op)
    if isinstance(op, ConvTranspose):
        return _lower_transposed(scope, node, op)
    if isinstance(op, MaxPool | SumPool):
        return _lower_pool(scope, node, op)
    raise IRError(f"node {node.name!r}: must have a window, is {op.op_type}")
