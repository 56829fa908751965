# SPDX-License-Identifier: Apache-2.0
"""What standard operators say of themselves (types, affine, monotone) is what onnxruntime does."""

from __future__ import annotations

import numpy as np
import pytest

from finnlite.errors import IRError
from finnlite.execution import Session
from finnlite.ir import Graph
from finnlite.ops import OPERATORS, pools, spatial
from finnlite.ops import convolution as conv
from finnlite.ops import elementwise as ew
from finnlite.ops import movement as mv
from finnlite.ops import outputs as out
from finnlite.ops import reduction as red
from finnlite.ops.normalization import BatchNormalization
from finnlite.ops.quantizers import DequantizeLinear, QuantizeLinear

BATCH = 3
SHAPES = {2: (BATCH, 6), 3: (BATCH, 6, 5), 4: (BATCH, 6, 5, 4)}


def floats(*shape, seed=0, low=-3.0, high=3.0):
    return np.random.default_rng(seed).uniform(low, high, size=shape).astype(np.float32)


def ints(*numbers):
    return np.array(numbers, dtype=np.int64)


def run(op, x, constants, position=0):
    """The op's outputs on x, and the values that infer promised."""
    graph = Graph()
    inputs = [None if c is None else graph.constant(c) for c in constants]
    value = graph.input("x", (1, *x.shape[1:]))
    graph.set_type(value, value.type._replace(carrier=x.dtype))
    node = graph.add_node(op, *inputs[:position], value, *inputs[position:])
    graph.outputs = list(node.outputs)
    results = Session(graph).run(x)
    return [results[v.name] for v in node.outputs], node


MOVING = [
    (mv.Squeeze(), 4, [ints(2)], (1, 6, 1, 4)),
    (mv.Squeeze(), 4, [ints(-2)], (1, 6, 1, 4)),
    (mv.Unsqueeze(), 2, [ints(1, -1)], (1, 6)),
    (mv.Concat(axis=1), 3, [floats(1, 2, 5)], (1, 6, 5)),
    (mv.Slice(), 3, [ints(1), ints(5), ints(1), ints(2)], (1, 6, 5)),
    (mv.Slice(), 3, [ints(-1), ints(-100), ints(2), ints(-1)], (1, 6, 5)),
    (mv.Slice(), 3, [ints(0, 2), ints(1, 100)], (1, 6, 5)),
    (mv.Dropout(), 3, [], (1, 6, 5)),
    (mv.Flatten(axis=-2), 3, [], (1, 6, 5)),
    (mv.Reshape(), 3, [ints(0, 3, -1)], (1, 6, 5)),
    (mv.Transpose(perm=(0, 2, 1)), 3, [], (1, 6, 5)),
    (out.Softmax(axis=1), 3, [], (1, 6, 5)),
    (out.LogSoftmax(axis=-1), 3, [], (1, 6, 5)),
    (red.ReduceSum(keepdims=False), 3, [ints(2)], (1, 6, 5)),
    (red.ReduceSum(noop_with_empty_axes=True), 3, [], (1, 6, 5)),
    (red.ReduceMean(axes=(1, -1)), 3, [], (1, 6, 5)),
    (red.ReduceMax(axes=(2,), keepdims=False), 3, [], (1, 6, 5)),
    (red.ReduceMin(axes=(2,)), 3, [], (1, 6, 5)),
    (conv.Conv(), 4, [floats(2, 6, 3, 2)], (1, 6, 5, 4)),
    (conv.Conv(pads=(1, 0, 2, 1), strides=(2, 1), group=3), 4, [floats(9, 2, 3, 2)], (1, 6, 5, 4)),
    (conv.Conv(dilations=(2, 3)), 4, [floats(2, 6, 2, 2), floats(2)], (1, 6, 5, 4)),
    (conv.Conv(auto_pad="SAME_UPPER", strides=(2, 3)), 4, [floats(2, 6, 3, 3)], (1, 6, 5, 4)),
    (conv.Conv(auto_pad="VALID", strides=(2, 2)), 4, [floats(2, 6, 3, 3)], (1, 6, 5, 4)),
    (conv.ConvTranspose(), 4, [floats(6, 2, 3, 2)], (1, 6, 5, 4)),
    (
        conv.ConvTranspose(
            strides=(3, 2), pads=(1, 0, 2, 1), output_padding=(2, 0), group=3, dilations=(1, 2)
        ),
        4,
        [floats(6, 2, 3, 2), floats(6)],
        (1, 6, 5, 4),
    ),
    (conv.ConvTranspose(auto_pad="SAME_UPPER", strides=(2,)), 3, [floats(6, 2, 3)], (1, 6, 5)),
    (pools.MaxPool(kernel_shape=(2, 2), strides=(2, 2)), 4, [], (1, 6, 5, 4)),
    (pools.MaxPool(kernel_shape=(2, 2), dilations=(2, 3)), 4, [], (1, 6, 5, 4)),
    (pools.MaxPool(kernel_shape=(2, 2), strides=(2, 2), ceil_mode=True), 4, [], (1, 6, 5, 4)),
    (pools.MaxPool(kernel_shape=(3,), strides=(3,), pads=(1, 1), ceil_mode=True), 3, [], (1, 6, 5)),
    (pools.AveragePool(kernel_shape=(3, 3), pads=(1, 1, 1, 1), count_include_pad=True), 4, [], (1, 6, 5, 4)),
    (pools.AveragePool(kernel_shape=(2, 2), strides=(3, 3), ceil_mode=True), 4, [], (1, 6, 5, 4)),
    (pools.GlobalAveragePool(), 4, [], (1, 6, 5, 4)),
    (pools.GlobalMaxPool(), 3, [], (1, 6, 5)),
    (spatial.Resize(), 4, [None, np.float32([1, 1, 2, 3])], (1, 6, 5, 4)),
    (spatial.Resize("asymmetric", nearest_mode="floor"), 3, [None, np.float32([1, 1, 0.5])], (1, 6, 5)),
    (spatial.Pad(), 4, [ints(0, 0, 1, 2, 0, 0, 3, 0), np.float32(2)], (1, 6, 5, 4)),
]


@pytest.mark.parametrize(
    ("op", "rank", "constants", "shape"), MOVING, ids=lambda v: getattr(v, "op_type", None)
)
def test_shapes_are_those_of_onnxruntime(op, rank, constants, shape):
    joins = isinstance(op, mv.Concat)  # its constant has one row
    (result, *_), node = run(op, floats(1 if joins else BATCH, *shape[1:]), constants)
    assert result.shape[1:] == node.output.shape[1:]
    assert node.output.shape[0] == 1
    assert result.dtype == node.output.carrier


C = floats(6, seed=1, low=0.3, high=2.0)
COMPARISONS = (ew.Greater, ew.GreaterOrEqual, ew.Less, ew.LessOrEqual, ew.Equal)
ELEMENTWISE = [
    *[(op(), [C], position) for op in (ew.Add, ew.Sub, ew.Mul, ew.Div, ew.Pow) for position in (0, 1)],
    *[(op(), [C, -C], 1) for op in (ew.Sum, ew.Min, ew.Max)],
    *[(op(), [C], p) for op in COMPARISONS for p in (0, 1)],
    *[
        (op(), [], 0)
        for op in (
            ew.Neg, ew.Abs, ew.Reciprocal, ew.Exp, ew.Erf, ew.Sign, ew.Floor, ew.Ceil, ew.Round, ew.Relu,
            ew.Sigmoid, ew.Tanh, ew.Softplus, ew.Softsign, ew.HardSwish, ew.LeakyRelu, ew.Elu, ew.Selu,
            ew.Celu, ew.ThresholdedRelu, ew.HardSigmoid, mv.Identity,
        )
    ],
    (ew.LeakyRelu(alpha=-0.5), [], 0),
    (ew.Elu(alpha=-0.5), [], 0),
    (ew.Mod(fmod=True), [C], 0),
    (ew.Clip(), [np.float32(-1), np.float32(1)], 0),
    (ew.PRelu(), [C], 0),
    (ew.PRelu(), [-C], 0),
    (ew.Pow(), [np.float32(3)], 0),
    (ew.Pow(), [np.float32(2)], 0),
    (ew.Where(), [C > 1, C], 1),
    (BatchNormalization(), [C, -C, C, C], 0),
    (QuantizeLinear(), [C, np.zeros(6, np.int8)], 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "constants", "position"), ELEMENTWISE, ids=[f"{c[0].op_type}{c[2]}" for c in ELEMENTWISE]
)
def test_affine_and_monotone_are_what_they_say(op, constants, position):
    """On one rising sequence a channel. What is not claimed must not hold here either."""
    steps = np.arange(-48, 49, dtype=np.float32) / 16
    x = np.repeat(steps[:, None], 6, axis=1)
    (y,), node = run(op, x, constants, position)
    assert y.dtype == node.output.carrier
    assert y.shape[1:] == node.output.shape[1:]
    finite = np.isfinite(y.astype(np.float64))
    change = np.diff(y.astype(np.float64), axis=0)
    rises = [bool(np.all(c[f[1:] & f[:-1]] >= 0)) for c, f in zip(change.T, finite.T, strict=True)]
    falls = [bool(np.all(c[f[1:] & f[:-1]] <= 0)) for c, f in zip(change.T, finite.T, strict=True)]
    monotone = all(r or f for r, f in zip(rises, falls, strict=True))
    claimed = op.monotone_in(position, node.inputs)
    assert monotone or not claimed
    if claimed:
        assert all(rises) or not op.rising_in(position, node.inputs)
    # Pow and Equal are monotone for some constants only, 1/x on either side of 0 only
    timid = isinstance(op, ew.Pow | ew.Equal | ew.Reciprocal) or (isinstance(op, ew.Div) and position == 1)
    assert claimed or timid or not monotone
    if op.affine_in(position):
        a, b = op.affine_terms(position, *node.inputs)
        np.testing.assert_allclose(y, x * a + b, rtol=1e-5, atol=1e-5)
    else:
        with pytest.raises(IRError, match=r"must be (affine|constant)"):
            op.affine_terms(position, *node.inputs)


def test_affine_terms_of_batch_norm_lie_along_the_channels():
    x = floats(BATCH, 6, 5, 4)
    (y,), node = run(BatchNormalization(epsilon=0.01), x, [C, -C, C, C])
    a, b = node.op.affine_terms(0, *node.inputs)
    np.testing.assert_allclose(y, x * a + b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("axis", "zero"), [(1, None), (1, -3), (-1, 2)])
def test_affine_terms_of_dequantize_linear_lie_along_its_axis(axis, zero):
    x = np.random.default_rng(0).integers(-20, 20, size=(BATCH, 6, 5)).astype(np.int8)
    scale = floats(x.shape[axis], low=0.1, high=2)
    constants = [scale] if zero is None else [scale, np.full(x.shape[axis], zero, np.int8)]
    (y,), node = run(DequantizeLinear(axis=axis), x, constants)
    a, b = node.op.affine_terms(0, *node.inputs)
    np.testing.assert_allclose(y, x * a + b, rtol=1e-6)


@pytest.mark.parametrize(
    ("op", "constants", "message"),
    [
        (ew.Add(), [np.zeros(5, np.float32)], "input shapes must broadcast, are [1, 6] and [5]"),
        (ew.Add(), [np.zeros(6)], "Add inputs must have one element type, are float32 and float64"),
        (ew.Add(), [], "input 1 must be present, is absent"),
        (mv.Squeeze(), [ints(1)], "Squeeze axes must have length 1, are [1] of [1, 6]"),
        (BatchNormalization(), [C, C, C[:5], C], "BatchNormalization mean must have shape [6], has [5]"),
        (BatchNormalization(training_mode=True), [C, C, C, C], "training_mode must be 0, is 1"),
        (BatchNormalization(), [C, C, C, -C], "BatchNormalization var + epsilon must be positive, is -"),
        (QuantizeLinear(), [C[:4]], "QuantizeLinear scale must have 6 elements, has 4"),
        (out.Softmax(axis=2), [], "Softmax axis must be one of 2 axes, is 2"),
    ],
)
def test_what_does_not_fit_is_an_error(op, constants, message):
    with pytest.raises(IRError) as error:
        run(op, floats(BATCH, 6), constants)
    assert str(error.value).startswith(f"node {op.op_type!r}: {message}")


def test_conv_names_the_shapes_that_do_not_agree():
    with pytest.raises(IRError) as error:
        run(conv.Conv(), floats(BATCH, 6, 5, 4), [floats(2, 5, 3, 3)])
    assert str(error.value) == (
        "node 'Conv': Conv shapes must agree, are [1, 6, 5, 4] and [2, 5, 3, 3] in 1 groups"
    )


def test_every_elementwise_operator_is_registered_under_its_name():
    for name in ew.__all__:
        cls = getattr(ew, name)
        if cls is not ew.Elementwise:
            assert OPERATORS["", name] is cls


def test_a_maximum_of_padding_alone_is_refused():
    op = pools.MaxPool(kernel_shape=(1, 2), dilations=(1, 2), pads=(0, 1, 0, 1))
    with pytest.raises(IRError) as error:
        run(op, floats(BATCH, 6, 1, 1), [])
    assert str(error.value) == (
        "node 'MaxPool': each window of MaxPool must hold a pixel of the image, does not: "
        "kernel [1, 2] with pads [0, 1, 0, 1] over [1, 1] pixels"
    )
