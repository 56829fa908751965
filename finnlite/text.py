# SPDX-License-Identifier: Apache-2.0
"""Text from a model made fit to be shown: a name may hold anything, and be of any length."""

__all__ = ["printable", "shortened"]

_LONGEST = 80


def printable(text: str) -> str:
    r"""The text with control characters escaped, so that a name cannot steer a terminal; lines stay lines.

    >>> printable("node 'a\x1b[2J': must be …")
    "node 'a\\x1b[2J': must be …"
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, longest: int = _LONGEST) -> str:
    r"""The text on one line, printable, and cut where it is too long.

    >>> shortened("two\nlines")
    'two\\nlines'
    >>> shortened("x" * 100, longest=5)
    'xxxx…'
    """
    line = printable(text).replace("\n", "\\n")
    return line if len(line) <= longest else line[: longest - 1] + "…"
