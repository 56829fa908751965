# SPDX-License-Identifier: Apache-2.0
"""C++ of the sliding window unit."""

from __future__ import annotations

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.swu import SWU, Sweep

from .code import LayerCode, Port, ram_pragmas

__all__ = ["swu"]


def swu(node: Node, name: str) -> LayerCode:
    """The serial form with its circular buffer, or the parallel one with its lines."""
    op = node.op
    if not isinstance(op, SWU):
        raise IRError(f"node {node.name!r}: must be an SWU, is {op.op_type}")
    sweep = op.sweep_of(node.input(0))
    ports = (
        Port("s0", f"ap_uint<{op.source(node).width}>"),
        Port("m0", f"ap_uint<{op.sink(node).width}>"),
    )
    title = (
        f"windows of {sweep.kernel[0]} by {sweep.kernel[1]} pixels in {sweep.height} by {sweep.width} "
        f"of {node.input(0).shape[-1]} channels"
    )
    return _parallel(node, op, sweep, title, ports) if op.parallel else _serial(node, op, sweep, title, ports)


def _dimensions(sweep: Sweep) -> dict[str, int]:
    names = ("H", "W", "KH", "KW", "SH", "SW", "DH", "DW")
    values = (sweep.height, sweep.width, *sweep.kernel, *sweep.strides, *sweep.dilations)
    return dict(zip(names, values, strict=True))


def _shape(**values: int) -> tuple[tuple[str, str], ...]:
    return tuple((key, str(value)) for key, value in values.items())


def _serial(node: Node, op: SWU, sweep: Sweep, title: str, ports: tuple[Port, ...]) -> LayerCode:
    words, memory = op.words(node), op.memories(node)["buffer"]
    return LayerCode(
        template="swu",
        title=f"{title}, {op.simd} a step",
        shape=_shape(**_dimensions(sweep), FOLDS=words, CAPACITY=memory.depth, BITS=op.source(node).width),
        ports=ports,
        scalars=(
            *("fold", "kx", "ky", "ox", "oy"),
            *("need", "first", "row", "needat", "firstat", "rowat"),
            *("head", "headat", "previous", "older", "oldest"),
        ),
        arrays=("buffer",),
        pragmas=ram_pragmas("buffer", memory),
    )


def _parallel(node: Node, op: SWU, sweep: Sweep, title: str, ports: tuple[Port, ...]) -> LayerCode:
    memories = op.memories(node)
    return LayerCode(
        template="swu_parallel",
        header="swu",
        title=f"{title}, a window at once",
        shape=_shape(**_dimensions(sweep), BITS=op.source(node).width),
        ports=ports,
        scalars=("x", "y", "left", "top", "at"),
        arrays=("lines", "window"),
        pragmas=(
            *(ram_pragmas("lines", memories["lines"], lanes=True) if memories else ()),
            "array_partition variable=state.window type=complete dim=0",
        ),
    )
