# SPDX-License-Identifier: Apache-2.0
"""A simulated device that fails as it is told, to see what the driver makes of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from .dma import CONTROL, ERRORS, INPUT, OUTPUT, RESET, Side
from .errors import DeviceError, OverlayError
from .simulated import Beats, Channel, SimulatedDevice

if TYPE_CHECKING:
    from collections.abc import Collection

    from .memory import SimulatedBuffer

__all__ = ["Fault", "FaultyDevice"]

INTERNAL, SLAVE, DECODE = ERRORS  # its bits


class Fault(Enum):
    """What can go wrong."""

    INPUT_INTERNAL = "the input side stops with an internal error"
    INPUT_SLAVE = "the input side stops with a slave error"
    INPUT_DECODE = "the input side stops with a decode error"
    OUTPUT_INTERNAL = "the output side stops with an internal error"
    OUTPUT_SLAVE = "the output side stops with a slave error"
    OUTPUT_DECODE = "the output side stops with a decode error"
    INPUT_STUCK = "the accelerator takes half a frame of the input, then nothing"
    OUTPUT_STUCK = "the accelerator takes all of the input, and keeps the last word of the output"
    SHORT = "the accelerator says in the middle of the output that this is its end"
    WRONG_ANSWER = "a bit of the output falls over"
    RESET = "the DMA does not come out of reset"
    USER_ID = "the bitstream is another build's"
    CELL = "the block design is another build's"
    LOAD = "the overlay cannot be loaded"
    MEMORY = "there is no memory left"


_STOPS = {
    (INPUT, Fault.INPUT_INTERNAL): INTERNAL,
    (INPUT, Fault.INPUT_SLAVE): SLAVE,
    (INPUT, Fault.INPUT_DECODE): DECODE,
    (OUTPUT, Fault.OUTPUT_INTERNAL): INTERNAL,
    (OUTPUT, Fault.OUTPUT_SLAVE): SLAVE,
    (OUTPUT, Fault.OUTPUT_DECODE): DECODE,
}


class FaultyDevice(SimulatedDevice):
    """A simulated device with faults: `device.inject(Fault.SHORT)`."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        """See `SimulatedDevice`."""
        super().__init__(*args, **keywords)
        self._faults: dict[Fault, list[int]] = {}
        self._deaf = False  # to the DMA's reset
        self.loads = 0
        """How often the overlay was loaded."""

    def inject(self, fault: Fault, times: int = 1, skip: int = 0) -> None:
        """Makes the device fail at the next opportunities.

        Args:
            fault: How.
            times: How often.
            skip: Opportunities that go well before.
        """
        self._faults[fault] = [skip, times]

    def forget_faults(self) -> None:
        """Takes back what was injected and has not happened."""
        self._faults.clear()

    def _strikes(self, fault: Fault) -> bool:
        """Whether the fault happens now."""
        left = self._faults.get(fault)
        if left is None:
            return False
        if left[0]:
            left[0] -= 1
            return False
        left[1] -= 1
        if not left[1]:
            del self._faults[fault]
        return True

    # -- overlay and memory -----------------------------------------------------------------------
    def user_id(self) -> str | None:
        """See `Device`."""
        return "ffffffff" if self._strikes(Fault.USER_ID) else super().user_id()

    def cells(self) -> Collection[str]:
        """See `Device`."""
        return ("axi_dma", "finnlite_ffffffffffffffff") if self._strikes(Fault.CELL) else super().cells()

    def load(self) -> None:
        """See `Device`."""
        self.loads += 1
        if self._strikes(Fault.LOAD):
            raise OverlayError("overlay 'simulated': must load, does not (injected)")
        self._deaf = False
        super().load()

    def allocate(self, nbytes: int) -> SimulatedBuffer:
        """See `Device`."""
        if self._strikes(Fault.MEMORY):
            raise DeviceError("simulated memory: must have memory left, has none (injected)")
        return super().allocate(nbytes)

    # -- transfers --------------------------------------------------------------------------------
    def read(self, offset: int) -> int:
        """See `Device`."""
        value = super().read(offset)
        return value | RESET if self._deaf and offset == INPUT.base + CONTROL else value

    def _reset_dma(self) -> None:
        self._deaf = self._deaf or self._strikes(Fault.RESET)
        if not self._deaf:
            super()._reset_dma()

    def _begin(self, side: Side) -> None:
        super()._begin(side)
        for (at, fault), error in _STOPS.items():
            if at is side and self._strikes(fault):
                self._channels[side].fail(error)

    def _send(self, channel: Channel, buffer: SimulatedBuffer) -> None:
        if self._strikes(Fault.INPUT_STUCK):
            half = self._fabric.in_beats // 2
            self._fabric.take(Beats(np.zeros(half, np.uint64), np.zeros(half, np.uint8)))
            return
        super()._send(channel, buffer)
        self._spoil(self._fabric.emitted)

    def _spoil(self, emitted: Beats) -> None:
        """What came out, before it is fetched."""
        if not len(emitted):
            return
        if self._strikes(Fault.WRONG_ANSWER):
            emitted.data[0] ^= np.uint64(1)
        if self._strikes(Fault.SHORT):
            emitted.last[(len(emitted) - 1) // 2] = 1
        if self._strikes(Fault.OUTPUT_STUCK):
            self._fabric.emitted = emitted.split(len(emitted) - 1)[0]
