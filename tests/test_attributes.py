# SPDX-License-Identifier: Apache-2.0
"""Operators as attributes: every registered operator is read back as it was."""

import importlib
import math
import pkgutil
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, ModelProto, helper
from qonnx.core.datatype import BaseDataType, DataType

from finnlite import ops
from finnlite.errors import IRError, ModelError
from finnlite.ir import FLOAT32, OWN_DOMAIN, Graph, Op, TensorType, Value
from finnlite.ops import OPERATORS, lookup
from finnlite.ops.elementwise import LeakyRelu, Relu
from finnlite.ops.linear import Gemm, MatMul
from finnlite.ops.movement import Transpose
from finnlite.ops.mvtu import MVTU
from finnlite.ops.unit import Unit
from finnlite.serde import (
    attribute_kinds,
    datatype_named,
    from_onnx,
    read_op,
    to_bytes,
    to_onnx,
    write_op,
)
from tests.comparison import differences


class Colour(Enum):
    RED = 1
    GREEN = "g"


@dataclass(frozen=True)
class Everything(Op):
    """One field of every type that serde knows."""

    required: int
    flag: bool = False
    real: float = 0.0
    text: str = ""
    colour: Colour = Colour.RED
    kind: BaseDataType = DataType["INT8"]
    flags: tuple[bool, ...] = ()
    numbers: tuple[int, ...] = ()
    reals: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    colours: tuple[Colour, ...] = ()
    kinds: tuple[BaseDataType, ...] = ()
    maybe: tuple[float, ...] | None = None
    maybe_real: float | None = 1.5

    def infer(self, *inputs: Value | None) -> tuple[TensorType, ...]:
        return (TensorType.of((1, 2)), TensorType.of((1, 3), DataType["INT30"]))


@dataclass(frozen=True)
class EverythingStandard(Everything):
    """The same in a domain where floats are ONNX's own."""

    domain: ClassVar[str] = ""
    maybe_real: float | None = None


SCALARS: dict[object, list[Any]] = {
    bool: [True, False],
    int: [7, -(2**63), 2**63 - 1],
    float: [0.1, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1 + 2**-52],
    str: ["a", "", "ünï/$(x)\n\0"],
    BaseDataType: [
        DataType[name] for name in ("BIPOLAR", "TERNARY", "INT7", "UINT33", "FIXED<8,4>", "FLOAT32")
    ],
}


def samples(type_: Any) -> Iterator[Any]:
    """Values of a field's type; raises KeyError for a type that this test does not know."""
    if isinstance(type_, types.UnionType):
        for arg in typing.get_args(type_):
            yield from [None] if arg is types.NoneType else samples(arg)
    elif typing.get_origin(type_) is tuple:
        element, ellipsis = typing.get_args(type_)
        assert ellipsis is ...
        values = list(samples(element))
        yield from [tuple(values), tuple(reversed(values)), (values[0],), ()]
    elif isinstance(type_, type) and issubclass(type_, Enum):
        yield from type_
    else:
        yield from SCALARS[type_]


def variants(cls: type[Op]) -> Iterator[Op]:
    """Operators of a class that cover every sample of every field, fields changing together."""
    hints = typing.get_type_hints(cls, localns={"BaseDataType": BaseDataType})
    columns = {field.name: list(samples(hints[field.name])) for field in fields(cls)}
    for row in range(max(map(len, columns.values()), default=1)):
        with np.errstate(over="ignore", under="ignore"):
            yield cls(**{name: column[row % len(column)] for name, column in columns.items()})


def everything(domain: str, op_type: str) -> type[Op] | None:
    own = {cls.op_type: cls for cls in (Everything, EverythingStandard)}
    return own.get(op_type) or lookup(domain, op_type)


def same_type(a: object, b: object) -> bool:
    """Equality that tells −0.0 from 0.0 and True from 1, and lets NaN equal NaN."""
    return type(a) is type(b) and repr(a) == repr(b)


def through_bytes(attributes: list[AttributeProto]) -> dict[str, AttributeProto]:
    copies = [AttributeProto.FromString(attribute.SerializeToString()) for attribute in attributes]
    return {attribute.name: attribute for attribute in copies}


ALL = [*OPERATORS.values(), Everything, EverythingStandard]


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: f"{cls.domain}.{cls.op_type}")
def test_every_operator_is_read_back_exactly(cls: type[Op], monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes alone, then in a graph; what its inputs must be is not serde's business."""
    monkeypatch.setattr("finnlite.serde.reading.lookup", everything)
    found = (TensorType.of((1, 2), DataType["INT4"]), TensorType.of((1, 3), FLOAT32))
    monkeypatch.setattr(cls, "infer", lambda self, *inputs: found)
    graph = Graph("all")
    x = graph.input("x", (1, 2))
    for op in variants(cls):
        assert same_type(read_op(cls, through_bytes(write_op(op))), op)
        graph.outputs.extend(graph.add_node(op, x, None, x, origin=("a", "b")).outputs)
    assert len(graph) >= 1
    back = from_onnx(ModelProto.FromString(to_bytes(graph)))
    assert differences(graph, back) == []


def test_some_operators_of_every_domain_are_registered() -> None:
    assert {domain for domain, _ in OPERATORS} == {"", "qonnx.custom_op.general", OWN_DOMAIN}
    assert lookup("", "MatMul") is lookup("ai.onnx", "MatMul") is MatMul
    assert lookup(OWN_DOMAIN, "MVTU") is MVTU
    assert lookup("", "MVTU") is None
    assert all((cls.domain, cls.op_type) == key for key, cls in OPERATORS.items())
    assert ("", "") not in OPERATORS


def test_every_module_with_operators_is_registered() -> None:
    for info in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"finnlite.ops.{info.name}")
        for name in getattr(module, "__all__", ()):
            cls = getattr(module, name)
            if isinstance(cls, type) and issubclass(cls, Op) and cls.__name__ == cls.op_type:
                abstract = cls in (Unit,)
                assert (lookup(cls.domain, cls.op_type) is cls) is not abstract, f"{info.name}.{name}"


@given(st.floats(), st.lists(st.floats()))
def test_floats_of_own_operators_keep_all_their_bits(real: float, reals: list[float]) -> None:
    op = Everything(1, real=real, reals=tuple(reals))
    back = read_op(Everything, through_bytes(write_op(op)))
    assert isinstance(back, Everything)
    assert np.array(back.real).tobytes() == np.array(real).tobytes()
    assert np.array(back.reals).tobytes() == np.array(op.reals).tobytes()


def test_attributes_have_the_types_that_the_table_says() -> None:
    full = Everything(1, maybe=(), maybe_real=None)
    kinds = {a.name: AttributeProto.AttributeType.Name(a.type) for a in write_op(full)}
    assert kinds == {
        "required": "INT",
        "flag": "INT",
        "real": "TENSOR",
        "text": "STRING",
        "colour": "STRING",
        "kind": "STRING",
        "flags": "INTS",
        "numbers": "INTS",
        "reals": "TENSOR",
        "texts": "STRINGS",
        "colours": "STRINGS",
        "kinds": "STRINGS",
        "maybe": "TENSOR",
    }
    standard = {a.name: a.type for a in write_op(EverythingStandard(1))}
    assert (standard["real"], standard["reals"]) == (AttributeProto.FLOAT, AttributeProto.FLOATS)
    assert attribute_kinds(Everything)["required"] == ("i", True)
    assert attribute_kinds(Everything)["numbers"] == ("ints", False)


@pytest.mark.parametrize(
    "name", ["BIPOLAR", "TERNARY", "BINARY", "UINT1", "INT2", "FIXED<8,4>", "FLOAT<3,4,5>"]
)
def test_datatypes_by_name(name: str) -> None:
    assert datatype_named(name) == DataType[name]


@pytest.mark.parametrize(
    "name", ["", "INT", "INTx", "INT0", "INT-3", "bipolar", "FIXED<8>", "FIXED<a,b>", "FLOAT<1>"]
)
def test_names_of_no_datatype(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}$"):
        datatype_named(name)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Everything("one"), "Everything required must be int, is 'one'"),  # type: ignore[arg-type]
        (Everything(2**63), "Everything required must be int, is 9223372036854775808"),
        (Everything(1, kind="INT4"), "Everything kind must be BaseDataType, is 'INT4'"),  # type: ignore[arg-type]
        (Everything(1, texts=(1,)), "Everything texts must be a tuple of str, is (1,)"),  # type: ignore[arg-type]
    ],
)
def test_a_field_of_another_type_is_not_written(op: Op, message: str) -> None:
    with pytest.raises(IRError) as error:
        write_op(op)
    assert str(error.value) == message


def _attributes(**values: Any) -> dict[str, AttributeProto]:
    return {name: helper.make_attribute(name, value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("cls", "attributes", "message"),
    [
        (Gemm, {"alpha": 1}, "Gemm alpha must be float (FLOAT), is INT"),
        (Gemm, {"transa": 1}, "Gemm must have the attributes alpha, beta, transA, transB only, has 'transa'"),
        (Relu, {"x": 1}, "Relu must have no attributes, has 'x'"),
        (Everything, {}, "Everything must have the attribute 'required', has none"),
        (Everything, {"required": 1, "kind": "INT"}, "Everything kind must be BaseDataType, is b'INT'"),
        (Everything, {"required": 1, "colour": "BLUE"}, "Everything colour must be Colour, is b'BLUE'"),
    ],
)
def test_a_wrong_attribute_is_an_error(cls: type[Op], attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as error:
        read_op(cls, _attributes(**attributes))
    assert str(error.value) == message


def test_an_absent_attribute_is_the_default() -> None:
    assert read_op(Gemm, _attributes(transB=1)) == Gemm(transB=True)
    assert read_op(Transpose, {}) == Transpose(perm=None)
    assert read_op(Everything, _attributes(required=3)) == Everything(3, maybe_real=None)


def test_a_standard_float_is_what_onnx_keeps() -> None:
    graph = Graph()
    graph.outputs = [graph.add(LeakyRelu(alpha=0.1), graph.input("x", (1, 4)))]
    (node,) = from_onnx(to_onnx(graph)).nodes
    assert node.op == LeakyRelu(alpha=0.1) == LeakyRelu(alpha=float(np.float32(0.1)))
