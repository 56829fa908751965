# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.mutants`: shows that the tests notice each mutant; exits 1 if they miss one."""

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.mutants import MUTANTS
from tests.mutants.run import copy_repository, is_noticed, run_tests


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="finnlite-mutants-") as folder:
        copy = copy_repository(Path(folder) / "copy")
        tests = sorted({mutant.test for mutant in MUTANTS})
        passed, text = run_tests(copy, *tests)
        if not passed:
            print(text)
            print("the tests must pass without a mutant, do not")
            return 1
        missed = 0
        for mutant in MUTANTS:
            start = time.monotonic()
            noticed = is_noticed(mutant, copy)
            missed += not noticed
            verdict = "noticed" if noticed else "MISSED"
            print(f"{verdict:8} {time.monotonic() - start:5.1f} s  {mutant.path}: {mutant.name}", flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
