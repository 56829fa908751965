# SPDX-License-Identifier: Apache-2.0
"""The host's C++ compiler, and the commands that make a simulation library with it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from finnlite.errors import ToolError
from finnlite.plan import Command
from finnlite.runtime.simulated import LIBRARY

from .network import Network

__all__ = ["LIBRARY", "Compiler", "compile_commands", "find_compiler"]

_CANDIDATES = ("c++", "g++", "clang++")
_FLAGS = ("-std=c++14", "-fPIC", "-fvisibility=hidden", "-Wno-unknown-pragmas")
_PROCESSORS = {"x86_64": ("-mpopcnt",), "AMD64": ("-mpopcnt",)}
"""What compilers do not use by themselves although every processor of the last 15 years has it."""
_VENDOR = "XILINX_HLS"


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Args:
        path: The program.
        version: The first line of what `--version` says.
        vendor_headers: Folder of the vendor's HLS headers, if they are to be used.
    """

    path: str
    version: str
    vendor_headers: Path | None = None

    @property
    def includes(self) -> tuple[str, ...]:
        """Include options: the vendor's headers before finnlite's own, where there are any."""
        own = ("-Iinclude", "-Isrc", "-Isim")
        if self.vendor_headers is None:
            return (*own, "-Isim/hls")
        # Searched in this order: ours only supplies what the vendor's folder lacks.
        return (*own, "-isystem", str(self.vendor_headers), "-isystem", "sim/hls")


def find_compiler(candidates: Iterable[str] = _CANDIDATES) -> Compiler:
    """The first compiler on the PATH, with the vendor's headers if XILINX_HLS points at them.

    Raises:
        ToolError: If there is none, or XILINX_HLS has no headers.
    """
    names = tuple(candidates)
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return Compiler(path, _version(path), _vendor_headers())
    raise ToolError(
        f"C simulation: a C++14 compiler must be on the PATH ({', '.join(names)}), none is; "
        f"install one, for example with 'apt install g++' or 'xcode-select --install'"
    )


def _version(path: str) -> str:
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError(f"C simulation: {path} must answer --version, does not ({error})") from error
    return result.stdout.partition("\n")[0].strip()


def _vendor_headers() -> Path | None:
    root = os.environ.get(_VENDOR)
    if not root:
        return None
    folder = Path(root) / "include"
    if not (folder / "ap_int.h").is_file():
        raise ToolError(f"{_VENDOR}: must hold include/ap_int.h, is {root!r}; correct or unset it")
    return folder


def compile_commands(network: Network, files: Iterable[str], compiler: Compiler) -> tuple[Command, ...]:
    """One command a translation unit, which do not depend on each other, and one that links.

    Args:
        network: What is simulated; a layer's command is labelled with its node.
        files: All paths of the plan.
        compiler: The compiler.
    """
    paths = sorted(files)
    library = tuple(p for p in paths if p.startswith(("include/", "sim/")) and not p.endswith(".cpp"))
    headers = {layer.name: _own_headers(layer.name, paths) for layer in network.layers}
    commands = []
    for layer in network.layers:
        source = f"src/{layer.name}.cpp"
        label = f"node {layer.node.name!r}"
        commands.append(_compile(source, (*library, *headers[layer.name]), label, compiler))
    shapes = tuple(f"src/{layer.name}.hpp" for layer in network.layers)
    commands.append(_compile("sim/network.cpp", (*library, *shapes), "C simulation", compiler, "-O1"))
    commands.append(_compile("sim/api.cpp", library, "C simulation", compiler, "-O1"))
    objects = tuple(c.outputs[0] for c in commands)
    link = Command(
        (compiler.path, "-shared", "-o", LIBRARY, *objects),
        objects,
        (LIBRARY,),
        "C simulation",
        compiler.version,
    )
    return (*commands, link)


def _own_headers(name: str, paths: list[str]) -> tuple[str, ...]:
    return tuple(p for p in (f"src/data/{name}.hpp", f"src/{name}.hpp") if p in paths)


def _compile(
    source: str, headers: tuple[str, ...], label: str, compiler: Compiler, level: str = "-O2"
) -> Command:
    out = f"build/{PurePosixPath(source).stem}.o"
    flags = (level, *_FLAGS, *_PROCESSORS.get(platform.machine(), ()))
    argv = (compiler.path, *flags, *compiler.includes, "-c", source, "-o", out)
    return Command(argv, (source, *headers), (out,), label, compiler.version)
