# SPDX-License-Identifier: Apache-2.0
"""Each wrong option, data file or output folder gets one clear message, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.errors import ToolError
from finnlite.flow import building
from tests.small_models import Network

Run = Callable[..., str]


@pytest.mark.parametrize(
    ("folding", "message"),
    [
        (
            '{"fc9": {"pe": 1}}',
            "folding: layer 'fc9' must be a layer of the model, is unknown; did you mean 'fc1'? "
            "The layers are 'fc0', 'fc1'",
        ),
        (
            '{"fc0": {"pee": 1}}',
            "folding: layer 'fc0' (MVTU): attributes must be 'pe', 'simd' and 'memory', is 'pee'; "
            "did you mean 'pe'?",
        ),
        ('{"fc0": {"pe": 3}}', "folding: node 'fc0': pe must divide 4 (1, 2, 4), is 3"),
        ('{"fc0": {"simd": 5}}', "folding: node 'fc0': simd must divide 8 (1, 2, 4, 8), is 5"),
        ('{"fc0": {"pe": 0}}', "folding: node 'fc0': pe must divide 4 (1, 2, 4), is 0"),
        ('{"fc0": {"pe": "many"}}', "folding: layer 'fc0': pe must be an integer, is 'many'"),
        ('{"fc0": {"memory": "ram"}}', "folding: layer 'fc0': memory must be 'lut' or 'block', is 'ram'"),
        ('{"fc0": 4}', "folding: layer 'fc0' must map 'pe', 'simd' and 'memory' to values, is 4"),
        (
            "[1]",
            'folding file \'folding.json\': must map layer names to {"pe": …, "simd": …}, is a JSON list',
        ),
        (
            "{",
            "folding file 'folding.json': must be JSON, is not "
            "(Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
    ],
)
def test_folding(build_refused: Run, good: Path, tmp_path: Path, folding: str, message: str) -> None:
    (tmp_path / "folding.json").write_text(folding)
    assert build_refused(good.name, "--folding", "folding.json") == message


def test_folding_missing(build_refused: Run, good: Path) -> None:
    message = "folding file 'no.json': must be readable, is not (No such file or directory)"
    assert build_refused(good.name, "--folding", "no.json") == message


def test_folding_and_target(build_misused: Run, good: Path, tmp_path: Path) -> None:
    (tmp_path / "folding.json").write_text("{}")
    message = "target fps and folding must not both be given; the folding decides the fps"
    assert build_misused(good.name, "--folding", "folding.json", "--target-fps", "5") == message


def test_max_fps_and_target(build_misused: Run, good: Path) -> None:
    message = "target fps and max fps must not both be given; leave one out"
    assert build_misused(good.name, "--max-fps", "--target-fps", "5") == message


def test_max_fps_of_a_folded_network(build_misused: Run, good: Path) -> None:
    assert build_misused(good.name, "--from", "Fold", "--max-fps") == (
        "max fps must be given to the stage Fold, which --from leaves out"
    )


@pytest.mark.parametrize("percent", ["0", "-1", "100.5", "nan"])
@pytest.mark.parametrize("name", ["lut", "bram"])
def test_limits(build_misused: Run, good: Path, name: str, percent: str) -> None:
    message = f"{name} limit must be above 0 and at most 100 percent, is {percent}"
    assert build_misused(good.name, f"--{name}-limit", percent) == message


def test_board(build_misused: Run, good: Path) -> None:
    message = "board must be 'pynq-z1', is 'pynq-z9'; did you mean 'pynq-z1'?"
    assert build_misused(good.name, "--board", "pynq-z9") == message


def test_backend(build_misused: Run, good: Path) -> None:
    assert build_misused(good.name, "--backend", "vhdl") == "backend must be 'hls' or 'rtl', is 'vhdl'"


def test_a_status_block_of_another_backend(build_misused: Run, good: Path) -> None:
    message = "status must go with the backend 'rtl', whose streams are counted; leave it out"
    assert build_misused(good.name, "--status") == message


def test_rtl_layers_of_another_backend(build_misused: Run, good: Path) -> None:
    message = "rtl layers must go with the backend 'hls': of 'rtl' all are Verilog; leave out"
    assert build_misused(good.name, "--backend", "rtl", "--rtl-layers", "MVTU") == message


def test_a_rung_of_another_backend(build_misused: Run, good: Path) -> None:
    message = "verify samples: rtl must go with the backend 'rtl'; leave it out"
    assert build_misused(good.name, "--verify-samples", "rtl=3") == message


def test_the_rtl_backend_without_verilator(
    build_refused: Run, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise ToolError("RTL simulation: Verilator 5 must be installed, is not")

    monkeypatch.setattr(building, "find_verilator", absent)
    message = "RTL simulation: Verilator 5 must be installed, is not"
    assert build_refused(good.name, "--backend", "rtl") == message


@pytest.mark.parametrize("fps", ["0", "-5", "nan", "inf"])
def test_target_fps(build_misused: Run, good: Path, fps: str) -> None:
    assert build_misused(good.name, "--target-fps", fps) == f"target fps must be a positive number, is {fps}"


def test_target_fps_that_cannot_be_met(build_refused: Run, tmp_path: Path) -> None:
    model = Network((64, 16, 3), datatype="UINT8").save(tmp_path / "wide.onnx")
    # 64 bytes arrive in 8 beats.
    assert build_refused(model.name, "--target-fps", "2e7") == (
        "target fps must be at most 12,500,000 on pynq-z1 at 100 MHz, is 20,000,000; the bottleneck "
        "at the most is 'AxiIn' with 8 cycles a frame: a frame is so many words at the border"
    )


def test_network_that_does_not_fit(build_refused: Run, tmp_path: Path) -> None:
    model = Network((1024, 4096, 4096, 3), datatype="BIPOLAR").save(tmp_path / "big.onnx")
    assert build_refused(model.name) == (
        "the network must fit pynq-z1, needs 1,145 of 238 RAMB18 when folded most; 'fc1' takes 911 RAMB18; "
        "use fewer weights, or fewer bits, or raise the limits"
    )


@pytest.mark.parametrize("mhz", ["0", "-1", "nan", "5000"])
def test_clock(build_misused: Run, good: Path, mhz: str) -> None:
    message = f"clock must be from 1 to 250 MHz on pynq-z1, is {mhz}"
    assert build_misused(good.name, "--clock-mhz", mhz) == message


TYPES = "must be an integer datatype of at most 32 bits like uint8, int4 or bipolar"
POSITIVE = "must be a positive number or fraction like 1/255"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--input-type", "float32"), f"input_type {TYPES}, is 'float32'"),
        (("--input-type", "uint99x"), f"input_type {TYPES}, is 'uint99x'"),
        (("--input-type", "uint8", "--input-scale", "1/0"), f"input_scale {POSITIVE}, is '1/0'"),
        (("--input-type", "uint8", "--input-scale", "much"), f"input_scale {POSITIVE}, is 'much'"),
        (("--input-type", "uint8", "--input-scale", "0"), f"input_scale {POSITIVE}, is '0'"),
        (
            ("--input-type", "uint8", "--input-std", "0"),
            "input_std must be positive numbers, one for all channels or one for each, is ['0']",
        ),
        (
            ("--input-scale", "1/255"),
            "input_scale must come with input_type, comes alone; give input_type too",
        ),
    ],
)
def test_declared_input(build_misused: Run, good: Path, options: tuple[str, ...], message: str) -> None:
    assert build_misused(good.name, *options) == message
    assert build_misused("missing.onnx", *options) == message


def test_declared_input_of_another_type(build_refused: Run, good: Path) -> None:
    assert build_refused(good.name, "--input-type", "uint8") == (
        "input 'x': the model declares it UINT4; "
        "input_type must be uint4 without scale, mean and std, or left out"
    )


def test_declared_mean_of_other_channels(build_refused: Run, tmp_path: Path) -> None:
    model = Network(datatype="").save(tmp_path / "free.onnx")
    message = "input_mean must be one number or 8, is 3"
    assert build_refused(model.name, "--input-type", "uint8", "--input-mean", "1,2,3") == message


@pytest.mark.parametrize("option", ["from", "to"])
def test_stage(build_misused: Run, good: Path, option: str) -> None:
    stages = (
        "Import, Streamline, LowerConvs, InterleaveChannels, MapToHardware, AbsorbThresholds, "
        "MinimizeWidths, Fold, SizeStreams"
    )
    assert (
        build_misused(good.name, f"--{option}", "Nowhere")
        == f"{option} must be one of {stages}, is 'Nowhere'"
    )


def test_from_without_its_file(build_refused: Run, good: Path) -> None:
    message = "from: stage Streamline must be in 'out', is not; build with --stages all first"
    assert build_refused(good.name, "--from", "Streamline") == message


@pytest.mark.parametrize("caps", ["csim", "csim=many", "csim=-1", "=4"])
def test_verify_samples(build_misused: Run, good: Path, caps: str) -> None:
    message = f"--verify-samples: must be RUNG=N, is '{caps}'; for example csim=1000"
    assert build_misused(good.name, "--verify-samples", caps) == message


def test_verify_samples_of_an_unknown_rung(build_misused: Run, good: Path) -> None:
    rungs = "source, import, integer, hardware, csim, rtl, device"
    message = f"verify samples: rung must be one of {rungs}, is 'moon'"
    assert build_misused(good.name, "--verify-samples", "moon=3") == message


# Verify data


def frames(shape: tuple[int, ...] = (5, 8)) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 16


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"input": frames((5, 7))}, "'input' must have shape (N, 8), has (5, 7)"),
        ({"input": frames((0, 8))}, "'input' must have shape (N, 8), has (0, 8)"),
        ({"input": frames() + 0.25}, "'input' must hold integers from 0 to 15 (UINT4), holds 0.25 at (0, 0)"),
        ({"input": frames() + 9}, "'input' must hold integers from 0 to 15 (UINT4), holds 16 at (0, 7)"),
        ({"input": frames() * np.nan}, "'input' must hold finite numbers, holds nan"),
        ({"images": frames()}, "must hold 'input', holds 'images'"),
        ({"input": frames(), "output": np.zeros((5, 2))}, "'output' must have shape (5, 3), has (5, 2)"),
        ({"input": frames(), "label": np.zeros(4, int)}, "'label' must have shape (5), has (4)"),
        ({"input": np.array([{}], object)}, "must hold numbers, holds Python objects"),
    ],
    ids=["width", "empty", "fractions", "range", "nan", "key", "output", "label", "objects"],
)
def test_verify(
    build_refused: Run, good: Path, tmp_path: Path, arrays: dict[str, NDArray[Any]], message: str
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    assert build_refused(good.name, "--verify", "data.npz") == f"verify file 'data.npz': {message}"


def test_verify_missing(build_refused: Run, good: Path) -> None:
    message = "verify file 'no.npz': must be an .npz archive, does not exist"
    assert build_refused(good.name, "--verify", "no.npz") == message


def test_verify_not_npz(build_refused: Run, good: Path, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_text("text")
    message = "verify file 'data.npz': must be an .npz archive, is not; save it with numpy.savez"
    assert build_refused(good.name, "--verify", "data.npz") == message


# The output folder


@pytest.mark.parametrize("name", ["thesis.tex", "stages/keep.me", "report.json"])
def test_foreign_folder(build_refused: Run, good: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine")
    assert build_refused(good.name) == (
        "output folder 'out': must be new, empty or made by finnlite, holds other things; name another folder"
    )


def test_out_is_a_file(build_refused: Run, good: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    message = "output folder 'out': must be a folder, is a file; name another folder"
    assert build_refused(good.name) == message


def test_out_is_the_folder_one_is_in(refused: Run, good: Path) -> None:
    good.rename(good.parent.parent / good.name)
    message = (
        "output folder '.': must not be the folder you are in, as it is replaced as a whole; "
        "name another folder"
    )
    assert refused("build", f"../{good.name}", "-o", ".") == message


# simulate


def simulated(refused: Run, folder: str, source: str, target: str = "y.npy") -> str:
    return refused("simulate", folder, "--engine", "graph", "--input", source, "-o", target)


def test_simulate_without_frames(refused: Run) -> None:
    message = "--input: must be readable, 'x.npy' is not (No such file or directory)"
    assert simulated(refused, "out", "x.npy") == message


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01"])
def test_simulate_with_frames_that_are_none(refused: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    message = "--input: must be an .npy or .npz file of numbers, 'x.npy' is not"
    assert simulated(refused, "out", "x.npy") == message


@pytest.mark.parametrize(
    ("keys", "holds"),
    [
        (["images", "label"], "'images', 'label'"),
        (["input", "input_1", "label"], "'input', 'input_1'"),
        ([], "nothing"),
    ],
)
def test_simulate_with_an_archive_of_other_things(
    refused: Run, tmp_path: Path, keys: list[str], holds: str
) -> None:
    np.savez(tmp_path / "x.npz", **dict.fromkeys(keys, frames()))
    message = f"--input: must hold one input, called 'input', 'x.npz' holds {holds}"
    assert simulated(refused, "out", "x.npz") == message


@pytest.mark.parametrize("content", [{"input": np.array([{}], object)}, None])
def test_simulate_with_a_damaged_archive(
    refused: Run, tmp_path: Path, content: dict[str, NDArray[Any]] | None
) -> None:
    np.savez(tmp_path / "x.npz", **(content or {"input": frames()}))
    if content is None:
        (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:-30])
    message = "--input: must be an .npy or .npz file of numbers, 'x.npz' is not"
    assert simulated(refused, "out", "x.npz") == message


def test_simulate_what_was_not_built(refused: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", frames())
    message = (
        "folder 'out': must hold a finished build, {}; check the path, or run 'finnlite build MODEL -o out'"
    )
    assert simulated(refused, "out", "x.npy") == message.format("does not exist")
    assert refused("report", "out") == message.format("does not exist")
    (tmp_path / "out").write_text("no folder")
    assert simulated(refused, "out", "x.npy") == message.format("is a file")
    (tmp_path / "out").unlink()
    (tmp_path / "out").mkdir()
    assert simulated(refused, "out", "x.npy") == message.format("holds no stages/09_SizeStreams.onnx")
    assert refused("report", "out") == message.format("holds no report.json")


def test_simulate_into_no_folder(refused: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", frames())
    message = "-o: must be a file in a folder that exists, is 'no/y.npy'"
    assert simulated(refused, "out", "x.npy", "no/y.npy") == message
