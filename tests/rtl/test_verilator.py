# SPDX-License-Identifier: Apache-2.0
"""Which Verilator is found, how it is called, and what is said if there is none."""

import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from finnlite.backends.rtl import verilator
from finnlite.backends.rtl.verilator import HARNESS, Verilator, find_verilator, verilate_command
from finnlite.errors import ToolError
from finnlite.plan import Output, Plan

Tools = Callable[..., Path]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Puts programs, and nothing else, on the PATH; no Python package is there."""

    def put(**programs: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, text in programs.items():
            path = folder / name
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(verilator, "distribution", absent)
    return put


class FakePackage:
    """The Python package, installed in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.version = folder, "5.48.0"

    def locate_file(self, path: str) -> Path:
        return self.folder / path


DEBIAN = "echo Verilator 5.006 2023-01-22 rev Debian"
OTHERS = {"perl": "", "make": "", "g++": ""}


def test_the_one_on_the_path_is_taken(tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tools(verilator=DEBIAN, **OTHERS)
    monkeypatch.setattr(verilator, "distribution", lambda name: FakePackage(tmp_path))
    wanted = Verilator(str(folder / "verilator"), "Verilator 5.006 2023-01-22 rev Debian")
    assert find_verilator() == wanted


def test_else_the_python_package(tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools(**OTHERS)
    path = tmp_path / "verilator" / "bin" / "verilator"
    path.parent.mkdir(parents=True)
    path.write_text("")
    monkeypatch.setattr(verilator, "distribution", lambda name: FakePackage(tmp_path))
    make = ("CXX=g++", "LINK=g++", f"PYTHON3={sys.executable}", "CFG_CXXFLAGS_PCH_I=-include")
    assert find_verilator() == Verilator(str(path), "Verilator 5.48.0 (Python package)", make)


def test_a_package_without_the_program_is_none(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools(**OTHERS)
    monkeypatch.setattr(verilator, "distribution", lambda name: FakePackage(tmp_path))
    with pytest.raises(ToolError, match="^RTL simulation: Verilator 5 must be installed, is not; "):
        find_verilator()


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        (
            OTHERS,
            "RTL simulation: Verilator 5 must be installed, is not; "
            "install it with pip install 'finnlite[rtl]' or your system's package verilator",
        ),
        (
            {"verilator": DEBIAN, "make": "", "c++": ""},
            "RTL simulation: perl must be on the PATH for Verilator 5.006 2023-01-22 rev Debian, is not; "
            "install with apt install g++ make perl",
        ),
        (
            {"verilator": DEBIAN},
            "RTL simulation: perl and make and a C++ compiler must be on the PATH "
            "for Verilator 5.006 2023-01-22 rev Debian, are not; install with apt install g++ make perl",
        ),
        (
            {"verilator": "echo Verilator 4.228 2022-10-01 rev x", **OTHERS},
            "RTL simulation: Verilator must be of version 5 or newer, {bin}/verilator is "
            "'Verilator 4.228 2022-10-01 rev x'; install a newer one (pip install 'finnlite[rtl]') "
            "and take the old one off the PATH",
        ),
        (
            {"verilator": "exit 1", **OTHERS},
            "RTL simulation: {bin}/verilator must answer --version, does not "
            "(Command '['{bin}/verilator', '--version']' returned non-zero exit status 1.)",
        ),
    ],
)
def test_what_is_missing_is_told(tools: Tools, programs: dict[str, str], message: str) -> None:
    folder = tools(**programs)
    with pytest.raises(ToolError) as error:
        find_verilator()
    assert str(error.value) == message.replace("{bin}", str(folder))


def test_no_memory_and_no_machine_is_in_the_command() -> None:
    files = ("src/a.v", "lib/b.v", "data/a.hex", *HARNESS)
    command = verilate_command(files, Verilator("verilator", "Verilator 5", ("X=1",)), trace=True)
    assert command.inputs == ("lib/b.v", "src/a.v", *HARNESS)
    assert command.outputs == ("build/traced",)
    words = " ".join(command.argv)
    assert "-march" not in words
    assert words.startswith("verilator --cc --exe --build -j 0 ")
    assert " --trace -MAKEFLAGS OPT_FAST=" in words
    assert " -MAKEFLAGS X=1 --top-module finnlite_accelerator " in words
    assert words.endswith(" -o ../traced lib/b.v src/a.v ../../sim/harness.cpp")
    assert command.version == "Verilator 5"


def test_what_it_leaves_behind_vanishes(tools: Tools, tmp_path: Path) -> None:
    writes = "mkdir -p build/verilated; echo a > build/verilated/a.o; echo b > build/simulation"
    folder = tools(verilator=f"PATH={os.defpath}; {writes}")
    files = {"src/a.v": b"", **dict.fromkeys(HARNESS, b"")}
    command = verilate_command(files, Verilator(str(folder / "verilator"), "1"))
    for prefix in ("", "rtl"):
        with Output(tmp_path / "out") as out:
            out.run(Plan(files, (command,)), prefix)
        build = tmp_path / "out" / prefix / "build"
        assert [path.name for path in build.iterdir()] == ["simulation"]


def test_a_failure_shows_what_verilator_said(tools: Tools, tmp_path: Path) -> None:
    folder = tools(verilator="echo '%Error: src/a.v:1: syntax error' >&2; exit 1")
    files = {"src/a.v": b"", **dict.fromkeys(HARNESS, b"")}
    command = verilate_command(files, Verilator(str(folder / "verilator"), "1"))
    with pytest.raises(ToolError) as error, Output(tmp_path / "out") as out:
        out.run(Plan(files, (command,)))
    assert str(error.value) == (
        "RTL simulation: verilator must succeed, exited with 1:\n%Error: src/a.v:1: syntax error"
    )
