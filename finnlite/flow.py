# SPDX-License-Identifier: Apache-2.0
"""The flow: from a file to an accelerator and its report. The one place where core and wings meet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finnlite import report as reports
from finnlite.accelerator import is_mapped
from finnlite.backends.hls.csim import Csim, simulation_plan
from finnlite.boards import Board
from finnlite.errors import ModelError, OptionError, UnsupportedError
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.ir import Graph, Transform
from finnlite.ladder import Ladder, accuracies, check_caps, rows_ok, untested_quantizers
from finnlite.mapping import Check, SourceNode, becomes, judge
from finnlite.options import Numbers, Options, Scale, check_same_model, read_folding, stage_file
from finnlite.oracle import Oracle
from finnlite.plan import Output, Plan, check_output
from finnlite.progress import Clock, Progress
from finnlite.samples import Samples, encode_input, load_samples, synthetic_samples
from finnlite.serde import load_stage, to_bytes
from finnlite.transforms import Import, Streamline, read_model
from finnlite.transforms.folding import Fold, folding_of
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.importing import UnknownOperatorError
from finnlite.transforms.importing.listing import source_nodes
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Build", "build", "check", "compile_stages", "load", "simulate"]

_LAST = "SizeStreams"
_HLS = "hls"
_PROBED_FRAMES = 256
"""Frames with which quantizers are probed for being tested at all."""


@dataclass(frozen=True)
class Build:
    """What a build made.

    Args:
        folder: Where it lies; None if a mismatch kept it from being put there.
        stages: The graph after each stage that ran.
        report: What `report.json` holds.
        ok: Whether no rung of the ladder differs from the one before it.
    """

    folder: Path | None
    stages: Mapping[str, Graph]
    report: dict[str, Any]
    ok: bool

    @property
    def graph(self) -> Graph:
        """The graph after the last stage."""
        return list(self.stages.values())[-1]


def load(
    path: Path | str,
    *,
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
) -> Graph:
    """Reads a model: stage Import.

    Args:
        path: A QONNX, QCDQ or plain ONNX file.
        input_type: Declares integer inputs q: "uint8", "int4", "bipolar", …
        input_scale: The model sees x = float32((q·scale − mean) / std); a number or a fraction like "1/255".
        input_mean: One number, or one a channel.
        input_std: One number, or one a channel.

    Raises:
        ModelError: If the file cannot be read.
        UnsupportedError: If it holds operators that finnlite does not know.
        OptionError: If the declared input does not fit the model.
    """
    return Import(input_type, input_scale, input_mean, input_std).load(path)


def compile_stages(model: Path | str, options: Options | None = None) -> dict[str, Graph]:
    """The graph after each stage, from the file to the last stage that runs; writes nothing."""
    options = options or Options()
    return dict(_stages(Path(model), options, None))


def _transforms(options: Options) -> dict[str, Transform]:
    fold = Fold(options.folding or {}, options.target_fps, options.clock_mhz, options.board)
    passes = (Streamline(), MapToHardware(options.output), AbsorbThresholds(), MinimizeWidths(), fold)
    return {transform.name: transform for transform in (*passes, SizeStreams())}


def _stages(model: Path, options: Options, folder: Path | None) -> Iterator[tuple[str, Graph]]:
    """Runs the stages, each on a copy of the graph before it."""
    if options.from_stage is None:
        declared = (options.input_type, options.input_scale, options.input_mean, options.input_std)
        graph = Import(*declared).load(model)
        yield "Import", graph
    else:
        graph = _stage_in(folder, options.from_stage)
    transforms = _transforms(options)
    for name in options.runs:
        if name in transforms:
            graph = graph.copy().transform(transforms[name])
            yield name, graph


def _stage_in(folder: Path | None, stage: str) -> Graph:
    """A stage that an earlier build wrote.

    Raises:
        OptionError: If it did not.
    """
    path = (folder or Path()) / stage_file(stage)
    if not path.is_file():
        raise OptionError(
            f"from: stage {stage} must be in {str(folder)!r}, is not; build with --stages all first"
        )
    return load_stage(path)


def build(
    model: Path | str,
    *,
    out: Path | str,
    board: str = "pynq-z1",
    clock_mhz: float = 100.0,
    target_fps: float | None = None,
    folding: Mapping[str, Any] | Path | str | None = None,
    backend: str = "hls",
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
    output: str = "logits",
    verify: Path | str | None = None,
    verify_samples: Mapping[str, int] | None = None,
    from_stage: str | None = None,
    to_stage: str | None = None,
    stages: str | None = None,
    progress: Progress | None = None,
) -> Build:
    """Compiles a model into a folder: stages, HLS code, its C simulation, and the report.

    Every rung of the ladder is compared with the one before it. If any two differ, or anything fails, the
    folder is left as it was.

    Args:
        model: A QONNX, QCDQ or plain ONNX file.
        out: The folder: new, empty, or made by an earlier build.
        board: The board to build for.
        clock_mhz: Clock of the fabric.
        target_fps: Fold for at least so many frames a second.
        folding: Layer name to {"pe": …, "simd": …}, or a JSON file of that.
        backend: "hls".
        input_type: See `load`.
        input_scale: See `load`.
        input_mean: See `load`.
        input_std: See `load`.
        output: "logits", or "label" for the index of the largest one.
        verify: An .npz file of samples: `input`, optionally `output` and `label`.
        verify_samples: Rung to the most samples it runs.
        from_stage: Start from this stage's file in the folder.
        to_stage: Stop after this stage.
        stages: "all" to write the file of every stage.
        progress: Called with the name of each step as it starts.

    Raises:
        FinnliteError: If something is wrong; the message says what and how to mend it.
    """
    options = Options(
        board=board,
        clock_mhz=clock_mhz,
        target_fps=target_fps,
        folding=read_folding(folding),
        backend=backend,
        input_type=input_type,
        input_scale=input_scale,
        input_mean=input_mean,
        input_std=input_std,
        output=output,
        verify_samples=dict(verify_samples or {}),
        from_stage=from_stage,
        to_stage=to_stage,
        stages=stages,
    )
    target = options.check()
    check_output(Path(out))
    data = None if verify is None else Path(verify)
    return _Run(Path(model), Path(out), options, target, data, Clock(progress)).run()


class _MismatchFoundError(Exception):
    """Leaves the output's transaction, so that what was there before stays."""


def _keep_out(ok: bool) -> None:
    if not ok:
        raise _MismatchFoundError


@dataclass
class _Run:
    """One build."""

    model: Path
    out: Path
    options: Options
    board: Board
    verify: Path | None
    clock: Clock
    graphs: dict[str, Graph] = field(default_factory=dict)

    def run(self) -> Build:
        self._compile()
        digest = self._digest()
        if self.options.from_stage is not None:
            check_same_model(self.out, self.model, digest)
        hardware = self.graphs.get(_LAST)
        mapped = next((g for g in reversed(self.graphs.values()) if is_mapped(g)), None)
        report: dict[str, Any] = {
            "model": reports.model_part(self.model.stem, digest, mapped),
            "board": self.options.board,
            "clock_mhz": self.options.clock_mhz,
            "backend": self.options.backend,
            **reports.hardware_part(hardware, self.board, self.options.clock_mhz),
        }
        samples = self._samples()
        ok = True
        try:
            with Output(self.out) as target:
                self._write(target, hardware)
                ok = self._verify(report, samples, hardware, target.folder / _HLS)
                report["notes"] = reports.note_list(self.graphs)
                report["timings_s"] = self.clock.seconds
                text = json.dumps(report, indent=1) + "\n"
                page = reports.page({"untested_quantizers": [], **report})
                target.run(Plan({"report.json": text.encode(), "report.html": page.encode()}))
                _keep_out(ok)
        except _MismatchFoundError:
            return Build(None, self.graphs, report, ok=False)
        return Build(self.out, self.graphs, report, ok=True)

    def _digest(self) -> str:
        try:
            return hashlib.sha256(self.model.read_bytes()).hexdigest()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ModelError(f"model file {str(self.model)!r} must be readable, is not ({reason})") from None

    def _compile(self) -> None:
        """Runs the stages; earlier ones that an earlier build wrote join for the ladder."""
        for name in self.options.earlier:
            if (self.out / stage_file(name)).is_file():
                self.graphs[name] = load_stage(self.out / stage_file(name))
        stages = _stages(self.model, self.options, self.out)
        for name in self.options.runs:
            with self.clock.step(name):
                made, graph = next(stages)
            self.graphs[made] = graph

    def _samples(self) -> Samples:
        first = next(iter(self.graphs.values()))
        return synthetic_samples(first) if self.verify is None else load_samples(self.verify, first)

    def _write(self, target: Output, hardware: Graph | None) -> None:
        with self.clock.step("write"):
            kept = {stage_file(name): graph for name, graph in self.graphs.items() if self._is_written(name)}
            files = {path: to_bytes(graph) for path, graph in kept.items()}
            folded = self.graphs.get("Fold", hardware)
            if folded is not None:
                text = json.dumps(folding_of(folded), indent=1) + "\n"
                files["folding.json"] = text.encode()
            target.run(Plan(files))
        if hardware is not None:
            with self.clock.step("compile C simulation"):
                target.run(simulation_plan(hardware), _HLS)

    def _is_written(self, name: str) -> bool:
        return name in self.options.writes or name not in self.options.runs

    def _verify(self, report: dict[str, Any], samples: Samples, hardware: Graph | None, folder: Path) -> bool:
        """Runs the ladder, puts its results into the report, and says whether all rungs agree."""
        source = Oracle(self.model).run if self.options.from_stage is None else None
        ladder = Ladder(
            samples,
            check_caps(self.options.verify_samples),
            self.graphs.get("Import"),
            self.graphs.get("Streamline"),
            hardware,
            source,
            step=lambda rung: self.clock.step(f"verify {rung}"),
        )
        if hardware is None:
            rows = ladder.run()
        else:
            with Csim(hardware, folder) as csim:
                ladder.csim = Host(hardware).around(csim.run)
                rows = ladder.run()
            with self.clock.step("probe quantizers"):
                probed = samples.first(_PROBED_FRAMES)
                report["untested_quantizers"] = untested_quantizers(hardware, probed)
        report["verification"] = reports.verification_part(rows)
        report["accuracy"] = accuracies(samples, ladder.answers) or None
        return rows_ok(rows)


def simulate(
    folder: Path | str, engine: str, x: NDArray[Any], *, progress: Progress | None = None
) -> NDArray[Any]:
    """Runs frames through a built network.

    Args:
        folder: A built folder.
        engine: "graph", or "csim" for the emitted code.
        x: (N, …) frames: integers q where an input type was declared, else what the source model takes.
        progress: Called with the name of each step.

    Returns:
        (N, …) the first output.

    Raises:
        OptionError: If the folder holds no build, the engine is unknown, or the frames do not fit.
        SimulationError: If the simulation breaks a rule of the hardware.
    """
    path = Path(folder) / stage_file(_LAST)
    if engine not in ("graph", "csim"):
        raise OptionError(f"engine must be 'graph' or 'csim', is {engine!r}")
    if not path.is_file():
        raise OptionError(f"folder {str(folder)!r}: must hold a finished build, holds no {stage_file(_LAST)}")
    clock = Clock(progress)
    graph = load_stage(path)
    frames = encode_input(graph, graph.inputs[0], x, "input")
    name = graph.outputs[0].name
    if engine == "graph":
        with clock.step("run the graph"):
            return Session(graph).run(frames)[name]
    with clock.step("run the C simulation"), Csim(graph, Path(folder) / _HLS) as csim:
        return Host(graph).around(csim.run)({graph.inputs[0].name: frames})[name]


def check(
    model: Path | str,
    *,
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
) -> Check:
    """Says of every node of a model whether it maps, and if not why, because of whom, and what to do.

    Args:
        model: The file.
        input_type: See `load`.
        input_scale: See `load`.
        input_mean: See `load`.
        input_std: See `load`.

    Raises:
        ModelError: If the file cannot be read.
        OptionError: If the declared input does not fit the model.
    """
    proto = read_model(model)
    nodes = [SourceNode(*item) for item in source_nodes(proto)]
    try:
        graph = Import(input_type, input_scale, input_mean, input_std).run(proto)
    except UnknownOperatorError as error:
        errors = [UnsupportedError(_operator_message(n), node=n.name, fix=n.fix) for n in error.nodes]
        return judge(nodes, errors, {})
    folded = json.loads(graph.metadata.get("folded", "[]"))
    ends = dict.fromkeys(folded, "constant, folded")
    blocked = Streamline().diagnose(graph)
    if not blocked:
        try:
            mapped = graph.copy().transform(Streamline(), MapToHardware(), AbsorbThresholds())
        except UnsupportedError as error:
            blocked = [error]
        else:
            ends |= becomes(mapped)
    return judge(nodes, blocked, ends)


def _operator_message(node: Any) -> str:
    operator = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
    return f"operator must be one that finnlite knows, is {operator}"
