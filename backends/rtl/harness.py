# SPDX-License-Identifier: Apache-2.0
"""The harness of a simulation: its sources, what it is told, and what its reports of problems mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from ..network import Network
from .threads import Thread
from .verilator import HARNESS
from .waiting import waiting

__all__ = ["harness_files", "problem_text", "run_file"]


def harness_files() -> dict[str, bytes]:
    """Path to text of what runs the model."""
    root = resources.files(__package__)
    return {path: root.joinpath(*path.split("/")).read_bytes() for path in HARNESS}


def run_file(numbers: Mapping[str, float], threads: Sequence[Thread]) -> tuple[str, bytes]:
    """What a run is told, and the codes of the layers' steps; see sim/settings.hpp.

    Args:
        numbers: Setting to value.
        threads: The layers.
    """
    lines = [f"{name} {value}" for name, value in numbers.items()]
    codes = []
    for thread in threads:
        steps, numbered = thread.patterns()
        patterns = [streams for step in steps for streams in thread.at(step)]
        words = [len(numbered), len(steps), *(n for streams in patterns for n in (len(streams), *streams))]
        lines.append(f"layer {' '.join(map(str, words))}")
        codes.append(numbered.tobytes())
    return "\n".join(lines) + "\n", b"".join(codes)


def problem_text(
    network: Network,
    threads: Sequence[Thread],
    depths: Sequence[int],
    report: dict[str, Any],
    patience: int,
) -> str:
    """The message for what the harness reports.

    Args:
        network: What was simulated.
        threads: Of its layers.
        depths: Of its streams.
        report: What the harness wrote.
        patience: Cycles after which it takes stillness for a deadlock.
    """
    problem, cycle = report["problem"], f"cycle {report['cycle']:,}"
    out = network.layers[-1].node.name
    if problem in ("early", "late"):
        layer = network.layers[report["layer"]]
        step = f"node {layer.node.name!r}: step {report['next'][report['layer']]:,} of {layer.steps:,}"
        missing = "comes although a word or room is missing"
        there = "does not come although all words and room are there"
        return f"{step} must come when the model says, {missing if problem == 'early' else there} ({cycle})"
    if problem == "deadlock":
        frame = report["beats_out"] // network.output_beats
        found = waiting(network, threads, depths, report)
        return (
            f"RTL simulation: the units must go on until all frames have left, "
            f"stood still for {patience:,} cycles in frame {frame:,} ({cycle}):\n{found}"
        )
    rules = {
        "extra": "must write as many beats as the frames have, writes more",
        "tlast": "TLAST must come with the last beat of the transfer and no other, does not",
        "tkeep": "TKEEP must be all ones, is not",
    }
    return f"node {out!r}: {rules[problem]} (beat {report['beats_out']:,}, {cycle})"
