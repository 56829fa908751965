# SPDX-License-Identifier: Apache-2.0
"""Objects of a JSON file whose entries are taken out one by one, with their types checked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .errors import MetadataError
from .packing import element_type

__all__ = ["Section"]

_SHOWN = 40
_PLURALS = {str: "texts", int: "integers"}
_TYPES = {str: "a text", int: "an integer", float: "a number", list: "a list", dict: "an object"}


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"


class Section:
    """An object of the file.

    Args:
        what: What messages call the file.
        path: Where in it the object is.
        data: The object.

    Every method but `names`, `has` and `error` raises `MetadataError` if the entry is missing or is not what
    it must be.
    """

    def __init__(self, what: str, path: str, data: dict[str, Any]) -> None:
        """See the class."""
        self._what, self._path, self._data = what, path, data

    def error(self, key: str, wanted: str, found: str) -> MetadataError:
        """What is wrong with an entry."""
        where = f"{self._path}.{key}" if self._path else key
        return MetadataError(f"{self._what}: {where} must be {wanted}, is {found}; copy the folder anew")

    def _take(self, key: str, type_: type) -> Any:
        if key not in self._data:
            raise self.error(key, _TYPES[type_], "missing")
        value = self._data[key]
        if type_ is float and type(value) is int:
            value = float(value)
        if type(value) is not type_:
            raise self.error(key, _TYPES[type_], _shown(value))
        return value

    def has(self, key: str) -> bool:
        """Whether there is an entry."""
        return key in self._data

    def text(self, key: str) -> str:
        """An entry that is a text."""
        return str(self._take(key, str))

    def integer(self, key: str) -> int:
        """An entry that is an integer."""
        return int(self._take(key, int))

    def number(self, key: str) -> float:
        """An entry that is a number."""
        return float(self._take(key, float))

    def names(self) -> list[str]:
        """Of all entries."""
        return list(self._data)

    def raw(self, key: str) -> dict[str, Any]:
        """An entry that is an object, whatever it holds."""
        return dict(self._take(key, dict))

    def section(self, key: str) -> Section:
        """An entry that is an object."""
        where = f"{self._path}.{key}" if self._path else key
        return Section(self._what, where, self._take(key, dict))

    def sections(self, key: str) -> list[Section]:
        """An entry that is a list of objects."""
        entries: list[Any] = self._take(key, list)
        numbered = Section(self._what, self._path, {f"{key}[{i}]": entry for i, entry in enumerate(entries)})
        return [numbered.section(name) for name in numbered.names()]

    def items(self, key: str, type_: type, *, optional: bool = False) -> tuple[Any, ...]:
        """An entry that is a list of values of a type, or null where `optional`."""
        entries: list[Any] = self._take(key, list)
        for entry in entries:
            if type(entry) is not type_ and not (optional and entry is None):
                raise self.error(key, f"a list of {_PLURALS[type_]}", _shown(entries))
        return tuple(entries)

    def datatype(self, key: str) -> str:
        """An entry that names an integer datatype."""
        name = self.text(key)
        try:
            element_type(name)
        except ValueError:
            raise self.error(key, "an integer datatype", repr(name)) from None
        return name

    def dtype(self, key: str) -> str:
        """An entry that names a numpy type."""
        name = self.text(key)
        try:
            return np.dtype(name).name
        except TypeError:
            raise self.error(key, "a numpy type", repr(name)) from None
