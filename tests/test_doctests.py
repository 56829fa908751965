# SPDX-License-Identifier: Apache-2.0
"""The examples in docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import finnlite


# pytest's own collection would import the files of the wings a second time, as other modules.
@pytest.mark.parametrize(
    "name", [m.name for m in pkgutil.walk_packages(finnlite.__path__, "finnlite.")] + ["finnlite"]
)
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
