# SPDX-License-Identifier: Apache-2.0
"""Files that are no models: one message each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from finnlite.errors import ModelError
from finnlite.transforms.importing import Import, read_model

AGAIN = "export the model to ONNX again"


def model_of(weights):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "fc")
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node], "g", [info("x", TensorProto.FLOAT, (1, 64))], [info("y", TensorProto.FLOAT, (1, 64))],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


WEIGHTS = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model whose weights lie in a file of their own."""
    path = tmp_path / "model" / "m.onnx"
    path.parent.mkdir()
    onnx.save(model_of(WEIGHTS), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    return path


def message(path):
    with pytest.raises(ModelError) as error:
        read_model(path)
    return str(error.value)


def test_missing(tmp_path):
    path = tmp_path / "no.onnx"
    assert message(path) == f"model {str(path)!r} must be an ONNX file, does not exist; check the path"


def test_folder(tmp_path):
    assert message(tmp_path) == (
        f"model {str(tmp_path)!r} must be an ONNX file, is a folder; name the file in it"
    )


def test_path_that_no_file_can_have():
    assert message("a\0b").startswith("model 'a\\x00b' cannot be read: ")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"import torch\nprint('no model')\n", "is text"),
        ("π ≈ 3".encode() * 3000, "is text"),
        (b"PK\x03\x04" + bytes(100), "is a ZIP archive (a PyTorch checkpoint or a Keras model?)"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "is an HDF5 file (a Keras model?)"),
        (b"\x80\x02}q\x00.", "is a Python pickle"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "is a Git LFS pointer (fetch the file with `git lfs pull`)",
        ),
    ],
)
def test_other_kinds_of_files(tmp_path, content, found):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    assert message(path) == f"model {str(path)!r} must be an ONNX file, {found}; {AGAIN}"


def test_every_truncation_is_noticed(tmp_path):
    whole = model_of(WEIGHTS).SerializeToString()
    path = tmp_path / "m.onnx"
    path.write_bytes(whole)
    read_model(path)
    for size in (1, 2, 10, 100, len(whole) // 2, len(whole) - 100, len(whole) - 7, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert message(path).startswith(f"model {str(path)!r} must be a")


def test_random_bytes(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(bytes(range(255, -1, -1)) * 3)
    assert message(path) == (
        f"model {str(path)!r} must be an ONNX file, is damaged, truncated or of another kind (768 bytes); "
        f"copy it again or {AGAIN}"
    )


def test_names_that_are_no_text(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(model_of(WEIGHTS).SerializeToString().replace(b"MatMul", b"Mat\xfful"))
    assert "is damaged, truncated or of another kind" in message(path)


def test_a_model_without_nodes(tmp_path):
    path = tmp_path / "m.onnx"
    model = model_of(WEIGHTS)
    del model.graph.node[:]
    onnx.save(model, path)
    assert message(path) == (
        f"model {str(path)!r} must be a whole ONNX model, has no nodes; copy it again or {AGAIN}"
    )


def test_external_data_is_read_whatever_the_working_directory(external, monkeypatch):
    monkeypatch.chdir(external.parent.parent)
    for path in (external, "model/m.onnx"):
        weights = Import().load(path).node("fc").input(1).const
        assert weights is not None
        np.testing.assert_array_equal(weights, WEIGHTS)


def about(path):
    return f"model {str(path)!r}: external data of 'w'"


def test_external_data_that_is_missing(external):
    (external.parent / "w.bin").unlink()
    assert message(external) == (
        f"{about(external)} must be in 'w.bin', which does not exist; copy it beside the model"
    )


def test_external_data_that_is_cut(external):
    data = (external.parent / "w.bin").read_bytes()
    (external.parent / "w.bin").write_bytes(data[:-4])
    assert message(external) == (
        f"{about(external)} must end within 'w.bin' ({len(data) - 4} bytes), ends at {len(data)}; "
        "copy it again"
    )


def relocate(path, location, **entries):
    model = onnx.load(path, load_external_data=False)
    tensor = model.graph.initializer[0]
    for entry in tensor.external_data:
        entry.value = {"location": location, **entries}.get(entry.key, entry.value)
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["../w.bin", "sub/../../w.bin", "{absolute}", ""])
def test_external_data_outside_of_the_folder(external, location):
    (external.parent / "w.bin").rename(external.parent.parent / "w.bin")
    location = location.format(absolute=external.parent.parent / "w.bin")
    relocate(external, location)
    assert message(external) == (
        f"{about(external)} must lie in the model's folder, is {location!r}; move it there and {AGAIN}"
    )


def test_external_data_behind_a_link_to_outside(external):
    (external.parent / "w.bin").rename(external.parent.parent / "w.bin")
    (external.parent / "w.bin").symlink_to(external.parent.parent / "w.bin")
    assert message(external) == (
        f"{about(external)} must lie in the model's folder, is 'w.bin'; move it there and {AGAIN}"
    )


def test_external_data_with_a_negative_offset(external):
    relocate(external, "w.bin", offset="-4")
    assert message(external).startswith(f"{about(external)} must end within 'w.bin' ")


def test_external_data_of_a_constant_node_is_checked_too(tmp_path):
    tensor = numpy_helper.from_array(WEIGHTS, "w")
    model = model_of(WEIGHTS)
    del model.graph.initializer[:]
    model.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    onnx.external_data_helper.set_external_data(model.graph.node[0].attribute[0].t, "../w.bin")
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert "must lie in the model's folder, is '../w.bin'" in message(path)
