# SPDX-License-Identifier: Apache-2.0
"""Operators as attributes of nodes, and back: one function that the types of the fields drive.

| field | attribute |
|---|---|
| `bool` | INT, 0 or 1 |
| `int` | INT |
| `float` | a float64 TENSOR in finnlite's domain (FLOAT has 24 bits), else FLOAT as the standard says |
| `str` | STRING |
| an `Enum`, a QONNX datatype | STRING, its name |
| `tuple` of these | INTS, FLOATS (or a TENSOR), STRINGS; the type is explicit, so it may be empty |
| `None` | no attribute |

Arrays are never attributes but constant inputs.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from onnx import AttributeProto, numpy_helper
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError, ModelError
from finnlite.ir import OWN_DOMAIN, Op

__all__ = ["attribute_kinds", "datatype_named", "read_op", "write_op"]


class _Codec(NamedTuple):
    """How values of a field's type are kept in an attribute: `member` of a proto of type `kind`."""

    kind: AttributeProto.AttributeType
    member: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    many: bool


class _Field(NamedTuple):
    name: str
    codec: _Codec
    optional: bool
    required: bool
    described: str


def datatype_named(name: str) -> BaseDataType:
    """QONNX's datatype of a name.

    Raises:
        ValueError: If there is none.
    """
    try:
        datatype: BaseDataType = DataType[name]
        if datatype.bitwidth() >= 1:
            return datatype
    except (AssertionError, IndexError, KeyError, ValueError):  # QONNX parses names without checking them
        pass
    raise ValueError(name)


def _text(value: bytes) -> str:
    return value.decode("utf-8")


def _element(type_: Any, own: bool) -> tuple[str, Callable[[Any], Any], Callable[[Any], Any]]:
    """The attribute member that holds one value of a type, how it gets there, and back."""
    if type_ is bool:
        return "i", int, bool
    if type_ is int:
        return "i", int, int
    if type_ is float:
        return ("t" if own else "f"), float, float
    if type_ is str:
        return "s", lambda v: v.encode("utf-8"), _text
    if isinstance(type_, type) and issubclass(type_, BaseDataType):
        return "s", lambda v: v.name.encode("utf-8"), lambda v: datatype_named(_text(v))
    if isinstance(type_, type) and issubclass(type_, Enum):
        return "s", lambda v: v.name.encode("utf-8"), lambda v: type_[_text(v)]
    raise IRError(f"field type must be one that serde writes, is {type_}")


_KINDS: dict[tuple[str, bool], tuple[AttributeProto.AttributeType, str]] = {
    ("i", False): (AttributeProto.INT, "i"),
    ("f", False): (AttributeProto.FLOAT, "f"),
    ("s", False): (AttributeProto.STRING, "s"),
    ("t", False): (AttributeProto.TENSOR, "t"),
    ("i", True): (AttributeProto.INTS, "ints"),
    ("f", True): (AttributeProto.FLOATS, "floats"),
    ("s", True): (AttributeProto.STRINGS, "strings"),
    ("t", True): (AttributeProto.TENSOR, "t"),
}


def _fields(cls: type[Op]) -> tuple[_Field, ...]:
    return _inspect(cls)  # type: ignore[arg-type]  # mypy takes the hash of a class for that of its objects


@cache
def _inspect(cls: type[Op]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(cls, localns={"BaseDataType": BaseDataType})
    result = []
    for field in fields(cls):
        type_, optional, many = hints[field.name], False, False
        if isinstance(type_, types.UnionType) or typing.get_origin(type_) is typing.Union:
            rest = [arg for arg in typing.get_args(type_) if arg is not types.NoneType]
            type_, optional = rest[0], len(rest) < len(typing.get_args(type_))
        if typing.get_origin(type_) is tuple:
            type_, many = typing.get_args(type_)[0], True
        short, encode, decode = _element(type_, cls.domain == OWN_DOMAIN)
        kind, member = _KINDS[short, many]
        described = f"{'a tuple of ' if many else ''}{getattr(type_, '__name__', type_)}"
        required = field.default is MISSING and field.default_factory is MISSING
        codec = _Codec(kind, member, encode, decode, many)
        result.append(_Field(field.name, codec, optional, required, described))
    return tuple(result)


def attribute_kinds(cls: type[Op]) -> dict[str, tuple[str, bool]]:
    """The `AttributeProto` member that holds each attribute of an operator, and whether it is required.

    The names of the members are QONNX's words for attribute types ("i", "s", "ints", …).
    """
    return {field.name: (field.codec.member, field.required) for field in _fields(cls)}


def write_op(op: Op) -> list[AttributeProto]:
    """The attributes of an operator: one for every field that is not None.

    Raises:
        IRError: If a field holds a value that its type does not allow.
    """
    attributes = []
    for name, codec, _, _, described in _fields(type(op)):
        value = getattr(op, name)
        if value is None:
            continue
        attribute = AttributeProto(name=name, type=codec.kind)
        try:
            if codec.member == "t":
                attribute.t.CopyFrom(numpy_helper.from_array(np.array(value, dtype=np.float64)))
            elif codec.many:
                getattr(attribute, codec.member).extend([codec.encode(v) for v in value])
            else:
                setattr(attribute, codec.member, codec.encode(value))
        except (AttributeError, TypeError, ValueError):
            raise IRError(f"{op.op_type} {name} must be {described}, is {value!r}") from None
        attributes.append(attribute)
    return attributes


def read_op(cls: type[Op], attributes: Mapping[str, AttributeProto]) -> Op:
    """An operator from a node's attributes; an absent attribute is None or the field's default.

    Raises:
        ModelError: If an attribute is unknown, of the wrong type or value, or a required one is absent.
    """
    known = {field.name: field for field in _fields(cls)}
    for name in attributes:
        if name not in known:
            allowed = f"the attributes {', '.join(known)} only" if known else "no attributes"
            raise ModelError(f"{cls.op_type} must have {allowed}, has {name!r}")
    values: dict[str, Any] = {}
    for name, codec, optional, required, described in known.values():
        attribute = attributes.get(name)
        if attribute is None:
            if required:
                raise ModelError(f"{cls.op_type} must have the attribute {name!r}, has none")
            if optional and cls.domain == OWN_DOMAIN:
                values[name] = None
            continue
        if attribute.type != codec.kind:
            kind = AttributeProto.AttributeType.Name
            raise ModelError(
                f"{cls.op_type} {name} must be {described} ({kind(codec.kind)}), is {kind(attribute.type)}"
            )
        stored = getattr(attribute, codec.member)
        if codec.member == "t":
            array = numpy_helper.to_array(stored)
            stored = array.ravel().tolist() if codec.many else array.item()
        try:
            values[name] = tuple(map(codec.decode, stored)) if codec.many else codec.decode(stored)
        except (KeyError, ValueError):
            raise ModelError(f"{cls.op_type} {name} must be {described}, is {stored!r}") from None
    return cls(**values)
