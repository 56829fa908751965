# SPDX-License-Identifier: Apache-2.0
"""What becomes of every operator that `Import` reads, as `Streamline` and `MapToHardware` decide it."""

from __future__ import annotations

from typing import NamedTuple

from finnlite.ir import OWN_DOMAIN, Op
from finnlite.ops import OPERATORS
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.elementwise import Add, Sub, Sum
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import Concat, Split, Transpose
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from finnlite.ops.quantizers import BipolarQuant, IntQuant, MultiThreshold, Quant, QuantizeLinear, Trunc
from finnlite.ops.reduction import ReduceMean, ReduceSum
from finnlite.ops.selection import ArgMax
from finnlite.ops.spatial import Pad, Resize

from .streamline.constants import MAX_INTEGER
from .streamline.levels import MAX_LEVELS

__all__ = ["LAYERS", "Supported", "supported"]


class Supported(NamedTuple):
    """An operator that a model may hold.

    Args:
        domain: Its ONNX domain, "" for the standard one.
        op_type: Its ONNX operator type.
        meaning: What it computes.
        becomes: What becomes of it.
        limits: What must hold for that; empty if nothing but what holds for every model.
    """

    domain: str
    op_type: str
    meaning: str
    becomes: str
    limits: str


_WEIGHTS = f"weights constant, integers of at most ±{MAX_INTEGER} times a scale a channel"
_WINDOWS = "one or two spatial axes"
LAYERS: dict[type[Op], tuple[str, str]] = {
    MatMul: ("MVTU", f"one vector a frame; weights on the right; {_WEIGHTS}"),
    Gemm: ("MVTU", f"`transA` 0; one vector a frame; {_WEIGHTS}"),
    Conv: ("SWU and MVTU; VVTU if depthwise; Split and Concat around groups", f"{_WINDOWS}; {_WEIGHTS}"),
    ConvTranspose: (
        "Upsample with zeros, Pad, SWU and MVTU or VVTU",
        f"{_WINDOWS}; zero point 0 before it; {_WEIGHTS}",
    ),
    MaxPool: ("SWU and WindowMax", f"{_WINDOWS}; what it reads rises with its integers"),
    GlobalMaxPool: ("WindowMax", "what it reads rises with its integers"),
    AveragePool: (
        "SWU and WindowSum; thresholds divide",
        f"{_WINDOWS}; one divisor: `ceil_mode` 0, and `count_include_pad` 1 if padded",
    ),
    GlobalAveragePool: ("WindowSum; thresholds divide", ""),
    ReduceMean: ("WindowSum; thresholds divide", "over all pixels of an image"),
    ReduceSum: ("WindowSum", "over all pixels of an image"),
    Concat: ("Concat", "along the channels; all branches computed"),
    Split: ("Split", "along the channels"),
    Pad: ("Pad", "mode constant, around images, the value one that the integers have"),
    Resize: ("Upsample", "mode nearest, whole factors"),
}
"""The operators that are no functions of single elements: their units, and what must hold."""

_JOINS = (Add, Sub, Sum)
_QUANTIZERS = (BipolarQuant, IntQuant, MultiThreshold, Quant, QuantizeLinear, Trunc)
_CHAIN = "thresholds, or on the host"


def supported() -> tuple[Supported, ...]:
    """Every operator of standard ONNX and QONNX that finnlite reads, sorted by domain and type."""
    rows = []
    for (domain, op_type), op in sorted(OPERATORS.items()):
        if domain != OWN_DOMAIN:
            meaning = " ".join((op.__doc__ or "").partition("\n\n")[0].split())
            rows.append(Supported(domain, op_type, meaning, *_fate(op)))
    return tuple(rows)


def _fate(op: type[Op]) -> tuple[str, str]:
    """What becomes of an operator, and what must hold for it."""
    if op in LAYERS:
        return LAYERS[op]
    if op in _JOINS:
        return f"Add of branches; else {_CHAIN}", "branches: one shape, scales in an integer ratio"
    if op in _QUANTIZERS:
        return "thresholds; on weights: constant, folded", f"at most {MAX_LEVELS} values"
    if op.elementwise and (op.affine or op.monotone):
        return _CHAIN, ""
    if op.elementwise:
        return _CHAIN, "monotone over the values that occur, or these are at most 4,096 (Lookup)"
    if op is Transpose:
        return "nothing: the order of the stream", "a pixel's channels stay adjacent for the next layer"
    if op.moves_data:
        return "nothing: the elements keep their order", ""
    if op is ArgMax:
        return "on the host; LabelSelect with `--output label`", "behind the last layer"
    if op.host:
        return "on the host", "behind the last layer"
    return "constant, folded", "its inputs are constant"
