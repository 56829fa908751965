# SPDX-License-Identifier: Apache-2.0
"""Random networks compiled stage by stage, for the property tests to share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.execution import Session
from finnlite.ir import Graph, Transform
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.importing import import_model
from finnlite.transforms.streamline import Streamline
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.networks import Network, random_mlp
from tests.networks.tables import DIALECTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

NETWORKS = 120
FRAMES = 96
TRANSFORMS: dict[str, Transform] = {
    t.name: t
    for t in (
        Streamline(),
        MapToHardware(),
        AbsorbThresholds(),
        MinimizeWidths(),
        Fold(),
        SizeStreams(),
    )
}


@dataclass(frozen=True)
class Compiled:
    """A network, its graph after each stage (Import first), and frames for it."""

    network: Network
    graphs: dict[str, Graph]
    frames: NDArray[np.float32]

    def before(self, stage: str) -> Graph:
        """What the stage was given."""
        names = list(self.graphs)
        return self.graphs[names[names.index(stage) - 1]]


@cache
def compiled(seed: int) -> Compiled:
    """Network `seed`, each stage run on a copy of the one before; `graph.validate()` after each."""
    network = random_mlp(seed)
    graph = import_model(network.model, **network.input_options)
    graph.validate()
    graphs = {"Import": graph}
    for name, transform in TRANSFORMS.items():
        graph = graph.copy().transform(transform)
        graph.validate()
        graphs[name] = graph
    return Compiled(network, graphs, network.raw_inputs(FRAMES, np.random.default_rng([seed, 7])))


def seeds_of(dialect: str, networks: int = NETWORKS) -> Iterator[int]:
    """The seeds below `networks` whose network is of the dialect."""
    return iter(range(DIALECTS.index(dialect), networks, len(DIALECTS)))


def run(graph: Graph, frames: NDArray[Any], *watch: str) -> dict[str, NDArray[Any]]:
    """Outputs and watched values by name."""
    return Session(graph, watch, threads=1).run(frames)
