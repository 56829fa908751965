# SPDX-License-Identifier: Apache-2.0
"""The FIFO in Verilog, simulated cycle by cycle beside a queue."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

DEPTHS = (2, 3, 16, 17, 98, 1000)
WIDTHS = (8, 256, 24, 64)
# Every depth in both memories, every width.
SHAPES = [
    (WIDTHS[(2 * k + j) % 4], depth, style)
    for k, depth in enumerate(DEPTHS)
    for j, style in enumerate(("distributed", "block"))
]
BENCH = Path(__file__).with_name("fifo_bench.v")


class Result(NamedTuple):
    """What the bench printed: words that came out, cycles, the most words inside, disagreements."""

    words: int
    cycles: int
    held: int
    errors: int


@pytest.fixture(scope="module")
def simulator() -> str:
    found = shutil.which("iverilog")
    if found is None:
        reason = "iverilog is not here (apt-get install iverilog)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def fifo(root: Path) -> Path:
    return root / "backends" / "pynq" / "rtl" / "finnlite_fifo.v"


def compiled(simulator: str, fifo: Path, folder: Path, width: int, depth: int, style: str) -> Path:
    program = folder / "bench.vvp"
    parameters = [f"-Pfifo_bench.{k}={v}" for k, v in (("WIDTH", width), ("DEPTH", depth))]
    style_parameter = f'-Pfifo_bench.RAM_STYLE="{style}"'
    command = [simulator, "-g2005", "-Wall", "-s", "fifo_bench", *parameters, style_parameter]
    done = subprocess.run(
        [*command, "-o", str(program), str(BENCH), str(fifo)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return program


def run(program: Path, *options: str, words: int) -> Result:
    command = ["vvp", "-n", str(program), f"+words={words}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    last = done.stdout.splitlines()[-1]
    found = re.fullmatch(r"words (\d+) cycles (\d+) held (\d+) errors (\d+)", last)
    assert found is not None, done.stdout
    return Result(*map(int, found.groups()))


@pytest.mark.parametrize(("width", "depth", "style"), SHAPES)
def test_it_is_a_queue_whoever_pauses(
    simulator: str, fifo: Path, tmp_path: Path, width: int, depth: int, style: str
) -> None:
    program = compiled(simulator, fifo, tmp_path, width, depth, style)
    words = 2 * depth + 300
    for seed, (source, sink) in enumerate([(50, 50), (95, 20), (30, 90), (80, 70), (5, 100)]):
        result = run(program, f"+source={source}", f"+sink={sink}", f"+seed={seed + 1}", words=words)
        assert (result.words, result.errors) == (words, 0)
        if source > 4 * sink:
            assert result.held == depth


@pytest.mark.parametrize(("width", "depth", "style"), SHAPES)
def test_it_holds_exactly_its_depth_and_never_costs_a_cycle(
    simulator: str, fifo: Path, tmp_path: Path, width: int, depth: int, style: str
) -> None:
    program = compiled(simulator, fifo, tmp_path, width, depth, style)
    words = 2 * depth + 100
    # A word written in cycle t is taken in t + 1, so that one is inside.
    assert run(program, words=words) == Result(words, cycles=words + 1, held=1, errors=0)
    # A sink that waits for the FIFO to be full, and then some, and takes a word every cycle from then on.
    waited = depth + 20
    assert run(program, "+fill", words=words) == Result(words, cycles=waited + words, held=depth, errors=0)


@pytest.mark.parametrize("depth", [2, 3, 17, 64])
def test_lint_has_nothing_to_say(simulator: str, fifo: Path, depth: int) -> None:
    parameter = f"-Pfinnlite_fifo.DEPTH={depth}"
    command = [simulator, "-g2005", "-Wall", "-tnull", "-s", "finnlite_fifo", parameter, str(fifo)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_port_says_what_it_is(fifo: Path) -> None:
    """Vivado takes streams, clock and reset from attributes, and the streams' clock from the clock's."""
    text = fifo.read_text(encoding="utf-8")
    ports = re.findall(
        r'X_INTERFACE_INFO = "xilinx\.com:(\S+) (\S+) (\S+)" \*\)\n'
        r'(?: +\(\* X_INTERFACE_PARAMETER = "(.*)" \*\)\n)?'
        r" +(?:in|out)put +wire +(?:\[WIDTH-1:0\] )?(\w+)",
        text,
    )
    assert len(ports) == len(re.findall(r"^ +(?:in|out)put ", text, re.MULTILINE)) == 8
    streams = [(kind, name, signal) for kind, name, signal, _, _ in ports[2:]]
    assert streams == [
        ("interface:axis:1.0", name, signal)
        for name in ("s_axis", "m_axis")
        for signal in ("TDATA", "TVALID", "TREADY")
    ]
    assert [port for *_, port in ports[2:]] == [f"{name}_{signal.lower()}" for _, name, signal in streams]
    assert ports[:2] == [
        (
            "signal:clock:1.0",
            "aclk",
            "CLK",
            "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn",
            "aclk",
        ),
        ("signal:reset:1.0", "aresetn", "RST", "POLARITY ACTIVE_LOW", "aresetn"),
    ]


MUTANTS = {
    "no bypass": ("bypass_q <= write && tail_q == head_d;", "bypass_q <= 1'b0;"),
    "bypass without a write": ("bypass_q <= write && ", "bypass_q <= "),
    "a slot less": ("FULL = DEPTH;", "FULL = DEPTH - 1;"),
    "wraps early": ("LAST = DEPTH - 1;", "LAST = DEPTH - 2;"),
    "full forgets the word that comes": ("count_q == FULL - ONE", "count_q == FULL"),
    "empty forgets the word that goes": ("(read ? count_q == ONE :", "(read ? 1'b0 :"),
    "ready a cycle late": ("ready_q <= !full_d;", "ready_q <= count_q != FULL && !full_d;"),
    "fetches the word of this cycle": ("memory[head_d]", "memory[head_q]"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_bench_catches(simulator: str, fifo: Path, tmp_path: Path, name: str) -> None:
    right, wrong = MUTANTS[name]
    text = fifo.read_text(encoding="utf-8")
    assert text.count(right) == 1
    mutant = tmp_path / "mutant.v"
    mutant.write_text(text.replace(right, wrong), encoding="utf-8")
    program = compiled(simulator, mutant, tmp_path, width=24, depth=17, style="block")
    result = run(program, "+source=80", "+sink=70", words=500)
    assert result.errors > 0
