# SPDX-License-Identifier: Apache-2.0
"""Which build a bitstream and a driver belong to."""

from __future__ import annotations

import hashlib

from finnlite.boards import Board
from finnlite.ir import Graph

from ..hls.emit import Options, emit
from .project import project_plan

__all__ = ["identity_of"]

_NOBODY = "0" * 64


def identity_of(graph: Graph, board: Board, clock_mhz: float) -> str:
    """64 hexadecimal digits: the digest of the emitted C++ and of the project that does not name it yet."""
    plans = emit(graph, Options(simulation=False)), project_plan(graph, board, clock_mhz, _NOBODY)
    return hashlib.sha256("".join(plan.digest for plan in plans).encode()).hexdigest()
