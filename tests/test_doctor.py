# SPDX-License-Identifier: Apache-2.0
"""What `finnlite doctor` finds, and what it says to install for what."""

import json
import platform
import shutil
from dataclasses import replace

import numpy as np
import pytest

from finnlite import console, doctor
from finnlite.cli import main
from finnlite.doctor import Need, Search, Tool

METADATA = [
    "numpy>=2.0",
    'distributed>=2026.8; extra == "cluster"',
    'pytest>=8.2; extra == "test"',
    'scikit-learn[x] >=1.5; extra == "train"',
]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine that has nothing but the packages of this dictionary: name to version."""
    packages = {"numpy": "2.0"}
    monkeypatch.setattr(doctor, "requires", lambda _: METADATA)
    monkeypatch.setattr(doctor, "_version", packages.get)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    return packages


def _examined(compiler: str | None, problem: str = "") -> list[Tool]:
    """What is here with that compiler, and neither Verilator nor Yosys."""
    none = Search(None, "none is here")
    return doctor.examine(Search(compiler, problem), none, none)


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    tools = {tool["name"]: tool for tool in found["tools"]}
    assert {"Python", "onnx", "qonnx", "C++ compiler"} <= set(tools)
    assert tools["numpy"]["found"] == np.__version__
    assert {"purpose": "run finnlite", "install": ""} in found["needs"]
    with pytest.raises(SystemExit):
        main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert any("C++ compiler" in line for line in lines)
    assert "to run C simulations: nothing, all is here" in lines


def test_doctor_without_a_compiler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="1"):
        main(["doctor", "--json"])
    tools = {tool["name"]: tool for tool in json.loads(capsys.readouterr().out)["tools"]}
    assert tools["C++ compiler"]["found"] is None
    assert tools["C++ compiler"]["fix"].startswith("C simulation: a C++14 compiler must be on the PATH")


def test_a_purpose_a_line(here: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    here["scikit-learn"] = "1.5"
    tools = _examined(None, "none is here")
    console.tools(tools, doctor.needs(tools))
    assert capsys.readouterr().out.partition("what to install for what\n")[2] == (
        "to run finnlite: nothing, all is here\n"
        "to run C simulations: apt install g++\n"
        "to simulate Verilog: pip install 'finnlite[rtl]'\n"
        "to synthesise Verilog: pip install 'finnlite[rtl]'\n"
        "to make bitstreams: AMD's Vitis HLS and Vivado, one release from 2022.1 to 2025.2,"
        " on this machine or another that runs Linux or Windows\n"
        "to explore on a cluster: pip install 'finnlite[cluster]'\n"
        "to train networks: nothing, all is here\n"
    )


@pytest.mark.parametrize(
    ("system", "installer", "install"),
    [
        ("Linux", "apt", "apt install g++"),
        ("Linux", "dnf", "dnf install gcc-c++"),
        ("Linux", "brew", "brew install gcc"),
        ("Darwin", "brew", "xcode-select --install"),
        (
            "Windows",
            "winget",
            "wsl --install, and finnlite inside it, where: apt install g++",
        ),
    ],
)
def test_how_to_get_a_compiler(
    here: dict[str, str], monkeypatch: pytest.MonkeyPatch, system: str, installer: str, install: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/" + name if name == installer else None)
    assert Need("run C simulations", install) in doctor.needs(_examined(None, "none is here"))


def test_a_compiler_that_something_else_is_wrong_with(
    here: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/g++" if name == "g++" else None)
    tools = _examined(None, "XILINX_HLS: must hold include/ap_int.h")
    assert Need("run C simulations", "XILINX_HLS: must hold include/ap_int.h") in doctor.needs(tools)


def test_a_library_that_is_missing(here: dict[str, str]) -> None:
    here.clear()
    assert Need("run finnlite", "pip install numpy") in doctor.needs(_examined("g++"))


def test_nothing_is_needed(here: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    here.update({"distributed": "2026.8", "scikit-learn": "1.5"})
    tools: list[Tool] = [replace(tool, found=tool.found or "here") for tool in _examined("g++")]
    console.tools(tools, doctor.needs(tools))
    said = capsys.readouterr().out
    assert said.endswith("\nnothing needs to be installed: all that finnlite can use is here\n")
    assert "what to install" not in said
