# SPDX-License-Identifier: Apache-2.0
"""The Vivado project of an accelerator, as a plan of files."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from importlib import resources

from finnlite.boards import Board
from finnlite.errors import IRError, OptionError
from finnlite.ir import Graph
from finnlite.plan import Plan

from ..hls.network import Network
from ..hls.network import network_of as hls_network_of
from ..network import network_of
from .blocks import Design, render
from .design import design_of
from .first_contact import first_contact_files
from .rtl_design import rtl_design_of
from .rtl_sources import axis_sources, rtl_sources
from .synthesis import hls_files
from .tcl import number, properties, setting, word

__all__ = ["project_plan"]

_JOBS = 4
_STATIC = {"build.tcl": "templates/build.tcl", "implement.tcl": "templates/implement.tcl"}
_HLS = {"sources.tcl": "templates/hls/sources.tcl", "README.txt": "templates/README.txt"}
_FIFO = "finnlite_fifo.v"
_RTL = {"sources.tcl": "templates/rtl/sources.tcl", "README.txt": "templates/rtl/README.txt"}
_FABRIC = {
    "PCW_USE_M_AXI_GP0": "1",
    "PCW_USE_S_AXI_HP0": "1",
    "PCW_S_AXI_HP0_DATA_WIDTH": "64",
    "PCW_USE_FABRIC_INTERRUPT": "0",
    "PCW_EN_CLK0_PORT": "1",
    "PCW_EN_RST0_PORT": "1",
}
"""What the accelerator needs of the PS7, whatever the board: GP0, HP0, FCLK0 and its reset."""


def project_plan(
    graph: Graph,
    board: Board,
    clock_mhz: float,
    identity: str,
    backend: str = "hls",
    *,
    status: bool = False,
    rtl_layers: Collection[str] = (),
) -> Plan:
    """The files of the folder `vivado`.

    Args:
        graph: A hardware graph (stage SizeStreams).
        board: The board.
        clock_mhz: A clock that the board's PLL gives exactly.
        identity: 64 hexadecimal digits that name the build.
        backend: What the layers are made from, "hls" or "rtl".
        status: Give the accelerator a status block; "rtl" only.
        rtl_layers: Nodes, or operators of nodes, whose layers are Verilog all the same; "hls" only.

    Raises:
        UnsupportedError: If a unit has no code.
        IRError: If the graph is not a hardware graph or the identity not one.
        OptionError: If there is no such backend, it has no status block, or there is no such layer.
    """
    _check(identity)
    if backend not in ("hls", "rtl"):
        raise OptionError(f"backend must be 'hls' or 'rtl', is {backend!r}")
    if status and backend != "rtl":
        raise OptionError(
            f"status block: backend must be 'rtl', which has monitors at its streams, is {backend!r}; "
            f"build with --backend rtl, or without the status block"
        )
    if backend == "rtl":
        if rtl_layers:
            raise OptionError(
                "rtl layers: backend must be 'hls', is 'rtl', of which all layers are Verilog; leave them out"
            )
        files = _rtl(graph, board, clock_mhz, identity, status=status)
    else:
        files = _hls(graph, board, clock_mhz, identity, rtl_layers)
    files["ps7.tcl"] = _ps7(board, clock_mhz).encode()
    files["identity.xdc"] = _XDC.format(user_id=identity[:8].upper()).encode()
    return Plan(files | _resources(_STATIC))


def _hls(
    graph: Graph, board: Board, clock_mhz: float, identity: str, rtl_layers: Collection[str]
) -> dict[str, bytes]:
    network = hls_network_of(graph)
    chosen = _chosen(network, rtl_layers)
    verilog, memories = axis_sources(network, chosen)
    verilog[_FIFO] = _resource(f"rtl/{_FIFO}").encode()
    synthesised = [layer for index, layer in enumerate(network.layers) if index not in chosen]
    lists = {
        "layers": [layer.name for layer in synthesised],
        "rtl_layers": [network.layers[index].name for index in chosen],
        "verilog": list(verilog),
        "memories": list(memories),
    }
    return {
        "settings.tcl": _settings(board, clock_mhz, identity, lists),
        "design.tcl": _design(design_of(network, identity, chosen)),
        **_resources(_HLS),
        **{f"rtl/{name}": text for name, text in (verilog | memories).items()},
        **hls_files(synthesised, board, clock_mhz),
        **first_contact_files(board, clock_mhz),
    }


def _chosen(network: Network, wanted: Collection[str]) -> list[int]:
    """The indices of layers that are named by their nodes or their operators."""
    inner = list(enumerate(network.layers))[1:-1]
    known = {layer.node.name for _, layer in inner} | {layer.unit.op_type for _, layer in inner}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise OptionError(
            f"rtl layers: must be nodes between the borders or their operators, {', '.join(sorted(known))}; "
            f"{', '.join(map(repr, unknown))} is not"
        )
    return [index for index, layer in inner if {layer.node.name, layer.unit.op_type} & {*wanted}]


def _rtl(graph: Graph, board: Board, clock_mhz: float, identity: str, *, status: bool) -> dict[str, bytes]:
    network = network_of(graph)
    verilog, memories = rtl_sources(network, status=status)
    layers = [layer.name for layer in network.layers]
    lists = {"layers": layers, "verilog": list(verilog), "memories": list(memories)}
    return {
        "settings.tcl": _settings(board, clock_mhz, identity, lists),
        "design.tcl": _design(rtl_design_of(identity, status=status)),
        **_resources(_RTL),
        **{f"rtl/{name}": text for name, text in (verilog | memories).items()},
    }


def _design(design: Design) -> bytes:
    return render(design).encode()


def _resources(paths: Mapping[str, str]) -> dict[str, bytes]:
    return {path: _resource(source).encode() for path, source in paths.items()}


def _check(identity: str) -> None:
    if len(identity) != 64 or not set(identity) <= set("0123456789abcdef"):
        raise IRError(f"identity must be 64 hexadecimal digits, is {identity!r}")


def _resource(path: str) -> str:
    return (resources.files(__package__) / path).read_text(encoding="utf-8")


def _settings(board: Board, clock_mhz: float, identity: str, lists: Mapping[str, Sequence[str]]) -> bytes:
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "",
        setting("part", board.part),
        setting("clock_mhz", number(clock_mhz)),
        setting("identity", identity),
        setting("jobs", _JOBS),
    ]
    for name, values in lists.items():
        items = [f"    {word(value)} \\" for value in values]
        lines += [f"set {name} [list \\", *items, "]"] if items else [f"set {name} {{}}"]
    return "\n".join([*lines, ""]).encode()


_XDC = """\
# SPDX-License-Identifier: Apache-2.0
# The build this bitstream belongs to; the driver compares it with its metadata.
set_property BITSTREAM.CONFIG.USERID 0x{user_id} [current_design]
"""


def _ps7(board: Board, clock_mhz: float) -> str:
    """`ps7.tcl`: the board's settings, then those of the accelerator."""
    config = json.loads(_resource("ps7.json"))
    if config["part"] != board.part:
        raise IRError(f"board {board.name}: PS7 settings must be of {board.part}, are of {config['part']}")
    fabric = {**_FABRIC, "PCW_FPGA0_PERIPHERAL_FREQMHZ": number(clock_mhz)}
    ours = {name: value for name, value in config["CONFIG"].items() if name not in fabric}
    text = _resource("templates/ps7.tcl")
    return text.replace("@board@", properties(ours.items())).replace("@fabric@", properties(fabric.items()))
