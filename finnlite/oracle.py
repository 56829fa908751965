# SPDX-License-Identifier: Apache-2.0
"""Somebody else's reading of the source file: QONNX's executor, or plain onnxruntime.

The ladder's first rung must not be finnlite's own: the file runs untouched, at the batch it was exported
with.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import ModelProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.infer_shapes import InferShapes

from finnlite.errors import ModelError
from finnlite.execution import run_onnx
from finnlite.progress import Count

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Oracle"]

_STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
_SHAPE_ARITHMETIC = {"Shape", "Gather", "Unsqueeze", "Concat", "Constant"}


class Oracle:
    """The source file, run by onnxruntime, or by QONNX if nodes are neither ONNX's nor the file's functions.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        """See the class."""
        self._model = onnx.load(str(path))
        constants = {tensor.name for tensor in self._model.graph.initializer}
        self._infos = [info for info in self._model.graph.input if info.name not in constants]
        functions = self._model.functions
        known = {*_STANDARD_DOMAINS, *(function.domain for function in functions)}
        nodes = chain(self._model.graph.node, *(function.node for function in functions))
        self._foreign = any(node.domain not in known for node in nodes)
        self._wrapper: ModelWrapper | None = None
        self.outputs: tuple[str, ...] = tuple(info.name for info in self._model.graph.output)

    @property
    def name(self) -> str:
        """Who runs the file."""
        return "qonnx" if self._foreign else "onnxruntime"

    def run(self, inputs: Mapping[str, NDArray[Any]], count: Count | None = None) -> dict[str, NDArray[Any]]:
        """The model's outputs by name for N frames, axis 0 counting them; `count` is told of each batch.

        Raises:
            ModelError: If the file does not run.
        """
        total = len(next(iter(inputs.values())))
        batch = self._batch() or total
        parts: list[list[NDArray[Any]]] = []
        for start in range(0, total, batch):
            feeds = {}
            for info in self._infos:
                chunk = inputs[info.name][start : start + batch]
                padding = [(0, batch - len(chunk))] + [(0, 0)] * (chunk.ndim - 1)
                dtype = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
                feeds[info.name] = np.pad(chunk, padding, mode="edge").astype(dtype)
            parts.append(self._call(feeds))
            if count is not None:
                count(min(start + batch, total), total)
        joined = [np.concatenate(pieces)[:total] for pieces in zip(*parts, strict=True)]
        return dict(zip(self.outputs, joined, strict=True))

    def _batch(self) -> int:
        """The batch the file was exported with; 0 if it is free."""
        shape = self._infos[0].type.tensor_type.shape
        return int(shape.dim[0].dim_value) if shape.dim else 0

    def _call(self, feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            if not self._foreign:
                return run_onnx(self._model.SerializeToString(), feeds)
            with warnings.catch_warnings():  # QONNX warns of every tensor without a shape
                warnings.simplefilter("ignore")
                if self._wrapper is None or not self._batch():
                    batch = len(next(iter(feeds.values())))
                    self._wrapper = _wrapped(self._model, batch)
                found = execute_onnx(self._wrapper, feeds)
            return [np.asarray(found[name]) for name in self.outputs]
        except Exception as error:  # whatever a foreign executor raises
            raise ModelError(
                f"model {self._model.graph.name!r}: must run in {self.name}, does not ({error})"
            ) from error


def _wrapped(model: ModelProto, batch: int) -> ModelWrapper:
    """The model as QONNX's executor wants it: a batch where it is free, and the shapes of all tensors."""
    copy = ModelProto()
    copy.CopyFrom(model)
    for info in (*copy.graph.input, *copy.graph.output):
        dims = info.type.tensor_type.shape.dim
        if dims and not dims[0].dim_value:
            dims[0].dim_value = batch
    wrapper = ModelWrapper(copy).transform(InferShapes())
    operators = {node.op_type for node in copy.graph.node}
    if "Shape" in operators:  # only what computes shapes is folded, so that their results are known
        wrapper = wrapper.transform(FoldConstants(exclude_op_types=sorted(operators - _SHAPE_ARITHMETIC)))
    return wrapper
