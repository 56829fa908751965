# SPDX-License-Identifier: Apache-2.0
"""From a file to the folded graph and the report's data, for CNV and a network of MobileNet-v1's size.

The network has MobileNet-v1's 28 layers and 4.2 million weights, random, of 4 bits, with activations of 4
bits, written as QONNX. No PYNQ-Z1 holds it: it is folded for a part ten times as large. Each model runs in a
process of its own: processor time after the imports, and the most memory it ever held.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from finnlite.boards import BOARDS, Board
from finnlite.flow import compile_stages
from finnlite.options import Options
from finnlite.report import hardware_part

from .measuring import shared

BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1) for _ in range(5)),
    *((1024, 2), (1024, 1)),
)
"""Output channels and stride of the 13 pairs of depthwise and pointwise layers."""
SIZE = 224
CLASSES = 1000
SMALL = BOARDS["pynq-z1"]
LARGE = Board("large", "none", SMALL.budget._make(10 * n for n in SMALL.budget), SMALL.shell)


class _Writer:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: object) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, op_type: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        name = f"{op_type}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [name], name, domain=domain, **attributes))
        return name

    def quant(self, x: str, scale: float, *, signed: bool, bits: int = 4) -> str:
        parameters = (self.constant(v) for v in (scale, 0, bits))
        attributes = {"signed": int(signed), "narrow": int(signed), "rounding_mode": "ROUND"}
        return self.node("Quant", x, *parameters, domain="qonnx.custom_op.general", **attributes)

    def weights(self, *shape: int) -> str:
        latent = self.rng.normal(size=shape).astype(np.float32) * 0.1
        return self.quant(self.constant(latent), 0.03125, signed=True)

    def layer(self, x: str, channels: int, outputs: int, kernel: int, stride: int, group: int = 1) -> str:
        """Convolution, batch norm, rectifier and a quantizer of 4 bits."""
        inputs = channels // group
        y = self.node(
            "Conv",
            x,
            self.weights(outputs, inputs, kernel, kernel),
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[kernel // 2] * 4,
            group=group,
        )
        spread = 0.1 * np.sqrt(inputs * kernel**2)
        values = (
            self.rng.uniform(0.5, 1.5, outputs) * self.rng.choice([1, 1, 1, -1], outputs),
            self.rng.normal(size=outputs) * 0.3,
            self.rng.normal(size=outputs) * 0.1,
            self.rng.uniform(0.5, 1.5, outputs) * spread**2,
        )
        y = self.node("BatchNormalization", y, *(self.constant(v) for v in values))
        return self.quant(self.node("Relu", y), 0.125, signed=False)


def mobilenet(seed: int = 0) -> onnx.ModelProto:
    """A network of MobileNet-v1's shape with random weights of 4 bits."""
    w = _Writer(seed)
    x = w.layer(w.quant("image", 0.0078125, signed=True, bits=8), 3, 32, 3, 2)
    channels = 32
    for outputs, stride in BLOCKS:
        x = w.layer(x, channels, channels, 3, stride, group=channels)
        x = w.layer(x, channels, outputs, 1, 1)
        channels = outputs
    x = w.quant(w.node("GlobalAveragePool", x), 0.125, signed=False)
    x = w.node("MatMul", w.node("Flatten", x), w.weights(channels, CLASSES))
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("image", [1, 3, SIZE, SIZE]), (x, [1, CLASSES]))
    ]
    graph = helper.make_graph(w.nodes, "mobilenet", infos[:1], infos[1:], w.constants)
    domains = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    return helper.make_model(graph, ir_version=8, opset_imports=domains)


def measure(path: Path, board: Board) -> tuple[float, float]:
    """Processor seconds and MB of a build before it writes or verifies anything."""
    BOARDS[board.name] = board
    start = process_time()
    stages = compile_stages(path, Options(board=board.name))
    hardware_part(stages["SizeStreams"], board, 100.0)
    return process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _models(folder: Path) -> Iterator[tuple[str, Path, str]]:
    yield "cnv_w1a1", shared("models/cnv_w1a1.onnx"), SMALL.name
    path = folder / "mobilenet.onnx"
    onnx.save(mobilenet(), path)
    yield "mobilenet_w4a4", path, LARGE.name


def main() -> None:
    if len(sys.argv) == 3:
        print(*measure(Path(sys.argv[1]), {board.name: board for board in (SMALL, LARGE)}[sys.argv[2]]))
        return
    print(f"{'':16}{'CPU s':>8}{'MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, path, board in _models(Path(folder)):
            argv = [sys.executable, "-m", "benchmarks.mobilenet", str(path), board]
            result = subprocess.run(argv, capture_output=True, text=True, check=True)
            seconds, memory = map(float, result.stdout.split())
            print(f"{name:16}{seconds:8.2f}{memory:8.0f}")


if __name__ == "__main__":
    main()
