# SPDX-License-Identifier: Apache-2.0
"""What a unit contributes to a layer's C++: everything else is the same for all units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from finnlite.ops.unit import MEMORY_DISTANCE

__all__ = ["BEAT", "LAST", "LayerCode", "Port", "lane_memory_pragmas", "memory_pragmas", "rom_pragmas"]

BEAT = "finnlite::beat"
"""A 64-bit word of AXI4-Stream with TLAST."""
LAST = "ap_uint<1>"
"""A word of the side stream that carries TLAST from AxiIn to AxiOut."""


class Port(NamedTuple):
    """A stream argument: s0, s1 are read, m0, m1 are written."""

    name: str
    ctype: str


@dataclass(frozen=True)
class LayerCode:
    """The parts of a layer that depend on its unit.

    Args:
        template: Class template of the library, which is also its header's name.
        title: What the layer is, for the reader of the code.
        shape: (name, value) of the shape's constants and types; a type's value begins with `finnlite::`.
        ports: In the order of the step function's arguments.
        scalars: Members of the state that a reset must clear; 0 is their initial value in the library.
        arrays: Members of the state that need none.
        pragmas: Further pragmas of the top function, without `#pragma HLS `.
        constants: C++ text of the data header, if there is one.
        activation: Body of the activation's `apply`, if the step function takes an activation.
        activation_type: An activation of the library, if it needs no body.
        arguments: Further arguments of the library's step function.
        header: The library's header, if it is not called like the template.
        body: The step function's lines, if they are not a call of the library's `step`.
    """

    template: str
    title: str
    shape: tuple[tuple[str, str], ...]
    ports: tuple[Port, ...]
    scalars: tuple[str, ...]
    arrays: tuple[str, ...] = ()
    pragmas: tuple[str, ...] = ()
    constants: str = ""
    activation: tuple[str, ...] = ()
    activation_type: str = ""
    arguments: tuple[str, ...] = field(default=())
    header: str = ""
    body: tuple[str, ...] = ()


def memory_pragmas(member: str, words: int, *, block: bool) -> tuple[str, ...]:
    """A memory in the state, of words that are wanted again no sooner than a memory promises them.

    Args:
        member: Its name.
        words: Its depth; of few words it is registers.
        block: In block RAM.
    """
    if words < MEMORY_DISTANCE:
        return (f"array_partition variable=state.{member} type=complete",)
    return (
        f"bind_storage variable=state.{member} type=ram_s2p impl={'bram' if block else 'lutram'}",
        f"dependence variable=state.{member} type=inter direction=RAW distance={MEMORY_DISTANCE} true",
    )


def lane_memory_pragmas(member: str, words: int) -> tuple[str, ...]:
    """The same for memories side by side, one a PE, the state's [PE][words]."""
    if words < MEMORY_DISTANCE:
        return memory_pragmas(member, words, block=False)
    lanes = f"array_partition variable=state.{member} type=complete dim=1"
    return (lanes, *memory_pragmas(member, words, block=False))


def rom_pragmas(name: str, depth: int, *, block: bool) -> tuple[str, ...]:
    """How a memory of constants is stored: its lanes side by side; a single word is no memory."""
    bind = f"bind_storage variable={name} type=rom_1p impl={'bram' if block else 'lutram'}"
    return (f"array_partition variable={name} type=complete dim=1", *((bind,) if depth > 1 else ()))
