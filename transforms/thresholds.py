# SPDX-License-Identifier: Apache-2.0
"""Thresholds as units want them: a sorted row a channel; and `AbsorbThresholds`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.mvtu import MVTU
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AbsorbThresholds", "set_thresholds", "sorted_rows"]


def sorted_rows(
    thresholds: Value, falling: Value | None
) -> tuple[NDArray[np.generic], NDArray[np.generic] | None]:
    """Thresholds (C, T), ascending where rising and descending where falling, and flags (C,) or None."""
    table = np.sort(np.asarray(thresholds.const), axis=1)
    if falling is None or falling.const is None or not np.any(falling.const):
        return table, None
    flags = np.asarray(falling.const).ravel() != 0
    rows = max(len(table), len(flags))
    table = np.broadcast_to(table, (rows, table.shape[1]))
    flags = np.broadcast_to(flags, (rows,))
    return np.where(flags[:, None], table[:, ::-1], table), flags.astype(np.float32)


def set_thresholds(
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


@dataclass(frozen=True)
class AbsorbThresholds(Transform):
    """A `Thresholding` moves into the MVTU or VVTU that feeds it, if it is that unit's only reader."""

    def apply(self, graph: Graph) -> bool:
        """See the class."""
        changed = False
        for node in graph.nodes:
            if not isinstance(node.op, Thresholding):
                continue
            feeder = node.input(0).producer
            if feeder is None or not isinstance(feeder.op, MVTU | VVTU) or feeder.optional(2) is not None:
                continue
            if len(feeder.output.uses) == 1 and not graph.is_output(feeder.output):
                _absorb(graph, feeder, feeder.op, node, node.op)
                changed = True
        return graph.prune() or changed


def _absorb(graph: Graph, unit: Node, before: MVTU | VVTU, node: Node, op: Thresholding) -> None:
    thresholds, falling = sorted_rows(node.input(1), node.optional(2))
    count = unit.output.shape[-1]
    table = np.ascontiguousarray(np.broadcast_to(thresholds, (count, thresholds.shape[1])))
    flags = None if falling is None else np.ascontiguousarray(np.broadcast_to(falling, (count,)))
    set_thresholds(graph, unit, 2, (table, flags), node.input(1))
    unit.op = replace(before, out_min=op.out_min, out_step=op.out_step)
    graph.refresh(unit)
    unit.origin = tuple(dict.fromkeys(unit.origin + node.origin))
    graph.replace(node.output, unit.output)
    graph.remove(node)
