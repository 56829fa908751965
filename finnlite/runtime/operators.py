# SPDX-License-Identifier: Apache-2.0
"""ONNX operators in numpy: what the host computes before and after the accelerator.

`OPERATORS` maps an operator's name to a function of its inputs (None where one is absent) whose keywords
are its attributes. Results may be of a wider type than ONNX says: a `Step` knows the right one and converts.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np

from .thresholds import along, thresholding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOVES", "OPERATORS"]

MOVES = frozenset(("Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"))
"""Operators that rearrange elements of any type and change none."""


# -- quantizers of ONNX -----------------------------------------------------------------------------
def _quantize(x: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any] | None = None, *, axis: int) -> Any:
    zero = np.zeros((), dtype=np.uint8) if zero is None else zero
    limits = np.iinfo(zero.dtype)
    steps = np.rint(x / _parameter(scale, axis, x.ndim)) + _parameter(zero, axis, x.ndim).astype(np.float64)
    return np.clip(steps, limits.min, limits.max)


def _dequantize(x: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any] | None = None, *, axis: int) -> Any:
    steps = x.astype(np.int64)
    if zero is not None:
        steps = steps - _parameter(zero, axis, x.ndim).astype(np.int64)
    return steps.astype(scale.dtype) * _parameter(scale, axis, x.ndim)


def _parameter(value: NDArray[Any], axis: int, rank: int) -> NDArray[Any]:
    return value.reshape(()) if value.size == 1 else along(value, axis, rank)


# -- sums, products, normalisation ------------------------------------------------------------------
def _gemm(
    a: NDArray[Any],
    b: NDArray[Any],
    c: NDArray[Any] | None = None,
    *,
    alpha: float,
    beta: float,
    transA: bool,
    transB: bool,
) -> Any:
    product = alpha * np.matmul(a.T if transA else a, b.T if transB else b)
    return product if c is None else product + beta * c


def _batch_normalization(
    x: NDArray[Any], *parameters: NDArray[Any], epsilon: float, momentum: float, training_mode: bool
) -> Any:
    """In the order of onnxruntime: factor and offset of each channel first."""
    scale, bias, mean, var = (along(p, 1, x.ndim) for p in parameters)
    factor = scale * (1 / np.sqrt(var + np.float32(epsilon)))
    return x * factor + (bias - mean * factor)


def _log_softmax(x: NDArray[Any], *, axis: int) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _softmax(x: NDArray[Any], *, axis: int) -> Any:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _reduce_sum(
    x: NDArray[Any], axes: NDArray[Any] | None = None, *, keepdims: bool, noop_with_empty_axes: bool
) -> NDArray[Any]:
    if axes is None or not axes.size:
        return x if noop_with_empty_axes else np.asarray(x.sum(keepdims=keepdims))
    return np.asarray(x.sum(axis=_ints(axes), keepdims=keepdims))


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction whose axes are an attribute, None for all."""

    def run(x: NDArray[Any], *, axes: Sequence[int] | None, keepdims: bool) -> NDArray[Any]:
        return np.asarray(function(x, axis=tuple(axes) if axes else None, keepdims=keepdims))

    return run


def _global(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction over all pixels of a channel."""
    return lambda x: function(x, axis=tuple(range(2, x.ndim)), keepdims=True)


# -- selection --------------------------------------------------------------------------------------
def _arg_max(x: NDArray[Any], *, axis: int, keepdims: bool, select_last_index: bool) -> NDArray[Any]:
    """The lowest index wins a tie, or the highest."""
    if select_last_index:
        index = x.shape[axis] - 1 - np.argmax(np.flip(x, axis), axis=axis)
    else:
        index = np.argmax(x, axis=axis)
    return np.expand_dims(index, axis) if keepdims else np.asarray(index)


def _top_k(
    x: NDArray[Any], k: NDArray[Any], *, axis: int, largest: bool, sorted: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Values and indices in order, the lowest index first among equals."""
    if largest:
        rising = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
        order = x.shape[axis] - 1 - np.flip(rising, axis)
    else:
        order = np.argsort(x, axis=axis, kind="stable")
    order = np.take(order, np.arange(int(k.ravel()[0])), axis=axis)
    return np.take_along_axis(x, order, axis), order


# -- movement ---------------------------------------------------------------------------------------
def _ints(array: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(i) for i in array.ravel())


def _reshape(x: NDArray[Any], shape: NDArray[Any], *, allowzero: bool) -> NDArray[Any]:
    wanted = [
        x.shape[axis] if size == 0 and not allowzero else size for axis, size in enumerate(_ints(shape))
    ]
    return x.reshape(wanted)


def _flatten(x: NDArray[Any], *, axis: int) -> NDArray[Any]:
    return x.reshape((int(np.prod(x.shape[:axis])), -1))


def _squeeze(x: NDArray[Any], axes: NDArray[Any] | None = None) -> NDArray[Any]:
    if axes is None:  # of the axes of length 1, not the batch's, which has that length by chance
        return x.reshape(x.shape[:1] + tuple(size for size in x.shape[1:] if size != 1))
    return np.squeeze(x, _ints(axes))


def _unsqueeze(x: NDArray[Any], axes: NDArray[Any]) -> NDArray[Any]:
    rank = x.ndim + axes.size
    for axis in sorted(axis % rank for axis in _ints(axes)):
        x = np.expand_dims(x, axis)
    return x


def _slice(
    x: NDArray[Any],
    starts: NDArray[Any],
    ends: NDArray[Any],
    axes: NDArray[Any] | None = None,
    steps: NDArray[Any] | None = None,
) -> NDArray[Any]:
    ranges: list[slice] = [slice(None)] * x.ndim
    along = range(starts.size) if axes is None else _ints(axes)
    strides = (1,) * starts.size if steps is None else _ints(steps)
    for start, end, axis, step in zip(_ints(starts), _ints(ends), along, strides):
        before_first = step < 0 and end < -x.shape[axis]
        ranges[axis] = slice(start, None if before_first else end, step)
    return x[tuple(ranges)]


# -- elementwise ------------------------------------------------------------------------------------
def _every(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *inputs: reduce(function, inputs)


def _clip(x: NDArray[Any], low: NDArray[Any] | None = None, high: NDArray[Any] | None = None) -> NDArray[Any]:
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _below(x: NDArray[Any], negative: Any) -> NDArray[Any]:
    """x, or where x is below 0 the other."""
    return np.where(x < 0, negative, x)


def _power(a: NDArray[Any], b: NDArray[Any]) -> Any:
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.power(a, b)
    return np.power(a.astype(np.float64), b.astype(np.float64))


_erf = np.frompyfunc(math.erf, 1, 1)

OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": np.add,
    "And": np.logical_and,
    "ArgMax": _arg_max,
    "BatchNormalization": _batch_normalization,
    "Cast": lambda x, to: x,  # the step converts
    "Ceil": np.ceil,
    "Celu": lambda x, alpha: np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha)),
    "Clip": _clip,
    "Concat": lambda *inputs, axis: np.concatenate(inputs, axis=axis),
    "DequantizeLinear": _dequantize,
    "Div": lambda a, b: np.floor_divide(a, b) if a.dtype.kind in "iu" else np.divide(a, b),
    "Dropout": lambda x, seed: x,
    "Elu": lambda x, alpha: _below(x, alpha * np.expm1(x)),
    "Equal": np.equal,
    "Erf": lambda x: np.asarray(_erf(x), dtype=np.float64),
    "Exp": np.exp,
    "Flatten": _flatten,
    "Floor": np.floor,
    "Gather": lambda data, indices, axis: np.take(data, indices, axis=axis),
    "Gemm": _gemm,
    "GlobalAveragePool": _global(np.mean),
    "GlobalMaxPool": _global(np.max),
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "HardSigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1),
    "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "Identity": lambda x: x,
    "LeakyRelu": lambda x, alpha: _below(x, alpha * x),
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Log": np.log,
    "LogSoftmax": _log_softmax,
    "MatMul": np.matmul,
    "Max": _every(np.maximum),
    "Min": _every(np.minimum),
    "Mod": lambda a, b, fmod: np.fmod(a, b) if fmod else np.mod(a, b),
    "Mul": np.multiply,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Or": np.logical_or,
    "PRelu": lambda x, slope: _below(x, slope * x),
    "Pow": _power,
    "QuantizeLinear": _quantize,
    "Reciprocal": lambda x: 1 / x,
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceSum": _reduce_sum,
    "Relu": lambda x: np.maximum(x, 0),
    "Reshape": _reshape,
    "Round": np.rint,
    "Selu": lambda x, alpha, gamma: gamma * _below(x, alpha * np.expm1(x)),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Sign": np.sign,
    "Slice": _slice,
    "Softmax": _softmax,
    "Softplus": lambda x: np.logaddexp(0, x),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Sqrt": np.sqrt,
    "Squeeze": _squeeze,
    "Sub": np.subtract,
    "Sum": _every(np.add),
    "Tanh": np.tanh,
    "Thresholding": thresholding,
    "ThresholdedRelu": lambda x, alpha: np.where(x > alpha, x, 0),
    "TopK": _top_k,
    "Transpose": lambda x, perm: np.transpose(x, perm),
    "Unsqueeze": _unsqueeze,
    "Where": np.where,
}
