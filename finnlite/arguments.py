# SPDX-License-Identifier: Apache-2.0
"""What commands share: arguments and options, what a shell completes them to, examples, and wrong words."""

import difflib
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from finnlite.boards import BOARDS
from finnlite.options import BACKENDS, STAGES

__all__ = [
    "Backend",
    "Board",
    "BramLimit",
    "Built",
    "Clock",
    "Engine",
    "FromStage",
    "InputMean",
    "InputScale",
    "InputStd",
    "InputType",
    "Json",
    "LutLimit",
    "Model",
    "Output",
    "Quiet",
    "Stages",
    "TargetFps",
    "ToStage",
    "UsageError",
    "examples",
    "explained",
]

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises when the command line is wrong; it has no public name of its own."""

_CHOICE = re.compile(r"(?P<value>'[^']*') is not one of (?P<choices>'.*')")


def _rate(text: str) -> float:
    """A number as reports print it, or plain."""
    return float(re.sub(r"(?<=\d),(?=\d{3})", "", text))


class Output(StrEnum):
    """What the accelerator answers."""

    LOGITS = "logits"
    LABEL = "label"


class Engine(StrEnum):
    """What runs the network in `simulate`."""

    GRAPH = "graph"
    CSIM = "csim"
    RTL = "rtl"
    DEVICE = "device"


class Stages(StrEnum):
    """Which stage files a build writes."""

    ALL = "all"


_TYPES = ["uint8", "int8", "uint4", "int4", "bipolar"]

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="The network: QONNX, QCDQ or plain ONNX.", show_default=False)
]
Built = Annotated[Path, typer.Argument(metavar="DIR", help="A built folder.", show_default=False)]
Board = Annotated[
    str,
    typer.Option(help=f"The board: {', '.join(BOARDS)}.", metavar="B", autocompletion=lambda: list(BOARDS)),
]
Backend = Annotated[
    str,
    typer.Option(
        help="What is emitted, and whose size is estimated: hls, or rtl for Verilog as well.",
        metavar="B",
        autocompletion=lambda: list(BACKENDS),
    ),
]
Clock = Annotated[float, typer.Option(help="The fabric's clock.", metavar="F")]
TargetFps = Annotated[
    float | None,
    typer.Option(
        help="Fold for so many frames a second. [default: 10,000, or the most that fit]",
        metavar="N",
        parser=_rate,
    ),
]
LutLimit = Annotated[float, typer.Option(help="Percent of the LUTs to use.", metavar="P")]
BramLimit = Annotated[float, typer.Option(help="Percent of the block RAM to use.", metavar="P")]
FromStage = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Start from this stage's file in the folder.",
        metavar="S",
        autocompletion=lambda: list(STAGES),
    ),
]
ToStage = Annotated[
    str | None,
    typer.Option(
        "--to", help="Stop after writing this stage.", metavar="S", autocompletion=lambda: list(STAGES)
    ),
]
InputType = Annotated[
    str | None,
    typer.Option(
        help="Declare integer inputs: uint8, int4, bipolar, …", metavar="T", autocompletion=lambda: _TYPES
    ),
]
InputScale = Annotated[
    str | None, typer.Option(help="x = (q * scale - mean) / std; a number or a fraction.", metavar="S")
]
InputMean = Annotated[str | None, typer.Option(help="One number, or one a channel: a,b,c.", metavar="M")]
InputStd = Annotated[str | None, typer.Option(help="One number, or one a channel: a,b,c.", metavar="S")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only; the exit code tells.")]


def examples(*pairs: tuple[str, str], more: str = "") -> str:
    """The end of a command's help, in lines that are not wrapped.

    Args:
        pairs: What a command does, and the words after `finnlite`.
        more: Lines to follow.
    """
    lines = [
        line for meaning, words in pairs for line in (f"# {meaning}", f"finnlite {words}") if line != "# "
    ]
    return "\n  ".join(["\b\nExamples:", *lines]) + (f"\n\n\b\n{more}" if more else "")


def explained(error: Exception) -> str:
    """One line for a wrong command line: what is wrong, the nearest right word, and where to read on.

    Args:
        error: A `UsageError`.
    """
    message = getattr(error, "format_message", error.__str__)().replace("Value error, ", "")
    message, *rest = re.split(r"[.;]? \(?(?:Did you mean|Possible options)", message, maxsplit=1)
    message = message.rstrip(".")
    near = [repr(option) for option in getattr(error, "possibilities", None) or ()]
    near = near or re.findall("'[^']+'", "".join(rest))
    choice = _CHOICE.search(message)
    if choice:
        near = difflib.get_close_matches(choice["value"], choice["choices"].split(", "), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "finnlite"
    return f"{message[:1].lower()}{message[1:]}{hint} (see '{path} --help')"
