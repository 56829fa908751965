# SPDX-License-Identifier: Apache-2.0
"""A small emitter of C++ text, and the C++ spelling of datatypes and constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from qonnx.core.datatype import BaseDataType, DataType

from finnlite.errors import IRError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Writer", "array", "element_type", "integer_ctype", "wrapped"]


_COLUMNS = 100
_LINE = 92


def wrapped(head: str, items: Sequence[str], tail: str) -> list[str]:
    """`head`, the items with commas, `tail`: in one line if it is short, else an item a line."""
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= _LINE:
        return [line]
    return [head, *(f"    {item}," for item in items[:-1]), f"    {items[-1]}{tail}"]


class Writer:
    """Lines of C++ with the current indentation."""

    def __init__(self) -> None:
        """See the class."""
        self._lines: list[str] = []
        self._depth = 0

    def line(self, text: str = "") -> None:
        """Adds a line; preprocessor lines are never indented."""
        pad = "" if text.startswith("#") or not text else "  " * self._depth
        self._lines.append(pad + text)

    def lines(self, *texts: str) -> None:
        """Adds several lines."""
        for text in texts:
            self.line(text)

    @contextmanager
    def indent(self) -> Iterator[None]:
        """Indents what is written inside."""
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def block(self, head: str, tail: str = "}") -> Iterator[None]:
        """`head {`, the indented body, `tail`."""
        self.line(f"{head} {{")
        with self.indent():
            yield
        self.line(tail)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return "\n".join(self._lines) + "\n"


def element_type(datatype: BaseDataType) -> str:
    """The library's type of a stream element.

    >>> element_type(DataType["TERNARY"])
    'finnlite::signed_integer<2>'
    """
    if not datatype.is_integer():
        raise IRError(f"a stream must hold integers, holds {datatype.name}")
    if datatype == DataType["BIPOLAR"]:
        return "finnlite::bipolar"
    sign = "signed" if datatype.signed() else "unsigned"
    return f"finnlite::{sign}_integer<{int(datatype.bitwidth())}>"


def integer_ctype(low: int, high: int) -> str:
    """The narrowest C++ integer that holds `low` to `high`.

    >>> integer_ctype(-1, 3), integer_ctype(0, 3)
    ('ap_int<3>', 'ap_uint<2>')
    """
    if low >= 0:
        return f"ap_uint<{max(1, high.bit_length())}>"
    return f"ap_int<{max((-low - 1).bit_length(), high.bit_length(), 0) + 1}>"


def array(name: str, ctype: str, values: NDArray[np.generic], *, hexadecimal: bool = False) -> str:
    """A constant array definition."""
    dims = "".join(f"[{d}]" for d in values.shape)
    body = _initialiser(values, hexadecimal, "  ")
    return f"static const {ctype} {name}{dims} = {body};\n"


def _initialiser(values: NDArray[np.generic], hexadecimal: bool, pad: str) -> str:
    if values.ndim > 1:
        rows = ",\n".join(pad + _initialiser(row, hexadecimal, pad + "  ") for row in values)
        return f"{{\n{rows}}}"
    texts = [f"{v:#x}ULL" for v in values.tolist()] if hexadecimal else [f"{v}LL" for v in values.tolist()]
    if not hexadecimal and values.size and abs(values.astype(np.int64)).max() < 2**31:
        texts = [str(v) for v in values.tolist()]
    lines, current = [], ""
    for text in texts:
        if current and len(pad) + len(current) + len(text) + 2 > _COLUMNS:
            lines.append(current)
            current = ""
        current += f", {text}" if current else text
    lines.append(current)
    return "{" + f",\n{pad}".join(lines) + "}"
