# SPDX-License-Identifier: Apache-2.0
"""Signals that are images, their borders and their quantizers.

A tensor is a `Signal` of shape (C, …) whose probe has a row a pixel: (samples · pixels, C). So everything
that belongs to channels is drawn as for perceptrons.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from finnlite.execution import Session
from finnlite.ir import Graph, Op

from . import tables
from .activations import quantize, write_qdq, write_quant
from .builder import Builder, Signal
from .chains import CHAIN, batch_norm
from .numerics import bits_of, int_range, integers_of, is_exact_dot, round_scale, spread
from .plans import ActivationPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBES = 12
MONOTONE = ("Relu", "Clip", "HardSigmoid", "Sigmoid", "Tanh", "LeakyRelu", "Neg")
WITHOUT_SCALES = ("binarynet", "xnor", "dorefa")
"""Dialects whose quantizers have no scale to share between branches: they join signs."""


def draw_frames(
    rng: np.random.Generator, datatype: str, n: int, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """`n` frames of integers of a datatype, or of floats."""
    if datatype == "FLOAT32":
        return rng.normal(size=(n, *shape)).astype(np.float32)
    return rng.choice(integers_of(datatype), (n, *shape)).astype(np.float32)


def evaluate(op: Op, x: NDArray[np.float32], *constants: NDArray[np.float32]) -> NDArray[np.float64]:
    """What an operator makes of the samples; approximate is good enough."""
    graph = Graph("probe")
    values = [graph.constant(np.asarray(c)) for c in constants]
    graph.outputs = [graph.add(op, graph.input("x", (1, *x.shape[1:])), *values)]
    return Session(graph, threads=1).run(x)[graph.outputs[0].name].astype(np.float64)


class Images:
    """A network of images being written.

    Args:
        b: Where to write.
        axes: Spatial axes: 1 or 2.
    """

    def __init__(self, b: Builder, axes: int) -> None:
        self.b = b
        self.axes = axes
        self.activations = [(op, t) for op, types in tables.ACTIVATIONS[b.dialect].items() for t in types]
        self.weights = [(op, t) for op, types in tables.WEIGHTS[b.dialect].items() for t in types]

    # -- probes -----------------------------------------------------------------------------------
    def image(self, x: Signal) -> NDArray[np.float32]:
        """The samples as (samples, C, …)."""
        array = x.probe.reshape(-1, *x.shape[1:], x.channels)
        return np.moveaxis(array, -1, 1).astype(np.float32)

    def signal(self, x: Signal, name: str, array: NDArray[Any], **changes: Any) -> Signal:
        """The tensor that follows, given its samples as (samples, C, …)."""
        probe = np.moveaxis(array, 1, -1).reshape(-1, array.shape[1])
        return x.then(name, probe, shape=tuple(array.shape[1:]), **changes)

    def is_exact(self, x: Signal, weights: NDArray[np.float32]) -> bool:
        """Whether the sums of x times weights (terms, M) are exact; if not the network's noise grows."""
        exact = x.levels is not None and is_exact_dot(x.levels, weights)
        if not exact:
            bits = x.bits + 8 + int(np.ceil(np.log2(len(weights))))
            self.b.noise = max(self.b.noise, 2.0 ** (bits - 24))
        return exact

    # -- the borders ------------------------------------------------------------------------------
    def begin(self, shape: tuple[int, ...], datatype: str, batch: str | int) -> tuple[ValueInfoProto, Signal]:
        """The input: floats, or raw integers that the next operator may take as they are."""
        info = helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, *shape])
        levels = None if datatype == "FLOAT32" else integers_of(datatype)
        frames = draw_frames(self.b.rng, datatype, PROBES, shape)
        start = Signal("input", shape, np.zeros((0, 1)))
        x = self.signal(start, "input", frames, levels=levels)
        if levels is None:
            return info, x
        return info, replace(x, bits=bits_of(datatype), datatype=datatype)

    def flat(self, x: Signal) -> Signal:
        """A vector of all pixels."""
        array = self.image(x)
        if self.b.chance(0.5):
            name = self.b.node("Flatten", x.name)
        else:
            name = self.b.node("Reshape", x.name, self.b.constant([0, prod(x.shape)], np.int64))
        return self.signal(x, name, array.reshape(len(array), -1), levels=x.levels)

    # -- quantizers -------------------------------------------------------------------------------
    def activate(self, x: Signal, datatype: str = "") -> Signal:
        """Elementwise operators and a quantizer; sums that are not exact get generic offsets first."""
        b = self.b
        mark = b.mark()
        for _ in range(4):
            b.rewind(mark)
            y = x
            if x.name != "input" and (not x.is_exact or b.chance(0.5)):
                y = batch_norm(b, y, tiny=0.0) if b.chance(0.6) else self.shift(y)
            if b.chance(0.4):
                y = CHAIN[b.pick(MONOTONE)](b, y)
            y = self.quantized(y, datatype)
            if (np.ptp(y.probe, axis=0) > 0).mean() > 0.4:
                break
        return y

    def quantized(self, x: Signal, datatype: str = "") -> Signal:
        """A quantizer of the dialect, for a datatype or for any."""
        b = self.b
        operator, datatype = b.pick([cell for cell in self.activations if datatype in ("", cell[1])])
        plan = ActivationPlan(operator, datatype, b.pick(tables.ROUNDING), ())
        b.limit_forms(bits_of(datatype) + 8)
        y = quantize(b, x, plan)
        if operator == "MultiThreshold" and len(x.shape) > 1:
            node = b.nodes[-1]
            kept = [a for a in node.attribute if a.name != "data_layout"]
            del node.attribute[:]
            layout = helper.make_attribute("data_layout", "NCHW" if self.axes == 2 else "NCW")
            node.attribute.extend([*kept, layout])
        return replace(y, datatype=datatype)

    def shift(self, x: Signal) -> Signal:
        """A generic float for every channel, or one for all, by `Add`."""
        b = self.b
        channels = x.channels if b.chance(0.7) else 1
        values = (b.rng.normal(size=channels) * 0.4 * spread(x.probe)).astype(np.float32)
        spatial = [1] * (len(x.shape) - 1)
        name = b.node("Add", x.name, b.constant(values.reshape(-1, *spatial)))
        return x.then(name, x.probe + values, is_exact=True)

    def shared(self, x: Signal, scale: np.float32, datatype: str) -> Signal:
        """A quantizer of a given scale, as the dialect writes it."""
        b = self.b
        if b.dialect in WITHOUT_SCALES:
            datatype, scale = "TERNARY", np.float32(1)
            name, values = b.node("Sign", x.name), np.sign(x.probe)
        else:
            values = np.clip(np.rint(x.probe / scale), *int_range(datatype)) * scale
            step = np.asarray(scale)
            if b.dialect == "qcdq":
                name = write_qdq(b, x.name, step, 0, datatype, narrow=False, axis=1)
            else:
                name = write_quant(b, "Quant", x.name, step, 0, datatype, narrow=False, rounding="ROUND")
        levels = integers_of(datatype) * scale
        return x.then(name, values, levels=levels, is_exact=True, bits=bits_of(datatype), datatype=datatype)

    def scale_of(self, *signals: Signal, datatype: str) -> np.float32:
        """A scale that suits all the signals."""
        reach = max(spread(x.probe) for x in signals)
        form = self.b.pick(("power of two", "any float"))
        return round_scale(self.b.rng, reach / max(abs(v) for v in int_range(datatype)), form)
