# SPDX-License-Identifier: Apache-2.0
"""Streamlining by lifting: what a quantizer does counts, not what it is called."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import UnsupportedError
from finnlite.execution import execute
from finnlite.ir import Graph, Op, Value
from finnlite.ops import elementwise as ew
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import Reshape, Transpose
from finnlite.ops.reduction import ReduceMax, ReduceMin
from finnlite.ops.scaling import Normalize
from finnlite.ops.thresholding import Thresholding
from finnlite.transforms import Streamline

Quantizer = Callable[[Graph, Value], Value]


def _c(graph: Graph, value: object) -> Value:
    return graph.constant(np.asarray(value, dtype=np.float32))


def _sign(g: Graph, x: Value) -> Value:
    """BinaryNet by Where: +1 at 0."""
    return g.add(ew.Where(), g.add(ew.GreaterOrEqual(), x, _c(g, 0)), _c(g, 1), _c(g, -1))


def _dorefa(g: Graph, x: Value) -> Value:
    clipped = g.add(ew.Clip(), x, _c(g, 0), _c(g, 1))
    return g.add(ew.Div(), g.add(ew.Round(), g.add(ew.Mul(), clipped, _c(g, 15))), _c(g, 15))


def _tanh_levels(g: Graph, x: Value) -> Value:
    return g.add(ew.Round(), g.add(ew.Mul(), g.add(ew.Tanh(), x), _c(g, 3)))


def _ternary(g: Graph, x: Value) -> Value:
    return g.add(ew.Sign(), g.add(ew.Round(), x))


def _offset_levels(g: Graph, x: Value) -> Value:
    """Levels −0.4, 0.6, 1.6: a grid with an offset."""
    return g.add(ew.Add(), g.add(ew.Clip(), g.add(ew.Floor(), x), _c(g, -1), _c(g, 1)), _c(g, 0.6))


QUANTIZERS: list[tuple[Quantizer, str]] = [
    (_sign, "BIPOLAR"),
    (_dorefa, "UINT4"),
    (_tanh_levels, "INT3"),
    (_ternary, "TERNARY"),
    (_offset_levels, "TERNARY"),
]


def _network(quantizer: Quantizer, *, seed: int = 0, inputs: int = 12, hidden: int = 9) -> Graph:
    rng = np.random.default_rng(seed)
    g = Graph("net")
    x = g.input("x", (1, inputs), DataType["INT4"])
    scale = rng.uniform(0.05, 0.5, hidden).astype(np.float32)
    y = g.add(MatMul(), x, _c(g, rng.integers(-3, 4, (inputs, hidden)) * scale), name="first")
    gamma = rng.normal(size=hidden)
    gamma[0] = 0.0
    y = g.add(ew.Mul(), y, _c(g, gamma), name="gamma")
    y = g.add(ew.Add(), y, _c(g, rng.normal(size=hidden)), name="beta")
    y = quantizer(g, y)
    y = g.add(MatMul(), y, _c(g, rng.choice([-0.25, 0.25], (hidden, 5))), name="second")
    g.outputs = [g.add(ew.Add(), y, _c(g, rng.normal(size=5)), name="bias")]
    return g


def _all_thresholds(graph: Graph) -> list[Value]:
    return [node.output for node in graph.nodes if isinstance(node.op, Thresholding)]


def _inputs(n: int = 3000, width: int = 12) -> np.ndarray:
    return np.random.default_rng(9).integers(-8, 8, (n, width)).astype(np.float32)


@pytest.mark.parametrize(("quantizer", "datatype"), QUANTIZERS)
@pytest.mark.parametrize("seed", range(3))
def test_quantizers_are_recognised_by_what_they_do(quantizer: Quantizer, datatype: str, seed: int) -> None:
    graph = _network(quantizer, seed=seed)
    reference = execute(graph, _inputs())
    graph.transform(Streamline())
    graph.validate()
    (levels,) = _all_thresholds(graph)
    assert levels.datatype.name == datatype
    np.testing.assert_allclose(execute(graph, _inputs()), reference, rtol=0, atol=2e-6)


def test_it_is_idempotent() -> None:
    graph = _network(_dorefa).transform(Streamline())
    assert Streamline().apply(graph) is False


def test_negative_gammas_turn_the_weights_around() -> None:
    graph = _network(_sign).transform(Streamline())
    (levels,) = _all_thresholds(graph)
    assert levels.producer is not None
    assert levels.producer.optional(2) is None


def test_where_weights_cannot_be_negated_the_comparison_is_inverted() -> None:
    """−2 does not fit INT2 turned around, so its channel keeps its sign and falls."""
    g = Graph("net")
    x = g.input("x", (1, 2), DataType["UINT2"])
    y = g.add(MatMul(), x, _c(g, [[-2, -1], [1, 1]]), name="mm")
    y = _sign(g, g.add(ew.Mul(), y, _c(g, [-1, -1])))
    g.outputs = [y]
    samples = np.float32([[a, b] for a in range(4) for b in range(4)])
    reference = execute(g, samples)
    g.transform(Streamline())
    node = g.node("Where_thresholds")
    assert node.input(2).const is not None
    assert node.input(2).const.tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(execute(g, samples), reference)


def test_levels_never_reached_lie_just_beyond_the_accumulator() -> None:
    g = Graph("net")
    x = g.input("x", (1, 2), DataType["BIPOLAR"])
    y = g.add(MatMul(), x, _c(g, [[1, 1], [1, 1]]), name="mm")
    g.outputs = [_sign(g, g.add(ew.Add(), y, _c(g, [100, -100])))]
    g.transform(Streamline())
    thresholds = g.node("Where_thresholds").input(1)
    assert thresholds.const is not None
    assert thresholds.const.tolist() == [[-2.0], [3.0]]
    assert thresholds.datatype.name == "INT3"


def test_fractional_thresholds_round_up() -> None:
    """12.78 must become 13: an accumulator of 12 does not reach it."""
    g = Graph("net")
    x = g.input("x", (1, 1), DataType["UINT6"])
    y = g.add(MatMul(), x, _c(g, [[1]]), name="mm")
    g.outputs = [_sign(g, g.add(ew.Sub(), y, _c(g, 12.78)))]
    g.transform(Streamline())
    thresholds = g.node("Where_thresholds").input(1)
    assert thresholds.const is not None
    assert thresholds.const.tolist() == [[13.0]]


def test_weights_in_zero_and_one_stay_zero_and_one() -> None:
    g = Graph("net")
    x = g.input("x", (1, 3), DataType["BIPOLAR"])
    g.outputs = [g.add(MatMul(), x, _c(g, [[0, 1], [1, 1], [0, 0]]), name="mm")]
    g.transform(Streamline())
    weights = g.node("mm").input(1)
    assert weights.datatype.name == "BINARY"


def test_a_wide_product_is_exact_in_float64() -> None:
    g = Graph("net")
    rng = np.random.default_rng(3)
    x = g.input("x", (1, 1200), DataType["UINT8"])
    weights = rng.integers(-127, 128, (1200, 3))
    weights[0] = [127, 1, 2]
    g.outputs = [g.add(MatMul(), x, _c(g, weights), name="mm")]
    g.transform(Streamline())
    samples = np.full((2, 1200), 255.0)
    samples[1] = rng.integers(0, 256, 1200)
    session_value = g.node("mm").output
    assert session_value.carrier == np.float64
    np.testing.assert_array_equal(execute(g, samples), (samples @ weights).astype(np.float32))


def test_declared_pixels_reach_the_first_threshold_without_floats() -> None:
    g = Graph("net")
    x = g.input("x", (1, 1, 2, 2), DataType["UINT8"])
    f64 = [g.constant(np.float64(v)) for v in (1, 255, 0, 1)]
    y = g.add(Normalize(), x, *f64)
    y = g.add(Reshape(), y, g.constant(np.array([0, -1])))
    y = _sign(g, g.add(ew.Sub(), g.add(ew.Mul(), y, _c(g, 2)), _c(g, 1)))
    g.outputs = [g.add(MatMul(), y, _c(g, [[1], [1], [-1], [1]]), name="mm")]
    samples = np.stack([np.full((1, 2, 2), v) for v in range(256)]).astype(np.float32)
    samples[:, 0, 0, 0] = samples[::-1, 0, 0, 0]
    reference = execute(g, samples)
    g.transform(Streamline())
    thresholds = next(node for node in g.nodes if isinstance(node.op, Thresholding)).input(1)
    assert thresholds.const is not None
    assert thresholds.const.tolist() == [[128.0]]
    np.testing.assert_array_equal(execute(g, samples), reference)


def test_elements_keep_their_place_through_a_transpose() -> None:
    g = Graph("net")
    rng = np.random.default_rng(5)
    x = g.input("x", (1, 2, 3), DataType["INT4"])
    y = g.add(ew.Add(), x, _c(g, rng.normal(size=(1, 2, 3)) * 4))
    y = g.add(Transpose(perm=(0, 2, 1)), y)
    y = _sign(g, y)
    y = g.add(Reshape(), y, g.constant(np.array([0, -1])))
    g.outputs = [g.add(MatMul(), y, _c(g, rng.integers(-3, 4, (6, 4))), name="mm")]
    samples = rng.integers(-8, 8, (500, 2, 3)).astype(np.float32)
    reference = execute(g, samples)
    g.transform(Streamline())
    np.testing.assert_array_equal(execute(g, samples), reference)


def test_an_undeclared_float_input_gets_float_thresholds() -> None:
    g = Graph("net")
    x = g.input("x", (1, 3))
    y = _dorefa(g, g.add(ew.Sub(), x, _c(g, [0.1, 0.2, 0.3])))
    g.outputs = [g.add(MatMul(), y, _c(g, [[1], [-1], [1]]), name="mm")]
    samples = np.random.default_rng(0).normal(0.5, 0.5, (5000, 3)).astype(np.float32)
    samples[:300] = np.float32(1 / 30) * np.arange(-50, 250)[:, None]
    reference = execute(g, samples)
    g.transform(Streamline())
    np.testing.assert_allclose(execute(g, samples), reference, rtol=0, atol=1e-6)


def test_gemm_with_transposed_weights_alpha_beta_and_bias() -> None:
    g = Graph("net")
    x = g.input("x", (1, 3), DataType["INT4"])
    y = g.add(Gemm(alpha=0.5, beta=2.0, transB=True), x, _c(g, [[1, -2, 3], [0, 1, 1]]), _c(g, [0.25, -1]))
    g.outputs = [y]
    samples = _inputs(50, 3)
    reference = execute(g, samples)
    g.transform(Streamline())
    np.testing.assert_array_equal(execute(g, samples), reference)


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (
            ew.Relu(),
            "node 'act' (Relu): the input of 'second' must be quantized to at most 256 values, takes more; "
            "put a quantizer (Quant, BipolarQuant, QCDQ, Sign) behind it",
        ),
        (
            ew.Abs(),
            "node 'act' (Abs): the function before a quantizer must be monotone, is not over the 76756 "
            "values of 'first_accumulator'; use a monotone activation (Relu, Clip, Sign, Tanh)",
        ),
    ],
)
def test_what_cannot_be_lifted_says_why(activation: Op, message: str) -> None:
    g = Graph("net")
    x = g.input("x", (1, 2), DataType["UINT8"])
    y = g.add(MatMul(), x, _c(g, [[100.0, 300.0], [1.0, -1.0]]), name="first")
    y = g.add(ew.Mul(), y, _c(g, 0.01), name="scale")
    y = g.add(activation, y, name="act")
    if isinstance(activation, ew.Abs):
        y = g.add(ew.Round(), g.add(ew.Sub(), y, _c(g, 1.0)), name="round")
        y = g.add(ew.Clip(), y, _c(g, -2), _c(g, 2))
    g.outputs = [g.add(MatMul(), y, _c(g, [[1.0], [2.0]]), name="second")]
    with pytest.raises(UnsupportedError) as caught:
        g.copy().transform(Streamline())
    assert str(caught.value) == message
    (error,) = Streamline().diagnose(g)
    assert str(error) == str(caught.value)


def test_random_networks_of_every_quantizer_agree_on_many_inputs() -> None:
    for seed in range(20):
        quantizer, _ = QUANTIZERS[seed % len(QUANTIZERS)]
        graph = _network(quantizer, seed=100 + seed, inputs=1 + seed, hidden=1 + 3 * (seed % 4))
        samples = _inputs(1000, 1 + seed)
        reference = execute(graph, samples)
        graph.transform(Streamline())
        np.testing.assert_allclose(execute(graph, samples), reference, rtol=0, atol=2e-6)


def test_every_operator_without_a_unit_is_named_not_only_the_last() -> None:
    g = Graph("net")
    x = g.input("x", (1, 6), DataType["INT4"])
    low = g.add(ReduceMin(axes=(1,)), x, name="least")
    y = g.add(ReduceMax(axes=(1,)), _sign(g, low), name="greatest")
    g.outputs = [g.add(MatMul(), _sign(g, y), _c(g, [[1.0, 2.0]]), name="mm")]
    errors = Streamline().diagnose(g)
    assert [error.node for error in errors] == ["least", "greatest"]
    with pytest.raises(UnsupportedError) as caught:
        g.transform(Streamline())
    assert str(caught.value) == (
        "node 'least': operator must be one that maps to hardware, is ReduceMin; use products, "
        "convolutions, pools, Add, Concat, Split, Pad, Resize and elementwise operators"
    )


@pytest.mark.parametrize("zero_gamma", [False, True])
def test_float_inputs_beyond_every_level_saturate(zero_gamma: bool) -> None:
    """±3e38 overflows in the chain; ∞·0 must not be taken for a level."""
    g = Graph("net")
    x = g.input("x", (1, 2))
    y = g.add(ew.Mul(), x, _c(g, [4.0, 0.0 if zero_gamma else -4.0]))
    y = g.add(ew.Clip(), g.add(ew.Round(), y), _c(g, -2), _c(g, 2))
    g.outputs = [g.add(MatMul(), y, _c(g, [[1.0], [3.0]]), name="mm")]
    samples = np.float32([[v, v] for v in (-3e37, -1e19, -0.3, 0, 0.3, 1e19, 3e37)])
    reference = execute(g, samples)
    g.transform(Streamline())
    np.testing.assert_array_equal(execute(g, samples), reference)


def test_channels_with_scales_of_their_own_are_told_to_share_one() -> None:
    g = Graph("net")
    x = g.input("x", (1, 2), DataType["INT8"])
    y = g.add(
        ew.Mul(), g.add(ew.Round(), g.add(ew.Mul(), x, _c(g, 0.1))), _c(g, [0.37, 0.5003]), name="levels"
    )
    y = g.add(ew.Relu(), y, name="relu")
    g.outputs = [g.add(MatMul(), y, _c(g, [[1.0], [2.0]]), name="mm")]
    with pytest.raises(UnsupportedError) as caught:
        g.transform(Streamline())
    assert str(caught.value).endswith("; give the quantizer one scale for all channels")


def test_an_unquantized_model_names_input_and_weights() -> None:
    g = Graph("net")
    x = g.input("x", (1, 4))
    y = g.add(MatMul(), x, _c(g, np.random.default_rng(0).normal(size=(4, 3))), name="mm")
    g.outputs = [g.add(MatMul(), g.add(ew.Relu(), y), _c(g, [[1.0], [2.0], [0.5]]), name="last")]
    first, second = Streamline().diagnose(g)
    assert str(first) == (
        "node 'mm': its input 'x' must hold integers, is FLOAT32; declare them (--input-type), or put a "
        "quantizer behind the input"
    )
    assert second.node == "mm"
    assert "weights of output channel" in second.reason


def test_turning_weights_around_turns_the_accumulators_range_around() -> None:
    """Weights of +1 alone: 0…14 in front of the turn, −14…0 behind it."""
    g = Graph("net")
    x = g.input("x", (1, 2), DataType["UINT3"])
    y = g.add(MatMul(), x, _c(g, [[1, 1], [1, 1]]), name="mm")
    y = g.add(ew.Mul(), y, _c(g, [-0.3, -0.3]))
    g.outputs = [g.add(ew.Clip(), g.add(ew.Round(), y), _c(g, -3), _c(g, 0))]
    samples = np.float32([[a, b] for a in range(8) for b in range(8)])
    reference = execute(g, samples)
    g.transform(Streamline())
    g.validate()
    assert int(g.node("mm").output.datatype.min()) <= -14
    np.testing.assert_array_equal(execute(g, samples), reference)
