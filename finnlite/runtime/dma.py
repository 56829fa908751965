# SPDX-License-Identifier: Apache-2.0
"""The AXI DMA in direct register mode (AMD PG021): one transfer in, one transfer out, polled.

The output side (S2MM) is started first, so that it waits when the first word comes; of each side the run
bit is written first, then the address, and the length last, which is what starts it.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from .errors import ShortTransferError, StuckError, TransferError

if TYPE_CHECKING:
    from .device import Buffer, Device

__all__ = [
    "ADDRESS",
    "CONTROL",
    "ERRORS",
    "HALTED",
    "IDLE",
    "INPUT",
    "LENGTH",
    "MAX_BYTES",
    "OUTPUT",
    "RESET",
    "RUN",
    "STATUS",
    "Dma",
    "Side",
]

MAX_BYTES = 8 << 20
"""The longest transfer; the length register holds 26 bits."""

CONTROL, STATUS, ADDRESS, LENGTH = 0x00, 0x04, 0x18, 0x28
"""Registers of a side, relative to its base."""

RUN, RESET = 1 << 0, 1 << 2
"""Bits of the control register."""

HALTED, IDLE = 1 << 0, 1 << 1
"""Bits of the status register."""

ERRORS = {1 << 4: "internal error", 1 << 5: "slave error", 1 << 6: "decode error"}
"""Bits of the status register that end a transfer."""

_CAUSES = {
    1 << 4: "a length of 0, or more words than the buffer holds",
    1 << 5: "the memory answered with an error",
    1 << 6: "there is no memory at the address",
}
_RESET_SECONDS = 0.1
_MARK_BITS = 22
_SPINS = 64
"""Polls without sleep: enough for a short transfer, which a sleep would double."""
_FIRST_SLEEP, _LONGEST_SLEEP = 20e-6, 2e-3


class Side(NamedTuple):
    """One of the DMA's two channels."""

    name: str
    base: int


INPUT = Side("input", 0x00)
"""MM2S: memory to the accelerator."""

OUTPUT = Side("output", 0x30)
"""S2MM: the accelerator to memory."""


class Dma:
    """The DMA of a device.

    Args:
        device: Whose registers these are.
    """

    def __init__(self, device: Device) -> None:
        """See the class."""
        self._device = device
        self._bytes = {INPUT: 0, OUTPUT: 0}
        self._addresses = {INPUT: 0, OUTPUT: 0}  # as after a reset
        self._started = 0.0

    def reset(self) -> bool:
        """Resets both sides, so that neither touches memory any more; False if they do not obey in time."""
        self._write(INPUT, CONTROL, RESET)  # either side's bit resets the whole engine
        deadline = time.monotonic() + _RESET_SECONDS
        while any(self._read(side, CONTROL) & RESET for side in (INPUT, OUTPUT)):
            if time.monotonic() > deadline:
                return False
            time.sleep(_FIRST_SLEEP)
        # A mark that no other accelerator leaves; without a length it starts nothing.
        self._addresses = {side: secrets.randbits(_MARK_BITS) << 6 for side in (INPUT, OUTPUT)}
        for side, address in self._addresses.items():
            self._write(side, ADDRESS, address)
        return True

    def is_ours(self) -> bool:
        """Whether nobody else used the DMA, or loaded an overlay, since we did."""
        return all(self._read(side, ADDRESS) == address for side, address in self._addresses.items())

    def start(self, source: Buffer, in_bytes: int, target: Buffer, out_bytes: int) -> None:
        """Starts a transfer: the first bytes of `source` in, so many bytes out to `target`.

        Raises:
            TransferError: If one is longer than the DMA takes, or empty, or if somebody else used the DMA.
        """
        for side, nbytes in ((INPUT, in_bytes), (OUTPUT, out_bytes)):
            if not 0 < nbytes <= MAX_BYTES:
                raise TransferError(f"DMA {side.name}: must have 1 to {MAX_BYTES} bytes, has {nbytes}")
        self._check_ours()
        self._bytes = {INPUT: in_bytes, OUTPUT: out_bytes}
        self._addresses = {INPUT: source.address, OUTPUT: target.address}
        self._started = time.monotonic()
        for side, buffer, nbytes in ((OUTPUT, target, out_bytes), (INPUT, source, in_bytes)):
            self._write(side, CONTROL, RUN)
            self._write(side, ADDRESS, buffer.address)
            self._write(side, LENGTH, nbytes)

    def wait(self, timeout: float) -> None:
        """Waits for the end of the transfer that was started.

        Args:
            timeout: Seconds from its start.

        Raises:
            TransferError: If a side met an error, or somebody else used the DMA.
            ShortTransferError: If less came out than was asked for.
            StuckError: If it did not end in time.
        """
        deadline = self._started + timeout
        polls, pause = 0, _FIRST_SLEEP
        while True:
            late = time.monotonic() > deadline  # asked first: a program put to sleep is not a stuck transfer
            if self._ended():
                return
            if late:
                raise StuckError(self._stuck(timeout))
            polls += 1
            if polls > _SPINS:
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_SLEEP)

    def _check_ours(self) -> None:
        if not self.is_ours():
            raise TransferError(
                "DMA: must be used by one accelerator at a time, was used by another; close that one first"
            )

    def _ended(self) -> bool:
        status = {side: self._read(side, STATUS) for side in (OUTPUT, INPUT)}
        for side in (INPUT, OUTPUT):
            self._check_status(side, status[side])
        if not status[OUTPUT] & IDLE:
            return False
        self._check_ours()
        self._check_received()
        return bool(status[INPUT] & IDLE)

    def _check_status(self, side: Side, status: int) -> None:
        names = [name for bit, name in ERRORS.items() if status & bit]
        if names:
            causes = [_CAUSES[bit] for bit in ERRORS if status & bit]
            raise TransferError(
                f"DMA {side.name}: must transfer {self._bytes[side]} bytes, stopped with "
                f"{' and '.join(names)} ({'; '.join(causes)}; {_status_text(status)})"
            )
        if status & HALTED:
            raise TransferError(
                f"DMA {side.name}: must be running, is halted ({_status_text(status)}); "
                f"is something else using the DMA or loading another overlay?"
            )

    def _check_received(self) -> None:
        wanted, received = self._bytes[OUTPUT], self._read(OUTPUT, LENGTH)
        if received != wanted:
            raise ShortTransferError(
                f"DMA output: must receive {wanted} bytes, the accelerator ended it after {received}"
            )

    def _stuck(self, timeout: float) -> str:
        """What can be said of a transfer that does not end."""
        taken, delivered = (bool(self._read(side, STATUS) & IDLE) for side in (INPUT, OUTPUT))
        if taken:
            where = f"output not delivered: the accelerator took all {self._bytes[INPUT]} bytes of the input"
        elif delivered:
            where = "input not taken: the output is complete"
        else:
            where = "input not taken, and the output not delivered"
        sides = "; ".join(self._side_text(side) for side in (INPUT, OUTPUT))
        return f"DMA: a transfer must end within {timeout:.3g} s, did not; {where} ({sides})"

    def _side_text(self, side: Side) -> str:
        status = self._read(side, STATUS)
        if status & IDLE:
            moved = self._bytes[side] if side is INPUT else self._read(side, LENGTH)
            count = f"{moved} of {self._bytes[side]} bytes"
        else:
            count = f"an unknown part of {self._bytes[side]} bytes"
        return f"{side.name}: {count}, {_status_text(status)}"

    def _read(self, side: Side, register: int) -> int:
        return self._device.read(side.base + register)

    def _write(self, side: Side, register: int, value: int) -> None:
        self._device.write(side.base + register, value)


def _status_text(status: int) -> str:
    names = {HALTED: "halted", IDLE: "idle", **ERRORS}
    words = [name for bit, name in names.items() if status & bit]
    return f"status 0x{status:08x}: {', '.join(words) or 'running'}"
