# SPDX-License-Identifier: Apache-2.0
"""Functions that fall and rise again, of few integers, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.ir import Graph, Value, carrier_of
from finnlite.ops.movement import Cast, Squeeze, Transpose, Unsqueeze, cast_to
from finnlite.ops.shapes import integer_type
from finnlite.ops.table import Lookup

from .chains import Chain
from .constants import Grid
from .levels import Breakpoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["has_table", "write_table"]

_MOST_ENTRIES = 4096


def _entries(root: Value) -> int:
    return int(root.datatype.max()) - int(root.datatype.min()) + 1


def has_table(chain: Chain, lanes: int) -> bool:
    """Whether a memory can list what a chain makes of its root: of few integers, by channels.

    What a narrowing cast makes of numbers out of its range is not defined.
    """
    root = chain.root
    if any(isinstance(node.op, Cast) and not node.op.monotone_in(0) for node in chain.nodes):
        return False
    shaped = len(root.shape) in (2, 3, 4) and lanes == root.shape[1]
    return shaped and root.datatype.is_integer() and 2 < _entries(root) <= _MOST_ENTRIES


def write_table(graph: Graph, chain: Chain, points: Breakpoints, levels: NDArray[Any], grid: Grid) -> Value:
    """Writes a chain from its root to the integers of its grid, one table a channel or one for all.

    `Lookup` reads channels last; an image is transposed for it and back.
    """
    root, before, origin = chain.root, chain.following, chain.origin
    table = _table(root, points, levels, grid)
    if (table == table[0]).all():
        table = table[:1]
    x = root
    if x.carrier.kind != "f":
        x = graph.add(cast_to(carrier_of(x.datatype)), x, before=before, origin=origin)

    rank = len(root.shape)
    line = graph.constant(np.array([2], dtype=np.int64))
    if rank == 3:
        x = graph.add(Unsqueeze(), x, line, before=before)
    if rank > 2:
        x = graph.add(Transpose(perm=(0, 2, 3, 1)), x, before=before)
    datatype = integer_type(int(table.min()), int(table.max()), bipolar=bool((np.abs(table) == 1).all()))
    constant = graph.constant(table, datatype, name=f"{chain.value.name}_table")
    name = f"{chain.name}_table"
    integers = graph.add(Lookup(), x, constant, name=name, before=before, origin=origin)
    if rank > 2:
        back = Transpose(perm=(0, 3, 1, 2))
        integers = graph.add(back, integers, before=before, origin=origin)
    if rank == 3:
        integers = graph.add(Squeeze(), integers, line, before=before, origin=origin)
    return integers


def _table(root: Value, points: Breakpoints, levels: NDArray[Any], grid: Grid) -> NDArray[np.int64]:
    """(lanes, D): the integer for each value of the root's datatype; beyond its bounds that of the end."""
    low, entries = int(root.datatype.min()), _entries(root)
    starts = grid.integers[np.searchsorted(levels, points.first)]
    values = grid.integers[np.searchsorted(levels, points.value)]
    table = np.repeat(starts[:, None], entries, axis=1)
    for lane, index, value in zip(points.lane, points.index, values, strict=True):
        table[lane, index - low :] = value
    return table
