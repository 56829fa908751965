# SPDX-License-Identifier: Apache-2.0
"""The deployment folder: what is in it, that it needs numpy only, and that it answers as the graph does."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from numpy.typing import NDArray

from finnlite.accelerator import borders
from finnlite.backends.hls.csim import simulation_plan
from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.boards import BOARDS
from finnlite.errors import UnsupportedError
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.elementwise import Add, Relu
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Reshape
from finnlite.ops.outputs import Softmax
from finnlite.ops.pools import MaxPool
from finnlite.ops.thresholding import Thresholding
from finnlite.plan import Output, Plan
from finnlite.runtime.metadata import Metadata
from finnlite.runtime.packing import pack
from finnlite.samples import Samples
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths

IDENTITY = "0123456789abcdef" * 4
SHAPE = (2, 6)


def model() -> Graph:
    """Float pixels, bipolar inside, a softmax on the host, and the logits as a second output."""
    rng = np.random.default_rng(4)
    graph = Graph("model")
    x = graph.input("pixels", (1, *SHAPE))
    bits = graph.add(Thresholding(-1, 2), x, graph.constant(np.float32([[0.25]])), name="binarize")
    flat = graph.add(Reshape(), bits, graph.constant(np.array([0, -1])))
    weights = graph.constant(rng.integers(0, 2, (12, 5)) * 2.0 - 1, bits.datatype)
    logits = graph.add_node(MatMul(), flat, weights, name="fc", outputs=("sums",)).output
    shifted = graph.add_node(Add(), logits, graph.constant(np.float32([0.5])), outputs=("logits",)).output
    graph.outputs = [graph.add_node(Softmax(), shifted, outputs=("odds",)).output, shifted]
    return graph


def hardware() -> Graph:
    graph = model().transform(MapToHardware(), MinimizeWidths(), Fold(), SizeStreams())
    graph.validate()
    return graph


def plan_of(graph: Graph, frames: NDArray[Any] | None = None, samples: Samples | None = None) -> Plan:
    entry = borders(graph)[0].input(0)
    if frames is None:
        frames = np.ones((2, entry.shape[-1]))
    return deployment_plan(
        graph,
        IDENTITY,
        name="a model",
        board=BOARDS["pynq-z1"],
        clock_mhz=100.0,
        ii_cycles=98,
        latency_cycles=812,
        frames=frames,
        samples=samples,
    )


def source_frames(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, *SHAPE)).astype(np.float32)


# -- contents ---------------------------------------------------------------------------------------
LABELS = np.array([0, 1, 2, 4])


def whole_plan() -> Plan:
    graph = hardware()
    frames = source_frames(4)
    return plan_of(graph, Host(graph).encode(frames), Samples({"pixels": frames}, labels=LABELS))


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


# -- the folder alone -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Built:
    """A folder as `finnlite build` leaves it, and numpy alone in a folder of its own."""

    folder: Path
    packages: Path

    def python(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs code that sees the standard library, numpy and the deployment folder."""
        start = f"import sys; sys.path[:0] = {[str(self.folder / 'deploy'), str(self.packages)]!r}\n"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", start + code, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )

    def notebook(self) -> NotebookNode:
        """The notebook, executed in simulation with one line changed."""
        text = (self.folder / "deploy/finnlite.ipynb").read_text(encoding="utf-8")
        (line,) = (line for line in text.splitlines() if "device=" in line)
        changed = text.replace(line, line.replace("pynq", "sim"))
        pairs = zip(text.splitlines(), changed.splitlines(), strict=True)
        assert sum(before != after for before, after in pairs) == 1
        notebook = nbformat.reads(changed, as_version=4)
        nbformat.validate(notebook)
        kernels = KernelSpecManager(kernel_dirs=[])  # this interpreter, whatever else is installed
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=kernels)
        resources = {"metadata": {"path": str(self.folder / "deploy")}}
        return NotebookClient(notebook, km=manager, timeout=60, resources=resources).execute(cleanup_kc=True)

    def validate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `validate.py`."""
        script = self.folder / "deploy/validate.py"
        code = (
            f"import runpy; sys.argv[0] = 'validate.py'\nrunpy.run_path({str(script)!r}, run_name='__main__')"
        )
        return self.python(code, *arguments)


@pytest.fixture(scope="module")
def built(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Built:
    base = tmp_path_factory.mktemp("deployment")
    with Output(base / "out") as out:
        out.run(simulation_plan(hardware()), "hls")
        out.run(plan, "deploy")
    site = Path(np.__file__).parents[1]
    (base / "packages").mkdir()
    for name in ("numpy", "numpy.libs"):
        if (site / name).exists():
            (base / "packages" / name).symlink_to(site / name)
    return Built(base / "out", base / "packages")


def test_it_predicts_without_finnlite(built: Built) -> None:
    code = """
import importlib.util, io, json
assert importlib.util.find_spec("finnlite") is None and importlib.util.find_spec("onnx") is None
from finnlite_driver import Accelerator
import numpy as np
with np.load(sys.argv[1]) as data:
    x = data["input"]
with Accelerator("deploy", device="sim") as accelerator:
    result = accelerator.predict(x)
print(json.dumps({name: array.tolist() for name, array in result.items()}))
top = {name.split(".")[0] for name in sys.modules if "cython" not in name} - set(sys.stdlib_module_names)
assert top == {"numpy", "finnlite_driver", "__main__"}, top
"""
    x = source_frames(21, seed=5)
    np.savez(built.folder / "frames.npz", input=x)
    ran = built.python(code, "frames.npz")
    assert ran.stderr == ""
    found = json.loads(ran.stdout)
    expected = Session(model()).run(x)
    assert list(found) == ["odds", "logits"]
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-5 * np.abs(array).max())


def saved(built: Built, name: str, **arrays: Any) -> str:
    np.savez(built.folder / name, **arrays)
    return name


def test_validate_says_how_good_and_how_fast(built: Built) -> None:
    x = source_frames(40, seed=6)
    answers = Session(model()).run(x)
    labels = answers["logits"].argmax(axis=1)
    labels[:10] = (labels[:10] + 1) % 5
    name = saved(built, "good.npz", input=x, output=answers["odds"], output_1=answers["logits"], label=labels)
    ran = built.validate(name, "--device", "sim", "--batch", "7")
    assert ran.stderr == ""
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    assert lines[:4] == [
        "odds: 0 of 40 frames differ from 'output'",
        "logits: 0 of 40 frames differ from 'output_1'",
        "accuracy: 75.00 % of 40 labels",
        "40 frames in batches of 7, in simulation, which says nothing about a board",
    ]
    assert "frames/s" in lines[4]


def test_validate_agrees_with_the_samples(built: Built) -> None:
    ran = built.validate("deploy/samples.npz", "--device", "sim")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(
        "odds: 0 of 4 frames differ from 'output'\nlogits: 0 of 4 frames differ from 'output_1'\naccuracy: "
    )


def test_validate_fails_where_outputs_differ(built: Built) -> None:
    x = source_frames(12, seed=7)
    odds = Session(model()).run(x)["odds"]
    odds[5:7, 2] += 0.01
    ran = built.validate(saved(built, "other.npz", input=x, output=odds), "--device", "sim")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0] == "odds: 2 of 12 frames differ from 'output', frame 5 first"


def test_validate_notices_what_is_not_a_number(built: Built) -> None:
    x = source_frames(3, seed=7)
    odds = Session(model()).run(x)["odds"]
    odds[1, 1] = np.nan
    ran = built.validate(saved(built, "nan.npz", input=x, output=odds), "--device", "sim")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0] == "odds: 1 of 3 frames differ from 'output', frame 1 first"


BAD_DATA: dict[str, tuple[dict[str, Any], str]] = {
    "no input": ({"x": source_frames(2)}, "must hold 'input', holds 'x'"),
    "nothing": ({}, "must hold 'input', holds nothing"),
    "no frames": ({"input": source_frames(0)}, "'input' must hold frames, holds none"),
    "one number": ({"input": np.float32(3)}, "'input' must hold frames, holds none"),
    "text": ({"input": np.array(["a", "b"])}, "'input' must hold numbers, holds <U1"),
    "labels": (
        {"input": source_frames(2), "label": np.arange(3)},
        "'label' must hold 2 samples, holds 3",
    ),
    "one-hot": (
        {"input": source_frames(2), "label": np.zeros((2, 5))},
        "'label' must hold one number a sample, has shape [2, 5]",
    ),
    "too many outputs": (
        {"input": source_frames(2), "output_2": np.zeros((2, 5))},
        "'output_2' must be an output of the network, which has 2",
    ),
    "outputs": (
        {"input": source_frames(2), "output": np.zeros((2, 4))},
        "'output' must hold 5 elements a frame, as the accelerator gives, holds 4",
    ),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_validate_says_what_is_wrong_with_a_file(built: Built, case: str) -> None:
    arrays, message = BAD_DATA[case]
    name = saved(built, f"{case}.npz", **arrays)
    ran = built.validate(name, "--device", "sim")
    assert (ran.returncode, ran.stderr) == (1, f"error: {name}: {message}\n")


def test_validate_says_what_is_wrong_with_frames(built: Built) -> None:
    name = saved(built, "shape.npz", input=np.zeros((2, 12)))
    ran = built.validate(name, "--device", "sim")
    message = "input 'pixels' must have shape (2, 6) or (F, 2, 6), has (2, 12); reshape it"
    assert (ran.returncode, ran.stderr) == (1, f"error: {message}\n")


def damaged() -> bytes:
    """An archive whose array is not one."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("input.npy", b"\x93NUMPY\x01")
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "must be an .npz archive, does not exist"),
        (b"hello", "must be an .npz archive, is not; save it with numpy.savez"),
        (damaged(), "must hold arrays of numbers, is damaged ("),
    ],
)
def test_validate_needs_an_archive(built: Built, content: bytes | None, message: str) -> None:
    path = built.folder / "bad.npz"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    ran = built.validate("bad.npz", "--device", "sim")
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error: bad.npz: {message}")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_an_array_of_one_axis_is_no_archive(built: Built) -> None:
    np.save(built.folder / "array.npy", np.zeros(3))
    ran = built.validate("array.npy", "--device", "sim")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: array.npy: must be an .npz archive, is not; save it")


def test_without_pynq_there_is_no_board(built: Built) -> None:
    name = saved(built, "frames.npz", input=source_frames(2))
    ran = built.validate(name)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ")
    assert "Traceback" not in ran.stderr
    assert "pynq" in ran.stderr


def test_a_batch_is_a_positive_number(built: Built) -> None:
    ran = built.validate("frames.npz", "--batch", "0")
    assert ran.returncode == 2
    assert ran.stderr.endswith("argument --batch: must be a positive number of frames, is '0'\n")


def outputs_of(cell: NotebookNode) -> str:
    """What a cell printed or shows, as a browser would get it."""
    shown = [out.text if out.output_type == "stream" else dict(out.data) for out in cell.outputs]
    return "".join(out if isinstance(out, str) else out.get("text/html", out["text/plain"]) for out in shown)


def test_the_notebook_runs_in_simulation_but_for_one_line(built: Built) -> None:
    code = [cell for cell in built.notebook().cells if cell.cell_type == "code"]
    opened, identity, answers, right, sweep, picture, closed = map(outputs_of, code)
    assert opened == "<Accelerator 'a model', simulation>"
    assert f"identity  {IDENTITY}\n" in identity
    assert "input     pixels [2, 6] FLOAT32\noutput    odds [5] FLOAT32\noutput    logits [5]" in identity
    odds = Session(model()).run(source_frames(4))["odds"]
    numbers = [float(number) for number in re.findall(r"\d\.\S*?(?=[,\]])", answers)]
    np.testing.assert_allclose(numbers, odds[:3].ravel(), rtol=1e-5)
    classes = odds.argmax(axis=1)
    assert right.splitlines() == [
        f"classes    {' '.join(map(str, classes))}",
        "agreement  100.00% of 20 answers",
        f"accuracy   {(classes == LABELS).mean():.2%} of 4 labels",
    ]
    assert sweep.startswith("<svg")
    assert "256 frames, in simulation, which says nothing about a board" in sweep
    assert (picture.count("data:image/png;base64,"), picture.count("<rect")) == (1, 5)
    assert (built.folder / "deploy/picture.png").is_file()
    assert closed == "<Accelerator 'a model', simulation, closed>"
