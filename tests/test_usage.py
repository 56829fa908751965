# SPDX-License-Identifier: Apache-2.0
"""What helps to write a command line: help with examples, completion by the shell, the nearest right word."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import shellingham
import typer

from finnlite.arguments import explained
from finnlite.boards import BOARDS
from finnlite.cli import app, main
from finnlite.options import STAGES

COMMANDS = ["demo", "check", "build", "explore", "simulate", "report", "doctor"]
STAGE_NAMES = list(STAGES)


def called(*words: str) -> int:
    """The exit code of one command."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    code = stop.value.code or 0
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_has_examples_and_fits_80_columns(
    command: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert called(*filter(None, [command]), "--help") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "\b" not in text
    assert "..." not in text.partition("Commands:")[2], "a summary is cut"
    shown = re.findall(r"^    finnlite (.+)$", text.partition("  Examples:\n")[2], re.MULTILINE)
    assert any(line.split()[0] == (command or "demo") for line in shown)
    group = typer.main.get_command(app)
    for line in shown:
        name, *words = shlex.split(re.split(r" [|&]", line)[0])
        if name == "--install-completion" or "--help" in words:
            continue
        group.commands[name].make_context(name, words)  # type: ignore[attr-defined]  # raises if a word is wrong


def test_no_words_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 2
    assert capsys.readouterr().out.startswith("Usage: finnlite [OPTIONS] COMMAND")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("bu", ["build"]),
        ("build --bo", ["--board"]),
        ("build --board ", list(BOARDS)),
        ("build --backend ", ["hls", "rtl"]),
        ("build --from ", STAGE_NAMES),
        ("build net.onnx --to F", ["Fold"]),
        ("build --output ", ["logits", "label"]),
        ("build --stages ", ["all"]),
        ("build --input-type u", ["uint8", "uint4"]),
        ("explore --board p", ["pynq-z1"]),
        ("simulate out --engine ", ["graph", "csim", "rtl", "device"]),
        ("report --", ["--json", "--quiet", "--help"]),
        ("check ne", []),
    ],
)
def test_a_shell_completes(
    shell: str,
    typed: str,
    offered: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = f"finnlite {typed}"
    monkeypatch.setenv("_FINNLITE_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    assert called() == 0
    answer = capsys.readouterr().out.strip()
    if shell == "zsh":
        assert answer.startswith("_arguments" if offered else "_files"), "where nothing is known, files"
        found = re.findall(r'^(?:_arguments \'\*: :\(\()?"([^"]+)"', answer, re.MULTILINE)
    else:
        found = [row.partition("\t")[0] for row in answer.splitlines()]
    assert found == offered


@pytest.mark.parametrize(
    ("shell", "written"),
    [
        ("bash", ".bash_completions/finnlite.sh"),
        ("zsh", ".zfunc/_finnlite"),
        ("fish", ".config/fish/completions/finnlite.fish"),
    ],
)
def test_completion_is_shown_and_installed(
    shell: str,
    written: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(shellingham, "detect_shell", lambda *_: (shell, f"/bin/{shell}"))
    assert called("--show-completion") == 0
    script = capsys.readouterr().out.strip()
    assert f"_FINNLITE_COMPLETE=complete_{shell}" in script
    assert called("--install-completion") == 0
    assert (tmp_path / written).read_text().strip() == script


def test_bash_itself_completes(tmp_path: Path) -> None:
    """From installation to what TAB does: the function that bash calls, in a bash of its own."""
    words = f"""
        finnlite() {{ {shlex.quote(sys.executable)} -m finnlite "$@"; }}
        finnlite --install-completion >installed || exit 1
        source .bashrc
        complete -p finnlite
        printf '#!/bin/sh\\nexec %s -m finnlite "$@"\\n' {shlex.quote(sys.executable)} >program
        chmod +x program
        COMP_WORDS=(finnlite build --to M) COMP_CWORD=3
        _finnlite_completion ./program
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "HOME": str(tmp_path)}
    shell = ["bash", "--norc", "-c", words]
    done = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "complete -o default -F _finnlite_completion finnlite",
        "MapToHardware",
        "MinimizeWidths",
    ], done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("bild", "no such command 'bild'; did you mean 'build'? (see 'finnlite --help')"),
        ("frobnicate", "no such command 'frobnicate' (see 'finnlite --help')"),
        (
            "build n -o x --bord y",
            "no such option: --bord; did you mean '--board'? (see 'finnlite build --help')",
        ),
        ("report x --qiet", "no such option: --qiet; did you mean '--quiet'? (see 'finnlite report --help')"),
        (
            "build n -o x --output lable",
            "invalid value for '--output': 'lable' is not one of 'logits', 'label'; did you mean 'label'?"
            " (see 'finnlite build --help')",
        ),
        (
            "simulate d --engine csin --input x -o y",
            "invalid value for '--engine': 'csin' is not one of 'graph', 'csim', 'rtl', 'device'; did"
            " you mean 'csim'? (see 'finnlite simulate --help')",
        ),
        ("build n", "missing option '--out' / '-o' (see 'finnlite build --help')"),
    ],
)
def test_a_wrong_word_is_told_in_one_line_with_the_nearest(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*words.split()) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"error: {message}\n")


def test_a_wrong_value_that_the_flow_checks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert called("build", "net.onnx", "-o", out, "--board", "pynq-z2") == 2
    assert (
        capsys.readouterr().err == "error: board must be 'pynq-z1', is 'pynq-z2'; did you mean 'pynq-z1'?\n"
    )
    assert called("build", "net.onnx", "-o", out, "--to", "Fould") == 2
    assert capsys.readouterr().err.endswith(", is 'Fould'; did you mean 'Fold'?\n")


@pytest.mark.parametrize(
    "said",
    [
        "No such option '--bord'. (Did you mean one of: '--board', '--to'?)",
        "No such option: --bord (Possible options: --board, --to)",
    ],
)
def test_other_versions_of_typer_suggest_once(said: str) -> None:
    error = typer.BadParameter(said)
    error.format_message = lambda: said  # type: ignore[method-assign]
    error.possibilities = ["--board", "--to"]  # type: ignore[attr-defined]
    assert re.fullmatch(r"no such option:? '?--bord'?; did you mean '--board'\? \(see .*\)", explained(error))
