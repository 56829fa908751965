# SPDX-License-Identifier: Apache-2.0
"""How values are written in Tcl: the one place where they are quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["number", "properties", "setting", "word"]

_FEW = 4
_PLAIN = re.compile(r"[A-Za-z0-9_./:+-]+")


def word(value: object) -> str:
    r"""A value as one word that Tcl neither splits nor substitutes.

    >>> print(*(word(v) for v in ("axi_dma", 26, "MIO 1 .. 6", "", "$x", "a}b")))
    axi_dma 26 {MIO 1 .. 6} {} {$x} "a\}b"
    """
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    if not re.search(r"[{}\\\n]", text):
        return f"{{{text}}}"
    return '"' + re.sub(r'[{}\[\]"$\\]', r"\\\g<0>", text).replace("\n", "\\n") + '"'


def number(value: float) -> str:
    """A number with at most six decimals, as the vendor's tools print them.

    >>> number(100.0), number(1000 / 7), number(33.3333333333)
    ('100', '142.857143', '33.333333')
    """
    return f"{value:.6f}".rstrip("0").rstrip(".")


def setting(name: str, value: object) -> str:
    """`set name value`."""
    return f"set {name} {word(value)}"


def properties(values: Iterable[tuple[str, object]]) -> str:
    """`[list CONFIG.NAME value …]`, the argument of `set_property -dict`; a property a line if many.

    >>> print(properties([("NUM_SI", 1), ("NUM_MI", 1)]))
    [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1]
    """
    pairs = [f"CONFIG.{name} {word(value)}" for name, value in values]
    if len(pairs) <= _FEW:
        return f"[list {' '.join(pairs)}]"
    return "[list \\\n" + "".join(f"    {pair} \\\n" for pair in pairs) + "]"
