# SPDX-License-Identifier: Apache-2.0
"""What runs beside the accelerator, on a board too: numpy only, Python 3.8.

`Accelerator(folder, device="pynq").predict(x)` is all that most people need. `FaultyDevice` shows what the
driver does when the hardware fails.
"""

from .accelerator import Accelerator
from .device import Buffer, Device
from .errors import DriverError
from .faults import Fault, FaultyDevice
from .images import Classified
from .measuring import Benchmark, Sweep
from .metadata import Metadata
from .simulated import SimulatedDevice

__all__ = [
    "Accelerator",
    "Benchmark",
    "Buffer",
    "Classified",
    "Device",
    "DriverError",
    "Fault",
    "FaultyDevice",
    "Metadata",
    "SimulatedDevice",
    "Sweep",
]
