# SPDX-License-Identifier: Apache-2.0
"""Graph to graph: the transformations a user calls, in the order in which they run.

`Import`, `Streamline`, `LowerConvs`, `InterleaveChannels`, `MapToHardware`, `AbsorbThresholds`,
`MinimizeWidths`, `Fold`, `SizeStreams`.
"""

from __future__ import annotations

from .folding import Fold
from .hardware import AbsorbThresholds, MapToHardware
from .importing import Import, import_model, read_model
from .interleaving import InterleaveChannels
from .lowering import LowerConvs
from .streamline import Streamline
from .streams import SizeStreams
from .widths import MinimizeWidths

__all__ = [
    "AbsorbThresholds",
    "Fold",
    "Import",
    "InterleaveChannels",
    "LowerConvs",
    "MapToHardware",
    "MinimizeWidths",
    "SizeStreams",
    "Streamline",
    "import_model",
    "read_model",
]
