# SPDX-License-Identifier: Apache-2.0
"""The shared networks as Verilog: bit for bit, cycle for cycle, with and without pauses."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.measuring import FOLDINGS
from finnlite import flow
from finnlite.backends.rtl.simulation import RtlSimulation, Traffic
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.samples import load_samples

PIXELS = {"input_type": "uint8", "input_scale": "1/255"}
SMALL = {"tfc_w1a1": 32, "unsw_w2a2": 32}
"""Networks that every run of the tests simulates, and how many of their golden frames."""
LARGE = {"lfc_w1a1": 16, "cnv_w1a1": 3, "resnet8_w4a4": 4, "mobilenet_tiny_w4a4": 4}
PAUSES = Traffic(idle=0.4, stall=0.4, seed=3)


@pytest.mark.parametrize(
    ("model", "frames"),
    [*SMALL.items(), *(pytest.param(*item, marks=pytest.mark.large) for item in LARGE.items())],
)
def test_the_verilog_equals_the_graph_and_the_model_of_time(
    shared: Path, model: str, frames: int, tmp_path: Path
) -> None:
    source, golden = (shared / "models" / f"{model}.{suffix}" for suffix in ("onnx", "golden.npz"))
    options: dict[str, Any] = {"folding": FOLDINGS.get(model), **(PIXELS if model == "tfc_w1a1" else {})}
    build = flow.build(
        source,
        out=tmp_path / "out",
        backend="rtl",
        verify=golden,
        verify_samples={"csim": frames, "rtl": frames, "device": 1},
        **options,
    )
    row = next(row for row in build.report["verification"] if row["stage"] == "rtl")
    assert (row["against"], row["samples"], row["mismatches"]) == ("csim", frames, 0)
    assert build.ok

    graph, performance = build.graph, build.report["performance"]
    samples = load_samples(golden, build.stages["Import"]).first(frames).inputs
    expected = Session(graph).run(samples)
    with RtlSimulation(graph, tmp_path / "out" / "rtl") as simulation:
        for traffic in (Traffic(), PAUSES):
            found = Host(graph).around(partial(simulation.run, traffic=traffic))(samples)
            for name, values in expected.items():
                assert np.array_equal(found[name], values)
            counted = simulation.statistics
            assert all(stream.high_water <= stream.depth for stream in counted.streams if stream.depth)
            if traffic == PAUSES:
                continue
            assert counted.latency_cycles == performance["latency_cycles"]
            assert counted.ii_cycles == pytest.approx(performance["ii_cycles"], rel=0.01)
