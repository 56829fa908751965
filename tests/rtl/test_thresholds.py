# SPDX-License-Identifier: Apache-2.0
"""Thresholds in Verilog: standing alone, in a sum's own numbers, and the tables that replace functions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.units.products import Affine, code_of, product_of
from finnlite.backends.rtl.units.thresholds import table_of
from finnlite.ir import Graph
from finnlite.ops.thresholding import Thresholding, threshold_counts
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import Chain, flags, frames_for, levels, random_unit, sorted_thresholds, values
from tests.rtl.bench import assert_equal

FRAMES = 3


@pytest.mark.parametrize("seed", range(1, 96, 6))
def test_random_thresholds(seed: int, tmp_path: Path) -> None:
    graph = random_unit(seed)
    graph.transform(SizeStreams())
    assert any(isinstance(node.op, Thresholding) for node in graph.nodes)
    pauses = 0.3 if seed % 4 == 1 else 0.0
    assert_equal(graph, frames_for(graph, FRAMES, seed), tmp_path, seed=seed, idle=pauses, stall=pauses)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 15, 16, 63, 64, 255])
@pytest.mark.parametrize("datatype", ["BIPOLAR", "UINT1", "INT3", "UINT8"])
def test_any_number_of_thresholds(count: int, datatype: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(count)
    chain = Chain.start(12, datatype)
    bounds = int(DataType[datatype].min()), int(DataType[datatype].max())
    falling = flags(rng, 12, "some")
    table = sorted_thresholds(rng, 12, count, bounds, falling)
    chain.thresholding(Thresholding(*levels(rng, count), pe=(1, 4, 12)[count % 3]), table, falling)
    graph = chain.end()
    graph.transform(SizeStreams())
    assert_equal(graph, frames_for(graph, FRAMES), tmp_path)


@given(
    st.sampled_from([(1, 1), (2, 1), (1, 2), (4, 2)]),
    st.integers(-40, 40),
    st.lists(st.integers(-60, 60), min_size=1, max_size=5),
    st.booleans(),
)
def test_thresholds_of_sums_fire_as_those_of_their_values(
    ratio: tuple[int, int], offset: int, thresholds: list[int], falls: bool
) -> None:
    num, den = ratio
    sums = np.arange(-100, 101)
    sums = sums[(num * sums + offset) % den == 0]  # others stand for nothing
    sorted_ = np.sort(thresholds)[:: -1 if falls else 1][None]
    flips = np.array([falls])
    table = table_of(sorted_, flips, Affine(num, den, np.array([offset])))
    expected = threshold_counts((num * sums + offset)[None] // den, sorted_, flips)[0]
    reached = (sums[:, None] >= table.reached[0]).sum(axis=1)
    assert (np.diff(table.reached) >= 0).all()
    assert (np.where(table.flips, table.count - reached, reached) == expected).all()


PAIRS = ("BIPOLAR", "BINARY", "TERNARY", "INT2", "UINT2", "INT4", "UINT3", "INT8", "UINT8")


@pytest.mark.parametrize("w_type", PAIRS)
@pytest.mark.parametrize("x_type", PAIRS)
def test_sums_stand_for_dot_products(x_type: str, w_type: str) -> None:
    """What the cells count, written out bit by bit, is that affine function of the dot product."""
    rng = np.random.default_rng(7)
    graph, simd, rows = Graph("pair"), 5, 3
    x = graph.input("x", (1, simd), DataType[x_type])
    matrix = values(rng, DataType[w_type], (rows, simd))
    weights = graph.constant(matrix.T, DataType[w_type])
    product = product_of(x, weights, matrix, simd)
    code = code_of(x.datatype)
    for element in values(rng, x.datatype, (20, simd)):
        digits = (element - code.offset) // code.scale  # unsigned
        sums = np.zeros(rows, dtype=np.int64)
        if product.kind == 0:
            signs = [matrix >= 0, matrix > 0][: product.w_bits] if product.w_bits == 2 else [matrix > 0]
            for bit in range(code.bits):
                sums += sum(((digits >> bit & 1) == sign).sum(axis=1) for sign in signs) << bit
        elif product.kind == 1:
            held = matrix & ((1 << product.w_bits) - 1)
            for k in range(product.w_bits):
                inverted = product.w_signed and k == product.w_bits - 1
                for bit in range(code.bits):
                    ones = (digits >> bit & 1) & (held >> k & 1) ^ inverted
                    sums += ones.sum(axis=1) << (k + bit)
        else:
            sums = matrix @ element
        affine = product.affine
        assert (affine.den * (matrix @ element) == affine.num * sums + affine.offset).all()
