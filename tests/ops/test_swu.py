# SPDX-License-Identifier: Apache-2.0
"""The sliding window unit: im2col by definition, its thread step by step, its buffer."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finnlite.ops.swu import SWU, Sweep, line_capacity
from tests.unit_nodes import Integers, frames_of, node_of, run


def windows(x: Integers, op: SWU) -> Integers:
    """(N, OH, OW, kh, kw, C), pixel by pixel, from the definition."""
    (kh, kw), (sh, sw), (dh, dw) = op.kernel, op.strides, op.dilations
    height, width = x.shape[1:3]
    rows = [y for y in range(0, height, sh) if y + (kh - 1) * dh < height]
    columns = [c for c in range(0, width, sw) if c + (kw - 1) * dw < width]
    result = np.zeros((len(x), len(rows), len(columns), kh, kw, x.shape[3]), dtype=np.int64)
    for (i, y), (j, c) in itertools.product(enumerate(rows), enumerate(columns)):
        for ky, kx in itertools.product(range(kh), range(kw)):
            result[:, i, j, ky, kx] = x[:, y + ky * dh, c + kx * dw]
    return result


small = st.integers(1, 3)
pairs = st.tuples(small, small)


@st.composite
def sweeps(draw: st.DrawFn) -> tuple[SWU, tuple[int, int, int]]:
    kernel, dilations = draw(pairs), draw(pairs)
    strides = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    more = draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
    height, width = ((k - 1) * d + 1 + m for k, d, m in zip(kernel, dilations, more, strict=True))
    channels = draw(st.sampled_from([1, 2, 4, 6]))
    simd = draw(st.sampled_from([d for d in (1, 2, 3, 6) if channels % d == 0]))
    return SWU(kernel, strides, dilations, simd), (height, width, channels)


@given(sweeps())
@settings(max_examples=60, deadline=None)
def test_swu_is_im2col(case: tuple[SWU, tuple[int, int, int]]) -> None:
    op, shape = case
    node = node_of(op, (shape, "INT4"))
    x = frames_of(node)
    expected = windows(x, op)
    assert np.array_equal(run(node, x)[0], expected.reshape(*expected.shape[:3], -1))


def hardware(sweep: Sweep, words: int) -> tuple[list[bool], list[bool]]:
    """The serial thread, step by step, from its rules, whatever the closed forms say."""
    (rows, columns), (kh, kw), (dh, dw) = sweep.outputs, sweep.kernel, sweep.dilations
    capacity, size = line_capacity(sweep) * words, sweep.height * sweep.width * words
    need, first = [], []
    for oy, ox, ky, kx, fold in itertools.product(
        range(rows), range(columns), range(kh), range(kw), range(words)
    ):
        y, x = oy * sweep.strides[0], ox * sweep.strides[1]
        need.append(((y + ky * dh) * sweep.width + x + kx * dw) * words + fold)
        first.append((y * sweep.width + x) * words)
    heads, head, word = [0, 0, 0, 0], 0, 0
    reads, writes = [], []
    while word < len(need):
        reading = head < size and head - first[word] < capacity
        stored = heads[-4]  # words read until four steps ago
        last = word == len(need) - 1
        writing = need[word] < stored and (not last or head + reading == size)
        assert not writing or head - capacity <= need[word], "overwritten before it is written out"
        head += reading
        heads.append(head)
        word += writing
        reads.append(bool(reading))
        writes.append(bool(writing))
        assert len(reads) < 10**6, "it hangs"
    return reads, writes


@given(sweeps())
@settings(max_examples=150, deadline=None)
def test_swu_thread(case: tuple[SWU, tuple[int, int, int]]) -> None:
    op, shape = case
    node = node_of(op, (shape, "INT4"))
    steps, sweep = op.steps(node), op.sweep_of(node.input(0))
    reads, writes = hardware(sweep, op.words(node))
    assert (steps.reads.tolist(), steps.writes.tolist()) == (reads, writes)
    assert len(steps) == op.cycles(node)
    assert np.count_nonzero(steps.reads) == op.source(node).words
    assert np.count_nonzero(steps.writes) == op.sink(node).words
    assert steps.writes[-1], "nothing comes after the frame's last write"
    # As short as any thread can be that waits D = 4 steps: with a buffer of the whole image no shorter.
    full = sweep.height * sweep.width * op.words(node)
    need = np.flatnonzero(steps.writes)
    assert need[0] >= 4
    assert len(steps) >= max(full, op.sink(node).words + 4)


@pytest.mark.parametrize(
    ("size", "channels", "kernel", "stride", "simd", "cycles"),
    [
        (32, 3, 3, 1, 3, 8162),  # 8,167 with no write before the first window is complete (numbers.md)
        (30, 64, 3, 1, 32, 14224),
        (28, 64, 2, 2, 32, 1624),
        (14, 64, 3, 1, 32, 2640),
        (12, 128, 3, 1, 32, 3676),
        (10, 128, 2, 2, 32, 436),
        (5, 128, 3, 1, 32, 344),
        (3, 256, 3, 1, 32, 76),
    ],
)
def test_swu_cycles_of_cnv(
    size: int, channels: int, kernel: int, stride: int, simd: int, cycles: int
) -> None:
    op = SWU((kernel, kernel), (stride, stride), simd=simd)
    node = node_of(op, ((size, size, channels), "UINT2"))
    assert op.cycles(node) == len(op.steps(node)) == cycles


def test_a_line_buffer_holds_little_more_than_the_lines_of_a_window() -> None:
    assert line_capacity(Sweep(32, 32, (3, 3), (1, 1), (1, 1))) == 67
    assert line_capacity(Sweep(1, 50, (1, 5), (1, 1), (1, 1))) == 5
    # What no window wants behind the last one is read before that leaves.
    assert line_capacity(Sweep(9, 9, (1, 1), (3, 3), (1, 1))) == 81 - 60


@given(sweeps())
@settings(max_examples=60, deadline=None)
def test_parallel_windows(case: tuple[SWU, tuple[int, int, int]]) -> None:
    serial, (height, width, channels) = case
    op = SWU(serial.kernel, serial.strides, serial.dilations, channels, parallel=True)
    node = node_of(op, ((height, width, channels), "BIPOLAR"))
    steps, sweep = op.steps(node), op.sweep_of(node.input(0))
    (rows, columns), (kh, kw) = sweep.outputs, sweep.kernel
    done = [
        (oy * op.strides[0] + (kh - 1) * op.dilations[0]) * width
        + ox * op.strides[1]
        + (kw - 1) * op.dilations[1]
        for oy, ox in itertools.product(range(rows), range(columns))
    ]
    assert steps.reads.all()
    assert np.flatnonzero(steps.writes).tolist() == done
    assert op.cycles(node) == len(steps) == height * width
    assert op.source(node).elems == channels
    assert op.sink(node).elems == kh * kw * channels
    assert {v.simd for v in op.variants(*node.inputs) if v.parallel} == {channels}
