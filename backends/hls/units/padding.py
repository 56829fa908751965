# SPDX-License-Identifier: Apache-2.0
"""C++ of the units that make images larger."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.padding import StreamPad, Upsample

from ..writer import element_type
from .code import LayerCode, Port, ram_pragmas

__all__ = ["pad", "upsample"]


def _ports(node: Node, op: StreamPad | Upsample) -> tuple[Port, ...]:
    return (
        Port("s0", f"ap_uint<{op.source(node).width}>"),
        Port("m0", f"ap_uint<{op.sink(node).width}>"),
    )


def _types(node: Node) -> tuple[tuple[str, str], ...]:
    return (
        ("input", element_type(node.input(0).datatype)),
        ("output", element_type(node.output.datatype)),
    )


def pad(node: Node, name: str) -> LayerCode:
    """A constant around an image."""
    op = node.op
    if not isinstance(op, StreamPad):
        raise IRError(f"node {node.name!r}: must be a Pad, is {op.op_type}")
    height, width, channels = node.input(0).shape[1:]
    edges = zip(("TOP", "LEFT", "BOTTOM", "RIGHT"), op.pads, strict=True)
    return LayerCode(
        template="pad",
        header="padding",
        title=f"{op.value} around {height} by {width} pixels of {channels} channels, {op.pe} a step",
        shape=(
            ("H", str(height)),
            ("W", str(width)),
            ("FOLDS", str(channels // op.pe)),
            ("PE", str(op.pe)),
            *((edge, str(size)) for edge, size in edges),
            ("VALUE", str(op.value)),
            *_types(node),
        ),
        ports=_ports(node, op),
        scalars=("fold", "x", "y"),
    )


def upsample(node: Node, name: str) -> LayerCode:
    """Pixels repeated, or zeros between them."""
    op = node.op
    if not isinstance(op, Upsample):
        raise IRError(f"node {node.name!r}: must be an Upsample, is {op.op_type}")
    height, width, channels = node.input(0).shape[1:]
    words = channels // op.pe
    scales = (("SH", str(op.scales[0])), ("SW", str(op.scales[1])))
    title = f"{height} by {width} pixels of {channels} channels, {op.pe} a step"
    if op.zeros:
        return LayerCode(
            template="insert_zeros",
            header="padding",
            title=f"zeros between {title}",
            shape=(
                ("H", str(height)),
                ("W", str(width)),
                ("FOLDS", str(words)),
                ("PE", str(op.pe)),
                *scales,
                *_types(node),
            ),
            ports=_ports(node, op),
            scalars=("fold", "dx", "dy", "x", "y"),
        )
    return LayerCode(
        template="upsample",
        header="padding",
        title=f"each of {title}, {op.scales[0]} by {op.scales[1]} times",
        shape=(("W", str(width)), ("FOLDS", str(words)), *scales, ("BITS", str(op.source(node).width))),
        ports=_ports(node, op),
        scalars=("fold", "dx", "dy", "start"),
        arrays=("pixel", "line"),
        pragmas=tuple(p for member, memory in op.memories(node).items() for p in ram_pragmas(member, memory)),
    )
