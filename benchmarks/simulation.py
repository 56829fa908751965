# SPDX-License-Identifier: Apache-2.0
"""C simulation with the foldings of finn-examples (TFC) and BNN-PYNQ (LFC): compile time, images a second."""

import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from finnlite.backends.hls.csim import Csim
from finnlite.flow import compile_stages
from finnlite.host import Host

from .measuring import FOLDINGS, options, shared, wall_seconds


def main() -> None:
    data = np.load(shared("data/mnist_test.npz"))
    print(f"{'':12}{'compile s':>10}{'images/s':>10}{'accuracy':>10}   on {len(data['x']):,} images")
    for name in FOLDINGS:
        graph = compile_stages(shared(f"models/{name}.onnx"), options(name))["SizeStreams"]
        host = Host(graph)
        images = np.where(data["x"] >= 128, 1, -1) if name.startswith("lfc") else data["x"]
        frames = host.encode(images.reshape(-1, *graph.inputs[0].shape[1:]))
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "hls"
            compiling = wall_seconds(
                lambda graph=graph, target=target: Csim.compile(graph, target).close(), 1
            )
            with Csim(graph, target) as csim:
                csim.run(frames[:1])
                start = perf_counter()
                logits = next(iter(host.decode(csim.run(frames)).values()))
                speed = len(frames) / (perf_counter() - start)
        accuracy = np.mean(logits.reshape(len(frames), -1).argmax(1) == data["y"])
        print(f"{name:12}{compiling:10.1f}{speed:10,.0f}{accuracy:10.2%}")


if __name__ == "__main__":
    main()
