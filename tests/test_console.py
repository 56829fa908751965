# SPDX-License-Identifier: Apache-2.0
"""What the command line looks like: colours on a terminal, none in a pipe, and the progress of steps."""

import contextlib
import io
import os
import pty
import re
import sys
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from finnlite import console
from finnlite.cli import main
from finnlite.examples import digits_model

COLOUR = re.compile("\x1b\\[[0-9;]*3[0-9]")
CONTROL = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wishes about colour in the environment."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command: what it writes to a terminal of 160 columns."""

    def run(*words: str) -> str:
        parent, child = pty.openpty()
        shown: list[bytes] = []

        def read() -> None:
            with contextlib.suppress(OSError):  # Linux's way to say that the other end is closed
                while part := os.read(parent, 65536):
                    shown.append(part)

        reader = threading.Thread(target=read)
        reader.start()
        with monkeypatch.context() as patch, os.fdopen(child, "w", encoding="utf-8") as terminal:
            patch.setenv("COLUMNS", "160")
            patch.setattr(sys, "stdout", terminal)
            patch.setattr(sys, "stderr", terminal)
            with pytest.raises(SystemExit):
                main(words)
        reader.join()
        os.close(parent)
        return b"".join(shown).decode()

    return run


@pytest.mark.parametrize("unwanted", [False, True])
def test_a_terminal_is_coloured_unless_unwanted(
    unwanted: bool, on_a_terminal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if unwanted:
        monkeypatch.setenv("NO_COLOR", "1")
    shown = on_a_terminal("check", str(digits_model()))
    assert "all 11 nodes map" in shown
    assert bool(COLOUR.search(shown)) != unwanted


@pytest.mark.parametrize(
    ("wishes", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_a_pipe_is_plain_unless_colour_is_forced(
    wishes: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["check", str(digits_model())])
    expected = capsys.readouterr().out
    assert "\x1b" not in expected
    for name, value in wishes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main(["check", str(digits_model())])
    shown = capsys.readouterr().out
    assert bool(COLOUR.search(shown)) == coloured
    assert CONTROL.sub("", shown) == expected, "colour changes neither words nor widths"
    with pytest.raises(SystemExit):
        main(["check", "none.onnx"])
    error = capsys.readouterr().err
    assert bool(COLOUR.search(error)) == coloured
    assert CONTROL.sub("", error) == (
        "error: model 'none.onnx' must be an ONNX file, does not exist; check the path\n"
    )


def test_json_is_never_coloured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(SystemExit):
        main(["check", str(digits_model()), "--json"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_difference_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=120, color_system="standard")
    monkeypatch.setattr(console, "_console", lambda: terminal)
    row = {"against": "import", "samples": 9, "data": "random", "near_ties": 0, "first_mismatch": None}
    verification = [{**row, "stage": "integer", "mismatches": 0}, {**row, "stage": "csim", "mismatches": 7}]
    console.report({"layers": [], "notes": [], "verification": verification})
    assert re.search("\x1b\\[32m *0", stream.getvalue())
    assert re.search("\x1b\\[1;31m *7", stream.getvalue())


def test_a_step_that_counts_shows_a_bar_and_the_time_left() -> None:
    stream = io.StringIO()
    with console.Steps(Console(file=stream, force_terminal=True, width=100)) as steps:
        steps("csim")
        before = CONTROL.sub("", stream.getvalue())
        steps("csim", 250, 1_000)
        steps("csim", 500, 1_000)
    shown = CONTROL.sub("", stream.getvalue())
    assert "━" not in before
    assert re.search(r"csim 500 of 1,000 [━╺╸]+ (--:--|\d+:\d\d) left", shown)
    assert re.search(r"✓ csim \(\d+\.\d s\)\n$", shown)


def test_forced_colour_makes_a_pipe_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.Steps() as steps:
        steps("csim")
        steps("csim", 500, 1_000)
    assert re.fullmatch(r"\x1b\[32m✓\x1b\[0m csim \(\d+\.\d s\)\n", capsys.readouterr().err)


def test_quiet_steps_leave_a_terminal_alone(on_a_terminal: Callable[..., str]) -> None:
    words = ("build", "none.onnx", "-o", "none")
    assert "✗" in on_a_terminal(*words)
    assert CONTROL.sub("", on_a_terminal(*words, "--quiet")) == (
        "error: model 'none.onnx' must be an ONNX file, does not exist; check the path\r\n"
    )


def test_progress_off_a_terminal_is_one_line_a_step() -> None:
    stream = io.StringIO()
    with console.Steps(Console(file=stream)) as steps:
        steps("Import")
        steps("node '\x1b[2J'")
    assert re.fullmatch(r"✓ Import \(0\.\d s\)\n✓ node '\\x1b\[2J' \(0\.\d s\)\n", stream.getvalue())


def test_progress_marks_the_step_that_failed() -> None:
    stream = io.StringIO()

    def fail() -> None:
        with console.Steps(Console(file=stream)) as steps:
            steps("Import")
            raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        fail()
    assert stream.getvalue().startswith("✗ Import")
