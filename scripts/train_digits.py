# SPDX-License-Identifier: Apache-2.0
"""Trains the packaged example and writes it: `python scripts/train_digits.py` (extra `train`).

A 64-64-64-10 perceptron with ±1 weights and activations on scikit-learn's 8x8 digits, whose pixels (0..16)
are clipped to 4 bits. Training follows BinaryNet (Courbariaux et al., 2016): real-valued shadow weights,
the sign in the forward pass, and the saturating straight-through estimator in the backward pass. The 360
held-out images play no part in it: the number of epochs and the seed are fixed beforehand.

With one thread (OMP_NUM_THREADS=1) the same NumPy on the same processor gives the same file.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Array = NDArray[np.float64]

SIZES = (64, 64, 64, 10)
HELD_OUT = 360
EPSILON = 1e-5
QONNX_DOMAIN = "qonnx.custom_op.general"
EXAMPLES = Path(__file__).parents[1] / "finnlite" / "examples"


def sign(x: Array) -> Array:
    """The sign as QONNX's BipolarQuant defines it: zero counts as positive."""
    return np.where(x >= 0, 1.0, -1.0)


@dataclass
class Adam:
    """One parameter with its moments (Kingma and Ba, 2015)."""

    value: Array
    mean: Array = field(init=False)
    square: Array = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        self.mean = np.zeros_like(self.value)
        self.square = np.zeros_like(self.value)

    def step(self, gradient: Array, rate: float) -> None:
        """One update of the value against the gradient."""
        self.steps += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient**2 - self.square)
        mean = self.mean / (1 - 0.9**self.steps)
        square = self.square / (1 - 0.999**self.steps)
        self.value -= rate * mean / (np.sqrt(square) + 1e-8)


class Layer:
    """A ±1 matrix product with batch normalisation, and a ±1 activation except after the last layer."""

    def __init__(self, inputs: int, outputs: int, last: bool, rng: np.random.Generator) -> None:
        self.weights = Adam(rng.uniform(-1, 1, (inputs, outputs)) * np.sqrt(1.5 / (inputs + outputs)))
        self.gamma = Adam(np.ones(outputs))
        self.beta = Adam(np.zeros(outputs))
        self.mean = np.zeros(outputs)
        self.variance = np.ones(outputs)
        self.last = last

    def train(self, x: Array) -> Array:
        """The forward pass with the batch's own statistics, kept for `backward`."""
        self.x = x
        product = x @ sign(self.weights.value)
        mean, variance = product.mean(0), product.var(0)
        self.mean += 0.1 * (mean - self.mean)
        self.variance += 0.1 * (variance - self.variance)
        self.scale = 1 / np.sqrt(variance + EPSILON)
        self.normal = (product - mean) * self.scale
        self.y = self.normal * self.gamma.value + self.beta.value
        return self.y if self.last else sign(self.y)

    def backward(self, gradient: Array, rate: float) -> Array:
        """The input's gradient; updates the parameters."""
        if not self.last:
            gradient = gradient * (np.abs(self.y) <= 1)
        normal = gradient * self.gamma.value
        product = self.scale * (normal - normal.mean(0) - self.normal * (normal * self.normal).mean(0))
        result = product @ sign(self.weights.value).T
        self.weights.step(self.x.T @ product, rate)
        np.clip(self.weights.value, -1, 1, out=self.weights.value)
        self.gamma.step((gradient * self.normal).sum(0), rate)
        self.beta.step(gradient.sum(0), rate)
        return result

    def predict(self, x: Array) -> Array:
        """The forward pass with the statistics gathered in training."""
        product = x @ sign(self.weights.value)
        y = (product - self.mean) / np.sqrt(self.variance + EPSILON) * self.gamma.value + self.beta.value
        return y if self.last else sign(y)


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """The indices of one epoch's batches, in random order."""
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def train(x: Array, labels: NDArray[np.int64], epochs: int, seed: int) -> list[Layer]:
    """Trains the network by softmax cross-entropy with a cosine learning rate."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(SIZES[:-1], SIZES[1:], strict=True))
    layers = [Layer(i, o, last=k == len(shapes) - 1, rng=rng) for k, (i, o) in enumerate(shapes)]
    targets = np.eye(SIZES[-1])[labels]
    for epoch in range(epochs):
        rate = 0.01 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        for batch in batches(len(x), 64, rng):
            y = x[batch]
            for layer in layers:
                y = layer.train(y)
            odds = np.exp(y - y.max(1, keepdims=True))
            gradient = (odds / odds.sum(1, keepdims=True) - targets[batch]) / len(batch)
            for layer in reversed(layers):
                gradient = layer.backward(gradient, rate)
    return layers


def predict(layers: list[Layer], x: Array) -> Array:
    """The network's logits."""
    for layer in layers:
        x = layer.predict(x)
    return x


def export(layers: list[Layer]) -> onnx.ModelProto:
    """The network in QONNX's dialect, with 4-bit integer pixels as its declared input."""
    nodes, constants = [], [numpy_helper.from_array(np.ones((), np.float32), "one")]
    value = "pixels"
    for k, layer in enumerate(layers):
        arrays = {
            "weights": layer.weights.value,
            "gamma": layer.gamma.value,
            "beta": layer.beta.value,
            "mean": layer.mean,
            "variance": layer.variance,
        }
        for name, array in arrays.items():
            constants.append(numpy_helper.from_array(array.astype(np.float32), f"fc{k}.{name}"))
        output = "logits" if layer.last else f"fc{k}.normal"
        norm = [f"fc{k}.product", *(f"fc{k}.{name}" for name in ("gamma", "beta", "mean", "variance"))]
        nodes += [
            _bipolar(f"fc{k}.weights", f"fc{k}.signs", f"fc{k}.weight_quant"),
            helper.make_node("MatMul", [value, f"fc{k}.signs"], [f"fc{k}.product"], f"fc{k}.matmul"),
            helper.make_node("BatchNormalization", norm, [output], f"fc{k}.norm", epsilon=EPSILON),
        ]
        if not layer.last:
            value = f"fc{k}.active"
            nodes.append(_bipolar(output, value, f"fc{k}.sign"))
    graph = helper.make_graph(
        nodes,
        "digits_w1a1",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, SIZES[0]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, SIZES[-1]])],
        constants,
    )
    note = graph.quantization_annotation.add(tensor_name="pixels")
    note.quant_parameter_tensor_names.add(key="finn_datatype", value="UINT4")
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX_DOMAIN, 1)]
    model = helper.make_model(graph, producer_name="train_digits", ir_version=8, opset_imports=opsets)
    onnx.checker.check_model(model)
    return model


def _bipolar(source: str, target: str, name: str) -> onnx.NodeProto:
    return helper.make_node("BipolarQuant", [source, "one"], [target], name, domain=QONNX_DOMAIN)


def main() -> None:
    """Trains, reports the accuracy on the held-out images, and writes the model and those images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, default=EXAMPLES, help="folder of the two files")
    options = parser.parse_args()
    pixels, labels = load_digits(return_X_y=True)
    pixels = np.minimum(pixels, 15)
    x, x_test, labels, labels_test = train_test_split(
        pixels, labels, test_size=HELD_OUT, random_state=options.seed, stratify=labels
    )
    layers = train(x, labels, options.epochs, options.seed)
    logits = predict(layers, x_test)
    print(f"training accuracy {np.mean(predict(layers, x).argmax(1) == labels):.2%}")
    print(f"held-out accuracy {np.mean(logits.argmax(1) == labels_test):.2%}")
    onnx.save(export(layers), options.out / "digits_w1a1.onnx")
    np.savez_compressed(
        options.out / "digits_w1a1.npz",
        input=x_test.astype(np.float32),
        output=logits.astype(np.float32),
        label=labels_test.astype(np.int64),
    )


if __name__ == "__main__":
    main()
