# SPDX-License-Identifier: Apache-2.0
"""Random quantized multilayer perceptrons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import tables
from .activations import activate
from .borders import InputSpec, begin, draw_input, end
from .builder import Builder, Cell
from .chains import change_shape, scalar_chain
from .layers import fully_connected, product_bits
from .numerics import bits_of
from .plans import PLANS, NetworkPlan, plan

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto


@dataclass(frozen=True)
class Network:
    """A random network.

    Attributes:
        name: Says how to make it again.
        model: The network in its dialect.
        plan: What was asked of it.
        spec: What may enter it.
        sizes: Elements of the input and of each layer's output.
        features: The coverage cells it touches.
        noise: How far the float32 rounding of its sums may move an accumulator, in integers; 0 if every
            sum is exact. It says how likely a threshold lies within the rounding.
    """

    name: str
    model: ModelProto = field(repr=False)
    plan: NetworkPlan
    spec: InputSpec
    sizes: tuple[int, ...]
    features: frozenset[Cell] = field(repr=False)
    noise: float

    @property
    def input_options(self) -> dict[str, Any]:
        """`input_type`, `input_scale`, `input_mean`, `input_std` of a raw integer input, else nothing."""
        return self.spec.options

    def raw_inputs(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """`n` samples as the accelerator's host has them: integers where they are declared."""
        return self.spec.draw(n, rng)

    def to_source(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """The source model's inputs for `raw_inputs`."""
        return self.spec.to_source(raw)

    def inputs(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """`n` legal inputs of the source model; the first axis counts samples."""
        return self.to_source(self.raw_inputs(n, rng))


def random_mlp(seed: int | np.random.Generator, **constraints: Any) -> Network:
    """A random quantized multilayer perceptron.

    Consecutive seeds walk through the coverage table; equal seeds give equal networks.

    Args:
        seed: Number of the network, or a generator to draw it from.
        constraints: `dialect`; `max_size` (elements of a layer, 31 unless told); fields of `NetworkPlan`
            with the value or a tuple or range of values they must have, e.g. `head=("logits", "ArgMax")`.

    Raises:
        ValueError: If no plan meets the constraints.
    """
    number = int(seed.integers(2**31)) if isinstance(seed, np.random.Generator) else int(seed)
    name = f"random_mlp({number}{''.join(f', {k}={v!r}' for k, v in constraints.items())})"
    dialect = constraints.pop("dialect", None)
    limit = int(constraints.pop("max_size", max(tables.SIZES)))
    wanted = _plan(number, dialect, constraints)
    b = Builder(np.random.default_rng([number, 2]), wanted.dialect, wanted.opset)
    options = [s for s in tables.SIZES if s <= limit]
    sizes = tuple(b.pick(options) for _ in range(len(wanted.layers) + 1))
    b.limit_forms(product_bits(bits_of(wanted.input_type), wanted.layers[0], sizes[0]))
    spec = draw_input(b, wanted, sizes[0])
    quantizers = list(wanted.activations)
    info, x = begin(b, wanted, spec)
    for index, (layer, size) in enumerate(zip(wanted.layers, sizes[1:], strict=True)):
        if index > 0 or wanted.input_quantized:
            quantizer = quantizers.pop(0)
            b.limit_forms(product_bits(bits_of(quantizer.datatype), layer, x.channels))
            x = change_shape(b, scalar_chain(b, activate(b, x, quantizer)))
        x = fully_connected(b, x, layer, size)
    outputs = end(b, wanted, x, quantizers.pop() if wanted.head == "quantized" else None)
    model = b.model([info], outputs, "mlp")
    return Network(name, model, wanted, spec, sizes, frozenset(b.cells), b.noise)


def _plan(number: int, dialect: str | None, constraints: dict[str, Any]) -> NetworkPlan:
    """The next plan of the dialect that meets the constraints."""
    if dialect is None:
        number, index = divmod(number, len(tables.DIALECTS))
        dialect = tables.DIALECTS[index]
    for step in range(PLANS):
        wanted = plan(dialect, number + step)
        if all(_meets(getattr(wanted, key), allowed) for key, allowed in constraints.items()):
            return wanted
    raise ValueError(f"no plan of dialect {dialect} meets {constraints}")


def _meets(value: object, allowed: object) -> bool:
    return value in allowed if isinstance(allowed, tuple | frozenset | range) else value == allowed
