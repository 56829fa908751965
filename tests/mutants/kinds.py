# SPDX-License-Identifier: Apache-2.0
"""What a mutant is."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """A fault: in `path`, `old` (which occurs once) becomes `new`; `test` must fail then."""

    name: str
    path: str
    old: str
    new: str
    test: str
