# SPDX-License-Identifier: Apache-2.0
"""The device that a PYNQ image gives access to: `Overlay`, `MMIO`, `allocate` and `Clocks`, nothing else."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from .errors import DeviceError, OverlayError

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["PynqBuffer", "PynqDevice", "cell_names", "user_id_of"]

_LINE_BYTES = 64
_HEADER_BYTES = 4096
_DESIGN_FIELD = b"a"
_USER_ID = re.compile(r"UserID=0[xX]([0-9a-fA-F]{1,8})(?![0-9a-fA-F])")


def user_id_of(bitstream: Path) -> str | None:
    """The USERID in the header of a `.bit` file, eight hexadecimal digits; None if it names none.

    Raises:
        OverlayError: If the file has no such header.
    """
    with bitstream.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    # A field of so many bytes, two bytes, then fields of a letter, a length and a text; a is the design.
    position = 2 + int.from_bytes(header[:2], "big") + 2
    if header[position : position + 1] != _DESIGN_FIELD:
        raise OverlayError(
            f"{bitstream}: must be a bitstream with its header, is not; "
            f"copy the .bit file that Vivado wrote, not a .bin"
        )
    size = int.from_bytes(header[position + 1 : position + 3], "big")
    design = header[position + 3 : position + 3 + size].decode("ascii", "replace")
    match = _USER_ID.search(design)
    return match.group(1).lower().rjust(8, "0") if match else None


def cell_names(handoff: Path) -> list[str]:
    """The names of a block design's cells, from its `.hwh` file.

    Raises:
        OverlayError: If the file is damaged.
    """
    try:
        modules = ElementTree.parse(str(handoff)).iter("MODULE")
    except ElementTree.ParseError as error:
        raise OverlayError(
            f"{handoff}: must be a hardware handoff, is damaged ({error}); copy it anew"
        ) from None
    return [module.get("INSTANCE", "") for module in modules]


class PynqBuffer:
    """Memory from `pynq.allocate`.

    Args:
        memory: What it gave.
    """

    def __init__(self, memory: Any) -> None:
        """See the class."""
        self._memory = memory
        self._array: NDArray[Any] = memory.view(np.ndarray)  # slices faster than the subclass
        address = getattr(memory, "physical_address", None)
        self._address = int(memory.device_address if address is None else address)

    @property
    def array(self) -> NDArray[Any]:
        """See `Buffer`."""
        return self._array

    @property
    def address(self) -> int:
        """See `Buffer`."""
        return self._address

    def flush(self, nbytes: int) -> None:
        """See `Buffer`."""
        self._lines(nbytes).flush()

    def invalidate(self, nbytes: int) -> None:
        """See `Buffer`."""
        self._lines(nbytes).invalidate()

    def _lines(self, nbytes: int) -> Any:
        whole = -(-nbytes // _LINE_BYTES) * _LINE_BYTES
        return self._memory if whole >= len(self._array) else self._memory[:whole]

    def free(self) -> None:
        """See `Buffer`."""
        memory, self._memory = self._memory, None
        self._array = np.zeros(0, dtype=np.uint8)  # the old one has no memory behind it any more
        memory.freebuffer()


class PynqDevice:
    """The board this runs on.

    Args:
        bitstream: The `.bit` file; the `.hwh` lies beside it under the same name.
        dma: Name of the DMA's cell.
        status: Name of the cell that has a status block; None: none has.

    Raises:
        DeviceError: If `pynq` is missing.
        OverlayError: If one of the files is missing.
    """

    simulated = False

    def __init__(self, bitstream: Path, dma: str, status: str | None = None) -> None:
        """See the class."""
        self._pynq = _import_pynq()
        self._bitstream = bitstream
        self._handoff = bitstream.with_suffix(".hwh")
        self._dma = dma
        self._status = status
        self._overlay: Any = None
        self._registers: Any = None
        self._status_registers: Any = None
        self._check_files()

    def _check_files(self) -> None:
        for path in (self._bitstream, self._handoff):
            if not path.is_file():
                raise OverlayError(
                    f"{path}: must exist, does not; run 'vivado -mode batch -source build.tcl' in the folder "
                    f"vivado of the build, which puts {self._bitstream.name} and {self._handoff.name} into "
                    f"its deploy/overlay, and copy the folder deploy to the board"
                )

    # -- the overlay ------------------------------------------------------------------------------
    def user_id(self) -> str | None:
        """See `Device`."""
        self._check_files()
        return user_id_of(self._bitstream)

    def cells(self) -> Collection[str]:
        """See `Device`."""
        self._check_files()
        return cell_names(self._handoff)

    def load(self) -> None:
        """See `Device`."""
        try:
            # A new one each time: what an old one downloads again is the last file of this name that any
            # overlay of this board was made from, which may be another accelerator's.
            self._overlay = self._pynq.Overlay(str(self._bitstream.resolve()))
        except Exception as error:  # PYNQ raises whatever its layers raise
            raise OverlayError(
                f"overlay {self._bitstream}: must load, does not ({type(error).__name__}: {error}); "
                f"is this a board with a PYNQ image, and are you root?"
            ) from error
        cores = self._overlay.ip_dict
        if self._dma not in cores:
            raise OverlayError(
                f"overlay {self._bitstream}: must have the DMA {self._dma!r}, has {sorted(cores)}; "
                f"copy the .hwh file of the same build"
            )
        self._registers = self._mapped(cores[self._dma])
        self._status_registers = self._mapped(cores[self._status]) if self._status in cores else None

    def _mapped(self, core: Any) -> Any:
        return self._pynq.MMIO(core["phys_addr"], core["addr_range"])

    def clock_mhz(self) -> float:
        """See `Device`."""
        return float(self._pynq.Clocks.fclk0_mhz)

    def set_clock_mhz(self, clock_mhz: float) -> None:
        """See `Device`."""
        self._pynq.Clocks.fclk0_mhz = clock_mhz

    def close(self) -> None:
        """See `Device`; the overlay stays in the fabric."""
        self._registers = self._status_registers = None

    # -- registers and memory ---------------------------------------------------------------------
    def read(self, offset: int) -> int:
        """See `Device`."""
        return int(self._registers.read(offset))

    def write(self, offset: int, value: int) -> None:
        """See `Device`."""
        self._registers.write(offset, value)

    def read_status(self, offset: int) -> int:
        """See `Device`."""
        if self._status_registers is None:
            raise OverlayError(
                f"overlay {self._bitstream}: must have the status block {self._status!r}, has none; "
                f"copy the .hwh file of the same build"
            )
        return int(self._status_registers.read(offset))

    def allocate(self, nbytes: int) -> PynqBuffer:
        """See `Device`."""
        try:
            return PynqBuffer(self._pynq.allocate(shape=(nbytes,), dtype=np.uint8))
        except Exception as error:  # MemoryError or RuntimeError, as the image's version has it
            raise DeviceError(
                f"board: must have {nbytes} bytes of contiguous memory left, has not "
                f"({type(error).__name__}: {error}); free buffers, or restart other notebooks"
            ) from error


def _import_pynq() -> Any:
    try:
        return importlib.import_module("pynq")
    except ImportError as error:
        raise DeviceError(
            f"device 'pynq': the package pynq must be installed, is not ({error}); "
            f"run this on a board with a PYNQ image, or pass device='sim' on your computer"
        ) from None
