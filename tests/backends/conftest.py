# SPDX-License-Identifier: Apache-2.0
"""The small network, built; and built with something altered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from finnlite.backends.hls.csim import Csim, simulation_plan
from finnlite.plan import Output, Plan
from tests.backends.small import GRAPH

Text = Callable[[str], str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csim") / "hls"
    Csim.compile(GRAPH, folder).close()
    return folder


@pytest.fixture
def simulation(built: Path) -> Iterator[Csim]:
    with Csim(GRAPH, built) as csim:
        yield csim


@pytest.fixture
def altered(built: Path) -> Callable[..., Csim]:
    """Builds the network with one file of the plan changed; the other objects are reused."""

    def build(path: str, change: Text) -> Csim:
        plan = simulation_plan(GRAPH)
        text = plan.files[path].decode()
        assert change(text) != text
        with Output(built) as out:
            out.run(Plan({**plan.files, path: change(text).encode()}, plan.commands))
        return Csim(GRAPH, built)

    return build
