# SPDX-License-Identifier: Apache-2.0
"""Float graphs over images, built by hand, and what streamlining must make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node, Op, Value
from finnlite.nearties import compare_integers
from finnlite.ops import elementwise as ew
from finnlite.ops.convolution import Conv
from finnlite.ops.normalization import BatchNormalization
from finnlite.ops.quantizers import Quant
from finnlite.ops.thresholding import Thresholding
from finnlite.transforms import Streamline


class Net:
    """A graph being written, its last value at hand."""

    def __init__(self, *shape: int, datatype: str = "INT4") -> None:
        self.graph = Graph("net")
        self.rng = np.random.default_rng(4)
        self.x = self.graph.input("x", (1, *(shape or (3, 7, 8))), DataType[datatype])

    def c(self, value: object) -> Value:
        return self.graph.constant(np.asarray(value, dtype=np.float32))

    def add(self, op: Op, x: Value, *constants: Any, name: str = "") -> Value:
        inputs = [v if isinstance(v, Value) or v is None else self.c(v) for v in constants]
        return self.graph.add(op, x, *inputs, name=name)

    def ints(self, *numbers: int) -> Value:
        return self.graph.constant(np.array(numbers, dtype=np.int64))

    def conv(self, x: Value, outputs: int = 4, kernel: tuple[int, ...] = (3, 2), **fields: Any) -> Value:
        name = fields.pop("name", "")
        shape = (outputs, x.shape[1] // fields.get("group", 1), *kernel)
        return self.add(Conv(**fields), x, self.rng.integers(-3, 4, shape) * 0.25, name=name)

    def bn(self, x: Value, sign: int = 1, name: str = "") -> Value:
        c = x.shape[1]
        gamma = self.rng.uniform(0.5, 1.5, c)
        gamma[::2] *= sign
        mean, var = self.rng.normal(size=c) * 3, self.rng.uniform(2, 9, c)
        return self.add(BatchNormalization(), x, gamma, self.rng.normal(size=c), mean, var, name=name)

    def quant(self, x: Value, scale: Any = 0.37, bits: int = 3, zero: float = 0, name: str = "") -> Value:
        return self.add(Quant(signed=False, narrow=False), x, scale, zero, bits, name=name)

    def sign(self, x: Value) -> Value:
        return self.add(ew.Where(), self.add(ew.GreaterOrEqual(), x, 0), 1, -1)

    def frames(self, n: int = 60) -> np.ndarray[Any, Any]:
        kind = self.x.datatype
        values = [-1, 1] if kind.name == "BIPOLAR" else range(int(kind.min()), int(kind.max()) + 1)
        return np.random.default_rng(1).choice(values, (n, *self.x.shape[1:])).astype(np.float32)


def nodes(graph: Graph, *types: type[Op]) -> list[Node]:
    return [node for node in graph.nodes if isinstance(node.op, types)]


def agreed(net: Net, *outputs: Value) -> Graph:
    """The integer graph, having seen that it does what the float graph does."""
    net.graph.outputs = list(outputs)
    graph = net.graph.copy().transform(Streamline())
    graph.validate()
    verdict, *_ = compare_integers(net.graph, graph, {"x": net.frames()})
    assert (verdict.mismatches, verdict.near_ties, verdict.first) == (0, 0, None)
    assert not Streamline().apply(graph)
    integers = [n for n in graph.nodes if not (n.op.elementwise and not isinstance(n.op, Thresholding))]
    assert all(n.output.datatype.is_integer() for n in integers if not n.op.moves_data)
    return graph


def refused(net: Net, *outputs: Value) -> str:
    """The one message with which `diagnose` and `apply` refuse the graph."""
    net.graph.outputs = list(outputs)
    (error,) = Streamline().diagnose(net.graph)
    with pytest.raises(UnsupportedError) as caught:
        net.graph.copy().transform(Streamline())
    assert str(caught.value) == str(error)
    return str(error)
