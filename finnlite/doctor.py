# SPDX-License-Identifier: Apache-2.0
"""Which outside tools are here, which are not, and what to install for what."""

import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

__all__ = ["Need", "Search", "Tool", "examine", "needs"]

_COMPILER = "C++ compiler"
_VERILATOR, _YOSYS = "Verilator", "Yosys"
_VENDOR = ("Vitis HLS", "Vivado")
_RTL = "pip install 'finnlite[rtl]'"
_INSTALLERS = {
    "apt": "apt install g++",
    "dnf": "dnf install gcc-c++",
    "pacman": "pacman -S gcc",
    "zypper": "zypper install gcc-c++",
    "apk": "apk add g++",
    "brew": "brew install gcc",
}
_SYSTEMS = {
    "Darwin": "xcode-select --install",
    "Windows": "wsl --install, and finnlite inside it, where: apt install g++",
}
_EXTRAS = {
    "cluster": "explore on a cluster",
    "docs": "make the documentation",
    "notebooks": "run the notebooks",
    "train": "train networks",
}


@dataclass(frozen=True)
class Tool:
    """A tool that finnlite can use.

    Attributes:
        name: What it is called.
        purpose: What finnlite does with it.
        required: Whether something every user needs fails without it.
        found: Where it is or which version; None if it is not here.
        fix: How to get it.
    """

    name: str
    purpose: str
    required: bool
    found: str | None
    fix: str


@dataclass(frozen=True)
class Need:
    """Something to do with finnlite.

    Attributes:
        purpose: What: "run C simulations".
        install: What to install for it; "" if all is here.
    """

    purpose: str
    install: str


class Search(NamedTuple):
    """Which tool would be used, or None and why."""

    found: str | None
    problem: str = ""


def examine(compiler: Search, verilator: Search, yosys: Search) -> list[Tool]:
    """All tools that finnlite knows, with what was found here.

    Args:
        compiler: The C++ compiler of C simulation.
        verilator: The Verilator of RTL simulation.
        yosys: The Yosys of synthesis.
    """
    return [
        Tool("Python", "runs finnlite", True, platform.python_version(), ""),
        *_packages(),
        Tool(_COMPILER, "compiles the C simulation", True, *compiler),
        Tool(_VERILATOR, "simulates the emitted Verilog", False, *verilator),
        Tool(_YOSYS, "counts what the emitted Verilog takes", False, *yosys),
        _vendor_headers(),
        _vendor_tool(_VENDOR[0], "synthesises the emitted C++", "vitis-run", "vitis_hls"),
        _vendor_tool(_VENDOR[1], "makes the bitstream", "vivado"),
    ]


def needs(tools: Sequence[Tool]) -> list[Need]:
    """What can be done with finnlite, and what is missing here for each.

    Args:
        tools: What `examine` found.
    """
    missing = {tool.name: tool for tool in tools if not tool.found}
    extras: dict[str, list[str]] = {}
    for name, extra in _requirements():
        extras.setdefault(extra, []).append(name)
    packages = [name for name in extras.pop("", []) if name in missing]
    bitstreams = " and ".join(name for name in _VENDOR if name in missing)
    where = "on this machine or another that runs Linux or Windows"
    vendor = f"AMD's {bitstreams}, one release from 2022.1 to 2025.2, {where}"
    return [
        Need("run finnlite", f"pip install {' '.join(packages)}" if packages else ""),
        Need("run C simulations", _compiler_hint(missing[_COMPILER]) if _COMPILER in missing else ""),
        Need("simulate Verilog", _RTL if _VERILATOR in missing else ""),
        Need("synthesise Verilog", _RTL if _YOSYS in missing else ""),
        Need("make bitstreams", vendor if bitstreams else ""),
        *(
            Need(_EXTRAS[extra], "" if all(map(_version, names)) else f"pip install 'finnlite[{extra}]'")
            for extra, names in sorted(extras.items())
            if extra in _EXTRAS
        ),
    ]


def _compiler_hint(tool: Tool) -> str:
    """How to get a compiler on this system, if that is what is wrong with it."""
    if any(map(shutil.which, ("c++", "g++", "clang++"))):
        return tool.fix
    here = next((how for name, how in _INSTALLERS.items() if shutil.which(name)), "apt install g++")
    return _SYSTEMS.get(platform.system(), here)


def _requirements() -> Iterator[tuple[str, str]]:
    """The packages that finnlite's metadata name, and the extra that each belongs to, or ""."""
    for line in requires("finnlite") or []:
        extra = re.search(r"extra == ['\"](.+?)['\"]", line)
        yield re.split(r"[<>=!~;\s\[]", line)[0], extra[1] if extra else ""


def _packages() -> Iterator[Tool]:
    for name, extra in _requirements():
        if not extra:
            yield Tool(name, "a library of finnlite's", True, _version(name), f"pip install {name}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _vendor_headers() -> Tool:
    folder = os.environ.get("XILINX_HLS", "")
    found = folder if folder and (Path(folder) / "include" / "ap_int.h").is_file() else None
    fix = "not needed, finnlite has its own; else set XILINX_HLS"
    return Tool("vendor's HLS headers", "C simulation with the vendor's own ap_int.h", False, found, fix)


def _vendor_tool(name: str, purpose: str, *programs: str) -> Tool:
    found = next(filter(None, map(shutil.which, programs)), None)
    fix = "needed only to make a bitstream, here or elsewhere"
    return Tool(name, purpose, False, found, fix)
