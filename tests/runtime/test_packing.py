# SPDX-License-Identifier: Apache-2.0
import ast
from pathlib import Path

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.ops.axi import border_bits
from finnlite.runtime import packing
from finnlite.runtime.packing import element_type, frame_bytes, pack, unpack

TYPES = (
    "BIPOLAR",
    "BINARY",
    "TERNARY",
    *(f"{s}INT{b}" for s in ("", "U") for b in (2, 3, 4, 5, 8, 9, 16, 17, 33, 64)),
)


def by_definition(frame: list[int], datatype: str) -> bytes:
    """Element after element, bit after bit."""
    kind = element_type(datatype)
    bits: list[int] = []
    for value in frame:
        code = int(value > 0) if kind.bipolar else value
        bits += [(code >> i) & 1 for i in range(kind.container)]
    bits += [0] * (-len(bits) % 64)
    return bytes(sum(bits[i + j] << j for j in range(8)) for i in range(0, len(bits), 8))


def random_frames(datatype: str, shape: tuple[int, int]) -> np.ndarray:
    kind = element_type(datatype)
    rng = np.random.default_rng(7)
    if kind.bipolar:
        return rng.integers(0, 2, shape) * 2 - 1
    carrier = np.int64 if kind.signed else np.uint64
    return rng.integers(kind.low, kind.high, shape, endpoint=True, dtype=carrier)


@pytest.mark.parametrize("datatype", TYPES)
def test_types_are_qonnx_own(datatype: str) -> None:
    kind, theirs = element_type(datatype), DataType[datatype]
    assert (kind.bits, kind.low, kind.high) == (theirs.bitwidth(), int(theirs.min()), int(theirs.max()))
    assert kind.signed == bool(theirs.signed())
    assert kind.container == border_bits(theirs)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65])
@pytest.mark.parametrize("datatype", TYPES)
def test_packing_follows_the_definition(datatype: str, count: int) -> None:
    frames = random_frames(datatype, (3, count))
    packed = pack(frames, datatype)
    assert packed.shape == (3, frame_bytes(count, datatype))
    assert [row.tobytes() for row in packed] == [by_definition(row, datatype) for row in frames.tolist()]
    back = unpack(packed, datatype, count)
    np.testing.assert_array_equal(back, frames)
    assert back.dtype.itemsize * 8 in (element_type(datatype).container, 8, 32, 64)


def test_floats_that_are_integers_are_packed() -> None:
    frames = np.array([[-3.0, 2.0]], dtype=np.float32)
    np.testing.assert_array_equal(pack(frames, "INT3"), pack(frames.astype(np.int64), "INT3"))


def test_the_sign_comes_from_the_elements_own_bits() -> None:
    packed = pack(np.array([[-1, 3]]), "INT3") & np.uint8(0x77)
    np.testing.assert_array_equal(unpack(packed, "INT3", 2), [[-1, 3]])


def test_no_frames_are_no_bytes() -> None:
    assert pack(np.zeros((0, 10), dtype=np.int64), "INT4").shape == (0, 8)
    assert unpack(np.zeros((0, 8), dtype=np.uint8), "INT4", 10).shape == (0, 10)


@pytest.mark.parametrize(
    ("frames", "datatype", "message"),
    [
        ([[256]], "UINT8", "values must fit UINT8 (0 to 255), range from 256 to 256"),
        ([[-1]], "UINT2", "values must fit UINT2 (0 to 3), range from -1 to -1"),
        ([[0, 1]], "BIPOLAR", "values must be -1 or 1 for BIPOLAR, others are there"),
        ([[0.5]], "INT4", "values must be integers for INT4, fractions are there"),
        ([[float("nan")]], "INT4", "values must fit INT4 (-8 to 7), range from nan to nan"),
        ([1], "INT4", "frames must have shape [F, N], have [1]"),
        (
            [[1]],
            "FLOAT32",
            "datatype must be BIPOLAR, BINARY, TERNARY, INTn or UINTn of at most 64 bits, is 'FLOAT32'",
        ),
    ],
)
def test_wrong_values_are_refused(frames: list[list[float]], datatype: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        pack(np.array(frames), datatype)
    assert str(error.value) == message


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^data must have shape \[F, 8\], has \[1, 16\]$"):
        unpack(np.zeros((1, 16), dtype=np.uint8), "INT4", 10)


def test_it_runs_on_the_boards_python() -> None:
    """Python 3.8 and numpy, nothing else (what is imported for type checkers only does not run)."""
    tree = ast.parse(Path(packing.__file__).read_text(), feature_version=(3, 8))
    modules = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert modules == {"__future__", "re", "typing", "numpy"}
