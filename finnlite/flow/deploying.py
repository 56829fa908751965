# SPDX-License-Identifier: Apache-2.0
"""What goes to the board: the Vivado project, and the driver with its description of the accelerator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.backends.pynq.project import project_plan
from finnlite.boards import Board
from finnlite.errors import OptionError, UnsupportedError
from finnlite.host import Host, Runner
from finnlite.ir import Graph
from finnlite.plan import Output
from finnlite.progress import Count, shares
from finnlite.runtime import Accelerator
from finnlite.samples import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DEPLOY", "VIVADO", "deploy", "predict"]

VIVADO = "vivado"
"""Folder of the Vivado project."""
DEPLOY = "deploy"
"""Folder that is copied to the board."""
_GOLDEN = 16
"""Frames of the driver's self-test."""


def deploy(
    target: Output,
    graph: Graph,
    board: Board,
    report: Mapping[str, Any],
    samples: Samples,
    count: Count | None = None,
) -> Runner:
    """Writes both folders.

    Args:
        target: The build's folder, which holds the emitted C++ already.
        graph: The hardware graph.
        board: The board.
        report: The report so far: model, clock, backend, options, identity, performance.
        samples: Some of them become the golden frames of the driver's self-test, and the notebook's.
        count: Told the frames that went through the driver.

    Returns:
        What runs frames through the driver and the simulated device; raises UnsupportedError if the driver
        cannot do the host's part of this network.
    """
    identity, clock_mhz, performance = report["identity"], report["clock_mhz"], report["performance"]
    made, status = (graph, board, clock_mhz, identity, report["backend"]), report["options"]["status"]
    project = project_plan(*made, status=status, rtl_layers=report["options"]["rtl_layers"])
    target.run(project, VIVADO)
    golden = samples.first(_GOLDEN)
    try:
        plan = deployment_plan(
            graph,
            identity,
            name=report["model"]["name"],
            board=board,
            clock_mhz=clock_mhz,
            ii_cycles=performance["ii_cycles"],
            latency_cycles=performance["latency_cycles"],
            frames=Host(graph).encode(next(iter(golden.inputs.values()))),
            samples=golden,
            status=status,
        )
    except UnsupportedError as error:
        return _refuse(error)
    target.run(plan, DEPLOY)
    return lambda inputs: predict(target.folder, next(iter(inputs.values())), count)


def _refuse(error: UnsupportedError) -> Runner:
    def run(inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        raise error

    return run


def predict(folder: Path, frames: NDArray[Any], count: Count | None = None) -> dict[str, NDArray[Any]]:
    """The outputs by name of frames that go through the driver and the simulated device.

    Raises:
        OptionError: If the build has no driver.
    """
    if not (folder / DEPLOY).is_dir():
        raise OptionError(
            f"folder {str(folder)!r}: must hold a driver to run on the device, holds no {DEPLOY}; "
            f"its report says why"
        )
    with Accelerator(folder, device="sim") as accelerator:
        parts = shares(len(frames))
        results = []
        for part, result in zip(parts, accelerator.predict(frames[part] for part in parts), strict=True):
            results.append(result)
            if count is not None:
                count(part.stop, len(frames))
        names = [output.name for output in accelerator.metadata.outputs]
    if len(names) == 1:
        return {names[0]: np.concatenate(results)}
    return {name: np.concatenate([result[name] for result in results]) for name in names}
