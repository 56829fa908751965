# SPDX-License-Identifier: Apache-2.0
"""The C simulation as a whole: results, counters, reuse, headers, names."""

import ctypes
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.hls import worker
from finnlite.backends.hls.compiler import LIBRARY, find_compiler
from finnlite.backends.hls.csim import Csim, simulation_plan
from finnlite.errors import SimulationError
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.ops.unit import Unit
from finnlite.plan import Output, Plan
from finnlite.runtime.packing import pack
from tests.backends.hardware import Chain, frames_for, sorted_thresholds
from tests.backends.small import FRAMES, GRAPH, network
from tests.backends.unity import xilinx_headers

# -- results and counters -----------------------------------------------------------------------


def test_equals_the_graph(simulation: Csim) -> None:
    expected = np.asarray(execute(GRAPH, FRAMES.astype(np.float32)))
    np.testing.assert_array_equal(simulation.run(FRAMES), expected)
    assert len(np.unique(expected, axis=0)) > 10


def test_frames_in_any_partition_give_the_same(simulation: Csim) -> None:
    whole = simulation.run(FRAMES)
    parts = np.concatenate(
        [simulation.run(FRAMES[:1]), simulation.run(FRAMES[1:7]), simulation.run(FRAMES[7:])]
    )
    np.testing.assert_array_equal(parts, whole)
    assert simulation.run(FRAMES[:0]).shape == (0, 10)


def test_progress_is_told(simulation: Csim) -> None:
    told: list[tuple[int, int]] = []
    many = np.concatenate([FRAMES] * 30)
    result = simulation.run(many, progress=lambda done, total: told.append((done, total)))
    assert told == [*((done, 600) for done in range(19, 600, 19)), (600, 600)]
    np.testing.assert_array_equal(result, np.concatenate([simulation.run(FRAMES)] * 30))


def test_a_fault_says_from_where_its_frame_is_counted(
    simulation: Csim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_later(beats: NDArray[np.uint64]) -> NDArray[np.uint64]:
        if told:
            raise SimulationError("node 'third': frame 0, step 7: provoked")
        return np.zeros((len(beats), 1), np.uint64)

    told: list[tuple[int, int]] = []
    monkeypatch.setattr(simulation, "run_beats", fail_later)
    with pytest.raises(SimulationError) as error:
        simulation.run(np.concatenate([FRAMES] * 30), progress=lambda *count: told.append(count))
    assert str(error.value) == "node 'third': frame 0, step 7: provoked (counted from frame 19)"


def test_steps_are_those_of_the_units(simulation: Csim) -> None:
    simulation.run(FRAMES[:3])
    streams = simulation.trace(FRAMES[3])
    by_writer = {s.writer: s for s in streams if s.name != "transfer_last"}
    by_reader = {s.reader: s for s in streams if s.name != "transfer_last"}
    for node in GRAPH.nodes:
        assert isinstance(node.op, Unit)
        steps = node.op.steps(node)
        assert steps is not None
        assert by_reader[node.name].read_steps == tuple(np.flatnonzero(steps.reads)), node
        assert by_writer[node.name].write_steps == tuple(np.flatnonzero(steps.writes)), node
        assert by_writer[node.name].written == 4 * node.op.sink(node).words


def test_counters_count_and_reset(simulation: Csim) -> None:
    simulation.run(FRAMES[:5])
    streams = {s.name: s for s in simulation.streams()}
    assert (streams["s0"].written, streams["s0"].read, streams["s0"].high_water) == (15, 15, 3)
    assert (streams["transfer_last"].written, streams["transfer_last"].read) == (5, 5)
    assert (streams["s0"].writer, streams["s0"].reader) == (None, "AxiIn_0")
    assert streams["s0"].write_steps == ()
    simulation.reset()
    assert [s.written for s in simulation.streams()] == [0] * len(streams)


def test_two_handles_and_equal_layers_do_not_disturb_each_other(built: Path) -> None:
    """`second layer` and `third` have one shape: they would share counters if those were static."""
    library = worker._library(str(built / LIBRARY))
    beats = np.ascontiguousarray(FRAMES.astype(np.uint8)).view(np.uint64)
    handles = [library.finnlite_create() for _ in range(2)]
    out = np.zeros((2, len(beats), 2), dtype=np.uint64)
    for frame in range(len(beats)):
        for which, handle in enumerate(handles):
            data = beats[(frame + which) % len(beats)]
            assert library.finnlite_run(handle, data.ctypes.data, out[which, frame].ctypes.data, 1) == 0
    np.testing.assert_array_equal(np.roll(out[0], -1, axis=0), out[1])
    numbers = (ctypes.c_int64 * 8)()
    library.finnlite_run(handles[0], beats.ctypes.data, out[0].ctypes.data, 3)
    for handle, expected in zip(handles, (69, 60), strict=True):
        library.finnlite_stream(handle, 0, numbers)
        assert numbers[1] == expected
        library.finnlite_destroy(handle)


def test_two_equal_layers_stepped_alternately(tmp_path: Path, built: Path) -> None:
    """The emitted step functions themselves, half a frame each in turn."""
    sources = sorted((built / "src").glob("mvtu_second_layer_*.hpp"))
    (name,) = [path.stem for path in sources]
    text = f"""
#include "{name}.hpp"
#include "mvtu_third.hpp"
#include <cstdio>
int main() {{
  {name}_state a = {name}_state(), b = a;
  mvtu_third_state c = mvtu_third_state();
  hls::stream<ap_uint<4> > in[3], out[3];
  for (int i = 0; i < 4; ++i) for (int k = 0; k < 3; ++k) in[k].write(5 * i + 1);
  for (int step = 0; step < 16; ++step) {{
    {name}_step(in[0], out[0], a);
    if (step % 2) {{ mvtu_third_step(in[2], out[2], c); mvtu_third_step(in[2], out[2], c); }}
  }}
  for (int step = 0; step < 16; ++step) {name}_step(in[1], out[1], b);
  for (int i = 0; i < 4; ++i) if (out[0].read() != out[1].read()) return 1;
  return out[2].size() == 4 && in[0].empty() && in[1].empty() && in[2].empty() ? 0 : 2;
}}
"""
    (tmp_path / "main.cpp").write_text(text)
    compiler = find_compiler()
    argv = [compiler.path, "-std=c++14", *compiler.includes, str(tmp_path / "main.cpp")]
    argv += [f"src/{name}.cpp", "src/mvtu_third.cpp", "-o", str(tmp_path / "main")]
    subprocess.run(argv, cwd=built, check=True)
    assert subprocess.run([str(tmp_path / "main")], check=False).returncode == 0


# -- reuse --------------------------------------------------------------------------------------


def test_an_unchanged_library_is_reused(tmp_path: Path) -> None:
    chain = Chain.start(3, "UINT2")
    graph = chain.end()
    plan = simulation_plan(graph)
    with Output(tmp_path / "hls") as out:
        out.run(plan)
    assert sorted(out.ran) == sorted(command.outputs[0] for command in plan.commands)
    with Output(tmp_path / "hls") as out:
        out.run(simulation_plan(graph))
    assert out.ran == []
    change = {**plan.files, "src/axiin_0.cpp": plan.files["src/axiin_0.cpp"] + b"int unused_but_there;\n"}
    with Output(tmp_path / "hls") as out:
        out.run(Plan(change, plan.commands))
    assert out.ran == ["build/axiin_0.o", LIBRARY]


def test_equal_graphs_give_equal_plans() -> None:
    assert simulation_plan(network()).digest == simulation_plan(GRAPH).digest
    assert simulation_plan(network()).files == simulation_plan(GRAPH).files


# -- headers and names -------------------------------------------------------------------------


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The open Xilinx headers where XILINX_HLS expects the vendor's."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "include").symlink_to(xilinx_headers())
    monkeypatch.setenv("XILINX_HLS", str(tmp_path / "vendor"))
    return tmp_path / "vendor"


def check_transfer(
    library: Any, graph: Graph, frames: NDArray[np.int64], expected: NDArray[np.int64]
) -> None:
    """Frames that end a transfer or not, as they cross the border; and no single steps."""
    handle = library.finnlite_create()
    x, y = graph.inputs[0].datatype.name, graph.outputs[0].datatype.name
    data, last = pack(frames, x), np.arange(len(frames), dtype=np.uint8) % 2
    results, ends = np.zeros_like(pack(expected, y)), np.zeros_like(last)
    arrays = [array.ctypes.data for array in (data, last, results, ends)]
    assert library.finnlite_transfer(handle, *arrays, len(frames)) == 0
    np.testing.assert_array_equal(results, pack(expected, y))
    np.testing.assert_array_equal(ends, last)
    order = np.array([-1], dtype=np.int32)
    assert library.finnlite_steps(handle, order.ctypes.data, 1, *arrays) == -1
    message = b"frame 0, streams must know their depth, the vendor's do not; unset XILINX_HLS"
    assert library.finnlite_error(handle) == message
    library.finnlite_destroy(handle)


def test_vendor_headers(vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain.start(6, "INT3")
    weights = np.random.default_rng(0).integers(-1, 2, (6, 4))
    chain.mvtu(MVTU(2, 3, integer_type(-24, 24)), weights, "TERNARY", name="fc")
    graph = chain.end()
    frames = frames_for(graph, 5)
    plan = simulation_plan(graph)
    assert all(str(vendor) in " ".join(command.argv) for command in plan.commands[:-1])
    Csim.compile(graph, tmp_path / "hls").close()
    for fill in (1, 90, 254):  # the C library's: what fresh memory holds, as bytes of 255 - fill
        monkeypatch.setenv("MALLOC_PERTURB_", str(fill))
        with Csim(graph, tmp_path / "hls") as sim:
            np.testing.assert_array_equal(sim.run(frames), frames @ weights)
    with Csim(graph, tmp_path / "hls") as sim:
        with pytest.raises(SimulationError, match="the vendor's do not; unset XILINX_HLS$"):
            sim.streams()
    check_transfer(worker._library(str(tmp_path / "hls" / LIBRARY)), graph, frames, frames @ weights)
    text = plan.files["sim/network.cpp"].decode()
    more = re.sub(r"\{4, (\[\]\(network& n\) \{\s*mvtu_fc_step)", r"{5, \1", text)
    assert more != text
    with Output(tmp_path / "hls") as out:
        out.run(Plan({**plan.files, "sim/network.cpp": more.encode()}, plan.commands))
    with Csim(graph, tmp_path / "hls") as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(frames)
        assert re.fullmatch("node 'fc': stream '[a-z0-9_]+_out' is read while it is empty", str(error.value))


NASTY = ("a b", 'say "hi"', "../../x", "$(reboot)", "new\nline", "y" * 10_000, "*/ int", "a\\")


def test_nasty_names_build(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    chain = Chain.start(8, "INT4")
    for name in NASTY:
        weights = rng.integers(-1, 2, (8, 8))
        thresholds = sorted_thresholds(rng, 8, 14, (-20, 20), None)
        chain.mvtu(
            MVTU(4, 8 if chain.elems == 8 else 4, integer_type(-64, 64), -7),
            weights,
            "TERNARY",
            thresholds,
            name=name,
        )
    graph = chain.end()
    with Csim.compile(graph, tmp_path / "out" / "hls") as sim:
        frames = frames_for(graph, 5)
        np.testing.assert_array_equal(sim.run(frames), np.asarray(execute(graph, frames.astype(np.float32))))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]
