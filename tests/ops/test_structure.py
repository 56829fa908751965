# SPDX-License-Identifier: Apache-2.0
"""Costs in RTL: a weighted sum of what a unit is made of, with weights that synthesis gave."""

import json
import math
from importlib import resources

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from benchmarks.calibration import fit, least_squares
from benchmarks.sweep import MAKERS, units_of
from finnlite.boards import board_named
from finnlite.ir import Graph, Node
from finnlite.ops.cost import Resources, Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU
from finnlite.ops.structure import FACTORS, Backend, estimate
from finnlite.ops.unit import Unit
from finnlite.resources import rows
from finnlite.transforms import SizeStreams
from tests.backends.hardware import random_unit

WEIGHTS = json.loads((resources.files("finnlite.ops") / FACTORS).read_text(encoding="utf-8"))["factors"]


def of(node: Node, backend: Backend) -> Resources:
    assert isinstance(node.op, Unit)
    return node.op.resources(node, backend)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_unit_was_measured(kind: str) -> None:
    """And costs more than nothing, all memories included, whatever its size."""
    assert set(WEIGHTS[kind]) == {"lut", "ff"}
    for node in units_of(kind, 6, seed=1):
        assert isinstance(node.op, Unit)
        found, exact = of(node, Backend.RTL), node.op.exact(node)
        assert found.lut >= found.lutram
        assert (found.bram18, found.dsp, found.lutram) == (exact.bram18, exact.dsp, exact.lutram)
        terms = node.op.terms(node)
        lut = sum(weight * terms.get(name, 0) for name, weight in WEIGHTS[kind]["lut"].items())
        assert found.lut == max(exact.lutram, math.ceil(lut))


def test_a_kind_that_was_not_measured_costs_what_its_structure_says() -> None:
    terms = {"control": 40.0, "adders": 8.5, "registers": 12.0, "read": 4.0}
    assert estimate("Absolute", terms, Resources(bram18=2)) == Resources(49, 16, 2)


def test_a_unit_in_rtl_has_no_register_slices() -> None:
    """More in parallel costs more, and less than by HLS."""
    luts = []
    for pe in (1, 4, 16):
        graph = Graph("mvtu")
        x = graph.input("x", (1, 256), DataType["BIPOLAR"])
        weights = graph.constant(np.ones((256, 64)), DataType["BIPOLAR"])
        op = MVTU(pe, 16, DataType["INT10"], memory=Style.BLOCK)
        node = graph.add_node(op, x, weights)
        luts.append(of(node, Backend.RTL).lut)
        assert luts[-1] < of(node, Backend.HLS).lut
    assert luts == sorted(set(luts))


def test_a_fifo_in_rtl_has_the_bits_of_its_words() -> None:
    """In HLS they are made up to whole bytes, which may take one block RAM more."""
    graph = Graph("fifo")
    node = graph.add_node(FIFO(512, 33, Style.BLOCK), graph.input("x", (1, 330), DataType["BIPOLAR"]))
    assert (of(node, Backend.HLS).bram18, of(node, Backend.RTL).bram18) == (2, 1)


def test_estimates_are_of_the_boards_backend() -> None:
    graph = random_unit(0)
    hls, rtl = (rows(graph, board_named("pynq-z1", backend)) for backend in ("hls", "rtl"))
    for node in graph.nodes:
        assert (hls[node.name], rtl[node.name]) == (of(node, Backend.HLS), of(node, Backend.RTL))
    assert hls != rtl
    assert hls["shell"] == rtl["shell"]


def test_streams_are_sized_for_a_backend() -> None:
    graph = random_unit(2).transform(SizeStreams(backend="rtl"))
    assert any(isinstance(node.op, FIFO) for node in graph.nodes)


def test_weights_are_never_negative() -> None:
    """Where the plain least squares would have one of −1."""
    matrix = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    assert least_squares(matrix, np.array([2.0, 1.0, 0.0])) == pytest.approx([1.0, 0.0])
    assert least_squares(matrix, np.array([1.0, 3.0, 5.0])) == pytest.approx([1.0, 2.0])


def test_a_fit_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    table = [{"a": float(a), "b": float(b), "c": 1.0} for a, b in rng.integers(1, 100, (20, 2))]
    found = fit(table, np.array([3 * row["a"] + 0.5 * row["b"] + 20 for row in table]))
    assert found.weights == pytest.approx({"a": 3, "b": 0.5, "c": 20}, abs=0.002)
    assert np.abs(found.errors).max() < 0.001
