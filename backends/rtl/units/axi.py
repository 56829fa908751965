# SPDX-License-Identifier: Apache-2.0
"""Verilog of the borders."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.axi import AxiIn, AxiOut, border_bits
from finnlite.ops.unit import elements

from .code import LayerCode

__all__ = ["axi_in", "axi_out"]


def axi_in(node: Node, name: str) -> LayerCode:
    """Beats to words."""
    if not isinstance(node.op, AxiIn):
        raise IRError(f"node {node.name!r}: must be an AxiIn, is {node.op.op_type}")
    return _border(node, node.op.elems, "finnlite_axi_in", "64-bit beats to words")


def axi_out(node: Node, name: str) -> LayerCode:
    """Words to beats."""
    if not isinstance(node.op, AxiOut):
        raise IRError(f"node {node.name!r}: must be an AxiOut, is {node.op.op_type}")
    signed = ("SIGNED", int(node.input(0).datatype.signed()))
    return _border(node, node.op.elems, "finnlite_axi_out", "words to 64-bit beats", signed)


def _border(node: Node, elems: int, cell: str, title: str, *more: tuple[str, int]) -> LayerCode:
    x = node.input(0)
    return LayerCode(
        title=f"{title} of {elems} elements, {elements(x)} a frame",
        cell=cell,
        parameters=(
            ("N", elements(x)),
            ("ELEMENTS", elems),
            ("BITS", int(x.datatype.bitwidth())),
            ("CONTAINER", border_bits(x.datatype)),
            *more,
        ),
        pipe=0,
    )
