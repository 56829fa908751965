# SPDX-License-Identifier: Apache-2.0
"""`check`: what will map to hardware, what will not, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finnlite.accelerator import units
from finnlite.backends.hls.units import UNITS
from finnlite.errors import UnsupportedError
from finnlite.ir import Graph
from finnlite.mapping import Check, SourceNode, becomes, judge
from finnlite.options import Numbers, Scale
from finnlite.transforms import Import, InterleaveChannels, LowerConvs, Streamline, read_model
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.importing import UnknownOperatorError
from finnlite.transforms.importing.listing import source_nodes

__all__ = ["check"]


def check(
    model: Path | str,
    *,
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
) -> Check:
    """Says of every node of a model whether it maps, and if not why, because of whom, and what to do.

    Args:
        model: The file.
        input_type: See `load`.
        input_scale: See `load`.
        input_mean: See `load`.
        input_std: See `load`.

    Raises:
        ModelError: If the file cannot be read.
        OptionError: If the declared input does not fit the model.
    """
    importer = Import(input_type, input_scale, input_mean, input_std)
    proto = read_model(model)
    nodes = [SourceNode(*item) for item in source_nodes(proto)]
    try:
        graph = importer.run(proto)
    except UnknownOperatorError as error:
        errors = [UnsupportedError(_operator_message(n), node=n.name, fix=n.fix) for n in error.nodes]
        return judge(nodes, errors, {})
    folded = json.loads(graph.metadata.get("folded", "[]"))
    ends = dict.fromkeys(folded, "constant, folded")
    blocked = Streamline().diagnose(graph)
    if not blocked:
        try:
            passes = (Streamline(), LowerConvs(), InterleaveChannels(), MapToHardware(), AbsorbThresholds())
            mapped = graph.copy().transform(*passes)
        except UnsupportedError as error:
            blocked = [error]
        else:
            blocked = _without_code(mapped)
            ends |= becomes(mapped)
    return judge(nodes, blocked, ends)


def _without_code(mapped: Graph) -> list[UnsupportedError]:
    """The units that a graph has and the backend has not."""
    known = ", ".join(sorted(kind.op_type for kind in UNITS))
    return [
        UnsupportedError(
            f"node {node.source!r}: {unit.op_type} has no HLS code, must be one of {known}",
            node=node.source,
            fix="replace it by operators that become one of these",
        )
        for node, unit in units(mapped)
        if type(unit) not in UNITS
    ]


def _operator_message(node: Any) -> str:
    operator = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
    return f"operator must be one that finnlite knows, is {operator}"
