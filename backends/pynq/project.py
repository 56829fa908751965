# SPDX-License-Identifier: Apache-2.0
"""The Vivado project of an accelerator, as a plan of files."""

from __future__ import annotations

import json
from importlib import resources

from finnlite.boards import Board
from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.plan import Plan

from ..hls.network import network_of
from .design import design_of, render
from .first_contact import first_contact_files
from .synthesis import hls_files
from .tcl import number, properties, setting, word

__all__ = ["project_plan"]

_JOBS = 4
_STATIC = {
    "build.tcl": "templates/build.tcl",
    "implement.tcl": "templates/implement.tcl",
    "README.txt": "templates/README.txt",
    "rtl/finnlite_fifo.v": "rtl/finnlite_fifo.v",
}
_FABRIC = {
    "PCW_USE_M_AXI_GP0": "1",
    "PCW_USE_S_AXI_HP0": "1",
    "PCW_S_AXI_HP0_DATA_WIDTH": "64",
    "PCW_USE_FABRIC_INTERRUPT": "0",
    "PCW_EN_CLK0_PORT": "1",
    "PCW_EN_RST0_PORT": "1",
}
"""What the accelerator needs of the PS7, whatever the board: GP0, HP0, FCLK0 and its reset."""


def project_plan(graph: Graph, board: Board, clock_mhz: float, identity: str) -> Plan:
    """The files of the folder `vivado`.

    Args:
        graph: A hardware graph (stage SizeStreams).
        board: The board.
        clock_mhz: A clock that the board's PLL gives exactly.
        identity: 64 hexadecimal digits that name the build.

    Raises:
        UnsupportedError: If a unit has no HLS code.
        IRError: If the graph is not a hardware graph or the identity not one.
    """
    _check(identity)
    network = network_of(graph)
    layers = [layer.name for layer in network.layers]
    own = {
        "settings.tcl": _settings(board, clock_mhz, identity, layers),
        "ps7.tcl": _ps7(board, clock_mhz),
        "design.tcl": render(design_of(network, identity)),
        "identity.xdc": _XDC.format(user_id=identity[:8].upper()),
        **{path: _resource(source) for path, source in _STATIC.items()},
    }
    return Plan(
        {path: text.encode() for path, text in own.items()}
        | hls_files(network, board, clock_mhz)
        | first_contact_files(board, clock_mhz)
    )


def _check(identity: str) -> None:
    if len(identity) != 64 or not set(identity) <= set("0123456789abcdef"):
        raise IRError(f"identity must be 64 hexadecimal digits, is {identity!r}")


def _resource(path: str) -> str:
    return (resources.files(__package__) / path).read_text(encoding="utf-8")


def _settings(board: Board, clock_mhz: float, identity: str, layers: list[str]) -> str:
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "",
        setting("part", board.part),
        setting("clock_mhz", number(clock_mhz)),
        setting("identity", identity),
        setting("jobs", _JOBS),
        "set layers [list \\",
        *(f"    {word(name)} \\" for name in layers),
        "]",
    ]
    return "\n".join([*lines, ""])


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
