# SPDX-License-Identifier: Apache-2.0
"""The simulated device: the emitted C++ of the accelerator behind the registers of an AXI DMA.

It moves the bytes that the hardware moves, with the hardware's traps: memory and cache are apart (see
`memory`), words that nobody fetched stay in the fabric until the overlay is loaded again, and the DMA does
what its manual says of transfers that are not as they should be (AMD PG021, direct register mode).
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .dma import ADDRESS, CONTROL, ERRORS, HALTED, IDLE, INPUT, LENGTH, OUTPUT, RESET, RUN, STATUS, Side
from .errors import DeviceError, OverlayError
from .memory import Memory, SimulatedBuffer
from .simulated_status import SimulatedStatus, Traffic

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from .status import Status

__all__ = ["LIBRARY", "Beats", "Channel", "Fabric", "SimulatedDevice"]

LIBRARY = "build/libnetwork.so"
"""The C simulation, below an output folder's `hls`."""

_BEAT_BYTES = 8
_LENGTH_BITS = 26
INTERNAL, SLAVE, DECODE = ERRORS  # its bits
_COMPLETED = 1 << 12
_HELD_BEATS = 512
"""What streams and the DMA's own memories hold while nobody fetches the output."""


class Fabric:
    """The accelerator's streams and state.

    Args:
        library: The compiled C simulation.

    Raises:
        DeviceError: If it is missing or is none.
    """

    def __init__(self, library: Path) -> None:
        """See the class."""
        if not library.is_file():
            raise DeviceError(
                f"simulated device: {str(library)!r} must exist, does not; "
                f"build the model on this computer, or use device='pynq' on a board"
            )
        try:
            self._library = _declared(_loaded(library))
        except (OSError, AttributeError) as error:
            raise DeviceError(
                f"simulated device: {str(library)!r} must be a C simulation built for this computer, is not "
                f"({error}); build the model again"
            ) from error
        self._handle = self._library.finnlite_create()
        if not self._handle:
            raise DeviceError(f"simulated device: {str(library)!r} must start, does not (out of memory?)")
        self.in_beats = int(self._library.finnlite_input_beats(self._handle))
        self.out_beats = int(self._library.finnlite_output_beats(self._handle))
        self.reset()

    def reset(self) -> None:
        """What loading the overlay does: every state as at first, nothing in the streams."""
        self._library.finnlite_reset(self._handle)
        self.frames = 0
        self._waiting = Beats.none()
        self.emitted = Beats.none()

    def take(self, beats: Beats) -> None:
        """Beats enter; whole frames leave at the other end at once, the rest waits inside."""
        waiting = self._waiting.then(beats)
        frames = len(waiting) // self.in_beats
        inside, self._waiting = waiting.split(frames * self.in_beats)
        self.frames += frames
        if frames:
            self.emitted = self.emitted.then(self._run(inside, frames))

    @property
    def taken(self) -> int:
        """Beats that entered since the reset."""
        return self.frames * self.in_beats + len(self._waiting)

    def _run(self, beats: Beats, frames: int) -> Beats:
        data = np.zeros(frames * self.out_beats, dtype=np.uint64)
        frame_last = np.ascontiguousarray(beats.last[self.in_beats - 1 :: self.in_beats])
        last = np.zeros(frames, dtype=np.uint8)
        result = self._library.finnlite_transfer(
            self._handle,
            np.ascontiguousarray(beats.data).ctypes.data,
            frame_last.ctypes.data,
            data.ctypes.data,
            last.ctypes.data,
            frames,
        )
        if result != 0:
            text = self._library.finnlite_error(self._handle).decode()
            raise DeviceError(f"simulated device: the emitted code must run, does not: {text}")
        flags = np.zeros(len(data), dtype=np.uint8)
        flags[self.out_beats - 1 :: self.out_beats] = last
        return Beats(data, flags)

    def close(self) -> None:
        """Frees the network's state."""
        handle, self._handle = self._handle, None
        if handle:
            self._library.finnlite_destroy(handle)


class Beats:
    """Words of 64 bits on a stream, and the TLAST of each."""

    def __init__(self, data: NDArray[Any], last: NDArray[Any]) -> None:
        self.data = data
        self.last = last

    def __len__(self) -> int:
        return len(self.data)

    @classmethod
    def none(cls) -> Beats:
        """No words."""
        return cls(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8))

    def then(self, other: Beats) -> Beats:
        """These, then others."""
        return Beats(np.concatenate([self.data, other.data]), np.concatenate([self.last, other.last]))

    def split(self, count: int) -> tuple[Beats, Beats]:
        """The first words, and the rest."""
        head = Beats(self.data[:count], self.last[:count])
        return head, Beats(self.data[count:], self.last[count:])


class Channel:
    """The registers of one side, and where its transfer is."""

    def __init__(self) -> None:
        self.control = 0
        self.status = HALTED
        self.address = 0
        self.length = 0
        self.moved = 0
        self.buffer: SimulatedBuffer | None = None
        """Where it reads or writes while a transfer is under way."""

    def fail(self, error: int) -> None:
        """Stops as the manual says: the run bit falls, the side halts."""
        self.status = (self.status & ~IDLE) | error | HALTED
        self.control &= ~RUN
        self.buffer = None

    def finish(self) -> None:
        """Says that the transfer is complete."""
        self.status |= IDLE | _COMPLETED
        self.buffer = None


class SimulatedDevice:
    """A board that is not there: see the module.

    Args:
        library: The compiled C simulation.
        user_id: What the bitstream's header would carry.
        cells: Names of the cells the block design would have.
        clock_mhz: The clock the fabric would run at.
        status: What the registers of the status block belong to; None: there is none.

    Raises:
        DeviceError: If there is no such library.
    """

    simulated = True

    def __init__(
        self,
        library: Path,
        user_id: str,
        cells: Collection[str],
        clock_mhz: float = 100.0,
        status: Status | None = None,
    ) -> None:
        """See the class."""
        self.memory = Memory(self._uses)
        self._fabric = Fabric(library)
        self._user_id = user_id
        self._cells = tuple(cells)
        self._clock_mhz = clock_mhz
        self._channels = {INPUT: Channel(), OUTPUT: Channel()}
        self._status = None if status is None else SimulatedStatus(status, user_id)
        self._fetched = 0

    # -- the overlay ------------------------------------------------------------------------------
    def user_id(self) -> str | None:
        """See `Device`."""
        return self._user_id

    def cells(self) -> Collection[str]:
        """See `Device`."""
        return self._cells

    def load(self) -> None:
        """See `Device`."""
        self._fabric.reset()
        self._fetched = 0
        self._channels = {INPUT: Channel(), OUTPUT: Channel()}

    def clock_mhz(self) -> float:
        """See `Device`."""
        return self._clock_mhz

    def set_clock_mhz(self, clock_mhz: float) -> None:
        """See `Device`."""
        self._clock_mhz = clock_mhz

    def close(self) -> None:
        """See `Device`."""
        self._fabric.close()

    def read_status(self, offset: int) -> int:
        """See `Device`."""
        if self._status is None:
            raise OverlayError("simulated device: must have a status block, has none; build with one")
        source, target = self._channels[INPUT], self._channels[OUTPUT]
        given = self._fetched + len(self._fabric.emitted)
        pending = source.buffer is not None, target.buffer is not None
        return self._status.read(offset, Traffic(self._fabric.taken, given, self._fabric.frames, *pending))

    # -- memory -----------------------------------------------------------------------------------
    def allocate(self, nbytes: int) -> SimulatedBuffer:
        """See `Device`."""
        return self.memory.allocate(nbytes)

    def _uses(self, buffer: SimulatedBuffer) -> bool:
        return any(channel.buffer is buffer for channel in self._channels.values())

    # -- the DMA's registers ----------------------------------------------------------------------
    def read(self, offset: int) -> int:
        """See `Device`."""
        side, register = _side_of(offset)
        channel = self._channels[side]
        return {
            CONTROL: channel.control,
            STATUS: channel.status,
            ADDRESS: channel.address,
            LENGTH: channel.length,
        }.get(register, 0)

    def write(self, offset: int, value: int) -> None:
        """See `Device`."""
        side, register = _side_of(offset)
        channel = self._channels[side]
        if register == CONTROL:
            self._control(channel, value)
        elif register == STATUS:
            channel.status &= ~(value & _COMPLETED)
        elif register == ADDRESS:
            channel.address = value
        elif register == LENGTH:
            value &= (1 << _LENGTH_BITS) - 1
            if channel.status & HALTED or channel.buffer is not None:
                return  # no effect while halted or busy
            channel.length = value
            if value:
                self._begin(side)
                self._advance()

    def _control(self, channel: Channel, value: int) -> None:
        if value & RESET:
            self._reset_dma()
            return
        channel.control = value & RUN
        if not value & RUN:
            channel.status |= HALTED
        elif not channel.status & (INTERNAL | SLAVE | DECODE):  # after an error only a reset helps
            channel.status &= ~HALTED

    def _reset_dma(self) -> None:
        self._channels = {INPUT: Channel(), OUTPUT: Channel()}

    def _begin(self, side: Side) -> None:
        """A length was written: the side is busy from now on, or fails at once."""
        channel = self._channels[side]
        channel.status &= ~IDLE
        channel.moved = 0
        buffer = self.memory.at(channel.address, channel.length)
        if buffer is None or channel.address % _BEAT_BYTES:
            channel.fail(DECODE)  # unaligned: the manual says undefined; here it is noticed
            return
        channel.buffer = buffer

    def _advance(self) -> None:
        """Moves whatever can move; an input that the fabric cannot hold waits for the output's transfer."""
        source, target = self._channels[INPUT], self._channels[OUTPUT]
        self._receive(target)
        held = len(self._fabric.emitted) + source.length // _BEAT_BYTES
        if source.buffer is not None and (target.buffer is not None or held <= _HELD_BEATS):
            self._send(source, source.buffer)
            self._receive(target)

    def _send(self, channel: Channel, buffer: SimulatedBuffer) -> None:
        data = buffer.load(channel.address - buffer.address, channel.length)
        data = np.concatenate([data, np.zeros(-len(data) % _BEAT_BYTES, dtype=np.uint8)])
        last = np.zeros(len(data) // _BEAT_BYTES, dtype=np.uint8)
        last[-1] = 1
        self._fabric.take(Beats(data.view("<u8"), last))
        channel.finish()

    def _receive(self, channel: Channel) -> None:
        """Fetches up to TLAST. A buffer that is full before TLAST comes is an error."""
        if channel.buffer is None:
            return
        room = (channel.length - channel.moved) // _BEAT_BYTES
        ends = np.flatnonzero(self._fabric.emitted.last)
        packet = int(ends[0]) + 1 if len(ends) else len(self._fabric.emitted)
        beats, self._fabric.emitted = self._fabric.emitted.split(min(room, packet))
        self._fetched += len(beats)
        if len(beats):
            offset = channel.address - channel.buffer.address + channel.moved
            channel.buffer.store(offset, beats.data.view(np.uint8))
            channel.moved += len(beats) * _BEAT_BYTES
        if len(beats) and beats.last[-1]:
            channel.length = channel.moved
            channel.finish()
        elif len(beats) == room:
            channel.fail(INTERNAL)


def _side_of(offset: int) -> tuple[Side, int]:
    side = OUTPUT if offset >= OUTPUT.base else INPUT
    return side, offset - side.base


def _loaded(library: Path) -> ctypes.CDLL:
    """The library, from a copy: of a path it knows, the loader would give what was there before."""
    with tempfile.TemporaryDirectory(prefix="finnlite-device-") as folder:
        return ctypes.CDLL(shutil.copy(str(library), folder))


def _declared(library: Any) -> Any:
    """The library with the types of its functions.

    Raises:
        AttributeError: If one is missing.
    """
    handle = ctypes.c_void_p
    library.finnlite_create.restype = handle
    library.finnlite_error.restype = ctypes.c_char_p
    library.finnlite_input_beats.restype = library.finnlite_output_beats.restype = ctypes.c_uint64
    for name in ("destroy", "reset", "error", "input_beats", "output_beats"):
        getattr(library, f"finnlite_{name}").argtypes = [handle]
    library.finnlite_transfer.argtypes = [handle] * 5 + [ctypes.c_uint64]
    return library
