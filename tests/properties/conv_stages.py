# SPDX-License-Identifier: Apache-2.0
"""Random convolutional networks compiled stage by stage, and what each rung must agree with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.accelerator import units
from finnlite.ir import Graph, Transform
from finnlite.nearties import compare_integers
from finnlite.transforms import InterleaveChannels, LowerConvs
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.importing import import_model
from finnlite.transforms.streamline import Streamline
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.networks import source_outputs
from tests.networks.conv import ConvNetwork, random_conv
from tests.networks.conv_plans import cards
from tests.networks.oracle import input_batch
from tests.networks.tables import DIALECTS

from .agreement import assert_agree
from .stages import run

if TYPE_CHECKING:
    from numpy.typing import NDArray

NETWORKS = len(cards())
"""Every card of the table: 248."""
FRAMES = 8
QUIET = 2.0**-13
"""Rounding of float sums, in integers, up to which near-ties must be as rare as the ladder demands."""
MAPPING: dict[str, Transform] = {
    t.name: t
    for t in (LowerConvs(), InterleaveChannels(), MapToHardware(), AbsorbThresholds(), MinimizeWidths())
}
"""From the integers to units that are not folded yet."""


@dataclass(frozen=True)
class CompiledConv:
    """A network, its graphs by stage (Import, Streamline, ... MinimizeWidths), and frames for it."""

    network: ConvNetwork
    graphs: dict[str, Graph]
    frames: NDArray[np.float32]

    def folded(self, seed: int) -> Graph:
        """Its hardware; folded at random for odd seeds, and as far as it can be for even ones."""
        rng = np.random.default_rng(seed)
        graph = self.graphs["MinimizeWidths"].copy()
        folding: dict[str, dict[str, int]] = {}
        for node, unit in units(graph):
            legal = unit.legal(*node.inputs)
            if legal:
                folding[node.name] = {
                    name: int(rng.choice(values[: len(values) if seed % 2 else 1]))
                    for name, values in legal.items()
                }
        graph.transform(Fold(folding), SizeStreams())
        graph.validate()
        return graph


def seeds_of(dialect: str) -> Iterator[int]:
    """The seeds of the table's networks that are of the dialect."""
    return iter(range(DIALECTS.index(dialect), NETWORKS, len(DIALECTS)))


def compile_conv(network: ConvNetwork) -> CompiledConv:
    """The network's stages, each a copy that is valid."""
    graph = import_model(network.model, **network.input_options)
    graph.validate()
    graphs = {"Import": graph}
    for name, transform in {"Streamline": Streamline(), **MAPPING}.items():
        graph = graph.copy().transform(transform)
        graph.validate()
        graphs[name] = graph
    return CompiledConv(network, graphs, network.inputs(FRAMES, np.random.default_rng([len(graphs), 8])))


def compiled_conv(seed: int) -> CompiledConv:
    """Network `seed`, compiled."""
    return compile_conv(random_conv(seed))


def assert_source_agrees(it: CompiledConv) -> None:
    """Import against an executor that is not finnlite's."""
    batch = input_batch(it.network.model)
    frames = it.frames[: {0: 4, 1: 1}.get(batch, batch)]
    expected = source_outputs(it.network.model, frames)
    assert_agree(it.network.name, run(it.graphs["Import"], frames), expected)


def assert_integers_agree(it: CompiledConv) -> None:
    """Streamline against import, quantizer by quantizer; near-ties are as rare as float sums are exact."""
    reference, integers = it.graphs["Import"], it.graphs["Streamline"]
    verdict, *_ = compare_integers(reference, integers, {reference.inputs[0].name: it.frames})
    assert verdict.first is None, (it.network.name, verdict)
    if it.network.noise <= QUIET:
        assert verdict.mismatches == 0, (it.network.name, verdict)
    allowed = max(2.0, 4 * verdict.elements * it.network.noise)
    assert verdict.mismatches + verdict.near_ties <= allowed, (it.network.name, verdict)


def assert_stages_agree(it: CompiledConv, expected: list[NDArray[Any]], *stages: str) -> None:
    """Stages behind the integers give exactly the same."""
    for stage in stages or MAPPING:
        found = run(it.graphs[stage], it.frames)
        assert_agree(f"{it.network.name} after {stage}", found, expected, exact=True)
