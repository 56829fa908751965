# SPDX-License-Identifier: Apache-2.0
"""Verilog of the sliding window unit."""

from __future__ import annotations

from dataclasses import replace

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.cost import Memory, Resources, price
from finnlite.ops.swu import SWU, Sweep

from .code import LayerCode
from .memories import loop_lag, ram_style

__all__ = ["swu"]

_WRAP = 2
"""LUTs that it takes a bit of an address to go around at an end that is no power of two."""


def swu(node: Node, name: str) -> LayerCode:
    """The serial form with its circular buffer, or the parallel one with its lines."""
    op = node.op
    if not isinstance(op, SWU):
        raise IRError(f"node {node.name!r}: must be an SWU, is {op.op_type}")
    sweep = op.sweep_of(node.input(0))
    title = (
        f"windows of {sweep.kernel[0]} by {sweep.kernel[1]} pixels in {sweep.height} by {sweep.width} "
        f"of {node.input(0).shape[-1]} channels"
    )
    return _parallel(node, op, sweep, title) if op.parallel else _serial(node, op, sweep, title)


def _dimensions(sweep: Sweep) -> tuple[tuple[str, int], ...]:
    names = ("H", "W", "KH", "KW", "SH", "SW", "DH", "DW")
    values = (sweep.height, sweep.width, *sweep.kernel, *sweep.strides, *sweep.dilations)
    return tuple(zip(names, values, strict=True))


def _depth(buffer: Memory) -> int:
    """Words of the memory: a power of two unless what that adds costs more than addresses that wrap."""
    whole = 1 << max(1, (buffer.depth - 1).bit_length())
    wrap = Resources(lut=_WRAP * whole.bit_length())
    more = price(replace(buffer, depth=whole).resources) - price(buffer.resources)
    return whole if more <= price(wrap) else buffer.depth


def _serial(node: Node, op: SWU, sweep: Sweep, title: str) -> LayerCode:
    buffer = op.memories(node)["buffer"]
    lag = 2 if buffer.block else 1
    return LayerCode(
        title=f"{title}, {op.simd} a step",
        cell="finnlite_swu",
        parameters=(
            *_dimensions(sweep),
            ("FOLDS", op.words(node)),
            ("CAPACITY", buffer.depth),
            ("DEPTH", _depth(buffer)),
            ("BITS", buffer.width),
            ("LAG", lag),
            ("RAM_STYLE", ram_style(buffer)),
        ),
        pipe=lag,
    )


def _parallel(node: Node, op: SWU, sweep: Sweep, title: str) -> LayerCode:
    lines = op.memories(node).get("lines")
    lag, style = (loop_lag(lines), ram_style(lines)) if lines else (0, "registers")
    return LayerCode(
        title=f"{title}, a window at once",
        cell="finnlite_swu_parallel",
        parameters=(
            *_dimensions(sweep),
            ("BITS", op.source(node).width),
            ("LAG", lag),
            ("RAM_STYLE", style),
        ),
        pipe=1 + lag,
    )
