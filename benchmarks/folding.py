# SPDX-License-Identifier: Apache-2.0
"""The fastest foldings that fit a PYNQ-Z1, what binds them, and the time of folding 10 to 1,000 layers.

The figures are the estimates that the search goes by, with streams sized and the shell.
"""

from time import perf_counter

import numpy as np
from qonnx.core.datatype import DataType

from finnlite.boards import BOARDS, DEFAULT_LIMITS, Board, Limits
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.ops.linear import MatMul
from finnlite.ops.thresholding import Thresholding
from finnlite.options import Options
from finnlite.transforms.fitting import NAMES
from finnlite.transforms.folding import Fold, explain
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.widths import MinimizeWidths

from .measuring import shared

BOARD = BOARDS["pynq-z1"]
PIXELS = {"input_type": "uint8", "input_scale": "1/255"}
MODELS = (
    ("cnv_w1a1", {}, DEFAULT_LIMITS),
    ("lfc_w1a1", {}, DEFAULT_LIMITS),
    ("lfc_w1a1", {}, Limits(90, 100)),
    ("tfc_w1a1", {}, DEFAULT_LIMITS),
    ("tfc_w1a1", PIXELS, DEFAULT_LIMITS),
)
LAYERS = (10, 30, 100, 300, 1000)
CHANNELS = 48


def chain(layers: int) -> Graph:
    """A chain of dense layers as MapToHardware takes it."""
    rng = np.random.default_rng(1)
    graph = Graph("chain")
    x = graph.input("x", (1, CHANNELS), DataType["BIPOLAR"])
    for number in range(layers):
        weights = graph.constant(rng.integers(0, 2, (CHANNELS, CHANNELS)) * 2 - 1, DataType["INT8"])
        product = graph.add(MatMul(), x, weights, name=f"fc{number}")
        thresholds = graph.constant(np.zeros((CHANNELS, 1)), DataType["INT32"])
        x = graph.add(Thresholding(out_min=-1, out_step=2), product, thresholds)
    graph.outputs = [x]
    return graph.transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())


def fastest(name: str, declared: dict[str, str], limits: Limits) -> None:
    """Prints the fastest folding of a shared model."""
    options = Options(to_stage="MinimizeWidths", **declared)
    graph = compile_stages(shared(f"models/{name}.onnx"), options)["MinimizeWidths"]
    start = perf_counter()
    graph.transform(Fold(max_fps=True, limits=limits))
    seconds = perf_counter() - start
    found = explain(graph, BOARD, limits, 100.0)
    following = found["next"]
    pixels = " of 8-bit pixels" if declared else ""
    print(f"{name}{pixels} within {limits.lut:g} % LUT, {limits.bram18:g} % RAMB18: {seconds:.2f} s")
    print(f"  {found['ii_cycles']:,} cycles, {found['fps']:,.0f} frames/s; bottleneck {found['bottleneck']}")
    for resource in ("lut", "bram18"):
        need, have = found["total"][resource], getattr(BOARD.budget, resource)
        print(f"  {need:,} {NAMES[resource]} ({100 * need / have:.0f} %)")
    if following is None:
        print(f"  bound by {found['binding']}")
    else:
        costs = ", ".join(f"{following[resource]:,} {NAMES[resource]}" for resource in ("lut", "bram18"))
        print(f"  bound by {NAMES[found['binding']]}: {following['ii_cycles']:,} cycles would need {costs}")


def growth(layers: int) -> None:
    """Prints how long a chain takes to be folded, for a target and to the most that a large board takes."""
    board = Board("large", "none", BOARD.budget._make(layers * n // 5 for n in BOARD.budget), BOARD.shell)
    BOARDS[board.name] = board
    graph = chain(layers)
    times = []
    for options in ({"target_fps": 500_000.0}, {"max_fps": True}):
        start = perf_counter()
        graph.copy().transform(Fold(board=board.name, **options))
        times.append(perf_counter() - start)
    print(f"{layers:6,} layers: {times[0]:8.2f} s for a target, {times[1]:8.2f} s for the most")


def main() -> None:
    """Prints all."""
    for model in MODELS:
        fastest(*model)
    for layers in LAYERS:
        growth(layers)


if __name__ == "__main__":
    main()
