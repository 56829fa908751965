# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the label selection."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from finnlite.ir import Graph
from tests.backends.hardware import Chain, frames_for, random_label_select
from tests.rtl.bench import assert_equal
from tests.rtl.fifos import with_fifos
from tests.rtl.linting import assert_clean


def of(size: int, datatype: str, pe: int) -> Graph:
    chain = Chain.start(size, datatype)
    chain.label_select(pe)
    return with_fifos(chain.end(), np.random.default_rng(size))


@pytest.mark.parametrize("number", range(16))
def test_the_largest_of_random_elements(number: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(number)
    graph = with_fifos(random_label_select(rng, number, f"l{number}_"), rng)
    pause = 0.3 * (number // 4 % 2)
    assert_equal(graph, frames_for(graph, 8, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)


@pytest.mark.parametrize("datatype", ["BIPOLAR", "TERNARY", "UINT2"])
@pytest.mark.parametrize("pe", [1, 2, 3, 6])
def test_the_first_of_equals_wins(datatype: str, pe: int, tmp_path: Path) -> None:
    """All frames of few values."""
    graph = of(6, datatype, pe)
    kind = graph.inputs[0].datatype
    values = [value for value in range(int(kind.min()), int(kind.max()) + 1) if kind.allowed(value)]
    frames = np.array(list(itertools.product(values[:3], repeat=6)), dtype=np.int64)
    assert_equal(graph, frames[:: max(1, len(frames) // 150)], tmp_path)
    assert_clean(tmp_path)


@pytest.mark.parametrize(("size", "pe"), [(1, 1), (7, 7), (10, 5), (26, 13), (1000, 8), (1000, 40)])
def test_words_that_are_no_power_of_two(size: int, pe: int, tmp_path: Path) -> None:
    graph = of(size, "INT6", pe)
    assert_equal(graph, frames_for(graph, 6, pe), tmp_path)
    assert_clean(tmp_path)
