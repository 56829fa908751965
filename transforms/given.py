# SPDX-License-Identifier: Apache-2.0
"""Foldings that are given: whom they name, and whether that can be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from finnlite.accelerator import Placed
from finnlite.errors import IRError, OptionError

__all__ = ["resolved"]


def resolved(folding: Mapping[str, Mapping[str, Any]], placed: list[Placed]) -> dict[str, dict[str, Any]]:
    """The folding by node name, checked; without what is None, which is open.

    Args:
        folding: Node name, or the name of a source node that it came from, to attribute to value.
        placed: The units that have settings.

    Raises:
        OptionError: If it names what is not there, or a value is not legal.
    """
    by_name = {node.name: index for index, (node, _) in enumerate(placed)}
    by_origin: dict[str, set[int]] = {}
    for index, (node, _) in enumerate(placed):
        for name in node.origin:
            by_origin.setdefault(name, set()).add(index)
    result: dict[str, dict[str, Any]] = {}
    for key, attributes in folding.items():
        owners = {by_name[key]} if key in by_name else by_origin.get(key, set())
        if len(owners) > 1:  # a convolution's node made windows and padding too: who computes is meant
            owners = {index for index in owners if _computes(placed[index], key)} or owners
        if len(owners) != 1:
            _unknown(key, [node.name for node, _ in placed], several=len(owners) > 1)
        node, unit = placed[next(iter(owners))]
        if node.name in result:
            raise OptionError(f"folding: layer {node.name!r} must be given once, is given again as {key!r}")
        result[node.name] = _settings(key, attributes, placed[next(iter(owners))])
    return result


def _computes(placed: Placed, name: str) -> bool:
    """Whether a unit has constants, its weights or thresholds, of a source node that it begins with."""
    node = placed.node
    return node.origin[:1] == (name,) and any(v is not None and v.const is not None for v in node.inputs)


def _unknown(key: str, names: list[str], *, several: bool) -> None:
    listed = ", ".join(map(repr, names))
    if several:
        raise OptionError(f"folding: layer {key!r} must name one unit, belongs to several; use {listed}")
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? The layers" if near else "the layers"
    raise OptionError(f"folding: layer {key!r} must be a layer of the model, is unknown; {hint} are {listed}")


def _settings(key: str, attributes: object, placed: Placed) -> dict[str, Any]:
    """What is given for a unit, in the types of its fields.

    Raises:
        OptionError: If an attribute is unknown, a value is not one of its, or all together are not legal.
    """
    node, unit = placed
    legal = unit.settings(*node.inputs)
    allowed = _listed(legal, "and")
    if not isinstance(attributes, Mapping):
        raise OptionError(f"folding: layer {key!r} must map {allowed} to values, is {attributes!r}")
    result = {}
    for attribute, value in attributes.items():
        if attribute not in legal:
            near = difflib.get_close_matches(str(attribute).lower(), legal, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise OptionError(
                f"folding: layer {key!r} ({unit.op_type}): attributes must be {allowed}, "
                f"is {attribute!r}{hint}"
            )
        if value is not None:
            result[attribute] = _value(key, attribute, value, legal[attribute])
    widest = {name: values[-1] if type(values[-1]) is int else values[0] for name, values in legal.items()}
    try:
        replace(unit, **{**widest, **result}).check_folding(*node.inputs)
    except IRError as error:
        raise OptionError(f"folding: node {key!r}: {error}") from None
    return result


def _value(key: str, attribute: str, value: object, legal: tuple[Any, ...]) -> object:
    """The value as the unit's field holds it.

    Raises:
        OptionError: If it is of another kind, or no legal word.
    """
    kind = type(legal[0])
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise OptionError(f"folding: layer {key!r}: {attribute} must be an integer, is {value!r}")
        return value  # which integers are legal is said by `Unit.check_folding`
    if kind is bool:
        if not isinstance(value, bool):
            raise OptionError(f"folding: layer {key!r}: {attribute} must be true or false, is {value!r}")
        return value
    for word in legal:
        if value == word:
            return word
    allowed = _listed([str(word) for word in legal], "or")
    raise OptionError(f"folding: layer {key!r}: {attribute} must be {allowed}, is {value!r}")


def _listed(names: Any, word: str) -> str:
    *most, last = map(repr, names)
    return f"{', '.join(most)} {word} {last}" if most else last
