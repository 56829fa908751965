# SPDX-License-Identifier: Apache-2.0
"""`Gather` (ONNX): table look-ups of expansions and shape arithmetic of exporters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from finnlite.ir import Op, TensorType, Value

from .shapes import present

__all__ = ["Gather"]


@dataclass(frozen=True)
class Gather(Op):
    """Picks entries of `data` along `axis` (ONNX `Gather`)."""

    axis: int = 0
    domain: ClassVar[str] = ""

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        """The shape of data with `axis` replaced by the shape of the indices."""
        data, indices = present(inputs[0], "data"), present(inputs[1], "indices")
        axis = self.axis + len(data.shape) if self.axis < 0 else self.axis
        shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
        return (TensorType(shape, data.datatype, data.carrier),)
