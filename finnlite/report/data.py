# SPDX-License-Identifier: Apache-2.0
"""The parts of the report, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from finnlite import resources
from finnlite.accelerator import Placed, units
from finnlite.boards import Board
from finnlite.comparison import Row
from finnlite.ir import Graph
from finnlite.ops.cost import Resources
from finnlite.timing import analyse

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


def layer_rows(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """A row for every unit, in stream order; FIFOs have no cycles, and only foldable units pe and simd."""
    rows = []
    for node, unit in placed:
        cost = unit.resources(node)
        folding = {name: int(getattr(unit, name)) for name in unit.axes(*node.inputs)}
        buffer = unit.steps(node) is None
        rows.append(
            {
                "name": node.name,
                "op": unit.op_type,
                "pe": folding.get("pe"),
                "simd": folding.get("simd"),
                "cycles": None if buffer else unit.cycles(node),
                "lut": cost.lut,
                "ff": cost.ff,
                "bram18": cost.bram18,
                "dsp": cost.dsp,
                "latency": None if buffer else unit.latency(node),
                "output": node.output.datatype.name,
                "origin": list(node.origin),
            }
        )
    return rows


def hardware_part(hardware: Graph | None, board: Board, clock_mhz: float) -> dict[str, Any]:
    """Layers, performance and resources; null where there is no hardware graph."""
    budget = dict(zip(Resources._fields, board.budget, strict=True))
    if hardware is None:
        empty = dict.fromkeys(Resources._fields)
        performance = dict.fromkeys(("ii_cycles", "fps", "latency_cycles", "bottleneck"))
        resources_ = {**empty, "budget": budget, "implemented": None}
        return {"layers": [], "performance": performance, "resources": resources_}
    placed = units(hardware)
    performance_ = analyse(hardware)
    used = resources.total(resources.rows(placed, board))
    return {
        "layers": layer_rows(placed),
        "performance": {
            "ii_cycles": performance_.ii_cycles,
            "fps": round(performance_.fps(clock_mhz), 1),
            "latency_cycles": performance_.latency_cycles,
            "bottleneck": performance_.bottleneck,
        },
        "resources": {
            **dict(zip(Resources._fields, used, strict=True)),
            "budget": budget,
            "shell": dict(zip(Resources._fields, board.shell, strict=True)),
            "fits": used.fits(board.budget),
            "estimated": True,
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
