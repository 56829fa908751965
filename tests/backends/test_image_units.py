# SPDX-License-Identifier: Apache-2.0
"""Every unit on images, and every unit of several streams: C++ against meaning, counters against threads."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from finnlite.accelerator import units
from finnlite.backends.hls.network import network_of
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.padding import Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.swu import SWU
from finnlite.ops.unit import elements
from finnlite.runtime.packing import pack
from tests.backends.hardware import kind_of, values
from tests.backends.images import MAKERS, random_image_unit
from tests.backends.unity import Simulation, compile_unity, write_networks, xilinx_headers

FRAMES = 4
BATCH = 2 * len(MAKERS)
BATCHES = 4


def check(graphs: Sequence[Graph], library: Path, *, counted: bool = True) -> None:
    for index, graph in enumerate(graphs):
        x, y = graph.inputs[0], graph.outputs[0]
        frames = values(np.random.default_rng(index), x.datatype, (FRAMES, *x.shape[1:]))
        expected = np.asarray(execute(graph, frames.astype(np.float32))).reshape(FRAMES, -1)
        flat = frames.reshape(FRAMES, -1)
        simulation = Simulation(library, index, graph)
        found = simulation.run_bytes(pack(flat, x.datatype.name))
        nodes = ", ".join(f"{node.op!r} on {node.input(0)!r}" for node in graph.nodes)
        np.testing.assert_array_equal(found, pack(expected, y.datatype.name), err_msg=nodes)
        if counted:
            check_threads(graph, simulation.trace(flat[:1]))
        np.testing.assert_array_equal(simulation.run(flat[::-1].copy()), expected[::-1], err_msg=nodes)
        simulation.close()


def check_threads(graph: Graph, traced: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    """The steps in which the code read and wrote each stream are those of the units."""
    network = network_of(graph)
    wrote, read = {}, {}
    for stream, (writes, reads) in zip(network.streams, traced, strict=True):
        wrote[stream.writer, stream.writer_port] = writes
        read[stream.reader, stream.reader_port] = reads
    for index, layer in enumerate(network.layers):
        unit = dict(units(graph))[layer.node]
        steps = unit.steps(layer.node)
        assert steps is not None
        assert len(steps) == layer.steps == unit.cycles(layer.node), layer.node
        for port, (stream_, marks) in enumerate(zip(unit.sources(layer.node), steps.ports_read, strict=True)):
            assert read[index, f"s{port}"] == tuple(np.flatnonzero(marks)), layer.node
            assert np.count_nonzero(marks) == stream_.words
        for port, (stream_, marks) in enumerate(
            zip(unit.sinks(layer.node), steps.ports_written, strict=True)
        ):
            assert wrote[index, f"m{port}"] == tuple(np.flatnonzero(marks)), layer.node
            assert np.count_nonzero(marks) == stream_.words


def features(graph: Graph) -> set[str]:
    found = set()
    for node in graph.nodes:
        op, x = node.op, node.input(0)
        found.add(op.op_type)
        if isinstance(op, SWU):
            sweep = op.sweep_of(x)
            kind = "parallel" if op.parallel else "serial"
            (oh, ow), (kh, kw), (sh, sw) = sweep.outputs, sweep.kernel, sweep.strides
            found.add(f"{kind}, {'dilated' if sweep.dilations != (1, 1) else 'dense'}")
            found.add(f"{kind}, {'1-D' if sweep.height == 1 else 'square' if kh == kw else 'oblong'}")
            if (oh, ow) == (1, 1):
                found.add(f"{kind}, one output")
            if sh > kh and sw > kw and oh > 1 and ow > 1:
                found.add(f"{kind}, stride beyond the kernel")
            if kh % sh and kw % sw and min(sh, sw) > 1:
                found.add(f"{kind}, no multiple of the stride")
            if (sweep.height, sweep.width) == (kh, kw):
                found.add(f"{kind}, the image is the kernel")
        if isinstance(op, WindowMax | WindowSum):
            found.add(f"{op.op_type}, {'whole' if op.whole else 'windows'} of {kind_of(x.datatype)}")
        if isinstance(op, Upsample):
            found.add(f"Upsample, {'zeros' if op.zeros else 'nearest'}")
        if isinstance(op, StreamConcat | StreamAdd):
            found.add(
                f"{op.op_type}, {'mixed' if len({v.datatype for v in node.inputs if v}) > 1 else 'equal'}"
            )
        if isinstance(op, Duplicate | StreamSplit):
            found.add(f"{op.op_type} to {len(node.outputs)}")
        if len(x.shape) == 4 and x.shape[-1] != elements(x) and op.op_type in ("MVTU", "Thresholding"):
            found.add(f"{op.op_type} a pixel")
    return found


FEATURES = {
    *(
        f"{kind}, {what}"
        for kind in ("serial", "parallel")
        for what in ("dilated", "dense", "1-D", "oblong", "one output", "no multiple of the stride")
    ),
    *(f"{kind}, the image is the kernel" for kind in ("serial", "parallel")),
    *(f"{kind}, stride beyond the kernel" for kind in ("serial", "parallel")),
    *(
        f"{op}, windows of {kind}"
        for op in ("WindowMax", "WindowSum")
        for kind in ("BIPOLAR", "signed", "unsigned")
    ),
    "WindowSum, whole of TERNARY",
    *(
        "VVTU",
        "Lookup",
        "Pad",
        "Upsample, zeros",
        "Upsample, nearest",
        "MVTU a pixel",
        "Thresholding a pixel",
    ),
    *("Concat, mixed", "Add, mixed", "Duplicate to 2", "Duplicate to 3", "Split to 2", "Split to 3"),
}


def test_the_random_units_cover_the_library() -> None:
    found = set().union(*(features(random_image_unit(seed)) for seed in range(BATCHES * BATCH)))
    assert FEATURES - found == set()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_units_equal_their_meaning(batch: int, tmp_path: Path) -> None:
    graphs = [random_image_unit(seed) for seed in range(batch * BATCH, (batch + 1) * BATCH)]
    write_networks(graphs, tmp_path)
    clang = batch > 0 and shutil.which("clang++") is not None
    check(graphs, compile_unity(tmp_path, "clang++" if clang else "g++"))


def test_synthesised_form_agrees(tmp_path: Path) -> None:
    graphs = [random_image_unit(seed) for seed in range(2007, 2007 + len(MAKERS))]
    write_networks(graphs, tmp_path)
    check(graphs, compile_unity(tmp_path, options=("-O0", "-D__SYNTHESIS__")))


def test_xilinx_headers_agree(tmp_path: Path) -> None:
    graphs = [random_image_unit(seed) for seed in range(3006, 3006 + len(MAKERS))]
    write_networks(graphs, tmp_path)
    includes = ("-isystem", str(xilinx_headers()), "-isystem", "sim/hls")
    check(graphs, compile_unity(tmp_path, options=("-O0",), includes=includes), counted=False)
