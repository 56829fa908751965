# SPDX-License-Identifier: Apache-2.0
"""`MinimizeWidths`: datatypes of weights, accumulators and thresholds shrink to what exact bounds need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.accelerator import units
from finnlite.ir import Graph, Node, Transform, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU, vvtu_bounds

from .tables import fit_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MinimizeWidths"]


@dataclass(frozen=True)
class MinimizeWidths(Transform):
    """Narrows every unit from the input to the output, along all branches.

    1. Weights: `BIPOLAR` if all are ±1, else the narrowest integer type.
    2. Accumulators: the exact bounds of the product, from the actual weights. Every term's range holds 0,
       or is symmetric about it, so no partial sum leaves them.
    3. Thresholds: clamped to where the accumulator can cross them (one beyond its largest value never
       fires, which the type must hold), then the narrowest integer type.
    """

    def apply(self, graph: Graph) -> bool:
        """See the class."""
        changed = False
        placed = units(graph)
        given = {value: value.datatype for node, _ in placed for value in node.outputs}
        for node, _ in placed:
            before = _signature(node)
            fit_table(graph, node, given.get(node.input(0), node.input(0).datatype))
            if isinstance(node.op, MVTU | VVTU):
                _narrow_product(graph, node, node.op)
            elif isinstance(node.op, Thresholding):
                x = node.input(0).datatype
                low, high = np.array([int(x.min())]), np.array([int(x.max())])
                _narrow_thresholds(graph, node, 1, (low, high))
            elif isinstance(node.op, AxiIn | AxiOut):
                node.op = replace(node.op, elems=border_elems(node.input(0).datatype))
            graph.refresh(node)
            changed |= before != _signature(node)
        graph.prune()
        return changed


def _signature(node: Node) -> tuple[object, ...]:
    inputs = tuple(v if v is None else v.type for v in node.inputs)
    return (node.op, inputs, tuple(v.type for v in node.outputs))


def _weight_type(weights: NDArray[np.generic]) -> BaseDataType:
    if (np.abs(weights) == 1).all():
        return DataType["BIPOLAR"]
    return integer_type(int(weights.min()), int(weights.max()))


def _narrow_product(graph: Graph, node: Node, op: MVTU | VVTU) -> None:
    weights = node.input(1)
    if weights.const is not None:
        graph.set_type(weights, weights.type._replace(datatype=_weight_type(weights.const)))
    bounds = accumulator_bounds if isinstance(op, MVTU) else vvtu_bounds
    low, high = bounds(node.input(0), weights)
    node.op = replace(op, accumulator=integer_type(int(low.min()), int(high.max())))
    if node.optional(2) is not None:
        _narrow_thresholds(graph, node, 2, (low, high))


def _narrow_thresholds(
    graph: Graph, node: Node, index: int, bounds: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    """Clamps the thresholds at input `index`: fires always at `low` (`high` if falling), never one beyond."""
    thresholds, falling = node.input(index), node.optional(index + 1)
    table = np.asarray(thresholds.const)
    low, high = (bound.astype(np.float64)[:, None] for bound in bounds)
    down = np.zeros((len(table), 1)) if falling is None else np.asarray(falling.const).reshape(-1, 1)
    clamped = np.clip(table, low - (down != 0), high + (down == 0)).astype(np.int64)
    datatype = integer_type(int(clamped.min()), int(clamped.max()))
    if datatype == thresholds.datatype and np.array_equal(clamped, table):
        return
    constant: Value = graph.constant(clamped, datatype, name=f"{node.name}_thresholds")
    graph.set_input(node, index, constant)
