# SPDX-License-Identifier: Apache-2.0
"""Does the time to fold, to size FIFOs and to analyse grow no worse than n log n with the layers?"""

from collections.abc import Callable
from math import log2

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.padding import StreamPad
from finnlite.ops.shapes import integer_type
from finnlite.ops.swu import SWU
from finnlite.timing import analyse
from finnlite.transforms import Fold, SizeStreams

from .measuring import cpu_seconds

LAYERS = (10, 100, 1000)
SIZE, CHANNELS, IMAGE = 16, 4, 8
Folding = dict[str, dict[str, int]]


def _layer(graph: Graph, x: Value, rng: np.random.Generator, rows: int, name: str) -> Value:
    """A product of weights of two bits, and one threshold a row."""
    weights = graph.constant(rng.integers(-2, 2, (x.shape[-1], rows)), DataType["INT2"])
    low, high = (int(bound.min()) for bound in accumulator_bounds(x, weights))
    thresholds = graph.constant(rng.integers(-3, 4, (rows, 1)), DataType["INT3"])
    return graph.add(MVTU(accumulator=integer_type(low, max(high, 8))), x, weights, thresholds, name=name)


def _chain(shape: tuple[int, ...], add: Callable[[Graph, Value, int], Value], layers: int) -> Graph:
    graph = Graph("chain")
    x = graph.input("x", (1, *shape), DataType["BINARY"])
    value = graph.add(AxiIn(border_elems(x.datatype)), x)
    for index in range(layers):
        value = add(graph, value, index)
    graph.outputs = [graph.add(AxiOut(border_elems(value.datatype)), value)]
    return graph


def mlp(layers: int) -> tuple[Graph, Folding]:
    """A chain of products, and its folding."""
    rng = np.random.default_rng(0)
    graph = _chain((SIZE,), lambda graph, x, i: _layer(graph, x, rng, SIZE, f"fc{i}"), layers)
    return graph, {f"fc{i}": {"pe": 2 + 2 * (i % 2), "simd": 4} for i in range(layers)}


def convolutions(layers: int) -> tuple[Graph, Folding]:
    """A chain of convolutions that keep the image's size, and its folding."""
    rng = np.random.default_rng(0)

    def add(graph: Graph, x: Value, index: int) -> Value:
        x = graph.add(StreamPad(pads=(1, 1, 1, 1)), x, name=f"pad{index}")
        x = graph.add(SWU(kernel=(3, 3)), x, name=f"windows{index}")
        return _layer(graph, x, rng, CHANNELS, f"conv{index}")

    graph = _chain((IMAGE, IMAGE, CHANNELS), add, layers)
    folding: Folding = {}
    for index in range(layers):
        folding[f"conv{index}"] = {"pe": 2, "simd": 4}
        folding[f"windows{index}"] = {"simd": 2}
        folding[f"pad{index}"] = {"pe": 1}
    return graph, folding


def measure(make: Callable[[int], tuple[Graph, Folding]], layers: int) -> dict[str, float]:
    """Processor seconds of each step, a copy of the graph included."""
    graph, folding = make(layers)
    folded = graph.copy().transform(Fold(folding))
    sized = folded.copy().transform(SizeStreams())
    repeats = 1 if layers == LAYERS[-1] else 3
    return {
        "fold": cpu_seconds(lambda: graph.copy().transform(Fold(folding)), repeats),
        "size streams": cpu_seconds(lambda: folded.copy().transform(SizeStreams()), repeats),
        "analyse": cpu_seconds(lambda: analyse(sized), repeats),
    }


def main() -> None:
    growth = LAYERS[-1] * log2(LAYERS[-1]) / (LAYERS[0] * log2(LAYERS[0]))
    print(f"{'CPU ms':28}" + "".join(f"{n:>10}" for n in LAYERS) + f"     ratio (n log n: {growth:.0f})")
    for make in (mlp, convolutions):
        columns = [measure(make, layers) for layers in LAYERS]
        for step in columns[0]:
            times = [column[step] * 1e3 for column in columns]
            print(f"{make.__name__ + ', ' + step:28}" + "".join(f"{t:10.1f}" for t in times), end="")
            print(f"{times[-1] / times[0]:12.1f}")


if __name__ == "__main__":
    main()
