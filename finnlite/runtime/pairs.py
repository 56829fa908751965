# SPDX-License-Identifier: Apache-2.0
"""A pair of buffers, one in and one out, that grows with what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .codec import Codec
    from .device import Buffer, Device
    from .dma import Dma

__all__ = ["Pair"]


class Pair:
    """The buffers of one transfer; none at first.

    Args:
        codec: Says how many bytes a frame takes.
    """

    def __init__(self, codec: Codec) -> None:
        """See the class."""
        self._in_bytes, self._out_bytes = codec.in_bytes, codec.out_bytes
        self._buffers: list[Buffer] = []
        self._frames = 0

    def reserve(self, device: Device, frames: int) -> None:
        """Makes room for so many frames; what was in the buffers is lost if it grows.

        Raises:
            DeviceError: If there is not so much memory.
        """
        if frames <= self._frames:
            return
        self.free()
        room = 1 << (frames - 1).bit_length()  # so that ever longer batches rarely allocate
        try:
            for nbytes in (self._in_bytes, self._out_bytes):
                self._buffers.append(device.allocate(room * nbytes))
        except BaseException:
            self.free()
            raise
        self._frames = room

    def inputs(self, frames: int) -> NDArray[Any]:
        """Where frames are packed to: (frames, bytes)."""
        return self._buffers[0].array[: frames * self._in_bytes].reshape(frames, self._in_bytes)

    def outputs(self, frames: int) -> NDArray[Any]:
        """What came out, as the DMA wrote it to memory: (frames, bytes)."""
        nbytes = frames * self._out_bytes
        self._buffers[1].invalidate(nbytes)
        return self._buffers[1].array[:nbytes].reshape(frames, self._out_bytes)

    def start(self, dma: Dma, frames: int) -> None:
        """Starts the transfer of frames that were packed.

        The output is flushed too: a line that the CPU once wrote to would else reach memory after the DMA's.
        """
        source, target = self._buffers
        in_bytes, out_bytes = frames * self._in_bytes, frames * self._out_bytes
        source.flush(in_bytes)
        target.flush(out_bytes)
        dma.start(source, in_bytes, target, out_bytes)

    def free(self) -> None:
        """Gives the memory back."""
        buffers, self._buffers, self._frames = self._buffers, [], 0
        for buffer in buffers:
            buffer.free()
