# SPDX-License-Identifier: Apache-2.0
"""Verilog of the greatest element and of the sum of a window."""

from __future__ import annotations

from qonnx.core.datatype import DataType

from finnlite.errors import IRError
from finnlite.ir import Node
from finnlite.ops.pooling import WindowMax, WindowSum

from .code import LayerCode
from .memories import loop_lag, ram_style

__all__ = ["window_max", "window_sum"]


def window_max(node: Node, name: str) -> LayerCode:
    """The greatest element."""
    return _pooling(node, "finnlite_window_max", "greatest element")


def window_sum(node: Node, name: str) -> LayerCode:
    """The sum."""
    x, y = node.input(0).datatype, node.output.datatype
    bipolar = ("BIPOLAR", int(x == DataType["BIPOLAR"]))
    return _pooling(node, "finnlite_window_sum", "sum", bipolar, ("SUM_BITS", int(y.bitwidth())))


def _pooling(node: Node, cell: str, what: str, *more: tuple[str, int]) -> LayerCode:
    op = node.op
    if not isinstance(op, WindowMax | WindowSum):
        raise IRError(f"node {node.name!r}: must be a WindowMax or WindowSum, is {op.op_type}")
    x, channels, kept = node.input(0), node.output.shape[-1], op.memories(node)["kept"]
    # A bipolar 0 is less than a 1, as a number without a sign is.
    signed = x.datatype.signed() and x.datatype != DataType["BIPOLAR"]
    return LayerCode(
        title=f"{what} of {op.window} pixels of {channels} channels, {op.pe} a step",
        cell=cell,
        parameters=(
            ("TAPS", op.window),
            ("FOLDS", channels // op.pe),
            ("PE", op.pe),
            ("BITS", int(x.datatype.bitwidth())),
            ("SIGNED", int(signed)),
            *more,
            ("LAG", loop_lag(kept)),
            ("RAM_STYLE", ram_style(kept)),
        ),
        pipe=1 + loop_lag(kept),
    )
