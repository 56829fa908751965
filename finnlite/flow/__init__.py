# SPDX-License-Identifier: Apache-2.0
"""The flow: from a file to an accelerator and its report. The one place where core and wings meet."""

from .building import Build, build
from .checking import check
from .reporting import report
from .running import simulate
from .stages import compile_stages, load

__all__ = ["Build", "build", "check", "compile_stages", "load", "report", "simulate"]
