# SPDX-License-Identifier: Apache-2.0
"""Every operator that finnlite knows: the driver evaluates it as onnxruntime does, or refuses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.pynq.host_program import program_of
from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.ir import Graph, Op
from finnlite.ops import OPERATORS, pools, spatial
from finnlite.ops import convolution as conv
from finnlite.ops import elementwise as ew
from finnlite.ops import movement as mv
from finnlite.ops import outputs as out
from finnlite.ops import quantizers as qu
from finnlite.ops import reduction as red
from finnlite.ops.gathering import Gather
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.normalization import BatchNormalization
from finnlite.ops.selection import ArgMax, TopK
from finnlite.ops.thresholding import Thresholding
from finnlite.runtime import operators, thresholds
from finnlite.runtime.steps import Program
from tests.test_qonnx_ops import CASES as UNITS

BATCH = 5


def floats(*shape: int, seed: int = 0, low: float = -3.0, high: float = 3.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(low, high, size=shape).astype(np.float32)


def ints(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)


def small(*shape: int, dtype: str = "float32") -> NDArray[Any]:
    """Few different values, so that there are ties and exact hits."""
    return np.random.default_rng(1).integers(-3, 4, shape).astype(dtype)


def number(value: float) -> NDArray[np.float32]:
    return np.array(value, dtype=np.float32)


C = floats(6, seed=1, low=0.3, high=2.0)
X2, X3, X4 = floats(BATCH, 6), floats(BATCH, 6, 5), floats(BATCH, 6, 5, 4)
WIDE = np.linspace(-120, 120, BATCH * 6, dtype=np.float32).reshape(BATCH, 6)
POSITIVE = floats(BATCH, 6, low=0.1)
BOOLS = X2 > 0
SORTED = np.sort(floats(6, 40, seed=3), axis=1)
GRID = (np.arange(255) * np.float32(0.1) - np.float32(3.3)).astype(np.float32)
UNEVEN = np.sort(np.random.default_rng(8).normal(size=50).astype(np.float32) ** 5)
Case = tuple[Op, NDArray[Any], list[Any], int]


def one_input(op: Op, *xs: NDArray[Any]) -> list[Case]:
    return [(op, x, [], 0) for x in xs or (X2, WIDE, small(BATCH, 6))]


CASES: list[Case] = [
    *[
        case
        for op in (
            ew.Abs, ew.Ceil, ew.Celu, ew.Elu, ew.Erf, ew.Floor, ew.HardSigmoid, ew.HardSwish, ew.LeakyRelu,
            ew.Neg, ew.Relu, ew.Round, ew.Selu, ew.Sigmoid, ew.Sign, ew.Softplus, ew.Softsign, ew.Tanh,
            ew.ThresholdedRelu, mv.Identity, mv.Dropout,
        )
        for case in one_input(op())
    ],
    *one_input(ew.Round(), np.arange(-15, 15, dtype=np.float32).reshape(BATCH, 6) / 2),
    *one_input(ew.Exp(), X2, WIDE / 4),
    *[case for op in (ew.Log, ew.Sqrt, ew.Reciprocal) for case in one_input(op(), POSITIVE)],
    *one_input(ew.Celu(alpha=0.3)),
    *one_input(ew.Elu(alpha=-0.5)),
    *one_input(ew.HardSigmoid(alpha=0.4, beta=0.1)),
    *one_input(ew.LeakyRelu(alpha=-0.5)),
    *one_input(ew.Not(), BOOLS),
    *[(op(), X4, [C[:4]], p) for op in (ew.Add, ew.Sub, ew.Mul, ew.Div) for p in (0, 1)],
    (ew.Add(), small(BATCH, 6, dtype="int64"), [ints(7)], 0),
    (ew.Div(), np.abs(small(BATCH, 6, dtype="int64")), [ints(2)], 0),
    *[(op(), X2, [C, -C], p) for op in (ew.Sum, ew.Min, ew.Max) for p in (0, 2)],
    *[
        (op(), small(BATCH, 6), [number(1)], p)
        for op in (ew.Greater, ew.GreaterOrEqual, ew.Less, ew.LessOrEqual, ew.Equal)
        for p in (0, 1)
    ],
    *[(op(), BOOLS, [C > 1], 0) for op in (ew.And, ew.Or, ew.Equal)],
    (ew.Pow(), X2, [number(3)], 0),
    (ew.Pow(), POSITIVE, [C], 0),
    (ew.Pow(), POSITIVE, [C], 1),
    (ew.Pow(), small(BATCH, 6, dtype="int64"), [ints(3)], 0),
    (ew.Mod(fmod=True), X2, [C], 0),
    (ew.Mod(), small(BATCH, 6, dtype="int64"), [ints(2)], 0),
    (ew.Mod(), small(BATCH, 6, dtype="int64"), [ints(-2)], 0),
    (ew.Clip(), X2, [number(-1), number(1)], 0),
    (ew.Clip(), X2, [None, number(1)], 0),
    (ew.Clip(), X2, [], 0),
    (ew.PRelu(), X2, [-C], 0),
    (ew.Where(), BOOLS, [C, number(-1)], 0),
    (ew.Where(), X2, [C > 1, C], 1),
    (BatchNormalization(epsilon=0.01), X4, [C, -C, C, C], 0),
    (BatchNormalization(), X2, [C, -C, C, C], 0),
    # quantizers
    (qu.BipolarQuant(), small(BATCH, 6), [C], 0),
    (qu.Quant(narrow=False), WIDE, [number(0.5), number(0), number(4)], 0),
    (qu.Quant(signed=False, rounding_mode="FLOOR"), X2, [C, number(1), number(3)], 0),
    (qu.Quant(), X2, [C, number(0), number(1)], 0),
    (qu.IntQuant(rounding_mode="HALF_DOWN"), small(BATCH, 6), [number(2), number(0), number(3)], 0),
    (qu.Trunc(), X2, [number(0.25), number(0), number(8), number(1), number(4)], 0),
    (qu.MultiThreshold(out_scale=0.5, out_bias=-1.0), X4, [SORTED[:, :3]], 0),
    (qu.QuantizeLinear(), WIDE, [C, np.full(6, 3, np.int8)], 0),
    (qu.QuantizeLinear(), WIDE, [number(0.5)], 0),
    (qu.QuantizeLinear(axis=-1), X4, [C[:4], np.arange(4, dtype=np.uint8)], 0),
    (qu.DequantizeLinear(), small(BATCH, 6, 5, dtype="int8"), [C, np.full(6, 2, np.int8)], 0),
    (qu.DequantizeLinear(axis=-1), small(BATCH, 6, 5, dtype="int32"), [C[:5]], 0),
    # thresholds on floats: one and many, shared and for each channel, rising and falling
    (Thresholding(out_min=-1, out_step=2), small(BATCH, 6), [small(1, 1)], 0),
    (Thresholding(out_min=-1, out_step=2, axis=3), X4, [floats(4, 1)], 0),
    (Thresholding(out_min=-1), X4, [floats(1, 2)], 0),
    (Thresholding(out_min=-1), small(BATCH, 6), [small(6, 2)], 0),
    (Thresholding(out_min=3, out_step=-1), X4, [floats(6, 3), np.array([0, 1, 1, 0, 0, 1], np.float32)], 0),
    (Thresholding(), X4, [floats(1, 7), number(1).reshape(1)], 0),
    (Thresholding(out_min=-20), X4, [SORTED], 0),
    (Thresholding(out_min=-20), X4, [SORTED[:1]], 0),
    (Thresholding(axis=2), X4, [np.sort(floats(5, 40, seed=4), axis=1), np.ones(5, np.float32)], 0),
    (Thresholding(out_min=-128), 60 * X2, [np.arange(-127.0, 128.0, dtype=np.float32)[None]], 0),
    (Thresholding(), 60 * X2, [UNEVEN[None]], 0),
    (Thresholding(), UNEVEN.reshape(BATCH, 10), [UNEVEN[None]], 0),
    (Thresholding(out_min=-128), GRID.reshape(BATCH, 51), [GRID[None]], 0),
    (Thresholding(out_min=-128), np.nextafter(GRID, np.float32(-9)).reshape(BATCH, 51), [GRID[None]], 0),
    (Thresholding(out_step=1000), X2, [np.arange(-3.0, 3.0, dtype=np.float32)[None]], 0),
    # products and reductions
    (MatMul(), X3, [floats(5, 7)], 0),
    (MatMul(), X2.astype(np.float64), [floats(6, 3).astype(np.float64)], 0),
    (Gemm(alpha=0.5, beta=2.0), X2, [floats(6, 3), floats(3)], 0),
    (Gemm(transB=True), X2, [floats(3, 6)], 0),
    (red.ReduceSum(keepdims=False), X3, [ints(2)], 0),
    (red.ReduceSum(), X3, [ints(1, -1)], 0),
    (red.ReduceSum(noop_with_empty_axes=True), X3, [], 0),
    (red.ReduceMean(axes=(1, -1)), X3, [], 0),
    (red.ReduceMax(axes=(2,), keepdims=False), X3, [], 0),
    (red.ReduceMin(axes=(2,)), X3, [], 0),
    (pools.GlobalAveragePool(), X4, [], 0),
    (pools.GlobalMaxPool(), X3, [], 0),
    (out.Softmax(axis=1), X3, [], 0),
    (out.Softmax(), WIDE, [], 0),
    (out.LogSoftmax(axis=-1), WIDE, [], 0),
    # selection: ties
    *[
        (ArgMax(axis=axis, keepdims=keep, select_last_index=last), small(BATCH, 6, 5), [], 0)
        for axis, keep, last in ((1, True, False), (-1, False, False), (1, False, True), (-1, True, True))
    ],
    (TopK(), small(BATCH, 6), [ints(4)], 0),
    (TopK(axis=1), small(BATCH, 6, 5), [ints(2)], 0),
    (TopK(largest=False), small(BATCH, 6, dtype="int64"), [ints(3)], 0),
    # movement
    (mv.Squeeze(), floats(BATCH, 6, 1, 4), [ints(2)], 0),
    (mv.Squeeze(), floats(BATCH, 1, 6, 1), [ints(-1, 1)], 0),
    (mv.Unsqueeze(), X2, [ints(1, -1)], 0),
    (mv.Unsqueeze(), X2, [ints(-2)], 0),
    (mv.Slice(), X3, [ints(1), ints(5), ints(1), ints(2)], 0),
    (mv.Slice(), X3, [ints(-1), ints(-100), ints(2), ints(-1)], 0),
    (mv.Slice(), X3, [ints(1, 2), ints(-1, 100), ints(-2, 2)], 0),
    (mv.Flatten(), X4, [], 0),
    (mv.Flatten(axis=-2), X3, [], 0),
    (mv.Reshape(), X3, [ints(0, 3, -1)], 0),
    (mv.Transpose(perm=(0, 2, 3, 1)), X4, [], 0),
    (Gather(axis=1), X3, [ints(3, -1, 0)], 0),
    (Gather(), small(BATCH, 6, dtype="int64"), [floats(7)], 1),
    *[(mv.Cast(to=to), 20 * X2, [], 0) for to in (1, 3, 6, 7, 9, 10, 11)],
    (mv.Cast(to=1), BOOLS, [], 0),
]  # fmt: skip

REFUSED: dict[str, Graph] = {}


def graph_of(op: Op, x: NDArray[Any], constants: list[Any], position: int) -> Graph:
    graph = Graph()
    inputs = [None if c is None else graph.constant(c) for c in constants]
    value = graph.input("x", (1, *x.shape[1:]))
    graph.set_type(value, value.type._replace(carrier=x.dtype))
    node = graph.add_node(op, *inputs[:position], value, *inputs[position:], name="the node")
    graph.outputs = list(node.outputs)
    return graph


def refused(op: Op, *constants: Any) -> Graph:
    return graph_of(op, X4, list(constants), 0)


REFUSED |= {
    "Conv": refused(conv.Conv(), floats(2, 6, 3, 2)),
    "MaxPool": refused(pools.MaxPool(kernel_shape=(2, 2))),
    "AveragePool": refused(pools.AveragePool(kernel_shape=(2, 2))),
    "Pad": refused(spatial.Pad(), ints(0, 0, 1, 2, 0, 0, 3, 0)),
    "ConvTranspose": refused(conv.ConvTranspose(), floats(6, 2, 3, 2)),
    "Resize": refused(spatial.Resize(), None, np.array([1, 1, 2, 2], np.float32)),
    "Split": refused(mv.Split(axis=1), ints(2, 4)),
}
THROUGH_REFUSED = {"InsertZeros", "Pad", "SumPool", "Upsample_zeros"}
"""Own operators whose expansions have one of those."""


def assert_equal(program: Program, graph: Graph, x: NDArray[Any]) -> None:
    """Integers, booleans and levels exactly, other floats as the ladder compares them."""
    expected = Session(graph).run(x)
    found = program.run(x)
    assert list(found) == [value.name for value in graph.outputs]
    for value in graph.outputs:
        a, b = found[value.name], expected[value.name]
        assert a.shape == b.shape
        assert a.dtype == b.dtype or value.datatype.is_integer()
        tolerance = 0.0 if value.datatype.is_integer() else 1e-5 * float(np.abs(b).max())
        np.testing.assert_allclose(a.astype(np.float64), b.astype(np.float64), rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids=[f"{index}-{c[0].op_type}" for index, c in enumerate(CASES)])
def test_an_operator_is_evaluated_as_onnxruntime_does(case: Case) -> None:
    op, x, constants, position = case
    graph = graph_of(op, x, constants, position)
    assert_equal(program_of(graph), graph, x)


@pytest.mark.parametrize("name", sorted(THROUGH_REFUSED))
def test_what_expands_to_a_refused_operator_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedError, match="an operator that the driver evaluates with numpy, is"):
        program_of(UNITS[name])


@pytest.mark.parametrize("name", sorted(set(UNITS) - THROUGH_REFUSED))
def test_units_and_own_operators_are_evaluated_through_their_expansions(name: str) -> None:
    graph = UNITS[name]
    (value,) = graph.inputs
    rng = np.random.default_rng(2)
    x = 3 * rng.standard_normal((BATCH, *value.shape[1:]))
    if value.datatype.is_integer():
        low, high = int(value.datatype.min()), int(value.datatype.max())
        x = rng.choice([-1, 1] if value.datatype.name == "BIPOLAR" else range(low, high + 1), x.shape)
    assert_equal(program_of(graph), graph, x.astype(value.carrier))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_evaluated_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedError) as error:
        program_of(REFUSED[name])
    assert str(error.value) == (
        f"node 'the node': must be an operator that the driver evaluates with numpy, is {name}; "
        f"quantize its result so that it becomes hardware, or apply it to the outputs yourself"
    )
    assert error.value.node == "the node"


def test_no_operator_is_forgotten() -> None:
    tried = {type(op) for op, *_ in CASES}
    tried |= {type(node.op) for graph in (*UNITS.values(), *REFUSED.values()) for node in graph.nodes}
    tried.add(type(joined()[0]))
    assert set(OPERATORS.values()) - tried == set()


def joined() -> tuple[Op, Graph]:
    graph = Graph()
    x = graph.input("x", (1, 6))
    op = mv.Concat(axis=-1)
    graph.outputs = [graph.add(op, x, graph.add(ew.Relu(), x))]
    return op, graph


def test_what_is_joined_is_a_batch() -> None:
    _, graph = joined()
    assert_equal(program_of(graph), graph, X2)


def test_the_driver_has_no_operator_that_nothing_becomes() -> None:
    """Each entry of the table stands for a standard operator, or for what has no expansion here."""
    standard = {op_type for domain, op_type in OPERATORS if domain == ""}
    assert set(operators.OPERATORS) - standard == {"Thresholding"}
    assert standard - set(operators.OPERATORS) == set(REFUSED)


def test_even_thresholds_are_not_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a place on the grid tells the count, the search is asked about the thresholds only."""
    asked: list[int] = []
    search = np.searchsorted
    monkeypatch.setattr(
        thresholds.np, "searchsorted", lambda row, x, side: asked.append(x.size) or search(row, x, side)
    )
    x = floats(1000, 6)
    for row, expected in ((GRID, [2 * len(GRID)]), (UNEVEN, [2 * len(UNEVEN), x.size])):
        asked.clear()
        thresholds.thresholding(x, row[None], axis=1, out_min=0, out_step=1)
        assert asked == expected


SPECIAL = np.array([[np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45]], dtype=np.float32)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_thresholds_of_special_numbers(count: int, ends: bool) -> None:
    special = [0.0, np.inf, -np.inf] if ends else [0.0]
    rows = np.sort(np.r_[special, np.linspace(-2, 2, 39)][:count]).astype(np.float32)
    for table in (rows[None], np.tile(rows, (6, 1))):
        for falling in ([], [np.ones(1, np.float32)]):
            graph = graph_of(Thresholding(), SPECIAL, [table, *falling], 0)
            assert_equal(program_of(graph), graph, SPECIAL)


def test_levels_that_are_only_moved_stay_small() -> None:
    graph = Graph()
    x = graph.input("x", (1, 2, 3))
    levels = graph.add(Thresholding(out_min=-1), x, graph.constant(number(0).reshape(1, 1)))
    graph.outputs = [graph.add(mv.Flatten(), graph.add(mv.Transpose(perm=(0, 2, 1)), levels))]
    program = program_of(graph)
    assert program.run(floats(2, 2, 3))[program.results[0]].dtype == np.int8
    graph.outputs = [graph.add(ew.Relu(), graph.outputs[0])]
    program = program_of(graph)
    assert program.run(floats(2, 2, 3))[program.results[0]].dtype == np.float32


def test_values_keep_their_names_and_no_two_share_one() -> None:
    graph = Graph()
    x = graph.input("a_step", (1, 6))
    value = graph.add_node(qu.BipolarQuant(), x, graph.constant(C), name="a", outputs=("levels",)).output
    graph.outputs = [graph.add_node(out.Softmax(), value, name="b", outputs=("y",)).output]
    program = program_of(graph)
    names = [program.source, *program.constants, *(n for step in program.steps for n in step.outputs)]
    assert len(set(names)) == len(names)
    assert program.results == ("y",)
    assert "levels" in [step.outputs[0] for step in program.steps]
    assert [step.node for step in program.steps] == ["a", "a", "b"]
    assert_equal(program, graph, X2)
