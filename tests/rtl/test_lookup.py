# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the table of a function."""

from pathlib import Path

import numpy as np
import pytest

from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import frames_for
from tests.backends.images import random_lookup
from tests.rtl.bench import assert_equal


@pytest.mark.parametrize("number", range(16))
def test_random_tables(number: int, tmp_path: Path) -> None:
    graph = random_lookup(np.random.default_rng(number), number, f"t{number}_")
    graph.transform(SizeStreams())
    pauses = 0.3 if number % 4 == 2 else 0.0
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number, idle=pauses, stall=pauses)
