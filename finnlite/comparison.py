# SPDX-License-Identifier: Apache-2.0
"""How two rungs' outputs are compared, and what the report says of it (design §11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Mismatch", "Row", "compare_outputs", "differing", "first_mismatch", "labels_of"]

_FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Mismatch:
    """The first element that differs.

    Args:
        layer: Name of the first layer that differs, or of the output where layers cannot be seen.
        sample: Index of the frame.
        element: Index within the frame.
        found: The value of the rung.
        expected: The value of the rung before it.
    """

    layer: str
    sample: int
    element: tuple[int, ...]
    found: float
    expected: float


@dataclass(frozen=True)
class Row:
    """One comparison of the ladder; the fields are the report's.

    Args:
        stage: The rung.
        against: The rung it is compared with.
        samples: Frames compared.
        capped_from: Frames there were, if they were capped.
        data: "file" or "synthetic".
        mismatches: Elements that differ and are not near-ties; None if the two could not be compared.
        near_ties: Elements that differ because the reference's rounding crossed a threshold.
        first_mismatch: The first of the mismatches.
        note: What else the report should say.
    """

    stage: str
    against: str
    samples: int
    capped_from: int | None
    data: str
    mismatches: int | None
    near_ties: int | None = 0
    first_mismatch: Mismatch | None = None
    note: str = ""


def labels_of(array: NDArray[Any]) -> NDArray[np.int64]:
    """(N, 1) index of each frame's largest element; the lowest wins a tie."""
    labels: NDArray[np.int64] = array.reshape(len(array), -1).argmax(axis=1)[:, None]
    return labels


def differing(found: NDArray[Any], expected: NDArray[Any], *, exact: bool) -> NDArray[np.bool_]:
    """(N, elements): which elements differ.

    Floats agree within 1e-5 of the largest expected magnitude of all frames unless `exact`; integers
    exactly.
    """
    a, b = found.reshape(len(found), -1), expected.reshape(len(expected), -1)
    if a.shape != b.shape:
        return np.ones(b.shape, dtype=np.bool_)
    if exact or "f" not in (a.dtype.kind, b.dtype.kind):
        same = a == b
    else:
        largest = np.abs(b[np.isfinite(b)]).max(initial=0)
        with np.errstate(invalid="ignore"):  # ∞ − ∞
            same = (a == b) | (np.abs(a.astype(np.float64) - b) <= _FLOAT_TOLERANCE * largest)
    wrong: NDArray[np.bool_] = ~same & ~(_is_nan(a) & _is_nan(b))
    return wrong


def _is_nan(array: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=np.bool_)


def first_mismatch(
    layer: str, found: NDArray[Any], expected: NDArray[Any], wrong: NDArray[np.bool_]
) -> Mismatch | None:
    """The first differing element of the first differing frame; None if there is none."""
    if not wrong.any():
        return None
    sample, flat = (int(i) for i in np.argwhere(wrong)[0])
    shape = expected.shape[1:] or (1,)
    element = tuple(int(i) for i in np.unravel_index(flat, shape))
    a, b = found.reshape(len(found), -1), expected.reshape(len(expected), -1)
    value = float(a[sample, flat]) if a.shape == b.shape else float("nan")
    return Mismatch(layer, sample, element, value, float(b[sample, flat]))


def compare_outputs(
    found: Mapping[str, NDArray[Any]], expected: Mapping[str, NDArray[Any]], *, exact: bool
) -> tuple[int, Mismatch | None, NDArray[np.bool_]]:
    """Outputs by position: how many elements differ, the first, and which frames do."""
    count, first = 0, None
    frames: NDArray[np.bool_] = np.zeros(len(next(iter(expected.values()))), dtype=np.bool_)
    for (name, a), b in zip(found.items(), expected.values(), strict=True):
        if a.dtype.kind in "iu" and a[0].size == 1 and b[0].size > 1:
            b = labels_of(b)
        wrong = differing(a, b, exact=exact)
        count += int(np.count_nonzero(wrong))
        first = first or first_mismatch(name, a, b, wrong)
        frames |= wrong.any(axis=1)
    return count, first, frames
