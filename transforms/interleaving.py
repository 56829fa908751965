# SPDX-License-Identifier: Apache-2.0
"""`InterleaveChannels`: every image becomes a stream of pixels whose channels are adjacent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.gathering import Gather
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Cast, Identity, Transpose
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding

from .layers import entry_of, is_layer, moves, streams_of
from .layouts import LAYERS, Layout, Layouts, pixels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Index = NDArray[np.int64]

__all__ = ["INTERLEAVED", "InterleaveChannels"]

INTERLEAVED = "layout"
"""Metadata key of a graph whose images are (1, H, W, C) between the layers."""
_NHWC = "NHWC"


@dataclass(frozen=True)
class InterleaveChannels(Transform):
    """Images become (1, H, W, C), the weights of every layer follow, and no `Transpose` is left.

    Every value keeps an index that says where its elements lie in the stream. What only moves data changes
    the index and vanishes; a layer reorders its constants by it: rows of windows become (kh, kw, C), dense
    layers behind a `Flatten` get their rows permuted, thresholds follow their channels. The host's layout
    stays: what enters is transposed in front of the first layer, what leaves behind the last one.
    """

    def apply(self, graph: Graph) -> bool:
        """See the class.

        Raises:
            UnsupportedError: If data would have to be reordered on the way; names the node that does it.
        """
        layers = [node for node in graph.nodes if is_layer(node)]
        ranks = {len(value.shape) for node in layers for value in (*streams_of(node), *node.outputs)}
        if graph.metadata.get(INTERLEAVED) == _NHWC or ranks <= {2}:
            return False
        _Interleaving(graph, layers).run()
        graph.prune()
        graph.metadata[INTERLEAVED] = _NHWC
        return True


def _reads_pixels(reader: Node, rank: int) -> bool:
    """Whether the last axis of what a layer reads is that of the channels."""
    if isinstance(reader.op, Thresholding):
        return reader.op.axis % rank == rank - 1
    return isinstance(reader.op, MatMul | ChannelMax | ChannelProduct | ChannelSum | Lookup)


class _Interleaving:
    """The transformation of one graph; `layouts` holds what has been interleaved so far."""

    def __init__(self, graph: Graph, layers: Sequence[Node]) -> None:
        self.graph = graph
        self.layers = set(layers)
        self.layouts = Layouts(graph)
        self.hosted: dict[Value, Value] = {}
        outside = {x for node in layers for x in streams_of(node) if not self._made(entry_of(x))}
        self.entries = outside if len(outside) == 1 else {entry_of(x) for x in outside}

    def _made(self, value: Value) -> bool:
        return value.producer in self.layers

    def run(self) -> None:
        for node in list(self.graph.nodes):
            for value in node.inputs:
                if (
                    value in self.entries
                    and value not in self.layouts.of
                    and (node in self.layers or moves(node))
                ):
                    self.layouts.of[value] = self._enter(value, node)
            read = [value for value in node.inputs if value in self.layouts.of]
            if not read:
                continue
            if node in self.layers:
                self._convert(node)
            elif isinstance(node.op, Cast | Identity) and moves(node):
                self._follow(node, self.layouts.of[node.input(0)])
            elif moves(node):
                stream, index = self.layouts.of[node.input(0)]
                self.layouts.of[node.output] = Layout(stream, node.op.move(index, node.output.shape))
            else:
                for number, value in enumerate(node.inputs):
                    if value is not None and self._is_inside(value):
                        self.graph.set_input(node, number, self._restored(value, node))
        for position, value in enumerate(self.graph.outputs):
            if self._is_inside(value):
                self._leave(position, value)

    def _is_inside(self, value: Value) -> bool:
        """Whether a value lies in a stream, and not with the host in front of the layers."""
        return value in self.layouts.of and value not in self.entries

    # -- at the borders -----------------------------------------------------------------------------
    def _enter(self, value: Value, reader: Node) -> Layout:
        """The stream of what the host hands to the first layers."""
        order = np.arange(int(np.prod(value.shape))).reshape(value.shape)
        if len(value.shape) == 2:
            return Layout(value, order)
        if _reads_pixels(reader, len(value.shape)):
            rows = (*value.shape[1:-1],) if len(value.shape) == 4 else (1, int(np.prod(value.shape[:-1])))
            return Layout(self.layouts.shaped(value, (1, *rows, value.shape[-1]), reader), order)
        index = pixels_first(value.shape)
        lines = value.shape[2:] if len(value.shape) == 4 else (1, int(np.prod(value.shape[2:])))
        shape = (1, *lines, value.shape[1])
        before = value.producer
        if (index == order).all():
            return Layout(self.layouts.shaped(value, shape, reader), index)
        if before is not None and isinstance(before.op, Transpose) and moves(before):
            source = before.input(0)  # where the host would transpose back what it just transposed
            moved = before.op.move(np.arange(index.size).reshape(source.shape), value.shape)
            if np.array_equal(moved, index):
                return Layout(self.layouts.shaped(source, shape, reader), index)
        axes = (0, *range(2, len(value.shape)), 1)
        pixels = self.graph.add(Transpose(perm=axes), value, name="to_pixels", before=reader)
        return Layout(self.layouts.shaped(pixels, shape, reader), index)

    def _restored(self, value: Value, reader: Node | None) -> Value:
        """The value as it was, for the host."""
        if value not in self.hosted:
            stream, index = self.layouts.of[value]
            flat = index.ravel()
            if len(index.shape) > 2 and np.array_equal(index, pixels_first(index.shape)):
                stream = self.layouts.shaped(stream, (1, *index.shape[2:], index.shape[1]), reader)
                if index.shape[1] != 1 and np.prod(index.shape[2:]) != 1:
                    axes = (0, len(index.shape) - 1, *range(1, len(index.shape) - 1))
                    stream = self.graph.add(Transpose(perm=axes), stream, name="from_pixels", before=reader)
            elif not np.array_equal(flat, np.arange(index.size)):
                stream = self.layouts.shaped(stream, (1, index.size), reader)
                places = self.graph.constant(flat, name="order")
                stream = self.graph.add(Gather(axis=1), stream, places, name="reorder", before=reader)
            self.hosted[value] = self.layouts.shaped(stream, index.shape, reader)
        return self.hosted[value]

    def _leave(self, position: int, value: Value) -> None:
        """Makes what leaves the model look as before, under its name."""
        result = self._restored(value, None)
        if result is value:
            return
        if result.producer is None or self.graph.is_output(result) or result in self._streams():
            result = self.graph.add(Identity(), result)
        name = value.name
        self.graph.rename(value, f"{name}_stream")
        self.graph.rename(result, name)
        self.graph.outputs[position] = result

    def _streams(self) -> set[Value]:
        return {layout.stream for layout in self.layouts.of.values()}

    # -- layers -------------------------------------------------------------------------------------
    def _convert(self, node: Node) -> None:
        """Makes a layer work on streams, in place.

        Raises:
            UnsupportedError: If what it reads does not lie as it needs it.
        """
        convert = LAYERS.get(type(node.op))
        if convert is None:
            raise UnsupportedError(
                f"node {node.source!r}: must have an interleaved form, is {node.op.op_type}", node=node.source
            )
        shapes = [value.shape for value in node.outputs]
        indices = convert(self.layouts, node)
        self.graph.refresh(node)
        for value, shape, index in zip(node.outputs, shapes, indices, strict=True):
            self.layouts.of[value] = Layout(value, index.reshape(shape))

    def _follow(self, node: Node, layout: Layout) -> None:
        self.graph.set_input(node, 0, layout.stream)
        self.graph.refresh(node)
        self.layouts.of[node.output] = Layout(node.output, layout.places)
