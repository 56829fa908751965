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
    r"""The text on one line, printable, and cut in the middle if it is too long: paths differ at their ends.

    >>> shortened("two\nlines")
    'two\\nlines'
    >>> shortened("/model/model.12/Conv", longest=12)
    '/mode…2/Conv'
    """
    line = printable(text).replace("\n", "\\n")
    start = (longest - 1) // 2
    return line if len(line) <= longest else line[:start] + "…" + line[start + 1 - longest :]
