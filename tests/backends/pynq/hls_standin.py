# SPDX-License-Identifier: Apache-2.0
"""Fake `vitis_hls` and `vitis-run` programs, which run the stand-in under tclsh."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STANDIN = Path(__file__).parent / "standin" / "hls.tcl"


def tclsh() -> str:
    """The interpreter; skips the test where there is none, but fails it in continuous integration."""
    path = shutil.which("tclsh")
    if path is None:
        message = "tclsh is not here; install it, for example with 'apt install tcl'"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def quoted(value: object) -> str:
    """A Python value as a Tcl value; mappings become dicts, lists lists."""
    if isinstance(value, Mapping):
        return " ".join(f"{key} {{{quoted(item)}}}" for key, item in value.items())
    if isinstance(value, list):
        return " ".join(f"{{{quoted(item)}}}" for item in value)
    return str(value)


@dataclass
class Tools:
    """A folder of programs, what they shall do, and what was called."""

    folder: Path
    config: dict[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "calls.log"

    def install(self, *names: str, into: Path | None = None) -> None:
        """Writes programs into `bin` of the folder, or elsewhere."""
        target = into or self.folder / "bin"
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            program = target / name
            plain = name.removesuffix(".bat")
            program.write_text(
                f"#!/bin/sh\n'{tclsh()}' '{STANDIN}' '{self.folder}/config' '{self.log}' {plain} \"$@\"\n"
                "exit $?\n"  # a wrapper and its child, as the vendor's are
            )
            program.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def layers_run(self) -> list[str]:
        return [line.split()[1] for line in self.calls() if line.startswith("start ")]

    def run(self, script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a Tcl script with the programs first on a PATH that has no vendor's tools."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config").write_text(quoted({"tool": {}, **self.config}))
        self.log.unlink(missing_ok=True)
        path = f"{self.folder / 'bin'}:/usr/bin:/bin:{Path(tclsh()).parent}"
        names = {key: value for key, value in os.environ.items() if not key.startswith("XILINX")}
        return subprocess.run(
            [tclsh()],
            input=script,
            cwd=cwd,
            env={**names, "PATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
