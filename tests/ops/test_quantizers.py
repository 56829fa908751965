# SPDX-License-Identifier: Apache-2.0
"""Quantizers equal QONNX's own operators, executed by QONNX, to the last bit."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from finnlite.errors import IRError
from finnlite.execution import Session, execute
from finnlite.ir import Graph
from finnlite.ops.quantizers import BipolarQuant, IntQuant, MultiThreshold, Quant, Trunc, TruncV1

ROUNDINGS = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")
SHAPE = (6, 64)


def samples(shape=SHAPE, spread=20.0, seed=0):
    """Random numbers, and between them ties, zeros of both signs and values far outside."""
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=spread, size=shape).astype(np.float32)
    flat = x.reshape(-1)
    ties = np.arange(-16, 16, 0.25, dtype=np.float32)
    flat[: ties.size] = ties
    flat[ties.size : ties.size + 6] = [0.0, -0.0, 1e30, -1e30, 1e-30, -1e-30]
    return x


def by_qonnx(op_type, x, inputs, version=2, **attributes):
    names = [f"i{index}" for index in range(len(inputs))]
    node = helper.make_node(op_type, ["x", *names], ["y"], domain="qonnx.custom_op.general", **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, x.shape)],
        [onnx.numpy_helper.from_array(array, name) for name, array in zip(names, inputs, strict=True)],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", version)]
    model = ModelWrapper(helper.make_model(graph, opset_imports=opsets))
    return execute_onnx(model, {"x": x})["y"]


def by_finnlite(op, x, inputs):
    graph = Graph()
    value = graph.input("x", (1, *x.shape[1:]))
    constants = [graph.constant(array) for array in inputs]
    graph.outputs = [graph.add(op, value, *constants)]
    graph.validate()
    return execute(graph, x)


def assert_same_bits(a, b):
    """Equal including the sign of zero."""
    assert a.dtype == b.dtype == np.float32
    np.testing.assert_array_equal(a.view(np.int32), b.view(np.int32))


def number(value):
    return np.array(value, dtype=np.float32)


@pytest.mark.parametrize("rounding_mode", [*ROUNDINGS, "floor", "Half_Up"])
@pytest.mark.parametrize(("signed", "narrow"), list(itertools.product((False, True), repeat=2)))
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_quant_equals_qonnx(bits, signed, narrow, rounding_mode):
    x = samples()
    for scale, zeropt in ((1.0, 0.0), (0.26666668, 0.0), (0.5, 3.0), (0.1, -1.5)):
        inputs = [number(scale), number(zeropt), number(bits)]
        attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding_mode}
        expected = by_qonnx("Quant", x, inputs, **attributes)
        assert_same_bits(by_finnlite(Quant(signed, narrow, rounding_mode), x, inputs), expected)


@pytest.mark.parametrize("bits", [9, 16, 24, 31, 32])
@pytest.mark.parametrize("signed", [False, True])
def test_wide_quant_equals_qonnx(bits, signed):
    x = samples(spread=2.0**30)
    inputs = [number(1.0), number(0.0), number(bits)]
    expected = by_qonnx("Quant", x, inputs, signed=int(signed), narrow=0)
    assert_same_bits(by_finnlite(Quant(signed, False), x, inputs), expected)


def test_quant_with_scale_and_zero_point_of_each_channel_equals_qonnx():
    x = samples()
    rng = np.random.default_rng(1)
    scale = rng.uniform(0.01, 2, size=(1, 64)).astype(np.float32)
    zeropt = rng.integers(-3, 4, size=(1, 64)).astype(np.float32)
    inputs = [scale, zeropt, number(3)]
    expected = by_qonnx("Quant", x, inputs, signed=1, narrow=0)
    assert_same_bits(by_finnlite(Quant(True, False), x, inputs), expected)


def test_intquant_equals_qonnx():
    x = samples()
    inputs = [number(0.3), number(0), number(5)]
    expected = by_qonnx("IntQuant", x, inputs, signed=1, narrow=1, rounding_mode="HALF_DOWN")
    assert_same_bits(by_finnlite(IntQuant(rounding_mode="HALF_DOWN"), x, inputs), expected)


@pytest.mark.parametrize("scale", [number(1.0), number(0.37), np.full((1, 64), 0.7, np.float32)])
def test_bipolar_quant_equals_qonnx(scale):
    x = samples()
    expected = by_qonnx("BipolarQuant", x, [scale])
    assert set(np.sign(expected).ravel()) == {-1.0, 1.0}
    assert_same_bits(by_finnlite(BipolarQuant(), x, [scale]), expected)


def test_bipolar_quant_of_zero_and_one_is_all_plus_one_as_in_qonnx():
    x = np.array([[0.0, 1.0, 0.0, 1.0]], np.float32)
    assert by_finnlite(BipolarQuant(), x, [number(1.0)]).tolist() == [[1.0, 1.0, 1.0, 1.0]]


@pytest.mark.parametrize("rounding_mode", ROUNDINGS)
def test_trunc_version_1_equals_qonnx(rounding_mode):
    x = samples()
    for scale, zeropt in ((1.0, 0.0), (0.25, 0.0), (0.3, 2.0)):
        inputs = [number(scale), number(zeropt), number(8), number(5)]
        expected = by_qonnx("Trunc", x, inputs, version=1, rounding_mode=rounding_mode)
        # np.fix keeps the sign of -0.0, onnxruntime's Sign does not: + 0 makes all zeros positive
        assert_same_bits(by_finnlite(TruncV1(rounding_mode), x, inputs) + 0, expected + 0)


@pytest.mark.parametrize("rounding_mode", ROUNDINGS)
@pytest.mark.parametrize(("signed", "narrow"), list(itertools.product((False, True), repeat=2)))
def test_trunc_version_2_equals_qonnx(signed, narrow, rounding_mode):
    x = samples()
    for scale, zeropt, out_scale in ((1.0, 0.0, 4.0), (0.25, 0.0, 2.0), (0.3, 2.0, 1.1)):
        inputs = [number(scale), number(zeropt), number(8), number(out_scale), number(4)]
        attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding_mode}
        expected = by_qonnx("Trunc", x, inputs, **attributes)
        result = by_finnlite(Trunc(rounding_mode, narrow, signed), x, inputs)
        assert_same_bits(result + 0, expected + 0)


THRESHOLD_CASES = [
    ((4, 6), ""), ((4, 6), "NC"), ((4, 5, 6), ""), ((4, 6, 5), "NCW"), ((4, 6, 3, 2), ""),
    ((4, 3, 2, 6), "NHWC"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "layout"), THRESHOLD_CASES)
@pytest.mark.parametrize("count", [1, 3, 15, 255])
@pytest.mark.parametrize("rows", [1, 6])
def test_multithreshold_equals_qonnx(shape, layout, count, rows):
    rng = np.random.default_rng(count)
    thresholds = np.sort(rng.integers(-20, 20, size=(rows, count)), axis=1).astype(np.float32)
    x = rng.integers(-25, 25, size=shape).astype(np.float32)
    for scale, bias in ((1.0, 0.0), (2.0, -1.0), (0.1, -0.35)):
        attributes = {"out_dtype": "INT16", "out_scale": scale, "out_bias": bias, "data_layout": layout}
        expected = by_qonnx("MultiThreshold", x, [thresholds], **attributes)
        scale, bias = float(np.float32(scale)), float(np.float32(bias))
        result = by_finnlite(MultiThreshold("INT16", scale, bias, layout), x, [thresholds])
        assert_same_bits(result, expected)


def test_multithreshold_with_thresholds_out_of_order_equals_qonnx():
    x = samples()
    thresholds = np.random.default_rng(0).normal(size=(64, 7), scale=10).astype(np.float32)
    expected = by_qonnx("MultiThreshold", x, [thresholds], out_dtype="UINT3")
    assert_same_bits(by_finnlite(MultiThreshold("UINT3"), x, [thresholds]), expected)


def test_255_thresholds_are_not_compared_one_by_one():
    graph = Graph()
    x = graph.input("x", (1, 16))
    thresholds = np.sort(np.random.default_rng(0).normal(size=(16, 255)), axis=1).astype(np.float32)
    graph.outputs = [graph.add(MultiThreshold("UINT8"), x, graph.constant(thresholds))]
    from finnlite.execution import expand

    expanded, _ = expand(graph)
    computed = [value for value in expanded.values if value.const is None]
    assert len(computed) < 60
    assert max(np.prod(value.shape) for value in computed) == 16
    Session(graph).run(np.zeros((3, 16), np.float32))


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (
            Quant(rounding_mode="NEAREST"),
            [number(1), number(0), number(4)],
            "node 'Quant': rounding_mode must be one of ROUND, HALF_EVEN, CEIL, FLOOR, UP, DOWN, HALF_UP, "
            "HALF_DOWN, is 'NEAREST'",
        ),
        (
            Quant(),
            [number(1), number(0), number(2.5)],
            "node 'Quant': input bitwidth must be an integer from 1 to 32, is 2.5",
        ),
        (
            MultiThreshold(),
            [np.zeros((3, 2), np.float32)],
            "node 'MultiThreshold': MultiThreshold thresholds must have shape (1 or 64, T), have [3, 2]",
        ),
    ],
)
def test_what_a_quantizer_cannot_mean_is_an_error(op, inputs, message):
    with pytest.raises(IRError) as error:
        by_finnlite(op, samples(), inputs)
    assert str(error.value) == message
