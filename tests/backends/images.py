# SPDX-License-Identifier: Apache-2.0
"""Random hardware graphs of the units that work on images, and of those with several streams."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.ir import Graph, Value
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.fifo import FIFO
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.shapes import integer_type
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU, vvtu_bounds
from finnlite.ops.width_converter import WidthConverter
from tests.backends.hardware import (
    KINDS,
    flags,
    folding,
    levels,
    sorted_thresholds,
    threshold_value,
    type_of,
    values,
)


class Image:
    """A hardware graph in the making: AxiIn, units of any number of streams, AxiOut."""

    def __init__(self, shape: Sequence[int], datatype: str, prefix: str = "") -> None:
        self.prefix = prefix
        self.graph = Graph(prefix or "image")
        x = self.graph.input("x", (1, *shape), DataType[datatype])
        self._elems: dict[Value, int] = {}
        (self.value,) = self.add(AxiIn(border_elems(x.datatype)), x)

    def add(self, op: Unit, *streams: Value, constants: Sequence[Value | None] = ()) -> tuple[Value, ...]:
        """Adds a unit, with a converter before every stream whose words are not those that it reads."""
        number = len(self.graph)
        node = self.graph.add_node(op, *streams, *constants, name=f"{self.prefix}{op.op_type}_{number}")
        for index, (value, wanted) in enumerate(zip(streams, op.sources(node), strict=True)):
            have = self._elems.get(value, wanted.elems)
            if have != wanted.elems:
                name = f"{self.prefix}WidthConverter_{number}_{index}"
                converter = WidthConverter(have, wanted.elems)
                self.graph.set_input(node, index, self.graph.add(converter, value, name=name, before=node))
        for value, stream in zip(node.outputs, op.sinks(node), strict=True):
            self._elems[value] = stream.elems
        return node.outputs

    def then(self, op: Unit, *constants: Value | None) -> "Image":
        """Adds a unit to the stream that `value` is."""
        (self.value,) = self.add(op, self.value, constants=constants)
        return self

    def constant(self, array: NDArray[np.int64], datatype: str) -> Value:
        return self.graph.constant(array, DataType[datatype])

    def end(self) -> Graph:
        self.then(AxiOut(border_elems(self.value.datatype)))
        self.graph.outputs = [self.value]
        self.graph.validate()
        return self.graph


def bits(value: Value) -> int:
    return int(value.datatype.bitwidth())


def random_window(rng: np.random.Generator, number: int) -> tuple[SWU, tuple[int, int]]:
    """A window and an image, the corners that go wrong elsewhere among them (number % 8)."""
    kernel = rng.integers(1, 4, 2)
    dilations = rng.choice([1, 1, 1, 2, 3], 2)
    strides = rng.integers(1, 4, 2)
    case = number % 8
    if case == 0:  # strides larger than the kernel
        strides = kernel + rng.integers(1, 3, 2)
    if case == 1:  # 1-D
        kernel[0] = strides[0] = dilations[0] = 1
    if case == 2:  # non-square, dilated
        kernel, dilations = np.array([3, 2]), np.array([2, 3])
    span = (kernel - 1) * dilations + 1
    size = span + rng.integers(0, 6, 2)
    if case == 0:
        size = span + strides * rng.integers(1, 3, 2) + rng.integers(0, 2, 2)
    if case == 3:  # images that equal the kernel
        size = span
    if case == 4:  # one output, pixels behind it that no window wants
        size = span + strides - 1
    if case == 5:  # kernels that are no multiple of the stride
        kernel, strides = np.array([3, 3]), np.array([2, 2])
        size = (kernel - 1) * dilations + 1 + rng.integers(1, 6, 2)
    if case == 1:
        size[0] = 1
    (kh, kw), (sh, sw), (dh, dw) = (tuple(int(v) for v in each) for each in (kernel, strides, dilations))
    return SWU((kh, kw), (sh, sw), (dh, dw)), (int(size[0]), int(size[1]))


def swu_of(rng: np.random.Generator, image: Image, op: SWU, *, parallel: bool = False) -> Image:
    channels = image.value.shape[-1]
    simd = channels if parallel else folding(rng, channels, bits(image.value))
    return image.then(SWU(op.kernel, op.strides, op.dilations, simd, parallel))


def channels_of(rng: np.random.Generator) -> int:
    return int(rng.choice([1, 2, 3, 4, 5, 6, 8]))


def random_swu(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    op, size = random_window(rng, number)
    image = Image((*size, channels_of(rng)), type_of(rng, KINDS[number % 4]), prefix)
    return swu_of(rng, image, op).end()


def random_parallel(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    op, size = random_window(rng, number)
    image = Image((*size, int(rng.integers(1, 4))), type_of(rng, KINDS[number % 4]), prefix)
    return swu_of(rng, image, op, parallel=True).end()


def random_pool(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    op, size = random_window(rng, number)
    image = Image((*size, channels_of(rng)), type_of(rng, KINDS[number // 2 % 4]), prefix)
    pool = WindowSum if number % 2 else WindowMax
    if number % 5 == 3:
        return image.then(pool(math.prod(size), folding(rng, image.value.shape[-1], 32), whole=True)).end()
    channels = image.value.shape[-1]
    return swu_of(rng, image, op).then(pool(math.prod(op.kernel), folding(rng, channels, 32))).end()


def random_vvtu(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    op, size = random_window(rng, number)
    image = Image((*size, channels_of(rng)), type_of(rng, KINDS[number % 4]), prefix)
    channels, taps = image.value.shape[-1], math.prod(op.kernel)
    w_type = type_of(rng, KINDS[number // 4 % 4])
    weights = image.constant(values(rng, DataType[w_type], (taps, channels)), w_type)
    swu_of(rng, image, op)
    low, high = vvtu_bounds(image.value, weights)
    accumulator = integer_type(int(low.min()), int(high.max()))
    pe = folding(rng, channels, 32)
    if number % 3 == 0:
        return image.then(VVTU(pe, accumulator), weights).end()
    falling = flags(rng, channels, "some" if number % 3 == 1 else "none")
    count = int(rng.choice([1, 3, 15, 16, 31]))
    table = sorted_thresholds(rng, channels, count, (int(low.min()), int(high.max())), falling)
    return image.then(
        VVTU(pe, accumulator, *levels(rng, count)),
        weights,
        threshold_value(image.graph, table),
        None if falling is None else image.constant(falling, "BINARY"),
    ).end()


def random_pixels(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    """An MVTU a pixel or over the whole image, then thresholds a pixel."""
    shape = (*(int(d) for d in rng.integers(1, 4, 2)), channels_of(rng))
    image = Image(shape, type_of(rng, KINDS[number % 4]), prefix)
    columns = math.prod(shape) if number % 2 else shape[-1]
    rows = channels_of(rng)
    weights = image.constant(values(rng, DataType["INT3"], (columns, rows)), "INT3")
    low, high = accumulator_bounds(image.value, weights)
    accumulator = integer_type(int(low.min()), int(high.max()))
    simd = folding(rng, columns, bits(image.value))
    image.then(MVTU(folding(rng, rows, 32), simd, accumulator), weights)
    count = int(rng.choice([1, 7, 20]))
    each = rows if number % 3 else 1
    table = sorted_thresholds(rng, each, count, (int(low.min()), int(high.max())), None)
    op = Thresholding(*levels(rng, count), axis=-1, pe=folding(rng, rows, 32))
    return image.then(op, threshold_value(image.graph, table)).end()


def random_larger(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    shape = (*(int(d) for d in rng.integers(1, 5, 2)), channels_of(rng))
    image = Image(shape, type_of(rng, KINDS[number // 3 % 4]), prefix)
    pe = folding(rng, shape[-1], 32)
    if number % 3 == 0:
        pads = tuple(int(p) for p in rng.integers(0, 3, 4))
        low, high = int(image.value.datatype.min()), int(image.value.datatype.max())
        return image.then(StreamPad(pe, pads, int(rng.choice([0, low, high, low - 1])))).end()
    scales = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    return image.then(Upsample(pe, scales, zeros=number % 3 == 1)).end()


def table_of(rng: np.random.Generator, image: Image, value: Value, datatype: str, rows: int) -> Value:
    entries = int(value.datatype.max()) - int(value.datatype.min()) + 1
    return image.constant(values(rng, DataType[datatype], (rows, entries)), datatype)


def random_lookup(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    shape = (*(int(d) for d in rng.integers(1, 4, 2)), channels_of(rng))
    image = Image(shape if number % 3 else shape[-1:], type_of(rng, KINDS[number % 4]), prefix)
    rows = 1 if number % 2 else shape[-1]
    table = table_of(rng, image, image.value, type_of(rng, KINDS[number // 4 % 4]), rows)
    return image.then(Lookup(folding(rng, shape[-1], 32)), table).end()


def random_join(rng: np.random.Generator, number: int, prefix: str) -> Graph:
    """A stream to several, a function of few values on each, and their sum or concatenation."""
    shape = (*(int(d) for d in rng.integers(1, 4, 2)), channels_of(rng))
    image = Image(shape if number % 4 else shape[-1:], type_of(rng, KINDS[number % 4]), prefix)
    channels = shape[-1]
    if number % 2 and channels > 1:
        cuts = sorted(
            rng.choice(np.arange(1, channels), min(1 + number // 2 % 2, channels - 1), replace=False).tolist()
        )
        sizes = tuple(int(n) for n in np.diff([0, *cuts, channels]))
        branches = image.add(StreamSplit(sizes, folding(rng, math.gcd(*sizes), 8)), image.value)
    else:
        copies = 2 if number % 3 else 3
        branches = image.add(Duplicate(copies, folding(rng, channels, 8)), image.value)
    ends = []
    for index, branch in enumerate(branches):
        kind = type_of(rng, KINDS[(number // 2 + index) % 4])
        table = table_of(rng, image, branch, kind, 1)
        pe = folding(rng, branch.shape[-1], 8)
        ends += image.add(Lookup(pe), branch, constants=(table,))
    if len(ends) == 2 and ends[0].shape == ends[1].shape and number % 3:
        factors = tuple(int(f) for f in rng.choice([-3, -1, 1, 2, 5], 2))
        (image.value,) = image.add(StreamAdd(factors, folding(rng, ends[0].shape[-1], 32)), *ends)
    else:
        common = math.gcd(*(end.shape[-1] for end in ends))
        (image.value,) = image.add(StreamConcat(folding(rng, common, 8)), *ends)
    return image.end()


def residual() -> Graph:
    """A residual block: half the size by a sum, then upsampled, added to a depthwise convolution."""
    image = Image((4, 4, 8), "INT3")
    fork = image.add(Duplicate(2, 2), image.value)
    image.value = fork[0]
    image.then(StreamPad(2, (1, 1, 1, 1))).then(SWU((3, 3), simd=2))
    weights = values(np.random.default_rng(1), image.graph.inputs[0].datatype, (9, 8))
    image.then(VVTU(2, integer_type(-108, 144)), image.constant(weights, "INT3"))
    main, image.value = image.value, fork[1]
    image.then(FIFO(300, 2)).then(SWU((2, 2), (2, 2), simd=2)).then(WindowSum(4, 2)).then(Upsample(2, (2, 2)))
    (image.value,) = image.add(StreamAdd((1, 3), 4), main, image.value)
    return image.end()


MAKERS: tuple[Callable[[np.random.Generator, int, str], Graph], ...] = (
    random_swu,
    random_parallel,
    random_pool,
    random_vvtu,
    random_swu,
    random_pixels,
    random_larger,
    random_lookup,
    random_join,
)


def random_image_unit(seed: int) -> Graph:
    """A hardware graph around a random unit; nodes are named after the seed."""
    rng = np.random.default_rng(seed)
    kind, number = seed % len(MAKERS), seed // len(MAKERS)
    if kind == 4:
        number += 4  # windows come twice as often, in other cases
    return MAKERS[kind](rng, number, f"i{seed}_")
