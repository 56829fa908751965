# SPDX-License-Identifier: Apache-2.0
"""Frames of integers to the bytes that cross the accelerator's border, and back.

An element of b bits lies in a container of B bits (b up to 8 rounded up to 1, 2, 4, 8; whole bytes above),
least significant first; a frame is padded to a multiple of 8 bytes. Bipolar takes one bit: 0 is -1, 1 is
+1. Needs numpy only and runs on Python 3.8, the board's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ElementType", "element_type", "frame_bytes", "pack", "unpack"]

_BEAT_BYTES = 8
_NAMED = {"BIPOLAR": (1, True), "BINARY": (1, False), "TERNARY": (2, True)}


class ElementType(NamedTuple):
    """What of a datatype matters at the border: `bits`, `signed`, `low` and `high` value, `bipolar`."""

    name: str
    bits: int
    signed: bool
    low: int
    high: int

    @property
    def bipolar(self) -> bool:
        """Whether the one bit means -1 or +1."""
        return self.name == "BIPOLAR"

    @property
    def container(self) -> int:
        """Bits an element takes at the border.

        >>> [element_type(t).container for t in ("BIPOLAR", "UINT3", "INT5", "INT11")]
        [1, 4, 8, 16]
        """
        if self.bits <= 8:
            return 1 << (self.bits - 1).bit_length()
        return -(-self.bits // 8) * 8


def element_type(name: str) -> ElementType:
    """The datatype called `name`: BIPOLAR, BINARY, TERNARY, INTn or UINTn.

    Raises:
        ValueError: If it is none of them.
    """
    if name in _NAMED:
        bits, signed = _NAMED[name]
        low = -1 if signed else 0
        return ElementType(name, bits, signed, low, 1)
    match = re.match(r"(U?)INT([1-9][0-9]?)$", name)
    if match is None or int(match.group(2)) > 64:
        raise ValueError(
            f"datatype must be BIPOLAR, BINARY, TERNARY, INTn or UINTn of at most 64 bits, is {name!r}"
        )
    bits = int(match.group(2))
    if match.group(1):
        return ElementType(name, bits, False, 0, 2**bits - 1)
    return ElementType(name, bits, True, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def frame_bytes(count: int, datatype: str) -> int:
    """Bytes of a frame of `count` elements.

    >>> frame_bytes(784, "UINT8"), frame_bytes(784, "BIPOLAR"), frame_bytes(10, "INT11")
    (784, 104, 24)
    """
    bits = count * element_type(datatype).container
    return -(-bits // (8 * _BEAT_BYTES)) * _BEAT_BYTES


def pack(frames: NDArray[Any], datatype: str) -> NDArray[np.uint8]:
    """Packs frames.

    Args:
        frames: (F, N) integers of the datatype, of any carrier.
        datatype: Its name.

    Returns:
        (F, B) bytes.

    Raises:
        ValueError: If a value is not of the datatype.
    """
    kind = element_type(datatype)
    frames = np.asarray(frames)
    if frames.ndim != 2:
        raise ValueError(f"frames must have shape [F, N], have {list(frames.shape)}")
    codes = _codes(frames, kind)
    packed = _gather(codes, kind.container)
    result = np.zeros((len(frames), frame_bytes(frames.shape[1], datatype)), dtype=np.uint8)
    result[:, : packed.shape[1]] = packed
    return result


def unpack(data: NDArray[np.uint8], datatype: str, count: int) -> NDArray[Any]:
    """Unpacks frames.

    Args:
        data: (F, B) bytes, B as `frame_bytes` says.
        datatype: Name of the elements' datatype.
        count: Elements of a frame.

    Returns:
        (F, count), of the narrowest of int8 to int64 and uint8 to uint64 that holds the datatype.

    Raises:
        ValueError: If the frames are not of that size.
    """
    kind = element_type(datatype)
    wanted = frame_bytes(count, datatype)
    if data.ndim != 2 or data.shape[1] != wanted:
        raise ValueError(f"data must have shape [F, {wanted}], has {list(data.shape)}")
    codes = _scatter(np.ascontiguousarray(data), kind.container, count)
    native = _native(kind)
    if kind.bipolar:
        return codes.astype(np.int8) * np.int8(2) - np.int8(1)
    if not kind.signed:
        return codes.astype(native)
    # The sign is extended from the element's own bits, whatever the container's upper bits are.
    shift = 64 - kind.bits
    signed = (codes.astype(np.uint64) << np.uint64(shift)).view(np.int64) >> np.int64(shift)
    return signed.astype(native)


def _native(kind: ElementType) -> Any:
    width = next(w for w in (8, 16, 32, 64) if w >= kind.bits)
    return np.dtype("{}int{}".format("" if kind.signed else "u", width))


def _codes(frames: NDArray[Any], kind: ElementType) -> NDArray[Any]:
    """(F, N) codes in the narrowest unsigned type that holds the container, or uint64."""
    if frames.size:
        low, high = frames.min(), frames.max()
        if not (low >= kind.low and high <= kind.high):
            raise ValueError(
                f"values must fit {kind.name} ({kind.low} to {kind.high}), range from {low} to {high}"
            )
    if kind.bipolar:
        if not ((frames == 1) | (frames == -1)).all():
            raise ValueError("values must be -1 or 1 for BIPOLAR, others are there")
        return (frames > 0).astype(np.uint8)
    integers = frames
    if frames.dtype.kind not in "iub":
        integers = frames.astype(np.uint64 if kind.high >= 2**63 else np.int64)
        if not (integers == frames).all():
            raise ValueError(f"values must be integers for {kind.name}, fractions are there")
    if kind.container <= 8:
        return integers.astype(np.uint8) & np.uint8((1 << kind.container) - 1)
    if integers.dtype.kind == "u":
        return integers.astype("<u8")
    return integers.astype("<i8").view("<u8")


def _gather(codes: NDArray[Any], container: int) -> NDArray[np.uint8]:
    """(F, N) codes to (F, bytes)."""
    frames, count = codes.shape
    if container == 1:
        return np.packbits(codes, axis=1, bitorder="little")
    if container < 8:
        per = 8 // container
        groups = -(-count // per)
        padded = np.zeros((frames, groups * per), dtype=np.uint8)
        padded[:, :count] = codes
        shifts = (np.arange(per) * container).astype(np.uint8)
        result: NDArray[np.uint8] = np.bitwise_or.reduce(
            padded.reshape(frames, groups, per) << shifts, axis=2
        )
        return result
    if container == 8:
        return codes.astype(np.uint8)
    parts = np.ascontiguousarray(codes).view(np.uint8).reshape(frames, count, 8)
    return parts[:, :, : container // 8].reshape(frames, count * container // 8)


def _scatter(data: NDArray[np.uint8], container: int, count: int) -> NDArray[Any]:
    """(F, bytes) to (F, count) codes."""
    if container == 1:
        return np.unpackbits(data, axis=1, count=count, bitorder="little")
    if container < 8:
        shifts = (np.arange(8 // container) * container).astype(np.uint8)
        codes = (data[:, :, None] >> shifts) & np.uint8((1 << container) - 1)
        return codes.reshape(len(data), data.shape[1] * len(shifts))[:, :count]
    if container == 8:
        return data[:, :count]
    size = container // 8
    wide = np.zeros((len(data), count, 8), dtype=np.uint8)
    wide[:, :, :size] = data[:, : count * size].reshape(len(data), count, size)
    return wide.view("<u8").reshape(len(data), count)
