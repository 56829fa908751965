# SPDX-License-Identifier: Apache-2.0
"""Resources of a hardware graph: a row for every unit and for the shell, and their sum.

Estimates: of HLS not calibrated by synthesis, see `finnlite.ops.cost`; of RTL fitted to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from finnlite.accelerator import Placed, units
from finnlite.boards import Board
from finnlite.ir import Graph
from finnlite.ops import cost
from finnlite.ops.cost import Resources

__all__ = ["SHELL", "rows", "total"]

SHELL = "shell"
"""Name of the row for what surrounds the accelerator; in angle brackets where it could be a node's."""


def rows(graph: Graph | Iterable[Placed], board: Board) -> dict[str, Resources]:
    """Resources by node name, the shell last."""
    placed = units(graph) if isinstance(graph, Graph) else graph
    result = {node.name: unit.resources(node, board.backend) for node, unit in placed}
    result[f"<{SHELL}>" if SHELL in result else SHELL] = board.shell
    return result


def total(parts: Mapping[str, Resources]) -> Resources:
    """The sum of all rows."""
    return cost.total(parts.values())
