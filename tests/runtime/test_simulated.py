# SPDX-License-Identifier: Apache-2.0
"""The simulated device's registers, which do what the manual of the AXI DMA says, and its fabric."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.hls.csim import simulation_plan
from finnlite.execution import Session
from finnlite.plan import Output
from finnlite.runtime import FaultyDevice, SimulatedDevice
from finnlite.runtime.dma import (
    ADDRESS,
    CONTROL,
    HALTED,
    IDLE,
    INPUT,
    LENGTH,
    OUTPUT,
    RESET,
    RUN,
    STATUS,
    Side,
)
from finnlite.runtime.errors import DeviceError
from finnlite.runtime.memory import SimulatedBuffer
from finnlite.runtime.packing import unpack
from finnlite.runtime.simulated import LIBRARY
from tests.runtime.deployed import frames_of, network

IN_BYTES, OUT_BYTES = 24, 24
INTERNAL, DECODE, DONE = 1 << 4, 1 << 6, 1 << 12


def read(device: SimulatedDevice, side: Side, register: int) -> int:
    return device.read(side.base + register)


def start(device: SimulatedDevice, side: Side, address: int, nbytes: int, *, run: bool = True) -> None:
    if run:
        device.write(side.base + CONTROL, RUN)
    device.write(side.base + ADDRESS, address)
    device.write(side.base + LENGTH, nbytes)


@pytest.fixture
def buffers(device: FaultyDevice) -> tuple[SimulatedBuffer, SimulatedBuffer]:
    """Four packed frames, and room for them."""
    source, target = device.allocate(4 * IN_BYTES), device.allocate(4 * OUT_BYTES)
    source.array[:] = frames_of(4).reshape(-1)
    source.flush(source.nbytes)
    target.flush(target.nbytes)
    return source, target


def result(target: SimulatedBuffer, frames: int) -> NDArray[Any]:
    target.invalidate(frames * OUT_BYTES)
    return unpack(target.array[: frames * OUT_BYTES].reshape(frames, OUT_BYTES), "INT14", 10)


def test_the_state_after_a_reset(device: FaultyDevice) -> None:
    for side in (INPUT, OUTPUT):
        registers = [read(device, side, register) for register in (CONTROL, STATUS, ADDRESS, LENGTH)]
        assert registers == [0, HALTED, 0, 0]


@pytest.mark.parametrize("order", [(OUTPUT, INPUT), (INPUT, OUTPUT)])
def test_a_transfer(
    device: FaultyDevice,
    buffers: tuple[SimulatedBuffer, SimulatedBuffer],
    answers: Callable[[Any], Any],
    order: tuple[Side, Side],
) -> None:
    source, target = buffers
    for side in order:
        buffer, nbytes = (source, IN_BYTES) if side is INPUT else (target, OUT_BYTES)
        start(device, side, buffer.address, 4 * nbytes)
        waits = (side, order[0]) == (OUTPUT, OUTPUT)
        assert read(device, side, STATUS) == (0 if waits else IDLE | DONE)
    assert [read(device, side, STATUS) for side in order] == [IDLE | DONE] * 2
    assert read(device, OUTPUT, LENGTH) == 4 * OUT_BYTES
    assert (result(target, 4) == answers(frames_of(4))).all()


def test_more_than_the_fabric_holds_waits_for_the_output(device: FaultyDevice) -> None:
    source, target = device.allocate(200 * IN_BYTES), device.allocate(200 * OUT_BYTES)
    start(device, INPUT, source.address, 200 * IN_BYTES)
    assert read(device, INPUT, STATUS) == 0
    start(device, OUTPUT, target.address, 200 * OUT_BYTES)
    assert [read(device, side, STATUS) for side in (INPUT, OUTPUT)] == [IDLE | DONE] * 2


def test_a_longer_buffer_ends_at_tlast(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer], answers: Callable[[Any], Any]
) -> None:
    source, target = buffers
    start(device, OUTPUT, target.address, 4 * OUT_BYTES)
    start(device, INPUT, source.address, 3 * IN_BYTES)
    assert read(device, OUTPUT, STATUS) & IDLE
    assert read(device, OUTPUT, LENGTH) == 3 * OUT_BYTES
    assert (result(target, 3) == answers(frames_of(4)[:3])).all()


def test_a_shorter_buffer_is_an_internal_error(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    source, target = buffers
    start(device, OUTPUT, target.address, 3 * OUT_BYTES)
    start(device, INPUT, source.address, 4 * IN_BYTES)
    assert read(device, OUTPUT, STATUS) == HALTED | INTERNAL
    assert read(device, OUTPUT, CONTROL) == 0
    start(device, OUTPUT, target.address, OUT_BYTES)  # no use before a reset
    assert read(device, OUTPUT, STATUS) == HALTED | INTERNAL


def test_words_left_in_the_fabric_come_before_new_ones(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer], answers: Callable[[Any], Any]
) -> None:
    source, target = buffers
    start(device, OUTPUT, target.address, 3 * OUT_BYTES)
    start(device, INPUT, source.address, 4 * IN_BYTES)
    device.write(INPUT.base + CONTROL, RESET)
    start(device, OUTPUT, target.address, OUT_BYTES)
    assert read(device, OUTPUT, STATUS) == IDLE | DONE
    assert (result(target, 1) == answers(frames_of(4)[3:])).all()


def test_half_a_frame_stays_until_the_overlay_is_loaded(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer], answers: Callable[[Any], Any]
) -> None:
    source, target = buffers
    start(device, OUTPUT, target.address, OUT_BYTES)
    start(device, INPUT, source.address, 8)
    assert read(device, INPUT, STATUS) & IDLE
    device.write(INPUT.base + CONTROL, RESET)
    start(device, OUTPUT, target.address, OUT_BYTES)
    start(device, INPUT, source.address, IN_BYTES)
    shifted = np.concatenate([source.array[:8], source.array[:16]])
    assert (result(target, 1) == answers(shifted[None])).all()
    assert not read(device, OUTPUT, STATUS) & IDLE  # a frame's TLAST came where no frame ended
    device.load()
    start(device, OUTPUT, target.address, OUT_BYTES)
    start(device, INPUT, source.address, IN_BYTES)
    assert (result(target, 1) == answers(frames_of(4)[:1])).all()


@pytest.mark.parametrize("side", [INPUT, OUTPUT])
def test_without_the_run_bit_nothing_happens(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer], side: Side
) -> None:
    start(device, side, buffers[0].address, 8, run=False)
    assert (read(device, side, STATUS), read(device, side, LENGTH)) == (HALTED, 0)
    device.write(side.base + CONTROL, RUN)
    assert read(device, side, STATUS) == 0


def test_taking_the_run_bit_away_halts_a_side(device: FaultyDevice) -> None:
    device.write(INPUT.base + CONTROL, RUN)
    device.write(INPUT.base + CONTROL, 0)
    assert (read(device, INPUT, STATUS), read(device, OUTPUT, STATUS)) == (HALTED, HALTED)


def test_a_length_of_zero_is_ignored(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    start(device, INPUT, buffers[0].address, 0)
    assert read(device, INPUT, STATUS) == 0


def test_the_length_has_26_bits(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    start(device, INPUT, buffers[0].address, (1 << 26) + 8)
    assert read(device, INPUT, LENGTH) == 8


@pytest.mark.parametrize("side", [INPUT, OUTPUT])
@pytest.mark.parametrize(("shift", "nbytes"), [(4, 8), (-8, 8), (0, 5 * 24), (0x1000_0000, 8)])
def test_addresses_that_are_not_ours_or_not_aligned(
    device: FaultyDevice,
    buffers: tuple[SimulatedBuffer, SimulatedBuffer],
    side: Side,
    shift: int,
    nbytes: int,
) -> None:
    start(device, side, buffers[0].address + shift, nbytes)
    assert read(device, side, STATUS) == HALTED | DECODE


def test_freed_memory_is_not_ours(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    buffers[1].free()
    start(device, OUTPUT, buffers[1].address, 8)
    assert read(device, OUTPUT, STATUS) == HALTED | DECODE


def test_a_reset_lets_go_of_the_buffers(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    start(device, OUTPUT, buffers[1].address, 8)
    with pytest.raises(DeviceError, match="must not be freed while the DMA uses it"):
        buffers[1].free()
    device.write(INPUT.base + CONTROL, RESET)
    buffers[1].free()


def test_the_done_bit_is_cleared_by_writing_it(
    device: FaultyDevice, buffers: tuple[SimulatedBuffer, SimulatedBuffer]
) -> None:
    source, target = buffers
    start(device, OUTPUT, target.address, OUT_BYTES)
    start(device, INPUT, source.address, IN_BYTES)
    device.write(INPUT.base + STATUS, DONE)
    assert read(device, INPUT, STATUS) == IDLE


def test_two_networks_of_one_shape(built: Path, tmp_path: Path) -> None:
    """What one network computes with is not what another does, nor what an earlier build of it did."""
    graphs = [network(seed) for seed in (7, 8)]
    shutil.copytree(built / "hls", tmp_path / "hls")
    results = []
    for graph in graphs:
        with Output(tmp_path / "hls") as out:
            out.run(simulation_plan(graph))
        device = SimulatedDevice(tmp_path / "hls" / LIBRARY, "01234567", ())
        source, target = device.allocate(IN_BYTES), device.allocate(OUT_BYTES)
        source.array[:] = frames_of(1)[0]
        source.flush(IN_BYTES)
        target.flush(OUT_BYTES)
        start(device, OUTPUT, target.address, OUT_BYTES)
        start(device, INPUT, source.address, IN_BYTES)
        results.append(result(target, 1))
    for graph, values in zip(graphs, results, strict=True):
        assert (values == Session(graph).run(frames_of(1))[graph.outputs[0].name]).all()


def test_a_missing_library(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        SimulatedDevice(tmp_path / LIBRARY, "01234567", ())
    assert str(caught.value) == (
        f"simulated device: '{tmp_path}/build/libnetwork.so' must exist, does not; "
        f"build the model on this computer, or use device='pynq' on a board"
    )


def test_a_library_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "library.so"
    path.write_bytes(b"no library")
    with pytest.raises(DeviceError) as caught:
        SimulatedDevice(path, "01234567", ())
    assert str(caught.value).startswith(
        f"simulated device: '{path}' must be a C simulation built for this computer, is not ("
    )
    assert str(caught.value).endswith("); build the model again")
