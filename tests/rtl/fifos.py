# SPDX-License-Identifier: Apache-2.0
"""Hardware graphs with FIFOs of random depths, which SizeStreams would not choose."""

import numpy as np

from finnlite.ir import Graph
from finnlite.ops.cost import Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.unit import Unit

STYLES = (None, Style.LUTRAM, Style.BLOCK)


def with_fifos(graph: Graph, rng: np.random.Generator, deepest: int = 12) -> Graph:
    """The graph with a FIFO of random depth and memory on every stream, where there are none yet.

    Unlike SizeStreams it keeps the width converters, and units wait for one another. For graphs without
    forks, which would deadlock.
    """
    for node in list(graph.nodes):
        if not isinstance(node.op, Unit):
            continue
        for index, stream in enumerate(node.op.sources(node)):
            value = node.input(index)
            if value.producer is None:
                continue
            op = FIFO(int(rng.integers(2, deepest + 1)), stream.elems, STYLES[int(rng.integers(3))])
            fifo = graph.add(op, value, name=f"fifo_{node.name}_{index}", before=node)
            graph.set_input(node, index, fifo)
    graph.validate()
    return graph
