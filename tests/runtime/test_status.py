# SPDX-License-Identifier: Apache-2.0
"""An accelerator with a status block: what the driver says of one that does not go on."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from finnlite.runtime import Accelerator, Fault, FaultyDevice
from finnlite.runtime.errors import DeviceError, MetadataError, OverlayError, StuckError, TransferError
from finnlite.runtime.metadata import FILE, Metadata, digest_of
from finnlite.runtime.status import (
    COUNT,
    COUNTERS,
    EMPTY,
    FRAMES_IN,
    FRAMES_OUT,
    FULL,
    HAS_ROOM,
    HAS_WORD,
    IDENTITY,
    MAGIC,
    OUTSIDE,
    VERSION,
    WORDS,
    Status,
    StatusStream,
    StatusUnit,
    diagnosis,
)
from tests.runtime.deployed import GRAPH, deploy, device_for, frames_of, refused
from tests.runtime.fake_pynq import FakePynq, bitstream, handoff

BUILD = "0123456789abcdef" * 4
ADVICE = "there is no result, and the next call loads the overlay again"
TIMEOUT = 0.1


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A built folder with a status block."""
    shutil.copytree(built / "hls", tmp_path / "hls")
    deploy(tmp_path / "deploy", GRAPH, status=True)
    return tmp_path


@pytest.fixture
def device(folder: Path) -> FaultyDevice:
    return device_for(folder)


def stuck(folder: Path, device: Any, fault: Fault, count: int = 5) -> str:
    """The message after a transfer in which a fault struck."""
    with Accelerator(folder, device, timeout=TIMEOUT) as accelerator:
        device.inject(fault)
        return refused(lambda: accelerator.predict(frames_of(count)), StuckError)


# -- through the driver -------------------------------------------------------------------------------
def test_it_works(folder: Path, answers: Callable[[Any], Any]) -> None:
    with Accelerator(folder, "sim") as accelerator:
        assert (accelerator.predict(frames_of(20)) == answers(frames_of(20))).all()


def test_input_that_is_not_taken(folder: Path, device: FaultyDevice) -> None:
    """Beats wait at the first unit, which makes no step."""
    message = stuck(folder, device, Fault.INPUT_STUCK)
    assert message.startswith(
        "accelerator 'small': 5 frames: DMA: a transfer must end within 0.1 s, did not; "
    )
    assert message.endswith(
        "; nothing moves in it: 3 frames went into it, 3 came out; node 'AxiIn_0' (axiin_0) makes no step "
        f"although no stream keeps it from one: the hardware is faulty; {ADVICE}"
    )


def test_output_that_is_kept(folder: Path, device: FaultyDevice) -> None:
    message = stuck(folder, device, Fault.OUTPUT_STUCK)
    last = Metadata.read(folder / "deploy").status.units[-1]  # type: ignore[union-attr]
    assert message.endswith(
        f"; nothing moves in it: 8 frames went into it, 7 came out; node {last.node!r} ({last.name}) makes "
        f"no step although no stream keeps it from one: the hardware is faulty; {ADVICE}"
    )


def test_the_next_call_works(folder: Path, device: FaultyDevice, answers: Callable[[Any], Any]) -> None:
    with Accelerator(folder, device, timeout=TIMEOUT) as accelerator:
        device.inject(Fault.OUTPUT_STUCK)
        refused(lambda: accelerator.predict(frames_of(2)), StuckError)
        assert (accelerator.predict(frames_of(2)) == answers(frames_of(2))).all()


def test_other_errors_do_not_ask(folder: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The DMA says itself what it met."""
    monkeypatch.setattr(device, "read_status", lambda offset: pytest.fail("must not be asked"))
    with Accelerator(folder, device, timeout=TIMEOUT) as accelerator:
        device.inject(Fault.OUTPUT_DECODE)
        refused(lambda: accelerator.predict(frames_of(2)), TransferError)


def test_an_accelerator_without_one_is_not_asked(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = device_for(built)
    monkeypatch.setattr(device, "read_status", lambda offset: pytest.fail("must not be asked"))
    assert "nothing moves" not in stuck(built, device, Fault.OUTPUT_STUCK)


def test_a_simulated_device_without_one_has_no_registers(built: Path) -> None:
    device = device_for(built)
    message = refused(lambda: device.read_status(0), OverlayError)
    assert message == "simulated device: must have a status block, has none; build with one"
    device.close()


def test_a_status_block_that_cannot_be_read_is_not_the_users_problem(
    folder: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(offset: int) -> int:
        raise DeviceError("board: must be there, is not")

    monkeypatch.setattr(device, "read_status", fail)
    message = stuck(folder, device, Fault.OUTPUT_STUCK)
    assert message.endswith(f"; why is not known (board: must be there, is not); {ADVICE}")


# -- on a board ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("named", [True, False])
def test_a_board_reads_its_registers(
    folder: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    cores = ("axi_dma", "accelerator") if named else ("axi_dma",)
    monkeypatch.setitem(sys.modules, "pynq", FakePynq(device, cores=cores))
    overlay = folder / "deploy" / "overlay"
    (overlay / "accelerator.bit").write_bytes(bitstream(BUILD[:8]))
    (overlay / "accelerator.hwh").write_text(
        handoff("ps7", "axi_dma", "accelerator", f"finnlite_{BUILD[:16]}")
    )
    with Accelerator(folder, timeout=TIMEOUT) as accelerator:
        device.inject(Fault.OUTPUT_STUCK)
        message = refused(lambda: accelerator.predict(frames_of(2)), StuckError)
    path = overlay.resolve() / "accelerator.bit"
    said = (
        "nothing moves in it: 5 frames went into it, 4 came out; "
        if named
        else (
            f"why is not known (overlay {path}: must have the status block 'accelerator', has none; "
            "copy the .hwh file of the same build); "
        )
    )
    assert said in message


# -- what registers say -------------------------------------------------------------------------------
UNITS = ("in", "fork", "window", "sum", "out")
STREAMS = (
    StatusStream("s0", OUTSIDE, 0, 8, 0),
    StatusStream("in_out", 0, 1, 16, 2),
    StatusStream("fork_out", 1, 2, 16, 2),
    StatusStream("fork_out1", 1, 3, 16, 4),
    StatusStream("window_out", 2, 3, 16, 2),
    StatusStream("sum_out", 3, 4, 16, 2),
    StatusStream("transfer_last", 0, 4, 1, 3),
    StatusStream("m0", 4, OUTSIDE, 8, 8),
)
"""A fork whose ends are added."""
STATUS = Status("accelerator", tuple(StatusUnit(name, name.upper()) for name in UNITS), STREAMS)
ALL = (1 << len(STREAMS)) - 1


class Registers:
    """Registers that hold what they are told; those in `growing` are larger each time."""

    def __init__(self, values: Mapping[int, int], growing: tuple[int, ...] = ()) -> None:
        self.values = {0: MAGIC, 4: VERSION, IDENTITY: 0x01234567, COUNT: len(STREAMS), **values}
        self.growing = set(growing)

    def read(self, offset: int) -> int:
        if offset in self.growing:
            self.values[offset] = (self.values.get(offset, 0) + 7) % 2**32
        return self.values.get(offset, 0)


def counter(stream: int, which: int) -> int:
    return COUNTERS + 16 * stream + 4 * which


def said(values: Mapping[int, int], *growing: int) -> str:
    return diagnosis(STATUS, BUILD, Registers({HAS_ROOM: ALL, **values}, growing).read)


def test_words_that_move() -> None:
    assert said({FRAMES_IN: 12_345, FRAMES_OUT: 12_340}, counter(5, WORDS)) == (
        "it is at work: 12,345 frames went into it, 12,340 came out, and words still move; give it a longer "
        "timeout"
    )


def test_too_little_input() -> None:
    """A sum lacks both of its words, which its flags tell; nothing but the DMA is the cause."""
    waiting = [counter(stream, EMPTY) for stream in (0, 1, 2)]
    words = {counter(0, WORDS): 8 * 1000 + 3, FRAMES_IN: 1000, FRAMES_OUT: 1000}
    assert said(words, *waiting, counter(5, EMPTY), counter(7, EMPTY)) == (
        "nothing moves in it: 1,000 frames went into it, 1,000 came out; node 'IN' (in) waits for a word "
        "from the DMA (3 of a frame's 8 are there)"
    )


def test_words_of_a_frame_are_counted_past_the_counters_end() -> None:
    """The counter of words has gone around, at what is no whole number of frames of 98 words."""
    status = STATUS._replace(streams=(STREAMS[0]._replace(words=98), *STREAMS[1:]))
    values = {HAS_ROOM: ALL, FRAMES_IN: 50_000_000, counter(0, WORDS): (98 * 50_000_000 + 3) % 2**32}
    growing = tuple(counter(stream, EMPTY) for stream in (0, 1, 2, 5, 7))
    message = diagnosis(status, BUILD, Registers(values, growing).read)
    assert "node 'IN' (in) waits for a word from the DMA (3 of a frame's 98 are there)" in message


def test_output_that_nobody_takes() -> None:
    full = [counter(stream, FULL) for stream in (0, 1, 2, 4, 5, 7)]
    flags = {HAS_WORD: ALL, HAS_ROOM: 1 << 6}
    assert said(flags, *full) == (
        "nothing moves in it: 0 frames went into it, 0 came out; node 'OUT' (out) waits for the DMA to take "
        "a word"
    )


def test_a_circle() -> None:
    """The fork has no room for one end, the sum no word of the other."""
    growing = counter(3, FULL), counter(2, EMPTY), counter(4, EMPTY), counter(1, FULL), counter(5, EMPTY)
    assert said({HAS_WORD: 0b1011, HAS_ROOM: ALL & ~0b1010}, *growing) == (
        "nothing moves in it: 0 frames went into it, 0 came out; node 'FORK' (fork) waits for room in the 4 "
        "words to node 'SUM' (sum), node 'WINDOW' (window) waits for a word from node 'FORK' (fork), "
        "node 'SUM' (sum) waits for a word from node 'WINDOW' (window), in a circle"
    )


def test_units_that_lack_nothing_are_faulty() -> None:
    growing = counter(0, EMPTY), counter(1, EMPTY), counter(2, EMPTY), counter(5, EMPTY)
    assert said({HAS_WORD: 0b11000}, *growing) == (
        "nothing moves in it: 0 frames went into it, 0 came out; node 'SUM' (sum) makes no step although no "
        "stream keeps it from one: the hardware is faulty"
    )


def test_counters_go_around() -> None:
    start = {counter(0, EMPTY): 2**32 - 1}
    waiting = [counter(stream, EMPTY) for stream in (0, 1, 2, 5)]
    assert "node 'IN' (in) waits for a word from the DMA" in said(start, *waiting)


@pytest.mark.parametrize(
    ("offset", "value", "text"),
    [
        (0, 0, "0x464e4c53 at 0x0000, has 0x0"),
        (4, 2, "0x1 at 0x0004, has 0x2"),
        (IDENTITY, 0xFFFFFFFF, "0x1234567 at 0x0008, has 0xffffffff"),
        (COUNT, 7, "0x8 at 0x000c, has 0x7"),
    ],
)
def test_registers_of_something_else(offset: int, value: int, text: str) -> None:
    assert said({offset: value}) == f"its status block must have {text}"


def test_many_streams_have_several_words_of_flags() -> None:
    """Of 40 units in a row the last lacks a word, and all others have nothing to do with it."""
    streams = tuple(StatusStream(f"s{k}", k - 1, k if k < 40 else OUTSIDE, 4, 2) for k in range(41))
    status = Status("accelerator", tuple(StatusUnit(f"u{k}", f"U{k}") for k in range(40)), streams)
    flags = {HAS_WORD: 0xFFFFFFFF, HAS_WORD + 4: 0x7F, HAS_ROOM: 0xFFFFFFFF, HAS_ROOM + 4: 0x1FF}
    registers = Registers({COUNT: 41, **flags})
    text = diagnosis(status, BUILD, registers.read)
    assert "node 'U39'" not in text  # it alone waits: stream 39 has no word
    assert "node 'U0' (u0) and node 'U1' (u1)" in text


# -- metadata -----------------------------------------------------------------------------------------
def test_it_is_in_the_metadata(folder: Path, built: Path) -> None:
    status = Metadata.read(folder / "deploy").status
    assert status is not None
    assert status.cell == "accelerator"
    assert [unit.node for unit in status.units][1:2] != []
    assert [(s.name, s.writer, s.reader) for s in status.streams[:: len(status.streams) - 1]] == [
        ("s0", OUTSIDE, 0),
        ("m0", len(status.units) - 1, OUTSIDE),
    ]
    assert (status.streams[0].words, status.streams[-1].words) == (3, 3)
    plain = json.loads((built / "deploy" / FILE).read_text())
    assert "status" not in plain
    assert Metadata.read(built / "deploy").status is None


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no unit": (lambda s: s["streams"][1].update(reader=99), "streams[1].reader must be -1 or the index of"),
    "below": (lambda s: s["streams"][1].update(writer=-2), "streams[1].writer must be -1 or the index of"),
    "no words": (lambda s: s["streams"][0].update(words=0), "streams[0].words must be at least 1, is 0"),
    "no streams": (lambda s: s.update(streams=[]), "streams must be 1 to 2048, is 0"),
    "no cell": (lambda s: s.pop("cell"), "cell must be a text, is missing"),
    "text": (lambda s: s["units"][0].update(node=3), "units[0].node must be a text, is 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_it_is_said(folder: Path, name: str) -> None:
    change, text = BAD[name]
    path = folder / "deploy" / FILE
    data = json.loads(path.read_text())
    change(data["status"])
    path.write_text(json.dumps({**data, "sha256": digest_of(data)}))
    message = refused(lambda: Metadata.read(folder / "deploy"), MetadataError)
    assert f"status.{text}" in message
