# SPDX-License-Identifier: Apache-2.0
"""Real convolutional networks, streamlined: bit for bit, labels, time, and nothing left but integers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import finnlite
from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.nearties import compare_integers
from finnlite.ops.thresholding import Thresholding
from finnlite.transforms import Streamline

MODELS = {
    "cnv_w1a1": {"Conv": 6, "Thresholding": 8, "MaxPool": 2, "MatMul": 3},
    "cnv_w1a2": {"Conv": 6, "Thresholding": 8, "MaxPool": 2, "MatMul": 3},
    "cnv_w1a1_brevitas": {"Conv": 6, "Thresholding": 9, "MaxPool": 2, "MatMul": 3},
    "mnist_cnn_w1a1": {"Conv": 2, "Thresholding": 4, "MaxPool": 2, "MatMul": 2},
    "resnet8_w4a4": {"Conv": 9, "Thresholding": 14, "IntegerAdd": 3, "SumPool": 1, "MatMul": 1},
    "mobilenet_tiny_w4a4": {"Conv": 9, "Thresholding": 10, "SumPool": 1, "MatMul": 1},
}


@cache
def stages(path: Path) -> tuple[Graph, Graph]:
    """The imported graph and the integer one."""
    graph = finnlite.load(path)
    return graph, graph.copy().transform(Streamline())


@pytest.mark.parametrize("model", MODELS)
def test_shared_models_become_integers(model: str, shared: Path) -> None:
    reference, graph = stages(shared / "models" / f"{model}.onnx")
    graph.validate()
    assert Streamline().diagnose(reference) == []
    assert not Streamline().apply(graph.copy())
    golden = np.load(shared / "models" / f"{model}.golden.npz")
    frames = golden["input"].astype(graph.inputs[0].carrier)
    verdict, *_ = compare_integers(reference, graph, {graph.inputs[0].name: frames})
    assert (verdict.mismatches, verdict.near_ties, verdict.first) == (0, 0, None)
    wanted = golden["output"]
    np.testing.assert_allclose(execute(graph, frames), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize(("model", "units"), MODELS.items())
def test_between_the_borders_are_integers_only(model: str, units: dict[str, int], shared: Path) -> None:
    _, graph = stages(shared / "models" / f"{model}.onnx")
    found = dict.fromkeys(units, 0)
    products = [n for n in graph.nodes if n.op.op_type in ("Conv", "MatMul")]
    last = max(list(graph.nodes).index(node) for node in products)
    first = next(i for i, n in enumerate(graph.nodes) if isinstance(n.op, Thresholding) or n in products)
    for index, node in enumerate(graph.nodes):
        if node.op.op_type in found:
            found[node.op.op_type] += 1
        if first <= index <= last:
            assert node.output.datatype.is_integer(), node
            assert node.op.moves_data or node.op.op_type in units, node
    assert found == units
