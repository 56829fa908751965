# SPDX-License-Identifier: Apache-2.0
"""Hardware units: foldings, threads, meaning, cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.execution import execute
from finnlite.ir import Graph, Node
from finnlite.ops.axi import AxiIn, AxiOut, beats, border_bits, border_elems
from finnlite.ops.cost import Resources
from finnlite.ops.fifo import FIFO
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import Steps, Unit, divisors
from finnlite.ops.width_converter import WidthConverter


def unit_on(op: Unit, size: int, datatype: str = "UINT8") -> Node:
    """A graph of one unit on a stream of `size` elements."""
    graph = Graph("unit")
    node = graph.add_node(op, graph.input("x", (1, size), DataType[datatype]), name="u")
    graph.outputs = [node.output]
    return node


def mvtu(
    weights: NDArray[Any],
    datatype: str = "BIPOLAR",
    thresholds: NDArray[Any] | None = None,
    falling: Sequence[int] | None = None,
    **fields: Any,
) -> tuple[Graph, Node]:
    graph = Graph("mvtu")
    x = graph.input("x", (1, len(weights)), DataType[datatype])
    inputs = [graph.constant(weights, DataType["INT8"], name="w")]
    if thresholds is not None:
        inputs.append(graph.constant(thresholds, DataType["INT32"], name="t"))
    if falling is not None:
        inputs.append(graph.constant(np.array(falling), DataType["BINARY"], name="f"))
    node = graph.add_node(MVTU(accumulator=DataType["INT24"], **fields), x, *inputs, name="m")
    graph.outputs = [node.output]
    return graph, node


def frame_words(size: int, elems: int) -> list[list[int]]:
    """The words of a frame holding 0, 1, 2, …; the last may be partial."""
    return [list(range(start, min(start + elems, size))) for start in range(0, size, elems)]


def stream_through(steps: Steps, words: list[list[int]], out_elems: int, size: int) -> list[list[int]]:
    """What a converter with these steps writes if each write takes what it needs from what was read."""
    pending, source, result, written = list[int](), iter(words), list[list[int]](), 0
    for reads, writes in zip(steps.reads, steps.writes, strict=True):
        if reads:
            pending += next(source)
        if writes:
            need = min(out_elems, size - written)
            assert len(pending) >= need
            result.append(pending[:need])
            pending, written = pending[need:], written + need
    assert next(source, None) is None
    assert pending == []
    return result


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 90))
@settings(max_examples=200)
def test_width_converter_moves_every_element_in_order(have: int, want: int, size: int) -> None:
    node = unit_on(WidthConverter(in_elems=have, out_elems=want), size, "BINARY")
    steps = WidthConverter(in_elems=have, out_elems=want).steps(node)
    assert stream_through(steps, frame_words(size, have), want, size) == frame_words(size, want)
    assert len(steps) == WidthConverter(in_elems=have, out_elems=want).cycles(node)
    assert max(-(-size // have), -(-size // want)) <= len(steps) <= -(-size // have) + -(-size // want)


@given(st.sampled_from(["BIPOLAR", "UINT2", "INT3", "UINT8", "INT12", "INT20", "INT33"]), st.integers(1, 99))
@settings(max_examples=150)
def test_borders_move_as_many_beats_as_a_frame_has(datatype: str, size: int) -> None:
    kind = DataType[datatype]
    elems, bits = border_elems(kind), border_bits(kind)
    count = -(-size * bits // 64)
    for op in (AxiIn(elems=elems), AxiOut(elems=elems)):
        node = unit_on(op, size, datatype)
        steps = op.steps(node)
        words = -(-size // elems)
        inside, outside = (
            (steps.writes, steps.reads) if isinstance(op, AxiIn) else (steps.reads, steps.writes)
        )
        assert np.count_nonzero(inside) == words
        assert np.count_nonzero(outside) == count == beats(node.input(0))
        moved_in = np.cumsum(steps.reads) * (64 if isinstance(op, AxiIn) else elems * bits)
        moved_out = np.cumsum(steps.writes) * (elems * bits if isinstance(op, AxiIn) else 64)
        assert (moved_in[:-1] >= moved_out[:-1]).all()  # nothing is written before it was read


@pytest.mark.parametrize(
    ("datatype", "bits", "elems"),
    [
        ("BIPOLAR", 1, 64),
        ("TERNARY", 2, 32),
        ("UINT3", 4, 16),
        ("INT5", 8, 8),
        ("INT9", 16, 4),
        ("INT17", 24, 1),
    ],
)
def test_border_layout(datatype: str, bits: int, elems: int) -> None:
    assert (border_bits(DataType[datatype]), border_elems(DataType[datatype])) == (bits, elems)


def test_the_last_word_that_starts_another_beat_takes_one_more_step() -> None:
    node = unit_on(AxiOut(elems=1), 3, "INT20")  # 3 × 24 bits: the third element completes a beat
    steps = AxiOut(elems=1).steps(node)
    assert steps.reads.tolist() == [True, True, True, False]
    assert steps.writes.tolist() == [False, False, True, True]


def test_mvtu_thread() -> None:
    _, node = mvtu(np.ones((6, 4)), pe=2, simd=2)
    assert isinstance(node.op, MVTU)
    steps = node.op.steps(node)
    assert steps.reads.tolist() == [True, True, True, False, False, False]
    assert steps.writes.tolist() == [False, False, True, False, False, True]
    assert node.op.cycles(node) == 6
    assert node.op.source(node) == (2, 2, 3)
    assert node.op.sink(node) == (2, 48, 2)


@pytest.mark.parametrize("datatype", ["BIPOLAR", "TERNARY", "UINT4", "INT8"])
def test_mvtu_is_the_thresholded_product(datatype: str) -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-8, 8, (12, 10))
    thresholds = np.sort(rng.integers(-60, 60, (10, 5)), axis=1)
    falling = rng.integers(0, 2, 10)
    thresholds = np.where(falling[:, None] != 0, thresholds[:, ::-1], thresholds)
    graph, _ = mvtu(weights, datatype, thresholds, falling.tolist(), out_min=-3, out_step=2)
    kind = DataType[datatype]
    x = rng.integers(int(kind.min()), int(kind.max()) + 1, (50, 12))
    x = np.where(x == 0, 1, x) if datatype == "BIPOLAR" else x
    accumulator = (x @ weights)[:, :, None]
    fires = np.where(falling[None, :, None] != 0, accumulator <= thresholds, accumulator >= thresholds)
    assert np.array_equal(execute(graph, x), -3 + 2 * fires.sum(axis=2))


def test_mvtu_beyond_float32_is_exact() -> None:
    weights = np.full((3, 2), 127)
    graph = Graph("wide")
    x = graph.input("x", (1, 3), DataType["INT24"])
    w = graph.constant(weights, DataType["INT8"])
    graph.outputs = [graph.add(MVTU(accumulator=DataType["INT33"]), x, w)]
    frames = np.array([[2**23 - 1, 2**23 - 3, -(2**23) + 1]])
    assert graph.outputs[0].carrier == np.float64
    assert np.array_equal(execute(graph, frames), frames @ weights)


def test_mvtu_without_thresholds_gives_its_accumulator() -> None:
    graph, node = mvtu(np.arange(6).reshape(3, 2) - 2)
    assert node.output.datatype == DataType["INT24"]
    assert execute(graph, np.array([[1, -1, 1]])).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pe": 4}, "node 'm': pe must divide 10 (1, 2, 5, 10), is 4"),
        ({"pe": 0}, "node 'm': pe must divide 10 (1, 2, 5, 10), is 0"),
        ({"simd": 5}, "node 'm': simd must divide 12 (1, 2, 3, 4, 6, 12), is 5"),
    ],
)
def test_illegal_folding(fields: dict[str, int], message: str) -> None:
    with pytest.raises(IRError) as error:
        mvtu(np.ones((12, 10)), **fields)
    assert str(error.value) == message


def test_a_stream_is_at_most_1024_bits_wide() -> None:
    with pytest.raises(IRError) as error:
        mvtu(np.ones((256, 10)), "UINT8", simd=256)
    assert str(error.value) == (
        "node 'm': simd must be at most 128, is 256: a stream has at most 1,024 bits, 256 × 8 bits are more"
    )


def test_label_select_takes_the_first_of_equals() -> None:
    node = unit_on(LabelSelect(pe=2), 6, "INT8")
    graph = node.graph
    assert graph is not None
    frames = np.array([[1, 5, 5, 0, 5, -1], [0, 0, 0, 0, 0, 0], [-5, -4, -3, -2, -1, -128]])
    assert execute(graph, frames).tolist() == [[1], [0], [4]]
    steps = LabelSelect(pe=2).steps(node)
    assert (steps.reads.tolist(), steps.writes.tolist()) == ([True] * 3, [False, False, True])
    assert node.output.datatype == DataType["UINT3"]


@pytest.mark.parametrize(
    "op", [WidthConverter(in_elems=2, out_elems=3), FIFO(depth=4, elems=2), AxiIn(elems=8)]
)
def test_movers_change_nothing(op: Unit) -> None:
    graph = unit_on(op, 6).graph
    assert graph is not None
    frames = np.arange(12).reshape(2, 6)
    assert np.array_equal(execute(graph, frames), frames)


def test_a_fifo_has_no_thread() -> None:
    node = unit_on(FIFO(depth=9, elems=4), 8)
    assert FIFO(depth=9, elems=4).steps(node) is None
    assert FIFO(depth=9, elems=4).cycles(node) == 0
    with pytest.raises(IRError, match="node 'u': depth must be at least 2, is 1"):
        unit_on(FIFO(depth=1), 8)


def test_thresholding_thread() -> None:
    graph = Graph("t")
    x = graph.input("x", (1, 6), DataType["INT8"])
    node = graph.add_node(Thresholding(pe=3), x, graph.constant(np.zeros((6, 1)), DataType["INT8"]))
    assert isinstance(node.op, Thresholding)
    assert node.op.cycles(node) == 2
    assert node.op.steps(node).reads.all()
    assert node.op.legal(*node.inputs) == {"pe": (1, 2, 3, 6)}


@given(st.integers(1, 3000))
def test_divisors(size: int) -> None:
    assert divisors(size) == tuple(d for d in range(1, size + 1) if size % d == 0)


def test_cost_grows_with_the_folding() -> None:
    def cost(**fields: int) -> Resources:
        _, node = mvtu(np.ones((64, 64)), thresholds=np.zeros((64, 1)), **fields)
        assert isinstance(node.op, MVTU)
        return node.op.resources(node)

    small, wide, tall = cost(pe=1, simd=1), cost(pe=1, simd=32), cost(pe=32, simd=1)
    assert small.lut < wide.lut < tall.lut  # a row costs an accumulator and comparators besides its MACs
    assert cost(pe=32, simd=32).lut > 32 * 32 * 2


def test_many_thresholds_are_searched() -> None:
    """15 are compared at once, 255 in eight steps of one comparator and one memory each."""

    def cost(count: int) -> Resources:
        _, node = mvtu(np.ones((64, 64)), "UINT8", np.zeros((64, count)))
        assert isinstance(node.op, MVTU)
        return node.op.resources(node)

    fifteen, many = cost(15), cost(255)
    assert many.bram18 > fifteen.bram18
    assert many.lut < 2 * fifteen.lut
