# SPDX-License-Identifier: Apache-2.0
"""What Verilator thinks of emitted Verilog."""

import os
import shutil
from pathlib import Path

import pytest

from finnlite.backends.rtl.emit import TOP
from tests.rtl.bench import call


def verilator() -> str:
    """The tool, or the reason to skip."""
    found = shutil.which("verilator")
    if found is None:
        if os.environ.get("CI"):
            raise RuntimeError("Verilator must be on the PATH, is not")
        pytest.skip("Verilator is not here")
    return found


def assert_clean(folder: Path, top: str = TOP) -> None:
    """No warning about the module `top` or any below it, which are found in `src/` and `lib/`."""
    paths = ["-y", str(folder / "lib"), "-y", str(folder / "src")]
    call([verilator(), "--lint-only", "-Wall", "--top-module", top, *paths, str(folder / "src" / f"{top}.v")])
