# SPDX-License-Identifier: Apache-2.0
"""Tables that follow the datatype of what they are looked up with."""

from __future__ import annotations

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.ir import Graph, Node
from finnlite.ops.table import Lookup

__all__ = ["fit_table"]


def fit_table(graph: Graph, node: Node, before: BaseDataType) -> None:
    """Gives a `Lookup` an entry for each value of its input's datatype, which was another one before.

    Entries beyond the former datatype are those of its ends: what its bounds exclude never comes.
    """
    now = node.input(0).datatype
    if not isinstance(node.op, Lookup) or now == before:
        return
    table = node.input(1)
    codes = np.arange(int(now.min()), int(now.max()) + 1) - int(before.min())
    columns = np.asarray(table.const)[:, np.clip(codes, 0, table.shape[1] - 1)]
    constant = graph.constant(np.ascontiguousarray(columns), name=table.name)
    graph.set_type(constant, constant.type._replace(datatype=table.datatype))
    graph.set_input(node, 1, constant)
