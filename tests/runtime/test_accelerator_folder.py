# SPDX-License-Identifier: Apache-2.0
"""What an `Accelerator` asks of its folder, its options and the overlay."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.runtime import Accelerator
from finnlite.runtime.errors import DeviceError, InputError, MetadataError, OverlayError
from tests.runtime.deployed import device_for, frames_of, refused

Answers = Callable[[Any], Any]


def test_of_the_output_folder_and_of_its_deploy_folder(built: Path, answers: Answers) -> None:
    for folder in (built, built / "deploy", str(built)):
        with Accelerator(folder, device="sim") as accelerator:
            assert accelerator.simulated
            assert repr(accelerator) == "<Accelerator 'small', simulation>"
            assert (accelerator.predict(frames_of(2)) == answers(frames_of(2))).all()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert refused(lambda: Accelerator(tmp_path, "sim"), MetadataError) == (
        f"{tmp_path}/metadata.json: must be readable, is not (No such file or directory); "
        f"name a folder that `finnlite build` made, or its folder deploy"
    )


def test_a_deploy_folder_without_the_simulation(built: Path, tmp_path: Path) -> None:
    alone = shutil.copytree(built / "deploy", tmp_path / "deploy")
    assert refused(lambda: Accelerator(alone, "sim"), DeviceError) == (
        f"simulated device: '{tmp_path}/hls/build/libnetwork.so' must exist, does not; "
        f"build the model on this computer, or use device='pynq' on a board"
    )


def test_options_that_are_none(built: Path) -> None:
    assert refused(lambda: Accelerator(built, "fpga"), InputError) == (
        "device must be 'pynq', 'sim' or a Device, is 'fpga'"
    )
    for timeout in (0, -1.0, float("nan")):
        assert refused(lambda: Accelerator(built, "sim", timeout=timeout), InputError) == (  # noqa: B023
            f"timeout must be a positive number of seconds, is {timeout}"
        )


def test_golden_frames_that_are_missing(copied: Path, answers: Answers) -> None:
    path = copied / "deploy" / "golden.npz"
    path.unlink()
    assert refused(lambda: Accelerator(copied, "sim"), MetadataError) == (
        f"{path}: must exist for the self-test, does not; copy the folder anew, or pass self_test=False"
    )
    with Accelerator(copied, "sim", self_test=False) as accelerator:
        assert (accelerator.predict(frames_of(2)) == answers(frames_of(2))).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04damaged", b"no archive", None])
def test_golden_frames_that_are_damaged(copied: Path, content: bytes | None) -> None:
    path = copied / "deploy" / "golden.npz"
    if content is None:
        np.savez(path, input=np.zeros((1, 24), np.uint8))
    else:
        path.write_bytes(content)
    assert refused(lambda: Accelerator(copied, "sim"), MetadataError) == (
        f"{path}: must be an .npz file with input and output, is not; copy the folder anew, "
        f"or pass self_test=False"
    )


@pytest.mark.parametrize(("given", "expected"), [((2, 16), (2, 24)), ((2, 24), (3, 24)), ((0, 24), (0, 24))])
def test_golden_frames_of_another_shape(
    copied: Path, given: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = copied / "deploy" / "golden.npz"
    np.savez(path, input=np.zeros(given, np.uint8), output=np.zeros(expected, np.uint8))
    assert refused(lambda: Accelerator(copied, "sim"), MetadataError) == (
        f"{path}: golden frames must have shapes [F, 24] and [F, 24], have {list(given)} and "
        f"{list(expected)}; copy the folder anew"
    )


def test_the_clock_is_set_to_that_of_the_metadata(built: Path) -> None:
    device = device_for(built, clock_mhz=50.0)
    with Accelerator(built, device):
        assert device.clock_mhz() == 100.0


def test_a_clock_that_cannot_be_set(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = device_for(built, clock_mhz=50.0)
    monkeypatch.setattr(device, "set_clock_mhz", lambda clock_mhz: None)
    assert refused(lambda: Accelerator(built, device), OverlayError) == (
        "accelerator 'small': the fabric's clock must be 100 MHz, is 50 MHz"
    )


@pytest.mark.parametrize(("user_id", "found"), [(None, "none"), ("89abcdef", "'89abcdef'")])
def test_a_bitstream_of_another_build(built: Path, user_id: str | None, found: str) -> None:
    device = device_for(built, user_id=user_id)
    assert refused(lambda: Accelerator(built, device), OverlayError) == (
        f"accelerator 'small': the bitstream's USERID must be '01234567', is {found}; "
        f"copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay"
    )
    assert device.loads == 0  # what is in the fabric stays there


def test_a_block_design_that_is_not_ours(built: Path) -> None:
    device = device_for(built, cells=("axi_dma_0",))
    assert refused(lambda: Accelerator(built, device), OverlayError) == (
        "accelerator 'small': the block design must have the cell 'finnlite_0123456789abcdef', has none like "
        "it; copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay"
    )
