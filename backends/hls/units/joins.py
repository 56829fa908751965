# SPDX-License-Identifier: Apache-2.0
"""C++ of the units of several streams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.unit import Unit

from ..writer import element_type
from .code import LayerCode, Port

__all__ = ["add", "concat", "duplicate", "split"]


def _ports(node: Node, unit: Unit) -> tuple[Port, ...]:
    sources = [Port(f"s{i}", f"ap_uint<{s.width}>") for i, s in enumerate(unit.sources(node))]
    sinks = [Port(f"m{i}", f"ap_uint<{s.width}>") for i, s in enumerate(unit.sinks(node))]
    return (*sources, *sinks)


def add(node: Node, name: str) -> LayerCode:
    """The sum of two streams."""
    op = node.op
    if not isinstance(op, StreamAdd):
        raise IRError(f"node {node.name!r}: must be an Add, is {op.op_type}")
    a, b = node.input(0), node.input(1)
    first, second = op.factors
    return LayerCode(
        template="add",
        header="joins",
        title=f"{first} times a stream and {second} times another, {op.pe} elements a step",
        shape=(
            ("PE", str(op.pe)),
            ("FACTOR_A", str(first)),
            ("FACTOR_B", str(second)),
            ("input_a", element_type(a.datatype)),
            ("input_b", element_type(b.datatype)),
            ("output", element_type(node.output.datatype)),
        ),
        ports=_ports(node, op),
        scalars=(),
    )


def duplicate(node: Node, name: str) -> LayerCode:
    """A stream to several."""
    op = node.op
    if not isinstance(op, Duplicate):
        raise IRError(f"node {node.name!r}: must be a Duplicate, is {op.op_type}")
    return LayerCode(
        template="duplicate",
        header="joins",
        title=f"a stream of {op.pe} elements a word to {op.copies} streams",
        shape=(("PE", str(op.pe)), ("output", element_type(node.output.datatype))),
        ports=_ports(node, op),
        scalars=(),
        body=(
            "(void)state;",
            f"const {name}_unit::output_word word = s0.read();",
            *(f"m{index}.write(word);" for index in range(op.copies)),
        ),
    )


def concat(node: Node, name: str) -> LayerCode:
    """Several streams in turn to one."""
    op = node.op
    if not isinstance(op, StreamConcat):
        raise IRError(f"node {node.name!r}: must be a Concat, is {op.op_type}")
    words, unit, shape = op.words(node), f"{name}_unit", f"{name}_shape"
    inputs = [node.input(index).datatype for index in range(len(words))]
    reads = [
        f"word = finnlite::recoded<{shape}::input{index}, {shape}::output, {op.pe}>::of(s{index}.read());"
        for index in range(len(words))
    ]
    return LayerCode(
        template="sequence",
        header="joins",
        title=f"the channels of {len(words)} streams, {op.pe} a step",
        shape=(
            ("WORDS", str(sum(words))),
            ("PE", str(op.pe)),
            *((f"input{index}", element_type(kind)) for index, kind in enumerate(inputs)),
            ("output", element_type(node.output.datatype)),
        ),
        ports=_ports(node, op),
        scalars=("word",),
        body=(
            f"{unit}::output_word word = 0;",
            *_choice(words, reads),
            "m0.write(word);",
            f"{unit}::advance(state);",
        ),
    )


def split(node: Node, name: str) -> LayerCode:
    """A stream in turn to several."""
    op = node.op
    if not isinstance(op, StreamSplit):
        raise IRError(f"node {node.name!r}: must be a Split, is {op.op_type}")
    words, unit = op.words(node), f"{name}_unit"
    return LayerCode(
        template="sequence",
        header="joins",
        title=f"channels to {len(words)} streams, {op.pe} a step",
        shape=(
            ("WORDS", str(sum(words))),
            ("PE", str(op.pe)),
            ("output", element_type(node.output.datatype)),
        ),
        ports=_ports(node, op),
        scalars=("word",),
        body=(
            f"const {unit}::output_word word = s0.read();",
            *_choice(words, [f"m{index}.write(word);" for index in range(len(words))]),
            f"{unit}::advance(state);",
        ),
    )


def _choice(words: Sequence[int], statements: Sequence[str]) -> list[str]:
    """The statement of the stream whose turn it is, by the word's place in the pixel."""
    lines = []
    ends = np.cumsum(words).tolist()
    for index, (end, statement) in enumerate(zip(ends, statements, strict=True)):
        if index == 0:
            lines.append(f"if (state.word < {end}) {{")
        elif index < len(words) - 1:
            lines.append(f"}} else if (state.word < {end}) {{")
        else:
            lines.append("} else {")
        lines.append(f"  {statement}")
    return [*lines, "}"]
