# SPDX-License-Identifier: Apache-2.0
"""Every fault of a C simulation is an error with the layer's name."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.hls.compiler import LIBRARY, Compiler, find_compiler
from finnlite.backends.hls.csim import Csim
from finnlite.errors import OptionError, SimulationError, ToolError
from finnlite.execution import execute
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from tests.backends.hardware import Chain
from tests.backends.small import FRAMES, GRAPH

Text = Callable[[str], str]


def replace(old: str, new: str) -> Text:
    return lambda text: text.replace(old, new, 1)


def steps_of_third(count: int) -> Text:
    pattern = r"\{16, (\[\]\(network& n\) \{\s*mvtu_third_step)"
    return lambda text: re.sub(pattern, rf"{{{count}, \1", text)


def test_a_step_too_few_is_noticed(altered: Callable[..., Csim]) -> None:
    with altered("sim/network.cpp", steps_of_third(15)) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        message = "node 'last': frame 0, step 3: stream 'mvtu_third_out' is read while it is empty"
        assert str(error.value) == message


def test_a_step_too_many_is_noticed(altered: Callable[..., Csim]) -> None:
    with altered("sim/network.cpp", steps_of_third(17)) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        message = (
            r"node 'third': frame 0, step 16: stream 'mvtu_second_layer_\w+_out' is read while it is empty"
        )
        assert re.fullmatch(message, str(error.value))


def test_leftover_words_are_noticed(altered: Callable[..., Csim]) -> None:
    change = replace("mvtu_third_step(", "n.mvtu_third_out.write(0); mvtu_third_step(")
    with altered("sim/network.cpp", change) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        message = "node 'last': frame 0, at its end: 16 word(s) left in stream 'mvtu_third_out'"
        assert str(error.value) == message


def test_input_beats_left_are_noticed(altered: Callable[..., Csim]) -> None:
    change = replace("axiin_0_step(", "n.s0.write(beat()); axiin_0_step(")
    with altered("sim/network.cpp", change) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        message = "node 'AxiIn_0': frame 0, at its end: 3 word(s) left in stream 's0'"
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("n.m0.read();", "node 'AxiOut_0': frame 0, at its end: 0 beats written, not 2"),
        (
            "if (!n.m0.empty()) { const beat b = n.m0.read(); n.m0.write(b); n.m0.write(b); }",
            "node 'AxiOut_0': frame 0, at its end: more beats written than a frame has",
        ),
        ("n.m0.write(beat());", "node 'AxiOut_0': frame 0, TKEEP and TSTRB must be all ones"),
    ],
)
def test_output_beats_of_a_wrong_number_are_noticed(
    altered: Callable[..., Csim], body: str, message: str
) -> None:
    def change(text: str) -> str:
        return re.sub(r"(axiout_0_step\([^)]*\);)", rf"\1 {body}", text, count=1)

    with altered("sim/network.cpp", change) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        assert str(error.value) == message


def test_a_wrong_end_of_transfer_is_noticed(altered: Callable[..., Csim]) -> None:
    body = "if (!n.transfer_last.empty()) n.transfer_last.write(1 - n.transfer_last.read());"

    def change(text: str) -> str:
        return re.sub(r"(axiin_0_step\([^)]*\);)", rf"\1 {body}", text, count=1)

    with altered("sim/network.cpp", change) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        message = "node 'AxiOut_0': frame 0, TLAST must be set on a transfer's last beat and no other"
        assert str(error.value) == message


def test_it_works_again_after_an_error(altered: Callable[..., Csim]) -> None:
    """A frame that fails leaves half a frame behind; the next run must not see it."""
    change = replace("mvtu_third_step(", "provoke(n.s0.words_read()); mvtu_third_step(")

    def provoked(text: str) -> str:
        head = 'static void provoke(uint64_t read) { if (read == 6) throw std::runtime_error("provoked"); }\n'
        return change(text).replace("namespace {\n", "namespace {\n" + head, 1)

    expected = np.asarray(execute(GRAPH, FRAMES.astype(np.float32)))
    with altered("sim/network.cpp", provoked) as sim:
        np.testing.assert_array_equal(sim.run(FRAMES[:1]), expected[:1])
        with pytest.raises(SimulationError, match="^node 'third': frame 0, step 0: provoked$"):
            sim.run(FRAMES)
        np.testing.assert_array_equal(sim.run(FRAMES[:1]), expected[:1])


def test_a_crash_names_the_layer(altered: Callable[..., Csim]) -> None:
    change = replace(
        "  mvtu_third_unit::step", "  if (state.fold == 7) __builtin_trap();\n  mvtu_third_unit::step"
    )
    with altered("src/mvtu_third.cpp", change) as sim:
        for _ in range(2):
            with pytest.raises(SimulationError) as error:
                sim.run(FRAMES)
            message = r"node 'third': frame 0, step 7: the simulation was ended by signal \d+"
            assert re.fullmatch(message, str(error.value))


def test_an_exit_is_a_crash_and_what_it_printed_is_shown(altered: Callable[..., Csim]) -> None:
    code = '  std::fputs("no more of this\\n", stderr);\n  std::_Exit(3);\n  mvtu_third_unit::step'

    def change(text: str) -> str:
        return "#include <cstdio>\n#include <cstdlib>\n" + replace("  mvtu_third_unit::step", code)(text)

    with altered("src/mvtu_third.cpp", change) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        assert str(error.value) == (
            "node 'third': frame 0, step 0: the simulation exited with 3\nno more of this"
        )


def test_a_compile_error_names_the_node_and_leaves_the_last_library(
    altered: Callable[..., Csim], built: Path
) -> None:
    before = (built / LIBRARY).read_bytes()
    with pytest.raises(ToolError) as error:
        altered("src/mvtu_third.cpp", replace("mvtu_third_unit::step", "mvtu_third_unit::stop"))
    first, *rest = str(error.value).splitlines()
    assert re.fullmatch(r"node 'third': \S+ must succeed, exited with 1:", first)
    assert any("mvtu_third.cpp" in line for line in rest)
    assert (built / LIBRARY).read_bytes() == before
    assert list(built.parent.glob(".finnlite-*")) == []


def test_no_compiler_is_one_clear_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as error:
        find_compiler()
    assert str(error.value).startswith(
        "C simulation: a C++14 compiler must be on the PATH (c++, g++, clang++), none is; install one"
    )


def test_vendor_headers_that_are_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XILINX_HLS", str(tmp_path))
    with pytest.raises(ToolError, match=r"^XILINX_HLS: must hold include/ap_int\.h, is "):
        find_compiler()


def test_a_compiler_that_is_gone_is_an_error(tmp_path: Path) -> None:
    chain = Chain.start(3, "UINT2")
    with pytest.raises(ToolError, match="^node 'AxiIn_0': gone must be startable, is not"):
        Csim.compile(chain.end(), tmp_path / "hls", compiler=Compiler("/nowhere/gone", "0"))
    assert not (tmp_path / "hls").exists()


def test_a_memory_read_too_soon_is_an_error(altered: Callable[..., Csim]) -> None:
    """`first` has four synapse folds; with a longer promise its replay comes too soon."""
    promise = replace("SF < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE", "5")
    with altered("include/finnlite/mvtu.hpp", promise) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        assert str(error.value) == (
            "node 'first': frame 0, step 4: "
            "memory word 0 is read 4 steps after it was written; 5 are promised"
        )


def test_a_memory_read_before_it_is_written_is_an_error(altered: Callable[..., Csim]) -> None:
    with altered("include/finnlite/mvtu.hpp", replace("    st.check.store(sf);\n", "")) as sim:
        with pytest.raises(SimulationError) as error:
            sim.run(FRAMES)
        assert str(error.value) == (
            "node 'first': frame 0, step 4: memory word 0 is read before it is written"
        )


def test_an_accumulator_too_narrow_is_an_error(tmp_path: Path) -> None:
    chain = Chain.start(8, "UINT8")
    weights = np.ones((8, 2), dtype=np.int64)
    chain.mvtu(MVTU(2, 4, integer_type(0, 255)), weights, "BIPOLAR", name="narrow")
    with Csim.compile(chain.end(), tmp_path / "hls") as sim:
        np.testing.assert_array_equal(sim.run(np.full((1, 8), 31)), [[248, 248]])
        with pytest.raises(SimulationError) as error:
            sim.run(np.full((1, 8), 32))
        assert str(error.value) == ("node 'narrow': frame 0, step 1: accumulator of 8 bits cannot hold 256")


def test_frames_of_a_wrong_size_or_range_are_refused(simulation: Csim) -> None:
    with pytest.raises(OptionError, match="^input 'x': must have 24 elements a frame, has 23$"):
        simulation.run(FRAMES[:, :23])
    with pytest.raises(OptionError, match="^input 'x': values must fit UINT8"):
        simulation.run(FRAMES * 300)
    with pytest.raises(OptionError, match=r"^frames must have \[1, 3\] beats, have \[1, 4\]$"):
        simulation.run_beats(np.zeros((1, 4), dtype=np.uint64))


def test_a_folder_without_a_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="must exist, does not; build first$"):
        Csim(GRAPH, tmp_path)
