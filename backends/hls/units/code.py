# SPDX-License-Identifier: Apache-2.0
"""What a unit contributes to a layer's C++: everything else is the same for all units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from finnlite.ops.cost import MEMORY_DISTANCE, Memory, Style

__all__ = ["BEAT", "LAST", "LayerCode", "Port", "ram_pragmas", "rom_pragmas"]

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


_IMPL = {Style.LUT: "lutram", Style.LUTRAM: "lutram", Style.BLOCK: "bram"}
"""What UG1399 calls them in `bind_storage`: a ROM in logic is bound to LUTRAM as well."""


def ram_pragmas(member: str, memory: Memory, *, lanes: bool = False) -> tuple[str, ...]:
    """How a memory of the state is stored, whose words are wanted again no sooner than it promises them.

    Args:
        member: Its name.
        memory: What it is in the estimate.
        lanes: It is several memories side by side, [lanes][words].
    """
    if memory.style is Style.REGISTERS:
        return (f"array_partition variable=state.{member} type=complete dim=0",)
    apart = (f"array_partition variable=state.{member} type=complete dim=1",) if lanes else ()
    return (
        *apart,
        f"bind_storage variable=state.{member} type=ram_s2p impl={_IMPL[memory.style]}",
        f"dependence variable=state.{member} type=inter direction=RAW distance={MEMORY_DISTANCE} true",
    )


def rom_pragmas(name: str, memory: Memory, dims: int = 1) -> tuple[str, ...]:
    """How a memory of constants is stored: apart in its first dimensions; a single word is no memory."""
    apart = tuple(f"array_partition variable={name} type=complete dim={dim + 1}" for dim in range(dims))
    bind = f"bind_storage variable={name} type=rom_1p impl={_IMPL[memory.style]}"
    return (*apart, *((bind,) if memory.depth > 1 else ()))
