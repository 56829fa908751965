# SPDX-License-Identifier: Apache-2.0
"""A Yosys that answers at once: every part is the one of which the recorded statistics are."""

import os
import stat
import sys
from pathlib import Path

import pytest

from finnlite.backends.rtl.measured import Measured

GOLDEN = Path(__file__).parents[1] / "golden" / "yosys"
FOUND = Measured(lut=4, lc=4, ff=31, carry4=2, bram18=2, dsp=2, lutram=4)
"""By hand: RAM32M is four LUTs, its address is a counter; 18 × 18 bits are a product of two DSP48E1s."""

FAKE = """\
#!{python}
import json, sys
if "-V" in sys.argv:
    sys.exit(print("Yosys {version} (fake)"))
script = open("synthesis.ys").read()
names = script.partition("keep_hierarchy 1 ")[2].partition("\\n")[0].split()
with open({log!r}, "a") as log:
    print(*names, file=log)
if len(names) > 1 and {alone}:
    sys.exit("ERROR: too many")
module = json.load(open({statistics!r}))["modules"]["\\\\hand_made"]
with open("statistics.json", "w") as file:
    json.dump({{"modules": {{"\\\\" + name: module for name in names}}}}, file)
"""


def fake(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str = "0.99", *, alone: bool = False
) -> Path:
    """Puts a Yosys that only answers on the PATH; the file in which it keeps a line a run.

    With `alone` it does not take several parts.
    """
    tools = folder / "tools"
    tools.mkdir()
    log = folder / "log"
    log.touch()
    program = tools / "yosys"
    statistics = str(GOLDEN / "0.23.json")
    program.write_text(
        FAKE.format(python=sys.executable, version=version, log=str(log), statistics=statistics, alone=alone)
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return log
