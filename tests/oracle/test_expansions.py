# SPDX-License-Identifier: Apache-2.0
"""Each quantizer's expansion against QONNX's own operator and against the specification in NumPy.

Three sides, so that a misreading shared by two of them is still seen by the third.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx.reference
import pytest
from onnx import TensorProto, helper
from qonnx.custom_op.registry import getCustomOp

from finnlite.execution import execute
from finnlite.ir import Graph, Op
from finnlite.ops.quantizers import (
    BipolarQuant,
    DequantizeLinear,
    IntQuant,
    MultiThreshold,
    Quant,
    QuantizeLinear,
    Trunc,
    TruncV1,
)
from tests.networks.tables import ROUNDING

from . import definitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CHANNELS = 6
SCALES = (1.0, 0.25, 0.1, 0.26666668, 3.7)


def samples(scale: Any, shape: Sequence[int] = (40, CHANNELS), seed: int = 0) -> Floats:
    """Halves, quarters and neighbours of halves of the scale, numbers far outside, and random ones."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(-80, 80, shape).astype(np.float32) / np.float32(4)
    x = steps * np.broadcast_to(np.asarray(scale, np.float32), shape)
    nudged = rng.random(shape) < 0.3
    x[nudged] = np.nextafter(x[nudged], rng.choice(np.float32([-1e9, 1e9]), nudged.sum()), dtype=np.float32)
    odd = rng.random(shape) < 0.1
    x[odd] = rng.choice(np.float32([0.0, -0.0, 1e-30, -1e-30, 1e6, -1e6]), odd.sum())
    free = rng.random(shape) < 0.2
    x[free] = rng.normal(size=free.sum()) * 10
    return x


def by_finnlite(op: Op, x: NDArray[Any], *constants: NDArray[Any]) -> NDArray[Any]:
    graph = Graph()
    value = graph.input("x", (1, *x.shape[1:]))
    graph.outputs = [graph.add(op, value, *(graph.constant(c) for c in constants))]
    return execute(graph, x)


def by_qonnx(op_type: str, version: int, tensors: Sequence[NDArray[Any]], **attributes: Any) -> NDArray[Any]:
    names = [f"t{i}" for i in range(len(tensors))]
    node = helper.make_node(op_type, names, ["y"], domain="qonnx.custom_op.general", **attributes)
    context = dict(zip(names, tensors, strict=True))
    getCustomOp(node, version).execute_node(context, None)
    return context["y"]


def assert_all_equal(*results: NDArray[Any]) -> None:
    first, *others = results
    for other in others:
        assert other.dtype == first.dtype
        np.testing.assert_array_equal(other, first)


def f32(value: Any) -> Floats:
    return np.asarray(value, np.float32)


@pytest.mark.parametrize("rounding", ROUNDING)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("narrow", [True, False])
def test_quant(rounding: str, signed: bool, narrow: bool) -> None:
    for number, bits in enumerate((1, 2, 3, 5, 8, 16)):
        for zero in (0, 1, -3):
            scale = f32(SCALES[(number + zero) % len(SCALES)])
            x = samples(scale, seed=number)
            parameters = (scale, f32(zero), f32(bits))
            attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding}
            expected = definitions.quant(
                x, scale, f32(zero), bits, signed=signed, narrow=narrow, rounding=rounding
            )
            for name, op in (("Quant", Quant), ("IntQuant", IntQuant)):
                assert_all_equal(
                    expected,
                    by_qonnx(name, 1, (x, *parameters), **attributes),
                    by_finnlite(op(signed=signed, narrow=narrow, rounding_mode=rounding), x, *parameters),
                )


@pytest.mark.parametrize("rounding", ROUNDING)
@pytest.mark.parametrize("shape", [(CHANNELS,), (1, CHANNELS)])
def test_quant_with_a_scale_and_zero_point_a_channel(rounding: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    scale = rng.uniform(0.05, 2, shape).astype(np.float32)
    zero = rng.integers(-4, 5, shape).astype(np.float32)
    x = samples(scale.reshape(-1))
    assert_all_equal(
        definitions.quant(x, scale, zero, 4, signed=True, narrow=False, rounding=rounding),
        by_qonnx("Quant", 1, (x, scale, zero, f32(4)), signed=1, narrow=0, rounding_mode=rounding),
        by_finnlite(Quant(signed=True, narrow=False, rounding_mode=rounding), x, scale, zero, f32(4)),
    )


@pytest.mark.parametrize("scale", [1.0, 0.3, [0.5, 1, 2, 0.1, 7, 0.3]])
def test_bipolar_quant(scale: Any) -> None:
    x = samples(1.0)
    expected = definitions.bipolar_quant(x, f32(scale))
    assert (x == 0).any()
    assert_all_equal(
        expected, by_qonnx("BipolarQuant", 1, (x, f32(scale))), by_finnlite(BipolarQuant(), x, f32(scale))
    )


@pytest.mark.parametrize("rounding", ROUNDING)
@pytest.mark.parametrize("zero", [0, 4, -3])
def test_trunc_version_1(rounding: str, zero: int) -> None:
    for number, (bits, kept) in enumerate(((8, 4), (5, 2), (8, 8), (16, 7))):
        scale = f32(SCALES[number])
        x = samples(scale, seed=number)
        expected = definitions.trunc_v1(x, scale, f32(zero), bits, kept, rounding=rounding)
        parameters = (scale, f32(zero), f32(bits), f32(kept))
        assert_all_equal(
            expected,
            by_qonnx("Trunc", 1, (x, *parameters), rounding_mode=rounding),
            by_finnlite(TruncV1(rounding_mode=rounding), x, *parameters),
        )


@pytest.mark.parametrize("rounding", ROUNDING)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("narrow", [True, False])
def test_trunc_version_2(rounding: str, signed: bool, narrow: bool) -> None:
    for number, (bits, kept, zero) in enumerate(((8, 4, 0), (5, 2, 8), (8, 8, 0), (6, 3, -3))):
        scale = f32(SCALES[number])
        out_scale = f32(scale * 2.0 ** (bits - kept) * (1.0, 1.1)[number % 2])  # rounded to a power of two
        x = samples(scale, seed=number)
        expected = definitions.trunc_v2(
            x, scale, f32(zero), out_scale, kept, signed=signed, narrow=narrow, rounding=rounding
        )
        parameters = (scale, f32(zero), f32(bits), out_scale, f32(kept))
        attributes = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding}
        op = Trunc(rounding_mode=rounding, narrow=narrow, signed=signed)
        assert_all_equal(
            expected, by_qonnx("Trunc", 2, (x, *parameters), **attributes), by_finnlite(op, x, *parameters)
        )


LAYOUTS = [
    ((9, 6), "", 1),
    ((9, 6), "NC", 1),
    ((9, 5, 6), "", 2),
    ((9, 6, 5), "NCW", 1),
    ((9, 5, 6), "NWC", 2),
    ((9, 6, 4, 3), "", 1),
    ((9, 6, 4, 3), "NCHW", 1),
    ((9, 4, 3, 6), "NHWC", 3),
]


@pytest.mark.parametrize(("shape", "layout", "axis"), LAYOUTS)
@pytest.mark.parametrize("steps", [1, 3, 15, 255])
def test_multithreshold(shape: tuple[int, ...], layout: str, axis: int, steps: int) -> None:
    rng = np.random.default_rng(steps)
    x = rng.integers(-60, 60, shape).astype(np.float32) / np.float32(2)
    for rows in (1, CHANNELS):
        # equal ones, some out of reach, and in no order: the definition counts
        thresholds = (rng.integers(-80, 80, (rows, steps)) / 2).astype(np.float32)
        for scale, bias in ((1.0, 0.0), (2.0, -1.0), (0.3, -1.7)):
            scale, bias = float(np.float32(scale)), float(np.float32(bias))
            attributes = {"out_dtype": "FLOAT32", "out_scale": scale, "out_bias": bias, "data_layout": layout}
            expected = definitions.multithreshold(x, thresholds, scale=scale, bias=bias, axis=axis)
            assert_all_equal(
                expected,
                by_qonnx("MultiThreshold", 1, (x, thresholds), **attributes),
                by_finnlite(MultiThreshold(**attributes), x, thresholds),
            )


def test_a_threshold_between_integers_fires_at_the_next_one() -> None:
    """12.78 must act as 13, not as 12."""
    x = f32([[12], [13]])
    op = MultiThreshold(out_dtype="UINT1")
    assert by_finnlite(op, x, f32([[12.78]])).ravel().tolist() == [0, 1]


def by_reference(op_type: str, tensors: Sequence[NDArray[Any]], axis: int) -> NDArray[Any]:
    """ONNX's own executable specification (from opset 19 on; what is tested here has not changed)."""
    names = [f"t{i}" for i in range(len(tensors))]
    infos = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(t.dtype), t.shape)
        for n, t in zip(names, tensors, strict=True)
    ]
    node = helper.make_node(op_type, names, ["y"], axis=axis)
    outputs = [helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)]
    graph = helper.make_graph([node], "g", infos, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    results = onnx.reference.ReferenceEvaluator(model).run(None, dict(zip(names, tensors, strict=True)))
    return np.asarray(results[0])


@pytest.mark.parametrize("carrier", [np.int8, np.uint8])
@pytest.mark.parametrize("zero", [0, 7, 100])
@pytest.mark.parametrize("per_channel", [True, False])
def test_quantize_and_dequantize_linear(carrier: Any, zero: int, per_channel: bool) -> None:
    rng = np.random.default_rng(zero)
    scale = rng.uniform(0.05, 2, CHANNELS).astype(np.float32) if per_channel else f32(0.26666668)
    zeros = np.full(scale.shape, zero, carrier)
    if per_channel:
        zeros[1] += 3
    x = samples(scale)
    integers = by_finnlite(QuantizeLinear(axis=1), x, scale, zeros)
    assert_all_equal(
        definitions.quantize_linear(x, scale, zeros),
        by_reference("QuantizeLinear", (x, scale, zeros), 1),
        integers,
    )
    graph = Graph()
    value = graph.input("x", (1, CHANNELS))
    scales, offsets = graph.constant(scale), graph.constant(zeros)
    quantized = graph.add(QuantizeLinear(axis=1), value, scales, offsets)
    graph.outputs = [graph.add(DequantizeLinear(axis=1), quantized, scales, offsets)]
    assert_all_equal(
        definitions.dequantize_linear(integers, scale, zeros),
        by_reference("DequantizeLinear", (integers, scale, zeros), 1),
        execute(graph, x),
    )
