# SPDX-License-Identifier: Apache-2.0
"""What the driver packs and unpacks is what the host of the hardware graph computes."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.accelerator import borders
from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.boards import BOARDS
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.ops.axi import AxiIn, AxiOut, border_elems
from finnlite.ops.elementwise import Add
from finnlite.ops.movement import Flatten, Reshape, Transpose
from finnlite.ops.padding import StreamPad
from finnlite.ops.scaling import Affine
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.unit import elements
from finnlite.runtime import codec as codec_module
from finnlite.runtime.codec import Codec
from finnlite.runtime.errors import InputError
from finnlite.runtime.metadata import Metadata
from finnlite.runtime.packing import pack, unpack
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from tests.networks.tables import DIALECTS
from tests.properties.agreement import assert_agree
from tests.properties.stages import Compiled, compiled, seeds_of


def metadata_of(graph: Graph) -> Metadata:
    """What the driver reads of a graph's deployment."""
    count = elements(borders(graph)[0].input(0))
    plan = deployment_plan(
        graph,
        "0123456789abcdef" * 4,
        name=graph.name,
        board=BOARDS["pynq-z1"],
        clock_mhz=100.0,
        ii_cycles=10,
        latency_cycles=20,
        frames=np.ones((1, count)),
    )
    return Metadata.parse(plan.files["metadata.json"].decode())


def encoded(codec: Codec, x: Any) -> NDArray[np.uint8]:
    frames, _ = codec.frames(x)
    out = np.full((len(frames), codec.in_bytes), 0xA5, dtype=np.uint8)
    codec.encode(frames, out)
    return out


# -- random networks --------------------------------------------------------------------------------
def assert_codec_is_the_host(it: Compiled, graph: Graph) -> None:
    host, metadata = Host(graph), metadata_of(graph)
    codec, name = Codec(metadata), it.network.name
    integers = host.encode(it.frames)
    packed = encoded(codec, it.frames)
    np.testing.assert_array_equal(packed, pack(integers, metadata.border_in.datatype), name)
    # Answers of the accelerator: any integers of the border's datatype.
    border, rng = metadata.border_out, np.random.default_rng(len(integers))
    bits = rng.integers(0, 256, (len(integers), border.frame_bytes), dtype=np.uint8)
    answers = unpack(bits, border.datatype, border.elements)
    datatype = borders(graph)[1].output.datatype
    answers = np.clip(answers, int(datatype.min()), int(datatype.max()))
    found = codec.decode(pack(answers, border.datatype))
    expected = host.decode(answers)
    assert list(found) == list(expected) == [output.name for output in metadata.outputs], name
    for value in graph.outputs:
        assert found[value.name].dtype == expected[value.name].dtype, name
        assert_agree(
            name,
            {value.name: found[value.name]},
            [expected[value.name]],
            exact=value.datatype.is_integer(),
        )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_networks_are_encoded_and_decoded_as_on_the_host(dialect: str) -> None:
    for seed in seeds_of(dialect):
        it = compiled(seed)
        assert_codec_is_the_host(it, it.graphs["SizeStreams"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_labels_are_decoded_as_on_the_host(dialect: str) -> None:
    tried = 0
    for seed in list(seeds_of(dialect))[:6]:
        it = compiled(seed)
        if it.network.plan.head not in ("logits", "Softmax") or it.network.sizes[-1] < 2:
            continue
        graph = it.graphs["Streamline"].copy().transform(MapToHardware("label"), AbsorbThresholds())
        assert_codec_is_the_host(it, graph)
        tried += 1
    assert tried


# -- hand-made borders ------------------------------------------------------------------------------
def bordered(source: str = "FLOAT32", shape: tuple[int, ...] = (2, 3), **thresholding: Any) -> Graph:
    """An input that is quantised where `thresholding` says so, and an accelerator that does nothing."""
    graph = Graph("bordered")
    value = graph.input("pixels", (1, *shape), DataType[source])
    if "rows" in thresholding:
        rows = np.asarray(thresholding.pop("rows"), np.float32)
        value = graph.add(Thresholding(**thresholding), value, graph.constant(rows), name="quantize")
    value = graph.add(Flatten(), value)
    value = graph.add(AxiIn(elems=border_elems(value.datatype)), value)
    value = graph.add(AxiOut(elems=border_elems(value.datatype)), value)
    value = graph.add(Affine(), value, graph.constant(np.float64(0.5)))
    graph.outputs = [graph.add_node(Add(), value, graph.constant(np.float32([7])), outputs=("y",)).output]
    return graph


def test_a_frame_and_a_batch() -> None:
    codec = Codec(metadata_of(bordered("UINT8")))
    frame = np.ones((2, 3), np.float32)
    batch, single = codec.frames(frame)
    assert (batch.shape, single) == ((1, 2, 3), True)
    assert np.shares_memory(batch, frame)
    batch, single = codec.frames([frame.tolist()] * 4)
    assert (batch.shape, single) == ((4, 2, 3), False)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((4, 6)), "must have shape (2, 3) or (F, 2, 3), has (4, 6); reshape it"),
        (np.zeros(()), "must have shape (2, 3) or (F, 2, 3), has (); reshape it"),
        (np.zeros((1, 1, 2, 3)), "must have shape (2, 3) or (F, 2, 3), has (1, 1, 2, 3); reshape it"),
        (np.full((2, 3), "a"), "must hold numbers, holds <U1"),
        (np.zeros((2, 3), complex), "must hold numbers, holds complex128"),
        ([[1, 2, 3], [4, 5]], "must be an array of numbers, is not"),
    ],
)
def test_frames_that_do_not_fit_are_refused(x: Any, message: str) -> None:
    codec = Codec(metadata_of(bordered("UINT8")))
    with pytest.raises(InputError) as error:
        codec.frames(x)
    assert str(error.value) == f"input 'pixels' {message}"


FRACTIONS = "values must be integers for UINT8, fractions are there"
NEGATIVE = "values must fit UINT8 (0 to 255), range from -1.0 to 0.0"
REALS = "; give the declared integers, not the reals they stand for"


@pytest.mark.parametrize(
    ("source", "x", "dtype", "message"),
    [
        ("FLOAT32", [0, 1, np.nan, 0, 0, 0], "float32", "values must be finite, others are there"),
        ("FLOAT32", [0, 1, 1e39, 0, 0, 0], "float64", "values must be finite, others are there"),
        ("UINT8", [0, 1, 256, 0, 0, 0], "int64", "values must fit UINT8 (0 to 255), range from 0 to 256"),
        ("UINT8", [0, 0.5, 1, 0, 0, 0], "float32", FRACTIONS + REALS),
        ("UINT8", [-1, 0, 0, 0, 0, 0], "float32", NEGATIVE + REALS),
        ("BIPOLAR", [0, 1, 1, 1, -1, 1], "int8", "values must be -1 or 1 for BIPOLAR, others are there"),
        ("BIPOLAR", [1] * 6, "bool", "values must be integers for BIPOLAR, are bool; give 1 and -1 as int8"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(source: str, x: list[Any], dtype: str, message: str) -> None:
    quantized = {"rows": [[0.5]], "out_min": -1, "out_step": 2} if source == "FLOAT32" else {}
    codec = Codec(metadata_of(bordered(source, **quantized)))
    with pytest.raises(InputError) as error:
        encoded(codec, np.array(x, dtype=dtype).reshape(1, 2, 3))
    assert str(error.value) == f"input 'pixels': {message}"


def test_a_sum_that_overflows_is_no_reason_to_refuse() -> None:
    codec = Codec(metadata_of(bordered(rows=[[0.0]], out_min=-1, out_step=2)))
    huge = np.full((2, 2, 3), 3e38, np.float32)
    np.testing.assert_array_equal(encoded(codec, huge), encoded(codec, np.ones((2, 2, 3))))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64", "float16", "float64"])
def test_pixels_of_any_type_are_quantised_as_the_model_reads_them(dtype: str) -> None:
    graph = bordered(rows=[[0.5]], out_min=-1, out_step=2)
    x = (np.arange(24).reshape(4, 2, 3) % 5 % 2).astype(dtype)
    expected = pack(Host(graph).encode(x), "BIPOLAR")
    np.testing.assert_array_equal(encoded(Codec(metadata_of(graph)), x), expected)


@pytest.mark.parametrize(
    ("rows", "out_min", "out_step"),
    [([[0.5]], -1, 2), ([[0.5]], 0, 1), ([[-1.0, 1.0]], -1, 1), ([[-1.0, 0.0, 1.0]], 0, 1),
     (np.linspace(-2, 2, 14)[None], -7, 1), (np.linspace(-2, 2, 255)[None], -128, 1),
     (np.linspace(-2, 2, 300)[None], 0, 1), ([[0.5], [-0.5]], -1, 2), ([[0.5], [-0.5]], 4, 3)],
)  # fmt: skip
def test_floats_are_quantised_as_on_the_host(rows: Any, out_min: int, out_step: int) -> None:
    graph = bordered(rows=rows, out_min=out_min, out_step=out_step)
    metadata = metadata_of(graph)
    x = np.random.default_rng(0).normal(size=(50, 2, 3)).astype(np.float32)
    x[0] = [[0.5, -0.5, 1], [-1, 0, 2]]
    expected = pack(Host(graph).encode(x), metadata.border_in.datatype)
    np.testing.assert_array_equal(encoded(Codec(metadata), x), expected)


def test_one_threshold_is_packed_without_a_detour_over_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = Codec(metadata_of(bordered(rows=[[0.5]], out_min=-1, out_step=2)))
    packed: list[tuple[str, str]] = []
    monkeypatch.setattr(
        codec_module, "pack", lambda x, datatype, out: packed.append((x.dtype.name, datatype))
    )
    encoded(codec, np.zeros((4, 2, 3), np.float32))
    assert packed == [("bool", "BINARY")]


def test_integers_are_checked_before_they_are_computed_with() -> None:
    graph = bordered("UINT4", rows=[[5.0]], out_min=-1, out_step=2)
    codec = Codec(metadata_of(graph))
    with pytest.raises(InputError, match=r"^input 'pixels': values must fit UINT4 \(0 to 15\), range from"):
        encoded(codec, np.full((2, 3), 16))


def test_integers_that_are_moved_are_packed_in_their_new_order() -> None:
    graph = Graph()
    value = graph.input("x", (1, 4, 6), DataType["INT4"])
    value = graph.add(Transpose(perm=(0, 2, 1)), value)
    value = graph.add(Reshape(), value, graph.constant(np.array([0, -1])))
    value = graph.add(AxiIn(elems=16), value)
    graph.outputs = [graph.add(AxiOut(elems=16), value)]
    codec = Codec(metadata_of(graph))
    x = np.random.default_rng(0).integers(-8, 8, (9, 4, 6))
    packed = encoded(codec, x)
    np.testing.assert_array_equal(packed, pack(x.transpose(0, 2, 1).reshape(9, 24), "INT4"))
    (result,) = codec.decode(packed).values()
    np.testing.assert_array_equal(result, x.transpose(0, 2, 1).reshape(9, 24))
    assert result.dtype == np.float32


def test_images_cross_both_borders() -> None:
    """Channels last inside; the host moves them, and gives the images that leave their shape again."""
    graph = Graph()
    value = graph.input("x", (1, 3, 4, 5), DataType["INT4"])
    value = graph.add(Transpose(perm=(0, 2, 3, 1)), value)
    value = graph.add(AxiIn(elems=16), value)
    value = graph.add(StreamPad(pads=(0, 1, 1, 0)), value)
    value = graph.add(AxiOut(elems=16), value)
    value = graph.add(Transpose(perm=(0, 3, 1, 2)), value)
    graph.outputs = [graph.add(Affine(), value, graph.constant(np.float64(0.5)))]
    codec, host = Codec(metadata_of(graph)), Host(graph)
    x = np.random.default_rng(0).integers(-8, 8, (9, 3, 4, 5))
    packed = encoded(codec, x)
    np.testing.assert_array_equal(packed, pack(x.transpose(0, 2, 3, 1).reshape(9, 60), "INT4"))
    np.testing.assert_array_equal(host.encode(x), x.transpose(0, 2, 3, 1).reshape(9, 60))
    padded = np.pad(x, ((0, 0), (0, 0), (0, 1), (1, 0)))
    leaving = padded.transpose(0, 2, 3, 1).reshape(9, 90)
    for (found,) in (codec.decode(pack(leaving, "INT4")).values(), host.decode(leaving).values()):
        np.testing.assert_array_equal(found, np.float32(0.5) * padded)
    assert codec.decode(np.zeros((0, codec.out_bytes), np.uint8)).popitem()[1].shape == (0, 3, 5, 6)


# -- memory -----------------------------------------------------------------------------------------
def test_results_share_no_memory_with_the_buffer() -> None:
    graph = bordered("UINT8")
    first, last = borders(graph)
    graph.outputs = [last.output]
    metadata = metadata_of(graph)
    plain = replace(metadata, outputs=(replace(metadata.outputs[0], dtype="uint8"),))
    for one in (metadata, plain):
        codec = Codec(one)
        data = np.arange(16, dtype=np.uint8).reshape(2, 8)
        (result,) = codec.decode(data).values()
        assert not np.shares_memory(result, data)
        data[...] = 0
        np.testing.assert_array_equal(result[1], np.arange(8, 14))


def test_no_frames_give_no_results() -> None:
    codec = Codec(metadata_of(bordered("UINT8")))
    assert encoded(codec, np.zeros((0, 2, 3))).shape == (0, 8)
    assert codec.decode(np.zeros((0, 8), np.uint8))["y"].shape == (0, 6)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 8, 50])
def test_blocks_do_not_show(frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = bordered(rows=[[-1.0, 1.0]], out_min=-1)
    codec = Codec(metadata_of(graph))
    x = np.random.default_rng(frames).normal(size=(frames, 2, 3)).astype(np.float32)
    packed = encoded(codec, x)
    results = codec.decode(packed)
    monkeypatch.setattr(codec_module, "_BLOCK_ELEMENTS", 20)
    np.testing.assert_array_equal(encoded(codec, x), packed)
    np.testing.assert_array_equal(codec.decode(packed)["y"], results["y"])


def test_threads_may_share_a_codec() -> None:
    codec = Codec(metadata_of(bordered(rows=[[0.5]], out_min=-1, out_step=2, shape=(64,))))
    batches = [np.random.default_rng(k).normal(size=(500, 64)).astype(np.float32) for k in range(8)]
    expected = [encoded(codec, batch) for batch in batches]
    found: dict[int, NDArray[np.uint8]] = {}
    threads = [
        threading.Thread(target=lambda k=k: found.update({k: encoded(codec, batches[k])})) for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, packed in enumerate(expected):
        np.testing.assert_array_equal(found[k], packed)
