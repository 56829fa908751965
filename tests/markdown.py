# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a Markdown text."""

import re


def block(text: str, language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]
