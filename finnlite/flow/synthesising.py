# SPDX-License-Identifier: Apache-2.0
"""`synth`: what Yosys makes of the Verilog of a built network, part by part, beside the estimates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from finnlite import report as reports
from finnlite import workers
from finnlite.accelerator import units
from finnlite.backends.rtl.emit import library
from finnlite.backends.rtl.measured import Measured, total
from finnlite.backends.rtl.parts import parts_of
from finnlite.backends.rtl.synthesis import Cache, measure
from finnlite.backends.rtl.yosys import Yosys, find_yosys
from finnlite.errors import ArgumentError, OptionError
from finnlite.ir import Graph
from finnlite.ops.structure import Backend
from finnlite.options import stage_file
from finnlite.plan import amend
from finnlite.progress import Clock, Count, Watcher
from finnlite.serde import load_stage

from .reporting import not_built, read_report
from .stages import LAST

__all__ = ["measure_all", "synth"]


def synth(
    folder: Path | str,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    progress: Watcher | None = None,
) -> dict[str, Any]:
    """Synthesises the Verilog of a built network with Yosys, whatever backend it was built for.

    Every unit and FIFO is synthesised alone, for a 7-series part, before placement; equal ones once. Results
    are kept in the folder, so that only what has changed is synthesised again.

    Args:
        folder: A built folder; its `report.json` is brought up to date.
        jobs: Parts to synthesise at once; by default as many as there are processors. They run in processes
            of their own, for which a script must keep its work below `if __name__ == "__main__":`.
        dask: Address of the scheduler of a Dask cluster to synthesise on instead.
        progress: See `build`.

    Returns:
        What `report.json` holds now: sums and parts are under `resources.measured`, without the shell.

    Raises:
        OptionError: If the folder holds no build.
        UnsupportedError: If a unit has no RTL code.
        ToolError: If Yosys is missing or fails.
    """
    folder = Path(folder)
    if jobs is not None and dask is not None:
        raise ArgumentError("jobs and dask must not both be given; the cluster decides how many run at once")
    if not (folder / stage_file(LAST)).is_file():
        raise OptionError(not_built(folder, stage_file(LAST)))
    data = read_report(folder)
    yosys = find_yosys()
    pool = workers.dask(dask) if dask else workers.local(jobs if jobs is not None else os.cpu_count() or 1)
    clock = Clock(progress)
    with clock.step("synthesise"):
        graph = load_stage(folder / stage_file(LAST))
        (found,) = measure_all({"": graph}, yosys, pool, Cache(folder), clock.count).values()
    data["resources"]["measured"] = _summary(graph, found, yosys)
    data["timings_s"] = {**data.get("timings_s", {}), **clock.seconds}
    amend(folder, reports.files(data))
    return data


def measure_all(
    graphs: Mapping[str, Graph],
    yosys: Yosys,
    pool: AbstractContextManager[Executor],
    cache: Cache,
    progress: Count,
) -> dict[str, dict[str, Measured]]:
    """Synthesises the parts of some hardware graphs, equal ones once.

    Args:
        graphs: By the name that messages call them; "" for the only one.
        yosys: The tool.
        pool: Where it runs.
        cache: Where results are looked for and kept.
        progress: Called with (done, total) parts.

    Returns:
        By graph, then by node.
    """
    parts = {(name, node): part for name, graph in graphs.items() for node, part in parts_of(graph).items()}
    labels = {key: f"{key[0]}, node {key[1]!r}" if key[0] else f"node {key[1]!r}" for key in parts}
    found = measure(
        {labels[key]: part for key, part in parts.items()}, library(), yosys, pool, cache, progress
    )
    result: dict[str, dict[str, Measured]] = {name: {} for name in graphs}
    for (name, node), label in labels.items():
        result[name][node] = found[label]
    return result


def _summary(graph: Graph, found: Mapping[str, Measured], yosys: Yosys) -> dict[str, Any]:
    """The sum, and a row a part with the estimate of it in RTL; None for what has no node."""
    placed = {node.name: (node, unit) for node, unit in units(graph)}
    rows = []
    for name, measured in found.items():
        node, unit = placed.get(name, (None, None))
        estimate = None if node is None or unit is None else unit.resources(node, Backend.RTL)._asdict()
        op = "FIFO" if unit is None else unit.op_type
        rows.append({"name": name, "op": op, **asdict(measured), "estimate": estimate})
    return {"tool": f"Yosys {yosys.version}", **asdict(total(found.values())), "parts": rows}
