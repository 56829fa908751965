# SPDX-License-Identifier: Apache-2.0
"""The coverage table operator × datatype × dialect: which cells are possible, touched, empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from . import tables
from .builder import ANY, Cell
from .mlp import Network
from .numerics import kind_of

SHAPE_OPERATORS = ("Identity", "Dropout")
VARIANTS = (
    *(f"BatchNormalization with {what}" for what in ("negative gamma", "zero gamma", "tiny variance")),
    *(f"{operator} after a quantizer" for operator in ("Mul", "Add", "Sub", "Div", "Neg")),
    *(f"logits with {what}" for what in ("nothing", "scale", "batch norm", "scale and bias")),
    *(f"Gemm with transB={v}" for v in (0, 1)),
    "Gemm with a bias",
    "Gemm with an alpha",
    "bias by Add",
    "operand a channel",
    "scalar operand",
    "constant subgraph",
    "Sub from a constant",
    "shape changed between layers",
    "input mean and std",
    "input mean and std a channel",
    "ArgMax keeping the axis",
    "ArgMax dropping the axis",
    "TopK indices",
    "TopK values and indices",
)
"""Demanded of every dialect."""

SCALED_VARIANTS = (
    *(
        f"{role} scale: {form}"
        for role in ("activation", "weight")
        for form in ("power of two", "short", "any float")
    ),
    *(f"{role} zero point" for role in ("activation", "weight")),
    *(f"{width} {role}" for width in ("narrow", "wide") for role in ("activation", "weights")),
    "activation scale: a multiple of the lattice",
    "activation scale a channel",
    "weight scale a channel",
)
"""Demanded of every dialect whose quantizers have a scale and a zero point."""

QONNX_VARIANTS = (
    *(f"{role} rounding {mode}" for role in ("activation", "weight", "Trunc") for mode in tables.ROUNDING),
    *SCALED_VARIANTS,
    "bipolar scale 1",
    "bipolar scale other than 1",
    "bipolar weight scale 1",
    "bipolar weight scale other than 1",
    "bipolar weights from 0 and 1",
    "dead channel",
)
"""Demanded of the four QONNX dialects."""

GENERAL_VARIANTS = (
    "global thresholds",
    "thresholds a channel",
    "thresholds on the accumulator's lattice",
    "MultiThreshold with a scale other than 1",
    "bias by Quant",
)
"""Demanded where `MultiThreshold` is."""

QCDQ_VARIANTS = (
    *SCALED_VARIANTS,
    "bias by DequantizeLinear of int32",
    "dead channel",
)
PLAIN_VARIANTS = {
    "binarynet": ("Where over Less", "Where over Greater", "Where over GreaterOrEqual", "dead channel"),
    "xnor": (
        "Where over Less",
        "Where over Greater",
        "Where over GreaterOrEqual",
        "plain weights with one scale",
        "plain weights with a scale a channel",
        "dead channel",
    ),
    "dorefa": ("plain weights with one scale", "dead channel"),
    "qcdq": QCDQ_VARIANTS,
}


def possible_cells() -> frozenset[Cell]:
    """Every cell that the generator must be able to fill."""
    return frozenset(cell for dialect in tables.DIALECTS for cell in _cells(dialect))


def _cells(dialect: str) -> Iterator[Cell]:
    weights, activations = tables.WEIGHTS[dialect], tables.ACTIVATIONS[dialect]
    for role, rows in (("weights", weights), ("activation", activations)):
        for operator, datatypes in rows.items():
            yield from (Cell(f"{role}:{operator}", datatype, dialect) for datatype in datatypes)
    for kind in _kinds(activations):
        yield from (Cell(operator, kind, dialect) for operator in tables.ELEMENTWISE)
    for kind in _kinds(weights):
        yield from (Cell(operator, kind, dialect) for operator in ("MatMul", "Gemm", "Transpose"))
    yield Cell("input:float", ANY, dialect)
    for kind in ("BIPOLAR", "TERNARY", "INT", "UINT"):
        yield from (Cell(f"input:{origin}", kind, dialect) for origin in ("annotated", "raw"))
    yield from (Cell(name, ANY, dialect) for name in _structure(dialect))


def _kinds(rows: dict[str, tuple[str, ...]]) -> set[str]:
    return {kind_of(datatype) for datatypes in rows.values() for datatype in datatypes}


def _structure(dialect: str) -> Iterator[str]:
    yield from (f"opset {version}" for version in tables.OPSETS[dialect])
    yield from (f"batch {batch}" for batch in ("symbolic", "1", "4"))
    yield from (f"reshape: {reshape}" for reshape in tables.RESHAPES)
    yield from (f"head:{head}" for head in tables.HEADS)
    yield from SHAPE_OPERATORS
    yield from VARIANTS
    if dialect in tables.QONNX_DOMAINS:
        yield from QONNX_VARIANTS
    if "MultiThreshold" in tables.ACTIVATIONS[dialect]:
        yield from GENERAL_VARIANTS
    if tables.OPSETS[dialect][0] <= 10:
        yield "initializers among the inputs"
    yield from PLAIN_VARIANTS.get(dialect, ())


def coverage_table(networks: Iterable[Network]) -> Counter[Cell]:
    """In how many of the networks each cell is."""
    return Counter(cell for network in networks for cell in network.features)


def empty_cells(networks: Iterable[Network]) -> list[Cell]:
    """The possible cells that none of the networks touches; CI fails if there is one."""
    return sorted(possible_cells() - coverage_table(networks).keys())


def summary(networks: Iterable[Network]) -> str:
    """One line a dialect: cells touched of those possible."""
    touched = coverage_table(networks)
    lines = []
    for dialect in tables.DIALECTS:
        cells = set(_cells(dialect))
        lines.append(f"{dialect:14s} {len(cells & touched.keys()):4d} of {len(cells):4d} cells")
    return "\n".join(lines)
