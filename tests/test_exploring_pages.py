# SPDX-License-Identifier: Apache-2.0
"""`explore`: what the command prints and the page shows."""

import io
import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from finnlite import console, flow
from finnlite.cli import main
from finnlite.examples import digits_model
from tests.small_models import Network

HOSTILE = ["<script>alert(1)</script>", '"><b>']


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The packaged model, explored into a folder."""
    out = tmp_path_factory.mktemp("home") / "out"
    steps: list[tuple[str, int, int]] = []
    found = flow.explore(
        digits_model(), out=out, points=6, progress=lambda step, *count: steps.append((step, *count))
    )
    return SimpleNamespace(found=found, out=out, steps=steps)


def test_the_command_prints_the_front(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["explore", str(digits_model()), "--points", "4", "-o", str(tmp_path / "out")])
    assert not stop.value.code
    printed = capsys.readouterr()
    report = json.loads((tmp_path / "out" / "exploration.json").read_text())
    more = "; there are more between them, for --points N"
    assert f"digits_w1a1 on pynq-z1 at 100 MHz: 4 points of the front{more}\n" in printed.out
    lines = printed.out.splitlines()
    for number, point in enumerate(report["points"], 1):
        row = next(line for line in lines if line.split()[:1] == [str(number)])
        cells = row.split()
        for value in (int(point["fps"]), point["ii_cycles"], point["lut"], point["bram18"]):
            assert f"{value:,}" in cells
        assert point["bottleneck"] in cells
    assert "limits: 70 % LUT, 85 % RAMB18" in printed.out
    assert f"plot: {tmp_path / 'out' / 'exploration.html'}" in printed.out
    assert "explore foldings" in printed.err


@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_numbers_stay_whole_on_every_terminal(
    digits: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, width: int, *, simulated: bool
) -> None:
    result = {"samples": 64, "mismatches": 12, "seconds": 1.5, "cached": False, "verification": []}
    points = [
        {**point, "bottleneck": f"/model/model.{number}/Gemm", "simulation": result if simulated else None}
        for number, point in enumerate(digits.found.points, 1)
    ]
    stream = io.StringIO()
    monkeypatch.setattr(console, "_console", lambda: Console(file=stream, width=width))
    console.exploration({**digits.found.report, "points": points}, None)
    lines = stream.getvalue().splitlines()
    for number, point in enumerate(points, 1):
        (row,) = [line.split() for line in lines if line.split()[:1] == [str(number)]]
        keys = ["ii_cycles", "lut", "bram18"] + ["latency_cycles", "lutram", "dsp"] * (width == 160)
        values = [int(point["fps"]), *(point[key] for key in keys), *([12] if simulated else [])]
        assert not {f"{value:,}" for value in values} - set(row)


def test_the_command_prints_the_same_as_json(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explore", str(good), "--points", "2", "--json"])
    printed = json.loads(capsys.readouterr().out)
    expected = flow.explore(good, points=2).report
    assert {**printed, "timings_s": {}} == {**expected, "timings_s": {}}


class Page(HTMLParser):
    """What a page links to and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_shows_every_point_and_loads_nothing(digits: SimpleNamespace) -> None:
    text = (digits.out / "exploration.html").read_text()
    page = Page(text)
    points = digits.found.points
    assert "://" not in text
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    targets = {attributes["href"] for attributes in page.named("a")}
    assert targets == {f"#point{number}" for number in range(1, len(points) + 1)}
    assert targets == {f"#{row['id']}" for row in page.named("tr") if "id" in row}
    assert len(page.named("circle")) == 2 * len(points)
    assert len(page.named("svg")) == 2
    shown = " ".join(page.text.split())
    assert "limit 70 %" in shown
    assert "limit 85 %" in shown
    for point in points:
        title = f"{int(point['fps']):,} frames/s, {point['lut']:,} LUT ({point['shares']['lut']:.1f} %)"
        assert shown.count(title) == 2
        for settings in point["folding"].values():
            assert f"{settings['pe']}×{settings['simd']}" in shown


def test_marks_lie_where_the_axes_say(digits: SimpleNamespace) -> None:
    page = Page((digits.out / "exploration.html").read_text())
    points, marks = digits.found.points, page.named("circle")
    for key, part in (("lut", marks[: len(points)]), ("bram18", marks[len(points) :])):
        places = [(float(m["cx"] or 0), float(m["cy"] or 0)) for m in part]
        assert [y for _, y in places] == sorted(y for _, y in places)  # fastest first, which is on top
        left, wide = 52.0, 300.0
        expected = [left + wide * point["shares"][key] / 100 for point in points]
        assert [x for x, _ in places] == pytest.approx(expected, abs=0.1)


def test_the_page_says_how_to_build_the_very_point(tmp_path: Path, good: Path) -> None:
    flow.explore(good, out=tmp_path / "out", points=2, clock_mhz=50, lut_limit=100, bram_limit=90)
    shown = " ".join(Page((tmp_path / "out" / "exploration.html").read_text()).text.split())
    (folding,) = (tmp_path / "out" / "foldings").glob("01_*")
    assert (
        f"finnlite build MODEL -o DIR --folding foldings/{folding.name} --board pynq-z1 --clock-mhz 50 "
        "--lut-limit 100 --bram-limit 90;"
    ) in shown


def test_names_from_the_model_do_not_become_markup(tmp_path: Path) -> None:
    model = Network(names=HOSTILE).save(tmp_path / "net.onnx")
    flow.explore(model, out=tmp_path / "out", points=2)
    page = Page((tmp_path / "out" / "exploration.html").read_text())
    assert not page.named("script")
    assert not page.named("b")
    assert all(name in page.text for name in HOSTILE)
