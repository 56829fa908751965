# SPDX-License-Identifier: Apache-2.0
"""The check of what runs on a board finds what does not, and the driver passes it."""

import json
from pathlib import Path

import pytest

from .python38 import violations

FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case 1:\n        pass",
        "with (open(a) as f, open(b) as g):\n    pass",
        "try:\n    pass\nexcept* ValueError:\n    pass",
        "def f[T](x: T) -> T:\n    return x",
        "'abc'.removeprefix('a')",
        "zip(a, b, strict=True)",
        "@dataclass(frozen=True, slots=True)\nclass A:\n    pass",
        "{'a': 1} | other",
        "other |= {'a': 1}",
        "isinstance(x, int | str)",
        "def f(x: int | None): ...",
        "def f(x: list[int]): ...",
        "Alias = dict[str, int]",
        "from functools import cache",
        "import functools\n@functools.cache\ndef f(): ...",
        "import tomllib",
        "import onnx",
        "def f():\n    import pynq",
        "from finnlite.ir import Graph",
        "from numpy.typing import NDArray",
        "from numpy import broadcast_shapes",
        "import numpy as np\nnp.broadcast_shapes((1,), (2,))",
        "raise ExceptionGroup('a', [])",
        "path.is_relative_to(other)",
        "(5).bit_count()",
    ],
)
def test_what_a_board_cannot_run_is_found(source: str) -> None:
    assert violations(source)


@pytest.mark.parametrize(
    "source",
    [
        FUTURE + "def f(x: int | None) -> list[int]: ...",
        FUTURE + "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from numpy.typing import NDArray",
        FUTURE + "x: dict[str, int] = {}",
        "if (n := 3) > 2:\n    pass",
        "def f(a, /, b): ...",
        "import numpy as np\nnp.packbits(np.zeros(3) > 1)",
        "from .errors import DriverError",
        "flags = 1 | 2",
    ],
)
def test_what_it_can_run_is_not(source: str) -> None:
    assert violations(source) == []


def test_further_modules_are_allowed_by_name() -> None:
    assert violations("import pynq") == ["1: pynq must not be imported"]
    assert violations("import pynq", also=frozenset({"pynq"})) == []


def test_the_driver_runs_on_a_board(root: Path) -> None:
    driver = sorted((root / "finnlite/runtime").glob("*.py"))
    assert len(driver) > 8
    found = {}
    for path in driver:
        also = {"pynq_device.py": {"pynq"}, "images.py": {"PIL"}}.get(path.name, ())
        found[path.name] = violations(path.read_text(encoding="utf-8"), also=frozenset(also))
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_what_is_copied_beside_the_driver_runs_on_a_board(root: Path) -> None:
    for path in (root / "backends/pynq/deploy").rglob("*.py"):
        assert violations(path.read_text(), also=frozenset({"finnlite_driver"})) == [], path.name
    notebook = json.loads((root / "backends/pynq/deploy/finnlite.ipynb").read_text(encoding="utf-8"))
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 5
    assert violations("\n".join(code), also=frozenset({"finnlite_driver"})) == []
