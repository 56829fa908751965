# SPDX-License-Identifier: Apache-2.0
"""Hand-made little graphs."""

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, TensorType
from finnlite.ops.elementwise import Add, Clip, Relu, Sigmoid
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Flatten
from finnlite.ops.selection import TopK


def diamond() -> Graph:
    """x → relu → (sigmoid, clip) → add → y."""
    graph = Graph("diamond")
    x = graph.input("x", (1, 4))
    relu = graph.add(Relu(), x, name="relu", origin=("r",))
    left = graph.add(Sigmoid(), relu, name="sigmoid")
    low = graph.constant(np.zeros((), np.float32), name="low")
    right = graph.add(Clip(), relu, low, name="clip")
    graph.outputs = [graph.add_node(Add(), left, right, name="add", outputs=("y",)).output]
    return graph


def rich() -> Graph:
    """Everything a graph can hold that a file could lose."""
    graph = Graph("rich 'graph'")
    graph.metadata = {"z": "1", "a": 'quote " and ünï'}
    x = graph.input("x y/../$(z)\n", (1, 4), DataType["UINT8"])
    u = graph.input("u", (1, 4))
    u.channel_axis = None
    w = graph.constant(np.eye(4, 3) - 1, DataType["BIPOLAR"], name="w")
    low = graph.constant(np.array(-0.0, np.float32), name="0-d")
    high = graph.constant(np.array(np.nan, np.float32), name="nan")
    graph.constant(np.zeros((0, 3), np.float64), name="empty")
    graph.constant(np.array([[True], [False]]), name="bool")
    graph.constant(np.array([1, -(2**62)]), name="int64")
    graph.constant(np.array([1.5], np.float16), name="half")
    graph.constant(np.array([200, 1], np.uint8), name="byte").channel_axis = 0
    wide = graph.constant(np.array([2**40]), DataType["INT42"], name="wide")
    graph.set_type(
        graph.constant(np.array([1, 2]), name="narrow"), TensorType.of((2,), DataType["UINT2"], "int64")
    )
    product = graph.add(MatMul(), x, w, name="fc 1", origin=("a b", "c/d"))
    graph.set_type(product, product.type._replace(datatype=DataType["INT12"]))
    product.channel_axis = 0
    clipped = graph.add(Clip(), u, None, high, name="clip")
    clipped = graph.add(Clip(), clipped, low, name="clip 2")
    top = graph.add_node(TopK(), clipped, graph.constant(np.array([2])), name="top", outputs=("", "index"))
    flat = graph.add(Flatten(), product)
    graph.outputs = [flat, top.outputs[1], u, wide, flat]
    graph.validate()
    return graph
