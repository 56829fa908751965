# SPDX-License-Identifier: Apache-2.0
"""Random units of the sizes that layers of small networks have: what estimates are calibrated with.

None is a layer of a shared network: sizes that these have are left out.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.ir import Graph, Node, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.cost import Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.shapes import integer_type
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Unit, divisors
from finnlite.ops.vvtu import VVTU, vvtu_bounds
from finnlite.ops.width_converter import WidthConverter

__all__ = ["MAKERS", "units_of"]

Rng = np.random.Generator

_VECTORS = (24, 48, 72, 80, 96, 120, 150, 200, 216, 240, 320, 360)
_ROWS = (12, 20, 24, 40, 48, 80, 96)
_CHANNELS = (6, 8, 12, 20, 24, 40, 48, 80, 96)
_SIDES = (7, 9, 12, 15, 17, 20, 24, 26)
_PAIRS = (
    *(("BIPOLAR", "BIPOLAR"),) * 4,
    *(("UINT2", "INT2"), ("UINT4", "INT4")) * 2,
    *(("UINT2", "BIPOLAR"), ("UINT8", "BIPOLAR"), ("UINT8", "INT4"), ("UINT8", "INT8"), ("INT4", "INT4")),
    *(("BINARY", "INT2"), ("TERNARY", "TERNARY"), ("INT3", "INT3"), ("UINT3", "INT6")),
)
"""Datatypes of x and of the weights."""
_TYPES = ("BIPOLAR", "UINT2", "INT3", "UINT4", "INT4", "UINT8", "INT8", "INT12")


def _pick(rng: Rng, choices: tuple[int, ...]) -> int:
    return int(rng.choice(choices))


def _type(rng: Rng, choices: tuple[str, ...] = _TYPES) -> BaseDataType:
    return DataType[str(rng.choice(choices))]


def _values(rng: Rng, datatype: BaseDataType, shape: tuple[int, ...]) -> NDArray[np.int64]:
    if datatype == DataType["BIPOLAR"]:
        return rng.integers(0, 2, shape) * 2 - 1
    return rng.integers(int(datatype.min()), int(datatype.max()) + 1, shape)


def _folding(rng: Rng, size: int, most: int) -> int:
    return _pick(rng, tuple(d for d in divisors(size) if d <= most))


def _alone(op: Unit, x: tuple[tuple[int, ...], BaseDataType], *constants: Value | None) -> Node:
    """The unit alone in a graph; constants that are in another graph are copied."""
    graph = Graph("unit")
    own = [None if c is None or c.const is None else graph.constant(c.const, c.datatype) for c in constants]
    return graph.add_node(op, graph.input("x", *x), *own, name="unit")


def _constant(array: NDArray[np.int64], datatype: BaseDataType) -> Value:
    return Graph("constants").constant(array, datatype)


def _image(rng: Rng) -> tuple[int, int, int]:
    side = _pick(rng, _SIDES)
    return side, side, _pick(rng, _CHANNELS)


def _thresholds(rng: Rng, rows: int, count: int, low: int, high: int) -> Value:
    """As trained ones are: around the middle of what the accumulator reaches, ascending."""
    table = rng.normal((low + high) / 2, (high - low) / 12, (rows, 1)) + np.sort(
        rng.normal(0, (high - low) / 12, (rows, count)), axis=1
    )
    found = np.clip(np.rint(table), low, high + 1).astype(np.int64)
    return _constant(found, integer_type(int(found.min()), int(found.max())))


def _falling(rng: Rng, rows: int) -> Value | None:
    if rng.random() < 0.7:
        return None
    return _constant(rng.integers(0, 2, rows), DataType["BINARY"])


def _ascending(table: Value, falling: Value | None) -> Value:
    """Thresholds that descend in a falling row."""
    if falling is None or table.const is None or falling.const is None:
        return table
    rows = np.where(falling.const[:, None] != 0, table.const[:, ::-1], table.const)
    return _constant(rows.astype(np.int64), table.datatype)


def _activation(rng: Rng, rows: int, low: int, high: int) -> tuple[Value | None, Value | None]:
    """Thresholds and falling flags, or none."""
    if rng.random() < 0.2:
        return None, None
    count = _pick(rng, (1, 1, 1, 3, 3, 7, 15, 15, 31, 255))
    falling = _falling(rng, rows)
    return _ascending(_thresholds(rng, rows, count, low, high), falling), falling


def mvtu(rng: Rng) -> Node:
    """A dense layer, or a convolution's matrix."""
    columns, rows = _pick(rng, _VECTORS), _pick(rng, _ROWS)
    types = _PAIRS[int(rng.integers(len(_PAIRS)))]
    x, w = (DataType[name] for name in types)
    bits = int(x.bitwidth()) * int(w.bitwidth())
    simd = _folding(rng, columns, 72 // int(x.bitwidth()))
    pe = _folding(rng, rows, max(1, min(32, 320 // (simd * bits))))
    weights = _constant(_values(rng, w, (columns, rows)), w)
    probe = Graph("probe").input("x", (1, columns), x)
    low, high = (
        int(f(bound)) for f, bound in zip((min, max), accumulator_bounds(probe, weights), strict=True)
    )
    table, falling = _activation(rng, rows, low, high)
    step = (-1, 2) if table is not None and table.shape[1] == 1 else (0, 1)
    memory = Style(str(rng.choice(["block", "lut"])))
    if columns * rows // (simd * pe) > 1024:
        memory = Style.BLOCK
    op = MVTU(pe, simd, integer_type(low, high), *step, memory=memory)
    return _alone(op, ((1, columns), x), weights, table, falling)


def vvtu(rng: Rng) -> Node:
    """A depthwise convolution's products."""
    taps, channels, side = _pick(rng, (4, 9, 9, 25)), _pick(rng, _CHANNELS), _pick(rng, _SIDES)
    types = _PAIRS[int(rng.integers(len(_PAIRS)))]
    x, w = (DataType[name] for name in types)
    weights = _constant(_values(rng, w, (taps, channels)), w)
    shape = (1, side, side, taps * channels)
    probe = Graph("probe").input("x", shape, x)
    low, high = (int(f(bound)) for f, bound in zip((min, max), vvtu_bounds(probe, weights), strict=True))
    table, falling = _activation(rng, channels, low, high)
    step = (-1, 2) if table is not None and table.shape[1] == 1 else (0, 1)
    memory = Style(str(rng.choice(["block", "lut"])))
    op = VVTU(_folding(rng, channels, 16), integer_type(low, high), *step, memory=memory)
    return _alone(op, (shape, x), weights, table, falling)


def thresholding(rng: Rng) -> Node:
    """Thresholds a channel."""
    channels, x = _pick(rng, _CHANNELS), _type(rng, ("UINT4", "INT8", "UINT8", "INT10", "INT12", "INT16"))
    count = _pick(rng, (1, 1, 3, 7, 15, 31, 255))
    falling = _falling(rng, channels)
    rows = 1 if falling is None and rng.random() < 0.3 else channels
    table = _ascending(_thresholds(rng, rows, count, int(x.min()), int(x.max())), falling)
    step = (-1, 2) if count == 1 else (0, 1)
    return _alone(
        Thresholding(*step, -1, _folding(rng, channels, 24)), ((1, 9, 9, channels), x), table, falling
    )


def lookup(rng: Rng) -> Node:
    """A table a channel, or one for all."""
    channels, x, y = _pick(rng, _CHANNELS), _type(rng, ("UINT2", "INT4", "UINT6", "INT8")), _type(rng)
    rows = int(rng.choice([1, channels]))
    table = _constant(_values(rng, y, (rows, int(x.max()) - int(x.min()) + 1)), y)
    return _alone(Lookup(_folding(rng, channels, 16)), ((1, 9, 9, channels), x), table)


def swu(rng: Rng) -> Node:
    """Windows, serial or parallel."""
    height, width, channels = _image(rng)
    kernel, stride = _pick(rng, (1, 2, 3, 3, 3, 5)), _pick(rng, (1, 1, 2))
    dilation = _pick(rng, (1, 1, 1, 2)) if kernel < 5 else 1
    x = _type(rng)
    parallel = kernel > 1 and rng.random() < 0.3
    if parallel:
        channels, x = _pick(rng, (1, 3, 4, 6)), _type(rng, ("BIPOLAR", "UINT2", "UINT4", "INT5"))
    simd = channels if parallel else _folding(rng, channels, 64)
    op = SWU((kernel, kernel), (stride, stride), (dilation, dilation), simd, parallel)
    return _alone(op, ((1, height, width, channels), x))


def pooling(kind: type[WindowMax] | type[WindowSum]) -> Callable[[Rng], Node]:
    """Windows' maxima or sums."""

    def make(rng: Rng) -> Node:
        side, _, channels = _image(rng)
        x, pe = _type(rng), _folding(rng, channels, 24)
        if rng.random() < 0.3:
            return _alone(kind(side * side, pe, whole=True), ((1, side, side, channels), x))
        window = _pick(rng, (4, 4, 9))
        return _alone(kind(window, pe), ((1, side, side, window * channels), x))

    return make


def converter(rng: Rng) -> Node:
    """Wider, narrower, of any ratio."""
    size, x = _pick(rng, _VECTORS), _type(rng)
    most = 256 // int(x.bitwidth())
    if rng.random() < 0.7:
        wide = _pick(rng, tuple(d for d in divisors(size) if 1 < d <= most))
        narrow = _pick(rng, tuple(d for d in divisors(wide) if d < wide))
        before, after = (wide, narrow) if rng.random() < 0.5 else (narrow, wide)
    else:
        before, after = (int(n) for n in rng.integers(1, most // 2 + 1, 2))
    if before == after:
        after += 1
    return _alone(WidthConverter(before, after), ((1, size), x))


def writer(rng: Rng, x: BaseDataType, elems: int) -> Node:
    """What writes a FIFO: of a short or of a long pipeline."""
    converter_ = _alone(WidthConverter(2 * elems, elems), ((1, 960), x))
    if rng.random() < 0.5:
        return converter_
    graph, bits = converter_.graph, _pick(rng, (1, 4, 16, 64))
    assert graph is not None
    weights = graph.constant(np.ones((64, elems)), DataType["BIPOLAR"])
    return graph.add_node(MVTU(elems, bits, x), graph.input("y", (1, 64), DataType["BIPOLAR"]), weights)


def fifo(rng: Rng) -> Node:
    """Shallow and deep."""
    x, elems = _type(rng), _pick(rng, (1, 2, 3, 4, 8, 12, 24, 40, 64))
    elems = min(elems, 512 // int(x.bitwidth()))
    depth = int(2 ** rng.uniform(1, 10.5))
    memory = Style.BLOCK if depth > 256 or rng.random() < 0.15 else Style.LUTRAM
    node = writer(rng, x, elems)
    assert node.graph is not None
    return node.graph.add_node(FIFO(depth, elems, memory), node.output, name="fifo")


def axi_in(rng: Rng) -> Node:
    """A border."""
    x = _type(rng)
    return _alone(AxiIn(border_elems(x)), ((1, _pick(rng, _VECTORS)), x))


def axi_out(rng: Rng) -> Node:
    """A border."""
    x = _type(rng)
    return _alone(AxiOut(border_elems(x)), ((1, _pick(rng, _ROWS)), x))


def pad(rng: Rng) -> Node:
    """Zeros around an image."""
    height, width, channels = _image(rng)
    x, pads = _type(rng), tuple(int(p) for p in rng.integers(0, 3, 4))
    return _alone(StreamPad(_folding(rng, channels, 32), pads), ((1, height, width, channels), x))


def upsample(rng: Rng) -> Node:
    """Repeated pixels, or zeros between them."""
    height, width, channels = _image(rng)
    scales, zeros = (int(rng.integers(1, 4)), int(rng.integers(1, 4))), bool(rng.random() < 0.3)
    return _alone(
        Upsample(_folding(rng, channels, 32), scales, zeros), ((1, height, width, channels), _type(rng))
    )


def label_select(rng: Rng) -> Node:
    """Classes."""
    classes, x = (
        _pick(rng, (2, 5, 12, 20, 43, 100, 200)),
        _type(rng, ("INT8", "INT10", "INT12", "UINT8", "INT16")),
    )
    return _alone(LabelSelect(_folding(rng, classes, 16)), ((1, classes), x))


def _several(rng: Rng, count: int) -> tuple[Graph, list[Value], int]:
    """Streams of one shape, and a folding."""
    height, width, channels = _image(rng)
    graph = Graph("unit")
    streams = [graph.input(f"x{n}", (1, height, width, channels), _type(rng)) for n in range(count)]
    return graph, streams, _folding(rng, channels, 24)


def add(rng: Rng) -> Node:
    """A sum of two streams."""
    graph, streams, pe = _several(rng, 2)
    factors = tuple(int(f) for f in rng.choice([1, 1, 1, -1, 2, 3, 5], 2))
    return graph.add_node(StreamAdd(factors, pe), *streams, name="unit")


def concat(rng: Rng) -> Node:
    """Streams one after the other."""
    graph, streams, pe = _several(rng, int(rng.integers(2, 5)))
    return graph.add_node(StreamConcat(pe), *streams, name="unit")


def duplicate(rng: Rng) -> Node:
    """One stream to several."""
    graph, streams, pe = _several(rng, 1)
    return graph.add_node(Duplicate(int(rng.integers(2, 5)), pe), *streams, name="unit")


def split(rng: Rng) -> Node:
    """The channels of a stream to several."""
    graph, (x,), pe = _several(rng, 1)
    parts = x.shape[-1] // pe
    if parts == 1:
        return split(rng)
    first = int(rng.integers(1, parts)) * pe
    return graph.add_node(StreamSplit((first, x.shape[-1] - first), pe), x, name="unit")


MAKERS: dict[str, Callable[[Rng], Node]] = {
    "MVTU": mvtu,
    "VVTU": vvtu,
    "Thresholding": thresholding,
    "Lookup": lookup,
    "SWU": swu,
    "WindowMax": pooling(WindowMax),
    "WindowSum": pooling(WindowSum),
    "WidthConverter": converter,
    "FIFO": fifo,
    "AxiIn": axi_in,
    "AxiOut": axi_out,
    "Pad": pad,
    "Upsample": upsample,
    "LabelSelect": label_select,
    "Add": add,
    "Concat": concat,
    "Duplicate": duplicate,
    "Split": split,
}


def units_of(kind: str, count: int, seed: int = 0) -> Iterator[Node]:
    """`count` random units of an operator type, each alone in a graph."""
    for number in range(count):
        yield MAKERS[kind](np.random.default_rng([seed, *kind.encode(), number]))
