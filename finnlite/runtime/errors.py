# SPDX-License-Identifier: Apache-2.0
"""The root of finnlite's exception tree, and the driver's branch of it."""

from __future__ import annotations

__all__ = [
    "BusyError",
    "ClosedError",
    "DeviceError",
    "DriverError",
    "FinnliteError",
    "InputError",
    "MetadataError",
    "OverlayError",
    "PictureError",
    "SelfTestError",
    "ShortTransferError",
    "StuckError",
    "TransferError",
]


class FinnliteError(Exception):
    """Base of all errors finnlite raises on purpose; its text is one message for the user."""


class DriverError(FinnliteError):
    """Base of what the driver raises."""


class MetadataError(DriverError, ValueError):
    """A deployment folder is missing something, or its metadata are not what they must be."""


class InputError(DriverError, ValueError):
    """Frames do not fit the accelerator's input."""


class PictureError(DriverError, ValueError):
    """A picture cannot be read, or the accelerator's input takes none."""


class DeviceError(DriverError):
    """The device cannot be used at all: `pynq` or the simulation is missing, or memory is."""


class OverlayError(DriverError):
    """The overlay is missing, does not belong to the metadata, or cannot be loaded."""


class SelfTestError(DriverError):
    """The accelerator answered golden frames wrongly."""


class TransferError(DriverError):
    """A transfer failed; no result of it is returned, and the overlay is loaded anew before the next."""


class ShortTransferError(TransferError):
    """The accelerator ended a transfer before all of its output had arrived."""


class StuckError(TransferError):
    """A transfer did not end in time; the message says which side is stuck."""


class BusyError(DriverError):
    """The accelerator is in use by another call."""


class ClosedError(DriverError):
    """The accelerator has been closed."""
