# SPDX-License-Identifier: Apache-2.0
"""When outputs count as equal (design: floats within 1e-5 of the largest of the sample, integers exactly)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assert_agree(
    name: str, found: Mapping[str, NDArray[Any]], expected: Sequence[NDArray[Any]], *, exact: bool = False
) -> None:
    """Fails with the network's name if any output differs."""
    assert len(found) == len(expected), name
    for (output, a), b in zip(found.items(), expected, strict=True):
        assert a.shape == b.shape, (name, output)
        if exact or b.dtype.kind in "biu":
            tolerance = 0.0
        else:
            tolerance = 1e-5 * float(np.abs(b).max())
        distance = np.abs(a.astype(np.float64) - b.astype(np.float64)).reshape(len(b), -1).max(axis=1)
        wrong = np.flatnonzero(distance > tolerance)
        assert not wrong.size, (
            f"{name}: output {output!r} differs on {wrong.size} of {len(b)} frames, on {wrong[0]} first: "
            f"{a[wrong[0]].ravel()[:6]} instead of {b[wrong[0]].ravel()[:6]}"
        )
