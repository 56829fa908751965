# SPDX-License-Identifier: Apache-2.0
"""`Accelerator.benchmark`."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.runtime import Accelerator, Benchmark, Sweep, measuring, metadata
from finnlite.runtime.errors import InputError
from tests.runtime.deployed import frames_of, refused


def test_benchmark(accelerator: Accelerator) -> None:
    result = accelerator.benchmark(100, batch=8)
    assert (result.frames, result.batch, result.simulated) == (100, 8, True)
    seconds = (result.latency_s, result.pack_s, result.transfer_s, result.unpack_s)
    assert all(second > 0 for second in seconds)
    assert result.device_fps == pytest.approx(100 / result.transfer_s)
    assert result.fps > 0
    few = accelerator.benchmark(frames_of(3))
    assert (few.frames, few.batch) == (3, 3)
    assert accelerator.predict(frames_of(1)).shape == (1, 10)


def test_what_a_benchmark_prints() -> None:
    result = Benchmark(100, 8, 1000.4, 2000.0, 0.00025, 0.01, 0.02, 0.003, simulated=True)
    assert str(result) == (
        "100 frames in batches of 8, in simulation, which says nothing about a board\n"
        "1000 frames/s in all, 2000 frames/s of the device alone\n"
        "0.250 ms for one frame\n"
        "10.000 ms packing, 20.000 ms transfer, 3.000 ms unpacking"
    )
    assert str(Benchmark(1, 1, 1, 1, 1, 1, 1, 1, simulated=False)).startswith(
        "1 frames in batches of 1, on the board\n"
    )


@pytest.mark.parametrize("frames", [0, -1, np.zeros((0, 24), np.uint8)])
def test_a_benchmark_of_nothing(accelerator: Accelerator, frames: Any) -> None:
    count = frames if isinstance(frames, int) else 0
    assert refused(lambda: accelerator.benchmark(frames), InputError) == (
        f"benchmark: must run at least 1 frame, is to run {count}"
    )


@pytest.mark.parametrize(
    ("datatype", "dtype", "values"),
    [
        ("BIPOLAR", "int8", [-1, 1]),
        ("UINT2", "uint8", [0, 1, 2, 3]),
        ("INT2", "int8", [-2, -1, 0, 1]),
        ("BINARY", "uint8", [0, 1]),
    ],
)
def test_the_frames_of_a_benchmark(datatype: str, dtype: str, values: list[int]) -> None:
    tensor = metadata.Tensor("x", (4,), dtype, datatype)
    frames = measuring.random_frames(tensor, 50)
    assert frames.shape == (50, 4)
    assert frames.dtype == dtype
    assert np.unique(frames).tolist() == values


def test_the_frames_of_a_benchmark_of_float_inputs() -> None:
    frames = measuring.random_frames(metadata.Tensor("x", (4, 2), "float32", "FLOAT32"), 50)
    assert (frames.shape, frames.dtype) == ((50, 4, 2), np.float32)
    assert frames.min() < -1
    assert frames.max() > 1


# -- several batches, and plots -----------------------------------------------------------------------
def test_a_sweep(accelerator: Accelerator) -> None:
    sweep = accelerator.sweep(frames_of(20), batches=[2, 16])
    assert [(run.frames, run.batch) for run in sweep.runs] == [(20, 2), (20, 16)]
    first, second = sweep.runs
    assert first.batch_s == pytest.approx((first.pack_s + first.transfer_s + first.unpack_s) / 10)
    assert second.batch_s == pytest.approx((second.pack_s + second.transfer_s + second.unpack_s) / 2)
    assert [run.batch for run in accelerator.sweep(64).runs] == [1, 4, 16, 64]
    assert [run.batch for run in accelerator.sweep(frames_of(3)).runs] == [1]


@pytest.mark.parametrize("batches", [[], [1, 21], [0], [1.5], ["1"]])
def test_batches_that_are_none(accelerator: Accelerator, batches: Any) -> None:
    assert refused(lambda: accelerator.sweep(frames_of(20), batches), InputError) == (
        f"batches must be sizes up to the 20 frames to run, are {batches}"
    )


def test_a_sweep_of_nothing(accelerator: Accelerator) -> None:
    for frames in (0, frames_of(0)):
        assert refused(lambda: accelerator.sweep(frames), InputError) == (  # noqa: B023
            "benchmark: must run at least 1 frame, is to run 0"
        )


RUNS = (
    Benchmark(64, 1, 1e3, 2e3, 0.001, 0.02, 0.05, 0.03, simulated=False),
    Benchmark(64, 64, 1e5, 1e6, 0.001, 0.01, 0.06, 0.01, simulated=False),
)


def test_what_a_sweep_prints() -> None:
    assert str(Sweep(RUNS)) == (
        "       batch     frames/s device alone   ms a batch\n"
        "           1         1000         2000        1.562\n"
        "          64       100000      1000000       80.000"
    )
    assert Sweep(RUNS)._repr_html_().count("<tr>") == 3


def parsed(text: str) -> tuple[list[str], list[Any], list[Any]]:
    """The texts of a plot, its charts, and the lines of all of them."""
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    charts = root.findall(f"{space}g")
    return [t.text or "" for t in root.iter(f"{space}text")], charts, list(root.iter(f"{space}polyline"))


def test_the_plot_of_a_sweep() -> None:
    texts, charts, lines = parsed(str(Sweep(RUNS).plot()))
    assert texts[0] == "64 frames, on the board"
    assert [chart[0].text for chart in charts] == [
        "Frames a second",
        "Where the time goes",
        "Milliseconds a batch",
    ]
    assert {"1k", "10k", "100k", "1M"} <= set(texts)
    points = [[tuple(map(float, p.split(","))) for p in line.get("points").split()] for line in lines]
    (one, many), (_, alone), _ = points
    decade = (one[1] - many[1]) / 2
    assert alone[1] == pytest.approx(many[1] - decade, abs=0.2)
    assert points[1][0][1] == pytest.approx(one[1] - math.log10(2) * decade, abs=0.2)
    bars = [part for part in charts[1] if part.tag.endswith("rect") and len(part)]
    heights = [float(bar.get("height")) for bar in bars]
    assert [h / sum(heights[:3]) for h in heights[:3]] == pytest.approx([0.2, 0.5, 0.3], abs=0.01)
    assert [h / sum(heights[3:]) for h in heights[3:]] == pytest.approx([1 / 8, 6 / 8, 1 / 8], abs=0.01)
    assert float(bars[0].get("y")) + heights[0] == pytest.approx(
        float(bars[3].get("y")) + heights[3], abs=0.2
    )
    assert bars[1][0].text == "batch 1: 781 µs a frame in transfer"


def test_the_plot_of_one_benchmark(accelerator: Accelerator, tmp_path: Path) -> None:
    result = accelerator.benchmark(10, batch=5)
    plot = result.plot()
    texts, charts, lines = parsed(str(plot))
    assert texts[0] == "10 frames, in simulation, which says nothing about a board"
    assert (len(charts), len(lines), texts.count("5")) == (3, 3, 3)
    assert result._repr_html_() == f"{plot}<pre>{result}</pre>"
    assert plot._repr_html_() == str(plot)
    plot.save(tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text(encoding="utf-8") == str(plot)
