# SPDX-License-Identifier: Apache-2.0
"""The parts of the report, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from finnlite import resources
from finnlite.accelerator import Placed, units
from finnlite.boards import DEFAULT_LIMITS, Board, Limits
from finnlite.comparison import Row
from finnlite.ir import Graph, Node
from finnlite.ops.cost import Resources
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU
from finnlite.ops.structure import Backend
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU
from finnlite.schedule import schedule

__all__ = ["hardware_part", "layer_rows", "model_part", "note_list", "verification_part"]

_NOTE_PREFIX = "note."


def model_part(name: str, sha256: str, hardware: Graph | None) -> dict[str, Any]:
    """Name, digest, multiply–accumulates a frame and bits of weights."""
    products = (
        [] if hardware is None else [placed for placed in units(hardware) if placed.unit.macs(placed.node)]
    )
    weights = [node.input(1) for node, _ in products]
    bits = sum(math.prod(value.shape) * int(value.datatype.bitwidth()) for value in weights)
    known = hardware is not None
    return {
        "name": name,
        "sha256": sha256,
        "macs": sum(unit.macs(node) for node, unit in products) if known else None,
        "weight_bits": bits if known else None,
    }


def layer_rows(
    placed: Sequence[Placed], waits: Mapping[str, Mapping[str, int]], backend: Backend
) -> list[dict[str, Any]]:
    """A row for every unit, in stream order.

    FIFOs have no cycles, and only they a depth; only foldable units have pe, simd and (whether windows are)
    parallel. `memory` is the style of a FIFO's words or of a unit's weights.

    Args:
        placed: The units.
        waits: Of each unit's node the cycles a frame that it waits for others, as `schedule` gives them.
        backend: Whose hardware it is.
    """
    rows = []
    for node, unit in placed:
        cost = unit.resources(node, backend)
        folding = {name: getattr(unit, name) for name in unit.settings(*node.inputs)}
        buffer = unit.steps(node) is None
        rows.append(
            {
                "name": node.name,
                "op": unit.op_type,
                "pe": folding.get("pe"),
                "simd": folding.get("simd"),
                "parallel": folding.get("parallel"),
                "cycles": None if buffer else unit.cycles(node),
                **cost._asdict(),
                "memory": _style(node, unit),
                "depth": unit.depth if isinstance(unit, FIFO) else None,
                "waits": None if buffer else dict(waits[node.name]),
                "latency": None if buffer else unit.latency(node),
                "output": node.output.datatype.name,
                "origin": list(node.origin),
            }
        )
    return rows


def _style(node: Node, unit: Unit) -> str | None:
    if isinstance(unit, FIFO):
        return unit.memories(node)["memory"].style.value
    return unit.weight_memory(node).style.value if isinstance(unit, MVTU | VVTU) else None


def hardware_part(
    hardware: Graph | None, board: Board, clock_mhz: float, limits: Limits = DEFAULT_LIMITS
) -> dict[str, Any]:
    """Layers, performance and resources; null where there is no hardware graph.

    Args:
        hardware: The last stage.
        board: The board.
        clock_mhz: Clock of the fabric.
        limits: Percent of the board that the folding may use.
    """
    known = {
        "budget": board.budget._asdict(),
        "limits": limits._asdict(),
        "calibrated": board.backend is Backend.RTL,
    }
    if hardware is None:
        empty = dict.fromkeys(Resources._fields)
        performance = dict.fromkeys(("ii_cycles", "fps", "latency_cycles", "bottleneck"))
        resources_ = {**empty, **known, "measured": None, "implemented": None}
        return {"layers": [], "performance": performance, "resources": resources_}
    placed = units(hardware)
    timing = schedule(hardware)
    used = resources.total(resources.rows(placed, board))
    return {
        "layers": layer_rows(placed, timing.waits, board.backend),
        "performance": {
            "ii_cycles": timing.ii_cycles,
            "fps": clock_mhz * 1e6 / timing.ii_cycles,
            "latency_cycles": timing.latency_cycles,
            "bottleneck": timing.bottleneck,
        },
        "resources": {
            **used._asdict(),
            **known,
            "shell": board.shell._asdict(),
            "fits": used.fits(board.budget),
            "estimated": True,
            "measured": None,
            "implemented": None,
        },
    }


def verification_part(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The ladder's rows."""
    return [asdict(row) for row in rows]


def note_list(graphs: Mapping[str, Graph]) -> list[str]:
    """What the stages have to say: where the label is selected, how the folding was chosen."""
    notes: dict[str, None] = {}
    for graph in graphs.values():
        for key, text in graph.metadata.items():
            if key.startswith(_NOTE_PREFIX):
                notes[f"{key.removeprefix(_NOTE_PREFIX)}: {text}"] = None
    return list(notes)
