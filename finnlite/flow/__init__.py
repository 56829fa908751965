# SPDX-License-Identifier: Apache-2.0
"""The flow: from a file to an accelerator and its report. The one place where core and wings meet."""

from .building import Build, build
from .checking import check
from .exploring import POINTS, Exploration, explore
from .reporting import report
from .running import simulate
from .stages import compile_stages, load
from .synthesising import synth

__all__ = [
    "POINTS",
    "Build",
    "Exploration",
    "build",
    "check",
    "compile_stages",
    "explore",
    "load",
    "report",
    "simulate",
    "synth",
]
