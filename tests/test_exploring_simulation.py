# SPDX-License-Identifier: Apache-2.0
"""`explore`: each point is simulated and compared once."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from finnlite import flow
from finnlite.cli import main
from finnlite.flow import simulating
from finnlite.options import Options
from finnlite.samples import synthetic_samples
from tests.small_models import Network


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
