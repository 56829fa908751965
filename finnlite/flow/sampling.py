# SPDX-License-Identifier: Apache-2.0
"""The frames that a build or an exploration runs: read as soon as the network's inputs are known."""

from __future__ import annotations

from pathlib import Path

from finnlite.ir import Graph
from finnlite.progress import Clock
from finnlite.samples import Samples, load_samples, synthetic_samples

__all__ = ["read_samples"]


def read_samples(path: Path | None, graph: Graph, clock: Clock) -> Samples:
    """The frames of a verify file, or random ones.

    Args:
        path: The file; None for random frames.
        graph: The earliest stage there is.
        clock: Told that a file is read.

    Raises:
        OptionError: If the file cannot be read, or its arrays do not fit the graph.
    """
    if path is None:
        return synthetic_samples(graph)
    with clock.step("read samples"):
        return load_samples(path, graph)
