# SPDX-License-Identifier: Apache-2.0
"""What the command line prints: tables on standard output, progress on standard error."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from finnlite.text import printable, shortened

if TYPE_CHECKING:
    from finnlite.doctor import Tool
    from finnlite.mapping import Entry

__all__ = ["Steps", "built", "entries", "report", "tools"]

_PIPE_WIDTH = 160
_NAMED = 5
_FOLDERS = {
    "report.html": "the report, for a browser",
    "report.json": "the report, for a program",
    "hls/src": "the accelerator's C++, one file a layer",
    "hls/include": "the template library it stands on",
    "hls/build": "its C simulation, compiled",
    "vivado": "the Vivado project: vivado -mode batch -source build.tcl",
    "deploy": "what the board needs: driver, description, place for the bitstream",
    "stages": "the network after the transformations, as ONNX",
    "folding.json": "PE and SIMD of each layer, to edit and pass to --folding",
}


def _cell(value: object) -> Text:
    """A table cell without markup; what has not been computed is a dash."""
    if value is None:
        return Text("–")
    if isinstance(value, int | float):
        return Text(f"{value:,}")
    return Text(shortened(str(value)))


def _console() -> Console:
    """Standard output; a pipe has no width that a table must keep."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)


def _show(title: str, table: Table) -> None:
    console = _console()
    console.print(Text(f"\n{title}", "bold"))
    console.print(table)


def _say(text: str) -> None:
    _console().print(Text(printable(text)), soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        number = column.startswith("#")
        table.add_column(column.lstrip("#"), justify="right" if number else "left", overflow="fold")
    return table


class Steps:
    """The progress of a build: called with each step's name as it starts, and again with how far it is.

    Writes to standard error: on a terminal the running step with a spinner, elsewhere a line a step.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._status: Status | None = None
        self._step = ""
        self._start = 0.0

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Says that a step starts (and that the one before it has ended), or how far it is."""
        if printable(step) != self._step:
            self._end("✓")
            self._step, self._start = printable(step), time.monotonic()
            if self._console.is_terminal:
                self._status = self._console.status("")
                self._status.start()
        if self._status is not None:
            self._status.update(Text(f"{self._step} {done:,} of {total:,}" if total else self._step))

    def __enter__(self) -> Self:
        """Nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the last step."""
        self._end("✗" if error else "✓")

    def _end(self, mark: str) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._step:
            seconds = time.monotonic() - self._start
            self._console.print(Text(f"{mark} {self._step} ({seconds:.1f} s)"), soft_wrap=True)
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
    _say(f"\n{len(blocked)} of {len(rows)} nodes are blocked" if blocked else f"\nall {len(rows)} nodes map")


def report(data: Mapping[str, Any]) -> None:
    """The report of a build: layers, performance, resources, verification."""
    if data["layers"]:
        _layers(data["layers"])
        _performance(data)
        _resources(data["resources"])
    for note in data["notes"]:
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


def _layers(rows: Sequence[Mapping[str, Any]]) -> None:
    table = _table("layer", "unit", "#PE", "#SIMD", "#cycles", "#LUT", "#RAMB18", "#DSP")
    buffers = 0
    for row in rows:
        if row["cycles"] is None:
            buffers += 1
        else:
            keys = ("name", "op", "pe", "simd", "cycles", "lut", "bram18", "dsp")
            table.add_row(*(_cell(row[key]) for key in keys))
    _show("layers", table)
    _say(f"and {buffers} FIFOs between them")


def _performance(data: Mapping[str, Any]) -> None:
    values = data["performance"]
    mhz = data["clock_mhz"]
    _say(
        f"\n{values['fps']:,.0f} frames/s on {data['board']} at {mhz:g} MHz"
        f" (a frame every {values['ii_cycles']:,} cycles, bottleneck {values['bottleneck']})"
    )
    if values.get("latency_cycles") is not None:
        _say(
            f"first answer after {values['latency_cycles']:,} cycles, {values['latency_cycles'] / mhz:.2f} µs"
        )


def _resources(data: Mapping[str, Any]) -> None:
    made = data.get("implemented")
    table = _table("", "#used", "#of", "#share", *(("#estimated",) if made else ()))
    for key, budget in data["budget"].items():
        used = (made or data).get(key)
        share = None if used is None else f"{used / budget:.1%}"
        table.add_row(
            _cell(key), _cell(used), _cell(budget), _cell(share), *((_cell(data.get(key)),) if made else ())
        )
    estimated = "estimated, with the shell of DMA and resets"
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
            _cell(row["mismatches"]),
            _cell(row["near_ties"]),
        )
    _show("verification", table)
    for row in rows:
        if row["mismatches"] is None:
            _say(f"{row['stage']} against {row['against']}: {row['note']}")
        first = row["first_mismatch"]
        if first:
            place = (
                f"layer '{shortened(first['layer'])}', sample {first['sample']}, element {first['element']}"
            )
            _say(
                f"first mismatch of {row['stage']} against {row['against']}: {place}"
                f" must be {first['expected']:g}, is {first['found']:g}"
            )


def _accuracy(data: Mapping[str, Any]) -> None:
    values = data.get("accuracy")
    if values:
        _say(
            "\naccuracy on the samples: "
            + ", ".join(f"{rung} {100 * value:.2f} %" for rung, value in values.items())
        )


def built(folder: Path | None) -> None:
    """Where everything lies.

    Args:
        folder: None if a mismatch kept the build from its folder.
    """
    if folder is None:
        _say("\nthe rungs differ, so the output folder was left as it was")
        return
    table = _table("", "")
    table.show_header = False
    for name, meaning in _FOLDERS.items():
        if (folder / name).exists():
            table.add_row(_cell(folder / name), Text(meaning))
    _show("where it lies", table)


def tools(rows: Sequence["Tool"]) -> None:
    """The answer of `doctor`."""
    table = _table("", "tool", "for", "found")
    for row in rows:
        mark = "✓" if row.found else ("✗" if row.required else "–")
        table.add_row(Text(mark), _cell(row.name), _cell(row.purpose), _cell(row.found or f"no; {row.fix}"))
    _show("tools", table)
