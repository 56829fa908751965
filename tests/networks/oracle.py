# SPDX-License-Identifier: Apache-2.0
"""What a file means, said by somebody else's executor: QONNX's, or onnxruntime's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from onnx import ModelProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.infer_shapes import InferShapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

SHAPE_ARITHMETIC = {"Shape", "Gather", "Unsqueeze", "Concat", "Constant"}


def source_outputs(model: ModelProto, inputs: Array) -> tuple[Array, ...]:
    """Runs the untouched model on samples, in chunks of the batch it was exported with.

    A model with QONNX operators runs in QONNX's executor; its symbolic batch, which that executor does not
    know, is set to the number of samples. Any other runs in onnxruntime, without its optimisations: they
    fuse operators and change values.

    Args:
        model: The source model, with one input that is not an initializer.
        inputs: Samples along the first axis.

    Returns:
        The outputs in the model's order, samples along the first axis.
    """
    run = _run_qonnx if is_qonnx(model) else _run_onnxruntime
    batch = input_batch(model) or len(inputs)
    missing = -len(inputs) % batch
    padded = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
    chunks = [run(model, padded[i : i + batch]) for i in range(0, len(padded), batch)]
    return tuple(np.concatenate(parts)[: len(inputs)] for parts in zip(*chunks, strict=True))


def is_qonnx(model: ModelProto) -> bool:
    """Whether any operator is not a standard one."""
    return any(node.domain not in ("", "ai.onnx") for node in model.graph.node)


def input_batch(model: ModelProto) -> int:
    """The batch the model was exported with; 0 if it is symbolic."""
    return int(model.graph.input[0].type.tensor_type.shape.dim[0].dim_value)


def _run_onnxruntime(model: ModelProto, inputs: Array) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return list(session.run(None, {model.graph.input[0].name: inputs}))


def _run_qonnx(model: ModelProto, inputs: Array) -> list[Array]:
    copy = ModelProto()
    copy.CopyFrom(model)
    for info in (copy.graph.input[0], *copy.graph.output):
        dim = info.type.tensor_type.shape.dim[0]
        if not dim.dim_value:
            dim.dim_value = len(inputs)
    wrapper = ModelWrapper(copy).transform(InferShapes())
    operators = {node.op_type for node in copy.graph.node}
    if "Shape" in operators:
        # the executor needs every shape; only what computes shapes is folded
        wrapper = wrapper.transform(FoldConstants(exclude_op_types=sorted(operators - SHAPE_ARITHMETIC)))
    outputs = execute_onnx(wrapper, {copy.graph.input[0].name: inputs})
    return [outputs[info.name] for info in model.graph.output]
