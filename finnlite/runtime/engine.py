# SPDX-License-Identifier: Apache-2.0
"""A device with its overlay and buffers, and the rule that nothing is answered after a fault but by a reload.

After a timeout or a short transfer the fabric keeps a part of a frame, by which every later answer would
be shifted. So whatever goes wrong stops the DMA, frees the buffers, and has the overlay loaded again before
the next answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .dma import Dma
from .errors import DriverError, OverlayError, SelfTestError, StuckError, TransferError
from .pairs import Pair
from .status import diagnosis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .codec import Codec
    from .device import Device
    from .metadata import Metadata

__all__ = ["CHUNK_BYTES", "Engine", "Packed"]

CHUNK_BYTES = 1 << 20
"""Of a transfer: long enough to hide what a call costs, short enough that packing can overlap it."""

_CLOCK_TOLERANCE = 1e-3
_FLOOR_SECONDS, _TIMEOUT_FACTOR = 2.0, 10.0


class Packed(NamedTuple):
    """Frames in a pair of buffers, ready to start."""

    pair: Pair
    frames: int


class Engine:
    """See the module.

    Args:
        device: The device, which is closed with the engine.
        metadata: What is to run on it.
        codec: Of these metadata.
        golden: Packed frames and their packed answers, for the self-test; None: there is none.
        timeout: Seconds a transfer may take; by default ten times what it should, and two seconds.
    """

    def __init__(
        self,
        device: Device,
        metadata: Metadata,
        codec: Codec,
        golden: tuple[NDArray[Any], NDArray[Any]] | None,
        timeout: float | None,
    ) -> None:
        """See the class."""
        self.device = device
        self._metadata = metadata
        self._codec = codec
        self._golden = golden
        self._timeout = timeout
        self._dma = Dma(device)
        self._ready = False
        self._quiet = True  # the DMA writes to no buffer of ours
        self._pairs = (Pair(codec), Pair(codec))
        self._under_way: Packed | None = None

    def close(self) -> None:
        """Stops what is under way, and frees buffers and device.

        Raises:
            OverlayError: If the DMA cannot be stopped; the buffers are kept then, as it may still write.
        """
        try:
            if self._under_way is not None:
                self._fail()
            if not self._quiet:
                self.device.load()  # ends whatever the DMA was doing
            self._free()
        finally:
            self.device.close()

    # -- transfers --------------------------------------------------------------------------------
    def chunk(self, nbytes: int = CHUNK_BYTES) -> int:
        """Frames of a transfer of at most so many bytes either way, at least one."""
        return max(1, nbytes // max(self._codec.in_bytes, self._codec.out_bytes))

    def pack(self, frames: NDArray[Any]) -> Packed:
        """Packs frames into the pair of buffers that is not under way.

        Raises:
            InputError: If a value is not of the input's datatype.
            DeviceError: If there is no memory for them.
        """
        pair = self._idle_pair()
        pair.reserve(self.device, len(frames))
        self._codec.encode(frames, pair.inputs(len(frames)))
        return Packed(pair, len(frames))

    def start(self, packed: Packed) -> None:
        """Starts the transfer of packed frames; none may be under way."""
        try:
            packed.pair.start(self._dma, packed.frames)
        except BaseException:
            self._fail()
            raise
        self._under_way = packed

    def finish(self) -> NDArray[Any] | None:
        """Waits for what is under way; its answers in (F, out_bytes), valid until the pair is packed again.

        Raises:
            TransferError: If the transfer failed.
        """
        if self._under_way is None:
            return None
        pair, frames = self._under_way
        try:
            self._dma.wait(self._seconds(frames))
        except TransferError as error:
            state = self._state(error)  # before the DMA lets go of the streams
            self._fail()
            advice = "there is no result, and the next call loads the overlay again"
            raise type(error)(f"{self._what}: {frames} frames: {error}; {state}{advice}") from None
        except BaseException:
            self._fail()
            raise
        self._under_way = None
        return pair.outputs(frames)

    def drain(self) -> None:
        """Ends a transfer whose answers nobody wants any more."""
        try:
            self.finish()
        except TransferError:
            pass  # the next use loads the overlay again

    def _idle_pair(self) -> Pair:
        first, second = self._pairs
        return second if self._under_way is not None and self._under_way.pair is first else first

    def _exchange(self, data: NDArray[Any]) -> NDArray[Any]:
        """Runs packed frames, one transfer after the other."""
        answers = []
        for start in range(0, len(data), self.chunk()):
            part = data[start : start + self.chunk()]
            pair = self._idle_pair()
            pair.reserve(self.device, len(part))
            pair.inputs(len(part))[:] = part
            self.start(Packed(pair, len(part)))
            done = self.finish()
            if done is not None:
                answers.append(done.copy())
        return np.concatenate(answers)

    def _seconds(self, frames: int) -> float:
        if self._timeout is not None:
            return self._timeout
        cycles = self._metadata.latency_cycles + frames * self._metadata.ii_cycles
        return _FLOOR_SECONDS + _TIMEOUT_FACTOR * cycles / (self._metadata.clock_mhz * 1e6)

    # -- faults and loading -----------------------------------------------------------------------
    def _state(self, error: TransferError) -> str:
        """What the status block says of a transfer that does not end; empty if there is none.

        The overlay must be ours still: in another one there may be nothing at its address.
        """
        status = self._metadata.status
        if status is None or not isinstance(error, StuckError) or not self._dma.is_ours():
            return ""
        try:
            return f"{diagnosis(status, self._metadata.identity, self.device.read_status)}; "
        except DriverError as problem:
            return f"why is not known ({problem}); "

    def _fail(self) -> None:
        self._ready = False
        self._under_way = None
        self._quiet = self._dma.reset()
        if self._quiet:
            self._free()

    def _free(self) -> None:
        for pair in self._pairs:
            pair.free()

    def make_ready(self) -> None:
        """Loads the overlay if it has to be, having checked whose it is; then tests it.

        It has to be after a fault, and when somebody else used the DMA: another accelerator of this board.

        Raises:
            OverlayError: If it is not that of the metadata, or does not load.
            SelfTestError: If it answers golden frames wrongly.
            TransferError: If it does not answer them.
        """
        if self._ready and self._dma.is_ours():
            return
        if self._ready:  # the other one's transfer must not go on while the fabric changes under it
            self._fail()
        self._check_identity()
        self.device.load()
        self._quiet = True
        self._free()
        self._set_clock()
        if not self._dma.reset():
            raise OverlayError(
                f"{self._what}: the DMA must come out of reset, does not; switch the board off and on"
            )
        if self._golden is not None:
            self._check_golden(*self._golden)
        self._ready = True

    def _check_identity(self) -> None:
        overlay = self._metadata.overlay
        advice = "copy accelerator.bit and accelerator.hwh of the same build to deploy/overlay"
        user_id = self.device.user_id()
        if user_id != overlay.user_id:
            found = "none" if user_id is None else repr(user_id)
            raise OverlayError(
                f"{self._what}: the bitstream's USERID must be {overlay.user_id!r}, is {found}; {advice}"
            )
        cells = self.device.cells()
        if overlay.cell not in cells:
            others = sorted(cell for cell in cells if cell.startswith("finnlite_"))
            found = repr(others[0]) if others else "none like it"
            raise OverlayError(
                f"{self._what}: the block design must have the cell {overlay.cell!r}, has {found}; {advice}"
            )

    def _set_clock(self) -> None:
        wanted = self._metadata.clock_mhz
        if not _close(self.device.clock_mhz(), wanted):
            self.device.set_clock_mhz(wanted)
        found = self.device.clock_mhz()
        if not _close(found, wanted):
            raise OverlayError(f"{self._what}: the fabric's clock must be {wanted:g} MHz, is {found:g} MHz")

    def _check_golden(self, data: NDArray[Any], expected: NDArray[Any]) -> None:
        wrong = np.flatnonzero((self._exchange(data) != expected).any(axis=1))
        if len(wrong):
            self._fail()
            raise SelfTestError(
                f"{self._what}: {len(data)} golden frames must be answered as the model answers them, "
                f"{len(wrong)} are not, the first of them frame {wrong[0]}; the overlay is of another build, "
                f"or does not work at {self._metadata.clock_mhz:g} MHz"
            )

    @property
    def _what(self) -> str:
        return f"accelerator {self._metadata.name!r}"


def _close(clock_mhz: float, wanted: float) -> bool:
    return abs(clock_mhz - wanted) <= _CLOCK_TOLERANCE * wanted
