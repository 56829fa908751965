# SPDX-License-Identifier: Apache-2.0
"""Tiny instances of every unit that has HLS code, each with frames of stimuli and their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.execution import execute
from finnlite.ir import Graph, Node, Op
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter

from ..hls.network import Layer
from ..hls.units import layer_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Instance", "instances"]

_FRAMES = 4


@dataclass(frozen=True)
class Instance:
    """A unit by itself.

    Args:
        name: Identifier, also the name of the node.
        graph: A graph of that one node.
        x: (F, N) frames that go in.
    """

    name: str
    graph: Graph
    x: NDArray[np.int64]

    @property
    def node(self) -> Node:
        """The unit's node."""
        return next(iter(self.graph.nodes))

    @property
    def unit(self) -> Unit:
        """The unit."""
        op = self.node.op
        if not isinstance(op, Unit):
            raise IRError(f"node {self.name!r}: must be a hardware unit, is {op.op_type}")
        return op

    @cached_property
    def layer(self) -> Layer:
        """Its C++."""
        return Layer(self.node, self.name, layer_code(self.node, self.name), self.unit.cycles(self.node))

    @cached_property
    def y(self) -> NDArray[np.int64]:
        """(F, M) what must come out, as the graph means it."""
        return execute(self.graph, self.x).astype(np.int64)


def instances() -> list[Instance]:
    """All instances; the same ones every time."""
    rng = np.random.default_rng(20)
    return [*_borders(rng), *_converters(rng), *_mvtus(rng), *_thresholdings(rng), *_labels(rng)]


def _values(rng: np.random.Generator, kind: BaseDataType, shape: tuple[int, ...]) -> NDArray[np.int64]:
    if kind == DataType["BIPOLAR"]:
        return rng.integers(0, 2, shape) * 2 - 1
    return rng.integers(int(kind.min()), int(kind.max()), shape, endpoint=True)


def _instance(
    rng: np.random.Generator, name: str, size: int, datatype: str, op: Op, *constants: tuple[object, str]
) -> Instance:
    graph = Graph(name)
    x = graph.input("x", (1, size), DataType[datatype])
    values = [graph.constant(np.asarray(value), DataType[kind]) for value, kind in constants]
    graph.outputs = [graph.add(op, x, *values, name=name)]
    return Instance(name, graph, _values(rng, x.datatype, (_FRAMES, size)))


def _borders(rng: np.random.Generator) -> Iterator[Instance]:
    for datatype, size in (("UINT8", 12), ("INT6", 11), ("BIPOLAR", 70), ("INT20", 4)):
        elems = border_elems(DataType[datatype])
        suffix = datatype.lower()
        yield _instance(rng, f"axi_in_{suffix}", size, datatype, AxiIn(elems))
        yield _instance(rng, f"axi_out_{suffix}", size, datatype, AxiOut(elems))


def _converters(rng: np.random.Generator) -> Iterator[Instance]:
    for name, size, before, after in (
        ("width_down", 16, 8, 2),
        ("width_up", 16, 2, 8),
        ("width_ragged_down", 13, 6, 4),
        ("width_ragged_up", 13, 4, 6),
    ):
        yield _instance(rng, name, size, "UINT4", WidthConverter(before, after))


def _mvtus(rng: np.random.Generator) -> Iterator[Instance]:
    """Register file, replay memory, block RAM; each product; no, few and many thresholds."""
    yield _mvtu(rng, "mvtu_bipolar", (16, 8), "BIPOLAR", "BIPOLAR", (4, 8), thresholds=1)
    yield _mvtu(rng, "mvtu_replay", (32, 4), "UINT4", "INT4", (2, 4), thresholds=3, falling=True)
    yield _mvtu(rng, "mvtu_search", (12, 4), "INT3", "BIPOLAR", (2, 6), thresholds=31)
    yield _mvtu(rng, "mvtu_search_falling", (12, 4), "BIPOLAR", "INT3", (1, 3), thresholds=20, falling=True)
    yield _mvtu(rng, "mvtu_plain", (8, 4), "INT8", "TERNARY", (4, 2))
    yield _mvtu(rng, "mvtu_dsp", (8, 4), "INT8", "INT8", (2, 4))
    yield _mvtu(rng, "mvtu_block", (32, 32), "BIPOLAR", "BIPOLAR", (2, 4), thresholds=1)


def _mvtu(
    rng: np.random.Generator,
    name: str,
    size: tuple[int, int],
    datatype: str,
    weight_type: str,
    folding: tuple[int, int],
    *,
    thresholds: int = 0,
    falling: bool = False,
) -> Instance:
    columns, rows = size
    weights = _values(rng, DataType[weight_type], (columns, rows))
    probe = Graph("probe")
    low, high = accumulator_bounds(
        probe.input("x", (1, columns), DataType[datatype]), probe.constant(weights, DataType[weight_type])
    )
    accumulator = integer_type(int(low.min()), int(high.max()))
    pe, simd = folding
    constants: list[tuple[object, str]] = [(weights, weight_type)]
    if not thresholds:
        return _instance(rng, name, columns, datatype, MVTU(pe, simd, accumulator), *constants)
    # In the middle of the accumulator's range, where the random frames fall.
    spread = int(max(2, np.sqrt(columns) * (high.max() - low.min()) / columns / 4))
    centre = int((low.min() + high.max()) // 2)
    constants += _thresholds(rng, rows, thresholds, (centre - spread, centre + spread), falling=falling)
    out = (-1, 2) if thresholds == 1 else (0, 1)
    return _instance(rng, name, columns, datatype, MVTU(pe, simd, accumulator, *out), *constants)


def _thresholds(
    rng: np.random.Generator, rows: int, count: int, bounds: tuple[int, int], *, falling: bool
) -> list[tuple[object, str]]:
    low, high = bounds
    table = np.sort(rng.integers(low, high, (rows, count), endpoint=True), axis=1)
    kind = integer_type(low, high).name
    if not falling:
        return [(table, kind)]
    flags = np.arange(rows) % 2
    return [(np.where(flags[:, None] != 0, table[:, ::-1], table), kind), (flags, "BINARY")]


def _thresholdings(rng: np.random.Generator) -> Iterator[Instance]:
    for name, count, falling in (("thresholding_compare", 3, True), ("thresholding_search", 17, False)):
        constants = _thresholds(rng, 8, count, (0, 255), falling=falling)
        yield _instance(rng, name, 8, "UINT8", Thresholding(pe=4), *constants)


def _labels(rng: np.random.Generator) -> Iterator[Instance]:
    for name, pe in (("label_select_serial", 1), ("label_select_parallel", 5)):
        yield _instance(rng, name, 10, "INT6", LabelSelect(pe))
