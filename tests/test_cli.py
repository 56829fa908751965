# SPDX-License-Identifier: Apache-2.0
"""The command line: what it offers, prints, writes and returns."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import helper

from finnlite import flow
from finnlite.cli import main
from finnlite.examples import digits_data, digits_model
from tests.markdown import block
from tests.small_models import Network

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command in this process: its exit code and what it printed."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str | Path) -> SimpleNamespace:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return SimpleNamespace(code=stop.value.code or 0, out=printed.out, err=printed.err)

    return call


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The demo as a user starts it: in a process of its own, in an empty folder."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "finnlite", "demo"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    return SimpleNamespace(
        code=done.returncode, out=done.stdout, err=done.stderr, folder=home / "finnlite-demo"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A little network and the folder it was built in."""
    home = tmp_path_factory.mktemp("built")
    model = Network().save(home / "net.onnx")
    with pytest.raises(SystemExit) as stop:
        main(["build", str(model), "-o", str(home / "out")])
    assert stop.value.code == 0
    return SimpleNamespace(model=model, folder=home / "out")


def state(folder: Path) -> dict[str, bytes]:
    """Content of every file."""
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_only_what_is_built_is_offered(run: Run) -> None:
    names = ["demo", "check", "build", "explore", "simulate", "synth", "report", "doctor"]
    text = run("--help").out.partition("Commands:")[2].partition("Examples:")[0]
    assert re.findall(r"^  ([a-z]+) ", text, re.MULTILINE) == names

    def offered(command: str) -> set[str]:
        return set(re.findall(r"--[a-z-]+", run(command, "--help").out.partition("Examples:")[0]))

    options = offered("build")
    assert options == {
        *("--out", "--board", "--clock-mhz", "--target-fps", "--folding", "--input-type", "--input-scale"),
        *("--input-mean", "--input-std", "--output", "--verify", "--verify-samples", "--from", "--to"),
        *("--backend", "--stages", "--json", "--help", "--max-fps", "--lut-limit", "--bram-limit"),
        *("--rtl-layers", "--status"),
        "--quiet",
    }
    options = offered("explore")
    assert options == {
        *("--out", "--points", "--simulate", "--jobs", "--dask", "--board", "--clock-mhz", "--lut-limit"),
        *("--bram-limit", "--input-type", "--input-scale", "--input-mean", "--input-std", "--output"),
        *("--verify", "--json", "--quiet", "--help", "--backend", "--measure"),
    }


def test_wrong_command_line(run: Run) -> None:
    assert run("build").code == 2
    assert run("build", "m.onnx", "-o", "x", "--most-fps").code == 2
    assert run("explore").code == 2


def test_demo(demo: SimpleNamespace) -> None:
    assert demo.code == 0, demo.err
    assert "all 11 nodes map" in demo.out
    assert "csim 97.78 %, device 97.78 %" in demo.out
    report = json.loads((demo.folder / "report.json").read_text())
    rungs = {row["stage"]: row for row in report["verification"]}
    assert {name: row["samples"] for name, row in rungs.items()} == dict.fromkeys(rungs, 360)
    assert list(rungs) == ["import", "integer", "hardware", "csim", "device"]
    assert sum(row["mismatches"] for row in rungs.values()) == 0
    assert f"{int(report['performance']['fps']):,} frames/s" in demo.out
    assert report["performance"]["fps"] >= 1_000_000
    for name in ("report.json", "hls/src", "vivado", "deploy", "stages"):
        assert f"finnlite-demo/{name}" in demo.out
        assert (demo.folder / name).exists()


def test_the_demo_prints_what_the_readme_shows(
    demo: SimpleNamespace, root: Path, request: pytest.FixtureRequest
) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    printed = "\n".join(line.rstrip() for line in demo.out.strip().splitlines())
    shown = block(readme, "text").strip()
    if request.config.getoption("--update-golden"):
        (root / "README.md").write_text(readme.replace(shown, printed), encoding="utf-8")
        return
    assert printed == shown


def test_demo_accuracy_is_the_source_models(demo: SimpleNamespace, run: Run, tmp_path: Path) -> None:
    data = np.load(digits_data())
    np.save(tmp_path / "x.npy", data["input"])
    answers = {}
    for engine in ("graph", "csim", "device"):
        output = tmp_path / f"{engine}.npy"
        done = run("simulate", demo.folder, "--engine", engine, "--input", tmp_path / "x.npy", "-o", output)
        assert done.code == 0, done.err
        answers[engine] = np.load(output)
    assert np.array_equal(answers["graph"], answers["csim"])
    np.testing.assert_allclose(answers["device"], answers["csim"], rtol=0, atol=1e-5)
    assert np.array_equal(answers["csim"].argmax(1), data["output"].argmax(1))


def test_nothing_is_rebuilt_when_nothing_changed(run: Run, built: SimpleNamespace) -> None:
    compiled = {p: p.stat().st_mtime_ns for p in built.folder.rglob("*.so")}
    before = state(built.folder / "hls")
    assert compiled
    assert run("build", built.model, "-o", built.folder).code == 0
    assert {p: p.stat().st_mtime_ns for p in compiled} == compiled
    assert state(built.folder / "hls") == before


def test_a_failed_build_leaves_the_last_good_one(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    before = state(built.folder)
    cut = tmp_path / "net.onnx"
    cut.write_bytes(built.model.read_bytes()[:-9])
    assert run("build", cut, "-o", built.folder).code == 1
    assert run("build", built.model, "-o", built.folder, "--target-fps", "1e12").code == 1
    assert state(built.folder) == before


def test_a_mismatch_fails_the_build_and_is_named(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    before = state(built.folder)
    frames = np.arange(40, dtype=np.float32).reshape(5, 8) % 16
    wrong = np.full((5, 3), 99, np.float32)
    np.savez(tmp_path / "data.npz", input=frames, output=wrong)
    done = run("build", built.model, "-o", built.folder, "--verify", tmp_path / "data.npz")
    assert done.code == 1
    assert re.search(r"^first mismatch of import against file: layer 'y', sample 0, element", done.out, re.M)
    assert "must be 99, is" in done.out
    assert "the rungs differ, so the output folder was left as it was" in done.out
    assert state(built.folder) == before


def test_build_prints_only_json_on_demand(run: Run, built: SimpleNamespace) -> None:
    done = run("build", built.model, "-o", built.folder, "--json")
    assert json.loads(done.out) == json.loads((built.folder / "report.json").read_text())
    assert re.search(r"^✓ compile C simulation \(\d+\.\d s\)$", done.err, re.MULTILINE)


def test_check(run: Run) -> None:
    good = run("check", digits_model())
    assert good.code == 0
    assert good.out.endswith("\nall 11 nodes map\n")
    entries = json.loads(run("check", digits_model(), "--json").out)
    assert [entry["node"] for entry in entries][:2] == ["fc0.weight_quant", "fc0.matmul"]
    assert {"node", "op", "ok", "reason", "cause", "fix"} == set(entries[0])
    assert all(entry["ok"] for entry in entries)


def test_check_of_a_model_that_does_not_map(run: Run, tmp_path: Path) -> None:
    network = Network()
    network.insert_before("sign0", helper.make_node("Frobnicate", ["p0"], ["f"], "strange"))
    model = network.save(tmp_path / "net.onnx")
    done = run("check", model)
    assert done.code == 1
    assert done.out.endswith(
        "\nnode 'strange': operator must be one that finnlite knows, is Frobnicate"
        "\n  fix: replace it in the network by operators that finnlite knows"
        "\n\n3 of 6 nodes are blocked\n"
    )
    entries = {entry["node"]: entry for entry in json.loads(run("check", model, "--json").out)}
    assert {name: entry["cause"] for name, entry in entries.items() if not entry["ok"]} == {
        "strange": "strange",
        "sign0": "strange",
        "fc1": "strange",
    }


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_terminal_can_show_it(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "finnlite", "doctor"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"C++ compiler" in done.stdout
    assert ("✓".encode() in done.stdout) == (encoding == "utf-8")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, built: SimpleNamespace) -> None:
    """A demo that tells a step and returns the little network's build."""

    def again(*_: object, progress: Callable[[str], None], **__: object) -> SimpleNamespace:
        progress("Import")
        return SimpleNamespace(report=flow.report(built.folder), folder=built.folder, ok=True)

    monkeypatch.setattr(flow, "build", again)


@pytest.mark.usefixtures("short")
def test_the_demo_is_json_on_demand_and_quiet(run: Run, built: SimpleNamespace) -> None:
    assert "all 11 nodes map" in run("demo").out
    done = run("demo", "--json")
    assert (done.code, json.loads(done.out)) == (0, flow.report(built.folder))
    assert re.fullmatch(r"✓ Import \(\d+\.\d s\)\n", done.err)
    done = run("demo", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_every_result_is_json_on_demand(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    assert json.loads(run("report", built.folder, "--json").out) == flow.report(built.folder)
    assert json.loads(run("explore", built.model, "--points", "2", "--json").out)["points"]
    np.save(tmp_path / "x.npy", np.ones((3, 8), np.float32))
    words = ("--input", tmp_path / "x.npy", "-o", tmp_path / "y.npy", "--json")
    ran = json.loads(run("simulate", built.folder, "--engine", "graph", *words).out)
    assert isinstance(ran.pop("seconds"), float)
    assert ran == {"engine": "graph", "frames": 3, "output": str(tmp_path / "y.npy")}
    assert len(np.load(tmp_path / "y.npy")) == 3
    np.savez(tmp_path / "x.npz", input=np.ones((4, 8), np.float32), label=np.zeros(4))
    words = ("--input", tmp_path / "x.npz", "-o", tmp_path / "z.npy")
    assert run("simulate", built.folder, "--engine", "graph", *words).code == 0
    assert np.array_equal(np.load(tmp_path / "z.npy")[:3], np.load(tmp_path / "y.npy"))


def test_an_error_leaves_standard_output_empty(run: Run, tmp_path: Path) -> None:
    done = run("build", tmp_path / "none.onnx", "-o", tmp_path / "out", "--json")
    assert (done.code, done.out) == (1, "")
    errors = [line for line in done.err.splitlines() if not line.startswith("✗")]
    assert errors == [
        f"error: model '{tmp_path / 'none.onnx'}' must be an ONNX file, does not exist; check the path"
    ]


def test_quiet_prints_nothing(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 8), np.float32))
    files = ("--input", tmp_path / "x.npy", "-o", tmp_path / "y.npy")
    for words in (
        ("check", built.model),
        ("build", built.model, "-o", built.folder),
        ("explore", built.model, "--points", "2"),
        ("simulate", built.folder, "--engine", "graph", *files),
        ("report", built.folder),
        ("doctor",),
    ):
        done = run(*words, "--quiet")
        assert (done.code, done.out, done.err) == (0, "", ""), words
    assert np.load(tmp_path / "y.npy").shape[0] == 3


def test_quiet_lets_errors_and_json_pass(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    done = run("build", built.model, "-o", built.folder, "--quiet", "--json")
    assert json.loads(done.out)["verification"]
    assert done.err == ""
    network = Network()
    network.insert_before("sign0", helper.make_node("Frobnicate", ["p0"], ["f"], "strange"))
    done = run("check", network.save(tmp_path / "net.onnx"), "-q")
    assert (done.code, done.out, done.err) == (1, "", "")
    done = run("report", tmp_path, "-q")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"error: .+\n", done.err)


def test_a_build_goes_on_from_a_stage(run: Run, built: SimpleNamespace, tmp_path: Path) -> None:
    """As the help's last example does, but for compiling the result."""
    out = tmp_path / "out"
    words = ("build", built.model, "-o", out, "--to", "Fold", "-q")
    assert run(*words, "--stages", "all").code == 0
    done = run(*words, "--from", "MinimizeWidths", "--target-fps", "1e5")
    assert (done.code, done.err) == (0, "")
