# SPDX-License-Identifier: Apache-2.0
"""The Verilog part of the Vivado project: the sources that its one module needs, all in one folder.

Vivado finds a memory's file, which Verilog names without a folder, beside the Verilog.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from ..network import Network
from ..rtl.axis import axis_files
from ..rtl.emit import Options, emit_network, library, sources
from ..rtl.synthesis import library_of

__all__ = ["RtlSources", "axis_sources", "rtl_sources"]


class RtlSources(NamedTuple):
    """The sources.

    Args:
        verilog: File name to content: cells, layers, and the top at the end.
        memories: File name to content of what `$readmemh` reads.
    """

    verilog: dict[str, bytes]
    memories: dict[str, bytes]


def rtl_sources(network: Network, *, status: bool = False) -> RtlSources:
    """What is synthesised.

    Args:
        network: The network.
        status: Whether it has a status block.

    Raises:
        UnsupportedError: If a unit has no RTL code.
    """
    files = emit_network(network, Options(status=status))
    library = {_name(path): text for path, text in files.items() if path.startswith("lib/")}
    own = {_name(path): files[path] for path in sources(files) if path.startswith("src/")}
    cells = library_of("".join(text.decode() for text in own.values()), library)
    memories = {_name(path): text for path, text in files.items() if path.startswith("data/")}
    return RtlSources({**cells, **own}, memories)


def axis_sources(network: Network, layers: Iterable[int]) -> RtlSources:
    """What single layers need that stand among others from HLS.

    Args:
        network: The network.
        layers: Their indices.

    Raises:
        UnsupportedError: If a unit has no RTL code.
        IRError: If a layer is a border.
    """
    files: dict[str, bytes] = {}
    for index in layers:
        files |= axis_files(network, index)
    own = {name: text for name, text in files.items() if name.endswith(".v")}
    cells = library_of("".join(text.decode() for text in own.values()), library())
    return RtlSources({**cells, **own}, {name: text for name, text in files.items() if name not in own})


def _name(path: str) -> str:
    return PurePosixPath(path).name
