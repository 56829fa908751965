# SPDX-License-Identifier: Apache-2.0
"""Does the time to import, copy and round-trip a chain of small nodes grow linearly with its length?"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import finnlite
from finnlite import serde
from finnlite.ir import Graph

from .measuring import cpu_seconds

LENGTHS = (250, 1000)


def chain(length: int) -> onnx.ModelProto:
    """`length` nodes in a row, alternately an addition of a constant and a rectifier."""
    constant = numpy_helper.from_array(np.ones((1, 4), np.float32), "c")
    nodes = [
        helper.make_node("Relu", [f"v{k}"], [f"v{k + 1}"], f"n{k}")
        if k % 2
        else helper.make_node("Add", [f"v{k}", "c"], [f"v{k + 1}"], f"n{k}")
        for k in range(length)
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("v0", f"v{length}")]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], [constant])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])


def measure(length: int, folder: Path) -> dict[str, float]:
    """CPU seconds of each step on a chain of this length."""
    path = folder / f"chain{length}.onnx"
    onnx.save(chain(length), path)
    graph: Graph = finnlite.load(path)
    return {
        "import": cpu_seconds(lambda: finnlite.load(path)),
        "copy": cpu_seconds(graph.copy),
        "round trip": cpu_seconds(lambda: serde.from_onnx(serde.to_onnx(graph))),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        short, long = (measure(length, Path(name)) for length in LENGTHS)
    print(f"{'CPU ms':12}" + "".join(f"{length:>10}" for length in LENGTHS) + "     ratio (linear: 4)")
    for step in short:
        ratio = long[step] / short[step]
        print(f"{step:12}{short[step] * 1e3:10.1f}{long[step] * 1e3:10.1f}{ratio:10.2f}")


if __name__ == "__main__":
    main()
