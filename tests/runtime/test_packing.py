# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.ops.axi import border_bits
from finnlite.runtime.packing import carrier, check_values, element_type, frame_bytes, pack, unpack

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
    assert back.dtype == carrier(datatype)
    assert np.iinfo(back.dtype).min <= element_type(datatype).low
    assert element_type(datatype).high <= np.iinfo(back.dtype).max


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


# -- in place ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("datatype", TYPES)
def test_packing_in_place_fills_the_buffer_and_nothing_else(datatype: str) -> None:
    frames = random_frames(datatype, (3, 9))
    size = frame_bytes(9, datatype)
    memory = np.full(5 * size, 0xA5, dtype=np.uint8)
    out = memory[size : 4 * size].reshape(3, size)
    assert pack(frames, datatype, out) is out
    np.testing.assert_array_equal(out, pack(frames, datatype))
    assert (memory[:size] == 0xA5).all()
    assert (memory[4 * size :] == 0xA5).all()


@pytest.mark.parametrize("datatype", TYPES)
def test_unpacking_in_place(datatype: str) -> None:
    frames = random_frames(datatype, (3, 9))
    packed = pack(frames, datatype)
    out = np.empty((3, 9), dtype=carrier(datatype))
    assert unpack(packed, datatype, 9, out) is out
    np.testing.assert_array_equal(out, frames)
    if element_type(datatype).bits <= 24:
        wide = np.empty((3, 9), dtype=np.float32)
        np.testing.assert_array_equal(unpack(packed, datatype, 9, wide), frames)


@pytest.mark.parametrize("datatype", TYPES)
def test_what_is_unpacked_shares_no_memory(datatype: str) -> None:
    packed = pack(random_frames(datatype, (2, 8)), datatype)
    assert not np.shares_memory(unpack(packed, datatype, 8), packed)


@pytest.mark.parametrize(
    ("out", "found"),
    [
        (np.zeros((2, 16), np.uint8), "uint8 [2, 16]"),
        (np.zeros((2, 8), np.int8), "int8 [2, 8]"),
        (np.zeros((2, 16), np.uint8)[:, ::2], "strided uint8 [2, 8]"),
    ],
)
def test_a_buffer_of_another_kind_is_refused(out: Any, found: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        pack(np.zeros((2, 8), np.uint8), "UINT8", out)
    assert str(error.value) == f"out must be contiguous uint8 [2, 8], is {found}"


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^out must have shape \[2, 8\], has \[2, 7\]$"):
        unpack(np.zeros((2, 8), np.uint8), "UINT8", 8, np.zeros((2, 7)))


# -- carriers ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "float16", "float32", "float64", ">i4"])
@pytest.mark.parametrize(
    "datatype", ["BIPOLAR", "BINARY", "TERNARY", "INT2", "INT4", "UINT3", "INT8", "INT7"]
)
def test_the_carrier_does_not_matter(dtype: str, datatype: str) -> None:
    frames = random_frames(datatype, (4, 13)).astype(np.int64)
    expected = pack(frames, datatype)
    np.testing.assert_array_equal(pack(frames.astype(dtype), datatype), expected)
    strided = np.repeat(frames, 2, axis=1).astype(dtype)[:, ::2]
    np.testing.assert_array_equal(pack(strided, datatype), expected)
    np.testing.assert_array_equal(pack(np.asfortranarray(frames.astype(dtype)), datatype), expected)


UNSIGNED = ["BINARY", "UINT2", "UINT8", "UINT9", "UINT24", "UINT64"]


@pytest.mark.parametrize(
    ("dtype", "datatype"),
    [(d, t) for d in ("uint8", "uint16", "uint32", "uint64") for t in (*UNSIGNED, "INT9", "INT64")]
    + [("bool", t) for t in UNSIGNED],
)
def test_unsigned_carriers(dtype: str, datatype: str) -> None:
    frames = (np.arange(20).reshape(2, 10) % 2).astype(dtype)
    np.testing.assert_array_equal(pack(frames, datatype), pack(frames.astype(np.int64), datatype))


def test_bool_is_not_bipolar() -> None:
    """Zeros and ones that are taken for -1 and +1 would all become +1."""
    for frames in (np.array([[True, False]]), np.array([[True, True]])):
        with pytest.raises(ValueError) as error:  # noqa: PT011
            pack(frames, "BIPOLAR")
        assert str(error.value) == "values must be integers for BIPOLAR, are bool; give 1 and -1 as int8"
    with pytest.raises(ValueError, match=r"^values must be -1 or 1 for BIPOLAR, others are there$"):
        pack(np.array([[0, 1]], np.uint8), "BIPOLAR")


@pytest.mark.parametrize(
    ("value", "dtype", "datatype"),
    [
        (2**63, "uint64", "INT64"),
        (-1, "int64", "UINT64"),
        (2.0**64, "float64", "UINT64"),
        (2.0**63, "float64", "INT64"),
        (-129, "int16", "INT8"),
        (128, "uint8", "INT8"),
        (-1, "int8", "UINT8"),
        (2, "int8", "TERNARY"),
        (np.inf, "float32", "UINT8"),
    ],
)
def test_values_at_the_edges_are_refused(value: float, dtype: str, datatype: str) -> None:
    with pytest.raises(ValueError, match=rf"^values must fit {datatype} \("):
        pack(np.array([[value]], dtype=dtype), datatype)


def test_what_holds_no_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^values must be integers for INT4, are complex128$"):
        check_values(np.zeros((1, 1), complex), "INT4")


class Watched(np.ndarray):
    """An array that says when somebody looks at its values."""

    looked = 0

    def min(self, *args: Any, **kwargs: Any) -> Any:
        type(self).looked += 1
        return super().min(*args, **kwargs)

    max = min


@pytest.mark.parametrize(("datatype", "looks"), [("UINT8", 0), ("UINT9", 0), ("UINT7", 2)])
def test_types_that_guarantee_the_range_are_not_scanned(
    datatype: str, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watched, "looked", 0)
    check_values(np.zeros((2, 8), np.uint8).view(Watched), datatype)
    assert Watched.looked == looks
