# SPDX-License-Identifier: Apache-2.0
"""The layers of a network as threads: which of its streams each step reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finnlite.errors import IRError

from ..network import Kind, Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Thread", "threads_of"]


@dataclass(frozen=True, eq=False)
class Thread:
    """A layer's steps of a frame, S of them.

    Args:
        reads: (number of the stream, (S,) booleans: whether the step reads it), stream by stream.
        writes: The same of the streams that it writes.
    """

    reads: tuple[tuple[int, NDArray[np.bool_]], ...]
    writes: tuple[tuple[int, NDArray[np.bool_]], ...]

    def at(self, step: int) -> tuple[list[int], list[int]]:
        """The streams that a step reads, and those that it writes."""
        reads = [stream for stream, marks in self.reads if marks[step]]
        return reads, [stream for stream, marks in self.writes if marks[step]]

    def patterns(self) -> tuple[list[int], NDArray[np.uint8]]:
        """Steps that read and write the same share a number: the first step of each, and (S,) numbers.

        Raises:
            IRError: If there are more than 256 such numbers.
        """
        ports = (*self.reads, *self.writes)
        marks: NDArray[np.uint64] = np.zeros(len(ports[0][1]), dtype=np.uint64)
        for index, (_, of) in enumerate(ports):
            marks |= of.astype(np.uint64) << np.uint64(index)
        _, first, codes = np.unique(marks, return_index=True, return_inverse=True)
        if len(ports) > 64 or len(first) > 256:
            raise IRError(
                f"a unit must have at most 64 streams and use them in at most 256 ways, "
                f"has {len(ports)} and uses them in {len(first)}"
            )
        return first.tolist(), codes.astype(np.uint8)


def threads_of(network: Network) -> list[Thread]:
    """The threads of all layers.

    A frame's TLAST leaves AxiIn with the frame's last beat, and AxiOut takes it with its own last one.

    Raises:
        IRError: If a layer is a buffer, which has no steps.
    """
    return [_thread(network, number) for number in range(len(network.layers))]


def _thread(network: Network, number: int) -> Thread:
    layer = network.layers[number]
    steps = layer.unit.steps(layer.node)
    if steps is None:
        raise IRError(f"node {layer.node.name!r}: must have steps, has none")

    def marks(kind: Kind, port: str, of: tuple[NDArray[np.bool_], ...]) -> NDArray[np.bool_]:
        if kind is not Kind.LAST:
            return of[int(port[1:])]
        beats = steps.reads if number == 0 else steps.writes
        result = np.zeros(len(beats), dtype=np.bool_)
        result[np.flatnonzero(beats)[-1]] = True
        return result

    streams = list(enumerate(network.streams))
    return Thread(
        tuple((i, marks(s.kind, s.reader_port, steps.ports_read)) for i, s in streams if s.reader == number),
        tuple(
            (i, marks(s.kind, s.writer_port, steps.ports_written)) for i, s in streams if s.writer == number
        ),
    )
