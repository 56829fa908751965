# SPDX-License-Identifier: Apache-2.0
"""Runs the emitted Verilog of a hardware graph in Icarus Verilog."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.network import Network, network_of
from finnlite.backends.rtl.emit import Options, emit_network, sources
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.unit import elements
from finnlite.runtime.packing import pack, unpack
from tests.cycles import run as simulate_cycles

BENCH = Path(__file__).with_name("bench.v")
TIMEOUT_S = 300
PATIENCE = 5000
"""Cycles in which nothing happens after which it is a deadlock."""


@dataclass(frozen=True)
class Trace:
    """What happened: (F, M) outputs; the cycles of every layer's steps by node, from the first beat on."""

    outputs: NDArray[Any]
    times: Mapping[str, list[int]]
    cycles: int


def icarus() -> str:
    """The simulator, or the reason to skip."""
    found = shutil.which("iverilog")
    if found is None:
        if os.environ.get("CI"):
            raise RuntimeError("Icarus Verilog must be on the PATH, is not")
        pytest.skip("Icarus Verilog (iverilog) is not here")
    return found


def run(
    graph: Graph,
    frames: NDArray[Any],
    folder: Path,
    *,
    seed: int = 1,
    idle: float = 0.0,
    stall: float = 0.0,
    made: Callable[[Path, list[str]], list[str]] | None = None,
) -> Trace:
    """Frames through a graph, one transfer.

    Args:
        graph: After SizeStreams.
        frames: (F, …) integers of its input.
        folder: An empty one.
        seed: Of the pauses.
        idle: Share of cycles in which the source has nothing.
        stall: Share of cycles in which the sink takes nothing.
        made: Given the folder and the Verilog's paths in it, further options and files of Icarus to simulate
            instead.

    Raises:
        AssertionError: If the accelerator deadlocks, or TLAST or TKEEP is wrong.
    """
    net = network_of(graph)
    files = emit_network(net, Options(steps=True))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "data").mkdir(exist_ok=True)
    flat = np.asarray(frames).reshape(len(frames), elements(net.x))
    beats = np.ascontiguousarray(pack(flat, net.x.datatype.name)).view("<u8").ravel()
    (folder / "beats.hex").write_text("".join(f"{beat:016x}\n" for beat in beats.tolist()))
    _compile(net, made(folder, sources(files)) if made else sources(files), folder, len(frames))
    rates = [f"+source={round(100 * (1 - idle))}", f"+sink={round(100 * (1 - stall))}"]
    arguments = [f"+seed={seed}", *rates, f"+patience={PATIENCE}", "+beats=../beats.hex", "+log=../log"]
    call(["vvp", "-n", str(folder / "bench"), *arguments], folder / "data")
    return _trace(net, (folder / "log").read_text().splitlines(), len(frames))


def _compile(net: Network, files: list[str], folder: Path, frames: int) -> None:
    sizes = {
        "LAYERS": len(net.layers),
        "BEATS_IN": frames * net.input_beats,
        "BEATS_OUT": frames * net.output_beats,
    }
    settings = [f"-Pbench.{name}={value}" for name, value in sizes.items()]
    command = [icarus(), "-g2005", "-Wall", "-s", "bench", *settings, "-o", "bench", str(BENCH)]
    call([*command, *files], folder)


def call(command: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    printed = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if "timescale" not in line)
    assert done.returncode == 0, printed
    assert "warning" not in printed.lower(), printed
    return printed


def _trace(net: Network, log: list[str], frames: int) -> Trace:
    rows = [line.split() for line in log]
    beats = [row[1:] for row in rows if len(row) > 1]
    steps = [row[0] for row in rows]
    assert not any("x" in step or "z" in step for step in steps), "a step must be known, is not"
    assert len(beats) == frames * net.output_beats, f"deadlock after {len(rows)} cycles, {len(beats)} beats"
    assert [beat[0] for beat in beats] == ["0"] * (len(beats) - 1) + ["1"], "TLAST must be the last beat's"
    assert all(beat[1] == "ff" for beat in beats), "TKEEP must be ones"
    data = np.array([int(beat[2], 16) for beat in beats], dtype="<u8").reshape(frames, -1)
    outputs = unpack(np.ascontiguousarray(data).view(np.uint8), net.y.datatype.name, elements(net.y))
    numbers = [int(step, 16) for step in steps]
    first = next(cycle for cycle, number in enumerate(numbers) if number & 1)
    times = {
        layer.node.name: [cycle - first for cycle, number in enumerate(numbers) if number >> index & 1]
        for index, layer in enumerate(net.layers)
    }
    return Trace(outputs, times, len(rows) - first)


def assert_equal(
    graph: Graph,
    frames: NDArray[Any],
    folder: Path,
    *,
    seed: int = 1,
    idle: float = 0.0,
    stall: float = 0.0,
    made: Callable[[Path, list[str]], list[str]] | None = None,
) -> Trace:
    """The Verilog computes what the graph means, and without pauses steps when the model of time does.

    Args:
        graph: After SizeStreams, whose only input is AxiIn's and whose only output is AxiOut's.
        frames, folder, seed, idle, stall, made: See `run`.
    """
    trace = run(graph, frames, folder, seed=seed, idle=idle, stall=stall, made=made)
    expected = execute(graph, frames)
    wrong = np.argwhere(trace.outputs != expected.reshape(trace.outputs.shape))
    assert not len(wrong), f"{len(wrong)} elements differ, the first at (frame, element) {wrong[0]}"
    if not idle and not stall:
        for name, cycles in cycle_times(graph, len(frames)).items():
            mine = trace.times[name][: len(cycles)]
            differ = next(
                (n for n, pair in enumerate(zip(mine, cycles, strict=True)) if pair[0] != pair[1]), None
            )
            assert differ is None, f"{name}: step {differ} in cycle {mine[differ]}, not in {cycles[differ]}"
    return trace


def cycle_times(graph: Graph, frames: int) -> dict[str, list[int]]:
    """The cycles of all steps by the slow simulation of the model."""
    return simulate_cycles(graph, frames).times
