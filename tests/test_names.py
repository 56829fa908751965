# SPDX-License-Identifier: Apache-2.0
"""Names from a model reach no path, code, shell, page or terminal as they are."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import helper

from finnlite.cli import main
from tests.small_models import Network

Run = Callable[..., str]


HOSTILE = [
    "with space",
    "with_space",
    "with/space",
    'quo"te',
    "quo'te",
    "../../escape",
    "/absolute",
    "$(touch pwned)",
    "`touch pwned`",
    "new\nline",
    "*/ comment //",
    "<script>alert(1)</script>",
    "x" * 10_000,
    "int",
    "module",
    "9lives",
    "ümlaut",
    "\x1b[2J",
    "%n%s{0}{{x}}",
    "\\",
]


def test_hostile_names_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    network = Network([8] + [4] * len(HOSTILE), names=HOSTILE)
    with pytest.raises(SystemExit) as stop:
        main(["build", str(network.save(home / "net.onnx")), "-o", "out"])
    assert stop.value.code == 0
    assert {p.name for p in tmp_path.iterdir()} == {"home"}
    assert {p.name for p in home.iterdir()} == {"net.onnx", "out"}
    for path in (home / "out").rglob("*"):
        assert path.relative_to(home).as_posix().isascii()
        assert len(path.name) < 64
    report = json.loads((home / "out" / "report.json").read_text())
    assert [row["mismatches"] for row in report["verification"] if row["mismatches"]] == []
    assert "csim" in {row["stage"] for row in report["verification"]}
    names = {row["name"] for row in report["layers"] if row["op"] == "MVTU"}
    assert names == set(HOSTILE)
    page = home / "out" / "report.html"
    assert not page.exists() or "<script>alert" not in page.read_text()


@pytest.mark.parametrize("name", ["$(touch pwned)", "new\nline", "\x1b[2J"])
def test_hostile_name_in_a_message(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = Network()
    network.insert_before("sign0", helper.make_node("Frobnicate", ["p0"], ["f"], name))
    with pytest.raises(SystemExit) as stop:
        main(["build", str(network.save(tmp_path / "net.onnx")), "-o", str(tmp_path / "out")])
    assert stop.value.code == 1
    assert "\x1b" not in capsys.readouterr().err
