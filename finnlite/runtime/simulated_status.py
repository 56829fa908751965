# SPDX-License-Identifier: Apache-2.0
"""The simulated status block: its registers, made up from what went through the simulated device.

A unit that is told to be stuck makes no step; the others have done all that they could with what they got,
and wait for words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .status import (
    COUNT,
    COUNTERS,
    CYCLES,
    EMPTY,
    FRAMES_IN,
    FRAMES_OUT,
    FULL,
    HAS_ROOM,
    HAS_WORD,
    IDENTITY,
    MAGIC,
    OUTSIDE,
    VERSION,
    WORDS,
)

if TYPE_CHECKING:
    from .status import Status

__all__ = ["SimulatedStatus", "Traffic"]

_READ_CYCLES = 40
"""From one read of the processor to the next."""


class Traffic(NamedTuple):
    """What the device saw since its overlay was loaded.

    Args:
        words_in: Beats that the accelerator took.
        words_out: Beats that it gave.
        frames: Whole frames of what it took.
        offered: Whether there are beats that it does not take.
        wanted: Whether the DMA waits for beats that it does not give.
    """

    words_in: int
    words_out: int
    frames: int
    offered: bool
    wanted: bool


class SimulatedStatus:
    """See the module.

    Args:
        status: What the registers belong to.
        user_id: First digits of the build's identity.
    """

    def __init__(self, status: Status, user_id: str) -> None:
        """See the class."""
        self._status = status
        self._user_id = user_id
        self._cycles = 0

    def read(self, offset: int, traffic: Traffic) -> int:
        """A register."""
        self._cycles += _READ_CYCLES
        streams = self._status.streams
        if offset >= COUNTERS:
            stream, counter = divmod((offset - COUNTERS) // 4, 4)
            return self._counter(stream, counter, traffic) if stream < len(streams) else 0
        if offset >= HAS_WORD:
            flag = self._has_room if offset >= HAS_ROOM else self._has_word
            first = 8 * (offset % (HAS_ROOM - HAS_WORD))
            group = range(first, min(first + 32, len(streams)))
            return sum(flag(stream, traffic) << stream - first for stream in group)
        out = self._status.streams[-1]
        return {
            0: MAGIC,
            4: VERSION,
            IDENTITY: int(self._user_id, 16),
            COUNT: len(streams),
            FRAMES_IN: traffic.frames,
            FRAMES_OUT: traffic.words_out // out.words,
            CYCLES: self._cycles,
        }.get(offset, 0)

    def _stuck(self, unit: int, traffic: Traffic) -> bool:
        """The first unit is if it leaves beats at its door, the last one if it keeps a frame's end."""
        if unit == 0:
            return traffic.offered
        kept = traffic.words_out < traffic.frames * self._status.streams[-1].words
        return unit == len(self._status.units) - 1 and kept

    def _counter(self, index: int, counter: int, traffic: Traffic) -> int:
        stream = self._status.streams[index]
        if counter == WORDS:
            if stream.writer == OUTSIDE:
                return traffic.words_in
            return traffic.words_out if stream.reader == OUTSIDE else traffic.frames * stream.words
        if counter == EMPTY:
            return self._cycles * self._lacks_only(index, traffic)
        if counter == FULL:
            return self._cycles * (stream.writer == OUTSIDE and traffic.offered)
        return min(stream.depth, traffic.frames * stream.words)

    def _lacks_only(self, index: int, traffic: Traffic) -> bool:
        """Whether the stream's reader lacks a word of it, and of no other."""
        stream = self._status.streams[index]
        if stream.reader == OUTSIDE:
            return traffic.wanted
        others = [k for k, other in enumerate(self._status.streams) if other.reader == stream.reader]
        lacking = [k for k in others if not self._has_word(k, traffic)]
        return lacking == [index] and not self._stuck(stream.reader, traffic)

    def _has_word(self, index: int, traffic: Traffic) -> bool:
        stream = self._status.streams[index]
        if stream.writer == OUTSIDE:
            return traffic.offered
        return stream.reader != OUTSIDE and self._stuck(stream.reader, traffic) and traffic.frames > 0

    def _has_room(self, index: int, traffic: Traffic) -> bool:
        return self._status.streams[index].writer != OUTSIDE or not traffic.offered
