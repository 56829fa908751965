# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of the Verilog: whole accelerators of LUTs, flip-flops and LUTRAM, run gate by gate."""

from collections.abc import Callable
from pathlib import Path

import pytest

from finnlite.backends.rtl.emit import TOP
from finnlite.ir import Graph
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import frames_for
from tests.backends.images import residual
from tests.backends.test_golden import tiny

from .bench import assert_equal, call
from .test_proofs import yosys

LIBRARY = Path("share", "yosys", "xilinx", "cells_sim.v")
"""What the part's primitives do, beside Yosys."""
SYNTHESIS = f"""
hierarchy -check -top {TOP}
synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -nobram
select -assert-none t:$*
write_verilog -noattr ../gates.v
"""


def gates(folder: Path, paths: list[str]) -> list[str]:
    """The netlist and its primitives; block RAM is left out, whose models are encrypted or incomplete."""
    script = "".join(f"read_verilog -defer ../{path}\n" for path in paths) + SYNTHESIS
    (folder / "data" / "gates.ys").write_text(script)
    call([yosys(), "-q", "gates.ys"], folder / "data")
    primitives = Path(yosys()).resolve().parents[1] / LIBRARY
    assert primitives.is_file(), f"{primitives} must exist, does not"
    return ["-g2012", "-Wno-portbind", "gates.v", str(primitives)]


@pytest.mark.parametrize("graph", [tiny, residual])
def test_gates_equal_the_graph_and_the_model_of_time(graph: Callable[[], Graph], tmp_path: Path) -> None:
    sized = graph().transform(SizeStreams())
    assert_equal(sized, frames_for(sized, 3), tmp_path, made=gates)
