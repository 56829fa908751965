# SPDX-License-Identifier: Apache-2.0
"""What the accelerator computes, from the definitions of its units in plain NumPy and int64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.accelerator import units
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU
from finnlite.ops.thresholding import Thresholding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from finnlite.ir import Graph, Value

    Integers = NDArray[np.int64]


def run_units(graph: Graph, stream: NDArray[Any]) -> dict[str, Integers]:
    """The stream behind each unit, by the name of its node.

    Args:
        graph: A hardware graph.
        stream: (N, elements) integers that enter `AxiIn`.
    """
    x = stream.astype(np.int64)
    found: dict[str, Integers] = {}
    for node, unit in units(graph):
        if isinstance(unit, MVTU):
            x = x @ _integers(node.input(1))
            if node.optional(2) is not None:
                x = unit.out_min + unit.out_step * _count(x, node.input(2), node.optional(3))
        elif isinstance(unit, Thresholding):
            x = unit.out_min + unit.out_step * _count(x, node.input(1), node.optional(2))
        elif isinstance(unit, LabelSelect):
            x = np.argmax(x, axis=1)[:, None]
        found[node.name] = x
    return found


def _integers(value: Value) -> Integers:
    assert value.const is not None
    result = value.const.astype(np.int64)
    assert (result == value.const).all(), f"{value.name} must hold integers"
    return result


def _count(x: Integers, thresholds: Value, falling: Value | None) -> Integers:
    """How many thresholds fire: at x ≥ t, or at x ≤ t in rows that fall."""
    rows = np.broadcast_to(_integers(thresholds), (x.shape[1], thresholds.shape[1]))
    falls = np.zeros(x.shape[1], bool)
    if falling is not None:
        falls[:] = _integers(falling).ravel() != 0
    fires = np.where(falls[:, None], x[:, :, None] <= rows, x[:, :, None] >= rows)
    return fires.sum(axis=2)
