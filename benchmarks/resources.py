# SPDX-License-Identifier: Apache-2.0
"""Our resource estimates beside what others published: BNN-PYNQ's four networks and FINN's MVTU.

The networks have BNN-PYNQ's foldings, as far as they divide our sizes, and weights in block RAM as there. Its
figures are of whole designs on an XC7Z020, which also load weights and thresholds at run time: ours, with the
shell, have neither the way to their memories nor thresholds that can be written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.accelerator import units
from finnlite.boards import BOARDS
from finnlite.flow import compile_stages
from finnlite.ir import Graph, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.cost import Resources, Style, total
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.shapes import integer_type
from finnlite.ops.width_converter import WidthConverter
from finnlite.options import Options
from finnlite.transforms.streams import SizeStreams

from .measuring import FOLDINGS, shared

PUBLISHED = {
    "lfc_w1a1": (28_360, 110),
    "lfc_w1a2": (48_981, 110),
    "cnv_w1a1": (26_072, 124),
    "cnv_w1a2": (40_321, 131.5),
}
"""LUTs and RAMB36s: BNN-PYNQ, Vivado 2018.2."""
MVTU_LUTS = 2_950
"""FINN's MVTU in HLS, 1-bit, PE 32 × SIMD 32."""


def network(name: str) -> Iterator[Resources]:
    """The estimate of a network with BNN-PYNQ's folding: without FIFOs, and with them."""
    folding = {layer: {**given, "memory": "block"} for layer, given in FOLDINGS[f"{name[:3]}_w1a1"].items()}
    if name == "lfc_w1a2":
        graph = _lfc(folding).transform(SizeStreams())
    else:
        graph = compile_stages(shared(f"models/{name}.onnx"), Options(folding=folding))["SizeStreams"]
    shell = BOARDS["pynq-z1"].shell
    for left_out in ((FIFO,), ()):
        yield total(u.resources(node) for node, u in units(graph) if not isinstance(u, left_out)).plus(shell)


def _lfc(folding: Mapping[str, Mapping[str, Any]]) -> Graph:
    """LFC with 2-bit activations, which is not among the shared models: its costs do not depend on values."""
    graph = Graph("lfc_w1a2")
    x = graph.input("x", (1, 784), DataType["BIPOLAR"])
    elems = border_elems(x.datatype)
    x = graph.add(AxiIn(elems), x)
    for rows, given in zip((1024, 1024, 1024, 10), folding.values(), strict=True):
        simd, pe = given["simd"], given["pe"]
        if simd != elems:
            x = graph.add(WidthConverter(elems, simd), x)
        last = rows == 10
        x = _mvtu(graph, x, rows, simd, pe, thresholds=0 if last else 3)
        elems = pe
    graph.outputs = [graph.add(AxiOut(border_elems(x.datatype)), x)]
    return graph


def _mvtu(graph: Graph, x: Value, rows: int, simd: int, pe: int, thresholds: int) -> Value:
    weights = graph.constant(np.ones((x.shape[-1], rows)), DataType["BIPOLAR"])
    probe = [int(bound.item(0)) for bound in accumulator_bounds(x, weights)]
    largest = max(map(abs, probe))
    op = MVTU(pe, simd, integer_type(-largest, largest), memory=Style.BLOCK)
    inputs = [weights]
    if thresholds:
        inputs.append(graph.constant(np.zeros((rows, thresholds)), integer_type(-largest // 2, largest // 2)))
    return graph.add(op, x, *inputs)


def microbenchmark() -> Resources:
    """The estimate of FINN's MVTU: 1,024 inputs and rows, no thresholds."""
    graph = Graph("mvtu")
    y = _mvtu(graph, graph.input("x", (1, 1024), DataType["BIPOLAR"]), 1024, 32, 32, thresholds=0)
    return MVTU.resources(y.producer.op, y.producer)


def main() -> None:
    print(
        f"{'':12}{'LUT':>8}{'with FIFOs':>12}{'theirs':>9}{'ratio':>12}{'RAMB36':>8}{'theirs':>8}{'ratio':>7}"
    )
    for name, (luts, blocks) in PUBLISHED.items():
        bare, whole = network(name)
        print(
            f"{name:12}{bare.lut:8,}{whole.lut:12,}{luts:9,}{bare.lut / luts:7.2f}{whole.lut / luts:5.2f}"
            f"{whole.bram18 / 2:8}{blocks:8}{whole.bram18 / 2 / blocks:7.2f}"
        )
    ours = microbenchmark()
    print(f"{'mvtu':12}{ours.lut:8,}{MVTU_LUTS:21,}{ours.lut / MVTU_LUTS:7.2f}")


if __name__ == "__main__":
    main()
