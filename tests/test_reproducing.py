# SPDX-License-Identifier: Apache-2.0
"""How a build is made again: the report's options, its command, its links."""

import json
import re
import shlex
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from finnlite import __version__, console, flow
from finnlite import report as reports
from finnlite.boards import Limits
from finnlite.cli import main
from finnlite.options import STAGES, Options, stage_file
from finnlite.report.reproducing import command
from tests.small_models import Network


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        ("net.onnx", {}, "net.onnx -o DIR"),
        (
            "a $(b) 'c'.onnx",
            {"target_fps": 1e6, "clock_mhz": 62.5, "limits": Limits(60.0, 85.0), "output": "label"},
            """'a $(b) '"'"'c'"'"'.onnx' -o DIR --clock-mhz 62.5 --target-fps 1000000 --output label """
            "--lut-limit 60",
        ),
        (
            "-o.onnx",
            {
                "max_fps": True,
                "input_type": "uint8",
                "input_scale": Fraction(1, 255),
                "input_mean": (-0.5, 0.5, "1/4"),
                "folding": {"fc0": {"pe": 4}},
                "verify_samples": {"csim": 9, "source": 1},
                "stages": "all",
            },
            "./-o.onnx -o DIR --max-fps --folding folding.json --input-type uint8 --input-scale 1/255 "
            "--input-mean -0.5,0.5,1/4 --verify-samples csim=9 --verify-samples source=1 --stages all",
        ),
        ("n.onnx", {"from_stage": "Import", "to_stage": "Fold"}, "n.onnx -o DIR --from Import --to Fold"),
        ("n.onnx", {"backend": "rtl", "status": True}, "n.onnx -o DIR --backend rtl --status"),
        ("n.onnx", {"rtl_layers": ("fc0", "SWU")}, "n.onnx -o DIR --rtl-layers fc0,SWU"),
    ],
)
def test_the_command_builds_the_same_again(
    monkeypatch: pytest.MonkeyPatch, model: str, given: dict[str, Any], words: str
) -> None:
    data = json.loads(json.dumps(reports.options_part(Options(**given), Path("/home/me") / model, None)))
    line = " ".join(command(data))
    assert line == f"finnlite build {words}"
    asked: dict[str, Any] = {}

    def build(path: Path, **options: Any) -> None:
        asked.update(options, model=path.name)
        raise SystemExit(0)

    monkeypatch.setattr(flow, "build", build)
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(line)[1:])
    assert stop.value.code == 0
    named = {name: str(asked[name]) if isinstance(asked[name], Path) else asked[name] for name in data}
    assert " ".join(command(named)) == line


def test_a_build_says_how_it_was_made(tmp_path: Path) -> None:
    Network().save(tmp_path / "my net.onnx")
    out = tmp_path / "out"
    flow.build(tmp_path / "my net.onnx", out=out, target_fps=1_000.0, to_stage="Fold", stages="all")
    data = json.loads((out / "report.json").read_text())
    assert data["version"] == __version__
    assert data["options"] == {
        "model": "my net.onnx",
        "board": "pynq-z1",
        "clock_mhz": 100.0,
        "target_fps": 1000.0,
        "max_fps": False,
        "folding": None,
        "backend": "hls",
        "status": False,
        "rtl_layers": [],
        "input_type": None,
        "input_scale": None,
        "input_mean": None,
        "input_std": None,
        "output": "logits",
        "verify_samples": {},
        "from_stage": None,
        "to_stage": "Fold",
        "stages": "all",
        "lut_limit": 70.0,
        "bram_limit": 85.0,
        "verify": None,
    }
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "<code>finnlite build &#39;my net.onnx&#39; -o DIR</code> <code>--target-fps 1000</code>" in text
    assert "Nothing was asked" not in text
    assert str(tmp_path) not in text
    assert data["stage_files"] == [stage_file(name) for name in list(STAGES)[:8]]


def test_a_build_that_stops_early_has_no_links_to_what_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    flow.build(Network().save(tmp_path / "net.onnx"), out=out, to_stage="Streamline")
    text = (out / "report.html").read_text(encoding="utf-8")
    links = re.findall('href="([^"#]+)"', text)
    assert links == ["report.json", "stages/01_Import.onnx", "stages/02_Streamline.onnx"]
    assert [link for link in links if not (out / link).exists()] == []
    assert "<script>" not in text
    assert "<code>finnlite build net.onnx -o DIR</code> <code>--to Streamline</code>" in text
    inside = set(re.findall('href="#([^"]+)"', text))
    assert inside <= set(re.findall(' id="([^"]+)"', text))


def test_a_build_of_which_no_speed_was_asked_says_what_it_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    data = flow.build(Network().save(tmp_path / "net.onnx"), out=out, to_stage="SizeStreams").report
    how = "the cheapest that reaches the default of 10,000 frames/s"
    assert data["folding"]["how"] == how
    text = " ".join((out / "report.html").read_text(encoding="utf-8").split())
    assert f"Nothing was asked of its speed: {how}." in text
    assert f"Only the folding chosen ({how}): the next faster circuit, " in text
    console.report(data)
    assert f"bound by the folding chosen ({how}): the next faster point" in capsys.readouterr().out
