# SPDX-License-Identifier: Apache-2.0
"""What is not a stage file is refused, with the name of what is wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto
from qonnx.core.datatype import DataType

from finnlite.errors import ModelError
from finnlite.ir import OWN_DOMAIN, Graph
from finnlite.ops.elementwise import Add
from finnlite.ops.fifo import FIFO
from finnlite.serde import (
    from_onnx,
    load_stage,
    save,
    to_bytes,
    to_onnx,
)
from tests.comparison import differences
from tests.small_graphs import rich


def test_a_saved_stage_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "01_Import.onnx"
    save(rich(), path)
    assert differences(rich(), load_stage(path)) == []
    save(rich(), str(path))
    assert differences(rich(), load_stage(str(path))) == []


def test_a_file_that_is_no_stage_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    with pytest.raises(ModelError) as error:
        load_stage(path)
    assert str(error.value) == f"stage file '{path}' cannot be read: No such file or directory"
    path.write_text("text")
    with pytest.raises(ModelError) as error:
        load_stage(path)
    assert str(error.value) == f"stage file '{path}' must be an ONNX model, is none or damaged"
    path.write_bytes(to_bytes(rich())[:-9])
    with pytest.raises(ModelError, match="must be an ONNX model, is none or damaged$"):
        load_stage(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError) as error:
        load_stage(path)
    assert str(error.value) == (
        f"stage file '{path}': a stage must be written by finnlite, is by an unknown producer; "
        "use finnlite.load"
    )


def _version(model: ModelProto) -> None:
    next(entry for entry in model.opset_import if entry.domain == OWN_DOMAIN).version = 2


def _opset(model: ModelProto) -> None:
    model.opset_import[0].version = 18


def _foreign(model: ModelProto) -> None:
    del model.opset_import[1:]
    model.producer_name = "pytorch"


def _unknown_operator(model: ModelProto) -> None:
    model.graph.node[0].domain, model.graph.node[0].op_type = OWN_DOMAIN, "Mystery"


def _unknown_standard(model: ModelProto) -> None:
    model.graph.node[0].op_type, model.graph.node[0].domain, model.graph.node[0].name = "Mystery", "", ""


def _attribute(model: ModelProto) -> None:
    model.graph.node[0].attribute[0].name = "depths"


def _bad_field(model: ModelProto) -> None:
    model.graph.node[0].attribute[0].i = 1


def _input(model: ModelProto) -> None:
    model.graph.node[1].input[0] = "nothing"


def _order(model: ModelProto) -> None:
    first = model.graph.node.pop(0)
    model.graph.node.append(first)


def _twice(model: ModelProto) -> None:
    model.graph.node[1].output[0] = "x"


def _count(model: ModelProto) -> None:
    model.graph.node[1].output.append("more")


def _shape(model: ModelProto) -> None:
    model.graph.value_info[1].type.tensor_type.shape.dim[1].dim_value = 5


def _output(model: ModelProto) -> None:
    model.graph.output[0].name = "nothing"


def _datatype(model: ModelProto) -> None:
    model.graph.quantization_annotation[0].quant_parameter_tensor_names[0].value = "INT"


def _element(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = 0


def _constant(model: ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 3


def _json(model: ModelProto) -> None:
    model.metadata_props[0].value = "[1"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_version, "stage format must be at most 1, is 2; update finnlite"),
        (_opset, "opset must be 17, is 18"),
        (_foreign, "a stage must be written by finnlite, is by pytorch; use finnlite.load"),
        (
            _unknown_operator,
            "node 'buffer': operator must be one that finnlite has, is finnlite.qonnx_ops.Mystery",
        ),
        (_unknown_standard, "node 'buffer_out': operator must be one that finnlite has, is Mystery"),
        (_attribute, "node 'buffer': FIFO must have the attributes depth, elems, memory only, has 'depths'"),
        (_bad_field, "node 'buffer': depth must be at least 2, is 1"),
        (_input, "node 'add': input 'nothing' must be computed before it, is not"),
        (_order, "node 'add': input 'buffer_out' must be computed before it, is not"),
        (_twice, "value 'x' must be defined once, is defined again"),
        (_count, "node 'add': must have 1 outputs, has 2"),
        (_shape, "node 'buffer': shape of 'buffer_out' must be [1, 4], is [1, 5]"),
        (_output, "output 'nothing' must be computed by a node, is not"),
        (_datatype, "datatype of 'x' must be one of QONNX's, is 'INT'"),
        (_element, "element type of 'x' must be a number's, is 0"),
        (_constant, "constant 'c' must hold [3] numbers, does not"),
        (_json, "metadata 'finnlite.origins' must be a JSON object, is not"),
    ],
)
def test_a_damaged_stage_is_an_error(
    damage: Callable[[ModelProto], None], message: str, tmp_path: Path
) -> None:
    graph = Graph()
    x = graph.input("x", (1, 4), DataType["INT4"])
    c = graph.constant(np.arange(4, dtype=np.float32), name="c")
    y = graph.add(FIFO(depth=4), x, name="buffer", origin=("fc",))
    graph.outputs = [graph.add(Add(), y, c, name="add")]
    model = to_onnx(graph)
    assert differences(graph, from_onnx(model)) == []
    damage(model)
    with pytest.raises(ModelError) as error:
        from_onnx(model)
    assert str(error.value) == message
    (tmp_path / "s.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError) as error:
        load_stage(tmp_path / "s.onnx")
    assert str(error.value) == f"stage file '{tmp_path / 's.onnx'}': {message}"
