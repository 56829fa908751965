# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a Markdown text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BLOCK = re.compile(r"^(?:<!-- not run: (.+) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: the line of its first line, its language, its text, and why it is not run."""

    line: int
    language: str
    text: str
    not_run: str


def blocks(text: str) -> Iterator[Block]:
    """All fenced blocks; one may be preceded by `<!-- not run: REASON -->`."""
    for found in _BLOCK.finditer(text):
        yield Block(text.count("\n", 0, found.start(3)), found[2], found[3], found[1] or "")


def block(text: str, language: str) -> str:
    """The first fenced block of a language."""
    return next(found.text for found in blocks(text) if found.language == language)
