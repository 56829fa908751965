# SPDX-License-Identifier: Apache-2.0
"""The identity of a build: what the bitstream is made from, and nothing else."""

import pytest

from finnlite.backends.pynq import identity
from finnlite.backends.pynq.identity import identity_of
from finnlite.boards import BOARDS
from finnlite.examples import digits_model
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.plan import Plan

BOARD = BOARDS["pynq-z1"]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return compile_stages(digits_model())["SizeStreams"]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("README.txt", False),
        ("build.tcl", False),
        ("hls/synthesise.tcl", False),
        ("hls/report.tcl", False),
        ("first_contact/units.tcl", False),
        ("design.tcl", True),
        ("ps7.tcl", True),
        ("implement.tcl", True),
        ("sources.tcl", True),
        ("hls/run.tcl", True),
        ("rtl/finnlite_fifo.v", True),
    ],
)
def test_what_makes_another_identity(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, path: str, other: bool
) -> None:
    before, project = identity_of(graph, BOARD, 100.0), identity.project_plan

    def changed(*arguments: object, **options: object) -> Plan:
        files = dict(project(*arguments, **options).files)  # type: ignore[arg-type]
        return Plan({**files, path: files[path] + b"\n"})

    monkeypatch.setattr(identity, "project_plan", changed)
    assert (identity_of(graph, BOARD, 100.0) != before) is other


def test_the_clock_is_part_of_it(graph: Graph) -> None:
    assert identity_of(graph, BOARD, 100.0) != identity_of(graph, BOARD, 125.0)
