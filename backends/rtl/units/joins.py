# SPDX-License-Identifier: Apache-2.0
"""Verilog of the units of several streams."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit

from ..writer import instance, wire
from .code import LayerCode
from .kinds import element_kind

__all__ = ["add", "concat", "duplicate", "powers", "split"]

_WORD = 32
"""Bits of an entry of a parameter that is a list."""


def powers(number: int) -> tuple[int, int]:
    """Two sets of powers of two, as few as possible, whose difference is a number.

    >>> powers(5), powers(7), powers(-3)
    ((5, 0), (8, 1), (1, 4))
    """
    size, plus, minus = abs(number), 0, 0
    for place in itertools.count():
        if not size >> place:
            break
        if size >> place & 3 == 3:  # a run of ones ends in a carry
            minus |= 1 << place
            size += 1 << place
        else:
            plus |= size & 1 << place
    return (minus, plus) if number < 0 else (plus, minus)


def add(node: Node, name: str) -> LayerCode:
    """The sum of two streams."""
    op = node.op
    if not isinstance(op, StreamAdd):
        raise IRError(f"node {node.name!r}: must be an Add, is {op.op_type}")
    constants = [powers(factor) for factor in op.factors]
    products = any((plus | minus).bit_count() > 1 for plus, minus in constants)
    operands: list[tuple[str, int]] = []
    for index, (plus, minus) in enumerate(constants):
        datatype = node.input(index).datatype
        operands += [
            (f"BITS_{index}", int(datatype.bitwidth())),
            (f"KIND_{index}", element_kind(datatype)),
            (f"PLUS_{index}", plus),
            (f"MINUS_{index}", minus),
        ]
    first, second = op.factors
    return LayerCode(
        title=f"{first} times a stream and {second} times another, {op.pe} elements a step",
        cell="finnlite_add",
        parameters=(
            ("PE", op.pe),
            ("BITS", int(node.output.datatype.bitwidth())),
            *operands,
            ("PRODUCTS", int(products)),
        ),
        pipe=1 + products,
    )


def duplicate(node: Node, name: str) -> LayerCode:
    """A stream to several."""
    op = node.op
    if not isinstance(op, Duplicate):
        raise IRError(f"node {node.name!r}: must be a Duplicate, is {op.op_type}")
    return LayerCode(
        title=f"a stream of {op.pe} elements a word to {op.copies} streams",
        cell="finnlite_duplicate",
        parameters=(("WIDTH", op.sink(node).width), ("COPIES", op.copies)),
        pipe=0,
        packed="m",
    )


def concat(node: Node, name: str) -> LayerCode:
    """Several streams in turn to one."""
    op = node.op
    if not isinstance(op, StreamConcat):
        raise IRError(f"node {node.name!r}: must be a Concat, is {op.op_type}")
    words, width = op.words(node), op.sink(node).width
    bits = int(node.output.datatype.bitwidth())
    body: list[str] = []
    for index in range(len(words)):
        datatype = node.input(index).datatype
        parameters = [
            ("ELEMENTS", op.pe),
            ("FROM", int(datatype.bitwidth())),
            ("TO", bits),
            ("KIND", 0 if datatype == node.output.datatype else element_kind(datatype)),
        ]
        nets = [("x", f"s{index}_data"), ("y", f"word{index}")]
        body += [
            wire(width, f"word{index}"),
            *instance("finnlite_recode", f"recode{index}", parameters, nets),
        ]
    together = ", ".join(f"word{index}" for index in reversed(range(len(words))))
    return LayerCode(
        title=f"the channels of {len(words)} streams, {op.pe} a step",
        cell="finnlite_concat",
        parameters=_turns(width, words),
        pipe=0,
        connections=(("s_data", f"{{{together}}}"),),
        body=(*body, ""),
        packed="s",
    )


def split(node: Node, name: str) -> LayerCode:
    """A stream in turn to several."""
    op = node.op
    if not isinstance(op, StreamSplit):
        raise IRError(f"node {node.name!r}: must be a Split, is {op.op_type}")
    words = op.words(node)
    return LayerCode(
        title=f"channels to {len(words)} streams, {op.pe} a step",
        cell="finnlite_split",
        parameters=_turns(op.source(node).width, words),
        pipe=0,
        packed="m",
    )


def _turns(width: int, words: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Parameters of a cell that goes through streams, so many words of each."""
    ends = sum(end << _WORD * index for index, end in enumerate(itertools.accumulate(words)))
    return (("WIDTH", width), ("COUNT", len(words)), ("ENDS", ends))
