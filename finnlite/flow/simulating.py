# SPDX-License-Identifier: Apache-2.0
"""The C simulations of many hardware graphs of one network: in parallel, and each only once."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from finnlite.backends.hls.csim import Csim, simulation_plan
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.ladder import CAPS, Ladder
from finnlite.plan import MANIFEST, Output, Plan, amend
from finnlite.progress import Count
from finnlite.samples import Samples
from finnlite.serde import load_stage, to_bytes
from finnlite.workers import run

__all__ = ["Cache", "packed", "simulate_all"]


@dataclass(frozen=True)
class Cache:
    """Results in an output folder by the digest of what they are of; without a folder nothing is kept."""

    folder: Path | None

    @property
    def files(self) -> dict[str, bytes]:
        """Relative path to content of all that is kept."""
        paths = sorted((self.folder / "points").glob("*.json")) if self.folder is not None else []
        return {f"points/{path.name}": path.read_bytes() for path in paths}

    def find(self, digest: str) -> dict[str, Any] | None:
        """The result that was kept; None if none was, or it is damaged."""
        if self.folder is None:
            return None
        try:
            result = json.loads((self.folder / _file(digest)).read_text(encoding="utf-8"))
            return {key: result[key] for key in ("samples", "mismatches", "seconds", "verification")}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, digest: str, result: Mapping[str, Any]) -> None:
        """Keeps a result at once, so that it is there after an interrupt; makes the folder if need be."""
        if self.folder is None:
            return
        files = {_file(digest): (json.dumps(result, indent=1) + "\n").encode()}
        if (self.folder / MANIFEST).is_file():
            amend(self.folder, files)
            return
        with Output(self.folder) as out:
            out.run(Plan(files))


def _file(digest: str) -> str:
    return f"points/{digest}.json"


@dataclass(frozen=True)
class _Job:
    """What a worker needs: two stages, compressed, and frames."""

    integers: bytes
    hardware: bytes
    samples: Samples


def simulate_all(
    graphs: Mapping[str, Graph],
    integers: Graph,
    samples: Samples,
    workers: AbstractContextManager[Executor],
    cache: Cache,
    progress: Count,
) -> dict[str, dict[str, Any]]:
    """Compiles the C simulation of each graph, runs frames, and compares it with the graph and the integers.

    Args:
        graphs: Hardware graphs, by the name that messages call them.
        integers: Their stage Streamline.
        samples: The frames; of many the first, as in a build.
        workers: Where they run; not started if all results are known.
        cache: Where results are looked for and kept; those with mismatches are not.
        progress: Called with (done, total) graphs.

    Returns:
        By name: samples, mismatches, seconds, cached, and the rows of the ladder.

    Raises:
        ToolError: If one cannot be compiled or run; names it.
    """
    stage = packed(integers)
    samples = samples.first(CAPS["csim"] or len(samples))
    data = _digest(samples) + hashlib.sha256(stage).hexdigest()
    digests = {}
    results = {}
    jobs = {}
    for name, graph in graphs.items():
        digests[name] = hashlib.sha256((simulation_plan(graph).digest + data).encode()).hexdigest()
        found = cache.find(digests[name])
        if found is not None:
            results[name] = {**found, "cached": True}
        else:
            jobs[name] = _Job(stage, packed(graph), samples)
    known = len(results)
    progress(known, len(graphs))
    if jobs:
        with workers as pool:
            for name, result in run(pool, _simulate, jobs, lambda d, _: progress(known + d, len(graphs))):
                results[name] = {**result, "cached": False}
                if not result["mismatches"]:
                    cache.keep(digests[name], result)
    return results


def _digest(samples: Samples) -> str:
    state = hashlib.sha256()
    for name, array in sorted(samples.inputs.items()):
        state.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()


def _simulate(job: _Job) -> dict[str, Any]:
    """One graph, in a worker. Its compiler runs alone: as many workers run as there are to be compilers."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="finnlite-point-") as home:
        integers = _load(job.integers, Path(home, "integers.onnx"))
        hardware = _load(job.hardware, Path(home, "hardware.onnx"))
        with Csim.compile(hardware, Path(home, "hls"), jobs=1) as csim:
            answers = Host(hardware).around(csim.run)
            rows = Ladder(job.samples, CAPS, None, integers, hardware, csim=answers).run()
    return {
        "samples": len(job.samples),
        "mismatches": sum(row.mismatches or 0 for row in rows),
        "seconds": round(time.perf_counter() - start, 2),
        "verification": json.loads(json.dumps([asdict(row) for row in rows])),
    }


def packed(graph: Graph) -> bytes:
    """A stage as it travels to a worker."""
    return zlib.compress(to_bytes(graph))


def _load(data: bytes, path: Path) -> Graph:
    path.write_bytes(zlib.decompress(data))
    return load_stage(path)
