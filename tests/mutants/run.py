# SPDX-License-Identifier: Apache-2.0
"""Runs tests in a copy of the repository into which a fault was put."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.backends.unity import NO_COMPILE
from tests.mutants.kinds import Mutant

ROOT = Path(__file__).parents[2]

_FAILED, _PASSED = 1, 0
_TREES = ("finnlite", "tests")
_WINGS = ("transforms", "backends")
_FILES = ("setup.cfg", "pyproject.toml")


def copy_repository(target: Path) -> Path:
    """A copy in which the wings lie inside the package, so that it is imported as it stands."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis")
    for name in _TREES:
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    for name in _WINGS:
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
        (target / "finnlite" / name).symlink_to(target / name)
    for name in _FILES:
        shutil.copy(ROOT / name, target / name)
    return target


def plant(mutant: Mutant, copy: Path) -> None:
    """Puts the fault into the copy.

    Raises:
        ValueError: If the code it changes is not there exactly once.
    """
    path = copy / mutant.path
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"mutant {mutant.name!r}: its text must occur once in {mutant.path}, "
            f"occurs {text.count(mutant.old)} times; adapt it to the code"
        )
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def mend(mutant: Mutant, copy: Path) -> None:
    """Takes the fault out again."""
    shutil.copy(ROOT / mutant.path, copy / mutant.path)


def run_tests(copy: Path, *tests: str) -> tuple[bool, str]:
    """Runs tests of the copy: whether they passed, and what pytest printed.

    Raises:
        RuntimeError: If they neither passed nor failed (nothing collected, errors outside of tests), or
            failed because emitted code did not compile: a fault must be seen by what is computed.
    """
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=short", *tests]
    result = subprocess.run(argv, cwd=copy, env=env, capture_output=True, text=True, check=False)
    summary = result.stdout.strip().splitlines()[-1:] or [result.stderr.strip()[-500:]]
    if result.returncode not in (_PASSED, _FAILED) or " error" in summary[0] or "skipped" in summary[0]:
        raise RuntimeError(f"{' '.join(tests)}: must pass or fail, did neither:\n{result.stdout[-2000:]}")
    if NO_COMPILE in result.stdout:
        raise RuntimeError(f"{' '.join(tests)}: the code must compile, does not:\n{result.stdout[-2000:]}")
    return result.returncode == _PASSED, result.stdout


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Whether the mutant's test fails while its fault is in the copy."""
    plant(mutant, copy)
    try:
        passed, _ = run_tests(copy, mutant.test)
    finally:
        mend(mutant, copy)
    return not passed
