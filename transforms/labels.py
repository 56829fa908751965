# SPDX-License-Identifier: Apache-2.0
"""The label at the end of a hardware graph: `LabelSelect` where it is exact, else `ArgMax` on the host."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from finnlite.accelerator import borders
from finnlite.errors import OptionError
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import AxiOut, border_elems
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.movement import Cast, Reshape
from finnlite.ops.selection import ArgMax

from .ordering import keeps_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LABEL_NOTE", "select_label"]

LABEL_NOTE = "note.label"
"""Metadata key: where the label is selected, and why not in hardware."""
_LONGEST_RANGE = 2**20
"""Most accumulator values the exhaustive check runs through; wider ones stay on the host."""
_INT64 = 7


def select_label(graph: Graph) -> None:
    """Makes the graph return the index of its largest output, int64 (1, 1); the lowest index wins a tie.

    Raises:
        OptionError: If the graph has not one output of at least two elements.
    """
    logits = _logits(graph)
    last = borders(graph)[1]
    why = _reason_for_host(graph, last, logits)
    if why:
        graph.metadata[LABEL_NOTE] = f"the label is selected on the host: {why}"
        label = _flat(graph, logits)
        result = graph.add(ArgMax(axis=1, keepdims=True), label, name="label")
    else:
        graph.metadata[LABEL_NOTE] = "the label is selected by a LabelSelect unit"
        label = graph.add(LabelSelect(), last.input(0), name="LabelSelect", before=last)
        last.op = AxiOut(elems=border_elems(label.datatype))
        graph.set_input(last, 0, label)
        graph.refresh(last)
        result = graph.add(Cast(to=_INT64), last.output, name="label")
    old = graph.outputs[0]
    if old.shape != result.shape and old is not logits:
        target = graph.constant(np.array([0, *old.shape[1:]], dtype=np.int64), name="label_shape")
        result = graph.add(Reshape(), result, target, name="label_reshape")
    graph.outputs = [result]
    graph.prune()
    if "label" not in {value.name for value in graph.values}:
        graph.rename(result, "label")


def _logits(graph: Graph) -> Value:
    """What the label is the argmax of: the output, or what the model's own final `ArgMax` reads."""
    if len(graph.outputs) != 1:
        raise OptionError(
            f"output 'label' must be of a model with one output, this one has {len(graph.outputs)}"
        )
    output = graph.outputs[0]
    node = output.producer
    if node is not None and isinstance(node.op, ArgMax) and not node.op.select_last_index:
        x = node.input(0)
        if x.shape[node.op.axis] == math.prod(x.shape):
            return x
    if math.prod(output.shape) < 2:
        raise OptionError("output 'label' must be of a model with at least 2 outputs a frame, this one has 1")
    return output


def _flat(graph: Graph, value: Value) -> Value:
    if len(value.shape) == 2:
        return value
    target = graph.constant(np.array([0, -1], dtype=np.int64), name="flat_shape")
    return graph.add(Reshape(), value, target, name="flat")


def _reason_for_host(graph: Graph, last: Node, logits: Value) -> str:
    """Why the operators between `last` and `logits` can change the argmax; empty if they cannot."""
    stream = last.input(0)
    if math.prod(logits.shape) != math.prod(stream.shape):
        return "the accelerator's results are not the model's outputs one by one"
    path: list[Node] = []
    value = logits
    while value is not last.output:
        node = value.producer
        sources = [] if node is None else [v for v in node.inputs if v is not None and v.const is None]
        if node is None or len(sources) != 1:
            return "the outputs depend on more than the accelerator's results"
        if not (node.op.elementwise or keeps_order(node)):
            return f"node {node.name!r} ({node.op.op_type}) mixes its elements"
        path.append(node)
        value = sources[0]
    low, high = int(stream.datatype.min()), int(stream.datatype.max())
    if high - low >= _LONGEST_RANGE:
        return f"the accumulator has more than {_LONGEST_RANGE:,} values to check"
    results = _evaluate(graph, last, path[::-1], np.arange(low, high + 1))
    if not (results == results[:, :1]).all():
        return "the outputs' scales or offsets differ"
    if not (np.diff(results[:, 0]) > 0).all():
        return "different results of the accelerator can give equal or falling outputs"
    return ""


def _evaluate(graph: Graph, last: Node, path: list[Node], domain: NDArray[np.int64]) -> NDArray[np.generic]:
    """(K, C): the outputs of the host's operators where every element is domain[k]."""
    host = Graph(graph.name)
    value = host.input("q", last.output.shape, last.output.datatype)
    for node in path:
        inputs: list[Value | None] = []
        for old in node.inputs:
            if old is None or old.const is None:
                inputs.append(None if old is None else value)
                continue
            constant = host.constant(old.const, name=old.name)
            constant.type = old.type
            inputs.append(constant)
        value = host.add(node.op, *inputs)
    host.outputs = [value]
    shape = last.output.shape
    samples = np.repeat(domain[:, None], math.prod(shape), axis=1).astype(last.output.carrier)
    samples = samples.reshape(len(domain), *shape[1:])
    result = Session(host).run(samples)[host.outputs[0].name] if path else samples
    flat: NDArray[np.generic] = result.reshape(len(domain), -1)
    return flat
