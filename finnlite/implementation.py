# SPDX-License-Identifier: Apache-2.0
"""What the vendor's tools made of a project: reads DIR/vivado/results, which build.tcl writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from finnlite.errors import OptionError

__all__ = ["LayerResults", "Results", "Used", "read_results"]

_RESULTS = "results"
_IDENTITY = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Used:
    """Resources after place and route; a RAMB36 counts as two RAMB18."""

    lut: int
    ff: int
    bram18: int
    dsp: int


@dataclass(frozen=True)
class LayerResults:
    """A layer after HLS: II and latency in cycles, estimates of time and resources; and after routing.

    A layer that was emitted as Verilog has no figures of HLS: they are None.

    Args:
        layer: Identifier, which the cell's name begins with.
        ii: Cycles between two steps.
        latency: Cycles from the step that reads a word to the word it writes.
        style: How the pipeline stalls.
        slack_ns: Period less uncertainty and estimated path.
        lut: Estimate of HLS; also `ff`, `bram18`, `dsp`.
        ff: See `lut`.
        bram18: See `lut`.
        dsp: See `lut`.
        implemented: What the cell takes after place and route; None if its hierarchy was dissolved.
    """

    layer: str
    ii: int | None
    latency: int | None
    style: str | None
    slack_ns: float | None
    lut: int | None
    ff: int | None
    bram18: int | None
    dsp: int | None
    implemented: Used | None = None


@dataclass(frozen=True)
class Results:
    """What a finished run of the project reported; `wns_ns` and `whs_ns` are the worst slacks."""

    lut: int
    ff: int
    bram18: int
    dsp: int
    wns_ns: float
    whs_ns: float
    vivado: str
    clock_mhz: float
    identity: str
    layers: tuple[LayerResults, ...]

    def as_dict(self) -> dict[str, Any]:
        """As the report holds it."""
        return {**asdict(self), "layers": [asdict(layer) for layer in self.layers]}


def read_results(folder: Path) -> Results | None:
    """The results of a project.

    Args:
        folder: The project's folder, DIR/vivado.

    Returns:
        None if no run has finished there.

    Raises:
        OptionError: If a file is missing, damaged or not what build.tcl writes.
    """
    results = folder / _RESULTS
    summary = results / "implementation.json"
    if not summary.is_file():
        return None
    data = _json(summary)
    identity = _item(summary, data, "identity", str)
    if not _IDENTITY.fullmatch(identity):
        raise OptionError(f"{summary}: identity must be 64 hexadecimal digits, is {identity!r}")
    used = _totals(results / "utilization.rpt")
    cells = _cells(results / "utilization_hierarchical.rpt")
    files = sorted((results / "layers").glob("*.json"))
    if not files:
        raise OptionError(f"{results / 'layers'}: must hold a file a layer, holds none; run build.tcl again")
    return Results(
        **asdict(used),
        wns_ns=_item(summary, data, "wns_ns", float),
        whs_ns=_item(summary, data, "whs_ns", float),
        vivado=_item(summary, data, "vivado", str),
        clock_mhz=_item(summary, data, "clock_mhz", float),
        identity=identity,
        layers=tuple(_layer(path, cells) for path in files),
    )


def _layer(path: Path, cells: Mapping[str, Used]) -> LayerResults:
    data = _json(path)
    kinds = {"layer": str, "style": str, "slack_ns": float}
    names = [field.name for field in fields(LayerResults) if field.name != "implemented"]
    verilog = data.get("made_from") == "verilog"
    figures = [name for name in names if name == "layer" or not verilog]
    values: dict[str, Any] = dict.fromkeys(names)
    values |= {name: _item(path, data, name, kinds.get(name, int)) for name in figures}
    if values["layer"] != path.stem:
        raise OptionError(f"{path}: layer must be {path.stem!r}, is {values['layer']!r}")
    return LayerResults(**values, implemented=cells.get(f"{path.stem}_i") or cells.get(path.stem))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise OptionError(
            f"{path}: must be readable, is not ({error.strerror}); run build.tcl again"
        ) from None


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_text(path))
    except ValueError:
        raise OptionError(f"{path}: must be JSON, is damaged; run build.tcl again") from None
    if not isinstance(data, dict):
        raise OptionError(f"{path}: must be a JSON object, is not; run build.tcl again")
    return data


def _item(path: Path, data: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = data.get(name)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise OptionError(
            f"{path}: {name} must be of type {kind.__name__}, is {value!r}; run build.tcl again"
        )
    return value


def _totals(path: Path) -> Used:
    """The four rows of `report_utilization` on 7-series parts that a budget has.

    A star after the name marks a figure before optimisation, which the report explains in a note.
    """
    text = _text(path)

    def used(site: str) -> float:
        # | Block RAM Tile    |  121.5 |     0 |          0 |       140 | 86.79 |
        match = re.search(rf"^\|\s*{re.escape(site)}\*?\s*\|\s*([0-9.]+)\s*\|", text, re.MULTILINE)
        if match is None:
            raise OptionError(
                f"{path}: must have a row {site!r}, as report_utilization of a 7-series part writes it, "
                f"has none"
            )
        return float(match.group(1))

    return Used(
        lut=int(used("Slice LUTs")),
        ff=int(used("Slice Registers")),
        bram18=round(2 * used("Block RAM Tile")),
        dsp=int(used("DSPs")),
    )


def _cells(path: Path) -> dict[str, Used]:
    """Resources of the cells in `report_utilization -hierarchical`, by the instance's name.

    The same name may stand at several levels; the outermost counts. A row in parentheses is what a cell
    has besides its children.
    """
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in _text(path).splitlines()
        if line.lstrip().startswith("|") and line.count("|") > 6
    ]
    header = next((row for row in rows if row[0] == "Instance"), None)
    columns = ("Total LUTs", "FFs", "RAMB36", "RAMB18", "DSP Blocks")
    if header is None or any(name not in header for name in columns):
        raise OptionError(
            f"{path}: must be a report of utilization by hierarchy with columns {', '.join(columns)}, is not"
        )
    result: dict[str, Used] = {}
    for row in rows:
        if row is header or len(row) != len(header) or row[0].startswith("("):
            continue
        try:
            lut, ff, ramb36, ramb18, dsp = (int(row[header.index(name)]) for name in columns)
        except ValueError:
            raise OptionError(f"{path}: a row's figures must be integers, are not: {' '.join(row)}") from None
        result.setdefault(row[0], Used(lut, ff, 2 * ramb36 + ramb18, dsp))
    return result
