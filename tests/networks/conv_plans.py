# SPDX-License-Identifier: Apache-2.0
"""What a convolutional network must contain, dealt like cards, and the table of cells they must fill.

Each network has one card: an operator with a window, the datatype it reads, its stride and its padding. As
many networks as there are cards hold every possible cell; the rest of a network is drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from . import tables
from .blocks import BLOCKS
from .builder import ANY, Cell
from .windows import PADDINGS, STRIDES

WINDOWED = ("Conv", "Conv grouped", "Conv depthwise", "ConvTranspose", "MaxPool", "AveragePool")
GLOBAL = ("GlobalAveragePool", "GlobalMaxPool")
KINDS = {"BIPOLAR": ("BIPOLAR",), "TERNARY": ("TERNARY",), "INT": tables.SIGNED, "UINT": tables.UNSIGNED}
HEADS = ("linear", "global average", "conv", "quantized")
CASES = ("1-D", "dilated", "non-square", "kernel no multiple of the stride")
FITTED = ("kernel equals the image", "one output pixel")
VARIANTS = (
    *(f"Conv with auto_pad {mode}" for mode in ("SAME_UPPER", "SAME_LOWER", "VALID")),
    *(f"residual {operator}" for operator in ("Add", "Sub", "Sum")),
    *(f"{join} of ratio {ratio}" for join in ("residual", "Concat of levels") for ratio in (1, 2)),
    "residual before a convolution",
    "Concat of sums",
    "Conv with a bias",
    "MaxPool with ceil_mode",
    "MaxPool in front of the quantizer",
    "Split",
    "nearest resize",
    "Pad",
    "Transpose and back",
    "BatchNormalization with negative gamma",
    "weight scale a channel",
)
"""Demanded of all dialects together."""

IMPOSSIBLE = {
    **{
        f"{operator}, {stride}, {padding}": "its one window is the whole image: no stride, no padding"
        for operator, stride, padding in product(GLOBAL, STRIDES, PADDINGS)
    },
    **{f"{operator} {case}": "its window is the image" for operator in GLOBAL for case in (*CASES, *FITTED)},
    "AveragePool dilated": "ONNX has no dilations for it before opset 19",
    **{f"ConvTranspose {case}": "its window lies in the output" for case in FITTED},
}
"""Cells of the full table that no network can have, whatever the datatype -> why."""


@dataclass(frozen=True)
class Card:
    """One cell: an operator with a window over integers of a datatype."""

    operator: str
    datatype: str
    stride: str = ""
    padding: str = ""


@cache
def cards() -> tuple[Card, ...]:
    """Every operator × kind of datatype × stride × padding, shuffled; the widths of a kind take turns."""
    rows = [row for row in product(WINDOWED, STRIDES, PADDINGS) if ", ".join(row) not in IMPOSSIBLE]
    rows += [(operator, "", "") for operator in GLOBAL] * 4
    result = []
    for datatypes in KINDS.values():
        for number, (operator, stride, padding) in enumerate(rows):
            result.append(Card(operator, datatypes[number % len(datatypes)], stride, padding))
    order = np.random.default_rng(4).permutation(len(result))
    return tuple(result[i] for i in order)


def possible_cells() -> frozenset[Cell]:
    """Every cell that the generator must fill; the dialect is `ANY` where it does not matter."""
    return frozenset(_cells())


def _cells() -> Iterator[Cell]:
    for name in _windows():
        if name not in IMPOSSIBLE:
            yield from (Cell(name, kind, ANY) for kind in KINDS)
    for operator in GLOBAL:
        yield from (Cell(operator, kind, ANY) for kind in KINDS)
    for operator in WINDOWED:
        yield from (Cell(f"window:{operator}", t, ANY) for types in KINDS.values() for t in types)
        yield from (
            Cell(name, ANY, ANY)
            for name in (f"{operator} {case}" for case in (*CASES, *FITTED))
            if name not in IMPOSSIBLE
        )
    yield from (Cell(name, ANY, ANY) for name in VARIANTS)
    for dialect in tables.DIALECTS:
        yield from (Cell(f"block {block}", ANY, dialect) for block in BLOCKS)
        yield from (Cell(f"head {head}", ANY, dialect) for head in HEADS)
        yield from (Cell(f"weights:{operator}", ANY, dialect) for operator in tables.WEIGHTS[dialect])
        yield from (Cell(f"activation:{operator}", ANY, dialect) for operator in tables.ACTIVATIONS[dialect])


def _windows() -> Iterator[str]:
    return (", ".join(row) for row in product((*WINDOWED, *GLOBAL), STRIDES, PADDINGS))


def touched_cells(features: Iterable[Cell]) -> set[Cell]:
    """The cells of the table that what a network noted belongs to: with and without dialect and datatype."""
    return {
        Cell(cell.operator, datatype, dialect)
        for cell in features
        for datatype in (cell.datatype, ANY)
        for dialect in (cell.dialect, ANY)
    }


def summary(features: Iterable[Cell]) -> str:
    """The table operator × stride × padding, and in how many networks each kind of datatype is there."""
    found = list(features)
    lines = [f"{'':64}" + "".join(f"{kind:>9}" for kind in KINDS)]
    for name in _windows():
        if name not in IMPOSSIBLE:
            counts = [sum(c.operator == name and c.datatype == kind for c in found) for kind in KINDS]
            lines.append(f"{name:64}" + "".join(f"{count:9}" for count in counts))
    lines += [f"cannot exist: {name}: {why}" for name, why in IMPOSSIBLE.items()]
    return "\n".join(lines)
