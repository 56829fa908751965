# SPDX-License-Identifier: Apache-2.0
"""What runs on a built folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finnlite.backends.hls.csim import Csim
from finnlite.backends.rtl.simulation import RtlSimulation
from finnlite.errors import ArgumentError, OptionError
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.options import stage_file
from finnlite.progress import Clock, Watcher
from finnlite.samples import encode_input
from finnlite.serde import load_stage

from .building import HLS, RTL
from .deploying import predict
from .reporting import not_built
from .stages import LAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["simulate"]


def simulate(
    folder: Path | str, engine: str, x: NDArray[Any], *, progress: Watcher | None = None
) -> NDArray[Any]:
    """Runs frames through a built network.

    Args:
        folder: A built folder.
        engine: "graph", "csim" for the emitted C++, "rtl" for the emitted Verilog, or "device" for the driver
            and a simulated board.
        x: (N, …) frames: integers q where an input type was declared, else what the source model takes.
        progress: See `build`.

    Returns:
        (N, …) the first output.

    Raises:
        OptionError: If the folder holds no build, the engine is unknown, or the frames do not fit.
        SimulationError: If the simulation breaks a rule of the hardware.
    """
    folder = Path(folder)
    path = folder / stage_file(LAST)
    if engine not in ("graph", "csim", "rtl", "device"):
        raise ArgumentError(f"engine must be 'graph', 'csim', 'rtl' or 'device', is {engine!r}")
    if not path.is_file():
        raise OptionError(not_built(folder, stage_file(LAST)))
    if engine != "graph" and not (folder / HLS).is_dir():
        raise OptionError(
            f"folder {str(folder)!r}: must hold emitted code to run it, holds no {HLS}; build it without --to"
        )
    if engine == "rtl" and not (folder / RTL).is_dir():
        raise OptionError(
            f"folder {str(folder)!r}: must hold emitted Verilog to run it, holds no {RTL}; "
            f"build it with --backend rtl"
        )
    clock = Clock(progress)
    graph = load_stage(path)
    frames = encode_input(graph, graph.inputs[0], x, "input")
    name = graph.outputs[0].name
    if engine == "graph":
        with clock.step("run the graph"):
            return Session(graph).run(frames, clock.count)[name]
    if engine == "device":
        with clock.step("run the driver and the simulated device"):
            return predict(folder, frames, clock.count)[name]
    if engine == "rtl":
        with clock.step("run the RTL simulation"), RtlSimulation(graph, folder / RTL) as rtl:
            run = Host(graph).around(partial(rtl.run, progress=clock.count))
            return run({graph.inputs[0].name: frames})[name]
    with clock.step("run the C simulation"), Csim(graph, folder / HLS) as csim:
        run = Host(graph).around(partial(csim.run, progress=clock.count))
        return run({graph.inputs[0].name: frames})[name]
