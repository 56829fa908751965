# SPDX-License-Identifier: Apache-2.0
"""The simulation notices what must not be in units on images and units of several streams."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.hls.network import network_of
from finnlite.errors import IRError, UnsupportedError
from finnlite.execution import execute
from finnlite.ops.joins import Duplicate, StreamAdd
from finnlite.ops.padding import StreamPad
from tests.backends.hardware import values
from tests.backends.images import Image, residual
from tests.backends.unity import Simulation, compile_unity, write_networks

Text = Callable[[str], str]


GRAPH = residual()
FRAMES = values(np.random.default_rng(0), GRAPH.inputs[0].datatype, (6, 128))
NETWORK = network_of(GRAPH)


def simulation(folder: Path, path: str = "", change: Text = str) -> Simulation:
    """The network's simulation, with those emitted files changed whose path matches."""
    write_networks([GRAPH], folder)
    files = (file for file in folder.rglob("*") if re.fullmatch(path, file.relative_to(folder).as_posix()))
    before = {file: file.read_text() for file in files}
    for file, text in before.items():
        file.write_text(change(text))
    assert not path or any(file.read_text() != text for file, text in before.items())
    return Simulation(compile_unity(folder), 0, GRAPH)


def error_of(sim: Simulation) -> str:
    """The message of the run's error, the layer's index replaced by its node."""
    with pytest.raises(RuntimeError) as error:
        sim.run(FRAMES)
    index, _, message = str(error.value).partition(": ")
    sim.close()
    return f"node {NETWORK.layers[int(index)].node.name!r}: {message}"


def test_a_residual_block_equals_the_graph(tmp_path: Path) -> None:
    expected = np.asarray(execute(GRAPH, FRAMES.reshape(6, 4, 4, 8).astype(np.float32))).reshape(6, -1)
    sim = simulation(tmp_path)
    np.testing.assert_array_equal(sim.run(FRAMES), expected)
    sim.close()
    assert len(np.unique(expected)) > 20
    forked = [stream for stream in NETWORK.streams if re.match(r"duplicate_\d+_out1?$", stream.name)]
    assert [(stream.writer_port, stream.depth) for stream in forked] == [("m0", 2), ("m1", 300)]


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (
            r"include/finnlite/swu\.hpp",
            "distance_check<SHAPE::CAPACITY, MEMORY_DISTANCE>",
            "distance_check<SHAPE::CAPACITY, 5>",
            r"node 'SWU_\d+': frame 0, step \d+: memory word 0 is read 4 steps after it was written; "
            "5 are promised",
        ),
        (
            r"include/finnlite/swu\.hpp",
            "st.need < st.oldest",
            "st.need < st.head",
            r"node 'SWU_\d+': frame 0, step 0: memory word 0 is read 0 steps after it was written; "
            "4 are promised",
        ),
        (
            r"include/finnlite/vvtu\.hpp",
            "FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE",
            "FOLDS + 1",
            r"node 'VVTU_\d+': frame 0, step 4: memory word 0 is read 4 steps after it was written; "
            "5 are promised",
        ),
        (
            r"include/finnlite/pooling\.hpp",
            "FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE",
            "FOLDS + 1",
            r"node 'WindowSum_\d+': frame 0, step 4: memory word 0 is read 4 steps after it was written; "
            "5 are promised",
        ),
        (
            r"include/finnlite/padding\.hpp",
            "SHAPE::FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE",
            "SHAPE::FOLDS + 1",
            r"node 'Upsample_\d+': frame 0, step 4: memory word 0 is read 4 steps after it was written; "
            "5 are promised",
        ),
        (
            r"src/swu_\w+\.hpp",
            "SH = 1;",
            "SH = 2;",
            r"node 'VVTU_\d+': frame 0, step \d+: stream 'swu_\d+_out' is read while it is empty",
        ),
        (
            r"src/duplicate_\w+\.cpp",
            "m1.write(word);",
            "(void)m1;",
            r"node 'SWU_\d+': frame 0, step 0: stream 'duplicate_\d+_out1' is read while it is empty",
        ),
        (
            r"src/duplicate_\w+\.cpp",
            "m1.write(word);",
            "m1.write(word); m1.write(word);",
            r"node 'SWU_\d+': frame 0, at its end: 64 word\(s\) left in stream 'duplicate_\d+_out1'",
        ),
    ],
)
def test_a_fault_is_noticed(tmp_path: Path, path: str, old: str, new: str, message: str) -> None:
    sim = simulation(tmp_path, path, lambda text: text.replace(old, new, 1))
    assert re.fullmatch(message, error_of(sim))


def test_a_larger_buffer_changes_no_word(tmp_path: Path) -> None:
    def larger(text: str) -> str:
        return text.replace("CAPACITY = ", "CAPACITY = 1 + ")

    expected = np.asarray(execute(GRAPH, FRAMES.reshape(6, 4, 4, 8).astype(np.float32))).reshape(6, -1)
    sim = simulation(tmp_path, r"src/swu_\w+\.hpp", larger)
    np.testing.assert_array_equal(sim.run(FRAMES), expected)
    sim.close()


def test_a_buffer_too_small_hangs_and_is_noticed(tmp_path: Path) -> None:
    """The windows never come: their pixels find no room."""

    def smaller(text: str) -> str:
        return re.sub(r"CAPACITY = \d+", "CAPACITY = 5", text)

    message = error_of(simulation(tmp_path, r"src/swu_\w+\.hpp", smaller))
    assert re.fullmatch(r"node 'VVTU_\d+': frame 0, step 5: stream '\w+' is read while it is empty", message)


def test_a_fork_without_a_duplicate_is_refused() -> None:
    image = Image((2, 2, 3), "INT3")
    first, second = image.then(StreamPad(1, (1, 0, 0, 0))).value, image.value
    (image.value,) = image.add(StreamAdd(), first, second)
    with pytest.raises(
        UnsupportedError, match=r"^node 'Pad_\d': its output must have one reader in hardware, has 2"
    ):
        network_of(image.end())


def test_a_stream_that_nobody_reads_is_refused() -> None:
    image = Image((2, 2, 3), "INT3")
    image.value, _ = image.add(Duplicate(2, 1), image.value)
    with pytest.raises(UnsupportedError, match="its output must have one reader in hardware, has 0"):
        network_of(image.end())


def test_words_that_differ_are_refused() -> None:
    image = Image((2, 2, 4), "INT3")
    image.then(StreamPad(2, (1, 0, 0, 0)))
    image.value = image.graph.add(StreamPad(4), image.value, name="wide")
    with pytest.raises(IRError, match=r"^node 'wide': must read words of 6 bits as 'Pad_\d' writes them"):
        network_of(image.end())
