# SPDX-License-Identifier: Apache-2.0
"""Memory of the simulated device: what the CPU sees through its cache, and what the DMA sees, apart.

Only `flush` and `invalidate` bring the two together, and the cache's own habit: a line that the CPU wrote is
written to memory at some time of the cache's choosing. It chooses the worst: never before the DMA reads, and
right after the DMA wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["LINE_BYTES", "PAGE_BYTES", "Memory", "SimulatedBuffer"]

LINE_BYTES = 32
"""A line of the Cortex-A9's caches."""

PAGE_BYTES = 4096
_FIRST_ADDRESS = 0x1000_0000
_ALLOCATABLE = 128 << 20
"""What Linux on the board sets aside for contiguous memory."""


class SimulatedBuffer:
    """Memory seen by both sides.

    Args:
        memory: What it was allocated from.
        address: Where the DMA finds it.
        nbytes: Its size.
        rng: Makes what happens to be in it.
    """

    def __init__(self, memory: Memory, address: int, nbytes: int, rng: np.random.RandomState) -> None:
        """See the class."""
        self.address = address
        self.nbytes = nbytes
        size = -(-nbytes // LINE_BYTES) * LINE_BYTES
        self._memory = memory
        self._cpu = np.frombuffer(rng.bytes(size), dtype=np.uint8).copy()
        self._ddr = np.frombuffer(rng.bytes(size), dtype=np.uint8).copy()
        self._known = self._cpu.copy()  # the CPU's view when its lines were last clean
        self._written = np.ones(size // LINE_BYTES, dtype=np.bool_)  # whoever had it before left them dirty
        self._freed = False

    @property
    def array(self) -> NDArray[Any]:
        """The CPU's view."""
        self._check_live()
        return self._cpu[: self.nbytes]

    def flush(self, nbytes: int) -> None:
        """Writes the dirty ones of the lines that hold the first bytes to memory."""
        self._check_live()
        self._clean(slice(0, self._lines(nbytes)))

    def invalidate(self, nbytes: int) -> None:
        """Drops the lines that hold the first bytes, dirty or not, so that the CPU reads memory again."""
        self._check_live()
        end = self._lines(nbytes) * LINE_BYTES
        self._cpu[:end] = self._known[:end] = self._ddr[:end]
        self._written[: self._lines(nbytes)] = False

    def free(self) -> None:
        """Gives the memory back."""
        self._check_live()
        self._memory.release(self)
        self._freed = True

    # -- the DMA's side ---------------------------------------------------------------------------
    def load(self, offset: int, nbytes: int) -> NDArray[Any]:
        """What the DMA reads."""
        return self._ddr[offset : offset + nbytes].copy()

    def store(self, offset: int, data: NDArray[Any]) -> None:
        """The DMA writes; then the cache writes its dirty lines over it."""
        self._ddr[offset : offset + len(data)] = data
        self._clean(slice(0, len(self._written)))

    # -- the cache --------------------------------------------------------------------------------
    def _clean(self, lines: slice) -> None:
        cpu, ddr, known = (a.reshape(-1, LINE_BYTES)[lines] for a in (self._cpu, self._ddr, self._known))
        dirty = self._written[lines] | (cpu != known).any(axis=1)
        ddr[dirty] = known[dirty] = cpu[dirty]
        self._written[lines] = False

    def _lines(self, nbytes: int) -> int:
        if not 0 <= nbytes <= self.nbytes:
            raise DeviceError(f"simulated memory: must flush up to {self.nbytes} bytes, was told {nbytes}")
        return -(-nbytes // LINE_BYTES)

    def _check_live(self) -> None:
        if self._freed:
            raise DeviceError("simulated memory: a buffer must not be used after it was freed, was")


class Memory:
    """The memory that buffers come from.

    Args:
        in_use: Says whether the DMA reads or writes a buffer at the moment.
    """

    def __init__(self, in_use: Callable[[SimulatedBuffer], bool] = lambda buffer: False) -> None:
        """See the class."""
        self._in_use = in_use
        self._rng = np.random.RandomState(1)
        self._next = _FIRST_ADDRESS
        self.buffers: list[SimulatedBuffer] = []
        """Those that have not been freed."""

    def allocate(self, nbytes: int) -> SimulatedBuffer:
        """A new buffer, with anything in it.

        Raises:
            DeviceError: If there is not so much.
        """
        left = _ALLOCATABLE - sum(buffer.nbytes for buffer in self.buffers)
        if not 0 < nbytes <= left:
            raise DeviceError(f"simulated memory: must allocate 1 to {left} bytes, was asked for {nbytes}")
        buffer = SimulatedBuffer(self, self._next, nbytes, self._rng)
        self._next += (-(-nbytes // PAGE_BYTES) + 1) * PAGE_BYTES  # a page between, which belongs to nobody
        self.buffers.append(buffer)
        return buffer

    def release(self, buffer: SimulatedBuffer) -> None:
        """Takes a buffer back.

        Raises:
            DeviceError: If the DMA would go on writing to what may soon be somebody else's memory.
        """
        if self._in_use(buffer):
            raise DeviceError("simulated memory: a buffer must not be freed while the DMA uses it, was")
        self.buffers.remove(buffer)

    def at(self, address: int, nbytes: int) -> SimulatedBuffer | None:
        """The buffer that holds all of these bytes, if there is one."""
        for buffer in self.buffers:
            if buffer.address <= address and address + nbytes <= buffer.address + buffer.nbytes:
                return buffer
        return None
