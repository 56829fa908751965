# SPDX-License-Identifier: Apache-2.0
"""Hand-made graphs as Streamline leaves them: integer products, thresholds, and the host's scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Value
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Reshape
from finnlite.ops.scaling import Affine
from finnlite.ops.thresholding import Thresholding


def layer(graph: Graph, x: Value, rows: int, rng: np.random.Generator, name: str, levels: int = 1) -> Value:
    """A product of ±1 weights and thresholds in the middle of its range; bipolar if there is one."""
    columns = x.shape[-1]
    weights = graph.constant(rng.integers(0, 2, (columns, rows)) * 2 - 1, DataType["INT8"], name=f"{name}_w")
    product = graph.add(MatMul(), x, weights, name=name, origin=(f"{name}_source",))
    if not levels:
        return product
    table = np.sort(rng.integers(-3, 4, (rows, levels)), axis=1)
    thresholds = graph.constant(table, DataType["INT32"], name=f"{name}_t")
    op = Thresholding(out_min=-1, out_step=2) if levels == 1 else Thresholding()
    return graph.add(op, product, thresholds, name=f"{name}_quant", origin=(f"{name}_act",))


def integer_mlp(
    sizes: Sequence[int] = (12, 8, 6, 4),
    datatype: str = "UINT4",
    *,
    shape: Sequence[int] | None = None,
    scale: object = 0.5,
    levels: int = 1,
    seed: int = 5,
) -> Graph:
    """A chain of layers fc0, fc1, …; the last one has no thresholds and is scaled by the host."""
    rng = np.random.default_rng(seed)
    graph = Graph("integers")
    x = graph.input("x", shape or (1, sizes[0]), DataType[datatype])
    if shape is not None:
        x = graph.add(Reshape(), x, graph.constant(np.array([0, -1])), name="flatten")
    for index, rows in enumerate(sizes[1:]):
        last = index == len(sizes) - 2
        x = layer(graph, x, rows, rng, f"fc{index}", 0 if last else levels)
    factor = graph.constant(np.asarray(scale, dtype=np.float64))
    graph.outputs = [graph.add(Affine(), x, factor, name="scale")]
    graph.rename(graph.outputs[0], "y")
    return graph


def frames_of(graph: Graph, count: int = 40) -> NDArray[np.int64]:
    """Random frames of the graph's input type."""
    rng = np.random.default_rng(8)
    kind = graph.inputs[0].datatype
    shape = (count, *graph.inputs[0].shape[1:])
    if kind.name == "BIPOLAR":
        return rng.integers(0, 2, shape) * 2 - 1
    return rng.integers(int(kind.min()), int(kind.max()), shape, endpoint=True)
