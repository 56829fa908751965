# SPDX-License-Identifier: Apache-2.0
"""Unusual models: element types, joins, functions and operators that exporters seldom write.

Each is two small products with a quantizer between them; the judge is the source file in onnxruntime.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import DTypeLike, NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from finnlite.errors import OptionError
from finnlite.execution import Session
from finnlite.flow import build, check, compile_stages
from finnlite.ir import Graph
from finnlite.mapping import Entry
from finnlite.nearties import compare_integers
from finnlite.ops.mvtu import MVTU
from finnlite.options import Options
from finnlite.oracle import Oracle
from finnlite.transforms.folding import FOLD_NOTE

RNG = np.random.default_rng(11)
W0 = RNG.integers(-7, 8, (8, 6)).astype(np.float32)
W1 = RNG.integers(-1, 2, (6, 3)).astype(np.float32)
UINT4 = RNG.integers(0, 16, (200, 8))


def between(x: str, y: str) -> list[NodeProto]:
    """Sign alone between the products."""
    return [helper.make_node("Sign", [x], [y], "sign")]


def save(
    folder: Path,
    middle: Sequence[NodeProto] | None = None,
    *,
    before: Sequence[NodeProto] = (),
    constants: Mapping[str, NDArray[np.generic]] | None = None,
    element: DTypeLike = np.float32,
    inside: DTypeLike = np.float32,
    annotation: str = "UINT4",
    extra_inputs: Sequence[onnx.ValueInfoProto] = (),
) -> Path:
    """x → before → fc0 → middle (from 'a' to 'b') → fc1 → y; without `before` fc0 reads x."""
    start = before[-1].output[0] if before else "x"
    nodes = [
        *before,
        helper.make_node("MatMul", [start, "w0"], ["a"], "fc0"),
        *(between("a", "b") if middle is None else middle),
        helper.make_node("MatMul", ["b", "w1"], ["y"], "fc1"),
    ]
    tensors = {"w0": W0.astype(inside), "w1": W1.astype(inside), **(constants or {})}
    kinds = [helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) for dtype in (element, inside)]
    graph = helper.make_graph(
        nodes,
        "unusual",
        [helper.make_tensor_value_info("x", kinds[0], [1, 8]), *extra_inputs],
        [helper.make_tensor_value_info("y", kinds[1], [1, 3])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    if annotation:
        note = graph.quantization_annotation.add(tensor_name="x")
        note.quant_parameter_tensor_names.add(key="finn_datatype", value=annotation)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])
    onnx.save(model, folder / "unusual.onnx")
    return folder / "unusual.onnx"


def cast(to: int) -> list[NodeProto]:
    return [helper.make_node("Cast", ["x"], ["xf"], "cast", to=to)]


def agreeing(path: Path, frames: NDArray[np.generic], options: Options | None = None) -> Graph:
    """The folded graph, having seen that it answers as the source file does."""
    graph = compile_stages(path, options)["Fold"]
    found = Session(graph).run(frames.astype(graph.inputs[0].carrier))["y"]
    expected = Oracle(path).run({"x": frames})["y"]
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)
    assert len(np.unique(expected)) > 2
    return graph


def units(graph: Graph) -> list[str]:
    """The accelerator's layers; a product on the host would be missing among them."""
    names = ("MVTU", "Thresholding", "MatMul")
    return [node.op.op_type for node in graph.nodes if node.op.op_type in names]


def blocked(path: Path) -> dict[str, Entry]:
    return {entry.node: entry for entry in check(path).blocked}


@pytest.mark.parametrize("element", [np.int8, np.uint8, np.int16, np.bool_])
def test_an_integer_element_type_needs_no_unit_of_its_own(tmp_path: Path, element: DTypeLike) -> None:
    path = save(tmp_path, before=cast(TensorProto.FLOAT), element=element, annotation="")
    frames = RNG.integers(0, 2 if element is np.bool_ else 100, (200, 8)).astype(element)
    assert units(agreeing(path, frames)) == ["MVTU", "MVTU"]


def test_an_int8_input_that_is_dequantized_needs_no_unit_of_its_own(tmp_path: Path) -> None:
    dequantize = helper.make_node("DequantizeLinear", ["x", "s", "z"], ["xf"], "dequantize")
    constants = {"s": np.float32(0.25), "z": np.int8(3)}
    path = save(tmp_path, before=[dequantize], constants=constants, element=np.int8, annotation="")
    frames = RNG.integers(-128, 128, (200, 8)).astype(np.int8)
    assert units(agreeing(path, frames)) == ["MVTU", "MVTU"]


def test_a_double_precision_model_is_wholly_hardware(tmp_path: Path) -> None:
    path = save(tmp_path, element=np.float64, inside=np.float64)
    assert units(agreeing(path, UINT4.astype(np.float64))) == ["MVTU", "MVTU"]


def test_a_half_precision_model_is_refused_at_the_product(tmp_path: Path) -> None:
    path = save(tmp_path, element=np.float16, inside=np.float16)
    entry = blocked(path)["fc1"]
    assert (entry.cause, entry.fix) == ("fc1", "export the model in float32")
    assert "is float16" in entry.reason


def test_an_int64_input_is_refused_and_may_be_declared_narrower(tmp_path: Path) -> None:
    path = save(tmp_path, before=cast(TensorProto.FLOAT), element=np.int64, annotation="")
    entry = blocked(path)["cast"]
    assert entry.reason == "its input 'x' must hold integers of at most 32 bits, is INT64"
    assert "--input-type" in entry.fix
    graph = agreeing(path, UINT4.astype(np.int64), Options(input_type="uint4"))
    assert (graph.inputs[0].datatype.name, graph.inputs[0].carrier) == ("UINT4", np.dtype(np.int64))


def test_a_declaration_wider_than_the_element_type_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, before=cast(TensorProto.FLOAT), element=np.uint8, annotation="")
    with pytest.raises(OptionError, match="the model declares it UINT8"):
        compile_stages(path, Options(input_type="int8"))


@pytest.mark.parametrize(("operator", "inputs"), [("Sqrt", ["a"]), ("Log", ["a"]), ("Pow", ["a", "half"])])
def test_a_function_that_is_no_number_is_named(tmp_path: Path, operator: str, inputs: list[str]) -> None:
    middle = [
        helper.make_node(operator, inputs, ["p"], "curve"),
        helper.make_node("Round", ["p"], ["b"], "round"),
    ]
    entry = blocked(save(tmp_path, middle, constants={"half": np.float32(0.5)}))["round"]
    assert entry.reason == "the input of 'fc1' must be a number for every value of 'fc0_accumulator', " + (
        "is NaN for some"
    )


@pytest.mark.parametrize("to", [TensorProto.INT8, TensorProto.UINT8])
def test_a_cast_that_wraps_around_is_not_taken_for_monotone(tmp_path: Path, to: int) -> None:
    middle = [
        helper.make_node("Cast", ["a"], ["i"], "narrow", to=to),
        helper.make_node("Cast", ["i"], ["f"], "back", to=TensorProto.FLOAT),
        helper.make_node("Sign", ["f"], ["b"], "sign"),
    ]
    assert "must be monotone" in blocked(save(tmp_path, middle))["narrow"].reason


def test_weights_on_the_left_are_refused(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["w", "x"], ["y"], "left")
    graph = helper.make_graph(
        [node],
        "left",
        [helper.make_tensor_value_info("x", TensorProto.INT8, [1, 8, 1])],
        [helper.make_tensor_value_info("y", TensorProto.INT8, [1, 3, 1])],
        [numpy_helper.from_array(np.ones((3, 8), np.int8), "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), tmp_path / "left.onnx")
    assert "must be on the right" in blocked(tmp_path / "left.onnx")["left"].reason


def test_a_join_is_named_and_not_what_reads_it(tmp_path: Path) -> None:
    middle = [
        helper.make_node("Add", ["a", "x2"], ["j"], "join"),
        helper.make_node("Mul", ["j", "two"], ["m"], "scale"),
        helper.make_node("Sign", ["m"], ["b"], "sign"),
    ]
    other = helper.make_tensor_value_info("x2", TensorProto.FLOAT, [1, 6])
    entries = blocked(save(tmp_path, middle, constants={"two": np.float32(2)}, extra_inputs=[other]))
    assert entries["join"].reason == "its input 'x2' must hold integers, is FLOAT32"
    assert {entries[name].cause for name in ("scale", "sign", "fc1")} == {"join"}


def test_a_model_with_functions_has_onnxruntime_as_its_oracle(tmp_path: Path) -> None:
    path = save(tmp_path, [helper.make_node("Own", ["a"], ["b"], "own", domain="mine")])
    model = onnx.load(path)
    body = [helper.make_node("Sign", ["i"], ["o"], "sign")]
    opset = helper.make_opsetid("", 13)
    model.functions.append(helper.make_function("mine", "Own", ["i"], ["o"], body, [opset]))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    onnx.save(model, path)
    assert Oracle(path).name == "onnxruntime"
    assert units(agreeing(path, UINT4.astype(np.float32))) == ["MVTU", "MVTU"]


def test_near_ties_that_repeat_are_mismatches_with_a_place(tmp_path: Path) -> None:
    """Weights of 0.1·k: the floats miss the zeros that the integers meet."""
    path = save(tmp_path, constants={"w0": W0 * np.float32(0.1)}, annotation="INT4")
    stages = compile_stages(path)
    frames = RNG.integers(-8, 8, (300, 8)).astype(np.float32)
    verdict, _, _ = compare_integers(stages["Import"], stages["Streamline"], {"x": frames})
    assert verdict.mismatches > 1
    assert verdict.near_ties == 0
    assert verdict.first is not None
    assert verdict.first.layer.startswith("sign")


def test_a_wide_accumulator_stays_an_integer(tmp_path: Path) -> None:
    """Products of 32-bit inputs need more than 32 bits."""
    frames = RNG.integers(-(2**20), 2**20, (50, 8)).astype(np.float32)
    graph = compile_stages(save(tmp_path, annotation="INT32"))["Fold"]
    first = next(node for node in graph.nodes if isinstance(node.op, MVTU))
    assert first.op.accumulator.bitwidth() > 32
    assert units(graph) == ["MVTU", "MVTU"]
    found = Session(graph).run(frames)["y"]
    exact = np.sign(frames.astype(np.int64) @ W0.astype(np.int64)) @ W1.astype(np.int64)
    assert np.array_equal(found, exact)


def test_stages_of_another_model_are_not_continued(tmp_path: Path) -> None:
    path, out = save(tmp_path), tmp_path / "out"
    build(path, out=out, to_stage="Streamline")
    build(path, out=out, from_stage="Streamline", to_stage="Fold")
    before = sorted(item.name for item in out.rglob("*"))
    save(tmp_path, constants={"w0": -W0})
    with pytest.raises(OptionError, match="are of another file"):
        build(path, out=out, from_stage="Streamline", to_stage="Fold")
    assert sorted(item.name for item in out.rglob("*")) == before


@pytest.mark.parametrize(
    ("pe", "note"),
    [
        (1, "as given"),
        (512, r"as given, which does not fit pynq-z1: needs [\d,]+ of 37,240 LUT, [\d,]+ of 106,400 FF"),
    ],
)
def test_a_whole_folding_that_does_not_fit_is_said(tmp_path: Path, pe: int, note: str) -> None:
    weights = {"w0": RNG.integers(-127, 128, (8, 512)), "w1": RNG.integers(-127, 128, (512, 3))}
    path = save(tmp_path, constants={name: array.astype(np.float32) for name, array in weights.items()})
    folding = {"fc0": {"pe": pe, "simd": 8}, "fc1": {"pe": 3, "simd": pe}}
    assert re.fullmatch(note, compile_stages(path, Options(folding=folding))["Fold"].metadata[FOLD_NOTE])


def test_a_division_by_zero_in_front_of_a_product_is_refused(tmp_path: Path) -> None:
    middle = [*between("a", "s"), helper.make_node("Div", ["s", "zero"], ["b"], "divide")]
    entry = blocked(save(tmp_path, middle, constants={"zero": np.float32(0)}))["divide"]
    assert entry.reason == "must not divide by 0, does"


def test_infinite_levels_lie_on_no_grid(tmp_path: Path) -> None:
    middle = [
        *between("a", "s"),
        helper.make_node("Mul", ["s", "hundred"], ["m"], "scale"),
        helper.make_node("Exp", ["m"], ["b"], "exp"),
    ]
    assert (
        "lie on no grid"
        in blocked(save(tmp_path, middle, constants={"hundred": np.float32(100)}))["exp"].reason
    )
