# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the borders: beats to words and back, TLAST, padding."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.emit import library
from finnlite.ir import Graph
from finnlite.ops.axi import AxiOut, border_bits
from finnlite.ops.unit import Unit
from finnlite.runtime.packing import pack
from tests.backends.hardware import Chain, frames_for
from tests.rtl import bench
from tests.rtl.bench import assert_equal
from tests.rtl.fifos import with_fifos
from tests.rtl.linting import assert_clean

WHOLE = ("BIPOLAR", "TERNARY", "UINT3", "INT5", "UINT8", "INT13", "UINT16", "INT27", "UINT32", "INT64")
"""Datatypes of which a beat holds a whole number; in containers of their own size and in larger ones."""
ODD = ("INT17", "UINT24", "INT33", "UINT40", "INT41", "UINT48", "INT50", "INT56")
"""Datatypes whose elements cross the ends of beats."""


def passed_on(size: int, datatype: str, seed: int) -> Graph:
    """AxiIn and AxiOut, a FIFO between them."""
    return with_fifos(Chain.start(size, datatype).end(), np.random.default_rng(seed))


@pytest.mark.parametrize("datatype", WHOLE)
def test_words_that_are_beats(datatype: str, tmp_path: Path) -> None:
    for seed, size in enumerate((1, 5, 64, 77)):
        folder = tmp_path / str(size)
        folder.mkdir()
        graph = passed_on(size, datatype, seed)
        pause = 0.3 * (seed % 2)
        assert_equal(graph, frames_for(graph, 3, seed), folder, seed=seed + 1, idle=pause, stall=pause)
    assert_clean(folder)


@pytest.mark.parametrize("datatype", ODD)
def test_words_that_cross_beats(datatype: str, tmp_path: Path) -> None:
    """Frames that end within a beat, with one, and with a word that completes a beat and begins another."""
    for seed, size in enumerate((1, 2, 3, 5, 8, 11, 13)):
        folder = tmp_path / str(size)
        folder.mkdir()
        graph = passed_on(size, datatype, seed)
        pause = 0.3 * (seed % 2)
        assert_equal(graph, frames_for(graph, 3, seed), folder, seed=seed + 1, idle=pause, stall=pause)
        assert_clean(folder)


def test_some_frames_take_a_step_that_reads_nothing() -> None:
    """Otherwise the test above would not test it."""
    flushed = set()
    for datatype in ODD:
        for size in (1, 2, 3, 5, 8, 11, 13):
            node = next(node for node in passed_on(size, datatype, 0).nodes if isinstance(node.op, AxiOut))
            assert isinstance(node.op, Unit)
            steps = node.op.steps(node)
            assert steps is not None
            flushed.add(bool(steps.reads[-1]))
    assert flushed == {False, True}


def noisy(frames: NDArray[Any], datatype: str) -> NDArray[np.uint8]:
    """The bytes of frames with ones behind the end of each."""
    packed = pack(frames, datatype)
    bits = np.unpackbits(packed, axis=1, bitorder="little")
    bits[:, frames.shape[1] * border_bits(DataType[datatype]) :] = 1
    return np.packbits(bits, axis=1, bitorder="little")


def beats_of(graph: Graph, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The beats that leave after frames with noise behind them, and those that should."""
    frames = frames_for(graph, 3, 1)
    monkeypatch.setattr(bench, "pack", noisy)
    assert_equal(graph, frames, folder)
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    packed = pack(frames.reshape(len(frames), -1), graph.outputs[0].datatype.name)
    expected = [f"{beat:016x}" for beat in np.ascontiguousarray(packed).view("<u8").ravel().tolist()]
    return [line[-1] for line in lines if len(line) > 1], expected


BORDERS = [
    (5, "INT13"),
    (77, "BIPOLAR"),
    (7, "UINT3"),
    (5, "INT5"),
    (2, "INT17"),
    (3, "INT33"),
    (5, "UINT48"),
]


@pytest.mark.parametrize(("size", "datatype"), BORDERS)
def test_beats_to_the_last_bit(
    size: int, datatype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signs in wider containers, zeros behind a frame, whatever was behind it when it came in."""
    found, expected = beats_of(passed_on(size, datatype, size), tmp_path, monkeypatch)
    assert found == expected


@pytest.mark.parametrize(("right", "wrong"), [("beat & kept", "beat"), ("SIGNED != 0 &&", "SIGNED == 0 &&")])
def test_a_faulty_border_is_found(
    right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "finnlite_axi_out.v"
    cells = library()
    assert cells[name].count(right.encode()) == 1
    cells[name] = cells[name].replace(right.encode(), wrong.encode())
    monkeypatch.setattr("finnlite.backends.rtl.emit.library", lambda: cells)
    found, expected = beats_of(passed_on(5, "INT13", 5), tmp_path, monkeypatch)
    assert found != expected
