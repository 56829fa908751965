# SPDX-License-Identifier: Apache-2.0
"""Every transform alone, over random networks: function kept, idempotent, written and read back equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.accelerator import units
from finnlite.execution import Session
from finnlite.ir import Graph
from finnlite.nearties import compare_integers
from finnlite.ops.elementwise import Add, Mul
from finnlite.ops.linear import MatMul
from finnlite.ops.mvtu import MVTU
from finnlite.ops.quantizers import Quant
from finnlite.ops.thresholding import Thresholding
from finnlite.serde import from_onnx, to_onnx
from finnlite.transforms.folding import Fold, folding_of
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.streams import SizeStreams
from tests.comparison import differences
from tests.networks.tables import DIALECTS

from .agreement import assert_agree
from .stages import NETWORKS, TRANSFORMS, Compiled, compiled, run, seeds_of
from .units_by_definition import run_units

QUIET = 2.0**-13
"""Rounding of float sums, in integers, up to which near-ties must be as rare as the ladder demands."""
HARDWARE = [name for name in TRANSFORMS if name != "Streamline"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_streamline_keeps_the_function(dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        reference, integers = it.graphs["Import"], it.graphs["Streamline"]
        verdict, *_ = compare_integers(reference, integers, {reference.inputs[0].name: it.frames})
        assert verdict.first is None, (it.network.name, verdict)
        if it.network.noise <= QUIET:
            assert verdict.mismatches == 0, (it.network.name, verdict)
        # sums of many bits with arbitrary scales: near-ties are as likely as their rounding is large
        allowed = max(2.0, 4 * verdict.elements * it.network.noise)
        assert verdict.mismatches + verdict.near_ties <= allowed, (it.network.name, verdict)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stage", HARDWARE)
def test_hardware_transforms_keep_the_function_exactly(stage: str, dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        expected = run(it.before(stage), it.frames)
        assert_agree(it.network.name, run(it.graphs[stage], it.frames), list(expected.values()), exact=True)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stage", TRANSFORMS)
def test_transforms_are_idempotent(stage: str, dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        again = it.graphs[stage].copy()
        changed = TRANSFORMS[stage].apply(again)
        assert differences(it.graphs[stage], again) == [], it.network.name
        assert not changed, (it.network.name, "says it changed something")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stage", ["Import", *TRANSFORMS])
def test_stages_are_written_and_read_back_equal(stage: str, dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        graph = it.graphs[stage]
        assert differences(graph, from_onnx(to_onnx(graph))) == [], it.network.name


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stage", TRANSFORMS)
def test_transforms_leave_their_input_alone(stage: str, dialect: str) -> None:
    """Copies share constants, so a transform that writes into one would be seen here."""
    for seed in list(seeds_of(dialect))[:6]:
        it = compiled(seed)
        before = it.before(stage)
        kept = from_onnx(to_onnx(before))
        before.copy().transform(TRANSFORMS[stage])
        assert differences(before, kept) == [], it.network.name


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stage", ["Streamline", "AbsorbThresholds", "MinimizeWidths", "SizeStreams"])
def test_integers_stay_within_their_datatypes(stage: str, dialect: str) -> None:
    """Bounds come from the actual weights; what really occurs must lie inside them and be whole."""
    for seed in seeds_of(dialect):
        it = compiled(seed)
        graph = it.graphs[stage]
        watched = [v for v in graph.values if v.const is None and v.datatype.is_integer() and v.producer]
        found = run(graph, it.frames, *(v.name for v in watched))
        for value in watched:
            array = found[value.name]
            assert value.datatype.min() <= array.min(), (it.network.name, value)
            assert array.max() <= value.datatype.max(), (it.network.name, value)
            assert (array == np.rint(array)).all(), (it.network.name, value)
        for value in graph.values:
            if value.const is not None and value.datatype.is_integer():
                assert np.all(value.datatype.allowed(value.const)), (it.network.name, value)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_between_the_first_and_the_last_layer_everything_is_an_integer(dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        graph = it.graphs["Streamline"]
        products = [node for node in graph.nodes if isinstance(node.op, MatMul)]
        assert len(products) == len(it.network.plan.layers), it.network.name
        for node in products:
            assert all(v is not None and v.datatype.is_integer() for v in (*node.inputs, node.output))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_units_do_what_their_definitions_say(dialect: str) -> None:
    """The graph's expansions against NumPy in int64, unit by unit."""
    for seed in seeds_of(dialect):
        it = compiled(seed)
        graph = it.graphs["SizeStreams"]
        placed = units(graph)
        entry = placed[0].node.input(0)
        names = [node.output.name for node, _ in placed]
        found = Session(graph, [entry.name, *names]).run(it.frames)
        expected = run_units(graph, found[entry.name])
        for node, unit in placed:
            if isinstance(unit, MVTU | Thresholding):
                wanted = expected[node.name]
                assert (found[node.output.name].reshape(wanted.shape) == wanted).all(), (
                    it.network.name,
                    node.name,
                )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_legal_folding_keeps_the_function(dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        rng = np.random.default_rng([seed, 11])
        graph = it.graphs["MinimizeWidths"].copy()
        folding = random_folding(graph, rng)
        graph.transform(Fold(folding), SizeStreams())
        graph.validate()
        assert folding_of(graph) == folding, it.network.name
        expected = run(it.graphs["MinimizeWidths"], it.frames)
        assert_agree(it.network.name, run(graph, it.frames), list(expected.values()), exact=True)


def random_folding(graph: Graph, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """A legal folding of every unit."""
    folding: dict[str, dict[str, Any]] = {}
    for node, unit in units(graph):
        settings = unit.settings(*node.inputs)
        if settings:
            folding[node.name] = {
                name: values[rng.integers(len(values))] for name, values in settings.items()
            }
    return folding


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_label_is_that_of_the_logits(dialect: str) -> None:
    """With output "label" the accelerator or the host names the first of the largest logits."""
    tried = 0
    for seed in seeds_of(dialect):
        it = compiled(seed)
        if it.network.plan.head not in ("logits", "Softmax") or not labels_are_clear(it):
            continue
        tried += 1
        graph = it.graphs["Streamline"].copy().transform(MapToHardware("label"))
        graph.validate()
        (logits,) = run(it.graphs["Streamline"], it.frames).values()
        (labels,) = run(graph, it.frames).values()
        assert (labels.reshape(-1) == logits.argmax(axis=1)).all(), it.network.name
    assert tried


def labels_are_clear(it: Compiled) -> bool:
    """Whether the outputs are logits of two classes or more."""
    return it.network.sizes[-1] > 1


def test_the_networks_cover_what_the_transforms_have_to_deal_with() -> None:
    """Falling thresholds, global ones, jumps of several levels, unreachable ones, constant channels."""
    falling = shared = repeated = unreachable = alone = 0
    for seed in range(0, NETWORKS, 4):
        for node, unit in units(compiled(seed).graphs["MinimizeWidths"]):
            if not isinstance(unit, MVTU | Thresholding):
                continue
            index = 1 if isinstance(unit, Thresholding) else 2
            thresholds, flips = node.optional(index), node.optional(index + 1)
            if thresholds is None or thresholds.const is None:
                continue
            rows = thresholds.const
            alone += isinstance(unit, Thresholding)
            falling += flips is not None
            shared += len(rows) == 1 < node.output.shape[-1]
            repeated += bool((np.diff(rows, axis=1) == 0).any())
            unreachable += bool((np.ptp(rows, axis=1) == 0).any())
    counts = {
        "falling": falling,
        "shared": shared,
        "repeated": repeated,
        "constant": unreachable,
        "alone": alone,
    }
    assert all(counts.values()), counts


def test_rows_of_equal_weights_are_turned_around_with_their_bounds() -> None:
    """Weights that are all +1 have one-sided sums; a row that falls is negated, and its bounds too."""
    graph = Graph()
    x = graph.input("x", (1, 4), DataType["UINT3"])
    product = graph.add(MatMul(), x, graph.constant(np.ones((4, 3), np.float32)))
    scaled = graph.add(Mul(), product, graph.constant(np.float32([-1, 1, -0.5])))
    moved = graph.add(Add(), scaled, graph.constant(np.float32([9.3, -7.2, 6.1])))
    parameters = (graph.constant(np.asarray(v, np.float32)) for v in (2.0, 0, 3))
    levels = graph.add(Quant(signed=True, narrow=False), moved, *parameters)
    graph.outputs = [graph.add(MatMul(), levels, graph.constant(np.float32([[1], [-1], [1]])))]
    frames = np.random.default_rng(0).integers(0, 8, (200, 4)).astype(np.float32)
    integers = graph.copy().transform(TRANSFORMS["Streamline"])
    (node,) = [n for n in integers.nodes if isinstance(n.op, MatMul) and n.output.shape == (1, 3)]
    found = run(integers, frames, node.output.name)
    accumulators = found.pop(node.output.name)
    assert accumulators.min() < 0 < accumulators.max(), "no row was turned around"
    assert node.output.datatype.min() <= accumulators.min()
    assert accumulators.max() <= node.output.datatype.max()
    assert_agree("turned", found, list(run(graph, frames).values()))
