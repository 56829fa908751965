# SPDX-License-Identifier: Apache-2.0
"""Frames to the bytes that enter the accelerator, and the bytes that leave it to results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .operators import MOVES
from .packing import check_values, pack, unpack
from .steps import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .metadata import Metadata

__all__ = ["Codec"]

_BLOCK_ELEMENTS = 2**19
"""Elements worked on at once: few for the memory between two steps, many for what a call costs."""
_FLOAT = "FLOAT32"


class Codec:
    """Quantises and packs inputs, unpacks and scales outputs, as the metadata describe it.

    It keeps no state between calls, so threads may share one.

    Args:
        metadata: Those of the deployment folder.
    """

    def __init__(self, metadata: Metadata) -> None:
        """See the class."""
        self._input = metadata.input
        self._border_in, self._border_out = metadata.border_in, metadata.border_out
        self._encode, self._packed = _as_bits(metadata.encode, metadata.border_in.datatype)
        self._decode, self._outputs = metadata.decode, metadata.outputs
        self.in_bytes: int = metadata.border_in.frame_bytes
        """Bytes of a frame on its way in."""
        self.out_bytes: int = metadata.border_out.frame_bytes
        """Bytes of a frame on its way out."""

    def frames(self, x: Any) -> tuple[NDArray[Any], bool]:
        """A frame or a batch as a batch.

        Args:
            x: An array of the input's shape, with or without a batch axis before it.

        Returns:
            The batch (F, …), not copied, and whether `x` was a single frame.

        Raises:
            InputError: If shape or type do not fit.
        """
        try:
            array = np.asarray(x)
        except ValueError:  # rows of unequal length
            raise InputError(f"{self._what} must be an array of numbers, is not") from None
        shape = self._input.shape
        if array.dtype.kind not in "biuf":
            raise InputError(f"{self._what} must hold numbers, holds {array.dtype}")
        if array.shape == shape:
            return array[None], True
        if array.ndim == 0 or array.shape[1:] != shape:
            raise InputError(
                f"{self._what} must have shape {_shape(shape)} or {_shape(('F',) + shape)}, "
                f"has {_shape(array.shape)}; reshape it"
            )
        return array, False

    def encode(self, frames: NDArray[Any], out: NDArray[np.uint8]) -> None:
        """Writes frames as they enter the accelerator.

        Args:
            frames: (F, …) as `frames` gives them.
            out: (F, in_bytes) contiguous bytes to write to.

        Raises:
            InputError: If a value is not of the input's datatype; what `out` holds then is undefined.
        """
        block = max(1, _BLOCK_ELEMENTS // max(1, self._border_in.elements))
        for start in range(0, len(frames), block):
            part = frames[start : start + block]
            try:
                (integers,) = self._encode.run(self._checked(part)).values()
                pack(integers.reshape(len(part), -1), self._packed, out[start : start + block])
            except ValueError as error:
                reals = part.dtype.kind == "f" and self._input.datatype != _FLOAT
                advice = "; give the declared integers, not the reals they stand for" if reals else ""
                raise InputError(f"{self._what}: {error}{advice}") from error

    def decode(self, data: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Reads frames as they left the accelerator.

        Args:
            data: (F, out_bytes) bytes.

        Returns:
            The outputs (F, …) by name; they share no memory with `data`.
        """
        if not len(data):
            empty = self.decode(np.zeros((1, self.out_bytes), dtype=np.uint8))
            return {name: array[:0] for name, array in empty.items()}
        block = max(1, _BLOCK_ELEMENTS // max(1, self._border_out.elements))
        parts: list[dict[str, NDArray[Any]]] = []
        for start in range(0, len(data), block):
            integers = unpack(
                data[start : start + block], self._border_out.datatype, self._border_out.elements
            )
            parts.append(self._decode.run(integers))
        results = {}
        for output, result in zip(self._outputs, self._decode.results):
            pieces = [part[result] for part in parts]
            whole = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
            results[output.name] = whole.astype(output.dtype, copy=False)
        return results

    @property
    def _what(self) -> str:
        return f"input {self._input.name!r}"

    def _checked(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Checks what packing does not see: floats before quantisation, integers before arithmetic."""
        if self._input.datatype == _FLOAT:
            if frames.dtype.kind != "f":
                return frames
            with np.errstate(all="ignore"):
                frames = frames.astype(self._input.dtype, copy=False)
                # The sum is finite if all are, unless it overflows; looking at each element takes longer.
                suspect = not np.isfinite(frames.sum())
            if suspect and not np.isfinite(frames).all():
                raise ValueError("values must be finite, others are there")
        elif not self._encode.moves_only:
            check_values(frames, self._input.datatype)
        return frames


def _shape(shape: tuple[Any, ...]) -> str:
    return "(" + ", ".join(str(size) for size in shape) + ")"


def _as_bits(program: Program, datatype: str) -> tuple[Program, str]:
    """The program and the datatype its result is packed as.

    One threshold between −1 and +1 needs no detour over integers: whether it fires is the bit.
    """
    changing = [index for index, step in enumerate(program.steps) if step.op not in MOVES]
    if datatype != "BIPOLAR" or not changing:
        return program, datatype
    index = changing[-1]
    step = program.steps[index]
    if step.op != "Thresholding":
        return program, datatype
    bit = replace(step, attributes=dict(step.attributes, out_min=0, out_step=1), dtypes=("bool",))
    rest = [replace(s, dtypes=("bool",) * len(s.outputs)) for s in program.steps[index + 1 :]]
    return replace(program, steps=program.steps[:index] + (bit, *rest)), "BINARY"
