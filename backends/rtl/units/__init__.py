# SPDX-License-Identifier: Apache-2.0
"""The registry: which function writes the Verilog of which unit."""

from __future__ import annotations

from collections.abc import Callable

from finnlite.errors import UnsupportedError
from finnlite.ir import Node, Op
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU
from finnlite.ops.width_converter import WidthConverter

from .axi import axi_in, axi_out
from .code import LayerCode
from .joins import add, concat, duplicate, split
from .label_select import label_select
from .lookup import lookup
from .mvtu import mvtu
from .padding import pad, upsample
from .pooling import window_max, window_sum
from .swu import swu
from .thresholding import thresholding
from .vvtu import vvtu
from .width_converter import width_converter

__all__ = ["UNITS", "LayerCode", "layer_code"]

UNITS: dict[type[Op], Callable[[Node, str], LayerCode]] = {
    AxiIn: axi_in,
    AxiOut: axi_out,
    Duplicate: duplicate,
    LabelSelect: label_select,
    Lookup: lookup,
    MVTU: mvtu,
    StreamAdd: add,
    StreamConcat: concat,
    StreamPad: pad,
    StreamSplit: split,
    SWU: swu,
    Thresholding: thresholding,
    Upsample: upsample,
    VVTU: vvtu,
    WidthConverter: width_converter,
    WindowMax: window_max,
    WindowSum: window_sum,
}


def layer_code(node: Node, name: str) -> LayerCode:
    """The Verilog parts of a node's layer, called `name`.

    Raises:
        UnsupportedError: If there is no RTL code for the node's unit.
    """
    write = UNITS.get(type(node.op))
    if write is None:
        raise UnsupportedError(
            f"node {node.name!r}: {node.op.op_type} has no RTL code, "
            f"must be one of {', '.join(sorted(op.op_type for op in UNITS))}",
            node=node.name,
        )
    return write(node, name)
