# SPDX-License-Identifier: Apache-2.0
"""`SWU`: the sliding window unit, a pixel stream to a stream of im2col rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Graph, Node, TensorType, Value

from .cost import ADDER_BIT, COMPARATOR_BIT, CONTROL, SELECT_BIT, Memory, counters, ram
from .movement import Concat, Slice
from .shapes import present
from .structure import Structure
from .unit import MEMORY_DISTANCE, STREAM_BITS, Axis, Steps, Stream, Unit, pixels, stream_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SWU", "Sweep", "line_capacity", "windows"]

_HEADS = 4
"""Words that the serial unit keeps track of."""


class Sweep(NamedTuple):
    """A window of kernel[0] × kernel[1] pixels that moves over an image of height × width pixels."""

    height: int
    width: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns of windows; not positive where the window does not fit."""
        sizes = (self.height, self.width)
        spans = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))
        rows, columns = (
            (size - span) // stride + 1 for size, span, stride in zip(sizes, spans, self.strides, strict=True)
        )
        return rows, columns

    @property
    def taps(self) -> int:
        """Pixels of a window."""
        return self.kernel[0] * self.kernel[1]

    def writes(self, words: int) -> int:
        """Words written a frame, `words` a pixel."""
        rows, columns = self.outputs
        return rows * columns * self.taps * words

    def cycles(self, words: int) -> int:
        """Length of the serial thread, `words` a pixel: a closed form, for searches.

        Word j of the output can leave D steps after its pixel was read, and one word a step: the last one
        leaves in step J − 1 + max(need(j) − j) + D. need(j) − j is linear in each index of the word
        (window row, window column, tap row, tap column), so its maximum is at a corner.
        """
        (rows, columns), (kh, kw) = self.outputs, self.kernel
        (sh, sw), (dh, dw) = self.strides, self.dilations
        late = (rows - 1) * max(0, sh * self.width - columns * kh * kw)
        late += (columns - 1) * max(0, sw - kh * kw)
        late += (kh - 1) * max(0, dh * self.width - kw) + (kw - 1) * (dw - 1)
        return max(self.writes(words) + late * words + MEMORY_DISTANCE, self.height * self.width * words)


def _needs(sweep: Sweep, words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which word of the frame each word written is, and which is the first that its window still wants."""
    (rows, columns), (kh, kw) = sweep.outputs, sweep.kernel
    y = np.arange(rows) * sweep.strides[0]
    x = np.arange(columns) * sweep.strides[1]
    first = (y[:, None] * sweep.width + x[None, :]) * words
    down = np.arange(kh) * (sweep.dilations[0] * sweep.width * words)
    along = np.arange(kw) * (sweep.dilations[1] * words)
    tap = down[:, None, None] + along[None, :, None] + np.arange(words)
    need = first[:, :, None] + tap.ravel()
    return need.ravel(), first.ravel()


def _write_steps(sweep: Sweep, words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The step of each write, and the first word that each window still wants."""
    need, first = _needs(sweep, words)
    order = np.arange(len(need))
    times = order + np.maximum.accumulate(need + MEMORY_DISTANCE - order)
    times[-1] = max(times[-1], sweep.height * sweep.width * words - 1)  # all reads come before it
    return times, first


@lru_cache(maxsize=1024)
def line_capacity(sweep: Sweep) -> int:
    """Pixels that the line buffer holds: the fewest with which no write waits for a read without room.

    The reverse pass of design §9, one word a pixel: every read as late as the writes allow; a word may be
    overwritten from the step after its last window on. More words a pixel need no more pixels.
    """
    writes, first = _write_steps(sweep, 1)
    need, _ = _needs(sweep, 1)
    size = sweep.height * sweep.width
    latest = np.full(size, writes[-1], dtype=np.int64)
    np.minimum.at(latest, need, writes - MEMORY_DISTANCE)
    back = np.arange(size)[::-1]
    latest = np.minimum.accumulate((latest + back)[::-1])[::-1] - back
    done = writes[sweep.taps - 1 :: sweep.taps]  # the last step of each window
    dead = np.append(first[1:], size)  # words that no later window wants
    passed = np.searchsorted(done, latest, side="left")  # windows finished before the read
    freed = np.where(passed > 0, dead[np.maximum(passed, 1) - 1], 0)
    return int(max(1, (np.arange(size) + 1 - freed).max()))


@lru_cache(maxsize=64)
def _thread(sweep: Sweep, words: int) -> Steps:
    """The serial thread: reads as early as the buffer has room, writes as early as D allows."""
    writes, first = _write_steps(sweep, words)
    size = sweep.height * sweep.width * words
    capacity = line_capacity(sweep) * words
    order = np.arange(size)
    room = np.zeros(size, dtype=np.int64)
    # Read i overwrites word i − capacity, which is dead when the first window beyond it begins.
    follower = np.searchsorted(first, order[: size - capacity], side="right")
    span = sweep.taps * words
    room[capacity:] = np.where(follower > 0, writes[np.maximum(follower, 1) * span - 1] + 1, 0)
    reads = order + np.maximum.accumulate(room - order)
    length = int(writes[-1]) + 1
    steps = np.zeros((2, length), dtype=np.bool_)
    steps[0, reads] = True
    steps[1, writes] = True
    return Steps(steps[0], steps[1])


def windows(
    graph: Graph,
    x: Value,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Value:
    """Writes im2col as standard operators: (1, H, W, C) → (1, OH, OW, kh·kw·C), in the order (kh, kw, c)."""
    height, width, _ = x.shape[1:]
    sweep = Sweep(
        height, width, (kernel[0], kernel[1]), (strides[0], strides[1]), (dilations[0], dilations[1])
    )
    rows, columns = sweep.outputs
    taps = []
    for ky in range(kernel[0]):
        for kx in range(kernel[1]):
            starts = (ky * dilations[0], kx * dilations[1])
            ends = (starts[0] + (rows - 1) * strides[0] + 1, starts[1] + (columns - 1) * strides[1] + 1)
            limits = [starts, ends, (1, 2), tuple(strides)]
            taps.append(graph.add(Slice(), x, *(graph.constant(np.array(v, dtype=np.int64)) for v in limits)))
    return taps[0] if len(taps) == 1 else graph.add(Concat(axis=3), *taps)


@dataclass(frozen=True)
class SWU(Unit):
    """(1, H, W, C) → (1, OH, OW, kh·kw·C): the windows of an image, in the order (kh, kw, c); no padding.

    One thread. The serial form reads and writes SIMD elements a step, through a circular line buffer; a
    word read is written D = 4 steps later at the earliest. The parallel form reads a pixel a step and
    writes a whole window in the step that completes it.
    """

    kernel: tuple[int, ...] = (1, 1)
    strides: tuple[int, ...] = (1, 1)
    dilations: tuple[int, ...] = (1, 1)
    simd: int = 1
    parallel: bool = False

    def sweep_of(self, x: Value | None) -> Sweep:
        """The window over an image.

        Raises:
            IRError: If it does not fit.
        """
        height, width, _ = pixels(x)
        for name in ("kernel", "strides", "dilations"):
            entries = getattr(self, name)
            if len(entries) != 2 or min(entries) < 1:
                raise IRError(f"{name} must be two positive integers, are {list(entries)}")
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.strides, self.dilations
        sweep = Sweep(height, width, (kh, kw), (sh, sw), (dh, dw))
        if min(sweep.outputs) < 1:
            span = [(kh - 1) * dh + 1, (kw - 1) * dw + 1]
            raise IRError(f"kernel must fit into {height} × {width} pixels, spans {span[0]} × {span[1]}")
        return sweep

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """A pixel of kh·kw·C elements a window; the datatype of x."""
        x = present(inputs[0], "x")
        sweep = self.sweep_of(x)
        if len(x.shape) != 4:
            raise IRError(f"stream x must have shape [1, H, W, C], has {list(x.shape)}")
        channels = x.shape[-1]
        self.check_folding(*inputs)
        return (TensorType.of((1, *sweep.outputs, sweep.taps * channels), x.datatype),)

    def check_folding(self, *inputs: Value | None) -> None:
        """Of parallel windows, SIMD is a pixel and the window a word.

        Raises:
            IRError: See `Unit.check_folding`.
        """
        super().check_folding(*inputs)
        x = present(inputs[0], "x")
        if not self.parallel:
            return
        if self.simd != x.shape[-1]:
            raise IRError(f"simd must be {x.shape[-1]}, a pixel, where windows are parallel, is {self.simd}")
        bits = math.prod(self.kernel) * x.shape[-1] * int(x.datatype.bitwidth())
        if bits > STREAM_BITS:
            raise IRError(f"a parallel window must have at most {STREAM_BITS:,} bits, has {bits:,}")

    def expand(self, graph: Graph, *inputs: Value | None) -> Value:
        """A slice a tap, concatenated."""
        return windows(graph, present(inputs[0], "x"), self.kernel, self.strides, self.dilations)

    def axes(self, *inputs: Value | None) -> dict[str, Axis]:
        """SIMD divides the channels."""
        x = present(inputs[0], "x")
        return {"simd": Axis(x.shape[-1], int(x.datatype.bitwidth()))}

    def settings(self, *inputs: Value | None) -> dict[str, tuple[Any, ...]]:
        """SIMD, and whether windows are parallel, if they have several pixels."""
        return {**super().settings(*inputs), **({"parallel": (False, True)} if max(self.kernel) > 1 else {})}

    def source(self, node: Node) -> Stream:
        """SIMD elements a word."""
        return stream_of(node.input(0), self.simd)

    def sink(self, node: Node) -> Stream:
        """SIMD elements a word; a whole window where they are parallel."""
        return stream_of(node.output, node.output.shape[-1] if self.parallel else self.simd)

    def words(self, node: Node) -> int:
        """Words a pixel."""
        return node.input(0).shape[-1] // self.simd

    def cycles(self, node: Node) -> int:
        """See `Sweep.cycles`; a step a pixel where windows are parallel."""
        sweep = self.sweep_of(node.input(0))
        return sweep.height * sweep.width if self.parallel else sweep.cycles(self.words(node))

    def steps(self, node: Node) -> Steps:
        """See the class."""
        sweep = self.sweep_of(node.input(0))
        if not self.parallel:
            return _thread(sweep, self.words(node))
        (rows, columns), (kh, kw) = sweep.outputs, sweep.kernel
        writes = np.zeros((sweep.height, sweep.width), dtype=np.bool_)
        bottom, right = (kh - 1) * sweep.dilations[0], (kw - 1) * sweep.dilations[1]
        (sh, sw) = sweep.strides
        writes[bottom : bottom + (rows - 1) * sh + 1 : sh, right : right + (columns - 1) * sw + 1 : sw] = True
        return Steps(np.ones(writes.size, dtype=np.bool_), writes.ravel())

    def memories(self, node: Node) -> dict[str, Memory]:
        """The line buffer; kh − 1 of them where windows are parallel."""
        sweep, width = self.sweep_of(node.input(0)), self.source(node).width
        if not self.parallel:
            return {"buffer": ram(line_capacity(sweep) * self.words(node), width)}
        if sweep.kernel[0] == 1:
            return {}
        return {"lines": ram(sweep.dilations[0] * sweep.width, width, copies=sweep.kernel[0] - 1)}

    def latency(self, node: Node) -> int:
        """Input, counters, address, memory (2), output and its register slice."""
        return 8

    def structure(self, node: Node) -> Structure:
        """The counters and addresses, or the counters and the registers of a parallel window."""
        sweep, words = self.sweep_of(node.input(0)), self.words(node)
        rows, columns = sweep.outputs
        if self.parallel:
            span = sweep.kernel[0] * ((sweep.kernel[1] - 1) * sweep.dilations[1] + 1)
            places = counters(sweep.width, sweep.height, columns, rows, sweep.dilations[0] * sweep.width)
            return Structure.of(control=CONTROL, counters=places, ff=span * self.source(node).width)
        word = (sweep.height * sweep.width * words).bit_length()
        place = (line_capacity(sweep) * words - 1).bit_length()
        # The word written, its window's, its row's and the next one read: their number in the frame and
        # their place in the buffer, which goes around; whether there is room, and whether the word is there.
        numbers = _HEADS * (ADDER_BIT + SELECT_BIT) * word + 3 * COMPARATOR_BIT * word
        places = _HEADS * (2 * ADDER_BIT + 2 * SELECT_BIT) * place
        counted = counters(words, *sweep.kernel, columns, rows)
        return Structure.of(control=CONTROL, counters=counted, numbers=numbers, places=places)
