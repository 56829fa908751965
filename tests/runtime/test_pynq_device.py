# SPDX-License-Identifier: Apache-2.0
"""The board's device, on a package `pynq` that is a simulation."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.runtime import Accelerator, Fault, FaultyDevice
from finnlite.runtime.errors import (
    DeviceError,
    DriverError,
    OverlayError,
    SelfTestError,
    ShortTransferError,
    StuckError,
    TransferError,
)
from finnlite.runtime.pynq_device import PynqDevice, cell_names, user_id_of
from tests.runtime.deployed import IDENTITY, frames_of, refused
from tests.runtime.fake_pynq import FakePynq, OldFakeBuffer, bitstream, handoff

Answers = Callable[[Any], Any]
CELL, USER_ID = f"finnlite_{IDENTITY[:16]}", IDENTITY[:8]


@pytest.fixture
def board(device: FaultyDevice, monkeypatch: pytest.MonkeyPatch) -> FakePynq:
    """A board with nothing loaded."""
    pynq = FakePynq(device)
    monkeypatch.setitem(sys.modules, "pynq", pynq)
    return pynq


@pytest.fixture
def folder(copied: Path) -> Path:
    """A deployment folder with the files of Vivado in it."""
    deploy = copied / "deploy"
    (deploy / "overlay" / "accelerator.bit").write_bytes(bitstream(USER_ID))
    (deploy / "overlay" / "accelerator.hwh").write_text(handoff("ps7", "axi_dma", CELL))
    return deploy


def test_it_works(folder: Path, board: FakePynq, answers: Answers) -> None:
    with Accelerator(folder) as accelerator:
        assert repr(accelerator) == "<Accelerator 'small', board>"
        assert (accelerator.predict(frames_of(100)) == answers(frames_of(100))).all()
        assert (accelerator.predict(frames_of(1)[0]) == answers(frames_of(1))[0]).all()
        parts = accelerator.predict(iter([frames_of(3), frames_of(40, seed=2)]))
        assert [len(part) for part in parts] == [3, 40]
        assert not accelerator.benchmark(10).simulated
    assert board.downloads == [str(folder.resolve() / "overlay" / "accelerator.bit")]
    assert board.device.memory.buffers == []


def test_the_notebook_as_it_is(
    folder: Path, board: FakePynq, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells run unchanged from the deployment folder, with the driver that lies there."""
    np.savez(folder / "samples.npz", input=frames_of(4), output=answers(frames_of(4)))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    notebook = json.loads((folder / "finnlite.ipynb").read_text(encoding="utf-8"))
    seen: dict[str, Any] = {}
    before = set(sys.modules)
    try:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), seen)
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "finnlite_driver":
                del sys.modules[name]
    assert repr(seen["accelerator"]) == "<Accelerator 'small', board, closed>"
    assert seen["same"].all()
    assert (seen["classes"] == answers(frames_of(4)).argmax(axis=1)).all()
    assert seen["answer"].startswith("no picture: input 'x' must be an image, (H, W), (C, H, W)")
    assert board.downloads == [str(folder.resolve() / "overlay" / "accelerator.bit")]
    assert board.device.memory.buffers == []


def test_two_accelerators_of_one_board(
    folder: Path, board: FakePynq, answers: Answers, tmp_path: Path
) -> None:
    """Each call finds the other's network in the fabric and loads its own, from its own file."""
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    files = [str(path.resolve() / "overlay" / "accelerator.bit") for path in (folder, other)]
    with Accelerator(folder, self_test=False) as first, Accelerator(other, self_test=False) as second:
        assert board.downloads == files
        for accelerator in (first, second, first):
            assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()
        assert board.downloads == [*files, files[0], files[1], files[0]]
        results = first.predict(iter([frames_of(2), frames_of(2), frames_of(2)]))
        next(results)
        second.predict(frames_of(1))
        assert "was used by another; close that one first" in refused(lambda: list(results), TransferError)
    assert board.device.memory.buffers == []


def test_buffers_of_other_images(folder: Path, board: FakePynq, answers: Answers) -> None:
    board.buffer_type = OldFakeBuffer
    with Accelerator(folder) as accelerator:
        assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()


def test_the_overlay_of_the_output_folder(folder: Path, board: FakePynq) -> None:
    with Accelerator(folder.parent, "pynq"):
        assert len(board.downloads) == 1


def test_the_clock(folder: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", FakePynq(device, hwh_clock_mhz=142.857132))
    with Accelerator(folder):
        assert device.clock_mhz() == 100.0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.INPUT_SLAVE, TransferError),
        (Fault.OUTPUT_DECODE, TransferError),
        (Fault.INPUT_STUCK, StuckError),
        (Fault.OUTPUT_STUCK, StuckError),
        (Fault.SHORT, ShortTransferError),
    ],
)
def test_faults(
    folder: Path, board: FakePynq, answers: Answers, fault: Fault, kind: type[DriverError]
) -> None:
    with Accelerator(folder, timeout=0.1) as accelerator:
        board.device.inject(fault)
        refused(lambda: accelerator.predict(frames_of(5)), kind)
        assert board.device.memory.buffers == []
        assert (accelerator.predict(frames_of(6)) == answers(frames_of(6))).all()
    assert len(board.downloads) == 2


def test_a_wrong_answer_of_the_fabric(folder: Path, board: FakePynq) -> None:
    board.device.inject(Fault.WRONG_ANSWER)
    refused(lambda: Accelerator(folder), SelfTestError)
    assert board.device.memory.buffers == []


def test_an_overlay_that_does_not_load(folder: Path, board: FakePynq, answers: Answers) -> None:
    with Accelerator(folder) as accelerator:
        board.device.inject(Fault.SHORT)
        refused(lambda: accelerator.predict(frames_of(5)), ShortTransferError)
        board.device.inject(Fault.LOAD)
        assert refused(lambda: accelerator.predict(frames_of(5)), OverlayError) == (
            f"overlay {folder}/overlay/accelerator.bit: must load, does not (OverlayError: overlay "
            f"'simulated': must load, does not (injected)); is this a board with a PYNQ image, and are you "
            f"root?"
        )
        assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()


def test_no_memory(folder: Path, board: FakePynq) -> None:
    board.device.inject(Fault.MEMORY)
    assert refused(lambda: Accelerator(folder), DeviceError) == (
        "board: must have 96 bytes of contiguous memory left, has not (DeviceError: simulated memory: "
        "must have memory left, has none (injected)); free buffers, or restart other notebooks"
    )


def test_pynq_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    assert refused(lambda: Accelerator(folder), DeviceError) == (
        "device 'pynq': the package pynq must be installed, is not (import of pynq halted; None in "
        "sys.modules); run this on a board with a PYNQ image, or pass device='sim' on your computer"
    )


@pytest.mark.parametrize("name", ["accelerator.bit", "accelerator.hwh"])
def test_a_file_is_missing(folder: Path, board: FakePynq, name: str) -> None:
    path = folder / "overlay" / name
    path.unlink()
    message = (
        f"{path}: must exist, does not; run 'vivado -mode batch -source build.tcl' in the folder vivado of "
        f"the build, which puts accelerator.bit and accelerator.hwh into its deploy/overlay, and copy the "
        f"folder deploy to the board"
    )
    assert refused(lambda: Accelerator(folder), OverlayError) == message
    assert board.downloads == []


def test_a_file_goes_missing(folder: Path, board: FakePynq) -> None:
    with Accelerator(folder) as accelerator:
        board.device.inject(Fault.SHORT)
        refused(lambda: accelerator.predict(frames_of(5)), ShortTransferError)
        (folder / "overlay" / "accelerator.hwh").unlink()
        assert "accelerator.hwh: must exist, does not; run" in refused(
            lambda: accelerator.predict(frames_of(5)), OverlayError
        )


@pytest.mark.parametrize(("user_id", "found"), [("ffffffff", "'ffffffff'"), (None, "none")])
def test_the_bitstream_of_another_build(
    folder: Path, board: FakePynq, user_id: str | None, found: str
) -> None:
    (folder / "overlay" / "accelerator.bit").write_bytes(bitstream(user_id))
    assert refused(lambda: Accelerator(folder), OverlayError) == (
        f"accelerator 'small': the bitstream's USERID must be '01234567', is {found}; "
        f"copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay"
    )
    assert board.downloads == []


def test_the_handoff_of_another_build(folder: Path, board: FakePynq) -> None:
    (folder / "overlay" / "accelerator.hwh").write_text(handoff("axi_dma", "finnlite_0123456789abcdee"))
    assert refused(lambda: Accelerator(folder), OverlayError) == (
        "accelerator 'small': the block design must have the cell 'finnlite_0123456789abcdef', has "
        "'finnlite_0123456789abcdee'; "
        "copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay"
    )
    assert board.downloads == []


def test_an_overlay_without_the_dma(
    folder: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynq", FakePynq(device, cores=("timer", "axi_dma_0")))
    assert refused(lambda: Accelerator(folder), OverlayError) == (
        f"overlay {folder}/overlay/accelerator.bit: must have the DMA 'axi_dma', has ['axi_dma_0', 'timer']; "
        f"copy the .hwh file of the same build"
    )


# -- the files ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("user_id", "read"),
    [("0123ABCD", "0123abcd"), ("ffffffff", "ffffffff"), ("1A", "0000001a"), (None, None)],
)
def test_the_user_id_of_a_bitstream(tmp_path: Path, user_id: str | None, read: str | None) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(bitstream(user_id))
    assert user_id_of(path) == read


def test_only_the_field_of_the_design_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(bitstream(None) + b"UserID=0X01234567")
    assert user_id_of(path) is None


@pytest.mark.parametrize("content", [b"", b"\0", bytes(200), bitstream(USER_ID)[13:], b"text" * 100])
def test_a_file_that_is_no_bitstream(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bit"
    path.write_bytes(content)
    assert refused(lambda: user_id_of(path), OverlayError) == (
        f"{path}: must be a bitstream with its header, is not; "
        f"copy the .bit file that Vivado wrote, not a .bin"
    )


def test_the_cells_of_a_block_design(tmp_path: Path) -> None:
    path = tmp_path / "a.hwh"
    path.write_text(handoff("ps7", "axi_dma", CELL))
    assert cell_names(path) == ["ps7", "axi_dma", CELL]


def test_a_damaged_handoff(tmp_path: Path) -> None:
    path = tmp_path / "a.hwh"
    path.write_text(handoff("ps7")[:200])
    message = refused(lambda: cell_names(path), OverlayError)
    assert message.startswith(f"{path}: must be a hardware handoff, is damaged (")
    assert message.endswith("); copy it anew")


def test_a_flush_covers_whole_lines_and_no_more_than_the_buffer(
    folder: Path, board: FakePynq, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    monkeypatch.setattr(type(board.allocate((8,), np.uint8)), "flush", lambda self: lengths.append(len(self)))
    device = PynqDevice(folder / "overlay" / "accelerator.bit", "axi_dma")
    buffer = device.allocate(200)
    for nbytes in (1, 64, 65, 130, 200):
        buffer.flush(nbytes)
    assert lengths == [64, 64, 128, 192, 200]
