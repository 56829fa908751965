# SPDX-License-Identifier: Apache-2.0
"""What a unit contributes to a layer's Verilog: everything else is the same for all units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["LayerCode"]

_NONE: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class LayerCode:
    """The parts of a layer that depend on its unit.

    Args:
        title: What the layer is, for the reader of the code.
        cell: Module of the library.
        parameters: Of the cell; a text is a string parameter.
        pipe: Cycles from a step to its word at the sinks.
        connections: (port, expression) of the cell's further ports, besides clock, reset, step and streams;
            of one of these, instead of the layer's own.
        packed: "s" if the cell has its sources as vectors `s_data`, `s_valid`, `s_ready`, stream 0 in the
            least significant bits; "m" for its sinks, "sm" for both.
        body: Verilog lines of the layer's module before the cell: memories of constants, wires.
        memories: File name of a memory of constants, which begins with the layer's name, to its content.
    """

    title: str
    cell: str
    parameters: tuple[tuple[str, int | str], ...]
    pipe: int
    connections: tuple[tuple[str, str], ...] = ()
    packed: str = ""
    body: tuple[str, ...] = ()
    memories: Mapping[str, bytes] = field(default_factory=lambda: _NONE)
