# SPDX-License-Identifier: Apache-2.0
"""C simulation: the emitted code, compiled by the host's compiler and run in a child process."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
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
from finnlite.progress import Count, shares
from finnlite.runtime.packing import pack, unpack

from .compiler import LIBRARY, Compiler, compile_commands, find_compiler
from .emit import Options, emit_network
from .network import OUTSIDE, Network, network_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Csim", "StreamCount", "simulation_plan"]

_POSITION = struct.Struct("=iIQ")
_MESSAGE_LINES = 5
_EMPTY_READ = re.compile(r"stream '([^']*)' is read while empty")


def simulation_plan(graph: Graph, compiler: Compiler | None = None) -> Plan:
    """The C++ of a hardware graph with the commands that compile its simulation.

    Raises:
        ToolError: If there is no compiler.
        UnsupportedError: If a unit has no HLS code.
    """
    network = network_of(graph)
    files = emit_network(network, Options())
    return Plan(files, compile_commands(network, files, compiler or find_compiler()))


@dataclass(frozen=True)
class StreamCount:
    """What was counted of a stream since the last reset, and its steps while recording.

    Args:
        name: The stream's name in the emitted code.
        writer: Name of the node that writes it; None: the input.
        reader: Name of the node that reads it; None: the output.
        depth: Words that fit in hardware.
        written: Words written.
        read: Words read.
        high_water: Most words in it at once; the simulation runs layer by layer, so up to a frame's.
        write_steps: The writer's steps, counted in a frame, that wrote a word.
        read_steps: The reader's steps that read one.
    """

    name: str
    writer: str | None
    reader: str | None
    depth: int
    written: int
    read: int
    high_water: int
    write_steps: tuple[int, ...]
    read_steps: tuple[int, ...]


class Csim:
    """A compiled network. Use it as a context manager, or `close` it.

    Args:
        graph: The hardware graph that was emitted.
        folder: The folder in which its `simulation_plan` was run.

    Raises:
        SimulationError: If the folder holds no library.
    """

    def __init__(self, graph: Graph, folder: Path) -> None:
        """See the class."""
        self._network: Network = network_of(graph)
        self._library = (folder / LIBRARY).resolve()
        if not self._library.is_file():
            raise SimulationError(f"C simulation: {str(self._library)!r} must exist, does not; build first")
        self._scratch = tempfile.TemporaryDirectory(prefix="finnlite-csim-")
        self._errors: IO[bytes] | None = None
        self._child: subprocess.Popen[str] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def compile(
        cls,
        graph: Graph,
        folder: Path | None = None,
        *,
        compiler: Compiler | None = None,
        jobs: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Csim:
        """Emits and compiles a hardware graph; what did not change is not compiled again.

        Args:
            graph: The hardware graph.
            folder: Where to; by default a folder that vanishes with `close`.
            compiler: The C++ compiler; by default the first on the PATH.
            jobs: Compilers to run at once.
            progress: See `finnlite.plan.Output`.

        Raises:
            ToolError: If there is no compiler, or it fails; names the layer's node.
        """
        plan = simulation_plan(graph, compiler)
        temporary = None
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="finnlite-csim-")
            folder = Path(temporary.name) / "hls"
        with Output(folder, jobs=jobs, progress=progress) as out:
            out.run(plan)
        result = cls(graph, folder)
        result._temporary = temporary
        return result

    def __enter__(self) -> Csim:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()

    def close(self) -> None:
        """Ends the child process and removes temporary files."""
        self._stop()
        self._scratch.cleanup()
        if self._temporary is not None:
            self._temporary.cleanup()

    # -- running ----------------------------------------------------------------------------------
    def run(self, frames: NDArray[Any], progress: Count | None = None) -> NDArray[Any]:
        """Runs frames of integers.

        Args:
            frames: (F, N) integers of the input's datatype.
            progress: Called with (done, total) frames.

        Returns:
            (F, M) integers.

        Raises:
            OptionError: If the frames do not fit the input.
            SimulationError: If the simulation breaks a rule of the hardware or crashes; names the node.
        """
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
        results = []
        for part in shares(len(beats)) if progress is not None else (slice(0, len(beats)),):
            try:
                results.append(self.run_beats(beats[part]))
            except SimulationError as error:
                if part.start:
                    raise SimulationError(f"{error} (counted from frame {part.start})") from None
                raise
            if progress is not None:
                progress(part.stop, len(beats))
        packed = np.ascontiguousarray(np.concatenate(results).astype("<u8")).view(np.uint8)
        return unpack(packed, y.datatype.name, elements(y))

    def run_beats(self, beats: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Runs frames as they cross the border: (F, beats in) to (F, beats out), one transfer.

        Raises:
            OptionError: If the frames have not as many beats as the input needs.
            SimulationError: See `run`.
        """
        wanted = (len(beats), self._network.input_beats)
        if beats.shape != wanted:
            raise OptionError(f"frames must have {list(wanted)} beats, have {list(beats.shape)}")
        result = np.zeros((len(beats), self._network.output_beats), dtype=np.uint64)
        if not len(beats):
            return result
        source, sink = self._path("input"), self._path("output")
        source.write_bytes(np.ascontiguousarray(beats, dtype=np.uint64).tobytes())
        sink.write_bytes(bytes(result.nbytes))
        self._ask("run", source=str(source), sink=str(sink), frames=len(beats))
        return np.fromfile(sink, dtype=np.uint64).reshape(result.shape)

    def reset(self) -> None:
        """Makes the state of every layer what it is after a reset, and the counters zero."""
        self._ask("reset")

    # -- counters ---------------------------------------------------------------------------------
    def streams(self) -> list[StreamCount]:
        """What was counted, stream by stream.

        Raises:
            SimulationError: If the vendor's headers are used, whose streams count nothing.
        """
        reports = self._ask("streams")["streams"]
        if not reports:
            raise SimulationError(
                "C simulation: streams must count words, the vendor's do not; unset XILINX_HLS"
            )
        return [
            self._count(stream.name, *report)
            for stream, report in zip(self._network.streams, reports, strict=True)
        ]

    def trace(self, frame: NDArray[Any]) -> list[StreamCount]:
        """Runs one frame and records the steps in which each stream was written and read."""
        self._ask("record", on=True)
        self.run(np.asarray(frame).reshape(1, -1))
        streams = self.streams()
        self._ask("record", on=False)
        return streams

    def _count(self, name: str, numbers: list[int], writes: list[int], reads: list[int]) -> StreamCount:
        depth, written, read, high_water, writer, reader = numbers
        return StreamCount(
            name,
            self._node(writer),
            self._node(reader),
            depth,
            written,
            read,
            high_water,
            tuple(writes),
            tuple(reads),
        )

    def _node(self, layer: int) -> str | None:
        return None if layer == OUTSIDE else self._network.layers[layer].node.name

    # -- the child process ------------------------------------------------------------------------
    def _path(self, name: str) -> Path:
        return Path(self._scratch.name) / name

    def _start(self) -> subprocess.Popen[str]:
        position = self._path("position")
        position.write_bytes(_POSITION.pack(OUTSIDE, 0, 0))
        self._errors = self._path("errors").open("w+b")
        script = Path(__file__).with_name("worker.py")
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(self._library), str(position)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.communicate()  # the end of its input ends it
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        if self._child is None:
            self._child = self._start()
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise SimulationError("C simulation: the child process must have pipes, has none")
        try:
            stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SimulationError(self._crash())
        self._check_printed()
        result: dict[str, Any] = json.loads(answer)
        if "error" in result:
            raise SimulationError(f"{self._subject(result['layer'])}: {result['error']}")
        return result

    def _check_printed(self) -> None:
        """The vendor's streams only print a warning when they are read while empty: an error here."""
        errors = self._path("errors")
        if errors.stat().st_size == 0:
            return
        match = _EMPTY_READ.search(errors.read_text(errors="replace"))
        if match is None:
            return
        self._stop()
        readers = {stream.name: stream.reader for stream in self._network.streams}
        subject = self._subject(readers.get(match[1]))
        raise SimulationError(f"{subject}: stream {match[1]!r} is read while it is empty")

    def _subject(self, layer: int | None) -> str:
        if layer is None or not 0 <= layer < len(self._network.layers):
            return "C simulation"
        return f"node {self._network.layers[layer].node.name!r}"

    def _crash(self) -> str:
        child = self._child
        code = child.wait() if child is not None else 0
        layer, step, frame = _POSITION.unpack(self._path("position").read_bytes())
        printed = self._path("errors").read_text(errors="replace").strip().splitlines()
        self._close_pipes()
        how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
        where = "" if layer == OUTSIDE else f"frame {frame}, step {step}: "
        tail = "".join("\n" + line for line in printed[-_MESSAGE_LINES:])
        return f"{self._subject(layer)}: {where}the simulation {how}{tail}"

    def _close_pipes(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue
        if self._errors is not None:
            self._errors.close()
            self._errors = None
