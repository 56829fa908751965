# SPDX-License-Identifier: Apache-2.0
"""Graphs of one unit, and what it makes of frames."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.execution import Session
from finnlite.ir import Graph, Node
from finnlite.ops.unit import Unit

Integers = NDArray[np.int64]


def node_of(op: Unit, *inputs: tuple[tuple[int, ...], str] | tuple[Any, str]) -> Node:
    """A graph of one unit; an input is a shape or a constant, with its datatype."""
    graph = Graph("unit")
    values = [
        graph.input("x", (1, *what), DataType[kind])
        if isinstance(what, tuple)
        else graph.constant(np.asarray(what), DataType[kind])
        for what, kind in inputs
    ]
    node = graph.add_node(op, *values, name="u")
    graph.outputs = list(node.outputs)
    return node


def run(node: Node, *frames: Integers) -> list[Integers]:
    graph = node.graph
    assert graph is not None
    names = [value.name for value in graph.inputs]
    results = Session(graph).run(dict(zip(names, frames, strict=True)))
    for value in graph.outputs:
        assert results[value.name].shape[1:] == value.shape[1:]
        held = results[value.name]
        assert all(value.datatype.allowed(v) for v in np.unique(held).tolist()), value.datatype
    return [results[value.name].astype(np.int64) for value in graph.outputs]


def frames_of(node: Node, index: int = 0, seed: int = 0) -> Integers:
    x = node.input(index)
    kind = x.datatype
    allowed = [v for v in range(int(kind.min()), int(kind.max()) + 1) if kind.allowed(v)]
    return np.random.default_rng(seed + index).choice(allowed, (3, *x.shape[1:])).astype(np.int64)
