# SPDX-License-Identifier: Apache-2.0
"""What the driver asks of a device: memory that both sides reach, the DMA's registers, the overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["Buffer", "Device"]


class Buffer(Protocol):
    """Contiguous memory that the CPU sees through its cache and the DMA does not."""

    @property
    def array(self) -> NDArray[Any]:
        """The CPU's view: one axis of uint8."""

    @property
    def address(self) -> int:
        """Where the DMA finds it; a multiple of 8."""

    def flush(self, nbytes: int) -> None:
        """Writes what the CPU wrote to the first bytes to memory, and keeps no such lines to write later."""

    def invalidate(self, nbytes: int) -> None:
        """Lets the CPU see what is in memory in the first bytes."""

    def free(self) -> None:
        """Gives the memory back; `array` must not be used any more."""


class Device(Protocol):
    """A board, or what stands for one."""

    simulated: bool
    """Whether its speed says nothing about a board's."""

    def user_id(self) -> str | None:
        """The 8 hexadecimal digits that the bitstream's header carries; None: it carries none."""

    def cells(self) -> Collection[str]:
        """Names of the cells of the block design."""

    def load(self) -> None:
        """Loads the overlay, also when it is loaded already: everything in the fabric is as after a reset.

        Raises:
            OverlayError: If it cannot be loaded.
        """

    def clock_mhz(self) -> float:
        """The clock that the fabric runs at."""

    def set_clock_mhz(self, clock_mhz: float) -> None:
        """Sets the clock of the fabric."""

    def read(self, offset: int) -> int:
        """A register of the DMA."""

    def write(self, offset: int, value: int) -> None:
        """Writes a register of the DMA."""

    def read_status(self, offset: int) -> int:
        """A register of the status block; asked only of an overlay that has one.

        Raises:
            OverlayError: If the overlay's description does not name it.
        """

    def allocate(self, nbytes: int) -> Buffer:
        """New memory, with anything in it.

        Raises:
            DeviceError: If there is not so much.
        """

    def close(self) -> None:
        """Gives back what the device itself holds."""
