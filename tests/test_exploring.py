# SPDX-License-Identifier: Apache-2.0
"""`explore`: its points are what a build makes of them, none beats another, and each is simulated once."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

import finnlite
from finnlite import console, flow, resources
from finnlite.boards import Limits, board_named
from finnlite.cli import main
from finnlite.errors import FinnliteError, OptionError
from finnlite.examples import digits_model
from finnlite.flow import simulating
from finnlite.ops.cost import Resources
from finnlite.options import Options, read_folding
from finnlite.plan import Output, Plan
from finnlite.samples import synthetic_samples
from finnlite.timing import analyse
from finnlite.transforms import folding as foldings
from tests.small_models import Network

POINT = {
    *("fps", "ii_cycles", "latency_cycles", "bottleneck", *Resources._fields, "shares", "binding", "fits"),
    *("folding", "file", "simulation"),
}
HOSTILE = ["<script>alert(1)</script>", '"><b>']


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The packaged model, explored into a folder."""
    out = tmp_path_factory.mktemp("home") / "out"
    steps: list[tuple[str, int, int]] = []
    found = flow.explore(
        digits_model(), out=out, points=6, progress=lambda step, *count: steps.append((step, *count))
    )
    return SimpleNamespace(found=found, out=out, steps=steps)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Simulations that compile and run nothing; the names of the points that were to be simulated."""
    ran: list[str] = []

    def run(
        pool: Any, task: Any, items: Mapping[str, Any], progress: Any
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for done, name in enumerate(items, 1):
            ran.append(name)
            yield name, {"samples": 64, "mismatches": 0, "seconds": 1.5, "verification": []}
            progress(done, len(items))

    monkeypatch.setattr(simulating, "run", run)
    return ran


# -- the points ---------------------------------------------------------------------------------------
def test_the_answer_is_what_is_written(digits: SimpleNamespace) -> None:
    report = json.loads((digits.out / "exploration.json").read_text())
    assert report == digits.found.report
    assert digits.found.points == report["points"]
    assert (digits.found.folder, digits.found.ok) == (digits.out, True)
    assert set(report) == {
        *("model", "board", "clock_mhz", "budget", "limits", "calibrated", "points", "timings_s"),
    }
    assert report["model"]["name"] == "digits_w1a1"
    assert (report["board"], report["clock_mhz"], report["calibrated"]) == ("pynq-z1", 100.0, False)
    assert report["limits"] == {"lut": 70.0, "bram18": 85.0}
    assert report["budget"] == board_named("pynq-z1").budget._asdict()
    assert 2 <= len(report["points"]) <= 6
    for point in report["points"]:
        assert set(point) == POINT
        assert point["simulation"] is None
    written = {"exploration.json", "exploration.html", "plan.json"}
    assert set(files(digits.out)) == written | {point["file"] for point in report["points"]}


def test_a_build_with_a_points_folding_reaches_the_point(digits: SimpleNamespace) -> None:
    board = board_named("pynq-z1")
    for point in digits.found.points:
        folding = read_folding(digits.out / point["file"])
        assert folding == point["folding"]
        built = flow.compile_stages(digits_model(), Options(folding=folding))["SizeStreams"]
        performance = analyse(built)
        used = resources.total(resources.rows(built, board))
        assert point["ii_cycles"] == performance.ii_cycles
        assert point["fps"] == round(1e8 / performance.ii_cycles, 1)
        assert point["latency_cycles"] == performance.latency_cycles
        assert point["bottleneck"] == performance.bottleneck
        assert {name: point[name] for name in Resources._fields} == used._asdict()
        shares = {name: 100 * used._asdict()[name] / board.budget._asdict()[name] for name in used._fields}
        assert point["shares"] == {name: pytest.approx(share, abs=0.01) for name, share in shares.items()}
        assert point["fits"] == used.fits(board.within(Limits()))


def test_no_point_beats_another(digits: SimpleNamespace) -> None:
    figures = [(p["ii_cycles"], p["lut"], p["bram18"]) for p in digits.found.points]
    assert figures == sorted(figures)
    assert len(set(figures)) == len(figures)
    for k, point in enumerate(figures):
        others = figures[:k] + figures[k + 1 :]
        assert not any(all(a <= b for a, b in zip(other, point, strict=True)) for other in others)


def test_points_that_others_beat_are_dropped(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    fast = {"fc0": {"pe": 4, "simd": 8}, "fc1": {"pe": 3, "simd": 4}}
    slow = {"fc0": {"pe": 1, "simd": 1}, "fc1": {"pe": 1, "simd": 1}}
    beaten = {"fc0": {"pe": 1, "simd": 1}, "fc1": {"pe": 3, "simd": 4}}  # as slow, and larger
    monkeypatch.setattr(foldings, "front", lambda *_: [slow, fast, beaten, fast])
    found = flow.explore(good).points
    chosen = [{name: point["folding"][name]["pe"] for name in fast} for point in found]
    assert chosen == [{"fc0": 4, "fc1": 3}, {"fc0": 1, "fc1": 1}]
    assert [point["file"] for point in found] == [None, None]


def test_the_binding_resource_is_the_one_nearest_to_its_limit(good: Path) -> None:
    by_default = flow.explore(good, points=2).points[0]
    assert (by_default["binding"], by_default["fits"]) == ("lut", True)
    with_little_ram = flow.explore(good, points=2, bram_limit=2.5).points[0]
    assert (with_little_ram["binding"], with_little_ram["fits"]) == ("bram18", True)


def test_points_follow_the_clock(good: Path) -> None:
    found = flow.explore(good, points=2, clock_mhz=50)
    assert found.report["clock_mhz"] == 50.0
    assert all(point["fps"] == round(5e7 / point["ii_cycles"], 1) for point in found.points)


def test_progress_is_told(digits: SimpleNamespace) -> None:
    names = list(dict.fromkeys(step for step, *_ in digits.steps))
    assert names[0] == "Import"
    assert names[-2:] == ["MinimizeWidths", "explore foldings"]
    assert set(digits.found.report["timings_s"]) == set(names)
    counts = [(done, total) for step, done, total in digits.steps if step == "explore foldings"]
    assert counts[-1] == (counts[-1][1], counts[-1][1])
    assert len(counts) > 2


def test_it_is_the_packages(good: Path) -> None:
    assert finnlite.explore is flow.explore
    assert "explore" in finnlite.__all__


# -- the command and the page -------------------------------------------------------------------------
def test_the_command_prints_the_front(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["explore", str(digits_model()), "--points", "4", "-o", str(tmp_path / "out")])
    assert not stop.value.code
    printed = capsys.readouterr()
    report = json.loads((tmp_path / "out" / "exploration.json").read_text())
    assert "digits_w1a1 on pynq-z1 at 100 MHz" in printed.out
    lines = printed.out.splitlines()
    for number, point in enumerate(report["points"], 1):
        row = next(line for line in lines if line.split()[:1] == [str(number)])
        cells = row.split()
        for value in (round(point["fps"]), point["ii_cycles"], point["lut"], point["bram18"]):
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
        values = [round(point["fps"]), *(point[key] for key in keys), *([12] if simulated else [])]
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
        title = f"{point['fps']:,.0f} frames/s, {point['lut']:,} LUT ({point['shares']['lut']:.1f} %)"
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


# -- simulation ---------------------------------------------------------------------------------------
def test_each_point_is_compiled_run_and_compared_once(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = flow.explore(good, out=out, points=2, simulate=True, jobs=2)
    assert first.ok
    assert len(first.points) == 2
    for point in first.points:
        result = point["simulation"]
        assert (result["samples"], result["mismatches"], result["cached"]) == (64, 0, False)
        pairs = [(row["stage"], row["against"]) for row in result["verification"]]
        assert pairs == [("hardware", "integer"), ("csim", "hardware")]
    monkeypatch.setattr(simulating, "run", None)
    again = flow.explore(good, out=out, points=2, simulate=True)
    assert [{**p["simulation"], "cached": False} for p in again.points] == [
        p["simulation"] for p in first.points
    ]
    assert all(point["simulation"]["cached"] for point in again.points)
    assert json.loads((out / "exploration.json").read_text()) == again.report
    assert len(list((out / "points").iterdir())) == 2


def test_a_simulation_that_differs_is_noticed(good: Path, tmp_path: Path) -> None:
    graphs = flow.compile_stages(good)
    other = Network(sizes=(8, 3))
    integers = flow.compile_stages(other.save(tmp_path / "other.onnx"), Options(to_stage="Streamline"))
    job = simulating._Job(
        simulating.packed(integers["Streamline"]),
        simulating.packed(graphs["SizeStreams"]),
        synthetic_samples(graphs["Import"]),
    )
    result = simulating._simulate(job)
    assert result["mismatches"] > 0
    assert result["verification"][0]["first_mismatch"] is not None
    assert result["verification"][1]["mismatches"] == 0


def test_a_mismatch_fails_and_is_not_kept(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        **{"stage": "csim", "against": "hardware", "mismatches": 3},
        "first_mismatch": {"layer": "y", "sample": 1, "element": [2], "found": 4.0, "expected": -4.0},
    }
    wrong = {"samples": 64, "mismatches": 3, "seconds": 1.5, "verification": [row]}
    monkeypatch.setattr(simulating, "run", lambda pool, task, items, count: [(name, wrong) for name in items])
    with pytest.raises(SystemExit) as stop:
        main(["explore", str(good), "--points", "2", "--simulate", "-o", str(tmp_path / "out")])
    assert stop.value.code == 1
    assert (
        "point 2: first mismatch of csim against hardware: layer 'y', sample 1, element [2] must be -4, is 4"
    ) in capsys.readouterr().out
    assert not (tmp_path / "out" / "points").exists()
    assert 'class="bad">3<' in (tmp_path / "out" / "exploration.html").read_text()


def test_other_frames_or_points_are_simulated_anew(tmp_path: Path, instant: list[str]) -> None:
    out = tmp_path / "out"
    model = Network(datatype="UINT4").save(tmp_path / "net.onnx")
    options: dict[str, Any] = {"out": out, "points": 2, "simulate": True}
    flow.explore(model, **options)
    assert len(instant) == 2
    flow.explore(model, **options)
    assert len(instant) == 2
    flow.explore(model, **{**options, "output": "label"})
    assert len(instant) == 4
    flow.explore(model, **options)  # what was kept stays
    assert len(instant) == 4
    assert len(list((out / "points").iterdir())) == 4
    kept = sorted((out / "points").iterdir())
    kept[0].write_text("{")
    kept[1].write_text("{}")
    flow.explore(model, **options)
    flow.explore(model, **{**options, "output": "label"})
    assert len(instant) == 6


def test_what_was_simulated_before_an_interrupt_is_kept(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = {"samples": 64, "mismatches": 0, "seconds": 1.5, "verification": []}

    def interrupted(pool: Any, task: Any, items: Any, count: Any) -> Iterator[tuple[str, Any]]:
        yield next(iter(items)), result
        raise KeyboardInterrupt

    monkeypatch.setattr(simulating, "run", interrupted)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        flow.explore(good, out=out, points=2, simulate=True)
    assert sorted(p.parts[-2] for p in out.rglob("*.json")) == ["out", "points"]
    monkeypatch.setattr(simulating, "run", lambda pool, task, items, count: [(n, result) for n in items])
    found = flow.explore(good, out=out, points=2, simulate=True)
    assert [point["simulation"]["cached"] for point in found.points] == [True, False]


# -- what is refused ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 1}, "points must be at least 2, is 1"),
        ({"simulate": True, "jobs": 0}, "jobs must be at least 1, is 0"),
        ({"jobs": 2}, "jobs must be given together with simulate, is given without"),
        ({"dask": "tcp://a:1"}, "dask must be given together with simulate, is given without"),
        ({"verify": "data.npz"}, "verify must be given together with simulate, is given without"),
        (
            {"simulate": True, "jobs": 2, "dask": "tcp://a:1"},
            "jobs and dask must not both be given; the cluster decides how many run at once",
        ),
        ({"lut_limit": 0}, "lut limit must be above 0 and at most 100 percent, is 0"),
        ({"bram_limit": 101}, "bram limit must be above 0 and at most 100 percent, is 101"),
        ({"board": "pynq-z3"}, "board must be 'pynq-z1', is 'pynq-z3'; did you mean 'pynq-z1'?"),
        ({"clock_mhz": 999}, "clock must be from 1 to 250 MHz on pynq-z1, is 999"),
        ({"output": "logit"}, "output must be 'logits' or 'label', is 'logit'"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], message: str, good: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    with pytest.raises(OptionError) as error:
        flow.explore(good, out=tmp_path / "out", **options)
    assert str(error.value) == message
    assert files(tmp_path) == before


def test_a_network_that_does_not_fit(good: Path, refused: Callable[..., str]) -> None:
    message = refused("explore", str(good), "-o", "out", "--lut-limit", "5")
    assert message.startswith("the network must fit pynq-z1")
    assert "of 2,660 LUT when folded most" in message


def test_a_build_is_not_replaced(good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Output(out) as target:
        target.run(Plan({"report.json": b"{}"}))
    before = files(out)
    with pytest.raises(OptionError) as error:
        flow.explore(good, out=out)
    assert str(error.value) == (
        f"output folder {str(out)!r}: must be new, empty or of an exploration, holds a build; "
        f"name another folder"
    )
    assert files(out) == before


def test_an_exploration_is_not_replaced_by_a_build(digits: SimpleNamespace) -> None:
    before = files(digits.out)
    with pytest.raises(OptionError) as error:
        flow.build(digits_model(), out=digits.out, folding=digits.out / digits.found.points[0]["file"])
    assert str(error.value) == (
        f"output folder {str(digits.out)!r}: must be new, empty or of a build, holds an exploration; "
        f"name another folder"
    )
    assert files(digits.out) == before


def test_a_failure_leaves_the_folder_as_it_was(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    flow.explore(good, out=out, points=2)
    before = files(out)

    def fails(*_: Any) -> Iterator[Any]:
        raise FinnliteError("no")

    monkeypatch.setattr(simulating, "run", fails)
    with pytest.raises(FinnliteError, match="no"):
        flow.explore(good, out=out, points=3, simulate=True)
    assert files(out) == before
