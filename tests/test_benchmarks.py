# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks claim without quoting a figure."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import onnx
import pytest

import finnlite
from benchmarks.chain import chain
from finnlite import serde
from finnlite.ir import Graph

SHORT, LONG = 50, 200
STEPS: dict[str, Callable[[Path, Graph], object]] = {
    "import": lambda path, graph: finnlite.load(path),
    "copy": lambda path, graph: graph.copy(),
    "round trip": lambda path, graph: serde.from_onnx(serde.to_onnx(graph)),
}


def lines_run(call: Callable[[], object]) -> int:
    """Lines of Python that a call executes: unlike its time, the same on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("step", STEPS)
def test_work_grows_linearly_with_the_nodes(tmp_path: Path, step: str) -> None:
    counts = []
    for length in (SHORT, LONG):
        path = tmp_path / f"{length}.onnx"
        onnx.save(chain(length), path)
        graph = finnlite.load(path)
        counts.append(lines_run(partial(STEPS[step], path, graph)))
    assert LONG / SHORT / 2 < counts[1] / counts[0] < 1.1 * LONG / SHORT
