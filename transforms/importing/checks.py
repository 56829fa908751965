# SPDX-License-Identifier: Apache-2.0
"""What every imported node must keep: the batch as axis 0, and numbers that are numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import NodeProto

from finnlite.errors import IRError, ModelError
from finnlite.ir import Op, TensorType, Value
from finnlite.ops.elementwise import Elementwise
from finnlite.ops.movement import Reshape, constant_ints
from finnlite.ops.outputs import LogSoftmax, Softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_arity", "check_batch", "check_numbers", "reshape_target"]

_TRIAL_BATCH = 7919
"""A batch that is no other length, to see where the batch axis goes."""
_KEEP_BATCH = "keep the samples of a batch apart, in axis 0"


def check_arity(node: NodeProto, opset: int) -> None:
    """Sees that a standard node has as many inputs as its definition in the model's opset asks for.

    Raises:
        ModelError: If not, or if the opset has no such operator.
    """
    if node.domain not in ("", "ai.onnx"):
        return
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, "")
    except onnx.defs.SchemaError:
        raise ModelError(f"operator must be one of opset {opset}, is {node.op_type}") from None
    if not schema.min_input <= len(node.input) <= schema.max_input:
        least, most = schema.min_input, schema.max_input
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ModelError(f"{node.op_type} must have {wanted} inputs, has {len(node.input)}")


def reshape_target(op: Reshape, inputs: Sequence[Value | None], batch: int) -> NDArray[np.int64]:
    """The target of a `Reshape`, right for every batch: 0 (copy) for axis 0, all other axes spelled out.

    Args:
        op: The operator as the file has it.
        inputs: Data and target, which must be constant.
        batch: The batch the model was exported with, which the target may contain.

    Raises:
        ModelError: If the target does not fit, or does not keep the batch as axis 0.
    """
    x = inputs[0]
    wanted = constant_ints(inputs[1] if len(inputs) > 1 else None, "shape")
    if x is None:
        raise ModelError("input data must be present, is absent")
    source = (batch, *x.shape[1:])
    if not op.allowzero and any(d == 0 and i >= len(source) for i, d in enumerate(wanted)):
        raise ModelError(f"Reshape target must copy one of {len(source)} axes, is {wanted}")
    shape = [source[i] if d == 0 and not op.allowzero else d for i, d in enumerate(wanted)]
    known = math.prod(d for d in shape if d != -1)
    if shape.count(-1) == 1 and known:
        shape[shape.index(-1)] = math.prod(source) // known
    if math.prod(shape) != math.prod(source):
        raise ModelError(f"Reshape target must keep {math.prod(source)} elements, is {wanted}")
    if not shape or shape[0] != batch:
        raise ModelError(f"Reshape must {_KEEP_BATCH}, makes {shape} of {list(source)}")
    return np.asarray([0, *shape[1:]], dtype=np.int64)


def _trial(value: Value | None) -> Value | None:
    if value is None or value.const is not None:
        return value
    return Value(value.name, value.type._replace(shape=(_TRIAL_BATCH, *value.shape[1:])))


def check_batch(op: Op, inputs: Sequence[Value | None]) -> None:
    """Sees with a strange batch that it stays axis 0 and that no other axis depends on it.

    Raises:
        ModelError: If not.
    """
    once = op.infer(*inputs)
    try:
        many = op.infer(*map(_trial, inputs))
    except IRError:
        many = ()
    mixes = isinstance(op, Softmax | LogSoftmax) and op.axis % len(once[0].shape) == 0
    if mixes or [t.shape for t in many] != [_batched(t) for t in once]:
        shapes = " and ".join(str(list(v.shape)) for v in inputs if v is not None)
        raise ModelError(f"{op.op_type} must {_KEEP_BATCH}, does not (inputs {shapes})")


def _batched(type_: TensorType) -> tuple[int, ...] | None:
    return (_TRIAL_BATCH, *type_.shape[1:]) if type_.shape[:1] == (1,) else None


def check_numbers(op: Op, inputs: Sequence[Value | None]) -> None:
    """Sees that constants are numbers: never NaN; infinite only as limits, which bound and do not count.

    Raises:
        ModelError: If not; the message names the tensor and the element.
    """
    limits = isinstance(op, Elementwise) and not op.affine
    for value in inputs:
        if value is None or value.const is None or value.const.dtype.kind != "f":
            continue
        bad = np.isnan(value.const) if limits or value.const.ndim == 0 else ~np.isfinite(value.const)
        if bad.any():
            at = [int(i) for i in np.argwhere(bad)[0]]
            found = f"{value.const[tuple(at)]} at {at}" if at else f"{value.const}"
            raise ModelError(
                f"constant {value.name!r} must be finite, is {found} ({int(bad.sum())} such elements); "
                "repair the weights and export the model again"
            )
