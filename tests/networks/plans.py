# SPDX-License-Identifier: Apache-2.0
"""What a network must contain, dealt like cards so that a few hundred networks hold every cell.

Within a dialect every table of `tables` is a shuffled deck, dealt to the end before it is shuffled again;
what a deck does not fix is drawn at random by the generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar
from zlib import crc32

import numpy as np

from . import tables
from .numerics import kind_of

T = TypeVar("T")
PLANS = 256
"""Plans a dialect; after these the plans repeat, with everything else drawn anew."""


@dataclass(frozen=True)
class ActivationPlan:
    """A quantizer of activations and the elementwise operators before it."""

    operator: str
    datatype: str
    rounding: str
    chain: tuple[str, ...]


@dataclass(frozen=True)
class LayerPlan:
    """A fully connected layer: what makes its weights and how the product is written."""

    weights: str
    datatype: str
    linear: str


@dataclass(frozen=True)
class NetworkPlan:
    """A network: `activations` has one entry for each that is needed, input and output included."""

    dialect: str
    opset: int
    batch: str
    reshape: str
    input_kind: str
    input_type: str
    input_quantized: bool
    head: str
    layers: tuple[LayerPlan, ...]
    activations: tuple[ActivationPlan, ...]


class Dealer:
    """Deals from shuffled decks; every option of a deck comes once before any comes again."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._decks: dict[str, list[int]] = {}

    def deal(self, name: str, options: Sequence[T]) -> T:
        """The next card of the deck `name`."""
        if not self._decks.get(name):
            self._decks[name] = [int(i) for i in self._rng.permutation(len(options))]
        return options[self._decks[name].pop()]


def plan(dialect: str, number: int) -> NetworkPlan:
    """Plan `number` of a dialect."""
    return _plans(dialect)[number % PLANS]


@cache
def _plans(dialect: str) -> tuple[NetworkPlan, ...]:
    dealer = Dealer(crc32(dialect.encode()))
    return tuple(_deal_network(dialect, dealer) for _ in range(PLANS))


def _deal_network(dialect: str, dealer: Dealer) -> NetworkPlan:
    pairs = tuple((r, b) for r, batches in tables.RESHAPES.items() for b in batches)
    reshape, batch = dealer.deal("reshape", pairs)
    input_kind = dealer.deal("input", tables.INPUTS)
    head = dealer.deal("head", tables.HEADS)
    layers = tuple(_deal_layer(dialect, dealer) for _ in range(dealer.deal("layers", tables.LAYERS)))
    quantized = input_kind == "float" or dealer.deal(f"{input_kind} quantized", (False, True))
    quantizers = len(layers) - 1 + quantized + (head == "quantized")
    return NetworkPlan(
        dialect=dialect,
        opset=dealer.deal("opset", tables.OPSETS[dialect]),
        batch=batch,
        reshape=reshape,
        input_kind=input_kind,
        input_type=_deal_input_type(input_kind, dealer),
        input_quantized=quantized,
        head=head,
        layers=layers,
        activations=tuple(_deal_activation(dialect, dealer) for _ in range(quantizers)),
    )


def _deal_input_type(input_kind: str, dealer: Dealer) -> str:
    kind = dealer.deal(f"{input_kind} kind", ("BIPOLAR", "TERNARY", "INT", "UINT"))
    types = {"INT": tables.SIGNED, "UINT": tables.UNSIGNED}.get(kind, (kind,))
    return dealer.deal(f"{input_kind} {kind}", types)


def _deal_layer(dialect: str, dealer: Dealer) -> LayerPlan:
    cells = [(op, t) for op, types in tables.WEIGHTS[dialect].items() for t in types]
    cells += [cell for cell in cells if cell[0] == "BipolarQuant"] * 4  # as common as all of Quant's types
    weights, datatype = dealer.deal("weights", cells)
    return LayerPlan(weights, datatype, dealer.deal(f"linear {kind_of(datatype)}", tables.LINEAR))


def _deal_activation(dialect: str, dealer: Dealer) -> ActivationPlan:
    cells = tuple((op, t) for op, types in tables.ACTIVATIONS[dialect].items() for t in types)
    kinds = sorted({kind_of(t) for _, t in cells})
    kind = dealer.deal("activation kind", [k for k in kinds for _ in range(2 if "INT" in k else 1)])
    operator, datatype = dealer.deal(f"activation {kind}", [c for c in cells if kind_of(c[1]) == kind])
    # thresholds mostly stand right behind the product: they have absorbed the rest
    lengths = (0, 0, 0, 1, 2) if operator == "MultiThreshold" else (0, 1, 2, 2, 3, 3)
    length = dealer.deal(f"chain length {len(lengths)}", lengths)
    chain = tuple(dealer.deal(f"chain {kind}", tables.ELEMENTWISE) for _ in range(length))
    rounding = dealer.deal(f"rounding {operator}", tables.ROUNDING)
    return ActivationPlan(operator, datatype, rounding, chain)
