# SPDX-License-Identifier: Apache-2.0
"""The clock that a board can make, and the options that reach the folding."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from finnlite import console
from finnlite.boards import BOARDS, Limits
from finnlite.cli import app
from finnlite.errors import OptionError
from finnlite.flow import build, compile_stages, explore
from finnlite.options import Options
from finnlite.report.words import rate
from finnlite.timing import analyse
from finnlite.transforms.folding import Fold
from tests.small_models import Network


@given(st.floats(1, 250))
def test_the_clock_is_made_by_two_divisors_and_is_not_faster_than_asked(mhz: float) -> None:
    made = BOARDS["pynq-z1"].achievable_clock(mhz)
    ratio = 1000 / made
    assert ratio == pytest.approx(round(ratio), rel=1e-12)
    pairs = [(a, b) for a in range(1, 64) for b in range(1, 64)]
    assert any(a * b == round(ratio) for a, b in pairs)
    assert made <= mhz * (1 + 1e-9)
    assert not [a * b for a, b in pairs if made * (1 + 1e-9) < 1000 / (a * b) <= mhz]


def test_rates_are_in_the_clock_that_is_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = Network().save(tmp_path_factory.mktemp("clock") / "net.onnx")
    options = Options(clock_mhz=142, target_fps=125e6 / 32)
    assert options.fabric_mhz == 125
    graph = compile_stages(model, options)["SizeStreams"]
    assert analyse(graph).fps(options.fabric_mhz) >= 125e6 / 32
    with pytest.raises(
        OptionError, match="^target fps must be at most 125,000,000 on pynq-z1 at 125 MHz, is"
    ):
        compile_stages(model, Options(clock_mhz=142, target_fps=130e6))


def test_limits_and_the_most_reach_the_folding(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = Network((784, 256, 256, 10)).save(tmp_path_factory.mktemp("limits") / "net.onnx")

    def cycles(**options: Any) -> int:
        return analyse(compile_stages(model, Options(**options))["SizeStreams"]).ii_cycles

    assert cycles(max_fps=True) < cycles(max_fps=True, limits=Limits(25, 20)) < cycles()


def test_a_build_reports_its_folding_and_takes_it_back(tmp_path: Path) -> None:
    model = Network((64, 32, 16, 10)).save(tmp_path / "net.onnx")
    made = build(model, out=tmp_path / "out", max_fps=True, lut_limit=20, bram_limit=10, to_stage="Fold")
    folding = made.report["folding"]
    assert folding["how"] == "the fastest that fits pynq-z1"
    assert folding["limits_percent"] == {"lut": 20, "bram18": 10}
    assert (folding["limits"]["lut"], folding["limits"]["bram18"]) == (10_640, 28)
    assert folding["binding"] in ("lut", "dma")
    again = build(model, out=tmp_path / "again", folding=tmp_path / "out" / "folding.json", to_stage="Fold")
    assert again.report["folding"]["how"] == "as given"
    assert (tmp_path / "again" / "folding.json").read_bytes() == (
        tmp_path / "out" / "folding.json"
    ).read_bytes()
    assert again.report["folding"]["ii_cycles"] == folding["ii_cycles"]
    assert again.report["folding"]["total"] == folding["total"]


def test_what_is_shown_can_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rate, from any table, error, page or JSON, is one that the same folding reaches."""
    model = Network((60, 7, 3)).save(tmp_path / "net.onnx")
    made = build(model, out=tmp_path / "out", max_fps=True, clock_mhz=90, to_stage="SizeStreams").report
    cycles, fps = made["performance"]["ii_cycles"], made["performance"]["fps"]
    assert fps * cycles == pytest.approx(1e6 * made["clock_mhz"])
    assert fps != int(fps)
    console.report(made)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    texts = [capsys.readouterr().out, page, repr(fps)]
    exploration = explore(model, points=2, clock_mhz=90)
    assert exploration.points[0]["ii_cycles"] == cycles
    console.exploration(exploration.report, None)
    table = capsys.readouterr().out.splitlines()
    texts += [next(line for line in table if line.split()[:1] == ["1"]).split()[1], repr(exploration)]
    with pytest.raises(OptionError) as error:
        compile_stages(model, Options(clock_mhz=90, target_fps=2 * fps))
    texts.append(str(error.value))
    for text in texts:
        shown = re.findall(r"[\d,]+\.\d+|[\d,]{7,}", text)
        near = [word for word in shown if 0.99 * fps < float(word.replace(",", "")) < 1.01 * fps]
        assert near, text
        for word in near:
            asked = (
                typer.main.get_command(app)
                .commands["build"]
                .make_context(  # type: ignore[attr-defined]
                    "build", [str(model), "-o", "o", "--target-fps", word]
                )
            )
            options = Options(clock_mhz=90, target_fps=asked.params["target_fps"])
            assert analyse(compile_stages(model, options)["SizeStreams"]).ii_cycles == cycles


@given(st.floats(1, 250), st.integers(1, 10**9))
def test_a_rate_is_met_by_the_cycles_it_comes_from(mhz: float, cycles: int) -> None:
    fps = mhz * 1e6 / cycles
    shown = float(rate(fps).replace(",", ""))
    assert 0.989 * fps < shown <= fps
    assert Fold(clock_mhz=mhz)._longest(fps) >= cycles
    assert mhz * 1e6 / Fold(clock_mhz=mhz)._longest(fps) >= fps


def test_limits_also_count_for_streams() -> None:
    Options(from_stage="Fold", limits=Limits(90.0, 100.0)).check()
