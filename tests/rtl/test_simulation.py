# SPDX-License-Identifier: Apache-2.0
"""The RTL simulation: results, the model's cycles, counters, waveforms, and what it says of faults."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.network import network_of
from finnlite.backends.rtl.harness import problem_text
from finnlite.backends.rtl.simulation import RtlSimulation, Traffic, simulation_plan
from finnlite.backends.rtl.threads import Thread, threads_of
from finnlite.backends.rtl.verilator import Verilator, find_verilator
from finnlite.errors import IRError, OptionError, SimulationError, ToolError
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.fifo import FIFO
from finnlite.ops.joins import Duplicate, StreamAdd
from finnlite.ops.width_converter import WidthConverter
from finnlite.plan import Output, Plan
from finnlite.timing import analyse
from finnlite.transforms import SizeStreams
from tests.backends.hardware import Chain, frames_for
from tests.backends.images import Image, residual
from tests.backends.small import network
from tests.cycles import paced
from tests.cycles import run as simulate_cycles


def sized(graph: Graph) -> Graph:
    graph.transform(SizeStreams())
    return graph


GRAPH = sized(network())
FRAMES = frames_for(GRAPH, 20)
EXPECTED = execute(GRAPH, FRAMES)


@pytest.fixture(scope="module")
def verilator() -> Verilator:
    """The one of this machine, told to compile quickly."""
    try:
        found = find_verilator()
    except ToolError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return replace(found, make_flags=(*found.make_flags, "OPT_FAST=-O0", "OPT_GLOBAL=-O0"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, verilator: Verilator) -> Path:
    folder = tmp_path_factory.mktemp("rtl") / "rtl"
    RtlSimulation.compile(GRAPH, folder, verilator=verilator, trace=True).close()
    return folder


@pytest.fixture
def simulation(built: Path) -> Iterator[RtlSimulation]:
    with RtlSimulation(GRAPH, built) as rtl:
        yield rtl


# -- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic(),
        Traffic(idle=0.7, seed=2),
        Traffic(stall=0.7, seed=3),
        Traffic(idle=0.5, stall=0.5, seed=4),
        Traffic(interval=400),
    ],
    ids=str,
)
def test_equals_the_graph(simulation: RtlSimulation, traffic: Traffic) -> None:
    np.testing.assert_array_equal(simulation.run(FRAMES, traffic=traffic), EXPECTED)
    assert len(np.unique(EXPECTED, axis=0)) > 10


def test_a_seed_gives_the_same_again_and_another_does_not(simulation: RtlSimulation) -> None:
    def cycles(seed: int) -> int:
        simulation.run(FRAMES, traffic=Traffic(idle=0.5, stall=0.5, seed=seed))
        return simulation.statistics.cycles

    assert cycles(1) == cycles(1)
    assert len({cycles(seed) for seed in range(5)}) > 1


def test_no_frames(simulation: RtlSimulation) -> None:
    assert simulation.run(FRAMES[:0]).shape == (0, 10)


def test_progress_is_told(simulation: RtlSimulation) -> None:
    told: list[tuple[int, int]] = []
    simulation.run(np.concatenate([FRAMES] * 10), progress=lambda *count: told.append(count))
    assert told == [(done, 200) for done in range(4, 201, 4)]


# -- cycles -------------------------------------------------------------------------------------


def test_every_step_is_when_the_model_says(simulation: RtlSimulation) -> None:
    simulation.run(FRAMES, times=True)
    statistics = simulation.statistics
    model, performance = simulate_cycles(GRAPH, len(FRAMES)), analyse(GRAPH)
    assert statistics.times is not None
    for name, times in model.times.items():
        mine = statistics.times[name][: len(times)] - statistics.started
        np.testing.assert_array_equal(mine, times, err_msg=name)
    np.testing.assert_array_equal(statistics.finished - statistics.started, model.finished)
    assert statistics.latency_cycles == performance.latency_cycles
    assert statistics.ii_cycles == performance.ii_cycles


def test_a_paced_source_gives_a_frame_every_interval(simulation: RtlSimulation) -> None:
    interval = 3 * analyse(GRAPH).ii_cycles
    simulation.run(FRAMES, traffic=Traffic(interval=interval))
    statistics = simulation.statistics
    model = simulate_cycles(GRAPH, len(FRAMES), paced(GRAPH, interval), patience=2 * interval)
    assert statistics.ii_cycles == interval
    np.testing.assert_array_equal(np.diff(statistics.finished), np.diff(model.finished))


def test_counts_add_up(simulation: RtlSimulation) -> None:
    simulation.run(FRAMES, traffic=Traffic(idle=0.3, stall=0.3, seed=7))
    statistics = simulation.statistics
    for unit in statistics.units:
        assert unit.steps + unit.starved + unit.blocked == statistics.cycles
    assert {unit.name for unit in statistics.units if unit.starved} == {u.name for u in statistics.units}
    streams = {stream.name: stream for stream in statistics.streams}
    assert streams["s0"].words == 20 * 3
    assert streams["m0"].words == 20 * 2
    assert streams["transfer_last"].words == 20
    for stream in statistics.streams[1:]:
        assert 0 < stream.high_water <= stream.depth
    depths = {n.output.name: n.op.depth for n in GRAPH.nodes if isinstance(n.op, FIFO)}
    inside = [s for s in statistics.streams if s.writer and s.reader and s.name != "transfer_last"]
    assert [s.depth for s in inside] == list(depths.values())
    assert repr(statistics).startswith("<statistics: 20 frames in ")


def test_high_water_marks_are_those_of_the_steps(simulation: RtlSimulation) -> None:
    """The monitors' against what follows from the cycles of all reads and writes."""
    simulation.run(FRAMES, traffic=Traffic(idle=0.2, stall=0.6, seed=9), times=True)
    times, streams = simulation.statistics.times, network_of(GRAPH).streams
    assert times is not None
    used: dict[tuple[int, str], NDArray[np.int64]] = {}
    for layer, thread in zip(network_of(GRAPH).layers, threads_of(network_of(GRAPH)), strict=True):
        cycles = times[layer.node.name]
        for way, ports in (("reads", thread.reads), ("writes", thread.writes)):
            for number, marks in ports:
                used[number, way] = cycles[np.resize(marks, len(cycles))]
    for number, counted in enumerate(simulation.statistics.streams):
        if (number, "writes") in used and (number, "reads") in used:
            written, read = used[number, "writes"], used[number, "reads"]
            held = np.arange(1, len(written) + 1) - np.searchsorted(read, written, side="right")
            assert (counted.high_water, counted.words) == (held.max(), len(written)), streams[number].name


def test_one_frame_has_no_interval(simulation: RtlSimulation) -> None:
    simulation.run(FRAMES[:1])
    statistics = simulation.statistics
    assert statistics.ii_cycles is None
    latency = analyse(GRAPH).latency_cycles
    assert statistics.latency_cycles == latency
    assert repr(statistics) == (
        f"<statistics: 1 frames in {statistics.cycles} cycles, the first after {latency}>"
    )


def test_forks_and_joins(verilator: Verilator) -> None:
    graph = sized(residual())
    frames = frames_for(graph, 4)
    expected = execute(graph, frames).reshape(4, -1)
    model = simulate_cycles(graph, len(frames))
    with RtlSimulation.compile(graph, verilator=verilator) as rtl:
        np.testing.assert_array_equal(rtl.run(frames, times=True), expected)
        statistics = rtl.statistics
        assert statistics.times is not None
        for name, times in model.times.items():
            mine = statistics.times[name][: len(times)] - statistics.started
            np.testing.assert_array_equal(mine, times, err_msg=name)
        assert statistics.latency_cycles == analyse(graph).latency_cycles
        assert all(stream.high_water <= stream.depth for stream in statistics.streams)
        pauses = Traffic(idle=0.4, stall=0.4)
        np.testing.assert_array_equal(rtl.run(frames, traffic=pauses), expected)


# -- waveforms and reuse ------------------------------------------------------------------------


def test_waveforms_are_written(simulation: RtlSimulation, tmp_path: Path) -> None:
    path = tmp_path / "waves" / "trace.vcd"
    simulation.run(FRAMES[:1], trace=path)
    text = path.read_text()
    assert re.search(r"\$var wire +1 \S+ aclk \$end", text)
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert times == sorted(times)
    assert times[-1] >= 10 * simulation.statistics.cycles


def test_what_did_not_change_is_not_made_again(built: Path, verilator: Verilator) -> None:
    plan = simulation_plan(GRAPH, verilator, trace=True)
    with Output(built) as out:
        out.run(plan)
    assert out.ran == []
    assert sorted(path.name for path in (built / "build").iterdir()) == ["traced"]


# -- faults -------------------------------------------------------------------------------------

FAULTY = """
  wire [2:0] fault = s0_read_data[63:61];
  assign m_axis_tkeep = fault == 3'd3 ? 8'h7f : 8'hff;
"""
"""A top in which the last element of a beat says what goes wrong."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, verilator: Verilator) -> Iterator[RtlSimulation]:
    graph = sized(Chain.start(16, "UINT8").end())
    plan = simulation_plan(graph, verilator)
    path = "src/finnlite_accelerator.v"
    text = plan.files[path].decode()
    for old, new in (
        ("  assign m_axis_tkeep = 8'hff;", FAULTY),
        (".s0_valid(s0_read_valid)", ".s0_valid(s0_read_valid && fault != 3'd1)"),
        (".m0_ready(axiin_0_out_write_ready)", ".m0_ready(axiin_0_out_write_ready || fault == 3'd2)"),
        ("tdata} = m0_read_data", "tdata} = m0_read_data ^ {fault == 3'd4, 64'd0}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    folder = tmp_path_factory.mktemp("faulty") / "rtl"
    with Output(folder) as out:
        out.run(Plan({**plan.files, path: text.encode()}, plan.commands))
    with RtlSimulation(graph, folder) as rtl:
        yield rtl


def faults(number: int) -> NDArray[np.int64]:
    """Frames, one of which asks for a fault when it enters; others leave then."""
    frames = np.zeros((20, 16), dtype=np.int64)
    frames[15, 7] = number << 5
    return frames


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (
            1,
            "node 'AxiIn_0': step 0 of 2 must come when the model says, "
            "does not come although all words and room are there (cycle 31)",
        ),
        (3, "node 'AxiOut_0': TKEEP must be all ones, is not (beat 17, cycle 31)"),
        (
            4,
            "node 'AxiOut_0': TLAST must come with the last beat of the transfer and no other, "
            "does not (beat 17, cycle 31)",
        ),
    ],
)
def test_what_is_wrong_is_told(faulty: RtlSimulation, number: int, message: str) -> None:
    np.testing.assert_array_equal(faulty.run(faults(0)), faults(0))
    with pytest.raises(SimulationError) as error:
        faulty.run(faults(number))
    assert str(error.value) == message


def test_a_step_without_room_is_told(faulty: RtlSimulation) -> None:
    with pytest.raises(SimulationError) as error:
        faulty.run(faults(2), traffic=Traffic(stall=0.99))
    assert re.fullmatch(
        r"node 'AxiIn_0': step 0 of 2 must come when the model says, "
        r"comes although a word or room is missing \(cycle [\d,]+\)",
        str(error.value),
    )


def test_a_deadlock_says_who_waits_for_what(verilator: Verilator) -> None:
    image = Image((8,), "UINT8")
    fork = image.add(Duplicate(2, 1), image.value)
    (long,) = image.add(WidthConverter(1, 8), fork[0])
    (image.value,) = image.add(StreamAdd((1, 1), 1), long, fork[1])
    graph = image.end()  # no FIFO is sized: each stream holds two words
    with RtlSimulation.compile(graph, verilator=verilator) as rtl, pytest.raises(SimulationError) as error:
        rtl.run(frames_for(graph, 3))
    assert str(error.value) == (
        "RTL simulation: the units must go on until all frames have left, "
        "stood still for 2,000 cycles in frame 0 (cycle 2,022):\n"
        "node 'Duplicate_1', step 2 of 8, waits for room in 'duplicate_1_out1', 2 words deep, to 'Add_4'\n"
        "node 'WidthConverter_3', step 2 of 8, waits for a word of 'duplicate_1_out', from 'Duplicate_1'\n"
        "node 'WidthConverter_4_0', step 0 of 8, waits for a word of 'widthconverter_3_out', "
        "from 'WidthConverter_3'\n"
        "node 'Add_4', step 0 of 8, waits for a word of 'widthconverter_4_0_out', from 'WidthConverter_4_0'"
    )


# -- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"idle": 1.0}, "RTL simulation: idle must be at least 0 and below 1, is 1.0"),
        ({"stall": -0.1}, "RTL simulation: stall must be at least 0 and below 1, is -0.1"),
        ({"interval": -1}, "RTL simulation: interval must be at least 0, is -1"),
        ({"seed": -1}, "RTL simulation: seed must be at least 0, is -1"),
    ],
)
def test_traffic_is_checked(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError) as error:
        Traffic(**options)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_frames_are_checked(simulation: RtlSimulation) -> None:
    with pytest.raises(OptionError, match=r"^input 'x': must have 24 elements a frame, has 23$"):
        simulation.run(FRAMES[:, :23])
    with pytest.raises(OptionError, match=r"^input 'x': "):
        simulation.run(FRAMES + 256)


def test_there_must_be_a_simulation_and_a_run(built: Path, tmp_path: Path) -> None:
    with pytest.raises(SimulationError) as error:
        RtlSimulation(GRAPH, tmp_path)
    path = tmp_path / "build" / "simulation"
    assert str(error.value) == f"RTL simulation: {str(path)!r} must exist, does not; build first"
    with RtlSimulation(GRAPH, built) as rtl, pytest.raises(SimulationError) as error:
        _ = rtl.statistics
    assert str(error.value) == "RTL simulation: there must have been a run, was none"


def test_a_simulation_made_without_waveforms_writes_none(faulty: RtlSimulation, tmp_path: Path) -> None:
    path = tmp_path / "trace.vcd"
    with pytest.raises(OptionError) as error:
        faulty.run(faults(0), trace=path)
    assert str(error.value) == f"trace {str(path)!r}: the simulation must be made with trace=True, is not"


def test_a_program_that_does_not_start_is_told(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "rtl")
    (tmp_path / "rtl" / "build" / "traced").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with RtlSimulation(GRAPH, tmp_path / "rtl") as rtl, pytest.raises(SimulationError) as error:
        rtl.run(FRAMES)
    assert str(error.value) == "RTL simulation: the program must run to its end, did not: broken"


def test_beats_too_many_are_told() -> None:
    report = {"problem": "extra", "cycle": 1234, "beats_out": 40}
    message = (
        "node 'AxiOut_0': must write as many beats as the frames have, writes more (beat 40, cycle 1,234)"
    )
    assert problem_text(network_of(GRAPH), [], [], report, 1000) == message


def test_a_unit_that_uses_its_streams_in_too_many_ways() -> None:
    steps = np.arange(512)
    thread = Thread(tuple((bit, (steps >> bit & 1).astype(np.bool_)) for bit in range(9)), ())
    with pytest.raises(IRError) as error:
        thread.patterns()
    assert str(error.value) == (
        "a unit must have at most 64 streams and use them in at most 256 ways, has 9 and uses them in 512"
    )
