# SPDX-License-Identifier: Apache-2.0
"""The HLS part of the Vivado project: a folder a layer with its settings, and the Tcl they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources

from finnlite.boards import Board
from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.unit import Unit

from ..hls.emit import layer_files
from ..hls.network import Layer
from ..naming import comment
from .tcl import setting, word

__all__ = ["hls_files", "library_files", "settings", "template"]

_INCLUDE = re.compile(rb'^\s*#include "(finnlite/\w+\.hpp)"', re.MULTILINE)
_ROOT = "../../../hls"
"""DIR/hls as a layer's folder, DIR/vivado/hls/<layer>, sees it."""
_SCRIPTS = ("synthesise.tcl", "run.tcl", "report.tcl")
_RUN = """\
# SPDX-License-Identifier: Apache-2.0
# The HLS run of this layer: its settings, then what all layers do.
set here [file dirname [file normalize [info script]]]
source [file join $here settings.tcl]
source [file join $here .. run.tcl]
"""


def hls_files(layers: Iterable[Layer], board: Board, clock_mhz: float) -> dict[str, bytes]:
    """The files, by their path relative to the project's folder.

    Args:
        layers: What is synthesised; their C++ lies in `../hls`.
        board: Gives the part.
        clock_mhz: An achievable clock.
    """
    files = {f"hls/{name}": template(f"hls/{name}") for name in _SCRIPTS}
    library = library_files()
    for layer in layers:
        inputs = [f"{_ROOT}/{path}" for path in _inputs(layer, library)]
        folder = f"hls/{layer.name}"
        files[f"{folder}/settings.tcl"] = settings(layer, board, clock_mhz, inputs).encode()
        files[f"{folder}/run.tcl"] = _RUN.encode()
    return files


def template(path: str) -> bytes:
    """A file of the templates' folder."""
    place = resources.files(__package__) / "templates"
    for part in path.split("/"):
        place = place / part
    return place.read_bytes()


def library_files() -> dict[str, bytes]:
    """The library's headers, by their path below DIR/hls."""
    folder = resources.files("finnlite.backends.hls") / "include" / "finnlite"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {f"include/finnlite/{entry.name}": entry.read_bytes() for entry in entries}


def settings(layer: Layer, board: Board, clock_mhz: float, inputs: Iterable[str]) -> str:
    """The set lines that a layer's run needs; the first input is the file to synthesise."""
    unit = _unit(layer.node)
    files = list(inputs)
    values = {
        "layer": layer.name,
        "node": comment(layer.node.name),
        "unit": unit.op_type,
        "limit": str(unit.latency(layer.node)),
        "part": board.part,
        "period": f"{1000 / clock_mhz:.3f}",
        "main": files[0],
    }
    lines = [setting(name, value) for name, value in values.items()]
    lines.append("set inputs [list \\\n    " + " \\\n    ".join(map(word, files)) + "]")
    return "# SPDX-License-Identifier: Apache-2.0\n" + "\n".join(lines) + "\n"


def _unit(node: Node) -> Unit:
    if not isinstance(node.op, Unit):
        raise IRError(f"node {node.name!r}: must be a hardware unit, is {node.op.op_type}")
    return node.op


def _inputs(layer: Layer, library: Mapping[str, bytes]) -> list[str]:
    """Files that the layer's synthesis reads: its own, and the library's headers that these include."""
    own = layer_files(layer)
    found: list[str] = []
    waiting = [text.encode() for text in own.values()]
    while waiting:
        for name in _INCLUDE.findall(waiting.pop()):
            path = f"include/{name.decode()}"
            if path not in found:
                found.append(path)
                waiting.append(library[path])
    source = f"src/{layer.name}.cpp"
    return [source, *sorted(path for path in own if path != source), *sorted(found)]
