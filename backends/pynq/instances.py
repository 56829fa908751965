# SPDX-License-Identifier: Apache-2.0
"""Tiny instances of every unit that has HLS code, each with frames of stimuli and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError
from finnlite.execution import Session
from finnlite.ir import Graph, Node, Op
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.cost import Style
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.shapes import integer_type
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU
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
        inputs: (F, …) frames that go in, one array a stream.
    """

    name: str
    graph: Graph
    inputs: tuple[NDArray[np.int64], ...]

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
        return Layer(self.node, self.unit, self.name, layer_code(self.node, self.name))

    @cached_property
    def outputs(self) -> tuple[NDArray[np.int64], ...]:
        """(F, …) what must come out, as the graph means it, one array a stream."""
        names = (value.name for value in self.graph.inputs)
        found = Session(self.graph).run(dict(zip(names, self.inputs, strict=True)))
        return tuple(found[value.name].astype(np.int64) for value in self.graph.outputs)


def instances() -> list[Instance]:
    """All instances; the same ones every time."""
    rng = np.random.default_rng(20)
    chains = [*_borders(rng), *_converters(rng), *_mvtus(rng), *_thresholdings(rng), *_labels(rng)]
    return [*chains, *_windows(rng), *_larger(rng), *_tables(rng), *_joins(rng)]


def _values(rng: np.random.Generator, kind: BaseDataType, shape: tuple[int, ...]) -> NDArray[np.int64]:
    if kind == DataType["BIPOLAR"]:
        return rng.integers(0, 2, shape) * 2 - 1
    return rng.integers(int(kind.min()), int(kind.max()), shape, endpoint=True)


def _instance(
    rng: np.random.Generator,
    name: str,
    size: int | tuple[int, ...],
    datatype: str,
    op: Op,
    *constants: tuple[object, str],
) -> Instance:
    shape = (size,) if isinstance(size, int) else size
    return _joined(rng, name, ((shape, datatype),), op, *constants)


def _joined(
    rng: np.random.Generator,
    name: str,
    streams: Sequence[tuple[tuple[int, ...], str]],
    op: Op,
    *constants: tuple[object, str],
) -> Instance:
    graph = Graph(name)
    for index, (shape, datatype) in enumerate(streams):
        graph.input(f"x{index or ''}", (1, *shape), DataType[datatype])
    values = [graph.constant(np.asarray(value), DataType[kind]) for value, kind in constants]
    graph.outputs = list(graph.add_node(op, *graph.inputs, *values, name=name).outputs)
    frames = (_values(rng, x.datatype, (_FRAMES, *x.shape[1:])) for x in graph.inputs)
    return Instance(name, graph, tuple(frames))


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
    block = Style.BLOCK
    yield _mvtu(rng, "mvtu_block", (32, 32), "BIPOLAR", "BIPOLAR", (2, 4), thresholds=1, memory=block)


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
    memory: Style | None = None,
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
        op = MVTU(pe, simd, accumulator, memory=memory)
        return _instance(rng, name, columns, datatype, op, *constants)
    # In the middle of the accumulator's range, where the random frames fall.
    spread = int(max(2, np.sqrt(columns) * (high.max() - low.min()) / columns / 4))
    centre = int((low.min() + high.max()) // 2)
    constants += _thresholds(rng, rows, thresholds, (centre - spread, centre + spread), falling=falling)
    out = (-1, 2) if thresholds == 1 else (0, 1)
    op = MVTU(pe, simd, accumulator, *out, memory=memory)
    return _instance(rng, name, columns, datatype, op, *constants)


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


def _windows(rng: np.random.Generator) -> Iterator[Instance]:
    """Line buffers in LUTs and in block RAM, parallel windows; accumulators in registers and in memory."""
    image = (6, 5, 4)
    yield _instance(rng, "swu_serial", image, "INT4", SWU((3, 2), (1, 2), (1, 2), simd=2))
    yield _instance(rng, "swu_strided", image, "UINT3", SWU((2, 2), (3, 3), simd=4))
    yield _instance(rng, "swu_block", (4, 450, 1), "UINT8", SWU((3, 3), simd=1))
    yield _instance(rng, "swu_parallel", (5, 6, 2), "INT3", SWU((3, 3), simd=2, parallel=True))
    for name, channels, pe in (("vvtu_registers", 4, 2), ("vvtu_memory", 8, 2)):
        weights = _values(rng, DataType["INT4"], (4, channels))
        thresholds = _thresholds(rng, channels, 3, (-40, 40), falling=True)
        op = VVTU(pe, integer_type(-256, 256))
        yield _instance(rng, name, (2, 2, 4 * channels), "INT4", op, (weights, "INT4"), *thresholds)
    yield _instance(
        rng, "vvtu_plain", (2, 2, 16), "BIPOLAR", VVTU(4, DataType["INT7"]), (weights[:, :4], "INT4")
    )
    yield _instance(rng, "window_max", (2, 3, 16), "INT4", WindowMax(4, 2))
    yield _instance(rng, "window_sum", (2, 3, 32), "INT4", WindowSum(4, 2))


def _larger(rng: np.random.Generator) -> Iterator[Instance]:
    yield _instance(rng, "pad_zero", (2, 3, 4), "BIPOLAR", StreamPad(2, (1, 2, 0, 1)))
    yield _instance(rng, "upsample_nearest", (2, 3, 8), "INT4", Upsample(2, (2, 3)))
    yield _instance(rng, "upsample_zeros", (2, 3, 4), "UINT4", Upsample(2, (2, 3), zeros=True))


def _tables(rng: np.random.Generator) -> Iterator[Instance]:
    yield _instance(rng, "lookup_each", (2, 2, 4), "INT4", Lookup(2), (rng.integers(-8, 8, (4, 16)), "INT4"))
    yield _instance(rng, "lookup_shared", (8,), "UINT8", Lookup(2), (rng.integers(0, 16, (1, 256)), "UINT4"))


def _joins(rng: np.random.Generator) -> Iterator[Instance]:
    image = (2, 3, 4)
    yield _joined(rng, "add_streams", ((image, "INT4"), (image, "UINT3")), StreamAdd((1, -3), 2))
    yield _joined(rng, "concat_streams", ((image, "BIPOLAR"), ((2, 3, 2), "INT4")), StreamConcat(2))
    yield _instance(rng, "duplicate_stream", image, "INT4", Duplicate(3, 2))
    yield _instance(rng, "split_stream", (2, 3, 8), "INT4", StreamSplit((2, 6), 2))
