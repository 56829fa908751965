# SPDX-License-Identifier: Apache-2.0
"""Runs many layers of one source and one sink in Icarus Verilog, each alone, and lists their steps."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from finnlite.backends.rtl.emit import library
from finnlite.backends.rtl.units import layer_code
from finnlite.backends.rtl.writer import instance, wire
from finnlite.ir import Node
from finnlite.ops.unit import Unit
from tests.rtl.bench import call, icarus

STEPS = Path(__file__).with_name("steps.v")


class Made(NamedTuple):
    """What a layer did: for each step whether it reads and whether it writes, and the words it wrote."""

    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]
    words: list[str]


def _layer(number: int, node: Node, count: int, pauses: int) -> list[str]:
    op = node.op
    assert isinstance(op, Unit)
    code = layer_code(node, f"layer{number}")
    widths = op.source(node).width, op.sink(node).width
    signals = [("step", 1), ("done", 1)]
    signals += [(f"{port}_valid", 1) for port in ("s0", "m0")] + [
        (f"{port}_ready", 1) for port in ("s0", "m0")
    ]
    signals += [("s0_data", widths[0]), ("m0_data", widths[1])]
    nets = [(name, f"{name}_{number}") for name, _ in signals]
    clock = [("aclk", f"aclk && !done_{number}"), ("aresetn", "aresetn")]
    settings = {"NUMBER": number, "IN": widths[0], "OUT": widths[1], "PIPE": code.pipe}
    settings |= {"COUNT": count, "PAUSES": pauses}
    cell = [(port, net) for port, net in nets if port != "done"]
    return [
        *(wire(width, f"{name}_{number}") for name, width in signals),
        *instance(code.cell, f"layer{number}", code.parameters, [*clock, *cell]),
        *instance("steps", f"steps{number}", list(settings.items()), [*clock, *nets]),
    ]


def run_steps(nodes: Sequence[Node], counts: Sequence[int], folder: Path, *, pauses: int = 0) -> list[Made]:
    """The first steps of layers whose sources send 0, 1, 2, …

    Args:
        nodes: Of units with one source and one sink.
        counts: Of steps, a layer.
        folder: An empty one.
        pauses: Percent of the cycles in which a source has nothing, and in which a sink takes nothing.

    Raises:
        AssertionError: If a layer does not make its steps in a generous time.
    """
    limit = 200 + math.ceil(max(counts) * (1 + pauses / 10))
    body = [line for n, node in enumerate(nodes) for line in _layer(n, node, counts[n], pauses)]
    done = " & ".join(f"done_{number}" for number in range(len(nodes)))
    text = [
        "`default_nettype none",
        "module top;",
        "reg aclk = 1'b0, aresetn = 1'b0;",
        "always #5 aclk = !aclk;",
        *body,
        f"wire done = {done};",
        "initial begin",
        "  repeat (4) @(posedge aclk);",
        "  #2 aresetn = 1'b1;",
        f"  repeat ({limit}) if (!done) @(posedge aclk);",
        "  $finish;",
        "end",
        "endmodule",
    ]
    (folder / "top.v").write_text("\n".join(text) + "\n")
    for name, content in library().items():
        (folder / name).write_bytes(content)
    cells = sorted(str(folder / name) for name in library())
    paths = [str(folder / "top.v"), str(STEPS), *cells]
    call([icarus(), "-g2005", "-Wall", "-s", "top", "-o", str(folder / "bench"), *paths])
    rows = [line.split() for line in call(["vvp", "-n", str(folder / "bench")]).splitlines()]
    steps: list[list[list[str]]] = [[] for _ in nodes]
    words: list[list[list[str]]] = [[] for _ in nodes]
    for label, *values in rows:
        (steps if len(values) == 2 else words)[int(label)].append(values)
    result = []
    for number, count in enumerate(counts):
        made = np.array(steps[number])
        assert len(made) == count, f"layer {number} must make {count} steps, made {len(made)}"
        assert np.isin(made, ("0", "1")).all(), f"layer {number}: a step must be known, is not"
        result.append(Made(made[:, 0] == "1", made[:, 1] == "1", [word for (word,) in words[number]]))
    return result
