# SPDX-License-Identifier: Apache-2.0
"""What the host does around an accelerator: quantising before `AxiIn`, scaling after `AxiOut`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.accelerator import borders
from finnlite.errors import IRError
from finnlite.execution import Session
from finnlite.ir import Graph
from finnlite.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Host", "Runner"]

Runner = Callable[[Mapping[str, "NDArray[Any]"]], Mapping[str, "NDArray[Any]"]]
"""Runs frames, given by input name, and returns outputs by name."""


class Host:
    """The host's two parts of a hardware graph of one input.

    Args:
        graph: A graph after `MapToHardware`.
    """

    def __init__(self, graph: Graph) -> None:
        """See the class."""
        first, last = borders(graph)
        if len(graph.inputs) != 1:
            raise IRError(f"graph {graph.name!r}: must have one input, has {len(graph.inputs)}")
        self._before = Session(cut(graph, graph.inputs, [first.input(0)]))
        self._after = Session(cut(graph, [last.output], graph.outputs))
        self._names = tuple(value.name for value in graph.outputs)
        self._shape = last.output.shape[1:]

    def around(self, accelerator: Callable[[NDArray[np.int64]], NDArray[Any]]) -> Runner:
        """What runs the whole graph, given what maps the accelerator's integers in to those out."""

        def run(inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
            return self.decode(accelerator(self.encode(next(iter(inputs.values())))))

        return run

    def encode(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Source inputs (N, …) to the integers (N, elements) that enter the accelerator."""
        values = self._before.run(x)[self._before.outputs[0]]
        return values.reshape(len(values), -1).astype(np.int64)

    def decode(self, integers: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The accelerator's integers (N, elements) to the graph's outputs by name."""
        results = self._after.run(integers.reshape(len(integers), *self._shape))
        return {name: results[name] for name in self._names}
