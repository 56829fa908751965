# SPDX-License-Identifier: Apache-2.0
"""Which build a bitstream and a driver belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from finnlite.boards import Board
from finnlite.ir import Graph
from finnlite.plan import Plan

from ..hls.emit import Options, emit
from .project import project_plan

__all__ = ["identity_of"]

_NOBODY = "0" * 64
_FABRIC = ("settings.tcl", "ps7.tcl", "design.tcl", "implement.tcl", "sources.tcl", "rtl/", "hls/")
_ABOUT_IT = ("hls/synthesise.tcl", "hls/report.tcl")
"""Files of the project that the bitstream is made from, and those of them that only drive the tools."""


def identity_of(
    graph: Graph,
    board: Board,
    clock_mhz: float,
    backend: str = "hls",
    *,
    status: bool = False,
    rtl_layers: Collection[str] = (),
) -> str:
    """64 hexadecimal digits: the digest of all that the bitstream is made from.

    That is the emitted C++ or Verilog and the project, which does not name its identity yet; not what only
    explains or drives: another sentence in a README makes no other bitstream.

    Args:
        graph: A hardware graph.
        board: The board.
        clock_mhz: A clock that the board's PLL gives exactly.
        backend: "hls" or "rtl".
        status: Whether the accelerator has a status block.
        rtl_layers: Layers that are Verilog in a project of "hls".
    """
    project = project_plan(
        graph, board, clock_mhz, _NOBODY, backend, status=status, rtl_layers=rtl_layers
    ).files
    fabric = {p: text for p, text in project.items() if p.startswith(_FABRIC) and p not in _ABOUT_IT}
    plans = [Plan(fabric)]
    if backend == "hls":
        plans.insert(0, emit(graph, Options(simulation=False)))
    return hashlib.sha256("".join(plan.digest for plan in plans).encode()).hexdigest()
