# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the units that make images larger."""

from pathlib import Path

import numpy as np
import pytest

from finnlite.ir import Graph
from finnlite.ops.cost import Style
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.unit import Unit
from tests.backends.hardware import frames_for
from tests.backends.images import Image, random_larger
from tests.rtl.bench import assert_equal
from tests.rtl.fifos import with_fifos
from tests.rtl.linting import assert_clean


def of(shape: tuple[int, int, int], datatype: str, op: Unit, seed: int = 0) -> Graph:
    return with_fifos(Image(shape, datatype).then(op).end(), np.random.default_rng(seed))


@pytest.mark.parametrize("number", range(24))
def test_larger_images(number: int, tmp_path: Path) -> None:
    """Any edges and scales, datatypes that hold the edge's value or do not."""
    rng = np.random.default_rng(number)
    graph = with_fifos(random_larger(rng, number, f"p{number}_"), rng)
    pause = 0.3 * (number // 3 % 2)
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)


EDGES = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (3, 2, 1, 4)]


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 4)])
def test_every_edge(shape: tuple[int, int, int], edges: tuple[int, ...], tmp_path: Path) -> None:
    graph = of(shape, "BIPOLAR", StreamPad(1, edges, -5))
    assert_equal(graph, frames_for(graph, 3, 1), tmp_path)
    assert_clean(tmp_path)


def test_an_edge_of_64_bits(tmp_path: Path) -> None:
    """Its code is larger than an integer of Verilog."""
    graph = of((2, 2, 1), "INT64", StreamPad(1, (1, 1, 1, 1), -(2**40) - 7))
    assert_equal(graph, frames_for(graph, 2, 1), tmp_path)
    assert_clean(tmp_path)


STYLES = [
    ((3, 2, 2), 2, "INT4", {"pixel": Style.REGISTERS, "line": Style.REGISTERS}),
    ((3, 5, 2), 1, "INT4", {"pixel": Style.REGISTERS, "line": Style.LUTRAM}),
    ((2, 3, 8), 1, "INT4", {"pixel": Style.LUTRAM, "line": Style.LUTRAM}),
    ((2, 65, 16), 2, "INT8", {"pixel": Style.LUTRAM, "line": Style.BLOCK}),
    ((2, 2, 1030), 2, "INT9", {"pixel": Style.BLOCK, "line": Style.BLOCK}),
]


@pytest.mark.parametrize(("shape", "pe", "datatype", "styles"), STYLES)
@pytest.mark.parametrize("scales", [(1, 3), (2, 1), (2, 2)])
def test_every_memory(
    shape: tuple[int, int, int],
    pe: int,
    datatype: str,
    styles: dict[str, Style],
    scales: tuple[int, int],
    tmp_path: Path,
) -> None:
    """Pixels and lines in registers, LUTs and block RAM."""
    graph = of(shape, datatype, Upsample(pe, scales), seed=len(styles) + pe)
    (node,) = (node for node in graph.nodes if isinstance(node.op, Upsample))
    assert isinstance(node.op, Upsample)
    repeated = {name for name, scale in (("line", scales[0]), ("pixel", scales[1])) if scale > 1}
    mine = {name: memory.style for name, memory in node.op.memories(node).items()}
    assert mine == {name: styles[name] for name in repeated}
    assert_equal(graph, frames_for(graph, 2, 1), tmp_path)
    assert_clean(tmp_path)
