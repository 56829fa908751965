# SPDX-License-Identifier: Apache-2.0
"""Runs the emitted Tcl against the stand-in for Vivado and reads what it recorded."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from finnlite.backends.hls.network import Network
from finnlite.backends.hls.units.code import BEAT
from finnlite.plan import Plan
from tests.backends.pynq.hls_standin import tclsh

STANDIN = Path(__file__).parent / "standin" / "vivado.tcl"
TABLE: dict[str, Any] = json.loads((STANDIN.parent / "vivado_table.json").read_text(encoding="utf-8"))
NO_SYNTHESIS = """\
proc synthesise_layers {hls results layers jobs} {
    set folders [list]
    foreach layer $layers { lappend folders [file join $hls $layer ip] }
    return $folders
}
"""
"""In place of `hls/synthesise.tcl`: the IPs are there already."""


@dataclass(frozen=True)
class Call:
    """A vendor command that the script called: objects are "/cell/pin", flags among the options 1."""

    command: str
    options: Mapping[str, str]
    arguments: tuple[str, ...]
    file: str
    line: int
    result: str = ""
    error: str = ""

    @property
    def place(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


@dataclass(frozen=True)
class Cell:
    """A cell as it stood at the script's end; pins, interfaces, … by name, as the table describes them."""

    name: str
    definition: str
    properties: Mapping[str, str]
    pins: Mapping[str, Any]
    interfaces: Mapping[str, Any]
    spaces: Mapping[str, Any]
    segments: Mapping[str, Any]


@dataclass(frozen=True)
class Recording:
    """What a script did."""

    calls: tuple[Call, ...]
    cells: Mapping[str, Cell]
    exit_code: int
    output: str

    def called(self, *commands: str) -> Iterator[Call]:
        return (call for call in self.calls if call.command in commands)

    def without(self, call: Call) -> "Recording":
        """The same without a call, as if its line had been deleted."""
        return replace(self, calls=tuple(c for c in self.calls if c is not call))

    @property
    def last(self) -> str:
        """The last line on the screen."""
        return (self.output.splitlines() or [""])[-1]

    @cached_property
    def errors(self) -> list[str]:
        return list(dict.fromkeys(f"{c.place}: {c.error}" for c in self.calls if c.error))


def write_project(plan: Plan, network: Network | None, folder: Path) -> None:
    """Writes the project; `folder` stands for DIR/vivado.

    Args:
        plan: Of the project.
        network: Whose layers' IPs are written too, as if HLS had run; None if there are none.
        folder: Stands for DIR/vivado.
    """
    fields = {"vendor": "finnlite", "library": "hls", "version": "1.0"}
    files = dict(plan.files)
    if network is not None:
        files["hls/synthesise.tcl"] = NO_SYNTHESIS.encode()
    for layer in () if network is None else network.layers:
        vlnv = {**fields, "name": layer.name}.items()
        component = "".join(f"<spirit:{field}>{value}</spirit:{field}>\n" for field, value in vlnv)
        files[f"hls/{layer.name}/ip/component.xml"] = component.encode()
        files[f"hls/{layer.name}/digest.txt"] = b"0\n"
    for name, content in files.items():
        if name.startswith("first_contact/"):  # for the user, not for build.tcl
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def layer_streams(network: Network) -> dict[str, dict[str, Any]]:
    """The streams of each layer's IP, as HLS makes them of the ports of its function (UG1399)."""
    return {
        layer.name: {
            port.name: {
                "mode": "slave" if port.name.startswith("s") else "master",
                "width": _tdata_bits(port.ctype),
                "signals": ["TKEEP", "TSTRB", "TLAST"] if port.ctype == BEAT else [],
            }
            for port in layer.code.ports
        }
        for layer in network.layers
    }


def _tdata_bits(ctype: str) -> int:
    """TDATA is of whole bytes."""
    bits = 64 if ctype == BEAT else int(ctype.removeprefix("ap_uint<").removesuffix(">"))
    return -(-bits // 8) * 8


def record(folder: Path, network: Network | None, **settings: Any) -> Recording:
    """Runs `folder`/build.tcl with the IPs of a network's layers, if it has any.

    `settings` says how the tool's runs end (see standin/vivado.tcl).
    """
    layers = {} if network is None else layer_streams(network)
    log, chosen = folder / "calls.jsonl", folder / "standin.json"
    chosen.write_text(json.dumps({"layers": layers, **settings}), encoding="utf-8")
    command = [tclsh(), str(STANDIN), str(log), str(folder / "build.tcl"), str(chosen)]
    run = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=folder.parent, timeout=60, check=False
    )
    if not log.is_file():
        pytest.fail(f"the stand-in must write its log, did not: {run.stderr}")
    return _read(log.read_text(encoding="utf-8"), run.stdout + run.stderr)


def _read(log: str, output: str) -> Recording:
    calls, cells, code = [], {}, None
    for line in log.splitlines():
        entry = json.loads(line)
        if "call" in entry:
            entry["arguments"] = tuple(entry["arguments"])
            calls.append(Call(entry.pop("call"), **entry))
        elif "cell" in entry:
            name = entry.pop("cell")
            cells[name] = Cell(name, **entry)
        else:
            code = entry["exit"]
    if code is None:
        pytest.fail(f"the script must reach its end or exit, did not: {output}")
    return Recording(tuple(calls), cells, int(code), output)
