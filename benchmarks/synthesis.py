# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of the emitted Verilog: MVTUs that others published, and whole networks, beside estimates.

`python -m benchmarks.synthesis [NAME …]`: "mvtu", or a network of `FOLDINGS`; by default all.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.emit import library
from finnlite.backends.rtl.measured import Measured, total
from finnlite.backends.rtl.parts import node_part
from finnlite.backends.rtl.synthesis import Cache, measure
from finnlite.backends.rtl.yosys import find_yosys
from finnlite.flow import compile_stages
from finnlite.flow.synthesising import measure_all
from finnlite.ir import Graph, Node
from finnlite.ops.cost import Resources, Style
from finnlite.ops.mvtu import MVTU
from finnlite.ops.structure import Backend
from finnlite.ops.unit import Unit
from finnlite.workers import local

from .measuring import FOLDINGS, options, shared

JOBS = 2
MVTUS = {
    "1024 × 1024, PE 32, SIMD 64": (1024, 1024, 32, 64),
    "1024 × 1024, PE 32, SIMD 32": (1024, 1024, 32, 32),
    "256 × 256, PE 16, SIMD 16": (256, 256, 16, 16),
}
"""Binary, without thresholds, weights in block RAM: columns, rows, PE, SIMD."""
PUBLISHED = {"1024 × 1024, PE 32, SIMD 32": 2_142}
"""LUTs of FINN's RTL."""


def mvtu(columns: int, rows: int, pe: int, simd: int) -> Node:
    """A binary MVTU with random weights."""
    graph = Graph("mvtu")
    x = graph.input("x", (1, columns), DataType["BIPOLAR"])
    weights = np.random.default_rng(0).integers(0, 2, (columns, rows)) * 2 - 1
    op = MVTU(pe, simd, DataType[f"INT{columns.bit_length() + 1}"], memory=Style.BLOCK)
    return graph.add_node(op, x, graph.constant(weights, DataType["BIPOLAR"]), name="mvtu")


def line(name: str, found: Measured, estimate: Resources, seconds: float) -> str:
    """A row of the table."""
    return (
        f"{name:32}{found.lc:9,}{found.lut:9,}{estimate.lut:9,}{found.ff:9,}{found.carry4:7,}"
        f"{found.bram18:8}{estimate.bram18:9}{found.dsp:5}{seconds:8.0f}"
    )


def units(folder: Path) -> None:
    """The MVTUs."""
    for name, sizes in MVTUS.items():
        node = mvtu(*sizes)
        start = perf_counter()
        part = {name: node_part(node)}
        found = measure(part, library(), find_yosys(), local(1), Cache(folder))[name]
        assert isinstance(node.op, Unit)
        print(line(name, found, node.op.resources(node, Backend.RTL), perf_counter() - start))
        per = found.lut / (sizes[2] * sizes[3])
        theirs = f"; published {PUBLISHED[name]:,} LUT" if name in PUBLISHED else ""
        print(f"{'':32}{per:.2f} LUT a PE·SIMD{theirs}")


def network(name: str, folder: Path) -> None:
    """A network with the folding that others published for it."""
    graph = compile_stages(shared(f"models/{name}.onnx"), options(name))["SizeStreams"]
    start = perf_counter()
    (found,) = measure_all(
        {"": graph}, find_yosys(), local(JOBS), Cache(folder), lambda done, of: None
    ).values()
    seconds = perf_counter() - start
    estimate = Resources()
    off = []
    for node in graph.nodes:
        if isinstance(node.op, Unit) and node.name in found:
            expected, measured = node.op.resources(node, Backend.RTL), found[node.name]
            estimate = estimate.plus(expected)
            if not 0.85 * measured.lc <= expected.lut <= 1.15 * measured.lut:
                off.append((node.name, expected.lut, measured.lc, measured.lut))
            if expected.bram18 != measured.bram18:
                print(f"  {node.name}: {expected.bram18} RAMB18 expected, {measured.bram18} found")
    print(line(name, total(found.values()), estimate, seconds))
    for node_name, lut, low, high in off:
        print(f"  {node_name}: {lut:,} LUTs expected, {low:,} to {high:,} found")


def main() -> None:
    print(f"{find_yosys().build}; each unit and FIFO alone, before placement, without the shell")
    print(
        f"{'':32}{'LC':>9}{'LUT':>9}{'estimate':>9}{'FF':>9}{'CARRY4':>7}{'RAMB18':>8}{'estimate':>9}{'DSP':>5}{'s':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or ["mvtu", *FOLDINGS]:
            if name == "mvtu":
                units(Path(folder))
            else:
                network(name, Path(folder))


if __name__ == "__main__":
    main()
