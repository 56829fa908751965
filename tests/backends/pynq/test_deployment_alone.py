# SPDX-License-Identifier: Apache-2.0
"""The deployment folder alone: it needs numpy only, and answers as the graph does."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbformat import NotebookNode

from finnlite.backends.hls.csim import simulation_plan
from finnlite.execution import Session
from finnlite.plan import Output, Plan
from tests.backends.pynq.deployments import (
    IDENTITY,
    LABELS,
    Built,
    hardware,
    model,
    source_frames,
    whole_plan,
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return whole_plan()


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
