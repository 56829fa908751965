# SPDX-License-Identifier: Apache-2.0
"""`explore`: the Pareto front of frames a second against LUTs and block RAM; simulated, synthesised."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finnlite import report as reports
from finnlite import resources, workers
from finnlite.backends.rtl import measured, synthesis
from finnlite.backends.rtl.yosys import find_yosys
from finnlite.boards import DEFAULT_LIMITS, Board, Limits
from finnlite.errors import ArgumentError, OptionError
from finnlite.ir import Graph
from finnlite.ops.cost import Resources
from finnlite.ops.structure import Backend
from finnlite.options import Numbers, Options, Scale
from finnlite.pictures import Picture, draw_front
from finnlite.plan import Output, Plan, check_output
from finnlite.progress import Clock, Count, Watcher
from finnlite.report import exploration as pages
from finnlite.report.words import extent, rate
from finnlite.samples import Samples
from finnlite.text import shortened
from finnlite.timing import analyse
from finnlite.transforms import folding as foldings
from finnlite.transforms import pareto
from finnlite.transforms.streams import SizeStreams

from .sampling import read_samples
from .simulating import Cache, simulate_all
from .stages import importer, run_stages
from .synthesising import measure_all

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["POINTS", "Exploration", "explore"]

POINTS = 16
"""Points of the front unless asked otherwise."""
_MAPPED = "MinimizeWidths"
"""The last stage that no folding changes."""


@dataclass(frozen=True)
class Exploration:
    """What an exploration found.

    Args:
        folder: Where it lies; None if it was not to be written.
        report: What `exploration.json` holds.
        ok: Whether no simulation differs from its hardware graph or from the integers.
    """

    folder: Path | None
    report: dict[str, Any]
    ok: bool

    @property
    def points(self) -> list[dict[str, Any]]:
        """The front, fastest first."""
        points: list[dict[str, Any]] = self.report["points"]
        return points

    def plot(self) -> Picture:
        """The front: frames a second against LUTs and against block RAM; see `finnlite.pictures`."""
        return draw_front(self.report)

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()

    def __repr__(self) -> str:
        """Model, board and the range of the front."""
        rates = [point["fps"] for point in self.points]
        name = shortened(self.report["model"]["name"])
        return (
            f"<exploration of {name!r} on {self.report['board']}: {extent(self.report)}, "
            f"{rate(rates[-1])} to {rate(rates[0])} frames/s>"
        )


def explore(
    model: Path | str,
    *,
    out: Path | str | None = None,
    points: int = POINTS,
    simulate: bool = False,
    measure: bool = False,
    jobs: int | None = None,
    dask: str | None = None,
    board: str = "pynq-z1",
    clock_mhz: float = 100.0,
    backend: str = "hls",
    lut_limit: float = DEFAULT_LIMITS.lut,
    bram_limit: float = DEFAULT_LIMITS.bram18,
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
    output: str = "logits",
    verify: Path | str | None = None,
    progress: Watcher | None = None,
) -> Exploration:
    """Finds foldings of a model that none beats in frames a second, LUTs and block RAM at once.

    Args:
        model: A QONNX, QCDQ or plain ONNX file.
        out: The folder to write `exploration.json`, `exploration.html` and each point's folding to: new,
            empty, or of an earlier exploration, whose simulations are then not run again.
        points: Most points of the front, which are spread over its rates.
        simulate: Compile and run the C simulation of each point, and compare it with the point's hardware
            graph and that with the integers.
        measure: Synthesise the Verilog of each point with Yosys, part by part; see `synth`.
        jobs: Simulations or parts to run at once; by default as many as there are processors. They run in
            processes of their own, for which a script must keep its work below `if __name__ == "__main__":`.
        dask: Address of the scheduler of a Dask cluster to run them on instead.
        board: The board to explore for.
        clock_mhz: Clock of the fabric.
        backend: Whose hardware is estimated: "hls" or "rtl".
        lut_limit: Percent of the board's LUTs that a point may use, shell included.
        bram_limit: Percent of the board's block RAM.
        input_type: See `load`.
        input_scale: See `load`.
        input_mean: See `load`.
        input_std: See `load`.
        output: "logits", or "label" for the index of the largest one.
        verify: An .npz file of samples to simulate; by default random frames.
        progress: See `build`.

    Raises:
        FinnliteError: If something is wrong; the message says what and how to mend it.
    """
    options = Options(
        board=board,
        clock_mhz=clock_mhz,
        backend=backend,
        limits=Limits(lut_limit, bram_limit),
        input_type=input_type,
        input_scale=input_scale,
        input_mean=input_mean,
        input_std=input_std,
        output=output,
        to_stage=_MAPPED,
    )
    target = options.check()
    importer(options)
    if points < 2:
        raise ArgumentError(f"points must be at least 2, is {points}")
    folder = None if out is None else Path(out)
    _check_folder(folder)
    if verify is not None and not simulate:
        raise ArgumentError("verify must be given together with simulate, is given without")
    pool = partial(_workers, jobs, dask, used=simulate or measure)
    pool()
    yosys = find_yosys() if measure else None
    clock = Clock(progress)
    graphs, samples = _stages(Path(model), options, verify, clock)
    with clock.step("explore foldings"):
        front = _Front(graphs[_MAPPED], target, options.limits, options.fabric_mhz)
        found, complete = front.points(points, clock.count)
    if simulate:
        with clock.step("compile and run C simulations"):
            hardware = {point.name: point.hardware for point in found}
            results = simulate_all(
                hardware, graphs["Streamline"], samples, pool(), Cache(folder), clock.count
            )
        for point in found:
            point.row["simulation"] = results[point.name]
    if yosys is not None:
        with clock.step("synthesise"):
            hardware = {point.name: point.hardware for point in found}
            made = measure_all(hardware, yosys, pool(), synthesis.Cache(folder), clock.count)
        for point in found:
            parts = made[point.name].values()
            point.row["measured"] = {"tool": f"Yosys {yosys.version}", **asdict(measured.total(parts))}
    digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()
    report = {
        "model": reports.model_part(Path(model).stem, digest, graphs[_MAPPED]),
        "board": board,
        "clock_mhz": options.fabric_mhz,
        "budget": target.budget._asdict(),
        "limits": options.limits._asdict(),
        "calibrated": target.backend is Backend.RTL,
        "complete": complete,
        "points": [point.row for point in found],
        "timings_s": clock.seconds,
    }
    if folder is not None:
        _write(folder, report)
    rows = [point.row["simulation"] for point in found if simulate]
    return Exploration(folder, report, ok=not any(row["mismatches"] for row in rows))


def _check_folder(folder: Path | None) -> None:
    if folder is None:
        return
    check_output(folder)
    if (folder / "report.json").exists():
        raise OptionError(
            f"output folder {str(folder)!r}: must be new, empty or of an exploration, holds a build; "
            f"name another folder"
        )


def _workers(jobs: int | None, dask: str | None, *, used: bool) -> AbstractContextManager[Executor]:
    """Where simulations and synthesis run; nothing is started yet."""
    for name, value in (("jobs", jobs), ("dask", dask)):
        if value is not None and not used:
            raise ArgumentError(f"{name} must be given together with simulate or measure, is given without")
    if dask is not None and jobs is not None:
        raise ArgumentError("jobs and dask must not both be given; the cluster decides how many run at once")
    if dask is not None:
        return workers.dask(dask)
    return workers.local(jobs if jobs is not None else os.cpu_count() or 1)


def _stages(
    model: Path, options: Options, verify: Path | str | None, clock: Clock
) -> tuple[dict[str, Graph], Samples]:
    """The graph after each stage up to the one that no folding changes, and the frames to simulate."""
    stages = run_stages(model, options, None)
    graphs: dict[str, Graph] = {}
    for name in options.runs:
        with clock.step(name):
            made, graph = next(stages)
        graphs[made] = graph
        if len(graphs) == 1:
            samples = read_samples(None if verify is None else Path(verify), graph, clock)
    return graphs, samples


@dataclass(frozen=True)
class _Point:
    """A point: its name in messages, its hardware graph, and what the report holds of it."""

    name: str
    hardware: Graph
    row: dict[str, Any]


@dataclass(frozen=True)
class _Front:
    """The search for a front, and what its points really reach and take once their streams are sized."""

    mapped: Graph
    board: Board
    limits: Limits
    clock_mhz: float

    def points(self, most: int, progress: Count) -> tuple[list[_Point], bool]:
        """The points that none beats, fastest first, and whether they are all that were found to be."""
        candidates = pareto.front(self.mapped, self.board, self.limits, most)
        found = []
        for done, folding in enumerate(candidates.foldings, 1):
            fold = foldings.Fold(
                folding,
                clock_mhz=self.clock_mhz,
                board=self.board.name,
                limits=self.limits,
                backend=self.board.backend,
            )
            sized = SizeStreams(self.board.name, self.limits, self.board.backend)
            hardware = self.mapped.copy().transform(fold, sized)
            found.append((self._row(hardware), hardware))
            progress(done, len(candidates.foldings))
        kept: list[_Point] = []
        for row, hardware in sorted(found, key=lambda pair: _rank(pair[0])):
            if not any(_beats(other.row, row) for other in kept):  # who beats a point comes before it
                name = f"point {len(kept) + 1} ({rate(row['fps'])} frames/s)"
                kept.append(_Point(name, hardware, row))
        return kept, candidates.complete

    def _row(self, hardware: Graph) -> dict[str, Any]:
        performance = analyse(hardware)
        used = resources.total(resources.rows(hardware, self.board))
        allowed = self.board.within(self.limits)
        tightness = _shares(used, allowed)
        return {
            "fps": performance.fps(self.clock_mhz),
            "ii_cycles": performance.ii_cycles,
            "latency_cycles": performance.latency_cycles,
            "bottleneck": performance.bottleneck,
            **used._asdict(),
            "shares": {key: round(100 * part, 2) for key, part in _shares(used, self.board.budget).items()},
            "binding": max(tightness, key=lambda name: tightness[name]),
            "fits": used.fits(allowed),
            "folding": foldings.folding_of(hardware),
            "file": None,
            "simulation": None,
            "measured": None,
        }


def _shares(used: Resources, budget: Resources) -> dict[str, float]:
    pairs = zip(Resources._fields, used, budget, strict=True)
    return {name: a / b if b else float(a > 0) for name, a, b in pairs}


def _rank(row: Mapping[str, Any]) -> tuple[int, ...]:
    return row["ii_cycles"], row["lut"], row["bram18"]


def _beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a point is at least as good as another in all that the front is of."""
    return all(a <= b for a, b in zip(_rank(one), _rank(other), strict=True))


def _write(folder: Path, report: dict[str, Any]) -> None:
    """Writes the folder as a whole; what was simulated and synthesised stays."""
    for number, row in enumerate(report["points"], 1):
        row["file"] = f"foldings/{number:02}_{rate(row['fps']).replace(',', '')}fps.json"
    files = {row["file"]: _json(row["folding"]) for row in report["points"]}
    files |= {"exploration.json": _json(report), "exploration.html": pages.page(report).encode()}
    with Output(folder) as target:
        target.run(Plan(files | Cache(folder).files | synthesis.Cache(folder).files))


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1) + "\n").encode()
