# SPDX-License-Identifier: Apache-2.0
"""Which build a bitstream and a driver belong to."""

from __future__ import annotations

import hashlib

from finnlite.boards import Board
from finnlite.ir import Graph
from finnlite.plan import Plan

from ..hls.emit import Options, emit
from .project import project_plan

__all__ = ["identity_of"]

_NOBODY = "0" * 64
_FABRIC = ("settings.tcl", "ps7.tcl", "design.tcl", "implement.tcl", "rtl/", "hls/")
_ABOUT_IT = ("hls/synthesise.tcl", "hls/report.tcl")
"""Files of the project that the bitstream is made from, and those of them that only drive the tools."""


def identity_of(graph: Graph, board: Board, clock_mhz: float) -> str:
    """64 hexadecimal digits: the digest of all that the bitstream is made from.

    That is the emitted C++ and the project, which does not name its identity yet; not what only explains or
    drives: another sentence in a README makes no other bitstream.
    """
    project = project_plan(graph, board, clock_mhz, _NOBODY).files
    fabric = {p: text for p, text in project.items() if p.startswith(_FABRIC) and p not in _ABOUT_IT}
    plans = emit(graph, Options(simulation=False)), Plan(fabric)
    return hashlib.sha256("".join(plan.digest for plan in plans).encode()).hexdigest()
