# SPDX-License-Identifier: Apache-2.0
"""The exception tree: everything finnlite raises on purpose is a `FinnliteError`.

The base is defined beside the driver, which runs where the rest of finnlite is not.
"""

from __future__ import annotations

from finnlite.runtime.errors import FinnliteError

__all__ = [
    "ArgumentError",
    "FinnliteError",
    "IRError",
    "ModelError",
    "OptionError",
    "SimulationError",
    "ToolError",
    "TransformError",
    "UnsupportedError",
]


class IRError(FinnliteError):
    """A graph is inconsistent, or an operator was used against its definition."""


class ModelError(FinnliteError):
    """The input model cannot be read: missing, damaged, not ONNX, or outside what Import accepts."""


class UnsupportedError(FinnliteError):
    """A node of the model cannot become hardware; names the node, the reason and the fix.

    Args:
        message: The whole message for the user.
        node: Name of the node that is blocked, as the user's file names it.
        fix: What the user can do about it.
    """

    def __init__(self, message: str, *, node: str = "", fix: str = "") -> None:
        """Keeps the parts of the message that `check` lists in columns of their own."""
        super().__init__(f"{message}; {fix}" if fix else message)
        self.reason = message
        self.node = node
        self.fix = fix


class OptionError(FinnliteError):
    """An option, a folding file, a board or a data file is not what it must be."""


class ArgumentError(OptionError):
    """An option cannot be what it is, or not beside another, whatever the model and the files are."""


class ToolError(FinnliteError):
    """An outside tool (the C++ compiler, the vendor's tools) is missing or failed."""


class SimulationError(FinnliteError):
    """A simulation broke a rule of the hardware: empty read, leftover words, a crash."""


class TransformError(FinnliteError):
    """A transformation failed or left an invalid graph; names it and those that ran before."""
