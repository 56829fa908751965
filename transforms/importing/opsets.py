# SPDX-License-Identifier: Apache-2.0
"""Nodes of opsets 9 to 18 in the form of opset 17, and QONNX nodes in that of its domain's version 2.

Between those opsets parameters moved from attributes to inputs (once from inputs to attributes) and a few
defaults changed; everything else means the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto, helper

from finnlite.errors import ModelError
from finnlite.ir import OWN_DOMAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OPSETS", "QONNX_DOMAIN", "Form", "check_opset", "domain_of", "modern", "operator_of"]

OPSETS = range(9, 19)
QONNX_DOMAIN = "qonnx.custom_op.general"
_DOMAINS = {"ai.onnx": "", "onnx.brevitas": QONNX_DOMAIN}


def domain_of(node: NodeProto | FunctionProto) -> str:
    """The domain under its one spelling."""
    return _DOMAINS.get(node.domain, node.domain)


def operator_of(node: NodeProto) -> tuple[str, str]:
    """Domain and operator type under which finnlite has the operator, if it has it."""
    domain = domain_of(node)
    if domain == QONNX_DOMAIN and node.op_type == "Trunc" and len(node.input) == 5:  # version 2 has 6
        return OWN_DOMAIN, "TruncV1"
    if not domain and node.op_type == "Upsample":
        return domain, "Resize"
    return domain, node.op_type


def check_opset(model: ModelProto) -> int:
    """The model's opset.

    Raises:
        ModelError: If it is outside what Import reads.
    """
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    version = max(versions, default=OPSETS[-2])  # a model without one has no standard operators
    if version not in OPSETS:
        raise ModelError(
            f"model opset must be {OPSETS[0]} to {OPSETS[-1]}, is {version}; "
            f"export it with opset_version={OPSETS[-2]}"
        )
    return version


@dataclass
class Form:
    """A node's operator, attributes and inputs; an input is a tensor's name, an array, or absent."""

    domain: str
    op_type: str
    attributes: dict[str, AttributeProto]
    inputs: list[str | NDArray[Any] | None] = field(default_factory=list)

    def take(self, name: str) -> Any:
        """Removes an attribute and returns its value, None if it is absent."""
        attribute = self.attributes.pop(name, None)
        return None if attribute is None else helper.get_attribute_value(attribute)

    def give(self, name: str, value: Any) -> None:
        """Sets an attribute."""
        self.attributes[name] = helper.make_attribute(name, value)


# operator: the opset from which these attributes are the inputs after the first
_BECAME_INPUTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "Clip": (11, ("min", "max")),
    "Pad": (11, ("pads", "value")),
    "ReduceSum": (13, ("axes",)),
    "Slice": (10, ("starts", "ends", "axes")),
    "Split": (13, ("split",)),
    "Squeeze": (13, ("axes",)),
    "TopK": (10, ("k",)),
    "Unsqueeze": (13, ("axes",)),
}
_FLOATS = ("min", "max", "value")

# operator: the opset from which the second input is what was the attribute "axes"
_AXES_BECAME_INPUT = dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin"), 18)

# attributes that older files carry and that mean nothing at inference
_OBSOLETE: Mapping[str, tuple[str, ...]] = {
    "BatchNormalization": ("spatial",),
    "Dropout": ("ratio", "is_test"),
    "ReduceMax": ("noop_with_empty_axes",),
    "ReduceMean": ("noop_with_empty_axes",),
    "ReduceMin": ("noop_with_empty_axes",),
}


def modern(
    node: NodeProto,
    opset: int,
    carrier: np.dtype[Any],
    shape: tuple[int, ...],
    constant: Callable[[str], NDArray[Any]],
) -> Form:
    """A node in the form of opset 17 (of QONNX's version 2).

    Args:
        node: The node.
        opset: The model's opset.
        carrier: The element type of its first input.
        shape: The shape of its first input, batch 1.
        constant: Gives the array of a constant input.

    Raises:
        ModelError: If the old form means what no new form says.
    """
    attributes = {attribute.name: attribute for attribute in node.attribute}
    form = Form(*operator_of(node), attributes, [name or None for name in node.input])
    if form.domain:
        return form
    rank = len(shape)
    for name in _OBSOLETE.get(node.op_type, ()):
        form.attributes.pop(name, None)
    since, names = _BECAME_INPUTS.get(node.op_type, (0, ()))
    if opset < since:
        for name in names:
            value = form.take(name)
            dtype = carrier if name in _FLOATS else np.dtype(np.int64)
            form.inputs.append(None if value is None else np.asarray(value, dtype))
        if node.op_type == "TopK":
            form.inputs[1] = np.asarray(form.inputs[1]).reshape(1)
    if opset >= _AXES_BECAME_INPUT.get(node.op_type, OPSETS[-1] + 1) and len(form.inputs) > 1:
        axes = form.inputs.pop()
        if isinstance(axes, str):
            form.give("axes", [int(a) for a in constant(axes).ravel()])
    if node.op_type in ("Softmax", "LogSoftmax") and opset < 13:
        _softmax(form, rank)
    if node.op_type == "Pad" and len(form.inputs) > 3:
        _pad_all_axes(form, rank, constant)
    if node.op_type == "Split":
        _split_lengths(form, shape, len(node.output))
    if form.op_type == "Resize":
        _scales(form, opset, shape, constant)
    return form


def _split_lengths(form: Form, shape: tuple[int, ...], parts: int) -> None:
    """Spells out the lengths that the number of outputs implies: equal ones, the last perhaps shorter."""
    form.take("num_outputs")
    if len(form.inputs) > 1 and form.inputs[1] is not None:
        return
    axis = form.attributes.get("axis")
    length = shape[0 if axis is None else axis.i]
    step = -(-length // parts)
    lengths = [min(step, length - start) for start in range(0, length, step)]
    form.inputs[1:] = [np.array(lengths, dtype=np.int64)]


def _scales(form: Form, opset: int, shape: tuple[int, ...], constant: Callable[[str], NDArray[Any]]) -> None:
    """All scales and nothing else: sizes would hold the batch, older forms mean pixels from the corner."""
    if opset < 11:
        form.give("coordinate_transformation_mode", "asymmetric")
        form.give("nearest_mode", "floor")
        form.inputs.insert(1, None)
    policy = form.take("keep_aspect_ratio_policy")
    if form.take("antialias") or policy not in (None, b"stretch"):
        raise ModelError("Resize must not use antialias or keep_aspect_ratio_policy, does; export without")
    axes = form.take("axes")
    listed = range(len(shape)) if axes is None else [int(axis) % len(shape) for axis in axes]
    roi, scales, sizes = (*form.inputs[1:], None, None, None)[:3]
    given = constant(scales) if isinstance(scales, str) else np.zeros(0, dtype=np.float32)
    factors = np.ones(len(shape), dtype=np.float32)
    if isinstance(sizes, str) and not given.size:
        for axis, size in zip(listed, constant(sizes).ravel().tolist(), strict=True):
            factors[axis] = 1 if axis == 0 else _factor(shape[axis], int(size))
    else:
        for axis, factor in zip(listed, given.ravel().tolist(), strict=True):
            factors[axis] = factor
    crops = form.attributes.get("coordinate_transformation_mode")
    keeps_roi = crops is not None and crops.s == b"tf_crop_and_resize"
    form.inputs[1:] = [roi if keeps_roi else None, factors]


def _factor(length: int, size: int) -> np.float32:
    """The least float32 that makes `size` pixels of `length`."""
    factor = np.float32(size / length)
    while np.floor(np.float32(length) * factor) < size:
        factor = np.nextafter(factor, np.float32(np.inf))
    return factor


def _softmax(form: Form, rank: int) -> None:
    """Before opset 13 all axes from `axis` on were one, and the default was 1."""
    axis = form.take("axis")
    axis = 1 if axis is None else int(axis)
    if axis % rank != rank - 1:
        raise ModelError(
            f"{form.op_type} axis must be the last of {rank} before opset 13, is {axis}; "
            "export the model with opset 13 or newer"
        )
    form.give("axis", rank - 1)


def _pad_all_axes(form: Form, rank: int, constant: Callable[[str], NDArray[Any]]) -> None:
    """Opset 18 may list the padded axes."""
    axes = form.inputs.pop()
    pads = form.inputs[1]
    if not isinstance(axes, str) or not isinstance(pads, str):
        return
    given = constant(pads).ravel()
    listed = [int(a) % rank for a in constant(axes).ravel()]
    full = np.zeros(2 * rank, np.int64)
    for index, axis in enumerate(listed):
        full[axis], full[axis + rank] = given[index], given[index + len(listed)]
    form.inputs[1] = full
