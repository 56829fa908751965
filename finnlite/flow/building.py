# SPDX-License-Identifier: Apache-2.0
"""A build: the stages, what the backends emit, the ladder, and the report, put in place together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from finnlite import __version__
from finnlite import report as reports
from finnlite.accelerator import is_mapped
from finnlite.backends.hls.csim import Csim, simulation_plan
from finnlite.backends.pynq.identity import identity_of
from finnlite.backends.rtl.simulation import RtlSimulation
from finnlite.backends.rtl.simulation import simulation_plan as rtl_simulation_plan
from finnlite.backends.rtl.verilator import find_verilator
from finnlite.boards import DEFAULT_LIMITS, Board, Limits
from finnlite.errors import ModelError, OptionError
from finnlite.host import Host, Runner
from finnlite.ir import Graph
from finnlite.ladder import Ladder, accuracies, check_caps, rows_ok, untested_quantizers
from finnlite.options import Numbers, Options, Scale, check_same_model, read_folding, stage_file
from finnlite.oracle import Oracle
from finnlite.pictures import Picture, draw_ladder, draw_layers, draw_timeline
from finnlite.plan import Output, Plan, check_output
from finnlite.progress import Clock, Watcher
from finnlite.report.words import rate
from finnlite.samples import Samples
from finnlite.serde import load_stage, to_bytes
from finnlite.text import shortened
from finnlite.transforms.folding import explain, folding_of

from .clocking import clocked, clocked_note
from .deploying import deploy
from .sampling import read_samples
from .stages import LAST, importer, run_stages

__all__ = ["HLS", "RTL", "Build", "build"]

HLS = "hls"
"""Folder of the emitted C++."""
RTL = "rtl"
"""Folder of the emitted Verilog."""
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

    def plot_layers(self) -> Picture:
        """Cycles and resources of every unit; see `finnlite.pictures`."""
        return draw_layers(self.report)

    def plot_ladder(self) -> Picture:
        """Agreement and accuracy of every rung."""
        return draw_ladder(self.report)

    def plot_timeline(self, *, first: bool = False) -> Picture:
        """When each unit works on a frame, and when it waits.

        Args:
            first: A single frame into empty units, rather than one of a frame every II cycles.
        """
        return draw_timeline(self.graph, first=first)

    def _repr_html_(self) -> str:
        charts = [self.plot_ladder()] + ([self.plot_layers()] if self.report["layers"] else [])
        return f"<p>{escape(self._summary)}</p>" + "".join(chart._repr_html_() for chart in charts)

    def __repr__(self) -> str:
        """Model, board, speed, and whether the rungs agree."""
        return f"<build {self._summary}>"

    @property
    def _summary(self) -> str:
        fps = self.report["performance"]["fps"]
        speed = f"stage {list(self.stages)[-1]}" if fps is None else f"{rate(fps)} frames/s"
        rungs = "all rungs agree" if self.ok else "rungs differ"
        where = "not kept" if self.folder is None else f"in {str(self.folder)!r}"
        name = shortened(self.report["model"]["name"])
        return f"{name!r} on {self.report['board']}: {speed}, {rungs}, {where}"


def build(
    model: Path | str,
    *,
    out: Path | str,
    board: str = "pynq-z1",
    clock_mhz: float = 100.0,
    target_fps: float | None = None,
    max_fps: bool = False,
    lut_limit: float = DEFAULT_LIMITS.lut,
    bram_limit: float = DEFAULT_LIMITS.bram18,
    folding: Mapping[str, Any] | Path | str | None = None,
    backend: str = "hls",
    status: bool = False,
    rtl_layers: Sequence[str] = (),
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
    progress: Watcher | None = None,
) -> Build:
    """Compiles a model into a folder: stages, HLS code, its C simulation, Vivado project, driver and report.

    Every rung of the ladder is compared with the one before it. If any two differ, or anything fails, the
    folder is left as it was.

    Args:
        model: A QONNX, QCDQ or plain ONNX file.
        out: The folder: new, empty, or made by an earlier build.
        board: The board to build for.
        clock_mhz: Clock of the fabric.
        target_fps: Fold for at least so many frames a second; by default for 10,000, or the most that fit.
        max_fps: Fold for the most frames a second that fit.
        lut_limit: Percent of the board's LUTs that the folding may use.
        bram_limit: Percent of the board's block RAM that it may use.
        folding: Layer name to {"pe": …, "simd": …, "memory": …, "parallel": …}, or a JSON file of that; what
            is left out or None becomes the cheapest that keeps up with the slowest unit whose pace it
            fixes, or without one what the default makes it.
        backend: "hls", or "rtl" for Verilog, whose simulation is then a rung of the ladder, and of which the
            Vivado project is made.
        status: Give the accelerator registers that say what it waits for, which the driver reads when a
            transfer does not end; "rtl" only.
        rtl_layers: Nodes, or operators of nodes, whose layers are Verilog in the Vivado project of "hls".
        input_type: See `load`.
        input_scale: See `load`.
        input_mean: See `load`.
        input_std: See `load`.
        output: "logits", or "label" for the index of the largest one.
        verify: An .npz file of samples: `input`, optionally `output` and `label`.
        verify_samples: Rung to the most samples it runs; by default 8 of source and of rtl, 256 of csim and
            of device, all of the others.
        from_stage: Start from this stage's file in the folder.
        to_stage: Stop after this stage.
        stages: "all" to write the file of every stage.
        progress: Called with (step, done, total): as each step starts with a total of 0, and as it goes with
            how many of its files or frames are done. A callable of one argument is told each step's name as
            it starts, and no more.

    Raises:
        FinnliteError: If something is wrong; the message says what and how to mend it.
    """
    options = Options(
        board=board,
        clock_mhz=clock_mhz,
        target_fps=target_fps,
        max_fps=max_fps,
        limits=Limits(lut_limit, bram_limit),
        folding=read_folding(folding),
        backend=backend,
        status=status,
        rtl_layers=tuple(rtl_layers),
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
    if options.has_verilog and options.emits:
        find_verilator()  # said at once, not after everything else
    importer(options)
    check_output(Path(out))
    if (Path(out) / "exploration.json").exists():
        raise OptionError(
            f"output folder {str(out)!r}: must be new, empty or of a build, holds an exploration; "
            f"name another folder"
        )
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
        if self.options.from_stage is not None:
            check_same_model(self.out, self.model, self._digest())
        samples = self._compile()
        digest = self._digest()
        hardware = self.graphs.get(LAST)
        mapped = next((g for g in reversed(self.graphs.values()) if is_mapped(g)), None)
        report: dict[str, Any] = {
            "model": reports.model_part(self.model.stem, digest, mapped),
            "board": self.options.board,
            "clock_mhz": self.options.fabric_mhz,
            "backend": self.options.backend,
            "identity": None,
            **reports.hardware_part(hardware, self.board, self.options.fabric_mhz, self.options.limits),
            "folding": self._explained(),
            "version": __version__,
            "options": reports.options_part(self.options, self.model, self.verify),
            "stage_files": [stage_file(name) for name in self.graphs if self._is_written(name)],
        }
        ok = True
        try:
            with Output(self.out, progress=lambda _, *count: self.clock.count(*count)) as target:
                self._write(target, hardware)
                emitted = hardware if self.options.emits else None
                device = None if emitted is None else self._emit(target, emitted, report, samples)
                ok = self._verify(report, samples, hardware, target.folder, device)
                report["notes"] = self._notes()
                report["timings_s"] = self.clock.seconds
                target.run(Plan(reports.files(report)))
                _keep_out(ok)
        except _MismatchFoundError:
            return Build(None, self.graphs, report, ok=False)
        return Build(self.out, self.graphs, report, ok=True)

    def _notes(self) -> list[str]:
        asked, made = self.options.clock_mhz, self.options.fabric_mhz
        clock = [f"clock: {made:g} MHz, the highest that {self.board.name} can make up to {asked:g} MHz"]
        return (clock if f"{asked:g}" != f"{made:g}" else []) + reports.note_list(self.graphs)

    def _explained(self) -> dict[str, Any] | None:
        """How the network was folded, what keeps it from being faster, and what that would take."""
        if "Fold" not in self.graphs:
            return None
        with self.clock.step("look for a faster folding"):
            options = self.options
            return explain(self.graphs["Fold"], self.board, options.limits, options.fabric_mhz)

    def _digest(self) -> str:
        try:
            return hashlib.sha256(self.model.read_bytes()).hexdigest()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ModelError(f"model file {str(self.model)!r} must be readable, is not ({reason})") from None

    def _compile(self) -> Samples:
        """Runs the stages; earlier ones that an earlier build wrote join for the ladder.

        The samples are read once a stage is there, before anything that takes long.
        """
        for name in self.options.earlier:
            if (self.out / stage_file(name)).is_file():
                self.graphs[name] = load_stage(self.out / stage_file(name))
        samples = None
        stages = run_stages(self.model, self.options, self.out)
        for name in self.options.runs:
            if samples is None and self.graphs:
                samples = self._samples()
            with self.clock.step(name):
                made, graph = next(stages)
            self.graphs[made] = graph
        return samples or self._samples()

    def _samples(self) -> Samples:
        return read_samples(self.verify, next(iter(self.graphs.values())), self.clock)

    def _write(self, target: Output, hardware: Graph | None) -> None:
        with self.clock.step("write"):
            kept = {stage_file(name): graph for name, graph in self.graphs.items() if self._is_written(name)}
            files = {path: to_bytes(graph) for path, graph in kept.items()}
            folded = self.graphs.get("Fold", hardware)
            if folded is not None:
                text = json.dumps(folding_of(folded), indent=1) + "\n"
                files["folding.json"] = text.encode()
            target.run(Plan(files))

    def _is_written(self, name: str) -> bool:
        return name in self.options.writes or name not in self.options.runs

    def _emit(self, target: Output, hardware: Graph, report: dict[str, Any], samples: Samples) -> Runner:
        """Writes what follows the last stage, and gives what runs frames through the driver."""
        asked, clock_mhz = self.options, report["clock_mhz"]
        made = hardware, self.board, clock_mhz, asked.backend
        report["identity"] = identity_of(*made, status=asked.status, rtl_layers=asked.rtl_layers)
        with self.clock.step("compile C simulation"):
            target.run(simulation_plan(hardware), HLS)
        if self.options.has_verilog:
            with self.clock.step("compile RTL simulation"):
                target.run(rtl_simulation_plan(hardware), RTL)
        with self.clock.step("write Vivado project and driver"):
            return deploy(target, hardware, self.board, report, samples, self.clock.count)

    def _verify(
        self,
        report: dict[str, Any],
        samples: Samples,
        hardware: Graph | None,
        folder: Path,
        device: Runner | None,
    ) -> bool:
        """Runs the ladder, puts its results into the report, and says whether all rungs agree."""
        count = self.clock.count
        source = partial(Oracle(self.model).run, count=count) if self.options.from_stage is None else None
        ladder = Ladder(
            samples,
            check_caps(self.options.verify_samples),
            self.graphs.get("Import"),
            self.graphs.get("Streamline"),
            hardware,
            source,
            device=device,
            step=lambda rung: self.clock.step(f"verify {rung}"),
            count=count,
        )
        report["rtl"] = None
        with ExitStack() as stack:
            rtl = None
            if hardware is not None and self.options.emits:
                csim = stack.enter_context(Csim(hardware, folder / HLS))
                ladder.csim = Host(hardware).around(partial(csim.run, progress=count))
                if self.options.has_verilog:
                    rtl = stack.enter_context(RtlSimulation(hardware, folder / RTL))
                    ladder.rtl = Host(hardware).around(partial(rtl.run, progress=count))
            rows = ladder.run()
            if rtl is not None:
                report["rtl"] = clocked(rtl.statistics)
                note = clocked_note(rtl.statistics, report["performance"])
                rows = [replace(row, note=note) if row.stage == "rtl" else row for row in rows]
        if hardware is not None:
            with self.clock.step("probe quantizers"):
                probed = samples.first(_PROBED_FRAMES)
                report["untested_quantizers"] = untested_quantizers(hardware, probed, count)
        report["verification"] = reports.verification_part(rows)
        report["accuracy"] = accuracies(samples, ladder.answers) or None
        counts = {rung: len(next(iter(answers.values()))) for rung, answers in ladder.answers.items()}
        report["accuracy_samples"] = counts if report["accuracy"] else None
        return rows_ok(rows)
