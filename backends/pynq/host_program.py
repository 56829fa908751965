# SPDX-License-Identifier: Apache-2.0
"""What the host computes, as a `Program` that the driver evaluates with numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.execution import expand
from finnlite.ir import Graph, Node, Op, Value
from finnlite.ops.thresholding import Thresholding
from finnlite.runtime.operators import MOVES, OPERATORS
from finnlite.runtime.packing import carrier
from finnlite.runtime.steps import Program, Step
from finnlite.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["flattened", "program_of"]


def program_of(part: Graph) -> Program:
    """A graph of one input and no accelerator as the standard operators that it expands to.

    `Thresholding` stays one step: comparing is what makes encoding fast on a board.

    Raises:
        UnsupportedError: If the driver has no such operator; names the node.
    """
    return _Writer(part).write()


def flattened(program: Program, shape: tuple[int, ...]) -> Program:
    """A program that takes (F, elements), what the accelerator gives, where it took (F, *shape)."""
    if len(shape) == 1:
        return program
    flat, sizes = f"{program.source} as a row", f"{program.source} shape"
    step = Step("Reshape", "", {"allowzero": False}, (flat, sizes), (program.source,), (program.dtype,))
    constants = {**program.constants, sizes: np.array([0, *shape], dtype=np.int64)}
    return replace(program, source=flat, constants=constants, steps=(step, *program.steps))


class _Writer:
    """Gives every value of the expansions a name of its own and collects steps and constants."""

    def __init__(self, part: Graph) -> None:
        self._part = part
        self._taken = {value.name for value in part.values}
        self._names: dict[Value, str] = {value: value.name for value in part.values}
        self._constants: dict[str, NDArray[Any]] = {}
        self._steps: list[Step] = []
        self._integers: dict[str, str] = {}

    def write(self) -> Program:
        (source,) = self._part.inputs
        for node in self._part.nodes:
            for inner, names in self._expanded(node):
                self._add(node, inner, names)
        for value in self._part.outputs:
            self._name(value, self._names)
        return Program(
            source.name,
            source.carrier.name,
            self._constants,
            tuple(_narrowed(self._steps, self._integers)),
            tuple(value.name for value in self._part.outputs),
        )

    def _expanded(self, node: Node) -> Iterator[tuple[Node, dict[Value, str]]]:
        """The standard operators a node stands for, and the names their values have."""
        if isinstance(node.op, Thresholding):
            yield node, self._names
            return
        read = dict.fromkeys(value for value in node.inputs if value is not None)
        varying = [value for value in read if value.const is None]
        expanded, twins = expand(cut(self._part, varying, list(node.outputs)))
        names = {twins[value.name]: value.name for value in (*read, *node.outputs)}
        for inner in expanded.nodes:
            yield inner, names

    def _add(self, node: Node, inner: Node, names: dict[Value, str]) -> None:
        op = inner.op
        if op.op_type not in OPERATORS:
            raise UnsupportedError(
                f"node {node.source!r}: must be an operator that the driver evaluates with numpy, "
                f"is {op.op_type}",
                node=node.source,
                fix="quantize its result so that it becomes hardware, or apply it to the outputs yourself",
            )
        inputs = tuple(None if v is None else self._name(v, names) for v in inner.inputs)
        outputs = tuple(self._name(value, names, node.name) for value in inner.outputs)
        dtypes = tuple(value.carrier.name for value in inner.outputs)
        if isinstance(op, Thresholding):
            self._integers[outputs[0]] = carrier(inner.output.datatype.name).name
        self._steps.append(Step(op.op_type, node.source, _attributes(op), inputs, outputs, dtypes))

    def _name(self, value: Value, names: dict[Value, str], base: str = "constant") -> str:
        if value not in names:
            names[value] = self._free(value.name if value.const is not None else f"{base}_step")
        if value.const is not None:
            self._constants[names[value]] = value.const
        return names[value]

    def _free(self, base: str) -> str:
        name, number = base, 0
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name


def _attributes(op: Op) -> dict[str, Any]:
    if isinstance(op, Thresholding):
        return {"axis": op.axis, "out_min": op.out_min, "out_step": op.out_step}
    values = {field.name: getattr(op, field.name) for field in fields(op)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _narrowed(steps: list[Step], integers: dict[str, str]) -> Iterator[Step]:
    """Levels that are only moved afterwards stay small integers; arithmetic wants ONNX's carriers.

    Args:
        steps: The program.
        integers: Name of each threshold's output to its numpy type.
    """
    changing = [index for index, step in enumerate(steps) if step.op not in MOVES]
    small: dict[str | None, str] = {}
    for index, step in enumerate(steps):
        dtype = small.get(step.inputs[0])
        if changing and index == changing[-1]:
            dtype = integers.get(step.outputs[0])
        if dtype is not None:
            small[step.outputs[0]] = dtype
            step = replace(step, dtypes=(dtype,))
        yield step
