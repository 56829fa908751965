# SPDX-License-Identifier: Apache-2.0
"""Verilog of the units that make images larger."""

from __future__ import annotations

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.padding import StreamPad, Upsample

from ...codes import encode
from .code import LayerCode
from .kinds import element_kind
from .memories import loop_lag, ram_style

__all__ = ["pad", "upsample"]


def _elements(node: Node, pe: int) -> tuple[tuple[str, int], ...]:
    """What becomes of the elements of a word."""
    before, after = node.input(0).datatype, node.output.datatype
    return (
        ("PE", pe),
        ("FROM", int(before.bitwidth())),
        ("TO", int(after.bitwidth())),
        ("KIND", 0 if before == after else element_kind(before)),
    )


def pad(node: Node, name: str) -> LayerCode:
    """A constant around an image."""
    op = node.op
    if not isinstance(op, StreamPad):
        raise IRError(f"node {node.name!r}: must be a Pad, is {op.op_type}")
    height, width, channels = node.input(0).shape[1:]
    filler = int(encode(np.array(op.value), node.output.datatype))
    return LayerCode(
        title=f"{op.value} around {height} by {width} pixels of {channels} channels, {op.pe} a step",
        cell="finnlite_pad",
        parameters=(
            ("H", height),
            ("W", width),
            ("FOLDS", channels // op.pe),
            *zip(("TOP", "LEFT", "BOTTOM", "RIGHT"), op.pads, strict=True),
            *_elements(node, op.pe),
            ("FILLER", filler),
        ),
        pipe=1,
    )


def upsample(node: Node, name: str) -> LayerCode:
    """Pixels repeated, or zeros between them."""
    op = node.op
    if not isinstance(op, Upsample):
        raise IRError(f"node {node.name!r}: must be an Upsample, is {op.op_type}")
    height, width, channels = node.input(0).shape[1:]
    image = f"{height} by {width} pixels of {channels} channels, {op.pe} a step"
    size = (("W", width), ("FOLDS", channels // op.pe), ("SH", op.scales[0]), ("SW", op.scales[1]))
    if op.zeros:
        return LayerCode(
            title=f"zeros between {image}",
            cell="finnlite_insert_zeros",
            parameters=(("H", height), *size, *_elements(node, op.pe)),
            pipe=1,
        )
    loops: list[tuple[str, int | str]] = []
    pipe = 0
    for member, memory in op.memories(node).items():
        lag = loop_lag(memory)
        loops += [(f"{member.upper()}_LAG", lag), (f"{member.upper()}_STYLE", ram_style(memory))]
        pipe += lag
    return LayerCode(
        title=f"each of {image}, {op.scales[0]} by {op.scales[1]} times",
        cell="finnlite_upsample",
        parameters=(*size, ("WIDTH", op.source(node).width), *loops),
        pipe=pipe,
    )
