# SPDX-License-Identifier: Apache-2.0
"""Inputs and outputs of networks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from .activations import activate
from .builder import FORMS, Builder, Signal
from .chains import add_offsets, batch_norm
from .numerics import bits_of, int_range, integers_of, kind_of, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .plans import ActivationPlan, NetworkPlan

SAMPLES = 48


@dataclass(frozen=True)
class InputSpec:
    """What may enter a network.

    Attributes:
        kind: `float`; `annotated` (integers by the file's annotation); `raw` (integers by declaration).
        shape: Shape of a sample.
        datatype: Of the integers, unless the kind is `float`.
        scale: Of a raw input, as the user writes it: `1/255` or `0.5`.
        mean: Of a raw input: none, one, or one for each entry of the first axis.
        std: Likewise.
    """

    kind: str
    shape: tuple[int, ...]
    datatype: str
    scale: str = "1"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """The input declaration as finnlite's options; empty unless the kind is `raw`."""
        if self.kind != "raw":
            return {}
        options: dict[str, Any] = {"input_type": self.datatype.lower(), "input_scale": self.scale}
        for name, values in (("input_mean", self.mean), ("input_std", self.std)):
            if values:
                options[name] = values[0] if len(values) == 1 else values
        return options

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """`n` samples as the host has them: floats, or the integers of the datatype."""
        if self.kind != "float":
            return rng.choice(integers_of(self.datatype), (n, *self.shape))
        x = rng.normal(size=(n, *self.shape)) * rng.choice([0.3, 1.0, 4.0], (n, *([1] * len(self.shape))))
        ties = rng.random(x.shape) < 0.3
        x[ties] = np.round(x[ties] * 4) / 4
        return x.astype(np.float32)

    def to_source(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The source model's input for what `draw` gave: float32((q·scale − mean)/std)."""
        if self.kind != "raw":
            return x
        scale = Fraction(self.scale)
        real = x.astype(np.float64) * scale.numerator / scale.denominator
        mean, std = (np.asarray(v, np.float64) for v in (self.mean or (0.0,), self.std or (1.0,)))
        spread_out = (-1, *([1] * (len(self.shape) - 1)))
        return ((real - mean.reshape(spread_out)) / std.reshape(spread_out)).astype(np.float32)

    def levels(self) -> NDArray[np.float32] | None:
        """Every value of the source input, if it is the same for all channels."""
        if self.kind == "float" or len(self.mean) > 1:
            return None
        integers = integers_of(self.datatype)
        if self.kind == "annotated":
            return integers
        return self.to_source(integers.reshape(-1, *[1] * len(self.shape))).ravel()


def draw_input(b: Builder, plan: NetworkPlan, features: int) -> InputSpec:
    """The shape, and for integers the datatype and what they stand for."""
    shape = (features,) if plan.reshape == "none" else _factors(b, features)
    b.cell(f"input:{plan.input_kind}", kind_of(plan.input_type) if plan.input_kind != "float" else "*")
    if plan.input_kind != "raw":
        return InputSpec(plan.input_kind, shape, plan.input_type)
    top = max(int_range(plan.input_type))
    scale = b.pick((f"1/{top}", f"1/{top}", "1", "0.5", "0.00392156862745098"))
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    if b.forms != FORMS and not plan.input_quantized:
        scale = b.pick(("1", "0.5", "1/16"))
        if b.chance(0.7):
            b.cell("input mean and std")
            mean, std = (0.5,), (b.pick((0.5, 0.25)),)
    elif b.chance(0.9):
        width = shape[0] if plan.input_quantized and b.chance(0.85) else 1
        b.cell("input mean and std a channel" if width > 1 else "input mean and std")
        mean = tuple(round(float(v), 4) for v in b.rng.uniform(0, 0.6, width))
        std = tuple(round(float(v), 4) for v in b.rng.uniform(0.2, 1.2, width))
    return InputSpec("raw", shape, plan.input_type, scale, mean, std)


def _factors(b: Builder, features: int) -> tuple[int, ...]:
    """A shape of `features` elements: images, sequences, or one long row."""
    divisors = [d for d in range(1, features + 1) if features % d == 0]
    first = b.pick(divisors)
    rest = features // first
    second = b.pick([d for d in divisors if rest % d == 0])
    return b.pick(((first, second, rest // second), (first, rest), (1, first, rest)))


def begin(b: Builder, plan: NetworkPlan, spec: InputSpec) -> tuple[ValueInfoProto, Signal]:
    """Writes the input and makes it a vector."""
    name = b.pick(("input", "0", "onnx::Flatten_0", "global_in"))
    batch: str | int = "N" if plan.batch == "symbolic" else int(plan.batch)
    info = helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *spec.shape])
    if spec.kind == "annotated":
        b.annotations[name] = spec.datatype
    b.cell(f"batch {plan.batch}")
    b.cell(f"reshape: {plan.reshape}")
    probe = spec.to_source(spec.draw(SAMPLES, b.rng)).reshape(SAMPLES, -1).astype(np.float64)
    vector = _flatten(b, name, plan, probe.shape[1])
    x = Signal(vector, (probe.shape[1],), probe, spec.levels(), bits=bits_of(plan.input_type))
    return info, x


def _flatten(b: Builder, name: str, plan: NetworkPlan, features: int) -> str:
    if plan.reshape == "none":
        return name
    if plan.reshape == "Flatten":
        return b.node("Flatten", name, axis=b.pick((None, 1)))
    if plan.reshape == "Shape-Gather-Unsqueeze-Concat":
        size = b.node("Gather", b.node("Shape", name), b.constant(0, np.int64), axis=0)
        if b.opset < 13:
            row = b.node("Unsqueeze", size, axes=[0])
        else:
            row = b.node("Unsqueeze", size, b.constant([0], np.int64))
        target = b.node("Concat", row, b.constant([-1], np.int64), axis=0)
        return b.node("Reshape", name, target)
    shape = {
        "Reshape to [-1, F]": [-1, features],
        "Reshape to [0, -1]": [0, -1],
        "Reshape to [batch, -1]": [int(plan.batch) if plan.batch != "symbolic" else 0, -1],
    }[plan.reshape]
    return b.node("Reshape", name, b.constant(shape, np.int64))


def end(b: Builder, plan: NetworkPlan, x: Signal, activation: ActivationPlan | None) -> list[ValueInfoProto]:
    """Writes the head behind the last product and returns the outputs."""
    b.cell(f"head:{plan.head}")
    batch: str | int = "N" if plan.batch == "symbolic" else int(plan.batch)
    if activation is not None:
        x = activate(b, x, activation, last=True)
        return [_info(x.name, [batch, x.channels])]
    shows_values = plan.head != "ArgMax" and (plan.head != "TopK" or b.chance(0.5))
    x = _logits(b, x, is_ranked=plan.head in ("ArgMax", "TopK"), shows_values=shows_values)
    if plan.head == "logits":
        return [_info(x.name, [batch, x.channels])]
    if plan.head == "Softmax":
        return [
            _info(
                b.node("Softmax", x.name, axis=b.pick((1, -1) if b.opset >= 13 else (1,))),
                [batch, x.channels],
            )
        ]
    if plan.head == "ArgMax":
        keeps = b.chance(0.5)
        b.cell("ArgMax keeping the axis" if keeps else "ArgMax dropping the axis")
        name = b.node("ArgMax", x.name, axis=1, keepdims=int(keeps))
        return [_info(name, [batch, 1] if keeps else [batch], TensorProto.INT64)]
    return _top_k(b, x, batch, shows_values=shows_values)


def _top_k(b: Builder, x: Signal, batch: str | int, *, shows_values: bool) -> list[ValueInfoProto]:
    k = b.pick((1, 1, min(3, x.channels)))
    inputs = [x.name] if b.opset < 10 else [x.name, b.constant([k], np.int64)]
    values = b.node("TopK", *inputs, axis=-1, k=k if b.opset < 10 else None, outputs=2)
    indices = b.nodes[-1].output[1]
    b.cell("TopK values and indices" if shows_values else "TopK indices")
    return [_info(values, [batch, k])] * shows_values + [_info(indices, [batch, k], TensorProto.INT64)]


def _logits(b: Builder, x: Signal, *, is_ranked: bool, shows_values: bool) -> Signal:
    """Scale and bias of the logits. Ranked ones that are not exact must not tie.

    Where only the ranks are seen the channels are balanced; else the offsets are large, since the largest
    logit alone would mostly be small against the rounding of its sum.
    """
    if is_ranked and not shows_values and (not x.is_exact or b.chance(0.6)):
        noise = b.rng.normal(size=x.shape) * 0.5
        offset = ((x.probe.std(axis=0) + 0.1) * noise - np.median(x.probe, axis=0)).astype(np.float32)
        return x.then(b.node("Add", x.name, b.constant(offset)), x.probe + offset)
    if is_ranked and not x.is_exact:
        offset = ((3 + 0.3 * b.rng.normal(size=x.shape)) * spread(x.probe)).astype(np.float32)
        return x.then(b.node("Add", x.name, b.constant(offset)), x.probe + offset)
    form = b.pick(("nothing", "scale", "batch norm", "scale and bias"))
    b.cell(f"logits with {form}")
    if form == "batch norm":
        return batch_norm(b, x, tiny=0)  # of the last digits of a sum only its rounding would be left
    if form != "nothing":
        factor = np.float32(b.rng.uniform(0.5, 2) / spread(x.probe))
        x = x.then(b.node("Mul", x.name, b.constant(factor)), x.probe * factor)
    return add_offsets(b, x) if form == "scale and bias" else x


def _info(name: str, shape: list[str | int], elements: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, elements, shape)
