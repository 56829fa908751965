# SPDX-License-Identifier: Apache-2.0
"""Hand-made little networks in QONNX's dialect, whole or broken in one place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

QONNX_DOMAIN = "qonnx.custom_op.general"
SIZES = (8, 4, 3)


def bipolar(source: str, target: str, name: str, scale: str = "one") -> onnx.NodeProto:
    return helper.make_node("BipolarQuant", [source, scale], [target], name, domain=QONNX_DOMAIN)


class Network:
    """A chain of dense layers under construction: nodes and constants may be changed before `save`."""

    def __init__(
        self, sizes: Sequence[int] = SIZES, names: Sequence[str] = (), datatype: str = "UINT4"
    ) -> None:
        rng = np.random.default_rng(3)
        self.sizes = tuple(sizes)
        self.datatype = datatype
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {"one": np.ones((), np.float32)}
        names = names or [f"fc{k}" for k in range(len(sizes) - 1)]
        value = "x"
        for k, (name, inputs, outputs) in enumerate(zip(names, sizes[:-1], sizes[1:], strict=True)):
            self.constants[f"w{k}"] = rng.normal(size=(inputs, outputs)).astype(np.float32)
            product = f"p{k}" if k < len(sizes) - 2 else "y"
            self.nodes.append(bipolar(f"w{k}", f"q{k}", f"quant{k}"))
            self.nodes.append(helper.make_node("MatMul", [value, f"q{k}"], [product], name))
            if product != "y":
                value = f"a{k}"
                self.nodes.append(bipolar(product, value, f"sign{k}"))

    def node(self, name: str) -> onnx.NodeProto:
        return next(node for node in self.nodes if node.name == name)

    def insert_before(self, name: str, node: onnx.NodeProto) -> None:
        """Puts a one-input node in front of the first input of another."""
        position = next(k for k, other in enumerate(self.nodes) if other.name == name)
        self.nodes[position].input[0] = node.output[0]
        self.nodes.insert(position, node)

    def proto(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "small",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, self.sizes[0]])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, self.sizes[-1]])],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        if self.datatype:
            note = graph.quantization_annotation.add(tensor_name="x")
            note.quant_parameter_tensor_names.add(key="finn_datatype", value=self.datatype)
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX_DOMAIN, 1)]
        return helper.make_model(graph, ir_version=8, opset_imports=opsets)

    def save(self, path: Path) -> Path:
        onnx.save(self.proto(), path)
        return path
