# SPDX-License-Identifier: Apache-2.0
"""`synth` and `explore --measure`, with a Yosys that answers at once."""

import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from finnlite import flow
from finnlite.accelerator import units
from finnlite.cli import main
from finnlite.errors import OptionError, ToolError
from finnlite.ops.cost import total
from finnlite.ops.structure import Backend
from finnlite.options import stage_file
from finnlite.serde import load_stage
from tests.rtl.fake_yosys import FOUND, fake
from tests.small_models import Network


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small network, built to the end."""
    home = tmp_path_factory.mktemp("synthesised")
    build = flow.build(Network().save(home / "net.onnx"), out=home / "out")
    graph = load_stage(home / "out" / stage_file("SizeStreams"))
    return SimpleNamespace(out=home / "out", graph=graph, report=build.report)


def test_a_report_takes_in_what_yosys_made(
    built: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every unit and FIFO, and the FIFOs of the border, beside their estimates; kept for the next time."""
    log = fake(tmp_path, monkeypatch)
    assert built.report["resources"]["measured"] is None
    steps: list[str] = []
    data = flow.synth(built.out, jobs=1, progress=steps.append)
    assert json.loads((built.out / "report.json").read_text()) == data
    measured = data["resources"]["measured"]
    nodes = {node.name: unit for node, unit in units(built.graph)}
    assert {row["name"] for row in measured["parts"]} == {*nodes, "<transfer_last>", "<m0>"}
    for row in measured["parts"]:
        unit = nodes.get(row["name"])
        estimate = row.pop("estimate")
        assert row == {"name": row["name"], "op": unit.op_type if unit else "FIFO", **asdict(FOUND)}
        expected = unit and unit.resources(built.graph.node(row["name"]), Backend.RTL)._asdict()
        assert estimate == expected
    assert measured["tool"] == "Yosys 0.99"
    assert measured["ff"] == FOUND.ff * len(measured["parts"])
    assert steps == ["synthesise"]
    runs = len(log.read_text().splitlines())
    assert runs > 0
    assert flow.synth(built.out)["resources"]["measured"]["ff"] == measured["ff"]
    assert len(log.read_text().splitlines()) == runs


def test_the_command(
    built: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake(tmp_path, monkeypatch)
    with pytest.raises(SystemExit, match="^0$"):
        main(["synth", str(built.out), "--jobs", "1"])
    out = capsys.readouterr().out
    assert "synthesis (Yosys 0.99, each part alone, before placement, without the shell)" in out
    count = sum(line.startswith(("all", "<")) for line in out.splitlines())
    assert count == 3
    estimates = [unit.resources(node, Backend.RTL) for node, unit in units(built.graph)]
    (last,) = (line.split() for line in out.splitlines() if line.startswith("all "))
    parts = len(units(built.graph)) + 2
    assert last[1:4] == [f"{4 * parts:,}–{4 * parts:,}", f"{total(estimates).lut:,}", f"{31 * parts:,}"]


def test_a_front_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points share what is equal in them, and what was made stays in the folder."""
    log = fake(tmp_path, monkeypatch)
    model = Network().save(tmp_path / "net.onnx")
    found = flow.explore(model, out=tmp_path / "out", points=3, measure=True, jobs=1, backend="rtl")
    for point in found.points:
        made = point["measured"]
        assert (made["tool"], made["bram18"] % FOUND.bram18) == ("Yosys 0.99", 0)
    assert found.report["calibrated"]
    runs = log.read_text()
    again = flow.explore(model, out=tmp_path / "out", points=3, measure=True, backend="rtl")
    assert again.points == found.points
    assert log.read_text() == runs


def test_what_cannot_be_synthesised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="must hold a finished build, does not exist"):
        flow.synth(tmp_path / "none")
    with pytest.raises(OptionError, match="jobs and dask must not both be given"):
        flow.synth(tmp_path, jobs=1, dask="tcp://a:1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolError, match="Yosys must be on the PATH or in this Python, is neither"):
        flow.explore(Network().save(tmp_path / "net.onnx"), measure=True)
