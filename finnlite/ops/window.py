# SPDX-License-Identifier: Apache-2.0
"""Windows that move over the spatial axes: what convolution and pooling share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from finnlite.errors import IRError
from finnlite.ir import Graph, Op, Value

from .elementwise import Sub
from .gathering import Gather
from .movement import Concat, Reshape, Slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Window", "WindowOp", "gather_windows", "scatter_index", "window_index"]


class Window(NamedTuple):
    """A window with nothing left to resolve; each a number a spatial axis, pads begin and then end."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    output: tuple[int, ...]
    """Steps along each axis: the spatial shape of the result."""

    @property
    def padded(self) -> bool:
        """Whether any window reaches beyond the image."""
        return any(self.pads)

    def is_filled(self, sizes: Sequence[int]) -> bool:
        """Whether every window over an image of `sizes` holds at least one of its pixels."""
        for axis, size in enumerate(sizes):
            start = np.arange(self.output[axis]) * self.strides[axis] - self.pads[axis]
            places = start[:, None] + np.arange(self.kernel[axis]) * self.dilations[axis]
            if not ((places >= 0) & (places < size)).any(axis=1).all():
                return False
        return True

    @property
    def size(self) -> int:
        """Pixels of a window."""
        return math.prod(self.kernel)


@dataclass(frozen=True)
class WindowOp(Op):
    """Base of the operators with a window; `auto_pad`, absent attributes and `ceil` are as ONNX has them."""

    op_type: ClassVar[str] = ""
    domain: ClassVar[str] = ""

    auto_pad: str = "NOTSET"
    dilations: tuple[int, ...] | None = None
    kernel_shape: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None

    def attributes(self, rank: int, kernel: Sequence[int]) -> Window:
        """The attributes with their defaults; the output is not known yet.

        Raises:
            IRError: If they do not fit `rank` spatial axes.
        """
        strides, dilations = self.strides or (1,) * rank, self.dilations or (1,) * rank
        pads = self.pads or (0,) * (2 * rank)
        if not len(kernel) == len(strides) == len(dilations) == len(pads) // 2 == rank:
            raise IRError(f"{self.op_type} attributes must fit {rank} spatial axes, are {self!r}")
        if min(*kernel, *strides, *dilations) < 1 or min(pads) < 0:
            raise IRError(
                f"{self.op_type} kernel, strides and dilations must be at least 1 and pads at least 0, "
                f"are {self!r}"
            )
        if self.auto_pad not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
            raise IRError(
                f"{self.op_type} auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, is {self.auto_pad}"
            )
        return Window(tuple(kernel), strides, dilations, pads, ())

    def resolve(self, sizes: Sequence[int], kernel: Sequence[int], *, ceil: bool = False) -> Window:
        """The window over an image of `sizes`, its padding explicit; a rounded-up step becomes padding.

        Raises:
            IRError: If the attributes or the kernel do not fit the image.
        """
        rank = len(sizes)
        window = self.attributes(rank, kernel)
        reach = [d * (k - 1) + 1 for k, d in zip(kernel, window.dilations, strict=True)]
        if self.auto_pad.startswith("SAME"):
            output = tuple(-(-size // stride) for size, stride in zip(sizes, window.strides, strict=True))
            missing = [
                (o - 1) * s + r - size
                for o, s, r, size in zip(output, window.strides, reach, sizes, strict=True)
            ]
            if min(missing) < -1:  # onnxruntime then leaves out pixels in front, others do not
                raise IRError(
                    f"{self.op_type} auto_pad {self.auto_pad} must not leave out pixels, leaves out "
                    f"{-min(missing)}; export it with explicit pads"
                )
            missing = [max(pixels, 0) for pixels in missing]
            less, more = [m // 2 for m in missing], [m - m // 2 for m in missing]
            first, last = (less, more) if self.auto_pad == "SAME_UPPER" else (more, less)
            return window._replace(pads=(*first, *last), output=output)
        pads = [0] * (2 * rank) if self.auto_pad == "VALID" else list(window.pads)
        steps = []
        for axis, size in enumerate(sizes):
            stride, padded = window.strides[axis], size + pads[axis] + pads[axis + rank]
            room = padded - reach[axis]
            if room < 0:
                raise IRError(
                    f"{self.op_type} kernel must fit into {padded} pixels, is {list(kernel)}; "
                    f"pad the image, or use a smaller kernel"
                )
            step = -(-room // stride) if ceil else room // stride
            if ceil and step * stride >= size + pads[axis]:
                step -= 1  # a window that starts in the padding behind the image is dropped
            pads[axis + rank] += max(step * stride - room, 0)
            steps.append(step + 1)
        return window._replace(pads=tuple(pads), output=tuple(steps))


def _flat(axes: Sequence[NDArray[np.int64]], sizes: Sequence[int]) -> NDArray[np.int64]:
    """(P, K) positions in a flattened image from (P_a, K_a) positions along each axis; −1 outside."""
    flat = np.zeros((1, 1), dtype=np.int64)
    inside = np.ones((1, 1), dtype=np.bool_)
    for positions, size in zip(axes, sizes, strict=True):
        rows, columns = len(flat) * len(positions), flat.shape[1] * positions.shape[1]
        within = (positions >= 0) & (positions < size)
        flat = (flat[:, None, :, None] * size + positions[None, :, None, :]).reshape(rows, columns)
        inside = (inside[:, None, :, None] & within[None, :, None, :]).reshape(rows, columns)
    return np.where(inside, flat, -1)


def window_index(sizes: Sequence[int], window: Window) -> NDArray[np.int64]:
    """(P, K): the pixel of a flattened image under each of the K places of the P windows; −1 is padding."""
    axes = []
    for axis in range(len(sizes)):
        start = np.arange(window.output[axis]) * window.strides[axis] - window.pads[axis]
        places = np.arange(window.kernel[axis]) * window.dilations[axis]
        axes.append(start[:, None] + places)
    return _flat(axes, sizes)


def scatter_index(sizes: Sequence[int], window: Window) -> NDArray[np.int64]:
    """(P, K): the input pixel that reaches output pixel p of a transposed convolution by place k, or −1."""
    axes = []
    for axis in range(len(sizes)):
        target = np.arange(window.output[axis])[:, None] + window.pads[axis]
        moved = target - np.arange(window.kernel[axis]) * window.dilations[axis]
        steps = moved // window.strides[axis]
        axes.append(np.where(moved % window.strides[axis] == 0, steps, -1))
    return _flat(axes, sizes)


def gather_windows(graph: Graph, x: Value, index: NDArray[np.int64]) -> Value:
    """Writes (N, C, P, K) of the pixels of x (N, C, …) that `index` names; −1 is zero, in any carrier."""
    channels = x.shape[1]
    flat = graph.add(Reshape(), x, graph.constant(np.array([0, channels, -1], dtype=np.int64)))
    if (index < 0).any():
        ends = [graph.constant(np.array(v, dtype=np.int64)) for v in ([0], [1], [2])]
        pixel = graph.add(Slice(), flat, *ends)
        index = np.where(index < 0, flat.shape[2], index)
        flat = graph.add(Concat(axis=2), flat, graph.add(Sub(), pixel, pixel))
    return graph.add(Gather(axis=2), flat, graph.constant(index))
