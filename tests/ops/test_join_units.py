# SPDX-License-Identifier: Apache-2.0
"""Units of several streams, and sums beyond float32: meaning by definition, threads."""

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.pooling import WindowSum
from tests.unit_nodes import frames_of, node_of, run


def test_sums_beyond_float32_are_exact() -> None:
    node = node_of(WindowSum(3), ((1, 2, 6), "INT24"))
    x = np.full((1, 1, 2, 6), 2**23 - 1)
    assert run(node, x)[0].ravel().tolist() == [3 * 2**23 - 3] * 4
    add = node_of(StreamAdd((3, 1)), ((2,), "INT24"), ((2,), "INT24"))
    big = np.array([[2**23 - 1, -(2**23)]])
    assert run(add, big, big - [[0, -1]])[0].tolist() == [[4 * (2**23 - 1), -(2**25) + 1]]


@pytest.mark.parametrize(
    ("kinds", "factors", "datatype"),
    [
        (("BIPOLAR", "BIPOLAR"), (1, 1), "INT3"),
        (("UINT4", "UINT4"), (1, 1), "UINT5"),
        (("UINT4", "INT4"), (2, -3), "INT7"),
        (("TERNARY", "BINARY"), (-1, -1), "INT2"),
    ],
)
def test_add(kinds: tuple[str, str], factors: tuple[int, int], datatype: str) -> None:
    op = StreamAdd(factors, pe=2)
    node = node_of(op, *(((2, 3, 4), kind) for kind in kinds))
    a, b = frames_of(node, 0), frames_of(node, 1)
    assert np.array_equal(run(node, a, b)[0], factors[0] * a + factors[1] * b)
    assert node.output.datatype.name == datatype
    steps = op.steps(node)
    assert len(steps) == op.cycles(node) == 12
    assert all(port.all() for port in (*steps.ports_read, *steps.ports_written))
    assert [s.width // s.elems for s in op.sources(node)] == [
        int(DataType[kind].bitwidth()) for kind in kinds
    ]


def test_concat_and_split_move_channels() -> None:
    concat = StreamConcat(pe=2)
    node = node_of(concat, *(((2, 3, c), kind) for c, kind in ((4, "BIPOLAR"), (2, "UINT2"), (6, "INT3"))))
    parts = [frames_of(node, index) for index in range(3)]
    whole = np.concatenate(parts, axis=3)
    assert np.array_equal(run(node, *parts)[0], whole)
    assert node.output.datatype.name == "INT3"
    reads = concat.steps(node).ports_read
    assert len(concat.steps(node)) == concat.cycles(node) == 36
    assert [np.flatnonzero(port[:6]).tolist() for port in reads] == [[0, 1], [2], [3, 4, 5]]
    split = StreamSplit((4, 2, 6), pe=2)
    back = node_of(split, ((2, 3, 12), "INT3"))
    for found, part in zip(run(back, whole), parts, strict=True):
        assert np.array_equal(found, part)
    writes = split.steps(back).ports_written
    assert [np.flatnonzero(port[:6]).tolist() for port in writes] == [[0, 1], [2], [3, 4, 5]]
    assert [stream.words for stream in split.sinks(back)] == [12, 6, 18]
    assert split.legal(*back.inputs) == {"pe": (1, 2)}


def test_duplicate() -> None:
    op = Duplicate(3, pe=2)
    node = node_of(op, ((2, 3, 4), "INT3"))
    x = frames_of(node)
    assert [np.array_equal(found, x) for found in run(node, x)] == [True] * 3
    assert len(op.steps(node).ports_written) == len(op.sinks(node)) == 3
    assert op.cycles(node) == len(op.steps(node)) == 12
