# SPDX-License-Identifier: Apache-2.0
"""Networks and their Vivado projects, as they are emitted or with something altered."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from finnlite.backends.hls.network import network_of
from finnlite.backends.pynq.project import project_plan
from finnlite.boards import BOARDS
from finnlite.flow import compile_stages
from finnlite.options import Options
from finnlite.plan import Plan
from tests.backends.pynq.recording import Recording, record, write_project
from tests.backends.pynq.wiring import Wanted

IDENTITY = "0f1e2d3c4b5a6978" * 4


def compiled(model: Path, clock_mhz: float = 100.0, **options: Any) -> Wanted:
    """A model's hardware graph, and what its project is to be of."""
    graph = compile_stages(model, Options(**options))["SizeStreams"]
    return Wanted(graph, network_of(graph), BOARDS["pynq-z1"], clock_mhz, IDENTITY)


@lru_cache(maxsize=1)
def demo() -> Wanted:
    """The packaged example."""
    return compiled(Path(str(resources.files("finnlite.examples") / "digits_w1a1.onnx")))


@lru_cache(maxsize=2)
def rtl_demo(*, status: bool = False) -> Wanted:
    """The packaged example in Verilog."""
    return replace(demo(), backend="rtl", status=status)


@lru_cache(maxsize=4)
def project_of(wanted: Wanted) -> Plan:
    settings = wanted.board, wanted.clock_mhz, wanted.identity, wanted.backend
    return project_plan(wanted.graph, *settings, status=wanted.status, rtl_layers=wanted.rtl_layers)


def recorded(
    wanted: Wanted, folder: Path, files: Mapping[str, str] | None = None, **settings: Any
) -> Recording:
    """Runs the project, some files replaced; `folder` stands for the output folder."""
    plan = project_of(wanted)
    changed = {name: text.encode() for name, text in (files or {}).items()}
    network = wanted.network if wanted.backend == "hls" else None
    write_project(Plan({**plan.files, **changed}), network, folder / "vivado")
    return record(folder / "vivado", network, **settings)
