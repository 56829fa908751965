# SPDX-License-Identifier: Apache-2.0
"""The emitted code of two tiny networks, to be read."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.hls.emit import emit
from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from tests.backends.hardware import Chain
from tests.backends.images import residual


def tiny() -> Graph:
    """Every unit once, thresholds of both kinds, a falling row, weights of two lanes."""
    rng = np.random.default_rng(1)
    chain = Chain.start(8, "UINT4")
    chain.thresholding(
        Thresholding(0, 1, pe=8), np.sort(rng.integers(1, 16, (1, 3)), axis=1), name="quantize"
    )
    weights = rng.integers(-4, 4, (8, 6))
    thresholds = np.array([[0]] * 5 + [[3]])
    falling = np.array([0, 1, 0, 0, 0, 1])
    chain.mvtu(MVTU(3, 8, integer_type(-100, 99), -1, 2), weights, "INT3", thresholds, falling, name="fc 1")
    levels = np.stack([np.arange(-8, 9), np.arange(-9, 8)])
    chain.mvtu(MVTU(1, 3, integer_type(-6, 6)), rng.integers(0, 2, (6, 2)) * 2 - 1, "BIPOLAR", name="fc2")
    chain.thresholding(Thresholding(-8, 1, pe=1), levels, name="requantize")
    chain.label_select(1)
    return chain.end()


def test_emitted_code(golden: Callable[[str, str], None]) -> None:
    files = emit(tiny()).files
    for path in files:
        if path.startswith("src/") or path == "sim/network.cpp":
            golden(f"hls/{path}", files[path].decode())


def test_emitted_code_of_a_residual_block(golden: Callable[[str, str], None]) -> None:
    files = emit(residual()).files
    for path in files:  # borders and converters are in the other golden folder
        if path == "sim/network.cpp" or re.match(r"src/(data/)?(?!axi|widthconverter)\w+\.", path):
            golden(f"hls_images/{path}", files[path].decode())


@pytest.mark.parametrize(("name", "graph"), [("hls", tiny()), ("hls_images", residual())])
def test_no_golden_file_is_left_over(root: Path, name: str, graph: Graph) -> None:
    folder = root / "tests" / "golden" / name
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there <= set(emit(graph).files)
