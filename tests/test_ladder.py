# SPDX-License-Identifier: Apache-2.0
"""The ladder: what it compares, what it notices, and what it forgives."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.comparison import Mismatch, Row, compare_outputs
from finnlite.errors import ModelError, OptionError, UnsupportedError
from finnlite.execution import Session
from finnlite.ir import Graph
from finnlite.ladder import Ladder, accuracies, check_caps, rows_ok, untested_quantizers
from finnlite.nearties import Verdict, compare_integers
from finnlite.ops.elementwise import Mul, Sub
from finnlite.ops.linear import MatMul
from finnlite.ops.mvtu import MVTU
from finnlite.ops.quantizers import BipolarQuant
from finnlite.ops.thresholding import Thresholding
from finnlite.samples import Samples, synthetic_samples
from finnlite.transforms import Streamline
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.integer_graphs import frames_of, integer_mlp

SCALE = np.float32(0.1)


def float_network() -> Graph:
    """Products of ±1 weights, a scale, a bias and a sign, in float32 as an exporter leaves them."""
    rng = np.random.default_rng(4)
    graph = Graph("floats")
    x = graph.input("x", (1, 16), DataType["INT4"])
    one = graph.constant(np.float32(1), name="one")
    for index, (columns, rows) in enumerate([(16, 12), (12, 8), (8, 5)]):
        weights = np.float32(SCALE) * (rng.integers(0, 2, (columns, rows)) * 2 - 1).astype(np.float32)
        x = graph.add(MatMul(), x, graph.constant(weights, name=f"w{index}"), name=f"fc{index}")
        if rows != 5:
            bias = (rng.integers(-3, 4, rows).astype(np.float32) + np.float32(0.5)) * SCALE
            x = graph.add(Sub(), x, graph.constant(bias), name=f"bias{index}")
            x = graph.add(BipolarQuant(), x, one, name=f"sign{index}")
    graph.outputs = [graph.add(Mul(), x, graph.constant(np.float32(3)), name="scale")]
    graph.rename(graph.outputs[0], "y")
    return graph


def stages() -> tuple[Graph, Graph, Graph]:
    imported = float_network()
    integers = imported.copy().transform(Streamline())
    hardware = integers.copy().transform(
        MapToHardware(), AbsorbThresholds(), MinimizeWidths(), Fold(), SizeStreams()
    )
    return imported, integers, hardware


def runner(graph: Graph) -> Any:
    session = Session(graph)

    def run(inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return session.run(inputs)

    return run


def ladder(imported: Graph, integers: Graph, hardware: Graph, **fields: Any) -> Ladder:
    samples = fields.pop("samples", synthetic_samples(imported))
    return Ladder(samples, check_caps(fields.pop("caps", {})), imported, integers, hardware, **fields)


def move_threshold(graph: Graph, name: str, index: int, row: int, by: int) -> None:
    node = graph.node(name)
    old = node.input(index)
    moved = np.array(old.const)
    moved[row] += by
    constant = graph.constant(moved, old.datatype)
    graph.set_input(node, index, constant)


def test_equal_rungs_have_no_mismatches() -> None:
    imported, integers, hardware = stages()
    same = runner(hardware)
    run = ladder(imported, integers, hardware, source=runner(imported), csim=same, device=same)
    rows = run.run()
    assert [(row.stage, row.against) for row in rows] == [
        ("import", "source"), ("integer", "import"), ("hardware", "integer"), ("csim", "hardware"),
        ("device", "csim"),
    ]  # fmt: skip
    assert all((row.mismatches, row.near_ties, row.first_mismatch) == (0, 0, None) for row in rows)
    assert [(row.samples, row.capped_from) for row in rows] == [(8, 64), *[(64, None)] * 4]
    assert rows_ok(rows)
    assert set(run.answers) == {"import", "integer", "hardware", "csim", "device"}


def test_the_device_may_round_floats_otherwise_but_not_answer_otherwise() -> None:
    imported, integers, hardware = stages()
    same = runner(hardware)

    def row_of(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Row:
        def device(inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            return {name: change(array) for name, array in same(inputs).items()}

        rows = ladder(imported, integers, hardware, csim=same, device=device, caps={"device": 9}).run()
        assert (rows[-1].stage, rows[-1].samples, rows[-1].capped_from) == ("device", 9, 64)
        return rows[-1]

    assert row_of(lambda array: array * np.float32(1 + 1e-6)).mismatches == 0
    wrong = row_of(lambda array: np.roll(array, 1, axis=0))
    assert wrong.mismatches
    assert wrong.first_mismatch is not None
    assert not rows_ok([wrong])


def test_a_device_that_cannot_run_the_network_is_said() -> None:
    def refuse(inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        raise UnsupportedError("node 'x': must run on the board, does not")

    imported, integers, hardware = stages()
    row = ladder(imported, integers, hardware, csim=runner(hardware), device=refuse).run()[-1]
    assert (row.stage, row.against, row.samples, row.mismatches) == ("device", "csim", 0, None)
    assert row.note == "not compared: node 'x': must run on the board, does not"


def test_a_source_that_does_not_run_is_said() -> None:
    def broken(inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        raise ModelError("model 'm': must run in qonnx, does not (no shape)")

    row = ladder(*stages(), source=broken).run()[0]
    assert (row.stage, row.against, row.samples, row.mismatches) == ("import", "source", 0, None)
    assert row.note == "not compared: model 'm': must run in qonnx, does not (no shape)"
    assert rows_ok([row])
    assert not rows_ok([row, replace(row, mismatches=1)])


def test_caps_are_said() -> None:
    imported, integers, hardware = stages()
    caps = {"source": 20, "integer": 30, "hardware": 9}
    rows = ladder(imported, integers, hardware, source=runner(imported), caps=caps).run()
    assert [(row.samples, row.capped_from) for row in rows] == [(20, 64), (30, 64), (9, 64)]


def test_a_wrong_layer_of_the_hardware_is_named() -> None:
    imported, integers, hardware = stages()
    move_threshold(hardware, "fc1", 2, 3, 6)
    row = ladder(imported, integers, hardware).run()[-1]
    assert row.stage == "hardware"
    assert row.mismatches > 0
    assert row.first_mismatch is not None
    assert (row.first_mismatch.layer, row.first_mismatch.element) == ("fc1", (3,))
    assert (row.first_mismatch.found, row.first_mismatch.expected) == (-1, 1)


def test_a_wrong_quantizer_of_the_integers_is_named_once() -> None:
    imported, integers, hardware = stages()
    move_threshold(integers, "sign0_thresholds", 1, 2, 8)
    row = ladder(imported, integers, hardware).run()[0]
    assert row.stage == "integer"
    assert row.mismatches > 0
    assert row.near_ties == 0
    assert row.first_mismatch is not None
    assert (row.first_mismatch.layer, row.first_mismatch.element) == ("sign0_thresholds", (2,))
    assert not rows_ok([row])


def test_only_the_layer_that_is_wrong_is_counted() -> None:
    imported, integers, _ = stages()
    frames = synthetic_samples(imported, 500).inputs
    move_threshold(integers, "sign0_thresholds", 1, 2, 8)
    found = Session(integers, ["sign0_thresholds_out"]).run(frames)["sign0_thresholds_out"]
    expected = Session(imported, ["sign0_out"]).run(frames)["sign0_out"]
    verdict, _, _ = compare_integers(imported, integers, frames)
    assert verdict.mismatches == np.count_nonzero(found != expected)
    assert verdict.elements == 500 * (12 + 8)


def near_tie_network(threshold: float) -> Graph:
    """One neuron: the sum of its inputs, scaled by 0.1 in float32, against a threshold."""
    graph = Graph("tie")
    x = graph.input("x", (1, 4), DataType["UINT4"])
    weights = graph.constant(np.full((4, 1), SCALE), name="w")
    product = graph.add(MatMul(), x, weights, name="fc")
    shifted = graph.add(Sub(), product, graph.constant(np.float32(threshold)), name="bias")
    graph.outputs = [graph.add(BipolarQuant(), shifted, graph.constant(np.float32(1)), name="sign")]
    return graph


def test_rounding_of_the_reference_is_a_near_tie() -> None:
    frames = np.array([[1, 2, 3, 1], [0, 0, 0, 0], [15, 15, 15, 15]])
    total = Session(near_tie_network(0), ["fc_out"]).run(frames)["fc_out"][0, 0]
    imported = near_tie_network(float(np.nextafter(total, np.float32(9))))  # just missed by a sum of 7
    integers = imported.copy().transform(Streamline())
    move_threshold(integers, "sign_thresholds", 1, 0, 7 - int(threshold_of(integers)))  # reached by 7
    verdict, _, _ = compare_integers(imported, integers, {"x": frames})
    assert (verdict.mismatches, verdict.near_ties) == (0, 1)
    repeated, _, _ = compare_integers(imported, integers, {"x": frames[[0, 0]]})
    assert (repeated.mismatches, repeated.near_ties) == (2, 0)  # the same accumulator twice: no accident


@pytest.mark.parametrize(
    ("accumulators", "elements", "near_ties"),
    [
        ([7], 10, 1),  # one is always allowed
        ([7, 8], 1_999_999, 0),  # two in fewer than two million are too many
        ([7, 8], 2_000_000, 2),
        ([7, 7], 10**9, 0),  # rare, but twice at the same place: systematic
    ],
)
def test_near_ties_must_be_rare_and_never_repeat(
    accumulators: list[int], elements: int, near_ties: int
) -> None:
    verdict = Verdict(elements=elements)
    verdict.hit("sign", np.array(accumulators), None)
    verdict.settle()
    assert (verdict.mismatches, verdict.near_ties) == (len(accumulators) - near_ties, near_ties)


def test_a_threshold_off_by_one_is_no_near_tie() -> None:
    frames = np.array([[1, 2, 3, 1], [0, 0, 0, 0], [15, 15, 15, 15]])
    imported = near_tie_network(0.65)
    integers = imported.copy().transform(Streamline())
    assert threshold_of(integers) == 7
    move_threshold(integers, "sign_thresholds", 1, 0, 1)
    verdict, _, _ = compare_integers(imported, integers, {"x": frames})
    assert (verdict.mismatches, verdict.near_ties) == (1, 0)
    assert verdict.first == Mismatch("sign_thresholds", 0, (0,), -1.0, 1.0)


def threshold_of(integers: Graph) -> float:
    return float(np.asarray(integers.node("sign_thresholds").input(1).const).item())


def test_a_label_is_compared_with_the_largest_logit() -> None:
    logits = {"y": np.array([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]], np.float32)}
    assert compare_outputs({"label": np.array([[1], [0]])}, logits, exact=True)[0] == 0
    count, first, frames = compare_outputs({"label": np.array([[2], [0]])}, logits, exact=True)
    assert (count, frames.tolist()) == (1, [True, False])
    assert first == Mismatch("label", 0, (0,), 2.0, 1.0)


def test_floats_agree_within_the_frames_magnitude() -> None:
    expected = {"y": np.array([[100.0, 0.0]], np.float32)}
    found = {"y": np.array([[100.0005, 0.0009]], np.float32)}
    assert compare_outputs(found, expected, exact=False)[0] == 0
    assert compare_outputs(found, expected, exact=True)[0] == 2
    assert compare_outputs({"y": np.array([[100.0, 0.0011]])}, expected, exact=False)[0] == 1
    assert compare_outputs({"y": np.array([[np.nan, 0.0]])}, expected, exact=False)[0] == 1
    assert compare_outputs({"y": np.array([[100.0]])}, expected, exact=False)[0] == 2


def test_quantizers_that_samples_cannot_test_are_named() -> None:
    graph = integer_mlp(seed=3).transform(MapToHardware(), AbsorbThresholds(), MinimizeWidths())
    few = Samples({"x": np.zeros((1, 12))})
    many = Samples({"x": frames_of(graph, 2000)})
    assert set(untested_quantizers(graph, few)) <= {"fc0", "fc1"}
    assert untested_quantizers(graph, many) == []
    node = graph.node("fc1")
    dead = graph.constant(np.zeros(node.input(1).shape), DataType["INT2"])
    graph.set_input(graph.node("fc2"), 1, graph.constant(np.zeros((6, 4)), DataType["INT2"]))
    graph.set_input(node, 1, dead)
    assert untested_quantizers(graph, many) == ["fc0", "fc1"]


def test_a_standing_thresholding_is_probed_too() -> None:
    graph = integer_mlp().transform(MapToHardware())
    untested = untested_quantizers(graph, Samples({"x": frames_of(graph, 2000)}))
    assert untested == []
    assert not any(isinstance(node.op, MVTU) and node.optional(2) for node in graph.nodes)
    graph.node("fc1_quant").op = replace(Thresholding(), out_step=0)
    assert "fc1_quant" in untested_quantizers(graph, Samples({"x": frames_of(graph)}))


@pytest.mark.parametrize(
    ("caps", "message"),
    [
        (
            {"moon": 3},
            "verify samples: rung must be one of source, import, integer, hardware, csim, rtl, device, "
            "is 'moon'",
        ),
        ({"csim": 0}, "verify samples: csim must have at least 1 sample, has 0"),
        ({"csim": True}, "verify samples: csim must have at least 1 sample, has True"),
    ],
)
def test_wrong_caps(caps: dict[str, int], message: str) -> None:
    with pytest.raises(OptionError) as error:
        check_caps(caps)
    assert str(error.value) == message


def test_expected_outputs_of_a_file_are_a_rung_and_labels_an_accuracy() -> None:
    imported, integers, hardware = stages()
    frames = frames_of(imported, 20)
    outputs = Session(imported).run({"x": frames})["y"]
    samples = Samples({"x": frames}, {"y": outputs + 1}, outputs.argmax(axis=1), "file")
    run = ladder(imported, integers, hardware, samples=samples)
    rows = run.run()
    assert (rows[0].stage, rows[0].against, rows[0].mismatches) == ("import", "file", outputs.size)
    assert accuracies(samples, run.answers) == {"import": 1.0, "integer": 1.0, "hardware": 1.0}
    assert accuracies(synthetic_samples(imported), run.answers) == {}
