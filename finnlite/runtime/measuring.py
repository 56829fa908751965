# SPDX-License-Identifier: Apache-2.0
"""How fast an accelerator is, and where the time goes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .packing import element_type
from .plots import Svg, plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .codec import Codec
    from .engine import Engine
    from .metadata import Metadata, Tensor

__all__ = ["Benchmark", "Sweep", "measure", "random_frames"]

_LATENCY_CALLS = 5


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Args:
        frames: Frames that were run.
        batch: Frames of a transfer.
        fps: Frames a second from source inputs to results, packing and unpacking overlapped.
        device_fps: Frames a second of the transfers alone.
        latency_s: Seconds of a call with one frame.
        pack_s: Seconds in packing all frames.
        transfer_s: Seconds in transferring them.
        unpack_s: Seconds in unpacking the answers.
        simulated: Whether the device is simulated, so that all but packing and unpacking says nothing about
            a board.
    """

    frames: int
    batch: int
    fps: float
    device_fps: float
    latency_s: float
    pack_s: float
    transfer_s: float
    unpack_s: float
    simulated: bool

    def __str__(self) -> str:
        """A few lines for people."""
        where = "in simulation, which says nothing about a board" if self.simulated else "on the board"
        return (
            f"{self.frames} frames in batches of {self.batch}, {where}\n"
            f"{self.fps:.0f} frames/s in all, {self.device_fps:.0f} frames/s of the device alone\n"
            f"{1e3 * self.latency_s:.3f} ms for one frame\n"
            f"{1e3 * self.pack_s:.3f} ms packing, {1e3 * self.transfer_s:.3f} ms transfer, "
            f"{1e3 * self.unpack_s:.3f} ms unpacking"
        )

    @property
    def batch_s(self) -> float:
        """Seconds from a batch's frames to its results, if nothing else is under way."""
        batches = -(-self.frames // self.batch)
        return (self.pack_s + self.transfer_s + self.unpack_s) / batches

    def plot(self) -> Svg:
        """Speed, where the time goes, and latency; see `Sweep` for more than one batch."""
        return plot([self])

    def _repr_html_(self) -> str:
        return f"{self.plot()}<pre>{self}</pre>"


@dataclass(frozen=True)
class Sweep:
    """The same frames in batches of several sizes.

    Args:
        runs: What was measured of each.
    """

    runs: tuple[Benchmark, ...]

    def __str__(self) -> str:
        """A line a batch."""
        lines = [" ".join(f"{cell:>12}" for cell in row) for row in self._rows()]
        return "\n".join(lines)

    def plot(self) -> Svg:
        """Frames a second, where the time goes, and latency, against the batch."""
        return plot(self.runs)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        """A head, and a row a batch."""
        rows = [("batch", "frames/s", "device alone", "ms a batch")]
        for run in self.runs:
            rows.append(
                (f"{run.batch}", f"{run.fps:.0f}", f"{run.device_fps:.0f}", f"{1e3 * run.batch_s:.3f}")
            )
        return rows

    def _repr_html_(self) -> str:
        head, *rows = (
            "".join(f'<td style="text-align:right">{cell}</td>' for cell in row) for row in self._rows()
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"{self.plot()}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def measure(
    engine: Engine,
    codec: Codec,
    metadata: Metadata,
    frames: Any,
    batch: int,
    run: Callable[[NDArray[Any]], None],
) -> Benchmark:
    """Measures.

    Args:
        engine: What runs the frames.
        codec: Of its metadata.
        metadata: What is to run.
        frames: Source inputs, or how many random ones.
        batch: Frames of a transfer.
        run: The whole path.

    Raises:
        InputError: If the frames do not fit the input, or there are none.
    """
    if isinstance(frames, (int, np.integer)):
        count = int(frames)
        frames = random_frames(metadata.input, max(0, count))
    else:
        frames, _ = codec.frames(frames)
        count = len(frames)
    if count < 1:
        raise InputError(f"benchmark: must run at least 1 frame, is to run {count}")
    batch = min(batch, count)
    run(frames[:batch])  # loads, allocates, fills caches
    whole = _seconds(lambda: run(frames))
    latency = float(np.median([_seconds(lambda: run(frames[:1])) for _ in range(_LATENCY_CALLS)]))
    pack, transfer, unpack = _stages(engine, codec, frames, batch)
    return Benchmark(
        len(frames),
        batch,
        len(frames) / whole,
        len(frames) / transfer,
        latency,
        pack,
        transfer,
        unpack,
        engine.device.simulated,
    )


def _stages(engine: Engine, codec: Codec, frames: NDArray[Any], batch: int) -> tuple[float, float, float]:
    """Seconds in packing, transfer and unpacking, one after the other."""
    marks = np.zeros(3)
    for start in range(0, len(frames), batch):
        times = [time.perf_counter()]
        packed = engine.pack(frames[start : start + batch])
        times.append(time.perf_counter())
        engine.start(packed)
        data = engine.finish()
        times.append(time.perf_counter())
        if data is not None:
            codec.decode(data)
        times.append(time.perf_counter())
        marks += np.diff(times)
    pack, transfer, unpack = (float(seconds) for seconds in marks)
    return pack, transfer, unpack


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def random_frames(tensor: Tensor, count: int) -> NDArray[Any]:
    """Frames of the input's datatype, always the same."""
    rng = np.random.RandomState(0)
    shape = (count, *tensor.shape)
    if tensor.datatype == "FLOAT32":
        return rng.standard_normal(shape).astype(tensor.dtype)
    kind = element_type(tensor.datatype)
    if kind.bipolar:
        return (2 * rng.randint(0, 2, shape) - 1).astype(tensor.dtype)
    low, high = max(kind.low, -(2**31)), min(kind.high, 2**31)
    return rng.randint(low, high + 1, shape, dtype=np.int64).astype(tensor.dtype)
