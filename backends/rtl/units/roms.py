# SPDX-License-Identifier: Apache-2.0
"""Memories of constants: their words, their files and their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from finnlite.ops.cost import LANE_BITS, Style

from ...codes import lanes
from ..writer import hex_file, instance, wire

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STYLES", "Constants", "bits_of", "constant", "constants"]

STYLES = {Style.LUT: "distributed", Style.BLOCK: "block"}
"""What `rom_style` calls them."""
_NONE: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Constants:
    """A net that carries the words of a memory of constants.

    Args:
        body: Its declaration and the memory's cells.
        memories: File name to content.
    """

    body: tuple[str, ...]
    memories: Mapping[str, bytes] = field(default_factory=lambda: _NONE)


def bits_of(values: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Numbers in two's complement, the lowest bits of each.

    Args:
        values: (D, K).
        width: Bits of each.

    Returns:
        (D, K · width): number 0 first, least significant bits first.
    """
    bits = (values[:, :, None] >> np.arange(width)) & 1
    return bits.astype(np.uint8).reshape(len(values), -1)


def constant(net: str, bits: NDArray[np.uint8]) -> Constants:
    """A net of constants.

    Args:
        net: Its name.
        bits: (W,), least significant first.
    """
    number = int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
    return Constants((wire(len(bits), net), f"assign {net} = {len(bits)}'h{number:x};"))


def constants(layer: str, net: str, bits: NDArray[np.uint8], address: str, style: Style) -> Constants:
    """A net that carries the word of an address two cycles earlier, from lanes of at most 36 bits.

    Words that are all the same need no memory.

    Args:
        layer: Identifier of the layer.
        net: The net's name.
        bits: (D, W): the words, least significant bits first.
        address: Expression of the address, of ⌈log₂ D⌉ bits.
        style: What the memory is made of.
    """
    if (bits == bits[0]).all():
        return constant(net, bits[0])
    depth, width = bits.shape
    body, files = [wire(width, net)], dict[str, bytes]()
    words = lanes(bits.astype(np.uint64), 1)
    for index, lane in enumerate(words.tolist()):
        low = index * LANE_BITS
        own = min(LANE_BITS, width - low)
        suffix = f"_{index}" if len(words) > 1 else ""
        file = f"{layer}_{net}{suffix}.hex"
        files[file] = hex_file(lane, own)
        piece = net if width == 1 else f"{net}[{low}]" if own == 1 else f"{net}[{low + own - 1}:{low}]"
        parameters = (("WIDTH", own), ("DEPTH", depth), ("STYLE", STYLES[style]), ("FILE", file))
        ports = [("aclk", "aclk"), ("address", address), ("data", piece)]
        body += instance("finnlite_rom", f"{net}_rom{suffix}", parameters, ports)
    return Constants(tuple(body), files)
