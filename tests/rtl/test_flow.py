# SPDX-License-Identifier: Apache-2.0
"""A build with the RTL backend: what it writes, its rung of the ladder, and the simulation of its folder."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from finnlite import flow
from finnlite.backends.rtl.statistics import Statistics
from finnlite.backends.rtl.verilator import find_verilator
from finnlite.cli import main
from finnlite.errors import OptionError, ToolError
from finnlite.execution import execute
from finnlite.flow.clocking import clocked_note
from finnlite.ops.fifo import FIFO
from tests.small_models import Network


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small network, built with samples."""
    try:
        find_verilator()
    except ToolError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("built")
    model = Network().save(home / "net.onnx")
    frames = np.random.default_rng(1).integers(0, 16, (20, 8)).astype(np.float32)
    np.savez(home / "data.npz", input=frames)
    steps: list[str] = []
    build = flow.build(
        model, out=home / "out", verify=home / "data.npz", backend="rtl", progress=steps.append
    )
    return SimpleNamespace(out=home / "out", build=build, frames=frames, steps=steps, model=model)


def test_the_page_asks_for_no_hls(built: SimpleNamespace) -> None:
    page = (built.out / "report.html").read_text()
    steps = page.partition('id="bitstream"')[2].partition("</ol>")[0]
    assert "a machine with Vivado, 2022.1" in steps
    assert "HLS" not in steps
    assert "first_contact" not in steps


def test_the_rung_is_compared_with_the_csim(built: SimpleNamespace) -> None:
    report = json.loads((built.out / "report.json").read_text())
    assert report == built.build.report
    assert report["backend"] == "rtl"
    rows = [row for row in report["verification"] if row["stage"] in ("csim", "rtl", "device")]
    assert [(row["stage"], row["against"], row["samples"]) for row in rows] == [
        ("csim", "hardware", 20),
        ("rtl", "csim", 8),
        ("device", "csim", 20),
    ]
    assert all(row["mismatches"] == 0 for row in rows)
    assert rows[1]["capped_from"] == 20
    performance = report["performance"]
    assert rows[1]["note"] == (
        f"first frame after {performance['latency_cycles']} cycles, as modelled, "
        f"then one every {performance['ii_cycles']} cycles, as modelled"
    )
    assert built.steps.index("compile C simulation") + 1 == built.steps.index("compile RTL simulation")
    assert built.steps.index("verify csim") + 1 == built.steps.index("verify rtl")


def test_what_was_counted_is_in_the_report(built: SimpleNamespace) -> None:
    counted, performance = built.build.report["rtl"], built.build.report["performance"]
    assert (counted["frames"], counted["latency_cycles"]) == (8, performance["latency_cycles"])
    assert counted["ii_cycles"] == performance["ii_cycles"]
    units = {unit["name"]: unit for unit in counted["units"]}
    for layer in built.build.report["layers"]:
        if layer["cycles"]:
            assert units[layer["name"]]["steps"] >= 8 * layer["cycles"]
    depths = [node.op.depth for node in built.build.graph.nodes if isinstance(node.op, FIFO)]
    inside = [s for s in counted["streams"] if s["writer"] and s["reader"] and s["name"] != "transfer_last"]
    assert [stream["depth"] for stream in inside] == depths
    assert all(0 < stream["high_water"] <= stream["depth"] for stream in inside)


def test_what_is_written(built: SimpleNamespace) -> None:
    top = (built.out / "rtl" / "src" / "finnlite_accelerator.v").read_text()
    assert "module finnlite_accelerator (" in top
    assert [path.name for path in (built.out / "rtl" / "build").iterdir()] == ["simulation"]
    page = (built.out / "report.html").read_text(encoding="utf-8")
    links = re.findall('href="(rtl/[^"#]+)"', page)
    assert links == ["rtl/src/"]
    assert (built.out / "rtl" / "src").is_dir()


def test_simulate(built: SimpleNamespace, tmp_path: Path) -> None:
    expected = execute(built.build.graph, built.frames)
    told: list[tuple[str, int, int]] = []
    found = flow.simulate(built.out, "rtl", built.frames, progress=lambda *step: told.append(step))
    np.testing.assert_array_equal(found, expected)
    assert told[0] == ("run the RTL simulation", 0, 0)
    assert told[-1] == ("run the RTL simulation", 20, 20)
    np.save(tmp_path / "x.npy", built.frames)
    words = ("--input", f"{tmp_path / 'x.npy'}", "-o", f"{tmp_path / 'y.npy'}")
    with pytest.raises(SystemExit, match="0"):
        main(["simulate", str(built.out), "--engine", "rtl", "--quiet", *words])
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_a_folder_of_the_other_backend_is_refused(built: SimpleNamespace, tmp_path: Path) -> None:
    stage = "stages/09_SizeStreams.onnx"
    (tmp_path / "stages").mkdir()
    (tmp_path / "hls").mkdir()
    (tmp_path / stage).write_bytes((built.out / stage).read_bytes())
    with pytest.raises(OptionError) as error:
        flow.simulate(tmp_path, "rtl", built.frames)
    assert str(error.value) == (
        f"folder {str(tmp_path)!r}: must hold emitted Verilog to run it, holds no rtl; "
        "build it with --backend rtl"
    )


@pytest.mark.parametrize(
    ("finished", "latency", "ii"),
    [
        ([101, 201, 301], "100 cycles, as modelled", "100 cycles, as modelled"),
        ([99, 1301, 2601, 3902], "98 cycles, modelled 100", "1,300.5 cycles, modelled 100"),
        ([101], "100 cycles, as modelled", None),
    ],
)
def test_the_note_says_where_the_model_differs(finished: list[int], latency: str, ii: str | None) -> None:
    statistics = Statistics(0, 1, np.array(finished), (), ())
    then = "" if ii is None else f", then one every {ii}"
    note = clocked_note(statistics, {"latency_cycles": 100, "ii_cycles": 100})
    assert note == f"first frame after {latency}{then}"
