# SPDX-License-Identifier: Apache-2.0
"""All FIFO depths of a folded network: processor time, and the bits that they hold.

CNV has BNN-PYNQ's folding, ResNet-8 the default one, and the network of MobileNet-v1's size that of
`benchmarks.mobilenet`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import onnx

from finnlite.accelerator import units
from finnlite.boards import BOARDS
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.ops.fifo import FIFO
from finnlite.options import Options
from finnlite.schedule import schedule
from finnlite.transforms import SizeStreams

from .measuring import cpu_seconds, shared
from .mobilenet import LARGE, mobilenet

# SIMD and PE of each layer; the last one without BNN-PYNQ's padding of 10 to 64.
CNV = {
    **{f"Conv_{i}": pair for i, pair in enumerate([(3, 16), (32, 32), (32, 16), (32, 16), (32, 4), (32, 1)])},
    **{f"MatMul_{i}": pair for i, pair in enumerate([(4, 1), (8, 1), (1, 5)], start=6)},
}


def _folded() -> Iterator[tuple[str, Graph]]:
    folding = {name: {"simd": simd, "pe": pe} for name, (simd, pe) in CNV.items()}
    yield "cnv_w1a1", compile_stages(shared("models/cnv_w1a1.onnx"), Options(folding=folding))["Fold"]
    yield "resnet8_w4a4", compile_stages(shared("models/resnet8_w4a4.onnx"), Options())["Fold"]
    BOARDS[LARGE.name] = LARGE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mobilenet.onnx"
        onnx.save(mobilenet(), path)
        yield "mobilenet_w4a4", compile_stages(path, Options(board=LARGE.name))["Fold"]


def main() -> None:
    print(f"{'':16}{'CPU s':>8}{'II':>10}{'latency':>10}{'settled':>10}{'FIFOs':>8}{'kbit':>8}{'deepest':>9}")
    for name, graph in _folded():
        seconds = cpu_seconds(lambda graph=graph: graph.copy().transform(SizeStreams()), 3)
        sized = graph.copy().transform(SizeStreams())
        made = schedule(sized)
        fifos = [
            (unit.depth, unit.source(node).width) for node, unit in units(sized) if isinstance(unit, FIFO)
        ]
        kbits = sum(depth * width for depth, width in fifos) / 1e3
        print(f"{name:16}{seconds:8.3f}{made.ii_cycles:10,}{made.latency_cycles:10,}", end="")
        print(f"{made.settled_cycles:10,}{len(fifos):8}{kbits:8.0f}{max(fifos)[0]:9,}")


if __name__ == "__main__":
    main()
