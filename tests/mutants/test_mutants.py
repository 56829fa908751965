# SPDX-License-Identifier: Apache-2.0
"""The tests notice faults. (Without a fault the same tests pass: they are part of this very run.)"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.images import IMAGE_MUTANTS
from tests.mutants.kinds import Mutant
from tests.mutants.mutants import MUTANTS
from tests.mutants.run import copy_repository, is_noticed, plant


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("mutants") / "copy")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_tests_notice(mutant: Mutant, copy: Path) -> None:
    assert is_noticed(mutant, copy)


def test_there_are_ten_of_transforms_and_backend() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    assert len(IMAGE_MUTANTS) >= 10
    assert {mutant.path.split("/")[0] for mutant in MUTANTS} == {"transforms", "backends"}


def test_the_copy_is_what_is_tested(copy: Path) -> None:
    code = "import finnlite, finnlite.transforms, finnlite.backends.hls.emit as e; "
    code += "print(finnlite.__file__, finnlite.transforms.__file__, e.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(Path(path).is_relative_to(copy) for path in result.stdout.split())


def test_a_mutant_of_code_that_is_gone_is_an_error(copy: Path) -> None:
    mutant = Mutant("x", "backends/hls/writer.py", "no such text", "", "")
    with pytest.raises(ValueError, match="must occur once in backends/hls/writer.py, occurs 0 times"):
        plant(mutant, copy)
