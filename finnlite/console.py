# SPDX-License-Identifier: Apache-2.0
"""What the command line prints: tables on standard output, progress on standard error."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from finnlite.report.words import RESOURCES, accuracy, bound, extent, kind, rate
from finnlite.text import printable, shortened

if TYPE_CHECKING:
    from finnlite.doctor import Need, Tool
    from finnlite.flow import Build
    from finnlite.mapping import Entry

__all__ = [
    "Steps",
    "build",
    "built",
    "entries",
    "exploration",
    "failed",
    "report",
    "reread",
    "synthesis",
    "tools",
]

_PIPE_WIDTH = 160
_NAMED = 5
_BAR = 10
_PROGRESS_BAR = 20
_WIDE = 100
"""Columns from which a table may have some that are only nice to have."""
_FOLDERS = {
    "report.html": "the report, for a browser",
    "report.json": "the report, for a program",
    "hls/src": "the accelerator's C++, one file a layer",
    "hls/include": "the template library it stands on",
    "hls/build": "its C simulation, compiled",
    "rtl/src": "the accelerator's Verilog, one file a layer",
    "rtl/lib": "the library of cells it stands on",
    "rtl/build": "its RTL simulation, compiled",
    "vivado": "the Vivado project: vivado -mode batch -source build.tcl",
    "deploy": "what the board needs: driver, description, place for the bitstream",
    "stages": "the network after the transformations, as ONNX",
    "folding.json": "how each layer is folded, to edit and pass to --folding",
}


def _cell(value: object) -> Text:
    """A table cell without markup; what has not been computed is a dash."""
    if value is None:
        return Text("–")
    if isinstance(value, int | float):
        return Text(f"{value:,}")
    return Text(shortened(str(value)))


def _console() -> Console:
    """Standard output; a pipe has no width that a table must keep, be it coloured by FORCE_COLOR or not."""
    return Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)


def _show(title: str, table: Table) -> None:
    console = _console()
    console.print(Text(f"\n{title}", "bold"))
    console.print(table)


def _say(text: str, style: str = "") -> None:
    _console().print(Text(printable(text), style), soft_wrap=True)


def failed(problem: str) -> None:
    """An error, on standard error."""
    text = Text.assemble(("error:", "bold red"), f" {printable(problem)}")
    Console(stderr=True).print(text, soft_wrap=True)


def _count(mismatches: int | None) -> Text:
    """How many values differ: none is good."""
    return Text(_cell(mismatches).plain, "" if mismatches is None else "bold red" if mismatches else "green")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        number = column.startswith("#")
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(column.removeprefix("#"), justify=justify, no_wrap=number, overflow="fold")
    return table


def _running(console: Console) -> Progress:
    """The line of a step that runs; it vanishes when the step ends."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _counting() -> tuple[ProgressColumn, ...]:
    """The columns of a step that counts: how far it is, and how long it will take at this rate."""
    return (
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False),
        BarColumn(_PROGRESS_BAR),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )


class Steps:
    """The progress of a build: called with each step's name as it starts, and again with how far it is.

    Writes to standard error: on a terminal the running step, with a bar and the time left once it counts;
    elsewhere a line a step.

    Args:
        console: Where to, if not to standard error.
        quiet: Write nothing.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        # FORCE_COLOR makes a pipe coloured, but no place for a line that changes.
        changing = None if sys.stderr.isatty() and not quiet else False
        self._console = console or Console(stderr=True, quiet=quiet, force_interactive=changing)
        self._live: Progress | None = None
        self._step = ""
        self._start = 0.0

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Says that a step starts (and that the one before it has ended), or how far it is."""
        if printable(step) != self._step:
            self._end("✓", "green")
            self._step, self._start = printable(step), time.monotonic()
            if self._console.is_interactive:
                self._live = _running(self._console)
                self._live.add_task(self._step, total=None)
                self._live.start()
        if self._live is not None and total:
            if self._live.tasks[0].total is None:
                self._live.columns = _counting()
            self._live.update(self._live.task_ids[0], completed=done, total=total)

    def __enter__(self) -> Self:
        """Nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the last step."""
        self._end("✗", "red") if error else self._end("✓", "green")

    def _end(self, mark: str, style: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self._step:
            seconds = time.monotonic() - self._start
            line = Text.assemble((mark, style), f" {self._step} ({seconds:.1f} s)")
            self._console.print(line, soft_wrap=True)
            self._step = ""


def entries(rows: Sequence["Entry"], model: str) -> None:
    """The answer of `check`: what becomes of each node, and of the blocked ones the cause and the fix."""
    table = _table("node", "operator", "", "becomes")
    for row in rows:
        verdict = Text("ok", "green") if row.ok else Text("blocked", "red")
        table.add_row(_cell(row.node), _cell(row.op), verdict, _cell(row.reason if row.ok else ""))
    _show(shortened(model), table)
    blocked = [row for row in rows if not row.ok]
    for row in blocked:
        if row.cause in ("", row.node):
            _say(f"\nnode '{shortened(row.node)}': {row.reason}\n  fix: {row.fix}")
    if blocked:
        _say(f"\n{len(blocked)} of {len(rows)} nodes are blocked", "bold red")
    else:
        _say(f"\nall {len(rows)} nodes map", "green")


def build(result: "Build") -> None:
    """The answer of `build`: its report, and where everything lies."""
    report(result.report)
    built(result.folder)


def reread(data: Mapping[str, Any], folder: Path) -> None:
    """The answer of `report`: the report, and what is missing of it."""
    report(data)
    vivado = folder / "vivado"
    if data["resources"]["implemented"] is None and vivado.is_dir():
        _say(f"\nno results of Vivado in {vivado}; README.txt there says how to run it")


def synthesis(data: Mapping[str, Any]) -> None:
    """The answer of `synth`: what each part takes, beside its estimate."""
    measured = data["resources"]["measured"]
    table = _table("part", "op", "#LUT", "#estimated", "#FF", "#CARRY4", "#RAMB18", "#estimated", "#DSP")
    parts = measured["parts"]
    for row in (*parts, {"name": "all", "op": "", **measured, "estimate": _estimated(parts)}):
        estimate = row["estimate"] or {}
        cells = [_cell(row[key]) for key in ("name", "op")]
        cells += [Text(f"{row['lc']:,}–{row['lut']:,}"), _cell(estimate.get("lut"))]
        cells += [_cell(row[key]) for key in ("ff", "carry4", "bram18")]
        cells += [_cell(estimate.get("bram18")), _cell(row["dsp"])]
        table.add_row(*cells, style=None if row["op"] else "bold")
    _show(f"synthesis ({measured['tool']}, each part alone, before placement, without the shell)", table)
    _say("LUTs are a range: with small functions packed in pairs, and each in a LUT of its own")


def _estimated(parts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sum of the estimates that there are."""
    found = [part["estimate"] for part in parts if part["estimate"] is not None]
    return {key: sum(estimate[key] for estimate in found) for key in ("lut", "bram18")}


def report(data: Mapping[str, Any]) -> None:
    """The report of a build: layers, performance, resources, verification."""
    if data["layers"]:
        _layers(data["layers"], data["performance"])
        _performance(data)
        _resources(data["resources"])
    folding = data.get("folding") or {"binding": ""}
    said = f"folding: {folding['how']}" if folding["binding"] is None else ""
    for note in data["notes"]:
        if note != said:  # else it has been said with the speed
            _say(f"\n{note}")
    _verification(data["verification"])
    untested = [shortened(name) for name in data.get("untested_quantizers", ())]
    if untested:
        more = ", …" if len(untested) > _NAMED else ""
        _say(
            f"no sample would notice a moved threshold of {len(untested)} quantizers:"
            f" {', '.join(untested[:_NAMED])}{more}"
        )
    _accuracy(data)


def _layers(rows: Sequence[Mapping[str, Any]], performance: Mapping[str, Any]) -> None:
    """The units, and how much of the time each is busy: on a wide terminal as a bar too."""
    console = _console()
    wide = console.width >= _WIDE
    marks = ("",) if wide else ()
    table = _table("layer", "unit", "#PE", "#SIMD", "#LUT", "#RAMB18", "#DSP", "#cycles", "#busy", *marks)
    buffers = 0
    for row in rows:
        if row["cycles"] is None:
            buffers += 1
            continue
        keys = ("pe", "simd", "lut", "bram18", "dsp", "cycles")
        busy = row["cycles"] / performance["ii_cycles"]
        limiting = row["name"] == performance["bottleneck"]
        cells = [
            _cell(row["name"]),
            _cell(kind(row)),
            *(_cell(row[key]) for key in keys),
            Text(f"{int(100 * busy)} %"),
        ]
        if wide:
            bar = f"{'█' * round(_BAR * busy):{_BAR}} " if console.is_terminal else ""
            cells.append(Text(bar + ("bottleneck" if limiting else "")))
        table.add_row(*cells, style="bold yellow" if limiting else None)
    _show("layers", table)
    _say(f"and {buffers} FIFOs between them")


def _performance(data: Mapping[str, Any]) -> None:
    values = data["performance"]
    mhz = data["clock_mhz"]
    _say(
        f"\n{rate(values['fps'])} frames/s on {data['board']} at {mhz:g} MHz"
        f" (a frame every {values['ii_cycles']:,} cycles, bottleneck {values['bottleneck']})"
    )
    if values.get("latency_cycles") is not None:
        _say(
            f"first answer after {values['latency_cycles']:,} cycles, {values['latency_cycles'] / mhz:.2f} µs"
        )
    if data.get("folding"):
        _say(bound(data["folding"]))


def _resources(data: Mapping[str, Any]) -> None:
    made = data.get("implemented")
    table = _table("", "#used", "#of", "#share", "#limit", *(("#estimated",) if made else ()))
    limits = data.get("limits", {})
    for key, budget in data["budget"].items():
        used = (made or data).get(key)
        share = None if used is None else f"{used / budget:.1%}"
        limit = f"{limits[key]:g}%" if key in limits else ""
        over = used is not None and used > budget * limits.get(key, 100) / 100
        cells = (key, used, budget, share, limit, *((data.get(key),) if made else ()))
        table.add_row(*(_cell(cell) for cell in cells), style="red" if over else None)
    kind = "estimates fitted to open synthesis" if data.get("calibrated") else "uncalibrated estimates"
    estimated = f"{kind}, with the shell of DMA and resets"
    how = f"implemented by Vivado {made['vivado']}" if made else estimated
    _show(f"resources ({how})", table)
    if made:
        _say(f"at {made['clock_mhz']:g} MHz: setup slack {made['wns_ns']} ns, hold slack {made['whs_ns']} ns")


def _verification(rows: Sequence[Mapping[str, Any]]) -> None:
    table = _table("rung", "against", "#samples", "data", "#mismatches", "#near-ties")
    for row in rows:
        capped = "" if row.get("capped_from") is None else f" of {row['capped_from']:,}"
        table.add_row(
            _cell(row["stage"]),
            _cell(row["against"]),
            Text(f"{row['samples']:,}{capped}"),
            _cell(row["data"]),
            _count(row["mismatches"]),
            _cell(row["near_ties"]),
        )
    _show("verification", table)
    _differences(rows)


def _differences(rows: Sequence[Mapping[str, Any]], subject: str = "") -> None:
    """Of each comparison the first difference, or why there was none."""
    for row in rows:
        if row["mismatches"] is None:
            _say(f"{subject}{row['stage']} against {row['against']}: {row['note']}")
        first = row["first_mismatch"]
        if first:
            place = (
                f"layer '{shortened(first['layer'])}', sample {first['sample']}, element {first['element']}"
            )
            _say(
                f"{subject}first mismatch of {row['stage']} against {row['against']}: {place}"
                f" must be {first['expected']:g}, is {first['found']:g}",
                "red",
            )


def _accuracy(data: Mapping[str, Any]) -> None:
    if text := accuracy(data):
        _say(f"\n{text}")


def built(folder: Path | None) -> None:
    """Where everything lies.

    Args:
        folder: None if a mismatch kept the build from its folder.
    """
    if folder is None:
        _say("\nthe rungs differ, so the output folder was left as it was", "bold red")
        return
    table = _table("", "")
    table.show_header = False
    for name, meaning in _FOLDERS.items():
        if (folder / name).exists():
            table.add_row(_cell(folder / name), Text(meaning))
    _show("where it lies", table)


def tools(rows: Sequence["Tool"], needs: Sequence["Need"]) -> None:
    """The answer of `doctor`: what is here, then what to install for what."""
    table = _table("", "tool", "for", "found")
    for row in rows:
        if row.found:
            mark = Text("✓", "green")
        else:
            mark = Text("✗", "bold red") if row.required else Text("–", "dim")
        table.add_row(mark, _cell(row.name), _cell(row.purpose), _cell(row.found or f"no; {row.fix}"))
    _show("tools", table)
    if not any(need.install for need in needs):
        _say("\nnothing needs to be installed: all that finnlite can use is here", "green")
        return
    _console().print(Text("\nwhat to install for what", "bold"))
    for need in needs:
        _say(f"to {need.purpose}: {need.install or 'nothing, all is here'}", "" if need.install else "green")


def exploration(data: Mapping[str, Any], folder: Path | None) -> None:
    """The answer of `explore`: the front as a table, and where a simulation differs."""
    points, limits = data["points"], data["limits"]
    simulated, measured = points[0]["simulation"] is not None, points[0]["measured"] is not None
    wide = _console().width >= (_PIPE_WIDTH if simulated else _WIDE)
    columns = ["##", "#frames/s", "#cycles", "#LUT", "#", "#RAMB18", "#", "bottleneck", "binding"]
    columns += ["#mismatches"] * simulated + ["#LUT by Yosys", "#RAMB18"] * measured
    columns += ["#latency", "#LUTRAM", "#DSP"] * wide + ["#samples", "simulated"] * (wide and simulated)
    table = _table(*columns)
    for number, row in enumerate(points, 1):
        lut, bram = (Text(f"{row['shares'][key]:.1f}%") for key in ("lut", "bram18"))
        cells = [_cell(value) for value in (number, rate(row["fps"]), row["ii_cycles"])]
        cells += [_cell(row["lut"]), lut, _cell(row["bram18"]), bram, _cell(row["bottleneck"])]
        cells.append(Text(_resource(row["binding"]) + ("" if row["fits"] else ", over a limit")))
        result = row["simulation"]
        if simulated:
            cells.append(_count(result["mismatches"]))
        if measured:
            made = row["measured"]
            cells += [Text(f"{made['lc']:,}–{made['lut']:,}"), _cell(made["bram18"])]
        if wide:
            cells += [_cell(row[key]) for key in ("latency_cycles", "lutram", "dsp")]
        if wide and simulated:
            how = "cached" if result["cached"] else f"{result['seconds']:.1f} s"
            cells += [_cell(result["samples"]), Text(how)]
        table.add_row(*cells, style=None if row["fits"] else "red")
    where = f"{shortened(data['model']['name'])} on {data['board']} at {data['clock_mhz']:g} MHz"
    more = "" if data["complete"] else "; there are more between them, for --points N"
    _show(f"{where}: {extent(data)}{more}", table)
    bounds = ", ".join(f"{limit:g} % {_resource(key)}" for key, limit in limits.items())
    kind = "estimates fitted to open synthesis" if data["calibrated"] else "uncalibrated estimates"
    _say(f"\n{kind}, with the shell of DMA and resets; limits: {bounds}")
    if measured:
        _say("Yosys: each part of the Verilog alone, without the shell")
    for number, row in enumerate(points, 1):
        _differences(row["simulation"]["verification"] if row["simulation"] else (), f"point {number}: ")
    if folder is not None:
        _say(f"plot: {folder / 'exploration.html'}; foldings, for --folding: {folder / 'foldings'}")


def _resource(key: str) -> str:
    return RESOURCES.get(key, key.upper())
