# SPDX-License-Identifier: Apache-2.0
"""The one sanitiser: names from a model become identifiers, file names and comments only here."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["MAX_LENGTH", "comment", "identifiers"]

MAX_LENGTH = 32
"""Longest module name: Vivado's IP packager and Windows paths want short ones."""

_HASH = 8
# What the emitted code appends to a layer's identifier.
_SUFFIX = re.compile(
    r"_(out[0-9]*|step|state|shape|unit|activation|weights|thresholds|falling|table|level[0-9]+|hpp|data|axis)$"
)
_COMMENT_LENGTH = 60


def identifiers(names: Sequence[tuple[str, str]]) -> list[str]:
    """An identifier for each (kind, name), legal in C++, Verilog, VHDL, Tcl and as a file name.

    It begins with the kind (a word of our own, so no keyword or library function is ever hit), is of
    lower case letters, digits and single underscores, has at most `MAX_LENGTH` characters and is unique
    among the others. A name that does not survive unchanged but for its case, is not unique then or
    could be taken for a part of another layer gets a hash of the original name.

    >>> identifiers([("mvtu", "MVTU_0"), ("mvtu", "fc 1"), ("mvtu", "int")])
    ['mvtu_0', 'mvtu_fc_1_2a8f0d05', 'mvtu_int']
    """
    cleaned = [_clean(kind, name) for kind, name in names]
    count = Counter(text for text, _ in cleaned)
    taken = {text for text, exact in cleaned if exact and count[text] == 1}
    result = []
    for (text, exact), (_, name) in zip(cleaned, names, strict=True):
        result.append(text if exact and count[text] == 1 else _hashed(text, name, taken))
    return result


def comment(text: str) -> str:
    """What of a name may stand in a comment: letters, digits and a few marks, not too many."""
    safe = re.sub(r"[^A-Za-z0-9_./:\-]", " ", text)[: _COMMENT_LENGTH + 1]
    return safe if len(safe) <= _COMMENT_LENGTH else safe[:_COMMENT_LENGTH] + "..."


def _clean(kind: str, name: str) -> tuple[str, bool]:
    """The name with its kind in front, and whether nothing but its case changed."""
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()[: 2 * MAX_LENGTH]).strip("_")
    exact = text == name.lower() and text.isascii()
    prefixed = text if text.startswith(f"{kind}_") else f"{kind}_{text}".rstrip("_")
    fits = len(prefixed) <= MAX_LENGTH and not _SUFFIX.search(prefixed)
    return prefixed, exact and bool(text) and fits


def _hashed(text: str, name: str, taken: set[str]) -> str:
    """`text`, cut, with a hash of `name` that makes it unique; added to `taken`."""
    salt = 0
    while True:
        digest = hashlib.sha256(f"{name}\0{salt}".encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
        result = f"{text[: MAX_LENGTH - _HASH - 1].rstrip('_')}_{digest}"
        if result not in taken:
            taken.add(result)
            return result
        salt += 1
