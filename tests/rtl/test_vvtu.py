# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the vector-vector-threshold unit."""

from pathlib import Path

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.ir import Graph
from finnlite.ops.shapes import integer_type
from finnlite.ops.swu import SWU
from finnlite.ops.vvtu import VVTU, vvtu_bounds
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import flags, frames_for, levels, sorted_thresholds, threshold_value, values
from tests.backends.images import Image, random_vvtu
from tests.rtl.bench import assert_equal

FRAMES = 2


@pytest.mark.parametrize("number", range(24))
def test_random_vvtus(number: int, tmp_path: Path) -> None:
    graph = random_vvtu(np.random.default_rng(number), number, f"v{number}_")
    graph.transform(SizeStreams())
    pauses = 0.3 if number % 3 == 2 else 0.0
    assert_equal(graph, frames_for(graph, FRAMES, number), tmp_path, seed=number, idle=pauses, stall=pauses)


def depthwise(channels: int, pe: int, x: str, weights: str, count: int) -> Graph:
    """Four taps a pixel of an image of two by three pixels, thresholds of which some fall."""
    rng = np.random.default_rng(channels)
    image = Image((2, 3, channels), x)
    held = image.constant(values(rng, DataType[weights], (4, channels)), weights)
    image.then(SWU((2, 2), (1, 1), (1, 1), 1))
    low, high = (int(f(b)) for f, b in zip((min, max), vvtu_bounds(image.value, held), strict=True))
    falling = flags(rng, channels, "some")
    assert falling is not None
    table = threshold_value(image.graph, sorted_thresholds(rng, channels, count, (low, high), falling))
    op = VVTU(pe, integer_type(low, high), *levels(rng, count))
    graph = image.then(op, held, table, image.constant(falling, "BINARY")).end()
    graph.transform(SizeStreams())
    return graph


@pytest.mark.parametrize("count", [1, 2, 17])
@pytest.mark.parametrize("folds", [1, 2, 3, 4, 5, 8])
def test_sums_are_kept_apart_by_fold(folds: int, count: int, tmp_path: Path) -> None:
    """A word of the sums' memory is wanted again after so few steps as there are folds."""
    types = ("BIPOLAR", "INT4", "UINT3"), ("INT5", "TERNARY", "BIPOLAR")
    graph = depthwise(3 * folds, 3, types[0][folds % 3], types[1][count % 3], count)
    assert_equal(graph, frames_for(graph, FRAMES), tmp_path)


def test_sums_in_block_ram(tmp_path: Path) -> None:
    graph = depthwise(600, 1, "UINT8", "INT4", 1)
    (node,) = [node for node in graph.nodes if isinstance(node.op, VVTU)]
    assert isinstance(node.op, VVTU)
    assert node.op.memories(node)["sums"].block
    assert_equal(graph, frames_for(graph, 1), tmp_path, idle=0.2, stall=0.2)
