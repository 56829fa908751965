# SPDX-License-Identifier: Apache-2.0
"""One small network, its deployment folder, and devices for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.boards import board_named
from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.plan import Output
from finnlite.runtime import DriverError, FaultyDevice, Metadata
from finnlite.runtime.simulated import LIBRARY
from tests.backends.hardware import Chain

IDENTITY = "0123456789abcdef" * 4
GOLDEN = 3


def network(seed: int = 7) -> Graph:
    """24 UINT8 inputs, a product, 10 outputs: 3 words in, 3 words out."""
    weights = np.random.default_rng(seed).integers(0, 2, (24, 10)) * 2 - 1
    chain = Chain.start(24, "UINT8")
    chain.mvtu(MVTU(2, 8, integer_type(-24 * 255, 24 * 255)), weights, "BIPOLAR", name="product")
    return chain.end()


GRAPH = network()


def frames_of(count: int, seed: int = 1) -> Any:
    """Random frames."""
    return np.random.default_rng(seed).integers(0, 256, (count, 24)).astype(np.uint8)


def deploy(
    folder: Path, graph: Graph, identity: str = IDENTITY, frames: Any = None, *, status: bool = False
) -> None:
    """Writes a deployment folder for a graph, by default of the small network's input."""
    plan = deployment_plan(
        graph,
        identity,
        name="small",
        board=board_named("pynq-z1"),
        clock_mhz=100.0,
        ii_cycles=24,
        latency_cycles=120,
        frames=frames_of(GOLDEN) if frames is None else frames,
        status=status,
    )
    with Output(folder) as out:
        out.run(plan)


def device_for(folder: Path, **changes: Any) -> FaultyDevice:
    """A simulated device for a built folder."""
    metadata = Metadata.read(folder / "deploy")
    overlay, cells = metadata.overlay, (metadata.overlay.cell, "axi_dma")
    fixed = {"user_id": overlay.user_id, "cells": cells, "clock_mhz": 100.0, "status": metadata.status}
    return FaultyDevice(folder / "hls" / LIBRARY, **{**fixed, **changes})


def refused(call: Callable[[], Any], kind: type[DriverError]) -> str:
    """The message of the error with which a call is refused, which is of exactly this kind."""
    with pytest.raises(DriverError) as caught:
        call()
    assert type(caught.value) is kind
    return str(caught.value)
