# SPDX-License-Identifier: Apache-2.0
"""`explore`: its points are what a build makes of them, and none beats another."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import finnlite
from finnlite import console, flow, resources
from finnlite.boards import Limits, board_named
from finnlite.errors import FinnliteError, OptionError
from finnlite.examples import digits_model
from finnlite.flow import simulating
from finnlite.ops.cost import Resources
from finnlite.options import Options, read_folding
from finnlite.plan import Output, Plan
from finnlite.report.exploration import page
from finnlite.timing import analyse
from finnlite.transforms import pareto
from tests.small_models import Network

POINT = {
    *("fps", "ii_cycles", "latency_cycles", "bottleneck", *Resources._fields, "shares", "binding", "fits"),
    *("folding", "file", "simulation", "measured"),
}


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


def test_the_answer_is_what_is_written(digits: SimpleNamespace) -> None:
    report = json.loads((digits.out / "exploration.json").read_text())
    assert report == digits.found.report
    assert digits.found.points == report["points"]
    assert (digits.found.folder, digits.found.ok) == (digits.out, True)
    assert set(report) == {
        *("model", "board", "clock_mhz", "budget", "limits", "calibrated", "complete", "points", "timings_s"),
    }
    assert report["model"]["name"] == "digits_w1a1"
    assert (report["board"], report["clock_mhz"], report["calibrated"]) == ("pynq-z1", 100.0, False)
    assert report["limits"] == {"lut": 70.0, "bram18": 85.0}
    assert report["budget"] == board_named("pynq-z1").budget._asdict()
    assert 2 <= len(report["points"]) <= 6
    for point in report["points"]:
        assert set(point) == POINT
        assert point["simulation"] is None
        assert point["measured"] is None
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
        assert point["fps"] == 1e8 / performance.ii_cycles
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


def test_points_are_spent_in_the_widest_gaps(tmp_path: Path) -> None:
    """Even steps find the same folding again and again where the next one is far away."""
    model = Network((64, 32, 10)).save(tmp_path / "net.onnx")
    found = flow.explore(model, points=12)
    assert len(found.points) == 12  # even steps find 9 of them
    assert not found.report["complete"]
    assert repr(found).startswith("<exploration of 'net' on pynq-z1: 12 points of the front, ")
    cycles = [point["ii_cycles"] for point in found.points]
    every = [point["ii_cycles"] for point in flow.explore(model, points=64).points]
    assert set(cycles) < set(every)
    missed = set(every) - set(cycles)
    assert all(slow / fast <= 2 for fast, slow in pairwise(cycles) if missed & set(range(fast, slow)))


def test_a_whole_front_is_said_to_be_one(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = flow.explore(good, points=64)
    assert found.report["complete"]
    count = len(found.points)
    assert count < 64
    assert len(flow.explore(good, points=128).points) == count
    console.exploration(found.report, None)
    assert f"MHz: all {count} points of the front\n" in capsys.readouterr().out
    assert f"MHz: all {count} points of the front," in " ".join(page(found.report).split())
    some = flow.explore(good, points=2)
    assert not some.report["complete"]
    assert "MHz: 2 points of the front," in " ".join(page(some.report).split())


def test_points_that_others_beat_are_dropped(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    fast = {"fc0": {"pe": 4, "simd": 8}, "fc1": {"pe": 3, "simd": 4}}
    slow = {"fc0": {"pe": 1, "simd": 1}, "fc1": {"pe": 1, "simd": 1}}
    beaten = {"fc0": {"pe": 1, "simd": 1}, "fc1": {"pe": 3, "simd": 4}}  # as slow, and larger
    monkeypatch.setattr(pareto, "front", lambda *_: pareto.Front([slow, fast, beaten, fast], True))
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
    assert all(point["fps"] == 5e7 / point["ii_cycles"] for point in found.points)


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


# -- what is refused ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 1}, "points must be at least 2, is 1"),
        ({"simulate": True, "jobs": 0}, "jobs must be at least 1, is 0"),
        ({"jobs": 2}, "jobs must be given together with simulate or measure, is given without"),
        ({"dask": "tcp://a:1"}, "dask must be given together with simulate or measure, is given without"),
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
