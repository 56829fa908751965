# SPDX-License-Identifier: Apache-2.0
"""How a build is made again: its options as plain data, and the command that gives them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from finnlite.options import Options

__all__ = ["command", "options_part"]

_SPELLED = {"from_stage": "from", "to_stage": "to"}
"""Options whose names on the command line are not those in Python."""


def options_part(options: Options, model: Path, verify: Path | None) -> dict[str, Any]:
    """What a build was asked for, under the names that `finnlite.build` has for it.

    Args:
        options: The options.
        model: The model's file, which is named without its folder.
        verify: The file of samples, likewise.
    """
    given = {field.name: getattr(options, field.name) for field in fields(options)}
    limits = given.pop("limits")
    return {
        "model": model.name,
        **{name: _plain(value) for name, value in given.items()},
        "lut_limit": limits.lut,
        "bram_limit": limits.bram18,
        "verify": None if verify is None else verify.name,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def command(options: Mapping[str, Any]) -> list[str]:
    """The command line of a build into DIR, in the pieces that a line should not part.

    Options that are the defaults are left out. The folding is that of the file which every build writes,
    since the one given may have been a dict.

    >>> command({"model": "my net.onnx", "clock_mhz": 50.0, "verify_samples": {"csim": 9}})
    ["finnlite build 'my net.onnx' -o DIR", '--clock-mhz 50', '--verify-samples csim=9']
    """
    default = options_part(Options(), Path(), None)
    pieces = [["finnlite", "build", _file(options["model"]), "-o", "DIR"]]
    for name, value in options.items():
        if name == "model" or value == default.get(name):
            continue
        flag = "--" + _SPELLED.get(name, name).replace("_", "-")
        if name == "verify_samples":
            pieces += [[flag, f"{rung}={count}"] for rung, count in value.items()]
        else:
            pieces.append([flag] if value is True else [flag, _word(name, value)])
    return [shlex.join(piece) for piece in pieces]


def _word(name: str, value: Any) -> str:
    if name == "folding":
        return "folding.json"
    if name == "verify":
        return _file(value)
    if isinstance(value, list):
        return ",".join(_word(name, each) for each in value)
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _file(name: str) -> str:
    """A file's name that is not taken for an option."""
    return f"./{name}" if name.startswith("-") else name
