# SPDX-License-Identifier: Apache-2.0
"""Threshold memories and the activation that reads them; shared by the units that have thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Value
from finnlite.ops.cost import Memory
from finnlite.ops.thresholding import AT_ONCE

from ..writer import array, integer_ctype, wrapped
from .code import rom_pragmas

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Activation", "activation"]


_Memories = tuple[str, tuple[str, ...], tuple[str, tuple[str, ...]]]
"""C++ text of threshold memories, their pragmas, and the function and arguments that count."""


@dataclass(frozen=True)
class Activation:
    """What an activation adds to a layer's code."""

    constants: str
    pragmas: tuple[str, ...]
    body: tuple[str, ...] = ()
    library_type: str = ""


def activation(
    name: str,
    pe: int,
    thresholds: Value | None,
    falling: Value | None,
    out_min: int,
    out_step: int,
    memories: Mapping[str, Memory],
) -> Activation:
    """The activation of a layer called `name`.

    Args:
        name: Identifier of the layer.
        pe: Rows computed at once; row r is row r % pe of neuron fold r // pe.
        thresholds: (MH, T) or (1, T), sorted so that those that fire come first; None: no thresholds.
        falling: (MH,) or (1,): nonzero where a threshold fires at <=; None: nowhere.
        out_min: Output if none fires.
        out_step: Output's step.
        memories: What the threshold memories are in the estimate.
    """
    if thresholds is None:
        return Activation("", (), library_type=f"finnlite::no_activation<{name}_shape::output>")
    table = _integers(thresholds)
    count = table.shape[1]
    if count == 0:
        kind = f"finnlite::constant_activation<{name}_shape::output, {out_min}>"
        return Activation("", (), library_type=kind)
    flags = np.zeros(1, dtype=np.int64) if falling is None else _integers(falling).ravel()
    flips = np.broadcast_to(flags != 0, len(table))
    _check_order(table, flips)
    shared = len(table) == 1
    at_once = count <= AT_ONCE
    lane, fold = "0" if shared and at_once else "pe", "0" if shared else "nf"
    if shared and not at_once:  # there PE times, as they are read PE times a step
        table = np.repeat(table, pe, axis=0)
    folded = table.reshape(-1, 1 if lane == "0" else pe, count).transpose(1, 2, 0)  # (PE, T, NF)
    flag, flag_text, flag_pragmas = _falling(name, flips, pe, memories)
    build = _compared if at_once else _searched
    text, pragmas, call = build(name, folded, lane, fold, flag, memories)
    width = count.bit_length()
    function, arguments = call
    body = (
        *(("(void)pe;",) if lane == "0" else ()),
        *(("(void)nf;",) if shared else ()),
        *wrapped(f"const ap_uint<{width}> count = {function}(", arguments, ");"),
        f"return finnlite::level_code<{name}_shape::output, {out_min}, {out_step}>(count);",
    )
    return Activation(text + flag_text, pragmas + flag_pragmas, body)


def _integers(value: Value) -> NDArray[np.int64]:
    if value.const is None:
        raise IRError(f"value {value.name!r}: must be constant, is computed")
    return np.asarray(value.const).astype(np.int64)


def _check_order(table: NDArray[np.int64], flips: NDArray[np.bool_]) -> None:
    ascending = np.where(flips[:, None], -table, table)
    if (np.diff(ascending, axis=1) < 0).any():
        raise IRError("thresholds must be sorted, ascending where they fire at >=, else descending")


def _falling(
    name: str, flips: NDArray[np.bool_], pe: int, memories: Mapping[str, Memory]
) -> tuple[str, str, tuple[str, ...]]:
    """C++ expression of the flag, its memory, and the memory's pragmas."""
    if not flips.any():
        return "false", "", ()
    if flips.all():
        return "true", "", ()
    memory = f"{name}_falling"
    text = array(memory, "ap_uint<1>", flips.reshape(-1, pe).T.astype(np.int64))
    return (
        f"{memory}[pe][nf] == 1",
        "\n// 1: the thresholds of this row fire at <=; [PE][NF].\n" + text,
        rom_pragmas(memory, memories["falling"]),
    )


def _compared(
    name: str, folded: NDArray[np.int64], lane: str, fold: str, flag: str, memories: Mapping[str, Memory]
) -> _Memories:
    memory = f"{name}_thresholds"
    ctype = integer_ctype(int(folded.min()), int(folded.max()))
    text = "// Thresholds, compared at once; [PE][T][NF].\n" + array(memory, ctype, folded)
    pragmas = rom_pragmas(memory, memories["thresholds"], dims=2)
    return text, pragmas, ("finnlite::compare", ("sum", f"{memory}[{lane}]", fold, flag))


def _searched(
    name: str, folded: NDArray[np.int64], lane: str, fold: str, flag: str, memories: Mapping[str, Memory]
) -> _Memories:
    pe, count, folds = folded.shape
    depth = count.bit_length()
    ctype = integer_ctype(int(folded.min()), int(folded.max()))
    texts, pragmas, rows = list[str](), list[str](), list[str]()
    for level in range(depth):
        step = 1 << (depth - 1 - level)
        wanted = (2 * np.arange(1 << level) + 1) * step - 1
        nodes = folded[:, np.minimum(wanted, count - 1), :]  # nodes beyond the last are never compared
        memory = f"{name}_level{level}"
        words = nodes.transpose(0, 2, 1).reshape(pe, folds << level)
        head = f"// Level {level} of the thresholds' binary search; [PE][NF * {1 << level}].\n"
        texts.append(head + array(memory, ctype, words))
        pragmas += rom_pragmas(memory, memories[f"level{level}"])
        rows.append(f"{memory}[{lane}]")
    arguments = ("sum", fold, flag, f"ap_uint<{depth}>(0)", *rows)
    return "\n".join(texts), tuple(pragmas), (f"finnlite::search<{count}>", arguments)
