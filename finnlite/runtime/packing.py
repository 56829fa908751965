# SPDX-License-Identifier: Apache-2.0
"""Frames of integers to the bytes that cross the accelerator's border, and back.

An element of b bits lies in a container of B bits (b up to 8 rounded up to 1, 2, 4, 8; whole bytes above),
least significant first; a frame is padded to a multiple of 8 bytes. Bipolar takes one bit: 0 is -1, 1 is
+1. Needs numpy only and runs on Python 3.8, the board's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ElementType", "carrier", "check_values", "element_type", "frame_bytes", "pack", "unpack"]

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


@lru_cache(maxsize=None)
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


def carrier(datatype: str) -> np.dtype[Any]:
    """The narrowest element type that holds a datatype.

    >>> [carrier(t).name for t in ("BIPOLAR", "UINT8", "INT9", "UINT33")]
    ['int8', 'uint8', 'int16', 'uint64']
    """
    kind = element_type(datatype)
    width = next(w for w in (8, 16, 32, 64) if w >= kind.bits)
    return np.dtype("{}int{}".format("" if kind.signed else "u", width))


def pack(frames: NDArray[Any], datatype: str, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Packs frames.

    Values of a numpy type that cannot hold others than the datatype's (uint8 for UINT8, bool for BINARY)
    are not looked at before they are copied.

    Args:
        frames: (F, N) integers of the datatype, of any carrier.
        datatype: Its name.
        out: (F, B) bytes to write to, contiguous; by default a new array.

    Returns:
        (F, B) bytes: `out`, if it was given.

    Raises:
        ValueError: If a value is not of the datatype, or `out` is not of that size.
    """
    kind = element_type(datatype)
    frames = np.asarray(frames)
    if frames.ndim != 2:
        raise ValueError(f"frames must have shape [F, N], have {list(frames.shape)}")
    shape = (len(frames), frame_bytes(frames.shape[1], datatype))
    if out is None:
        out = np.empty(shape, dtype=np.uint8)
    elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        found = f"{'' if out.flags.c_contiguous else 'strided '}{out.dtype} {list(out.shape)}"
        raise ValueError(f"out must be contiguous uint8 {list(shape)}, is {found}")
    check_values(frames, datatype)
    used = -(-frames.shape[1] * kind.container // 8)
    out[:, used:] = 0
    if kind.container == 1:
        bits = frames if frames.dtype == np.bool_ else (frames > 0 if kind.bipolar else frames != 0)
        out[:, :used] = np.packbits(bits, axis=1, bitorder="little")
    elif kind.container < 8:
        out[:, :used] = _fold(frames, kind.container, used)
    elif kind.container in (8, 16, 32, 64):
        native = "<{}{}".format("i" if kind.signed else "u", kind.container // 8)
        out.view(native)[:, : frames.shape[1]] = frames
    else:
        out[:, :used] = _cut(frames, kind, used)
    return out


def unpack(
    data: NDArray[np.uint8], datatype: str, count: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Unpacks frames.

    Args:
        data: (F, B) bytes, B as `frame_bytes` says.
        datatype: Name of the elements' datatype.
        count: Elements of a frame.
        out: (F, count) array to write to, of any type that holds the datatype; by default a new array.

    Returns:
        (F, count): `out`, or an array of the type that `carrier` names. It never shares memory with `data`.

    Raises:
        ValueError: If the frames or `out` are not of that size.
    """
    kind = element_type(datatype)
    wanted = frame_bytes(count, datatype)
    if data.ndim != 2 or data.shape[1] != wanted:
        raise ValueError(f"data must have shape [F, {wanted}], has {list(data.shape)}")
    if out is None:
        out = np.empty((len(data), count), dtype=carrier(datatype))
    elif out.shape != (len(data), count):
        raise ValueError(f"out must have shape {[len(data), count]}, has {list(out.shape)}")
    codes = _scatter(np.ascontiguousarray(data), kind.container, count)
    if kind.bipolar:
        np.subtract(codes.view(np.int8) * np.int8(2), np.int8(1), out=out)
    elif kind.signed:
        # The sign is extended from the element's own bits, whatever the container's upper bits are.
        shift = 8 * codes.dtype.itemsize - kind.bits
        signed = codes.view(f"<i{codes.dtype.itemsize}")
        out[...] = (signed << shift) >> shift if shift else signed
    else:
        out[...] = codes
    return out


def check_values(frames: NDArray[Any], datatype: str) -> None:
    """Checks that an array holds values of a datatype only.

    Raises:
        ValueError: If it does not.
    """
    kind = element_type(datatype)
    if frames.dtype == np.bool_:
        if kind.low < 0:
            raise ValueError(f"values must be integers for {kind.name}, are bool; give 1 and -1 as int8")
        return
    if frames.dtype.kind in "iu":
        limits = np.iinfo(frames.dtype)
        if kind.low <= limits.min and limits.max <= kind.high:
            return
    elif frames.dtype.kind != "f":
        raise ValueError(f"values must be integers for {kind.name}, are {frames.dtype}")
    if frames.size:
        low, high = frames.min().item(), frames.max().item()
        if not (low >= kind.low and high <= kind.high):
            raise ValueError(
                f"values must fit {kind.name} ({kind.low} to {kind.high}), range from {low} to {high}"
            )
    if frames.dtype.kind == "f" and not (np.rint(frames) == frames).all():
        raise ValueError(f"values must be integers for {kind.name}, fractions are there")
    if kind.bipolar and not frames.all():
        raise ValueError("values must be -1 or 1 for BIPOLAR, others are there")


def _fold(frames: NDArray[Any], container: int, used: int) -> NDArray[Any]:
    """Elements of 2 or 4 bits: the codes of a byte in one word, of which the halves are laid together."""
    per = 8 // container
    codes = np.zeros((len(frames), used * per), dtype=np.uint8)
    inside = codes[:, : frames.shape[1]].view(np.int8)
    inside[...] = frames
    inside &= np.int8((1 << container) - 1)
    words = codes.view(f"<u{per}")
    shift = 8 - container
    for _ in range(per // 2):
        words |= words >> shift
        shift *= 2
    return words  # of which the caller takes the low bytes


def _cut(frames: NDArray[Any], kind: ElementType, used: int) -> NDArray[np.uint8]:
    """Elements of 24, 40, 48 or 56 bits: the low bytes of 64."""
    size = kind.container // 8
    wide = np.ascontiguousarray(frames.astype("<i8" if kind.signed else "<u8"))
    parts = wide.view(np.uint8).reshape(len(frames), frames.shape[1], 8)
    return parts[:, :, :size].reshape(len(frames), used)


def _scatter(data: NDArray[np.uint8], container: int, count: int) -> NDArray[Any]:
    """(F, bytes) to (F, count) codes in unsigned words that hold the container."""
    if container == 1:
        return np.unpackbits(data, axis=1, count=count, bitorder="little")
    if container < 8:
        per = 8 // container
        codes = np.empty((len(data), data.shape[1] * per), dtype=np.uint8)
        for index in range(per):
            codes[:, index::per] = (data >> (index * container)) & ((1 << container) - 1)
        return codes[:, :count]
    if container in (8, 16, 32, 64):
        return data.view(f"<u{container // 8}")[:, :count]
    size = container // 8
    wide = np.zeros((len(data), count, 8), dtype=np.uint8)
    wide[:, :, :size] = data[:, : count * size].reshape(len(data), count, size)
    return wide.view("<u8").reshape(len(data), count)
