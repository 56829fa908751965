# SPDX-License-Identifier: Apache-2.0
"""`metadata.json`: what is written is read back, and what is wrong with a file is said whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.runtime.errors import MetadataError
from finnlite.runtime.metadata import FILE, Border, Metadata, Overlay, Tensor, digest_of
from finnlite.runtime.steps import Program, Step

ARRAYS = {
    "scalar": np.array(0.1),
    "float": np.array([[1.5, -0.0, np.nan], [np.inf, 1e-45, 3]], np.float32),
    "bool": np.array([True, False]),
    "int64": np.array([-(2**63), 2**63 - 1]),
    "empty": np.zeros((0, 3), np.uint8),
    "big endian": np.arange(3, dtype=">i4"),
}
IDENTITY = "0123456789abcdef" * 4


def example() -> Metadata:
    steps = (
        Step("Thresholding", "q", {"axis": 1}, ("pixels", "scalar", None), ("q",), ("int8",)),
        Step("Reshape", "flat", {"allowzero": False}, ("q", "int64"), ("flat",), ("int8",)),
    )
    return Metadata(
        "1.2.3",
        "näme",
        IDENTITY,
        "pynq-z1",
        100.0,
        98,
        812,
        Overlay("overlay/accelerator.bit", "finnlite_0123456789abcdef", "axi_dma", "01234567"),
        Tensor("pixels", (1, 28, 28), "float32", "FLOAT32"),
        Border("BIPOLAR", 784, 104),
        Border("INT11", 10, 24),
        Program("pixels", "float32", ARRAYS, steps, ("flat",)),
        Program("stream", "float32", {}, (), ("stream",)),
        (Tensor("label", (1,), "float32", "UINT4"),),
    )


def written(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda data: None) -> Path:
    data = json.loads(example().encoded())
    change(data)
    (folder / FILE).write_text(json.dumps(data), encoding="utf-8")
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    read, wanted = Metadata.read(written(tmp_path)), example()
    assert read.encoded() == wanted.encoded()
    for name in ("overlay", "input", "border_in", "border_out", "outputs", "identity", "name"):
        assert getattr(read, name) == getattr(wanted, name)
    assert read.encode.steps == wanted.encode.steps
    for name, array in ARRAYS.items():
        found = read.encode.constants[name]
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype.newbyteorder("=")
        assert found.shape == array.shape


def test_it_is_json_that_people_can_read() -> None:
    text = example().encoded().decode("ascii")
    assert text.endswith("\n")
    assert json.loads(text)["format"] == 1
    assert json.loads(text)["input"] == {
        "name": "pixels",
        "shape": [1, 28, 28],
        "dtype": "float32",
        "datatype": "FLOAT32",
    }


def test_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MetadataError) as error:
        Metadata.read(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / FILE}: must be readable, is not (No such file or directory); "
        f"name a folder that `finnlite build` made, or its folder deploy"
    )


def test_the_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MetadataError) as error:
        Metadata.read(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / FILE}: must be readable, is not (not a text); name a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"format": 1, ',
            "must be JSON, is damaged (Expecting property name enclosed in double quotes: "
            "line 1 column 15 (char 14)); copy the folder anew",
        ),
        ("[1]", "must be a JSON object, is not; copy the folder anew"),
        ("{}", "format must be a number, is missing; copy the folder anew"),
        (
            '{"format": 2}',
            "format must be 1, is 2; build the folder anew with the finnlite whose driver this is",
        ),
    ],
)
def test_damaged_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(MetadataError) as error:
        Metadata.read(tmp_path)
    assert str(error.value) == f"{tmp_path / FILE}: {message}"


def step(data: dict[str, Any]) -> dict[str, Any]:
    return dict(data["encode"]["steps"][0])


CHANGES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda d: d.pop("identity"), "identity must be a text, is missing"),
    (lambda d: d.update(name=7), "name must be a text, is 7"),
    (lambda d: d.update(clock_mhz="100"), 'clock_mhz must be a number, is "100"'),
    (lambda d: d.update(ii_cycles=9.5), "ii_cycles must be an integer, is 9.5"),
    (lambda d: d.update(ii_cycles=True), "ii_cycles must be an integer, is true"),
    (lambda d: d.update(overlay=[]), "overlay must be an object, is []"),
    (lambda d: d["overlay"].pop("dma"), "overlay.dma must be a text, is missing"),
    (
        lambda d: d["overlay"].update(user_id="ffffffff"),
        "overlay.user_id must be the first digits of identity, '01234567', is ffffffff",
    ),
    (lambda d: d["input"].update(shape="784"), 'input.shape must be a list, is "784"'),
    (lambda d: d["input"].update(shape=[1.5]), "input.shape must be a list of integers, is [1.5]"),
    (lambda d: d["input"].update(dtype="float33"), "input.dtype must be a numpy type, is 'float33'"),
    (
        lambda d: d["border_in"].update(datatype="INT0"),
        "border_in.datatype must be an integer datatype, is 'INT0'",
    ),
    (lambda d: d["border_in"].update(frame_bytes=98), "border_in.frame_bytes must be 104, is 98"),
    (lambda d: d.update(outputs={}), "outputs must be a list, is {}"),
    (lambda d: d.update(outputs=[3]), "outputs[0] must be an object, is 3"),
    (lambda d: d["outputs"][0].pop("name"), "outputs[0].name must be a text, is missing"),
    (
        lambda d: d["outputs"].append(d["outputs"][0]),
        "decode.results must be as many names as there are outputs, 2, is 1",
    ),
    (lambda d: d["encode"].update(results=[]), "encode.results must be one name, is 0 names"),
    (
        lambda d: d["encode"]["steps"][1].update(op="Conv"),
        "encode.steps[1].op must be an operator of this driver, is 'Conv'",
    ),
    (
        lambda d: d["encode"]["steps"][0].update(inputs=["a", 1]),
        'encode.steps[0].inputs must be a list of texts, is ["a", 1]',
    ),
    (
        lambda d: d["encode"]["steps"][0].update(outputs=[None]),
        "encode.steps[0].outputs must be a list of texts, is [null]",
    ),
    (
        lambda d: d["encode"]["steps"][1].update(inputs=["nowhere", "int64"]),
        "encode.steps[1].inputs must be values that are there, is 'nowhere'",
    ),
    (lambda d: d["decode"].update(results=["y"]), "decode.results must be values that are there, is 'y'"),
    (
        lambda d: d["encode"]["steps"][0].update(dtypes=[]),
        "encode.steps[0].dtypes must be one for each output, is 0 for 1",
    ),
    (
        lambda d: d["encode"]["constants"]["bool"].update(base64="AQAA"),
        "encode.constants.bool.base64 must be the bytes of bool [2], is others",
    ),
    (
        lambda d: d["encode"]["constants"]["bool"].update(base64="!"),
        "encode.constants.bool.base64 must be the bytes of bool [2], is others",
    ),
    (
        lambda d: d.update(board=["a board whose name is far too long for a message"]),
        'board must be a text, is ["a board whose name is far too long for …',
    ),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_what_is_wrong_is_said(tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str) -> None:
    with pytest.raises(MetadataError) as error:
        Metadata.read(written(tmp_path, change))
    assert str(error.value) == f"{tmp_path / FILE}: {message}; copy the folder anew"


def test_every_key_is_needed(tmp_path: Path) -> None:
    keys = json.loads(example().encoded())
    for key in keys:
        with pytest.raises(MetadataError, match=rf": {key} must be .*, is missing; copy the folder anew$"):
            Metadata.read(written(tmp_path, lambda data, key=key: data.pop(key)))
    for part in ("overlay", "input", "border_in", "border_out", "encode", "decode"):
        for key in keys[part]:
            with pytest.raises(MetadataError, match=rf": {part}\.{key} must be .*, is missing;"):
                Metadata.read(written(tmp_path, lambda data, part=part, key=key: data[part].pop(key)))


def test_more_keys_are_no_harm(tmp_path: Path) -> None:
    def add(data: dict[str, Any]) -> None:
        data["note"] = "x"
        data["sha256"] = digest_of(data)

    assert Metadata.read(written(tmp_path, add)).name == "näme"


def test_what_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MetadataError) as error:
        Metadata.read(written(tmp_path, lambda data: data.update(ii_cycles=1)))
    assert str(error.value) == (
        f"{tmp_path / 'metadata.json'}: must be as finnlite wrote it, was changed; copy the folder anew"
    )
