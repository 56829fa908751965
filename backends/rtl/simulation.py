# SPDX-License-Identifier: Apache-2.0
"""RTL simulation: the emitted Verilog, made into a program by Verilator and run from beats to beats."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import OptionError, SimulationError
from finnlite.ir import Graph
from finnlite.ops.unit import elements
from finnlite.plan import Output, Plan
from finnlite.progress import Count
from finnlite.runtime.packing import pack, unpack

from ..network import network_of
from .emit import Options, emit_network, library, sources, stream_depth
from .harness import harness_files, problem_text, run_file
from .statistics import Statistics, statistics_of
from .synthesis import library_of
from .threads import threads_of
from .verilator import Verilator, find_verilator, program, verilate_command

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RtlSimulation", "Traffic", "simulation_plan"]

_PATIENCE = 2000
"""Cycles in which nothing moves, although source and sink would, after which it is a deadlock."""


def simulation_plan(graph: Graph, verilator: Verilator | None = None, *, trace: bool = False) -> Plan:
    """The Verilog of a hardware graph with the command that makes its simulation.

    Args:
        graph: The hardware graph (stage SizeStreams).
        verilator: By default the one that `find_verilator` finds.
        trace: Whether the simulation can write waveforms; it is slower then.

    Raises:
        ToolError: If there is no Verilator.
        UnsupportedError: If a unit has no RTL code.
    """
    emitted = emit_network(network_of(graph), Options(steps=True, monitors=True))
    own = {path: text for path, text in emitted.items() if not path.startswith("lib/")}
    text = "".join(own[path].decode() for path in sources(own))
    cells = {f"lib/{name}": emitted[f"lib/{name}"] for name in library_of(text, library())}  # those used
    files = cells | own | harness_files()
    return Plan(files, (verilate_command(files, verilator or find_verilator(), trace=trace),))


@dataclass(frozen=True)
class Traffic:
    """How beats come and go.

    Args:
        idle: Probability a cycle that the source has no beat.
        stall: Probability a cycle that the sink takes none.
        interval: Cycles from the first beat of a frame to the next one's at the earliest; 0: the source
            saturates.
        seed: Of all that is random, what registers hold before the reset too.

    Raises:
        OptionError: If a probability is not in [0, 1), or the interval or the seed is negative.
    """

    idle: float = 0.0
    stall: float = 0.0
    interval: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        """Checks the numbers."""
        for name in ("idle", "stall"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise OptionError(f"RTL simulation: {name} must be at least 0 and below 1, is {value}")
        for name in ("interval", "seed"):
            value = getattr(self, name)
            if value < 0:
                raise OptionError(f"RTL simulation: {name} must be at least 0, is {value}")


class RtlSimulation:
    """A simulation that was made. Use it as a context manager, or `close` it.

    Every run begins with a reset and is one transfer, whose last beat carries TLAST. In each cycle it checks
    that each unit makes a step exactly if the model of time says that it can.

    Args:
        graph: The hardware graph that was emitted.
        folder: The folder in which its `simulation_plan` was run.

    Raises:
        SimulationError: If the folder holds no simulation.
    """

    def __init__(self, graph: Graph, folder: Path) -> None:
        """See the class."""
        self._network = network_of(graph)
        self._threads = threads_of(self._network)
        self._depths = [stream_depth(self._network, stream) for stream in self._network.streams]
        self._folder = folder.resolve()
        paths = {trace: self._folder / program(trace=trace) for trace in (True, False)}
        found = [trace for trace, path in paths.items() if path.is_file()]
        if not found:
            raise SimulationError(f"RTL simulation: {str(paths[False])!r} must exist, does not; build first")
        self._traces = found[0]
        self._program = paths[self._traces]
        self._scratch = tempfile.TemporaryDirectory(prefix="finnlite-rtl-")
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._statistics: Statistics | None = None

    @classmethod
    def compile(
        cls,
        graph: Graph,
        folder: Path | None = None,
        *,
        verilator: Verilator | None = None,
        trace: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> RtlSimulation:
        """Emits a hardware graph and makes its simulation, unless its Verilog is unchanged.

        Args:
            graph: The hardware graph.
            folder: Where to; by default a folder that vanishes with `close`.
            verilator: By default the one that `find_verilator` finds.
            trace: Whether `run` can write waveforms; it is slower then.
            progress: See `finnlite.plan.Output`.

        Raises:
            ToolError: If there is no Verilator, or it fails.
            UnsupportedError: If a unit has no RTL code.
        """
        plan = simulation_plan(graph, verilator, trace=trace)
        temporary = None
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="finnlite-rtl-")
            folder = Path(temporary.name) / "rtl"
        with Output(folder, progress=progress) as out:
            out.run(plan)
        result = cls(graph, folder)
        result._temporary = temporary
        return result

    def __enter__(self) -> RtlSimulation:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()

    def close(self) -> None:
        """Removes temporary files."""
        self._scratch.cleanup()
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def statistics(self) -> Statistics:
        """What the last run counted.

        Raises:
            SimulationError: If there was none.
        """
        if self._statistics is None:
            raise SimulationError("RTL simulation: there must have been a run, was none")
        return self._statistics

    def run(
        self,
        frames: NDArray[Any],
        progress: Count | None = None,
        *,
        traffic: Traffic | None = None,
        times: bool = False,
        trace: Path | None = None,
        patience: int = _PATIENCE,
    ) -> NDArray[Any]:
        """Runs frames of integers, one transfer from reset.

        Args:
            frames: (F, N) integers of the input's datatype.
            progress: Called with (done, total) frames.
            traffic: How beats come and go; by default always.
            times: Whether to record the cycles of all steps; see `Statistics.times`.
            trace: A file for the waveforms, in VCD, if the simulation was made for that.
            patience: Cycles without a step after which it is a deadlock.

        Returns:
            (F, M) integers.

        Raises:
            OptionError: If the frames do not fit the input, or there can be no trace.
            SimulationError: If the accelerator deadlocks, breaks a rule of its border, or is not as the model
                of time says.
        """
        if trace is not None and not self._traces:
            raise OptionError(f"trace {str(trace)!r}: the simulation must be made with trace=True, is not")
        x, y = self._network.x, self._network.y
        frames = np.asarray(frames)
        frames = frames.reshape(len(frames), int(np.prod(frames.shape[1:])))
        if frames.shape[1] != elements(x):
            raise OptionError(
                f"input {x.name!r}: must have {elements(x)} elements a frame, has {frames.shape[1]}"
            )
        try:
            data = pack(frames, x.datatype.name)
        except ValueError as error:
            raise OptionError(f"input {x.name!r}: {error}") from error
        beats = np.ascontiguousarray(data).view("<u8")
        result = self._run(beats, progress, traffic or Traffic(), times, trace, patience)
        packed = np.ascontiguousarray(result.astype("<u8")).view(np.uint8)
        return unpack(packed, y.datatype.name, elements(y))

    def _run(
        self,
        beats: NDArray[np.uint64],
        progress: Count | None,
        traffic: Traffic,
        times: bool,
        trace: Path | None,
        patience: int,
    ) -> NDArray[np.uint64]:
        network, folder = self._network, Path(self._scratch.name)
        if not len(beats):
            return np.zeros((0, network.output_beats), dtype=np.uint64)
        (folder / "input").write_bytes(beats.tobytes())
        numbers = {
            "frames": len(beats),
            "input_beats": network.input_beats,
            "output_beats": network.output_beats,
            "streams": len(network.streams),
            "idle": traffic.idle,
            "stall": traffic.stall,
            "interval": traffic.interval,
            "seed": traffic.seed,
            "patience": patience,
            "times": int(times),
            "trace": int(trace is not None),
        }
        text, codes = run_file(numbers, self._threads)
        (folder / "run").write_text(text, encoding="ascii")
        (folder / "codes").write_bytes(codes)
        try:
            self._call(folder, len(beats), progress)
        finally:
            if trace is not None and (folder / "trace.vcd").is_file():
                _move(folder / "trace.vcd", trace)
        report = json.loads((folder / "report.json").read_text(encoding="ascii"))
        if report["problem"]:
            raise SimulationError(problem_text(network, self._threads, self._depths, report, patience))
        steps = np.fromfile(folder / "times", dtype="<u8") if times else None
        self._statistics = statistics_of(network, self._depths, report, steps)
        return np.fromfile(folder / "output", dtype="<u8").reshape(len(beats), network.output_beats)

    def _call(self, folder: Path, frames: int, progress: Count | None) -> None:
        """Runs the program where the memories' files are.

        Raises:
            SimulationError: If it fails.
        """
        home = self._folder / "data" if (self._folder / "data").is_dir() else self._folder
        with (folder / "errors").open("w+b") as errors:
            command = [str(self._program), str(folder)]
            with subprocess.Popen(
                command, cwd=home, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as child:
                _follow(child.stdout, frames, progress)
        if child.returncode:
            said = (folder / "errors").read_text(errors="replace").strip()
            how = f"was ended by signal {-child.returncode}" if child.returncode < 0 else said
            raise SimulationError(f"RTL simulation: the program must run to its end, did not: {how}")


def _follow(lines: IO[str] | None, frames: int, progress: Count | None) -> None:
    """Tells how many frames have left, until the program ends."""
    for line in lines or ():
        if progress is not None:
            progress(int(line), frames)


def _move(file: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)
    except OSError as error:
        raise OptionError(f"trace {str(target)!r}: must be writable, is not ({error.strerror})") from error
