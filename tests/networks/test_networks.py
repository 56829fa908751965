# SPDX-License-Identifier: Apache-2.0
"""The generator itself: it fills the coverage table, and what it writes is legal, repeatable and alive."""

from functools import cache

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.networks import Network, random_mlp, source_outputs
from tests.networks.blocked import BLOCKED_KINDS, blocked_mlp
from tests.networks.coverage import coverage_table, empty_cells, possible_cells, summary
from tests.networks.numerics import granularity, is_exact_dot
from tests.networks.oracle import input_batch
from tests.networks.tables import DIALECTS

SEEDS = 300


@cache
def network(seed: int) -> Network:
    return random_mlp(seed)


def check_standard_parts(model: onnx.ModelProto) -> None:
    """onnx.checker, with the import that some exporters leave out added."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    imported = {entry.domain for entry in copy.opset_import}
    for domain in {node.domain for node in copy.graph.node} - imported:
        copy.opset_import.append(helper.make_opsetid(domain, 1))
    onnx.checker.check_model(copy)


def test_no_cell_of_the_coverage_table_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    networks = [network(seed) for seed in range(SEEDS)]
    with capsys.disabled():
        print(f"\n{SEEDS} networks touch\n{summary(networks)}")
    assert empty_cells(networks) == []


def test_every_cell_touched_is_in_the_coverage_table() -> None:
    touched = coverage_table(network(seed) for seed in range(SEEDS)).keys()
    assert touched - possible_cells() == set()


def test_an_empty_cell_is_reported() -> None:
    binary = [network(seed) for seed in range(SEEDS) if network(seed).plan.dialect != "xnor"]
    missing = empty_cells(binary)
    assert missing
    assert {cell.dialect for cell in missing} == {"xnor"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_networks_run_in_the_outside_oracle(dialect: str) -> None:
    alive = total = 0
    for seed in range(DIALECTS.index(dialect), SEEDS, len(DIALECTS)):
        net = network(seed)
        assert net.plan.dialect == dialect
        check_standard_parts(net.model)
        batch = input_batch(net.model)
        samples = batch or 16
        outputs = source_outputs(net.model, net.inputs(samples, np.random.default_rng(seed)))
        assert [len(output) for output in outputs] == [samples] * len(net.model.graph.output), net.name
        assert all(np.isfinite(output).all() for output in outputs), net.name
        if batch != 1:
            total += 1
            alive += any(np.ptp(output, axis=0).any() for output in outputs)
    assert alive >= 0.4 * total, f"only {alive} of {total} networks answer differently to different inputs"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_written_is_what_the_cells_say(dialect: str) -> None:
    """The coverage is claimed while writing; the operators in the file must bear it out."""
    for seed in range(DIALECTS.index(dialect), SEEDS, len(DIALECTS)):
        net = network(seed)
        claimed = {cell.operator.rpartition(":")[2] for cell in net.features}
        written = {node.op_type for node in net.model.graph.node}
        quantizers = {
            "Quant",
            "IntQuant",
            "BipolarQuant",
            "Trunc",
            "MultiThreshold",
            "QuantizeLinear",
            "Sign",
        }
        assert written & quantizers == (claimed | ({"Quant"} & written)) & quantizers, net.name
        for operator in ("Relu", "Softplus", "Tanh", "BatchNormalization", "Gemm", "MatMul", "Softmax"):
            assert operator not in claimed or operator in written, (net.name, operator)
        assert Network.input_options.fget is not None
        assert bool(net.input_options) == (net.plan.input_kind == "raw")


def test_equal_seeds_give_equal_networks() -> None:
    assert random_mlp(11).model.SerializeToString() == network(11).model.SerializeToString()
    generators = [np.random.default_rng(5) for _ in range(2)]
    first, second = (random_mlp(generator) for generator in generators)
    assert first.model.SerializeToString() == second.model.SerializeToString()
    assert random_mlp(generators[0]).name != first.name


def test_constraints_are_met() -> None:
    for seed in range(20):
        net = random_mlp(seed, dialect="qcdq", head=("logits", "Softmax"), batch="4", max_size=7)
        assert net.plan.dialect == "qcdq"
        assert net.plan.head in ("logits", "Softmax")
        assert input_batch(net.model) == 4
        assert max(net.sizes) <= 7
    with pytest.raises(ValueError, match="no plan of dialect dorefa meets"):
        random_mlp(0, dialect="dorefa", opset=9)


def test_raw_inputs_reach_the_source_as_declared() -> None:
    net = next(n for n in map(network, range(SEEDS)) if n.spec.mean and n.spec.scale.startswith("1/"))
    raw = net.raw_inputs(6, np.random.default_rng(0))
    assert net.input_options["input_type"] == net.plan.input_type.lower()
    top = int(net.spec.scale.removeprefix("1/"))
    expected = np.float32((raw[0].ravel()[0].astype(np.float64) / top - net.spec.mean[0]) / net.spec.std[0])
    assert net.to_source(raw)[0].ravel()[0] == expected


def test_annotated_inputs_stay_within_their_datatype() -> None:
    nets = [n for n in map(network, range(SEEDS)) if n.plan.input_kind == "annotated"]
    for net in nets:
        names = {a.tensor_name: a for a in net.model.graph.quantization_annotation}
        entry = names[net.model.graph.input[0].name].quant_parameter_tensor_names[0]
        assert (entry.key, entry.value) == ("finn_datatype", net.plan.input_type)
        assert (
            net.inputs(5, np.random.default_rng(1)) == np.rint(net.inputs(5, np.random.default_rng(1)))
        ).all()


def test_exact_sums_are_recognised() -> None:
    assert granularity(np.float32([0.75, -2, 0])) == -2
    assert granularity(np.float32([[1, 0.5], [0, 2]]), axis=0).tolist() == [0, -1]
    rng = np.random.default_rng(0)
    levels = np.arange(-8, 8, dtype=np.float32) * np.float32(0.625)
    weights = rng.integers(-128, 128, (31, 7)).astype(np.float32) * np.float32(0.5)
    assert is_exact_dot(levels, weights)
    assert not is_exact_dot(levels * np.float32(0.123), weights)
    assert not is_exact_dot(levels, weights * np.float32(0.3))
    assert not is_exact_dot(None, weights)


@pytest.mark.parametrize("kind", BLOCKED_KINDS)
def test_blocked_models_are_legal_onnx_and_name_a_node(kind: str) -> None:
    blocked = blocked_mlp(kind)
    check_standard_parts(blocked.model)
    assert blocked.node in [node.name for node in blocked.model.graph.node]
    if blocked.runs:
        x = np.random.default_rng(0).normal(size=(2, 31)).astype(np.float32)
        with np.errstate(all="ignore"):
            assert source_outputs(blocked.model, x)[0].shape == (2, 5)
