# SPDX-License-Identifier: Apache-2.0
"""The Verilog of pooling: of whole images in each kind of memory, and behind random windows."""

from pathlib import Path

import numpy as np
import pytest

from finnlite.ops.cost import Style
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import frames_for
from tests.backends.images import Image, random_pool
from tests.rtl.bench import assert_equal
from tests.rtl.linting import assert_clean

KINDS = {"INT8": (2, 1), "BIPOLAR": (1, 3), "TERNARY": (2, 2), "BINARY": (1, 1), "UINT8": (1, 2)}
"""Datatypes, and the images they are tried on."""
MEMORIES = [
    (6, 6, Style.REGISTERS),
    (6, 3, Style.REGISTERS),
    (6, 2, Style.REGISTERS),
    (12, 3, Style.LUTRAM),
    (7, 1, Style.LUTRAM),
    (2000, 1, Style.BLOCK),
]
"""Channels, how many of them at once, and what keeps the results of eight bits or more."""


@pytest.mark.parametrize(("channels", "pe", "style"), MEMORIES)
@pytest.mark.parametrize("pool", [WindowMax, WindowSum])
def test_pooling_in_each_memory(
    pool: type[WindowMax] | type[WindowSum], channels: int, pe: int, style: Style, tmp_path: Path
) -> None:
    """Words are right and leave in the model's cycles, windows of a single pixel among them."""
    for index, (kind, shape) in enumerate(KINDS.items()):
        op = pool(shape[0] * shape[1], pe, whole=True)
        graph = Image((*shape, channels), kind).then(op).end()
        if kind.endswith("8"):
            (node,) = (node for node in graph.nodes if node.op == op)
            assert op.memories(node)["kept"].style is style
        graph = graph.transform(SizeStreams())
        folder = tmp_path / kind
        folder.mkdir()
        pause = 0.3 * (index % 2)
        assert_equal(graph, frames_for(graph, 2, index), folder, seed=index + 1, idle=pause, stall=pause)


@pytest.mark.parametrize("pause", [0.0, 0.3])
@pytest.mark.parametrize("number", range(8))
def test_pooling_of_random_windows(number: int, pause: float, tmp_path: Path) -> None:
    """Behind an SWU, of any datatype and folding."""
    rng = np.random.default_rng(number)
    graph = random_pool(rng, number, f"p{number}_").transform(SizeStreams())
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)
