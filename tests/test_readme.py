# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what happens."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.markdown import block


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(readme: str, tmp_path: Path) -> None:
    code = block(readme, "python") + "\nassert build.ok and (logits.argmax(1) == same.argmax(1)).all()\n"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("True {'ii_cycles'")


def test_the_first_shell_block_is_what_continuous_integration_runs(readme: str, root: Path) -> None:
    commands = [line.partition("#")[0].split() for line in block(readme, "sh").splitlines()]
    assert commands == [["make", "demo"], ["make", "test"]]
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{name}: " in makefile for _, name in commands)
