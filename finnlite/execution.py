# SPDX-License-Identifier: Apache-2.0
"""Running a graph: its expansion, written with a symbolic batch, in one onnxruntime session.

onnxruntime's optimisations are off: it would fuse batch norm into products and change values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from finnlite.errors import IRError, OptionError
from finnlite.ir import Graph, Value
from finnlite.ops.movement import Identity
from finnlite.progress import Count
from finnlite.serde import to_onnx

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Session", "execute", "expand", "run_onnx"]

_LARGEST_TENSOR = 256 * 2**20
"""Bytes no tensor of a run exceeds; the batch is split for it."""


def _session(model: bytes, *, threads: int = 0) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_onnx(model: bytes, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Runs a foreign ONNX file of standard operators as it is, optimisations off.

    Args:
        model: The serialised file.
        feeds: Its inputs by name.

    Returns:
        Its outputs in order.
    """
    outputs: list[NDArray[Any]] = _session(model).run(None, dict(feeds))
    return outputs


def expand(graph: Graph) -> tuple[Graph, dict[str, Value]]:
    """Writes every operator of `graph` as standard ONNX operators.

    Returns:
        The expanded graph, and its value for each value name of `graph`.
    """
    result = Graph(graph.name)
    twins: dict[Value, Value] = {}
    for value in graph.values:
        if value.producer is None:
            if value.const is None:
                twins[value] = result.input(value.name, value.shape, value.datatype)
                twins[value].type = value.type
            else:
                twins[value] = result.constant(value.const, name=value.name)
                twins[value].type = value.type
    for node in graph.nodes:
        inputs = [None if v is None else twins[v] for v in node.inputs]
        expanded = node.op.expand(result, *inputs)
        if expanded is None:
            copy = result.add_node(
                node.op, *inputs, name=node.name, outputs=tuple(v.name for v in node.outputs)
            )
            twins.update(zip(node.outputs, copy.outputs, strict=True))
        else:
            outputs = expanded if isinstance(expanded, tuple) else (expanded,)
            for value, output in zip(node.outputs, outputs, strict=True):
                twins[value] = output
                output.type = output.type._replace(datatype=value.datatype)
    result.inputs = [twins[v] for v in graph.inputs]
    result.outputs = [twins[v] for v in graph.outputs]
    return result, {value.name: twin for value, twin in twins.items()}


class Session:
    """A graph made ready to run on batches of any size.

    Args:
        graph: Any stage.
        watch: Names of further values to return.
        threads: Threads of onnxruntime; 0 is one a core.
    """

    def __init__(self, graph: Graph, watch: Iterable[str] = (), *, threads: int = 0) -> None:
        """See the class."""
        expanded, twins = expand(graph)
        self._inputs = list(graph.inputs)
        names = [value.name for value in graph.outputs] + list(watch)
        self.outputs: tuple[str, ...] = tuple(dict.fromkeys(names))
        finals: list[Value] = []
        for name in self.outputs:
            twin = twins.get(name)
            if twin is None:
                raise IRError(f"graph {graph.name!r} has no value {name!r}")
            plain = twin.producer is not None and not any(twin is final for final in finals)
            finals.append(twin if plain else expanded.add(Identity(), twin))
        self._constant = [graph.value(name).const is not None for name in self.outputs]
        expanded.outputs = finals
        self._carriers = [graph.value(name).carrier for name in self.outputs]
        sizes = [math.prod(v.shape) * v.carrier.itemsize for v in expanded.values if v.const is None]
        self._batch = max(1, _LARGEST_TENSOR // max(sizes, default=1))
        model = to_onnx(expanded, symbolic_batch="batch")
        self._names = [value.name for value in finals]
        self._run = _session(model.SerializeToString(), threads=threads)

    def run(
        self, inputs: Mapping[str, NDArray[Any]] | NDArray[Any], count: Count | None = None
    ) -> dict[str, NDArray[Any]]:
        """Runs a batch.

        Args:
            inputs: By name, or the array of the one input; axis 0 counts samples.
            count: Told the samples that have run.

        Returns:
            Outputs and watched values by name.

        Raises:
            OptionError: If an input is missing or has the wrong shape.
        """
        feeds = self._feeds(inputs)
        total = len(next(iter(feeds.values()))) if feeds else 1
        parts: list[list[NDArray[Any]]] = []
        for start in range(0, max(total, 1), self._batch):
            chunk = {name: array[start : start + self._batch] for name, array in feeds.items()}
            parts.append(self._run.run(self._names, chunk))
            if count is not None:
                count(min(start + self._batch, total), total)
        result = {}
        for index, name in enumerate(self.outputs):
            pieces = [part[index] for part in parts]
            whole = pieces[0] if len(pieces) == 1 or self._constant[index] else np.concatenate(pieces)
            result[name] = whole.astype(self._carriers[index], copy=False)
        return result

    def _feeds(self, inputs: Mapping[str, NDArray[Any]] | NDArray[Any]) -> dict[str, NDArray[Any]]:
        if not isinstance(inputs, Mapping):
            if len(self._inputs) != 1:
                names = ", ".join(repr(v.name) for v in self._inputs)
                raise OptionError(f"inputs must be given by name ({names}), is one array")
            inputs = {self._inputs[0].name: inputs}
        feeds = {}
        for value in self._inputs:
            if value.name not in inputs:
                raise OptionError(f"input {value.name!r} must be given, is missing")
            array = np.asarray(inputs[value.name])
            if array.shape[1:] != value.shape[1:] or array.ndim != len(value.shape):
                wanted = "N, " + ", ".join(str(d) for d in value.shape[1:])
                raise OptionError(f"input {value.name!r}: shape must be ({wanted}), is {tuple(array.shape)}")
            feeds[value.name] = np.ascontiguousarray(array, dtype=value.carrier)
        return feeds


def execute(graph: Graph, x: NDArray[Any]) -> NDArray[Any]:
    """Runs a graph of one input on a batch and returns its first output.

    Args:
        graph: Any stage.
        x: (N, …) samples.

    Returns:
        (N, …) outputs, in the carrier of the output's datatype.
    """
    session = Session(graph)
    return session.run(x)[session.outputs[0]]
