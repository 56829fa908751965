# SPDX-License-Identifier: Apache-2.0
"""Faults end in their errors, leave nothing behind, and never let an old answer out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.runtime import Accelerator, Fault, FaultyDevice
from finnlite.runtime.engine import Engine
from finnlite.runtime.errors import (
    DeviceError,
    DriverError,
    OverlayError,
    SelfTestError,
    ShortTransferError,
    StuckError,
    TransferError,
)
from tests.runtime.deployed import device_for, frames_of, refused

Answers = Callable[[Any], Any]
TIMEOUT = 0.1
ADVICE = "there is no result, and the next call loads the overlay again"
STOPS = {
    "INTERNAL": ("internal error", "a length of 0, or more words than the buffer holds", 0x1011),
    "SLAVE": ("slave error", "the memory answered with an error", 0x1021),
    "DECODE": ("decode error", "there is no memory at the address", 0x1041),
}
IN_TRANSFER = {
    **{
        Fault[f"{side.upper()}_{name}"]: (
            TransferError,
            f"DMA {side}: must transfer 120 bytes, stopped with {error} ({cause}; "
            f"status 0x{status:08x}: halted, {error})",
        )
        for side in ("input", "output")
        for name, (error, cause, status) in STOPS.items()
    },
    Fault.INPUT_STUCK: (
        StuckError,
        "DMA: a transfer must end within 0.1 s, did not; input not taken, and the output not delivered "
        "(input: an unknown part of 120 bytes, status 0x00001000: running; "
        "output: an unknown part of 120 bytes, status 0x00001000: running)",
    ),
    Fault.OUTPUT_STUCK: (
        StuckError,
        "DMA: a transfer must end within 0.1 s, did not; output not delivered: the accelerator took all 120 "
        "bytes of the input (input: 120 of 120 bytes, status 0x00001002: idle; "
        "output: an unknown part of 120 bytes, status 0x00001000: running)",
    ),
    Fault.SHORT: (
        ShortTransferError,
        "DMA output: must receive 120 bytes, the accelerator ended it after 64",
    ),
}
"""Of 5 frames of 24 bytes either way: error and message."""

IN_LOADING = {
    Fault.USER_ID: (
        OverlayError,
        "accelerator 'small': the bitstream's USERID must be '01234567', is 'ffffffff'; "
        "copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay",
    ),
    Fault.CELL: (
        OverlayError,
        "accelerator 'small': the block design must have the cell 'finnlite_0123456789abcdef', has "
        "'finnlite_ffffffffffffffff'; "
        "copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay",
    ),
    Fault.LOAD: (OverlayError, "overlay 'simulated': must load, does not (injected)"),
    Fault.RESET: (
        OverlayError,
        "accelerator 'small': the DMA must come out of reset, does not; switch the board off and on",
    ),
    Fault.WRONG_ANSWER: (
        SelfTestError,
        "accelerator 'small': 3 golden frames must be answered as the model answers them, 1 are not, "
        "the first of them frame 0; the overlay is of another build, or does not work at 100 MHz",
    ),
    Fault.MEMORY: (DeviceError, "simulated memory: must have memory left, has none (injected)"),
    Fault.SHORT: (
        ShortTransferError,
        "accelerator 'small': 3 frames: DMA output: must receive 72 bytes, "
        f"the accelerator ended it after 40; {ADVICE}",
    ),
}


@pytest.fixture
def accelerator(built: Path, device: FaultyDevice) -> Any:
    with Accelerator(built, device, timeout=TIMEOUT) as made:
        yield made
    assert device.memory.buffers == []


@pytest.fixture
def reckless(accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch) -> Accelerator:
    """An accelerator that goes on after a fault as if nothing had happened."""

    def fail(engine: Engine) -> None:
        engine._under_way = None
        engine._dma.reset()

    monkeypatch.setattr(Engine, "_fail", fail)
    return accelerator


def test_every_fault_is_tested() -> None:
    assert set(IN_TRANSFER) | set(IN_LOADING) == set(Fault)


@pytest.mark.parametrize("fault", IN_TRANSFER, ids=lambda fault: fault.name)
def test_a_transfer_that_fails(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers, fault: Fault
) -> None:
    kind, text = IN_TRANSFER[fault]
    device.inject(fault)
    begin = time.monotonic()
    assert refused(lambda: accelerator.predict(frames_of(5)), kind) == (
        f"accelerator 'small': 5 frames: {text}; {ADVICE}"
    )
    assert time.monotonic() - begin < TIMEOUT + 5
    assert device.memory.buffers == []
    assert device.loads == 1
    assert (accelerator.predict(frames_of(6, seed=2)) == answers(frames_of(6, seed=2))).all()
    assert device.loads == 2
    assert (accelerator.predict(frames_of(4, seed=3)) == answers(frames_of(4, seed=3))).all()
    assert device.loads == 2


@pytest.mark.parametrize("fault", IN_LOADING, ids=lambda fault: fault.name)
def test_an_overlay_that_fails_at_first(
    built: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    kind, text = IN_LOADING[fault]
    device.inject(fault)
    closed: list[bool] = []
    monkeypatch.setattr(device, "close", lambda: closed.append(True))
    assert refused(lambda: Accelerator(built, device, timeout=TIMEOUT), kind) == text
    assert device.memory.buffers == []
    assert closed == [True]


@pytest.mark.parametrize(
    "fault", [f for f in IN_LOADING if f is not Fault.RESET], ids=lambda fault: fault.name
)
def test_an_overlay_that_fails_when_it_is_loaded_again(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers, fault: Fault
) -> None:
    kind, text = IN_LOADING[fault]
    device.inject(Fault.OUTPUT_SLAVE)
    refused(lambda: accelerator.predict(frames_of(5)), TransferError)
    device.inject(fault, times=2)
    for _ in range(2):
        assert refused(lambda: accelerator.predict(frames_of(5)), kind) == text
        assert device.memory.buffers == []
    assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()


def test_memory_that_ends_in_the_middle(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers
) -> None:
    device.inject(Fault.MEMORY, skip=1)
    assert refused(lambda: accelerator.predict(frames_of(50)), DeviceError) == (
        "simulated memory: must have memory left, has none (injected)"
    )
    assert (accelerator.predict(frames_of(50)) == answers(frames_of(50))).all()
    assert device.loads == 1  # nothing was wrong with the fabric


# -- a DMA that does not obey ---------------------------------------------------------------------
def test_buffers_of_a_dma_that_does_not_stop_are_kept_until_the_overlay_is_loaded(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers
) -> None:
    device.inject(Fault.OUTPUT_STUCK)
    device.inject(Fault.RESET)
    refused(lambda: accelerator.predict(frames_of(5)), StuckError)
    assert len(device.memory.buffers) == 2
    assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()
    assert len(device.memory.buffers) == 2


def test_closing_stops_such_a_dma_by_loading_the_overlay(built: Path, device: FaultyDevice) -> None:
    with Accelerator(built, device, timeout=TIMEOUT) as accelerator:
        device.inject(Fault.OUTPUT_STUCK)
        device.inject(Fault.RESET)
        refused(lambda: accelerator.predict(frames_of(5)), StuckError)
    assert device.memory.buffers == []
    assert device.loads == 2


def test_buffers_are_kept_where_even_that_fails(built: Path, device: FaultyDevice) -> None:
    accelerator = Accelerator(built, device, timeout=TIMEOUT)
    device.inject(Fault.OUTPUT_STUCK)
    device.inject(Fault.RESET)
    device.inject(Fault.LOAD)
    refused(lambda: accelerator.predict(frames_of(5)), StuckError)
    assert refused(accelerator.close, OverlayError) == "overlay 'simulated': must load, does not (injected)"
    assert len(device.memory.buffers) == 2


# -- no old answers -------------------------------------------------------------------------------
def test_without_the_reload_all_answers_would_be_those_of_the_call_before(
    reckless: Accelerator, device: FaultyDevice, answers: Answers
) -> None:
    device.inject(Fault.SHORT)
    refused(lambda: reckless.predict(frames_of(5)), ShortTransferError)
    before = frames_of(5, seed=2)
    refused(lambda: reckless.predict(before), ShortTransferError)  # the rest of the first call
    for seed in range(3, 8):
        frames = frames_of(5, seed)
        stale = reckless.predict(frames)
        assert (stale != answers(frames)).any()
        assert (stale == answers(before)).all()
        before = frames


def test_with_it_they_are_not(accelerator: Accelerator, device: FaultyDevice, answers: Answers) -> None:
    device.inject(Fault.SHORT)
    first, second, third = (frames_of(5, seed) for seed in (1, 2, 3))
    refused(lambda: accelerator.predict(first), ShortTransferError)
    assert (accelerator.predict(second) == answers(second)).all()
    assert (accelerator.predict(third) == answers(third)).all()


def test_without_the_reload_half_a_frame_would_shift_all_that_follow(
    reckless: Accelerator, device: FaultyDevice, answers: Answers
) -> None:
    device.inject(Fault.INPUT_STUCK)
    refused(lambda: reckless.predict(frames_of(5)), StuckError)
    for _ in range(3):  # it never recovers: TLAST is not where a frame ends
        refused(lambda: reckless.predict(frames_of(5)), TransferError)
    device.load()
    assert (reckless.predict(frames_of(5)) == answers(frames_of(5))).all()


@pytest.mark.parametrize("fault", IN_TRANSFER, ids=lambda fault: fault.name)
def test_an_iterator_gives_what_came_before_the_fault_and_nothing_of_it(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers, fault: Fault
) -> None:
    batches = [frames_of(5, seed) for seed in range(6)]
    device.inject(fault, skip=3)
    results = accelerator.predict(iter(batches))
    for batch in batches[:3]:
        assert (next(results) == answers(batch)).all()
    assert refused(lambda: next(results), IN_TRANSFER[fault][0]).startswith("accelerator 'small': 5 frames: ")
    assert device.memory.buffers == []
    assert list(results) == []
    assert (accelerator.predict(batches[5]) == answers(batches[5])).all()
    assert device.loads == 2


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_whenever_no_answer_is_wrong(built: Path, answers: Answers, seed: int) -> None:
    rng = np.random.default_rng(seed)
    device = device_for(built)
    faults = [fault for fault in Fault if fault is not Fault.WRONG_ANSWER]
    with Accelerator(built, device, timeout=0.02) as accelerator:
        good = failed = 0
        for call in range(30):
            if rng.random() < 0.6:
                device.inject(
                    faults[rng.integers(len(faults))], int(rng.integers(1, 3)), int(rng.integers(3))
                )
            frames = frames_of(int(rng.integers(1, 9)), 100 * seed + call)
            try:
                result = accelerator.predict(frames)
            except DriverError:
                failed += 1
                continue
            assert (result == answers(frames)).all()
            good += 1
        assert good > 3
        assert failed > 3
        device.forget_faults()
    assert device.memory.buffers == []


def test_an_interrupt_stops_the_dma(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.inject(Fault.OUTPUT_STUCK)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            accelerator.predict(frames_of(5))
    assert device.memory.buffers == []
    assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()
    assert device.loads == 2


def test_code_that_breaks_a_rule_of_the_hardware_is_a_fault_too(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = device._fabric._library

    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name == "finnlite_transfer":
                return lambda *arguments: 2
            if name == "finnlite_error":
                return lambda handle: b"frame 0, step 3: stream 's1' is read while empty"
            return getattr(library, name)

    with monkeypatch.context() as patch:
        patch.setattr(device._fabric, "_library", Broken())
        assert refused(lambda: accelerator.predict(frames_of(5)), DeviceError) == (
            "simulated device: the emitted code must run, does not: "
            "frame 0, step 3: stream 's1' is read while empty"
        )
    assert device.memory.buffers == []
    assert (accelerator.predict(frames_of(5)) == answers(frames_of(5))).all()
