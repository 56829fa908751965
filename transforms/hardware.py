# SPDX-License-Identifier: Apache-2.0
"""`MapToHardware`: layers of integers become units between `AxiIn` and `AxiOut`; `AbsorbThresholds`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.accelerator import is_mapped
from finnlite.errors import OptionError, UnsupportedError
from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Cast, Identity, Reshape, cast_to
from finnlite.ops.mvtu import MVTU
from finnlite.ops.thresholding import Thresholding

from .labels import select_label
from .ordering import keeps_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AbsorbThresholds", "MapToHardware"]


def _is_layer(node: Node) -> bool:
    x = node.optional(0)
    if x is None or x.const is not None or not x.datatype.is_integer():
        return False
    if isinstance(node.op, MatMul):
        weights = node.input(1)
        return weights.const is not None and weights.datatype.is_integer()
    return isinstance(node.op, Thresholding)


def _moved_from(value: Value) -> Value:
    """Where the elements of `value` come from, in the same order."""
    while value.producer is not None and not _is_layer(value.producer) and keeps_order(value.producer):
        value = value.producer.input(0)
    return value


def _readers(value: Value) -> list[Node]:
    """The nodes that use the elements of `value`, after what only moves them."""
    found: list[Node] = []
    for node, _ in value.uses:
        found += _readers(node.output) if not _is_layer(node) and keeps_order(node) else [node]
    return found


def _chain(graph: Graph) -> list[Node]:
    """The layers in stream order.

    Raises:
        UnsupportedError: If they are not one chain of units.
    """
    layers = [node for node in graph.nodes if _is_layer(node)]
    if not layers:
        raise UnsupportedError(
            f"graph {graph.name!r}: must hold a layer of integers to become hardware, holds none",
            node=next((node.name for node in graph.nodes), ""),
            fix="quantize weights and activations, or declare the input type",
        )
    known = set(layers)
    _check_between(graph, known)
    _check_host(graph, known)
    heads = [node for node in layers if _moved_from(node.input(0)).producer not in known]
    for head in heads[1:]:
        raise UnsupportedError(
            f"node {head.source!r}: must read the one stream that starts at {heads[0].source!r}, "
            "starts a second one",
            node=head.source,
            fix="one accelerator has one input stream; build the branches separately",
        )
    if len(graph.inputs) != 1:
        names = " and ".join(repr(value.name) for value in graph.inputs)
        raise UnsupportedError(
            f"graph {graph.name!r}: must have one input to become hardware, has {names}",
            node=heads[0].name,
            fix="remove the inputs that no layer reads",
        )
    for node in layers:
        readers = _readers(node.output)
        inside = [reader for reader in readers if reader in known]
        others = len(readers) > 1 or _leaves(graph, node.output)
        if inside and others:
            names = " and ".join(repr(reader.name) for reader in readers)
            raise UnsupportedError(
                f"node {node.source!r}: its result must have one reader, is read by {names}"
                + (" and leaves the model" if _leaves(graph, node.output) else ""),
                node=node.source,
                fix="streams that fork have no unit yet: remove the extra reader",
            )
    return layers


def _check_host(graph: Graph, layers: set[Node]) -> None:
    """Checks that what the host does behind the layers depends on their result alone."""
    below: set[Node] = set()
    for node in graph.nodes:
        inputs = [value for value in node.inputs if value is not None and value.const is None]
        after = [value for value in inputs if value.producer in layers or value.producer in below]
        if after and node not in layers and len(after) < len(inputs):
            other = next(value for value in inputs if value not in after)
            raise UnsupportedError(
                f"node {node.source!r}: must depend on the layers' result alone, "
                f"reads {other.name!r} as well",
                node=node.source,
                fix="join it with the input outside of the model",
            )
        if after and node not in layers:
            below.add(node)
    for value in graph.outputs:
        if value.producer not in layers and value.producer not in below:
            raise UnsupportedError(
                f"output {value.name!r}: must depend on a layer of integers, does not",
                node=value.producer.name if value.producer is not None else value.name,
                fix="remove the output from the model",
            )


def _leaves(graph: Graph, value: Value) -> bool:
    if graph.is_output(value):
        return True
    return any(
        not _is_layer(node) and keeps_order(node) and _leaves(graph, node.output) for node, _ in value.uses
    )


def _check_between(graph: Graph, layers: set[Node]) -> None:
    """Checks that every node between two layers is a unit or only changes a shape."""
    below: set[Node] = set()
    off: dict[Node, Node] = {}  # node on the host below a layer: the first one on its path
    for node in graph.nodes:
        producers = [v.producer for v in node.inputs if v is not None and v.producer is not None]
        cause = next((off[producer] for producer in producers if producer in off), None)
        if cause is not None and node in layers:
            raise UnsupportedError(
                f"node {cause.source!r}: must have a hardware unit, as it stands between layers, "
                f"is {cause.op.op_type}",
                node=cause.source,
                fix="quantize its result, or move it behind the last layer",
            )
        if node in layers or any(producer in below for producer in producers):
            below.add(node)
        if cause is not None:
            off[node] = cause
        elif node in below and node not in layers and not keeps_order(node):
            off[node] = node


@dataclass(frozen=True)
class MapToHardware(Transform):
    """Integer `MatMul` → MVTU without thresholds, `Thresholding` on integers stands alone.

    1. What comes before the first layer stays on the host before `AxiIn`; what comes after the last one
       stays after `AxiOut`.
    2. Casts between carriers and shapes that keep the order of elements vanish between layers.
    3. With output "label", the last unit is a `LabelSelect` if the remaining operators cannot change the
       argmax; else an `ArgMax` stays on the host, and the graph's metadata says why.

    Args:
        output: "logits", what the model returns, or "label", the index of its largest element.
    """

    output: str = "logits"

    def apply(self, graph: Graph) -> bool:
        """See the class.

        Raises:
            OptionError: If `output` is neither "logits" nor "label", or there is nothing to select from.
            UnsupportedError: If a node between layers has no unit.
        """
        if self.output not in ("logits", "label"):
            raise OptionError(f"output must be 'logits' or 'label', is {self.output!r}")
        if is_mapped(graph):
            return False
        layers = _chain(graph)
        stream = self._enter(graph, layers[0])
        final = layers[-1].output
        type_ = final.type
        for node in layers:
            op = node.op
            if isinstance(op, Thresholding):
                stream = _as_unit(graph, node, op, stream)
            else:
                stream = _as_mvtu(graph, node, stream)
        _leave(graph, layers[-1], type_.shape, type_.carrier.name)
        graph.prune()
        if self.output == "label":
            select_label(graph)
        return True

    def _enter(self, graph: Graph, first: Node) -> Value:
        entry = first.input(0)
        while entry.producer is not None and isinstance(entry.producer.op, Cast | Identity):
            if not entry.producer.input(0).datatype.is_integer():
                break
            entry = entry.producer.input(0)
        if len(entry.shape) != 2:
            target = graph.constant(np.array([0, -1], dtype=np.int64), name="stream_shape")
            entry = graph.add(Reshape(), entry, target, name="to_stream", before=first)
        return graph.add(AxiIn(elems=border_elems(entry.datatype)), entry, before=first)


def _as_mvtu(graph: Graph, node: Node, stream: Value) -> Value:
    weights = node.input(1)
    if weights.shape[0] != stream.shape[-1] or len(weights.shape) != 2:
        raise UnsupportedError(
            f"node {node.source!r}: must multiply one vector of {weights.shape[0]} elements a frame, "
            f"has {stream.shape[-1]} elements",
            node=node.source,
            fix="flatten the input before this layer, so that it is a fully connected one",
        )
    accumulator = node.output.datatype
    node.op = MVTU(accumulator=accumulator)
    graph.set_input(node, 0, stream)
    graph.refresh(node)
    return node.output


def _as_unit(graph: Graph, node: Node, op: Thresholding, stream: Value) -> Value:
    """A `Thresholding` on a (1, N) stream, its rows sorted as units want them."""
    shape, count = node.input(0).shape, stream.shape[-1]
    axis = op.axis % len(shape)
    thresholds, falling = _rows(node.input(1), node.optional(2))
    if len(thresholds) > 1 and len(thresholds) != count:
        channel = np.arange(count) // math.prod(shape[axis + 1 :]) % shape[axis]
        thresholds = thresholds[channel]
        falling = None if falling is None else falling[channel]
    _set_thresholds(graph, node, 1, (thresholds, falling), node.input(1))
    node.op = replace(op, axis=1, pe=1)
    graph.set_input(node, 0, stream)
    graph.refresh(node)
    return node.output


def _rows(thresholds: Value, falling: Value | None) -> tuple[NDArray[np.generic], NDArray[np.generic] | None]:
    """Thresholds (C, T), ascending where rising and descending where falling, and flags (C,) or None."""
    table = np.sort(np.asarray(thresholds.const), axis=1)
    if falling is None or falling.const is None or not np.any(falling.const):
        return table, None
    flags = np.asarray(falling.const).ravel() != 0
    rows = max(len(table), len(flags))
    table = np.broadcast_to(table, (rows, table.shape[1]))
    flags = np.broadcast_to(flags, (rows,))
    return np.where(flags[:, None], table[:, ::-1], table), flags.astype(np.float32)


def _set_thresholds(
    graph: Graph,
    node: Node,
    index: int,
    rows: tuple[NDArray[np.generic], NDArray[np.generic] | None],
    like: Value,
) -> None:
    """Makes `rows` the inputs `index` and `index + 1` of a node."""
    thresholds, falling = rows
    constant = graph.constant(thresholds, name=f"{node.name}_thresholds")
    constant.type = constant.type._replace(datatype=like.datatype)
    graph.set_input(node, index, constant)
    if falling is not None:
        flags = graph.constant(falling, DataType["BINARY"], name=f"{node.name}_falling")
        graph.set_input(node, index + 1, flags)
    elif node.optional(index + 1) is not None:
        graph.set_input(node, index + 1, None)


def _following(graph: Graph, node: Node) -> Node | None:
    nodes = iter(graph.nodes)
    for other in nodes:
        if other is node:
            return next(nodes, None)
    return None


def _leave(graph: Graph, last: Node, shape: tuple[int, ...], carrier: str) -> None:
    """Puts `AxiOut` after the last layer, and behind it what restores the shape and carrier of before."""
    following, stream = _following(graph, last), last.output
    border = graph.add_node(AxiOut(elems=border_elems(stream.datatype)), stream, before=following)
    result = border.output
    if shape != result.shape:
        target = graph.constant(np.array([0, *shape[1:]], dtype=np.int64), name="result_shape")
        result = graph.add(Reshape(), result, target, name="from_stream", before=following)
    if carrier != result.carrier.name:
        result = graph.add(cast_to(carrier), result, before=following)
    graph.replace(stream, result)
    graph.set_input(border, 0, stream)


@dataclass(frozen=True)
class AbsorbThresholds(Transform):
    """A `Thresholding` moves into the MVTU that feeds it, if it is that unit's only reader."""

    def apply(self, graph: Graph) -> bool:
        """See the class."""
        changed = False
        for node in graph.nodes:
            if not isinstance(node.op, Thresholding):
                continue
            feeder = node.input(0).producer
            if feeder is None or not isinstance(feeder.op, MVTU) or feeder.optional(2) is not None:
                continue
            if len(feeder.output.uses) == 1 and not graph.is_output(feeder.output):
                _absorb(graph, feeder, feeder.op, node, node.op)
                changed = True
        return graph.prune() or changed


def _absorb(graph: Graph, unit: Node, mvtu: MVTU, node: Node, op: Thresholding) -> None:
    thresholds, falling = _rows(node.input(1), node.optional(2))
    count = unit.output.shape[-1]
    table = np.ascontiguousarray(np.broadcast_to(thresholds, (count, thresholds.shape[1])))
    flags = None if falling is None else np.ascontiguousarray(np.broadcast_to(falling, (count,)))
    _set_thresholds(graph, unit, 2, (table, flags), node.input(1))
    unit.op = replace(mvtu, out_min=op.out_min, out_step=op.out_step)
    graph.refresh(unit)
    unit.origin = tuple(dict.fromkeys(unit.origin + node.origin))
    graph.replace(node.output, unit.output)
    graph.remove(node)
