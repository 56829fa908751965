# SPDX-License-Identifier: Apache-2.0
"""`Accelerator.benchmark`."""

from typing import Any

import numpy as np
import pytest

from finnlite.runtime import Accelerator, Benchmark, measuring, metadata
from finnlite.runtime.errors import InputError
from tests.runtime.deployed import frames_of, refused


def test_benchmark(accelerator: Accelerator) -> None:
    result = accelerator.benchmark(100, batch=8)
    assert (result.frames, result.batch, result.simulated) == (100, 8, True)
    seconds = (result.latency_s, result.pack_s, result.transfer_s, result.unpack_s)
    assert all(second > 0 for second in seconds)
    assert result.device_fps == pytest.approx(100 / result.transfer_s)
    assert result.fps > 0
    assert accelerator.benchmark(frames_of(3)).frames == 3
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
