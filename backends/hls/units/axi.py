# SPDX-License-Identifier: Apache-2.0
"""C++ of the borders."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.unit import elements

from ..writer import element_type
from .code import BEAT, LAST, LayerCode, Port

__all__ = ["axi_in", "axi_out"]


def axi_in(node: Node, name: str) -> LayerCode:
    """Beats to words."""
    if not isinstance(node.op, AxiIn):
        raise IRError(f"node {node.name!r}: must be an AxiIn, is {node.op.op_type}")
    word = Port("m0", f"ap_uint<{node.op.sink(node).width}>")
    ports = (Port("s0", BEAT), word, Port("m1", LAST))
    return _border(node, "axi_in", "64-bit beats to words", node.op.elems, ports)


def axi_out(node: Node, name: str) -> LayerCode:
    """Words to beats."""
    if not isinstance(node.op, AxiOut):
        raise IRError(f"node {node.name!r}: must be an AxiOut, is {node.op.op_type}")
    word = Port("s0", f"ap_uint<{node.op.source(node).width}>")
    ports = (word, Port("s1", LAST), Port("m0", BEAT))
    return _border(node, "axi_out", "words to 64-bit beats", node.op.elems, ports)


def _border(node: Node, template: str, title: str, elems: int, ports: tuple[Port, ...]) -> LayerCode:
    x = node.input(0)
    return LayerCode(
        template=template,
        header="axi",
        title=f"{title} of {elems} elements, {elements(x)} a frame",
        shape=(("N", str(elements(x))), ("ELEMENTS", str(elems)), ("element", element_type(x.datatype))),
        ports=ports,
        scalars=("written", "read", "have", "bits"),
    )
