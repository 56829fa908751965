# SPDX-License-Identifier: Apache-2.0
"""Declared inputs: x = float32((q·scale − mean)/std), computed in float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from onnx import TensorProto, helper

from finnlite.errors import ModelError, OptionError
from finnlite.execution import execute
from finnlite.transforms.importing import Declaration, Import, import_model

RGB = (1, 3, 2, 2)


def model_of(shape=RGB, annotation=None, inputs=("x",)):
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in inputs]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node("Sum", inputs, ["y"], "same")
    graph = helper.make_graph([node], "g", infos, [out])
    if annotation:
        note = graph.quantization_annotation.add(tensor_name="x")
        note.quant_parameter_tensor_names.add(key="finn_datatype", value=annotation)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_one_divided_by_255_is_a_fraction():
    graph = import_model(model_of(), input_type="uint8", input_scale="1/255")
    q = np.arange(256).repeat(12).reshape(256, 3, 2, 2)
    expected = (np.arange(256, dtype=np.float64) / 255).astype(np.float32)
    np.testing.assert_array_equal(execute(graph, q)[:, 0, 0, 0], expected)
    # by a rounded 1/255 some of them would differ
    assert (expected != np.arange(256, dtype=np.float32) * np.float32(1 / 255)).any()


def test_mean_and_std_of_each_channel():
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    graph = import_model(
        model_of(), input_type="UINT8", input_scale=Fraction(1, 255), input_mean=mean, input_std=std
    )
    q = np.random.default_rng(0).integers(0, 256, size=(5, 3, 2, 2))
    m, s = (np.array(v).reshape(1, 3, 1, 1) for v in (mean, std))
    np.testing.assert_array_equal(execute(graph, q), ((q / 255 - m) / s).astype(np.float32))
    assert graph.inputs[0].datatype.name == "UINT8"
    assert [node.op.op_type for node in graph.nodes] == ["Normalize", "Sum"]
    assert graph.node("x_normalize").origin == ("x",)


@pytest.mark.parametrize("name", ["bipolar", "ternary", "int4", "UINT1", "uint16"])
def test_a_type_alone_needs_no_node(name):
    graph = import_model(model_of(), input_type=name)
    assert [node.op.op_type for node in graph.nodes] == ["Sum"]
    assert graph.inputs[0].datatype.name in (name.upper(), "BINARY")


def test_options_are_read_as_users_write_them():
    parsed = Declaration.parse("uint8", "1/255", "0.5", "0.25, 1/4,0.5")
    assert parsed.scale == Fraction(1, 255)
    assert parsed.mean == (0.5,)
    assert parsed.std == (0.25, 0.25, 0.5)
    assert Declaration.parse("int4", 0.5, [1, 2]).mean == (1.0, 2.0)


TYPE = "input_type must be an integer datatype of at most 32 bits like uint8, int4 or bipolar, is "
SCALE = "input_scale must be a positive number or fraction like 1/255, is "
STD = "input_std must be positive numbers, one for all channels or one for each, is "


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_type": "uint"}, f"{TYPE}'uint'"),
        ({"input_type": "float32"}, f"{TYPE}'float32'"),
        ({"input_type": "uint64"}, f"{TYPE}'uint64'"),
        ({"input_type": "fixed<8,4>"}, f"{TYPE}'fixed<8,4>'"),
        ({"input_type": "uint8", "input_scale": "1/0"}, f"{SCALE}'1/0'"),
        ({"input_type": "uint8", "input_scale": 0}, f"{SCALE}'0'"),
        ({"input_type": "uint8", "input_scale": "-1/255"}, f"{SCALE}'-1/255'"),
        ({"input_type": "uint8", "input_scale": float("nan")}, f"{SCALE}'nan'"),
        ({"input_type": "uint8", "input_std": "0"}, f"{STD}['0']"),
        ({"input_type": "uint8", "input_std": [1, 1, -1]}, f"{STD}[1, 1, -1]"),
        ({"input_type": "uint8", "input_mean": [1.0, 2.0]}, "input_mean must be one number or 3, is 2"),
        ({"input_scale": "1/255"}, "input_scale must come with input_type, comes alone; give input_type too"),
        ({"input_std": 2.0}, "input_std must come with input_type, comes alone; give input_type too"),
    ],
)
def test_options_that_cannot_be_are_errors(options, message):
    with pytest.raises(OptionError) as error:
        import_model(model_of(), **options)
    assert str(error.value) == message


def test_a_type_must_not_contradict_the_model():
    model = model_of(annotation="INT8")
    assert import_model(model, input_type="int8").inputs[0].datatype.name == "INT8"
    for options in ({"input_type": "uint8"}, {"input_type": "int8", "input_scale": 0.5}):
        with pytest.raises(OptionError) as error:
            import_model(model, **options)
        assert str(error.value) == (
            "input 'x': the model declares it INT8; input_type must be int8 without scale, mean and std, "
            "or left out"
        )


def test_a_type_is_for_one_input():
    with pytest.raises(OptionError) as error:
        import_model(model_of(inputs=("x", "x2")), input_type="uint8")
    assert str(error.value) == "input_type must be given for a model of one input, the model has 'x', 'x2'"


def test_annotations_that_are_no_integers_declare_nothing():
    assert import_model(model_of(annotation="FIXED<8,4>")).inputs[0].datatype.name == "FLOAT32"


def test_an_annotation_that_is_no_datatype_is_an_error():
    with pytest.raises(ModelError) as error:
        import_model(model_of(annotation="INT"))
    assert str(error.value) == "input 'x': annotation must be a QONNX datatype, is 'INT'"


@pytest.mark.parametrize(
    ("shape", "batch"), [((1, 3), None), ((4, 3), "4"), (("N", 3), "N"), ((None, 3), "?"), ((0, 3), "?")]
)
def test_the_batch_is_made_one_and_said(shape, batch):
    graph = import_model(model_of(shape))
    assert graph.inputs[0].shape == (1, 3)
    assert graph.metadata.get("batch") == batch


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (1, 3, "H", 2),
            "input 'x': axis 2 must have a fixed length, is 'H'; only the batch, axis 0, may vary: "
            "export the model with a fixed size",
        ),
        ((), "input 'x': must have the batch as axis 0, has no axis"),
        (None, "input 'x': must be a tensor of known shape, is not; export it with one"),
    ],
)
def test_shapes_that_are_not_known_are_errors(shape, message):
    with pytest.raises(ModelError) as error:
        import_model(model_of(shape))
    assert str(error.value) == message


def test_a_model_without_inputs_is_an_error():
    model = model_of()
    del model.graph.input[:]
    with pytest.raises(ModelError, match="^model 'g' must have an input, has none$"):
        import_model(model)


def test_options_are_fields_of_the_stage():
    stage = Import("uint8", "1/255")
    assert stage.name == "Import"
    assert stage.declaration == Declaration.parse("uint8", "1/255")
    assert Import().declaration is None
