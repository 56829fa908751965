# SPDX-License-Identifier: Apache-2.0
"""Execution: expansions equal their definitions, for every batch size."""

from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite import execution
from finnlite.errors import OptionError
from finnlite.execution import Session, execute, expand
from finnlite.ir import Graph
from finnlite.ops.elementwise import Add, Relu
from finnlite.ops.linear import MatMul
from finnlite.ops.thresholding import Thresholding, threshold_counts


def _thresholds(
    datatype: str, count: int, *, falling: bool, rows: int, seed: int
) -> tuple[Graph, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = Graph("t")
    kind = DataType[datatype]
    x = g.input("x", (1, 6), kind)
    low, high = (-50.0, 50.0) if not kind.is_integer() else (kind.min(), kind.max())
    if kind.is_integer():
        table = rng.integers(int(low) - 2, int(high) + 3, (rows, count)).astype(np.float64)
    else:
        table = rng.uniform(low, high, (rows, count)).astype(np.float32).astype(np.float64)
    flags = rng.integers(0, 2, rows).astype(np.float32) if falling else None
    order = np.ones(rows) if flags is None else np.where(flags > 0, -1, 1)
    table = np.sort(table * order[:, None], axis=1) * order[:, None]
    thresholds = g.constant(table.astype(x.carrier))
    g.outputs = [
        g.add(Thresholding(-3, 2), x, thresholds, None if flags is None else g.constant(flags), name="thr")
    ]
    if kind.is_integer():
        samples = rng.integers(int(low), int(high) + 1, (400, 6)).astype(np.float64)
        samples[0], samples[1] = low, high
    else:
        samples = rng.uniform(low, high, (400, 6)).astype(np.float32).astype(np.float64)
        samples[: min(count, 400), :] = table[rng.integers(0, rows), :400, None]
    counts = threshold_counts(samples.T, np.broadcast_to(table, (6, count)), None)
    if flags is not None:
        rising = np.broadcast_to(flags == 0, (6,))
        below = (samples.T[:, :, None] <= np.broadcast_to(table, (6, count))[:, None, :]).sum(axis=2)
        counts = np.where(rising[:, None], counts, below)
    return g, np.stack([samples.T, -3 + 2 * counts])


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 255])
@pytest.mark.parametrize("datatype", ["INT6", "UINT8", "INT22", "INT30", "FLOAT32"])
def test_thresholds_equal_counting(datatype: str, count: int, rows: int, falling: bool) -> None:
    """By comparison, by table (small ranges) and by binary search (wide ranges and floats)."""
    graph, (samples, wanted) = _thresholds(datatype, count, falling=falling, rows=rows, seed=count)
    np.testing.assert_array_equal(execute(graph, samples.T), wanted.T)


def _chain() -> Graph:
    g = Graph("net")
    x = g.input("x", (1, 4), DataType["INT4"])
    y = g.add(MatMul(), x, g.constant(np.arange(12, dtype=np.float32).reshape(4, 3)), name="mm")
    g.outputs = [g.add(Relu(), y, name="act")]
    return g


def test_large_batches_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).integers(-8, 8, (1000, 4))
    whole = execute(_chain(), samples)
    monkeypatch.setattr(execution, "_LARGEST_TENSOR", 4 * 4 * 7)
    session = Session(_chain(), watch=["mm_out"])
    assert session._batch == 7
    parts = session.run(samples)
    np.testing.assert_array_equal(parts["act_out"], whole)
    assert parts["mm_out"].shape == (1000, 3)


def test_an_empty_batch_gives_an_empty_answer() -> None:
    assert execute(_chain(), np.zeros((0, 4))).shape == (0, 3)


def test_an_input_can_be_an_output_and_a_constant_too() -> None:
    g = _chain()
    g.outputs = [g.inputs[0], g.constant(np.float32([1, 2])), g.outputs[0]]
    result = Session(g).run(np.ones((5, 4)))
    assert [array.shape for array in result.values()] == [(5, 4), (2,), (5, 3)]


def test_expansion_keeps_standard_nodes_and_their_names() -> None:
    graph, twins = expand(_chain())
    assert [node.name for node in graph.nodes] == ["mm", "act"]
    assert twins["act_out"].name == "act_out"


def test_wrong_inputs_are_named() -> None:
    with pytest.raises(OptionError) as caught:
        execute(_chain(), np.zeros((2, 5)))
    assert str(caught.value) == "input 'x': shape must be (N, 4), is (2, 5)"
    two = _chain()
    two.input("z", (1, 3))
    with pytest.raises(OptionError) as caught:
        execute(two, np.zeros((2, 4)))
    assert str(caught.value) == "inputs must be given by name ('x', 'z'), is one array"
    with pytest.raises(OptionError) as caught:
        Session(two).run({"x": np.zeros((2, 4))})
    assert str(caught.value) == "input 'z' must be given, is missing"


def test_batch_norm_is_not_fused() -> None:
    """(x·w)·s rounds twice; a fused product would round once and differ."""
    rng = np.random.default_rng(0)
    g = Graph("net")
    x = g.input("x", (1, 64))
    w = rng.normal(size=(64, 64)).astype(np.float32)
    s = rng.normal(size=64).astype(np.float32)
    y = g.add(MatMul(), x, g.constant(w), name="mm")
    g.outputs = [g.add(Add(), y, g.constant(s))]
    session = Session(g, watch=["mm_out"])
    result = session.run(rng.normal(size=(10, 64)))
    np.testing.assert_array_equal(result["mm_out"] + s, result[g.outputs[0].name])
