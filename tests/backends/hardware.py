# SPDX-License-Identifier: Apache-2.0
"""Small hardware graphs, and random ones of every unit, with data for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.ir import Graph, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import divisors
from finnlite.ops.width_converter import WidthConverter

KINDS = ("BIPOLAR", "TERNARY", "signed", "unsigned")
SIZES = (1, 2, 3, 5, 7, 8, 12, 13, 16, 24, 30, 64, 72)
AT_ONCE, SEARCHED = (1, 1, 2, 3, 6, 7, 14, 15), (16, 17, 31, 40, 255)
"""Thresholds a row that are compared at once, and that are searched."""


def values(rng: np.random.Generator, datatype: BaseDataType, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Random values of a datatype, its extremes among them."""
    if datatype == DataType["BIPOLAR"]:
        return rng.integers(0, 2, shape) * 2 - 1
    low, high = int(datatype.min()), int(datatype.max())
    result = rng.integers(low, high + 1, shape)
    extremes = rng.random(shape) < 0.1
    return np.where(extremes, rng.choice([low, high], shape), result)


def kind_of(datatype: BaseDataType) -> str:
    """Which of `KINDS` a datatype is."""
    if datatype.name in ("BIPOLAR", "TERNARY"):
        return datatype.name
    return "signed" if datatype.signed() else "unsigned"


@dataclass
class Chain:
    """A hardware graph in the making: AxiIn, units with width converters between them, AxiOut."""

    graph: Graph
    value: Value
    elems: int
    prefix: str = ""

    @classmethod
    def start(cls, size: int, datatype: str, prefix: str = "") -> "Chain":
        graph = Graph(prefix or "chain")
        x = graph.input("x", (1, size), DataType[datatype])
        elems = border_elems(x.datatype)
        value = graph.add(AxiIn(elems), x, name=f"{prefix}AxiIn_0")
        return cls(graph, value, elems, prefix)

    def words(self, elems: int) -> None:
        """Converts the stream to words of `elems` elements if it has others."""
        if elems != self.elems:
            converter = WidthConverter(self.elems, elems)
            self.value = self.graph.add(converter, self.value, name=f"{self.prefix}WidthConverter_0")
            self.elems = elems

    def mvtu(
        self,
        op: MVTU,
        weights: NDArray[np.int64],
        datatype: str,
        thresholds: NDArray[np.int64] | None = None,
        falling: NDArray[np.int64] | None = None,
        name: str = "MVTU_0",
    ) -> None:
        self.words(op.simd)
        graph = self.graph
        self.value = graph.add(
            op,
            self.value,
            graph.constant(weights, DataType[datatype]),
            None if thresholds is None else threshold_value(graph, thresholds),
            None if falling is None else graph.constant(falling, DataType["BINARY"]),
            name=self.prefix + name,
        )
        self.elems = op.pe

    def thresholding(
        self,
        op: Thresholding,
        thresholds: NDArray[np.int64],
        falling: NDArray[np.int64] | None = None,
        name: str = "Thresholding_0",
    ) -> None:
        self.words(op.pe)
        graph = self.graph
        self.value = graph.add(
            op,
            self.value,
            threshold_value(graph, thresholds),
            None if falling is None else graph.constant(falling, DataType["BINARY"]),
            name=self.prefix + name,
        )

    def label_select(self, pe: int) -> None:
        self.words(pe)
        self.value = self.graph.add(LabelSelect(pe), self.value, name=f"{self.prefix}LabelSelect_0")
        self.elems = 1

    def end(self) -> Graph:
        self.words(border_elems(self.value.datatype))
        self.value = self.graph.add(AxiOut(self.elems), self.value, name=f"{self.prefix}AxiOut_0")
        self.graph.outputs = [self.value]
        self.graph.validate()
        return self.graph


def threshold_value(graph: Graph, thresholds: NDArray[np.int64]) -> Value:
    return graph.constant(thresholds, integer_type(int(thresholds.min()), int(thresholds.max())))


def sorted_thresholds(
    rng: np.random.Generator,
    rows: int,
    count: int,
    bounds: tuple[int, int],
    falling: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    """(rows, count) thresholds in `bounds` and one beyond either end, some repeated."""
    low, high = bounds
    table = np.sort(rng.integers(low - 1, high + 2, (rows, count)), axis=1)
    if falling is not None:
        table = np.where(falling[:, None] != 0, table[:, ::-1], table)
    return table


def levels(rng: np.random.Generator, count: int) -> tuple[int, int]:
    """(out_min, out_step), bipolar every now and then where there is one threshold."""
    if count == 1 and rng.random() < 0.5:
        return -1, 2
    return int(rng.integers(-8, 9)), int(rng.integers(1, 4))


def flags(rng: np.random.Generator, rows: int, kind: str) -> NDArray[np.int64] | None:
    """Which rows fall: "none" of them, by absence; "all"; "no" row, said; or "some"."""
    if kind == "none":
        return None
    some = rng.permutation(np.arange(rows) % 2)
    return {"all": np.ones(rows, dtype=np.int64), "no": np.zeros(rows, dtype=np.int64), "some": some}[kind]


def type_of(rng: np.random.Generator, kind: str, least: int = 2) -> str:
    bits = int(rng.integers(least, 9))
    return {"signed": f"INT{bits}", "unsigned": "BINARY" if bits == 8 else f"UINT{bits}"}.get(kind, kind)


def folding(rng: np.random.Generator, size: int, bits: int) -> int:
    return int(rng.choice([d for d in divisors(size) if d * bits <= 1024]))


def random_mvtu(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    mode = number % 5
    columns, rows = (int(n) for n in rng.choice(SIZES, 2))
    least = 2 if mode else 7  # bits: results without thresholds are to be wide
    x_type, w_type = type_of(rng, KINDS[number % 4], least), type_of(rng, KINDS[number // 4 % 4], least)
    chain = Chain.start(columns, x_type, prefix)
    weights = values(rng, DataType[w_type], (columns, rows))
    held = chain.graph.constant(weights, DataType[w_type])
    low, high = accumulator_bounds(chain.value, held)
    accumulator = integer_type(int(low.min()), int(high.max()))
    simd = folding(rng, columns, int(DataType[x_type].bitwidth()))
    pe = folding(rng, rows, 32)
    if mode == 0:
        chain.mvtu(MVTU(pe, simd, accumulator), weights, w_type)
        return chain.end()
    count = int(rng.choice(AT_ONCE if mode < 3 else SEARCHED))
    falling = flags(rng, rows, "none" if mode % 2 else "some")
    thresholds = sorted_thresholds(rng, rows, count, (int(low.min()), int(high.max())), falling)
    chain.mvtu(MVTU(pe, simd, accumulator, *levels(rng, count)), weights, w_type, thresholds, falling)
    return chain.end()


def random_thresholding(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    channels = int(rng.choice(SIZES))
    datatype = DataType[type_of(rng, KINDS[number % 4])]
    chain = Chain.start(channels, datatype.name, prefix)
    count = int(rng.choice(SEARCHED if number % 2 else AT_ONCE))
    rows = 1 if number % 5 == 0 else channels
    falling = flags(rng, rows, ("none", "all", "no", "some")[number // 2 % 4])
    bounds = (int(datatype.min()), int(datatype.max()))
    thresholds = sorted_thresholds(rng, rows, count, bounds, falling)
    out_min, out_step = levels(rng, count)
    pe = folding(rng, channels, 32)
    chain.thresholding(Thresholding(out_min, out_step, pe=pe), thresholds, falling)
    return chain.end()


def random_label_select(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    channels = int(rng.choice(SIZES))
    datatype = DataType[type_of(rng, KINDS[number % 4])]
    chain = Chain.start(channels, datatype.name, prefix)
    chain.label_select(folding(rng, channels, int(datatype.bitwidth())))
    return chain.end()


def random_width_converters(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    """Several in a row, of any ratio, so that padded words go into a converter too."""
    size = int(rng.choice(SIZES))
    datatype = DataType[type_of(rng, KINDS[number % 4])]
    chain = Chain.start(size, datatype.name, prefix)
    widest = min(2 * size, 1024 // int(datatype.bitwidth()))
    for elems in rng.integers(1, widest + 1, 3):
        # Every other time even, so that words have more than one element in common with their neighbours.
        chain.words(int(elems) & ~1 if elems > 1 and number % 2 else int(elems))
    return chain.end()


OTHERS = (random_thresholding, random_label_select, random_width_converters)


def random_unit(seed: int) -> Graph:
    """A hardware graph around a random unit, every other one an MVTU; nodes are named after the seed.

    Consecutive seeds walk through the combinations of datatypes and of thresholds.
    """
    rng = np.random.default_rng(seed)
    make, number = (random_mvtu, seed // 2) if seed % 2 == 0 else (OTHERS[seed // 2 % 3], seed // 6)
    return make(rng, number, f"n{seed}_")


def frames_for(graph: Graph, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Random frames for the graph's input."""
    x = graph.inputs[0]
    return values(np.random.default_rng(seed), x.datatype, (count, *x.shape[1:]))
