# SPDX-License-Identifier: Apache-2.0
"""What exists: the exporters' dialects, and which operators hold which datatypes in each.

The generator draws from these tables and `coverage` demands every cell of them, so a row added here is
generated and demanded at once.
"""

from __future__ import annotations

SIGNED = tuple(f"INT{b}" for b in range(2, 9))
UNSIGNED = tuple(f"UINT{b}" for b in range(2, 9))
FEW = ("BIPOLAR", "TERNARY")
ALL = (*FEW, *SIGNED, *UNSIGNED)
BIPOLAR = ("BIPOLAR",)
TRUNCATED = (*SIGNED[:-1], *UNSIGNED[:-1])

_QUANT = {"Quant": ALL, "BipolarQuant": BIPOLAR}
_GENERAL = {"Quant": ALL, "IntQuant": ALL, "BipolarQuant": BIPOLAR}

WEIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "qonnx-1": {**_GENERAL, "initializer": ALL},
    "qonnx-2": {**_GENERAL, "initializer": ALL},
    "brevitas": _QUANT,
    "brevitas-bare": _QUANT,
    "binarynet": {"initializer": FEW, "Sign": FEW, "Where": BIPOLAR},
    "xnor": {"initializer": (*FEW, *SIGNED)},
    "dorefa": {"initializer": (*BIPOLAR, *SIGNED), "Round": SIGNED},
    "qcdq": {"DequantizeLinear": ALL, "QuantizeLinear": ("TERNARY", *SIGNED, *UNSIGNED)},
}
"""dialect -> what makes the weights -> datatypes. `initializer`: plain floats that take few values."""

ACTIVATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "qonnx-1": {**_GENERAL, "Trunc": TRUNCATED, "MultiThreshold": ALL},
    "qonnx-2": {**_GENERAL, "Trunc": TRUNCATED, "MultiThreshold": ALL},
    "brevitas": {**_QUANT, "Trunc": TRUNCATED},
    "brevitas-bare": {**_QUANT, "Trunc": TRUNCATED},
    "binarynet": {"Sign": FEW, "Where": BIPOLAR},
    "xnor": {"Sign": FEW, "Where": BIPOLAR},
    "dorefa": {"Round": ("BINARY", "TERNARY", *SIGNED, *UNSIGNED)},
    "qcdq": {"QuantizeLinear": ("TERNARY", *SIGNED, *UNSIGNED)},
}
"""dialect -> operator that quantizes activations -> datatypes."""

DIALECTS = tuple(WEIGHTS)

QONNX_DOMAINS: dict[str, tuple[str, int | None]] = {
    "qonnx-1": ("qonnx.custom_op.general", 1),
    "qonnx-2": ("qonnx.custom_op.general", 2),
    "brevitas": ("onnx.brevitas", 1),
    "brevitas-bare": ("onnx.brevitas", None),
}
"""dialect -> domain of its operators and the version imported (None: the import is left out)."""

OPSETS: dict[str, tuple[int, ...]] = {
    dialect: tuple(range({"dorefa": 11, "qcdq": 10}.get(dialect, 9), 19)) for dialect in DIALECTS
}
"""`Round` begins with opset 11, `QuantizeLinear` with 10."""

ELEMENTWISE = (
    "BatchNormalization",
    "Relu",
    "Clip",
    "HardSigmoid",
    "Sigmoid",
    "Tanh",
    "LeakyRelu",
    "Elu",
    "Softplus",
    "Mul",
    "Add",
    "Sub",
    "Div",
    "Neg",
    "Max",
    "Min",
    "PRelu",
    "Selu",
    "Erf",
    "Softsign",
)
"""Before a quantizer, in every dialect and for every kind of datatype."""

LINEAR = ("MatMul", "MatMul+Transpose", "Gemm", "Gemm+transB", "Gemm+Transpose")
"""How a fully connected layer is written: `Transpose` stands between the weights and the product."""

RESHAPES: dict[str, tuple[str, ...]] = {
    "none": ("symbolic", "1", "4"),
    "Flatten": ("symbolic", "1", "4"),
    "Reshape to [-1, F]": ("symbolic", "1", "4"),
    "Reshape to [0, -1]": ("symbolic", "1", "4"),
    "Reshape to [batch, -1]": ("1", "4"),
    "Shape-Gather-Unsqueeze-Concat": ("symbolic", "1", "4"),
}
"""How the input becomes a vector -> the batches the model may be exported with."""

INPUTS = ("float", "annotated", "raw")
HEADS = ("logits", "Softmax", "ArgMax", "TopK", "quantized")
ROUNDING = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")
SIZES = (1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 17, 19, 23, 29, 31)
LAYERS = (1, 2, 2, 3, 4, 4, 5, 5)
