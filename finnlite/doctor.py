# SPDX-License-Identifier: Apache-2.0
"""Which outside tools are here, which are not, and what each is for."""

import os
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

__all__ = ["Tool", "examine"]


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


def examine(compiler: str | None, problem: str) -> list[Tool]:
    """All tools that finnlite knows, with what was found here.

    Args:
        compiler: The C++ compiler that C simulation would use.
        problem: If there is none, why.
    """
    return [
        Tool("Python", "runs finnlite", True, platform.python_version(), ""),
        *_packages(),
        Tool("C++ compiler", "compiles the C simulation", True, compiler, problem),
        _vendor_headers(),
        _vendor_tool("Vitis HLS", "synthesises the emitted C++", "vitis-run", "vitis_hls"),
        _vendor_tool("Vivado", "makes the bitstream", "vivado"),
    ]


def _packages() -> Iterator[Tool]:
    for line in requires("finnlite") or []:
        name, _, marker = line.partition(";")
        name = re.split(r"[<>=!~ \[]", name.strip())[0]
        if not marker:
            yield Tool(name, "a library of finnlite's", True, _version(name), f"pip install {name}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _vendor_headers() -> Tool:
    folder = os.environ.get("XILINX_HLS", "")
    found = folder if folder and (Path(folder) / "include" / "ap_int.h").is_file() else None
    fix = "not needed: finnlite has headers of its own for simulation; else set XILINX_HLS"
    return Tool("vendor's HLS headers", "C simulation with the vendor's own ap_int.h", False, found, fix)


def _vendor_tool(name: str, purpose: str, *programs: str) -> Tool:
    found = next(filter(None, map(shutil.which, programs)), None)
    fix = "needed only to make a bitstream, here or elsewhere: AMD Vivado with Vitis HLS, 2022.1 to 2025.2"
    return Tool(name, purpose, False, found, fix)
