# SPDX-License-Identifier: Apache-2.0
"""The status block of an accelerator: its registers, and what they say of one that does not move.

It has, of each stream, the words that were written, and the cycles in which a unit lacked nothing but a word
of it, or nothing but room in it. Of an accelerator at a standstill one of the two grows at each unit that
lacks one thing; of a unit that lacks several, the flags of its streams tell which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BYTES", "MAX_STREAMS", "OUTSIDE", "Status", "StatusStream", "StatusUnit", "diagnosis"]

BYTES = 1 << 16
"""What its registers take of the address space."""
MAX_STREAMS = 2048
OUTSIDE = -1
"""The DMA, as a stream's writer or reader."""

MAGIC, VERSION = 0x464E4C53, 1
IDENTITY, COUNT, FRAMES_IN, FRAMES_OUT, CYCLES = 0x08, 0x0C, 0x10, 0x14, 0x18
HAS_WORD, HAS_ROOM, COUNTERS = 0x4000, 0x6000, 0x8000
"""Registers: what they hold says the status block's own description."""
WORDS, EMPTY, FULL = 1, 2, 3
"""Counters of a stream."""

_GROUP = 32
_COUNTS = 1 << 32
"""Counters go around there."""
_SHOWN = 6


class StatusUnit(NamedTuple):
    """A unit.

    Args:
        name: Its module.
        node: What it computes, as the model's file names it.
    """

    name: str
    node: str


class StatusStream(NamedTuple):
    """A stream.

    Args:
        name: Its name in the emitted code.
        writer: Index of the unit that writes it, or `OUTSIDE`.
        reader: Index of the unit that reads it, or `OUTSIDE`.
        words: Of a frame.
        depth: Words that its FIFO holds; 0 if it has none.
    """

    name: str
    writer: int
    reader: int
    words: int
    depth: int


class Status(NamedTuple):
    """What the registers of a status block belong to.

    Args:
        cell: The cell of the block design that has them.
        units: In the order in which data pass them.
        streams: By the numbers that they have in the registers.
    """

    cell: str
    units: tuple[StatusUnit, ...]
    streams: tuple[StatusStream, ...]


class _Look(NamedTuple):
    """The registers at about one time."""

    frames_in: int
    frames_out: int
    words: tuple[int, ...]
    empty: tuple[int, ...]
    full: tuple[int, ...]
    has_word: tuple[bool, ...]
    has_room: tuple[bool, ...]


class _Wait(NamedTuple):
    """A unit lacks a word of a stream, or room in it; `other` is at its other end."""

    stream: int
    room: bool
    other: int


def diagnosis(status: Status, identity: str, read: Callable[[int], int]) -> str:
    """Why the accelerator does not go on, in a sentence.

    Args:
        status: What the registers belong to.
        identity: Of the build, hexadecimal digits.
        read: Reads a register, 32 bits.
    """
    wanted = {0: MAGIC, 4: VERSION, IDENTITY: int(identity[:8], 16), COUNT: len(status.streams)}
    for offset, value in wanted.items():
        found = read(offset)
        if found != value:
            return f"its status block must have 0x{value:x} at 0x{offset:04x}, has 0x{found:x}"
    before, after = _look(status, read), _look(status, read)
    frames = f"{after.frames_in:,} frames went into it, {after.frames_out:,} came out"
    if before.words != after.words:
        return f"it is at work: {frames}, and words still move; give it a longer timeout"
    return f"nothing moves in it: {frames}; {_cause(status, before, after)}"


def _look(status: Status, read: Callable[[int], int]) -> _Look:
    count = len(status.streams)

    def counters(which: int) -> tuple[int, ...]:
        return tuple(read(COUNTERS + 16 * stream + 4 * which) for stream in range(count))

    def flags(base: int) -> tuple[bool, ...]:
        groups = [read(base + 4 * group) for group in range(-(-count // _GROUP))]
        return tuple(bool(groups[stream // _GROUP] >> stream % _GROUP & 1) for stream in range(count))

    frames = read(FRAMES_IN), read(FRAMES_OUT)
    return _Look(*frames, counters(WORDS), counters(EMPTY), counters(FULL), flags(HAS_WORD), flags(HAS_ROOM))


def _waits(status: Status, before: _Look, after: _Look) -> list[list[_Wait]]:
    """What each unit lacks: the one thing that its counters tell, or what its flags leave possible."""
    sure: list[list[_Wait]] = [[] for _ in status.units]
    possible: list[list[_Wait]] = [[] for _ in status.units]
    for index, stream in enumerate(status.streams):
        if stream.reader != OUTSIDE:
            wait = _Wait(index, False, stream.writer)
            if after.empty[index] != before.empty[index]:
                sure[stream.reader].append(wait)
            if not after.has_word[index]:
                possible[stream.reader].append(wait)
        if stream.writer != OUTSIDE:
            wait = _Wait(index, True, stream.reader)
            if after.full[index] != before.full[index]:
                sure[stream.writer].append(wait)
            if not after.has_room[index]:
                possible[stream.writer].append(wait)
    return [one or several for one, several in zip(sure, possible)]


def _cause(status: Status, before: _Look, after: _Look) -> str:
    """Where the waiting begins: at a unit that lacks nothing, in a circle of units, or at the DMA."""
    waits = _waits(status, before, after)
    idle = [unit for unit, lacks in enumerate(waits) if not lacks]
    if idle:
        names = " and ".join(_unit(status, unit) for unit in idle[:_SHOWN])
        return f"{names} makes no step although no stream keeps it from one: the hardware is faulty"
    circle = _circle(waits)
    told = [unit for unit, lacks in enumerate(waits) if any(wait.other == OUTSIDE for wait in lacks)]
    if circle:
        told = circle
    lines = [
        f"{_unit(status, unit)} waits for {_lacks(status, wait, after)}"
        for unit in told
        for wait in waits[unit]
        if (wait.other in circle if circle else wait.other == OUTSIDE)
    ]
    rest = [f"{len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return ", ".join(lines[:_SHOWN] + rest) + (", in a circle" if circle else "")


def _circle(waits: list[list[_Wait]]) -> list[int]:
    """Units that wait for each other: none of them lacks a thing that comes from outside of them alone."""
    left = set(range(len(waits)))
    while True:
        # A unit stays as long as it waits for one that is left, and one that is left for it.
        asked = {wait.other for unit in left for wait in waits[unit]}
        stays = {unit for unit in left if unit in asked and any(w.other in left for w in waits[unit])}
        if stays == left:
            return sorted(left)
        left = stays


def _unit(status: Status, index: int) -> str:
    name, node = status.units[index]
    return f"node {node!r} ({name})"


def _lacks(status: Status, wait: _Wait, look: _Look) -> str:
    stream = status.streams[wait.stream]
    other = "the DMA" if wait.other == OUTSIDE else _unit(status, wait.other)
    if not wait.room and wait.other != OUTSIDE:
        return f"a word from {other}"
    if not wait.room:  # both counters go around at the same power of two
        have = (look.words[wait.stream] - look.frames_in * stream.words) % _COUNTS
        return f"a word from {other} ({have:,} of a frame's {stream.words:,} are there)"
    if wait.other == OUTSIDE:
        return "the DMA to take a word"
    return f"room in the {stream.depth:,} words to {other}"
