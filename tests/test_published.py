# SPDX-License-Identifier: Apache-2.0
"""Foldings that others published: what the model of time says of them, beside what they found."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from benchmarks.measuring import FOLDINGS, options
from finnlite import flow
from finnlite.accelerator import units
from finnlite.options import Options
from finnlite.report import model_part
from finnlite.timing import analyse

CYCLES = {
    "tfc_w1a1": (64, 64, 64, 8),
    "lfc_w1a1": (448, 512, 512, 128),
    "cnv_w1a1": (32400, 28224, 20736, 28800, 20736, 18432, 32768, 32768, 1024),
}
INTERVALS = {
    "tfc_w1a1": 98,
    "lfc_w1a1": 512,
    "cnv_w1a1": 32768,
}  # 98 beats of 8-bit pixels; TFC's layers take 64
MACS = {"tfc_w1a1": 59_008, "lfc_w1a1": 2_910_208, "cnv_w1a1": 59_461_376}


@pytest.mark.parametrize("model", FOLDINGS)
def test_published_foldings_have_the_published_cycles(shared: Path, model: str) -> None:
    graph = flow.compile_stages(shared / "models" / f"{model}.onnx", options(model))["SizeStreams"]
    cycles = {node.name: unit.cycles(node) for node, unit in units(graph)}
    assert tuple(cycles[name] for name in FOLDINGS[model]) == CYCLES[model]
    assert analyse(graph).ii_cycles == max(cycles.values()) == INTERVALS[model]
    assert model_part(model, "", graph)["macs"] == MACS[model]


def test_tfc_takes_as_long_as_its_layers_where_the_host_makes_bits_of_the_pixels(shared: Path) -> None:
    folding = Options(folding=FOLDINGS["tfc_w1a1"])
    graph = flow.compile_stages(shared / "models" / "tfc_w1a1.onnx", folding)["SizeStreams"]
    assert analyse(graph).ii_cycles == 64


def test_the_latency_of_cnv_is_near_the_boards(shared: Path, tmp_path: Path) -> None:
    """BNN-PYNQ pads the last layer to 64 outputs, four at once; its board takes 158,000 cycles."""
    model = onnx.load(shared / "models" / "cnv_w1a1.onnx")
    weights = next(tensor for tensor in model.graph.initializer if tensor.name == "w8")
    padded = np.pad(numpy_helper.to_array(weights), ((0, 0), (0, 54)), constant_values=1)
    weights.CopyFrom(numpy_helper.from_array(padded, "w8"))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 64
    onnx.save(model, tmp_path / "padded.onnx")
    folding = {**FOLDINGS["cnv_w1a1"], "MatMul_8": {"simd": 1, "pe": 4}}
    graph = flow.compile_stages(tmp_path / "padded.onnx", Options(folding=folding))["SizeStreams"]
    performance = analyse(graph)
    assert performance.ii_cycles == 32768
    assert 140_000 <= performance.latency_cycles <= 160_000
