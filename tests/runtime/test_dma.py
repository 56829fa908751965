# SPDX-License-Identifier: Apache-2.0
"""The DMA's driver, against registers that say what a test wants them to say."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from finnlite.runtime import FaultyDevice
from finnlite.runtime.dma import HALTED, IDLE, MAX_BYTES, Dma
from finnlite.runtime.errors import ShortTransferError, StuckError, TransferError
from tests.runtime.deployed import frames_of

IN_STATUS, OUT_CONTROL, OUT_STATUS, OUT_LENGTH = 0x04, 0x30, 0x34, 0x58


@dataclass
class Memory:
    """Stands for a buffer."""

    address: int


ADDRESSES = (0x18, 0x48)
"""Registers that keep what is written to them, unless a test says otherwise."""


@dataclass
class Registers:
    """A device of which only registers are there; `says` are values of a register, the last one for ever."""

    says: dict[int, list[int]] = field(default_factory=dict)
    written: list[tuple[int, int]] = field(default_factory=list)
    reads: int = 0

    def read(self, offset: int) -> int:
        self.reads += 1
        values = self.says.get(offset, [0])
        return values.pop(0) if len(values) > 1 else values[0]

    def write(self, offset: int, value: int) -> None:
        self.written.append((offset, value))
        if offset in ADDRESSES:
            self.says.setdefault(offset, [value])


def transfer(
    says: dict[int, list[int]], timeout: float = 0.05, in_bytes: int = 16, out_bytes: int = 8
) -> Any:
    device: Any = Registers({OUT_LENGTH: [out_bytes], **says})
    dma = Dma(device)
    source, target = Memory(0x1000), Memory(0x2000)
    dma.start(source, in_bytes, target, out_bytes)  # type: ignore[arg-type]
    dma.wait(timeout)
    return device


def message(says: dict[int, list[int]], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        transfer(says)
    assert type(caught.value) is error
    return str(caught.value)


def test_the_order_in_which_registers_are_written() -> None:
    device = transfer({IN_STATUS: [IDLE], OUT_STATUS: [IDLE]})
    assert device.written == [
        (0x30, 1), (0x48, 0x2000), (0x58, 8),  # the output first: run, address, length
        (0x00, 1), (0x18, 0x1000), (0x28, 16),
    ]  # fmt: skip


@pytest.mark.parametrize("register", ADDRESSES)
def test_a_dma_that_somebody_else_uses(register: int) -> None:
    text = "DMA: must be used by one accelerator at a time, was used by another; close that one first"
    assert message({register: [0x7000]}, TransferError) == text
    assert message({register: [0, 0x7000], IN_STATUS: [IDLE], OUT_STATUS: [IDLE]}, TransferError) == text


def test_two_accelerators_are_told_apart_before_their_first_transfer() -> None:
    device: Any = Registers()
    device.says = {0x18: [0], 0x48: [0]}
    writes = device.write
    device.write = lambda offset, value: (writes(offset, value), device.says.update({offset: [value]}))
    device.read = lambda offset: 0 if offset in (0x00, 0x30) else device.says[offset][0]
    first, second = Dma(device), Dma(device)
    assert first.reset()
    assert first.is_ours()
    assert second.reset()
    assert second.is_ours()
    assert not first.is_ours()


def test_it_waits_until_both_sides_are_idle() -> None:
    device = transfer({IN_STATUS: [0, 0, 0, IDLE], OUT_STATUS: [0, IDLE, IDLE, IDLE, 99]})
    assert device.says[IN_STATUS] == [IDLE]
    assert device.says[OUT_STATUS] == [99]


def test_a_long_wait_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    transfer({IN_STATUS: [IDLE], OUT_STATUS: [0] * 100 + [IDLE]}, timeout=10.0)
    assert len(pauses) == 100 - 64
    assert pauses[:3] == [20e-6, 40e-6, 80e-6]
    assert pauses[-1] == 2e-3


def test_a_transfer_that_ended_while_the_program_slept_is_not_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 100.0, 200.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    transfer({IN_STATUS: [0, IDLE], OUT_STATUS: [0, IDLE]}, timeout=1.0)


@pytest.mark.parametrize(("side", "status"), [("input", IN_STATUS), ("output", OUT_STATUS)])
@pytest.mark.parametrize(
    ("bits", "names", "causes"),
    [
        (0x10, "internal error", "a length of 0, or more words than the buffer holds"),
        (0x20, "slave error", "the memory answered with an error"),
        (0x40, "decode error", "there is no memory at the address"),
        (
            0x60,
            "slave error and decode error",
            "the memory answered with an error; there is no memory at the address",
        ),
    ],
)
def test_error_bits(side: str, status: int, bits: int, names: str, causes: str) -> None:
    nbytes = 16 if side == "input" else 8
    listed = names.replace(" and ", ", ")
    assert message({IN_STATUS: [0], OUT_STATUS: [0], status: [0, bits | HALTED]}, TransferError) == (
        f"DMA {side}: must transfer {nbytes} bytes, stopped with {names} ({causes}; "
        f"status 0x000000{bits | HALTED:02x}: halted, {listed})"
    )


def test_an_error_of_the_input_is_told_before_what_the_output_makes_of_it() -> None:
    text = message({IN_STATUS: [0x21], OUT_STATUS: [0x11]}, TransferError)
    assert text.startswith("DMA input: must transfer 16 bytes, stopped with slave error")


def test_a_side_that_somebody_halted() -> None:
    assert message({IN_STATUS: [IDLE], OUT_STATUS: [HALTED]}, TransferError) == (
        "DMA output: must be running, is halted (status 0x00000001: halted); "
        "is something else using the DMA or loading another overlay?"
    )


@pytest.mark.parametrize("in_status", [0, IDLE])
def test_a_short_transfer(in_status: int) -> None:
    says = {IN_STATUS: [in_status], OUT_STATUS: [IDLE], OUT_LENGTH: [3]}
    assert message(says, ShortTransferError) == (
        "DMA output: must receive 8 bytes, the accelerator ended it after 3"
    )


@pytest.mark.parametrize(
    ("in_status", "out_status", "text"),
    [
        (
            IDLE,
            0,
            "output not delivered: the accelerator took all 16 bytes of the input (input: 16 of 16 bytes, "
            "status 0x00000002: idle; output: an unknown part of 8 bytes, status 0x00000000: running)",
        ),
        (
            0,
            0,
            "input not taken, and the output not delivered (input: an unknown part of 16 bytes, status "
            "0x00000000: running; output: an unknown part of 8 bytes, status 0x00000000: running)",
        ),
        (
            0,
            IDLE,
            "input not taken: the output is complete (input: an unknown part of 16 bytes, status "
            "0x00000000: running; output: 8 of 8 bytes, status 0x00000002: idle)",
        ),
    ],
)
def test_which_side_is_stuck(in_status: int, out_status: int, text: str) -> None:
    assert message({IN_STATUS: [in_status], OUT_STATUS: [out_status]}, StuckError) == (
        f"DMA: a transfer must end within 0.05 s, did not; {text}"
    )


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ((0, 8), "DMA input: must have 1 to 8388608 bytes, has 0"),
        ((8, 0), "DMA output: must have 1 to 8388608 bytes, has 0"),
        ((MAX_BYTES + 8, 8), "DMA input: must have 1 to 8388608 bytes, has 8388616"),
        ((8, MAX_BYTES + 8), "DMA output: must have 1 to 8388608 bytes, has 8388616"),
    ],
)
def test_sizes_the_dma_does_not_take(sizes: tuple[int, int], text: str) -> None:
    device: Any = Registers()
    source: Any = Memory(0)
    with pytest.raises(TransferError) as caught:
        Dma(device).start(source, sizes[0], source, sizes[1])
    assert str(caught.value) == text
    assert device.written == []


def test_a_reset_waits_until_both_sides_are_out_of_it() -> None:
    device: Any = Registers({0x00: [4, 0], OUT_CONTROL: [4, 0]})
    assert Dma(device).reset()
    assert device.written[0] == (0x00, 4)
    assert [offset for offset, _ in device.written[1:]] == list(ADDRESSES)
    assert device.says[0x00] == device.says[OUT_CONTROL] == [0]


def test_a_reset_that_does_not_end() -> None:
    device: Any = Registers({OUT_CONTROL: [4]})
    assert not Dma(device).reset()


def test_on_the_simulated_device(device: FaultyDevice) -> None:
    source, target = device.allocate(48), device.allocate(48)
    source.array[:] = frames_of(2).reshape(-1)
    source.flush(48)
    target.flush(48)
    dma = Dma(device)
    for _ in range(2):
        assert dma.reset()
        dma.start(source, 48, target, 48)
        dma.wait(1.0)
