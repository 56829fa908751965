# SPDX-License-Identifier: Apache-2.0
"""Images a second through the stages of TFC and LFC at batch 1,000, as numpy arrays in and out."""

import numpy as np
from numpy.typing import NDArray

import finnlite
from finnlite.execution import Session
from finnlite.ir import Graph
from finnlite.transforms import Streamline

from .measuring import shared, wall_seconds

BATCH = 1000
MODELS = ("tfc_w1a1", "lfc_w1a1")


def speed(graph: Graph, frames: NDArray[np.float32]) -> float:
    """Images a second of one stage."""
    session = Session(graph)
    session.run(frames)
    return len(frames) / wall_seconds(lambda: session.run(frames))


def main() -> None:
    print(f"{'images/s':12}{'Import':>12}{'Streamline':>12}")
    for name in MODELS:
        graph = finnlite.load(shared(f"models/{name}.onnx"))
        integer = graph.copy()
        integer.transform(Streamline())
        golden = np.load(shared(f"models/{name}.golden.npz"))
        source = golden["input"].astype(np.float32).reshape(-1, *graph.inputs[0].shape[1:])
        frames = np.resize(source, (BATCH, *source.shape[1:]))
        print(f"{name:12}{speed(graph, frames):12,.0f}{speed(integer, frames):12,.0f}")


if __name__ == "__main__":
    main()
