# SPDX-License-Identifier: Apache-2.0
"""A package `pynq` as the driver sees it on a board, with a simulated device in place of the fabric.

It is as strict as the images are: registers take Python's own integers only, buffers are freed once, a
bitstream has a `.hwh` beside it, and registers answer when an overlay has been downloaded.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finnlite.runtime import FaultyDevice
from finnlite.runtime.memory import SimulatedBuffer

DMA_ADDRESS = 0x4040_0000
ADDRESSES = {"axi_dma": DMA_ADDRESS, "accelerator": 0x43C0_0000}


class FakeBuffer(np.ndarray[Any, Any]):
    """An array that knows where it lies, also as a slice that begins where it does."""

    memory: SimulatedBuffer | None = None
    begins: int = 0

    def __array_finalize__(self, other: Any) -> None:
        if isinstance(other, FakeBuffer):
            self.memory = other.memory
            self.begins = self.__array_interface__["data"][0] - other.__array_interface__["data"][0]

    def _simulated(self) -> SimulatedBuffer:
        assert self.memory is not None
        assert self.begins == 0
        return self.memory

    @property
    def physical_address(self) -> int:
        return self._simulated().address

    def flush(self) -> None:
        self._simulated().flush(self.nbytes)

    def invalidate(self) -> None:
        self._simulated().invalidate(self.nbytes)

    def freebuffer(self) -> None:
        self._simulated().free()


class OldFakeBuffer(FakeBuffer):
    """One of an image whose buffers have another name for the address."""

    @property
    def device_address(self) -> int:
        return self._simulated().address

    @property
    def physical_address(self) -> Any:
        raise AttributeError("physical_address")


class FakePynq(ModuleType):
    """The module.

    Args:
        device: What the board is.
        hwh_clock_mhz: What downloading an overlay sets the clock to.
        cores: What the overlay's `ip_dict` holds.
    """

    def __init__(
        self, device: FaultyDevice, hwh_clock_mhz: float = 100.0, cores: tuple[str, ...] = ("axi_dma",)
    ):
        super().__init__("pynq")
        self.device = device
        self.buffer_type: type[FakeBuffer] = FakeBuffer
        self.downloads: list[str] = []
        self.firmware: dict[str, str] = {}  # what each name in the system's folder was made from
        module = self

        class Clocks(type):
            @property
            def fclk0_mhz(cls) -> float:
                return device.clock_mhz()

            @fclk0_mhz.setter
            def fclk0_mhz(cls, clock_mhz: float) -> None:
                device.set_clock_mhz(clock_mhz)

        class Overlay:
            def __init__(self, bitfile_name: str) -> None:
                assert type(bitfile_name) is str
                self.bitfile_name = bitfile_name
                self.converted = False
                if not Path(bitfile_name).with_suffix(".hwh").is_file():
                    raise ValueError(f"Cannot find HWH file for {bitfile_name}.")
                self.ip_dict = {
                    core: {
                        "phys_addr": ADDRESSES.get(core, DMA_ADDRESS),
                        "addr_range": 0x10000,
                        "type": "xilinx.com:ip:axi_dma:7.1",
                    }
                    for core in cores
                }
                self.download()

            def download(self) -> None:
                if not self.converted:
                    module.firmware[Path(self.bitfile_name).name] = self.bitfile_name
                    self.converted = True
                device.load()
                device.set_clock_mhz(hwh_clock_mhz)
                module.downloads.append(module.firmware[Path(self.bitfile_name).name])

        class MMIO:
            def __init__(self, base_addr: int, length: int = 4) -> None:
                assert module.downloads
                assert base_addr in ADDRESSES.values()
                assert length == 0x10000
                self.base_addr = base_addr

            def read(self, offset: int = 0) -> int:
                assert type(offset) is int
                read = device.read if self.base_addr == DMA_ADDRESS else device.read_status
                return np.uint32(read(offset))  # type: ignore[return-value]

            def write(self, offset: int, data: int) -> None:
                assert type(offset) is type(data) is int
                assert self.base_addr == DMA_ADDRESS
                device.write(offset, data)

        self.Clocks = Clocks("Clocks", (), {})
        self.Overlay = Overlay
        self.MMIO = MMIO

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> FakeBuffer:
        (size,) = shape
        assert np.dtype(dtype) == np.uint8
        memory = self.device.allocate(size)
        array: NDArray[Any] = memory.array
        buffer = array.view(self.buffer_type)
        buffer.memory = memory
        return buffer


def bitstream(user_id: str | None, name: str = "design_1_wrapper") -> bytes:
    """A `.bit` file as Vivado writes it, but for the configuration."""
    design = f"{name};UserID=0X{user_id.upper()};Version=2022.2" if user_id else f"{name};Version=2022.2"
    fields = {b"a": design, b"b": "7z020clg400", b"c": "2026/01/02", b"d": "03:04:05"}
    result = (9).to_bytes(2, "big") + bytes.fromhex("0ff00ff00ff00ff000") + (1).to_bytes(2, "big")
    for key, text in fields.items():
        result += key + (len(text) + 1).to_bytes(2, "big") + text.encode() + b"\0"
    data = b"\xff" * 64
    return result + b"e" + len(data).to_bytes(4, "big") + data


def handoff(*cells: str) -> str:
    """A `.hwh` file as Vivado writes it, with what the driver reads of it."""
    modules = "".join(
        f'<MODULE COREREVISION="7" FULLNAME="/{cell}" HWVERSION="1.1" INSTANCE="{cell}" '
        f'IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="core">'
        f"<PARAMETERS/><PORTS/></MODULE>"
        for cell in cells
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        '<EDKSYSTEM EDWVERSION="1.2" TIMESTAMP="Fri Jan  2 03:04:05 2026" VIVADOVERSION="2022.2">'
        f'<SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="design_1" PACKAGE="clg400" SPEEDGRADE="-1"/>'
        f"<MODULES>{modules}</MODULES></EDKSYSTEM>\n"
    )
