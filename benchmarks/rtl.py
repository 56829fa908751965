# SPDX-License-Identifier: Apache-2.0
"""RTL simulation of the published foldings: build, cycles a second, latency and II beside the model's."""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from finnlite.accelerator import borders
from finnlite.backends.rtl.simulation import RtlSimulation
from finnlite.backends.rtl.verilator import find_verilator
from finnlite.execution import execute
from finnlite.flow import compile_stages
from finnlite.slicing import cut
from finnlite.timing import analyse

from .measuring import FOLDINGS, options, shared

CYCLES = 2_000_000
"""About so many are simulated, and at least three frames."""


def main(names: list[str]) -> None:
    """Measures the models named, by default all that have a published folding."""
    print(find_verilator().version)
    print(f"{'':12}{'build s':>9}{'cycles':>12}{'cycles/s':>11}{'latency':>20}{'II':>20}  outputs")
    for name in names or FOLDINGS:
        graph = compile_stages(shared(f"models/{name}.onnx"), options(name))["SizeStreams"]
        model, (first, last) = analyse(graph), borders(graph)
        x = first.input(0)
        low, high = int(x.datatype.min()), int(x.datatype.max())
        count = max(3, CYCLES // model.ii_cycles)
        frames = np.random.default_rng(0).integers(low, high + 1, (count, *x.shape[1:]))
        if x.datatype.name == "BIPOLAR":
            frames = np.where(frames < 0, -1, 1)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "rtl"
            start = perf_counter()
            with RtlSimulation.compile(graph, target) as rtl:
                building = perf_counter() - start
                start = perf_counter()
                found = rtl.run(frames)
                seconds = perf_counter() - start
                counted = rtl.statistics
        expected = execute(cut(graph, [x], [last.output]), frames).reshape(found.shape)
        equal = "equal" if np.array_equal(found, expected) else "DIFFERENT"
        latency = f"{counted.latency_cycles:,} / {model.latency_cycles:,}"
        ii = f"{counted.ii_cycles:,.10g} / {model.ii_cycles:,}"
        speed = counted.cycles / seconds
        print(f"{name:12}{building:9.1f}{counted.cycles:12,}{speed:11,.0f}{latency:>20}{ii:>20}  {equal}")


if __name__ == "__main__":
    main(sys.argv[1:])
