# SPDX-License-Identifier: Apache-2.0
"""`MapToHardware`: layers of integers become units between `AxiIn` and `AxiOut`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finnlite.accelerator import is_mapped, units
from finnlite.errors import OptionError
from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.joins import Duplicate
from finnlite.ops.movement import Reshape, cast_to

from .interleaving import INTERLEAVED
from .labels import select_label
from .layers import streams_of
from .placing import place
from .region import Region, region_of
from .thresholds import AbsorbThresholds

__all__ = ["AbsorbThresholds", "MapToHardware"]


@dataclass(frozen=True)
class MapToHardware(Transform):
    """Every layer becomes a unit: `MatMul` an MVTU, `Im2Col` an SWU, a depthwise product a VVTU, and so on.

    1. What comes before the first layer stays on the host before `AxiIn`; what comes after the last one
       stays after `AxiOut`.
    2. Casts between carriers and shapes that keep the order of elements vanish between layers; thresholds
       stand alone.
    3. A result that several units read goes through a `Duplicate`.
    4. With output "label", the last unit is a `LabelSelect` if the remaining operators cannot change the
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
        region = region_of(graph)
        type_ = region.exit.type
        places = {region.entry: _enter(graph, region)}
        for node in region.layers:
            place(graph, node, [_placed(value, places) for value in streams_of(node)])
            places |= {value: value for value in node.outputs}
        _leave(graph, region.exit, type_.shape, type_.carrier.name)
        graph.prune()
        _fork(graph)
        if self.output == "label":
            select_label(graph)
        return True


def _placed(value: Value, places: dict[Value, Value]) -> Value:
    """The stream that carries the elements of `value`."""
    while value not in places and value.producer is not None:
        value = value.producer.input(0)
    return places[value]


def _enter(graph: Graph, region: Region) -> Value:
    """Puts `AxiIn` before the first layer."""
    entry, first = region.entry, region.layers[0]
    is_image = len(entry.shape) == 4 and INTERLEAVED in graph.metadata
    if len(entry.shape) != 2 and not is_image:
        target = graph.constant(np.array([0, -1], dtype=np.int64), name="stream_shape")
        entry = graph.add(Reshape(), entry, target, name="to_stream", before=first)
    return graph.add(AxiIn(elems=border_elems(entry.datatype)), entry, before=first)


def _fork(graph: Graph) -> None:
    """Puts a `Duplicate` behind every unit whose result is read more than once."""
    for node, _ in units(graph):
        for value in node.outputs:
            if len(value.uses) < 2:
                continue
            uses, following = value.uses, _following(graph, node)
            fork = graph.add_node(
                Duplicate(copies=len(uses)), value, name=f"{node.name}_fork", before=following
            )
            for (reader, number), copy in zip(uses, fork.outputs, strict=True):
                graph.set_input(reader, number, copy)


def _following(graph: Graph, node: Node) -> Node | None:
    nodes = iter(graph.nodes)
    for other in nodes:
        if other is node:
            return next(nodes, None)
    return None


def _leave(graph: Graph, stream: Value, shape: tuple[int, ...], carrier: str) -> None:
    """Puts `AxiOut` after the last layer, and behind it what restores the shape and carrier of before."""
    last = stream.producer
    following = None if last is None else _following(graph, last)
    border = graph.add_node(AxiOut(elems=border_elems(stream.datatype)), stream, before=following)
    result = border.output
    if shape != result.shape:
        target = graph.constant(np.array([0, *shape[1:]], dtype=np.int64), name="result_shape")
        result = graph.add(Reshape(), result, target, name="from_stream", before=following)
    if carrier != result.carrier.name:
        result = graph.add(cast_to(carrier), result, before=following)
    graph.replace(stream, result)
    graph.set_input(border, 0, stream)
