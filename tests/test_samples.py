# SPDX-License-Identifier: Apache-2.0
"""Verify files: what is taken, mapped and refused; and the synthetic frames."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.errors import OptionError
from finnlite.ir import Graph
from finnlite.ops.scaling import Normalize
from finnlite.samples import load_samples, synthetic_samples
from tests.integer_graphs import integer_mlp

MEAN, STD = 0.25, 0.5


def declared(datatype: str = "UINT8") -> Graph:
    """A graph whose input stands for (q/255 − mean)/std."""
    graph = Graph("declared")
    q = graph.input("q", (1, 4), DataType[datatype])
    constants = [graph.constant(np.float64(c)) for c in (1, 255, MEAN, STD)]
    graph.outputs = [graph.add(Normalize(), q, *constants, name="normalize")]
    return graph


def saved(folder: Path, **arrays: NDArray[Any]) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def message(folder: Path, graph: Graph, **arrays: NDArray[Any]) -> str:
    path = saved(folder, **arrays)
    with pytest.raises(OptionError) as error:
        load_samples(path, graph)
    return str(error.value).removeprefix(f"verify file {str(path)!r}: ")


def test_floats_are_mapped_to_the_integers_they_stand_for(tmp_path: Path) -> None:
    q = np.arange(256).reshape(64, 4)
    samples = load_samples(saved(tmp_path, input=(q / 255 - MEAN) / STD), declared())
    assert np.array_equal(samples.inputs["q"], q)
    assert samples.data == "file"


def test_integers_are_taken_as_they_are(tmp_path: Path) -> None:
    q = np.arange(8, dtype=np.uint8).reshape(2, 4)
    assert np.array_equal(load_samples(saved(tmp_path, input=q), declared()).inputs["q"], q)


def test_floats_further_than_two_ulp_are_refused(tmp_path: Path) -> None:
    exact = np.float32((200 / 255 - MEAN) / STD)
    frames = np.full((3, 4), exact)
    for ulps in (1, 2):
        frames[1, 2] = exact + ulps * np.spacing(exact)
        assert load_samples(saved(tmp_path, input=frames), declared()).inputs["q"][1, 2] == 200
    frames[1, 2] = exact + 3 * np.spacing(exact)
    assert message(tmp_path, declared(), input=frames) == (
        f"'input' must hold the reals of the declared UINT8 inputs, holds {frames[1, 2]:.9g} at (1, 2); "
        f"the nearest is {exact:.9g} (q = 200)"
    )


def test_reals_beyond_the_declared_range_are_refused(tmp_path: Path) -> None:
    text = message(tmp_path, declared("UINT4"), input=np.full((1, 4), (16 / 255 - MEAN) / STD))
    assert text.startswith("'input' must hold the reals of the declared UINT4 inputs, holds -0.3745")
    assert text.endswith("(q = 15)")


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((3, 5)), "'input' must have shape (N, 12), has (3, 5)"),
        (np.zeros(12), "'input' must have shape (N, 12), has (12)"),
        (np.zeros((0, 12)), "'input' must have shape (N, 12), has (0, 12)"),
        (np.full((2, 12), 16), "'input' must hold integers from 0 to 15 (UINT4), holds 16 at (0, 0)"),
        (np.full((2, 12), -1), "'input' must hold integers from 0 to 15 (UINT4), holds -1 at (0, 0)"),
        (np.full((2, 12), 0.5), "'input' must hold integers from 0 to 15 (UINT4), holds 0.5 at (0, 0)"),
        (np.full((2, 12), np.nan), "'input' must hold finite numbers, holds nan"),
        (np.full((2, 12), "a"), "'input' must hold numbers, holds <U1"),
    ],
)
def test_wrong_inputs(tmp_path: Path, array: NDArray[Any], text: str) -> None:
    assert message(tmp_path, integer_mlp(), input=array) == text


def test_zero_is_not_bipolar(tmp_path: Path) -> None:
    text = message(tmp_path, integer_mlp(datatype="BIPOLAR"), input=np.zeros((1, 12)))
    assert text == "'input' must hold -1 or 1 (BIPOLAR), holds 0 at (0, 0)"


def test_what_else_a_file_holds(tmp_path: Path) -> None:
    graph = integer_mlp()
    frames = np.zeros((3, 12))
    extra = saved(tmp_path, input=frames, output=np.ones((3, 4)), label=np.arange(3), pixels=np.zeros(7))
    samples = load_samples(extra, graph)
    assert len(samples) == 3
    assert samples.outputs["y"].shape == (3, 4)
    assert samples.labels is not None
    assert samples.labels.tolist() == [0, 1, 2]
    assert len(samples.first(2)) == 2
    assert message(tmp_path, graph, images=frames) == "must hold 'input', holds 'images'"
    wrong = message(tmp_path, graph, input=frames, output=np.ones((3, 5)))
    assert wrong == "'output' must have shape (3, 4), has (3, 5)"
    assert message(tmp_path, graph, input=frames, label=np.ones(4)) == "'label' must have shape (3), has (4)"


def test_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with pytest.raises(OptionError) as error:
        load_samples(path, integer_mlp())
    assert str(error.value) == f"verify file {str(path)!r}: must be an .npz archive, does not exist"
    path.write_text("text")
    with pytest.raises(OptionError) as error:
        load_samples(path, integer_mlp())
    assert (
        str(error.value)
        == f"verify file {str(path)!r}: must be an .npz archive, is not; save it with numpy.savez"
    )


@pytest.mark.parametrize("datatype", ["BIPOLAR", "TERNARY", "UINT8", "INT4", "FLOAT32"])
def test_synthetic_frames_cover_the_input_type(datatype: str) -> None:
    graph = Graph("g")
    graph.input("x", (1, 300), DataType[datatype])
    samples = synthetic_samples(graph)
    frames = samples.inputs["x"]
    assert frames.shape == (64, 300)
    assert samples.data == "synthetic"
    assert np.array_equal(frames, synthetic_samples(graph).inputs["x"])
    kind = DataType[datatype]
    if kind.is_integer():
        wanted = {-1, 1} if datatype == "BIPOLAR" else set(range(int(kind.min()), int(kind.max()) + 1))
        assert set(np.unique(frames).astype(int)) == wanted
