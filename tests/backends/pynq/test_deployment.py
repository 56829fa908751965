# SPDX-License-Identifier: Apache-2.0
"""The deployment folder: what is in it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from finnlite.accelerator import borders
from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.elementwise import Relu
from finnlite.ops.movement import Reshape
from finnlite.ops.pools import MaxPool
from finnlite.plan import Plan
from finnlite.runtime.metadata import Metadata
from finnlite.runtime.packing import pack
from tests.backends.pynq.deployments import (
    IDENTITY,
    LABELS,
    hardware,
    model,
    plan_of,
    source_frames,
    whole_plan,
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return whole_plan()


COPIED = ("README.md", "finnlite.ipynb", "overlay/README.txt", "validate.py")


def test_the_folder_holds_what_the_board_needs(plan: Plan, root: Path) -> None:
    driver = {f"finnlite_driver/{path.name}" for path in (root / "finnlite/runtime").glob("*.py")}
    written = {"golden.npz", "metadata.json", "samples.npz"}
    others = {*COPIED, *written}
    assert set(plan.files) == driver | others
    assert "finnlite_driver/accelerator.py" in driver
    assert plan.commands == ()


def test_the_driver_is_finnlite_runtime_byte_for_byte(plan: Plan, root: Path) -> None:
    for path in (root / "finnlite/runtime").glob("*.py"):
        assert plan.files[f"finnlite_driver/{path.name}"] == path.read_bytes()
    for name in COPIED:
        assert plan.files[name] == (root / "backends/pynq/deploy" / name).read_bytes()


def test_equal_inputs_give_equal_bytes(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.localtime(time.time() + 3e7)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert dict(whole_plan().files) == dict(plan.files)


def test_the_metadata_describe_the_build(plan: Plan) -> None:
    data = json.loads(plan.files["metadata.json"])
    for key in ("encode", "decode", "finnlite", "sha256"):
        del data[key]
    assert data == {
        "format": 1,
        "name": "a model",
        "identity": IDENTITY,
        "board": "pynq-z1",
        "clock_mhz": 100.0,
        "ii_cycles": 98,
        "latency_cycles": 812,
        "overlay": {
            "bitstream": "overlay/accelerator.bit",
            "cell": "finnlite_0123456789abcdef",
            "dma": "axi_dma",
            "user_id": "01234567",
        },
        "input": {"name": "pixels", "shape": [2, 6], "dtype": "float32", "datatype": "FLOAT32"},
        "border_in": {"datatype": "BIPOLAR", "elements": 12, "frame_bytes": 8},
        "border_out": {"datatype": "INT5", "elements": 5, "frame_bytes": 8},
        "outputs": [
            {"name": "odds", "shape": [5], "dtype": "float32", "datatype": "FLOAT32"},
            {"name": "logits", "shape": [5], "dtype": "float32", "datatype": "FLOAT32"},
        ],
    }


@pytest.mark.parametrize(
    ("datatype", "taken"), [("UINT8", "uint8"), ("BIPOLAR", "int8"), ("INT12", "int16"), ("UINT4", "uint8")]
)
def test_integer_inputs_are_taken_in_the_narrowest_type(datatype: str, taken: str) -> None:
    from qonnx.core.datatype import DataType

    graph = Graph()
    x = graph.input("x", (1, 16), DataType[datatype])
    elems = border_elems(x.datatype)
    graph.outputs = [graph.add(AxiOut(elems=elems), graph.add(AxiIn(elems=elems), x))]
    metadata = Metadata.parse(plan_of(graph).files["metadata.json"].decode())
    assert (metadata.input.dtype, metadata.input.datatype) == (taken, datatype)


def test_golden_frames_are_what_the_units_answer(plan: Plan) -> None:
    graph = hardware()
    first, last = borders(graph)
    frames = Host(graph).encode(source_frames(4))
    watched = Session(graph, [last.output.name]).run(source_frames(4))[last.output.name]
    with np.load(io.BytesIO(plan.files["golden.npz"])) as golden:
        np.testing.assert_array_equal(golden["input"], pack(frames, first.input(0).datatype.name))
        np.testing.assert_array_equal(golden["output"], pack(watched, last.output.datatype.name))
    entries = zipfile.ZipFile(io.BytesIO(plan.files["golden.npz"])).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_samples_are_what_the_model_takes_and_answers(plan: Plan) -> None:
    with np.load(io.BytesIO(plan.files["samples.npz"])) as samples:
        assert sorted(samples) == ["input", "label", "output", "output_1"]
        assert samples["input"].dtype == np.float32
        np.testing.assert_array_equal(samples["input"], source_frames(4))
        np.testing.assert_array_equal(samples["label"], LABELS)
        expected = Session(model()).run(source_frames(4))
        np.testing.assert_allclose(samples["output"], expected["odds"], rtol=1e-6)
        np.testing.assert_allclose(samples["output_1"], expected["logits"], rtol=1e-6)
    assert "samples.npz" not in plan_of(hardware()).files


def test_what_the_driver_cannot_evaluate_is_refused() -> None:
    graph = hardware()
    (odds, _) = graph.outputs
    image = graph.add(Reshape(), odds, graph.constant(np.array([0, 1, -1])))
    node = graph.add_node(MaxPool(kernel_shape=(2,)), graph.add(Relu(), image), origin=("pool 1",))
    graph.outputs = [node.output]
    with pytest.raises(UnsupportedError) as error:
        plan_of(graph)
    assert str(error.value) == (
        "node 'pool 1': must be an operator that the driver evaluates with numpy, is MaxPool; "
        "quantize its result so that it becomes hardware, or apply it to the outputs yourself"
    )


def test_the_readme_has_five_lines(plan: Plan) -> None:
    lines = plan.files["README.md"].decode().splitlines()
    assert [line[:3] for line in lines] == ["1. ", "2. ", "3. ", "4. ", "5. "]


def test_the_readme_tells_of_the_notebook(plan: Plan) -> None:
    lines = plan.files["README.md"].decode().splitlines()
    assert "open `deploy/finnlite.ipynb`" in lines[3]
    assert 'write `device="sim"`' in lines[4]
