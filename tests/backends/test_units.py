# SPDX-License-Identifier: Apache-2.0
"""Every unit's C++ over random shapes, datatypes, foldings and thresholds, against the graph's meaning."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.axi import AxiIn, AxiOut, border_bits
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.mvtu import MVTU
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.width_converter import WidthConverter
from finnlite.runtime.packing import element_type, frame_bytes, pack
from tests.backends.hardware import KINDS, frames_for, kind_of, random_unit
from tests.backends.unity import Simulation, compile_unity, write_networks, xilinx_headers

FRAMES = 7
BATCH = 18
BATCHES = 4


def check(graphs: Sequence[Graph], library: Path) -> None:
    for index, graph in enumerate(graphs):
        frames = frames_for(graph, FRAMES, seed=index)
        simulation = Simulation(library, index, graph)
        x, y = graph.inputs[0], graph.outputs[0]
        padding = padding_of(x.shape[-1], x.datatype.name)
        found = simulation.run_bytes(pack(frames, x.datatype.name) | padding)
        again = simulation.run(frames[::-1].copy())
        simulation.close()
        expected = np.asarray(execute(graph, frames.astype(np.float32)))
        nodes = ", ".join(repr(node.op) for node in graph.nodes)
        # Bytes, not values: what pads a frame is zero.
        np.testing.assert_array_equal(found, pack(expected, y.datatype.name), err_msg=nodes)
        np.testing.assert_array_equal(again, expected[::-1], err_msg=nodes)


def padding_of(count: int, datatype: str) -> NDArray[np.uint8]:
    """Ones in the bits that pad a frame, which the accelerator must ignore."""
    bits = np.ones(frame_bytes(count, datatype) * 8, dtype=np.uint8)
    bits[: count * element_type(datatype).container] = 0
    return np.packbits(bits, bitorder="little")


def features(graph: Graph) -> set[str]:
    """What of the library a graph needs."""
    found = set()
    for node in graph.nodes:
        if isinstance(node.op, MVTU):
            found.add(f"{kind_of(node.input(0).datatype)} x {kind_of(node.input(1).datatype)}")
            neurons, synapses = node.op.folds(node)
            found.add(f"replayed {'never' if neurons == 1 else 'soon' if synapses < 4 else 'late'}")
        if isinstance(node.op, MVTU | Thresholding):
            thresholds = node.optional(2 if isinstance(node.op, MVTU) else 1)
            falling = node.optional(3 if isinstance(node.op, MVTU) else 2)
            count = 0 if thresholds is None else thresholds.shape[1]
            how = "none" if count == 0 else "at once" if count <= 15 else "searched"
            flags = (
                []
                if falling is None or falling.const is None
                else np.unique(falling.const.astype(int)).tolist()
            )
            found.add(f"{node.op.op_type}: {how}, falling {flags}")
        if isinstance(node.op, LabelSelect):
            found.add(f"label of {kind_of(node.input(0).datatype)}")
        if isinstance(node.op, WidthConverter):
            a, b = node.op.in_elems, node.op.out_elems
            ratio = "up" if b % a == 0 else "down" if a % b == 0 else "mixed"
            partial = "partial" if node.input(0).shape[-1] % b or node.input(0).shape[-1] % a else "whole"
            found.add(f"words {ratio}, {partial}")
        if isinstance(node.op, AxiIn | AxiOut):
            found.add(
                f"{node.op.op_type}, {'gearbox' if 64 % border_bits(node.output.datatype) else 'whole'}"
            )
    return found


FEATURES = {
    *(f"{x} x {w}" for x in KINDS for w in KINDS),
    *(f"replayed {when}" for when in ("never", "soon", "late")),
    *(f"MVTU: {how}, falling {flags}" for how in ("at once", "searched") for flags in ([], [0, 1])),
    "MVTU: none, falling []",
    *(
        f"Thresholding: {how}, falling {flags}"
        for how in ("at once", "searched")
        for flags in ([], [0], [1], [0, 1])
    ),
    *(f"label of {kind}" for kind in ("BIPOLAR", "signed", "unsigned")),
    *(f"words {ratio}, {how}" for ratio in ("up", "down", "mixed") for how in ("whole", "partial")),
    "AxiIn, whole",
    "AxiOut, whole",
    "AxiOut, gearbox",
}


def test_the_random_units_cover_the_library() -> None:
    found = set().union(*(features(random_unit(seed)) for seed in range(BATCHES * BATCH)))
    assert FEATURES - found == set()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_units_equal_their_meaning(batch: int, tmp_path: Path) -> None:
    """Each compiler gets its share; clang, where it is, the larger one, as it is three times as fast."""
    graphs = [random_unit(seed) for seed in range(batch * BATCH, (batch + 1) * BATCH)]
    write_networks(graphs, tmp_path)
    clang = batch > 0 and shutil.which("clang++") is not None
    check(graphs, compile_unity(tmp_path, "clang++" if clang else "g++"))


def test_synthesised_form_agrees(tmp_path: Path) -> None:
    """With __SYNTHESIS__ sums wrap in their declared width, slices and popcounts go bit by bit."""
    graphs = [random_unit(seed) for seed in range(2000, 2018)]
    write_networks(graphs, tmp_path)
    check(graphs, compile_unity(tmp_path, options=("-O0", "-D__SYNTHESIS__")))


def test_xilinx_headers_agree(tmp_path: Path) -> None:
    graphs = [random_unit(seed) for seed in (3000, 3003, 3004, 3005)]
    write_networks(graphs, tmp_path)
    includes = ("-isystem", str(xilinx_headers()), "-isystem", "sim/hls")
    check(graphs, compile_unity(tmp_path, options=("-O0",), includes=includes))
