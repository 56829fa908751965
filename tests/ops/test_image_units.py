# SPDX-License-Identifier: Apache-2.0
"""Units on images: meaning by definition, threads, foldings, messages."""

from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.mvtu import MVTU
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU, vvtu_bounds
from tests.unit_nodes import frames_of, node_of, run


@pytest.mark.parametrize("shape", [(3, 4, 6), (1, 1, 6)])
def test_an_mvtu_takes_a_pixel_or_an_image(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(2)
    for columns in {6, int(np.prod(shape))}:
        weights = rng.integers(-2, 2, (columns, 4))
        op = MVTU(2, 3, DataType["INT16"])
        node = node_of(op, (shape, "INT4"), (weights, "INT2"))
        x = frames_of(node)
        each = columns == 6
        expected = x @ weights if each else x.reshape(3, -1) @ weights
        assert np.array_equal(run(node, x)[0], expected)
        vectors = shape[0] * shape[1] if each else 1
        assert op.vectors(node) == vectors
        assert op.cycles(node) == len(op.steps(node)) == vectors * 2 * columns // 3
        assert np.count_nonzero(op.steps(node).reads) == op.source(node).words == np.prod(shape) // 3
        assert np.count_nonzero(op.steps(node).writes) == op.sink(node).words == vectors * 2
        assert op.weight_memory(node).depth == 2 * columns // 3


def test_thresholds_a_pixel() -> None:
    table = np.array([[-3, 0], [1, 5], [2, 2]])
    op = Thresholding(-1, 2, axis=-1, pe=3)
    node = node_of(op, ((2, 5, 3), "INT4"), (table, "INT4"))
    x = frames_of(node)
    assert np.array_equal(run(node, x)[0], -1 + 2 * (x[..., None] >= table).sum(axis=-1))
    assert op.cycles(node) == len(op.steps(node)) == 10
    other = node_of(Thresholding(axis=1), ((2, 5, 3), "INT4"), (table[:1], "INT4"))
    assert isinstance(other.op, Thresholding)
    with pytest.raises(IRError, match="^axis must be 3, the last, on a stream, is 1$"):
        other.op.folds(other)


@pytest.mark.parametrize("kind", ["BIPOLAR", "UINT4", "INT8"])
@pytest.mark.parametrize("thresholds", [False, True])
def test_vvtu_is_a_product_a_channel(kind: str, thresholds: bool) -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(-4, 4, (6, 4))
    inputs: list[tuple[Any, str]] = [((2, 3, 24), kind), (weights, "INT3")]
    table = np.sort(rng.integers(-20, 20, (4, 3)), axis=1)
    falling = np.array([0, 1, 0, 1])
    table = np.where(falling[:, None] != 0, table[:, ::-1], table)
    if thresholds:
        inputs += [(table, "INT6"), (falling, "BINARY")]
    op = VVTU(2, DataType["INT16"], -1, 2)
    node = node_of(op, *inputs)
    x = frames_of(node)
    sums = (x.reshape(3, 2, 3, 6, 4) * weights).sum(axis=3)
    low, high = vvtu_bounds(node.input(0), node.input(1))
    assert (sums >= low).all()
    assert (sums <= high).all()
    fires = np.where(falling[:, None] != 0, sums[..., None] <= table, sums[..., None] >= table)
    assert np.array_equal(run(node, x)[0], -1 + 2 * fires.sum(axis=-1) if thresholds else sums)
    steps = op.steps(node)
    assert op.cycles(node) == len(steps) == 6 * 6 * 2
    assert steps.reads.all()
    assert steps.writes[:12].tolist() == [False] * 10 + [True] * 2
    assert op.legal(*node.inputs) == {"pe": (1, 2, 4)}


@pytest.mark.parametrize("kind", ["BIPOLAR", "UINT3", "INT5"])
@pytest.mark.parametrize("whole", [False, True])
def test_pooling_of_windows(kind: str, whole: bool) -> None:
    shape = (2, 3, 4) if whole else (2, 3, 24)
    for cls in (WindowMax, WindowSum):
        node = node_of(cls(6, 2, whole), (shape, kind))
        x = frames_of(node)
        taps = x.reshape(3, 1, 1, 6, 4) if whole else x.reshape(3, 2, 3, 6, 4)
        assert np.array_equal(run(node, x)[0], taps.max(axis=3) if cls is WindowMax else taps.sum(axis=3))
        op = node.op
        assert isinstance(op, Unit)
        steps = op.steps(node)
        assert steps is not None
        assert op.cycles(node) == len(steps) == (12 if whole else 72)
        assert steps.writes[:12].tolist() == [False] * 10 + [True] * 2
    assert node.output.datatype.name == {"BIPOLAR": "INT4", "UINT3": "UINT6", "INT5": "INT8"}[kind]


@pytest.mark.parametrize(
    ("kind", "value", "datatype"),
    [("BIPOLAR", 0, "TERNARY"), ("UINT2", 0, "UINT2"), ("INT4", -8, "INT4"), ("UINT2", -1, "INT3")],
)
def test_pad(kind: str, value: int, datatype: str) -> None:
    op = StreamPad(2, (1, 0, 2, 3), value)
    node = node_of(op, ((2, 3, 4), kind))
    x = frames_of(node)
    expected = np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)), constant_values=value)
    assert np.array_equal(run(node, x)[0], expected)
    assert node.output.datatype.name == datatype
    steps = op.steps(node)
    assert len(steps) == op.cycles(node) == 5 * 6 * 2
    marked = np.pad(np.ones((2, 3), bool), ((1, 2), (0, 3)))
    assert np.array_equal(steps.reads, np.repeat(marked.ravel(), 2))


@pytest.mark.parametrize("scales", [(1, 1), (2, 3), (3, 1)])
def test_upsample(scales: tuple[int, int]) -> None:
    op = Upsample(2, scales)
    node = node_of(op, ((2, 3, 4), "INT3"))
    x = frames_of(node)
    expected = x.repeat(scales[0], axis=1).repeat(scales[1], axis=2)
    assert np.array_equal(run(node, x)[0], expected)
    zeros = node_of(Upsample(2, scales, zeros=True), ((2, 3, 4), "BIPOLAR"))
    x = frames_of(zeros)
    between = np.zeros((3, scales[0] + 1, 2 * scales[1] + 1, 4), dtype=np.int64)
    between[:, :: scales[0], :: scales[1]] = x
    assert np.array_equal(run(zeros, x)[0], between)
    for node_ in (node, zeros):
        assert isinstance(node_.op, Upsample)
        steps = node_.op.steps(node_)
        assert len(steps) == node_.op.cycles(node_) == node_.op.sink(node_).words
        assert np.count_nonzero(steps.reads) == node_.op.source(node_).words == 12


@pytest.mark.parametrize("rows", [1, 4])
def test_lookup(rows: int) -> None:
    table = np.random.default_rng(5).integers(-8, 8, (rows, 16))
    node = node_of(Lookup(2), ((2, 3, 4), "INT4"), (table, "INT4"))
    x = frames_of(node)
    channel = np.arange(4) if rows > 1 else np.zeros(4, int)
    assert np.array_equal(run(node, x)[0], table[channel, x + 8])
    assert isinstance(node.op, Lookup)
    assert node.op.cycles(node) == len(node.op.steps(node)) == 12
    assert node.op.memories(node)["table"].depth == (32 if rows > 1 else 16)


IMAGE = (4, 5, 6), "INT4"


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (SWU((5, 1)), [IMAGE], "kernel must fit into 4 × 5 pixels, spans 5 × 1"),
        (SWU((2, 3), dilations=(1, 3)), [IMAGE], "kernel must fit into 4 × 5 pixels, spans 2 × 7"),
        (SWU((2,)), [IMAGE], "kernel must be two positive integers, are [2]"),
        (SWU(strides=(0, 1)), [IMAGE], "strides must be two positive integers, are [0, 1]"),
        (SWU(simd=4), [IMAGE], "simd must divide 6 (1, 2, 3, 6), is 4"),
        (SWU(parallel=True), [IMAGE], "simd must be 6, a pixel, where windows are parallel, is 1"),
        (
            SWU((3, 3), simd=64, parallel=True),
            [((4, 5, 64), "INT4")],
            "a parallel window must have at most 1,024 bits, has 2,304",
        ),
        (SWU(), [((6,), "INT4")], "stream x must have shape [1, H, W, C], has [1, 6]"),
        (SWU(), [((6, 2), "INT4")], "stream x must have shape [1, N] or [1, H, W, C], has [1, 6, 2]"),
        (WindowMax(4), [IMAGE], "window must divide the 6 elements of a pixel, is 4"),
        (WindowSum(6, whole=True), [IMAGE], "window must be all 20 pixels, is 6"),
        (
            StreamAdd(),
            [IMAGE, ((4, 5, 5), "INT4")],
            "streams must have one shape, have [1, 4, 5, 6] and [1, 4, 5, 5]",
        ),
        (
            StreamAdd((1, 0)),
            [IMAGE, IMAGE],
            "there must be two streams and two factors that are not 0, are 2 streams and the factors [1, 0]",
        ),
        (
            StreamConcat(),
            [IMAGE, ((4, 4, 6), "INT4")],
            "streams must agree but for their channels, are [1, 4, 5, 6] and [1, 4, 4, 6]",
        ),
        (StreamConcat(), [IMAGE], "there must be at least 2 streams, are 1"),
        (StreamSplit((2, 3)), [IMAGE], "sizes must be two or more that sum up to 6, are [2, 3]"),
        (Duplicate(1), [IMAGE], "copies must be at least 2, are 1"),
        (
            StreamPad(pads=(0, -1, 0, 0)),
            [IMAGE],
            "pads must be four integers of 0 or more, are [0, -1, 0, 0]",
        ),
        (Upsample(scales=(2, 0)), [IMAGE], "scales must be two positive integers, are [2, 0]"),
        (
            Lookup(),
            [((4,), "INT13"), (np.zeros((1, 2**13)), "INT2")],
            "x must have at most 4,096 values, INT13 has 8,192",
        ),
        (
            VVTU(),
            [IMAGE, (np.ones((4, 6)), "BIPOLAR")],
            "weights must be a constant (k, C) of 6 elements, are <constant 'const' BIPOLAR[4, 6]>",
        ),
        (
            MVTU(),
            [IMAGE, (np.ones((5, 6)), "BIPOLAR")],
            "weights must be a constant of shape [6 or 120, MH], are <constant 'const' BIPOLAR[5, 6]>",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(op: Unit, inputs: list[tuple[Any, str]], message: str) -> None:
    with pytest.raises(IRError) as error:
        node_of(op, *inputs)
    assert str(error.value) == f"node 'u': {message}"


def test_costs_are_there_and_grow() -> None:
    def lut(op: Unit, *inputs: tuple[Any, str]) -> int:
        return op.resources(node_of(op, *inputs)).lut

    weights = np.ones((4, 16)), "INT4"
    assert lut(VVTU(16), ((2, 2, 64), "INT4"), weights) > lut(VVTU(1), ((2, 2, 64), "INT4"), weights)
    wide, narrow = (SWU((3, 3), simd=simd) for simd in (16, 1))
    image = (64, 64, 16), "INT8"
    assert lut(wide, image) > lut(narrow, image)  # 208 words of 128 bits are in LUTs, 3,328 of 8 are not
    assert [op.resources(node_of(op, image)).bram18 for op in (wide, narrow)] == [0, 2]
    parallel = SWU((3, 3), simd=4, parallel=True)
    node = node_of(parallel, ((64, 64, 4), "INT8"))
    assert parallel.resources(node).ff > 9 * 32
    assert lut(StreamAdd((7, 1)), IMAGE, IMAGE) > lut(StreamAdd(), IMAGE, IMAGE)
    assert lut(Upsample(scales=(2, 2)), IMAGE) > lut(Upsample(scales=(2, 2), zeros=True), IMAGE)
