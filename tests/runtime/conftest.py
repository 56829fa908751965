# SPDX-License-Identifier: Apache-2.0
"""The small network, built and deployed once; devices and accelerators on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.backends.hls.csim import simulation_plan
from finnlite.execution import Session
from finnlite.plan import Output
from finnlite.runtime import Accelerator, FaultyDevice
from tests.runtime.deployed import GRAPH, deploy, device_for


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built folder; not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    with Output(folder / "hls") as out:
        out.run(simulation_plan(GRAPH))
    deploy(folder / "deploy", GRAPH)
    return folder


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """A copy of the built folder, to be changed."""
    return Path(shutil.copytree(built, tmp_path / "copied"))


@pytest.fixture
def device(built: Path) -> FaultyDevice:
    return device_for(built)


@pytest.fixture
def accelerator(built: Path, device: FaultyDevice) -> Iterator[Accelerator]:
    with Accelerator(built, device) as made:
        yield made
    assert device.memory.buffers == []


@pytest.fixture(scope="session")
def answers() -> Callable[[Any], Any]:
    """What the graph itself answers."""
    session = Session(GRAPH)

    def run(frames: Any) -> Any:
        return session.run(np.asarray(frames))[GRAPH.outputs[0].name]

    return run
