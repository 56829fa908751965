# SPDX-License-Identifier: Apache-2.0
"""The flow: build, its stages and report, check, simulate."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnx import helper

import finnlite
from finnlite import flow
from finnlite.errors import OptionError, UnsupportedError
from finnlite.execution import Session, execute
from finnlite.options import STAGES, stage_file
from finnlite.oracle import Oracle
from finnlite.report import page
from finnlite.serde import load_stage
from finnlite.transforms.folding import folding_of
from tests.small_models import Network
from tests.vivado_results import write_results

QUICK: dict[str, Any] = {"to_stage": "Fold", "stages": "all"}  # no C simulation


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small network, built to the end with a verify file."""
    home = tmp_path_factory.mktemp("built")
    model = Network().save(home / "net.onnx")
    frames = np.random.default_rng(1).integers(0, 16, (20, 8)).astype(np.float32)
    outputs = execute(flow.load(model), frames)
    np.savez(home / "data.npz", input=frames, output=outputs, label=outputs.argmax(axis=1))
    steps: list[str] = []
    build = flow.build(model, out=home / "out", verify=home / "data.npz", progress=steps.append)
    return SimpleNamespace(
        home=home, out=home / "out", build=build, frames=frames, outputs=outputs, steps=steps
    )


def test_the_report_is_what_others_rely_on(built: SimpleNamespace) -> None:
    report = json.loads((built.out / "report.json").read_text())
    assert report == built.build.report
    assert built.build.ok
    assert report["model"] | {"sha256": ""} == {"name": "net", "sha256": "", "macs": 44, "weight_bits": 44}
    assert len(report["model"]["sha256"]) == 64
    assert (report["board"], report["clock_mhz"], report["backend"]) == ("pynq-z1", 100.0, "hls")
    mvtus = [row for row in report["layers"] if row["op"] == "MVTU"]
    assert [row["name"] for row in mvtus] == ["fc0", "fc1"]
    for row in mvtus:
        assert row["cycles"] * row["pe"] * row["simd"] == {"fc0": 32, "fc1": 12}[row["name"]]
        assert row["lut"] > 0
    performance = report["performance"]
    assert performance["ii_cycles"] == max(row["cycles"] or 0 for row in report["layers"])
    assert performance["fps"] == 1e8 / performance["ii_cycles"]
    assert performance["bottleneck"] in {row["name"] for row in report["layers"]}
    assert performance["latency_cycles"] >= performance["ii_cycles"]
    used = report["resources"]
    assert used["budget"] == {"lut": 53200, "ff": 106400, "bram18": 280, "dsp": 220, "lutram": 17400}
    assert used["lut"] == sum(row["lut"] for row in report["layers"]) + used["shell"]["lut"]
    assert set(report["timings_s"]) == set(built.steps)


def test_every_rung_is_compared_with_the_one_before(built: SimpleNamespace) -> None:
    rows = built.build.report["verification"]
    pairs = [("import", "source"), ("import", "file"), ("integer", "import"), ("hardware", "integer")]
    simulated = [("csim", "hardware"), ("device", "csim")]
    assert [(row["stage"], row["against"]) for row in rows] == [*pairs, *simulated]
    assert [row["samples"] for row in rows] == [8, *[20] * 5]
    assert [row["capped_from"] for row in rows] == [20, *[None] * 5]
    assert all(row["mismatches"] == 0 and row["data"] == "file" for row in rows)
    rungs = ("import", "integer", "hardware", "csim", "device")
    assert built.build.report["accuracy"] == dict.fromkeys(rungs, 1.0)
    assert built.build.report["accuracy_samples"] == dict.fromkeys(rungs, 20)


def test_an_accuracy_is_of_the_samples_its_rung_ran(built: SimpleNamespace, tmp_path: Path) -> None:
    build = flow.build(
        built.home / "net.onnx",
        out=tmp_path / "out",
        verify=built.home / "data.npz",
        verify_samples={"csim": 5, "device": 3},
    )
    counts = {"import": 20, "integer": 20, "hardware": 20, "csim": 5, "device": 3}
    assert build.report["accuracy_samples"] == counts


def test_what_a_build_writes(built: SimpleNamespace) -> None:
    found = set(files(built.out))
    stages = {"stages/01_Import.onnx", "stages/02_Streamline.onnx", "stages/09_SizeStreams.onnx"}
    top = {"report.json", "report.html", "plan.json", "folding.json"}
    assert top | stages <= found
    assert {name for name in found if name.startswith("stages/")} == stages
    assert all(name.startswith(("hls/", "vivado/", "deploy/")) for name in found - stages - top)
    assert {"vivado/build.tcl", "deploy/metadata.json", "deploy/validate.py"} <= found
    folding = json.loads((built.out / "folding.json").read_text())
    assert folding == folding_of(built.build.graph)
    assert {p.name for p in built.home.iterdir()} == {"net.onnx", "data.npz", "out"}


def test_the_report_links_to_what_is_there(built: SimpleNamespace, tmp_path: Path) -> None:
    links = re.findall('href="([^"#]+)"', (built.out / "report.html").read_text(encoding="utf-8"))
    assert {"stages/09_SizeStreams.onnx", "folding.json", "hls/src/", "vivado/", "deploy/"} < set(links)
    assert [link for link in links if not (built.out / link).exists()] == []
    shutil.copytree(built.out, tmp_path / "out")
    data = json.loads((built.out / "report.json").read_text())
    for key in ("version", "options", "stage_files"):  # as in reports of earlier versions
        del data[key]
    (tmp_path / "out" / "report.json").write_text(json.dumps(data))
    assert flow.report(tmp_path / "out") == data
    older = re.findall('href="([^"#]+)"', (tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert set(links) - set(older) == {link for link in links if link.startswith("stages/")}


def test_the_written_folding_is_accepted(built: SimpleNamespace, tmp_path: Path) -> None:
    again = flow.build(
        built.home / "net.onnx", out=tmp_path / "out", folding=built.out / "folding.json", **QUICK
    )
    assert folding_of(again.graph) == folding_of(built.build.graph)


@pytest.mark.parametrize("engine", ["graph", "csim", "device"])
def test_simulate(built: SimpleNamespace, engine: str) -> None:
    assert np.array_equal(flow.simulate(built.out, engine, built.frames), built.outputs)


def test_simulate_refuses(built: SimpleNamespace, tmp_path: Path) -> None:
    def message(*arguments: Any) -> str:
        with pytest.raises(OptionError) as error:
            flow.simulate(*arguments)
        return str(error.value)

    assert message(built.out, "fpga", built.frames) == (
        "engine must be 'graph', 'csim', 'rtl' or 'device', is 'fpga'"
    )
    assert message(tmp_path, "graph", built.frames) == (
        f"folder {str(tmp_path)!r}: must hold a finished build, holds no stages/09_SizeStreams.onnx; "
        f"check the path, or run 'finnlite build MODEL -o {tmp_path}'"
    )
    assert message(built.out, "graph", built.frames[:, :7]) == "input must have shape (N, 8), has (20, 7)"
    assert message(built.out, "graph", built.frames + 9).startswith("input must hold integers from 0 to 15")


def test_the_report_takes_in_what_vivado_made(built: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built.out, out)
    before = json.loads((out / "report.json").read_text())
    assert before["resources"]["implemented"] is None
    assert flow.report(out) == before
    write_results(out / "vivado", before["identity"])
    after = flow.report(out)
    made = after["resources"]["implemented"]
    assert (made["lut"], made["bram18"], made["wns_ns"], made["vivado"]) == (25770, 241, 0.123, "2022.2")
    resources = {**after["resources"], "implemented": None}
    assert {**after, "resources": resources} == before
    assert json.loads((out / "report.json").read_text()) == after
    assert "setup slack 0.123 ns" in (out / "report.html").read_text(encoding="utf-8")
    flow.build(built.home / "net.onnx", out=out, **QUICK)  # the folder is still finnlite's


def test_results_of_another_build_are_refused(built: SimpleNamespace, tmp_path: Path) -> None:
    shutil.copytree(built.out, tmp_path / "out")
    write_results(tmp_path / "out" / "vivado", "ab" * 32)
    with pytest.raises(OptionError) as error:
        flow.report(tmp_path / "out")
    assert str(error.value) == (
        f"folder {str(tmp_path / 'out')!r}: Vivado's results must be of this build "
        f"({built.build.report['identity']}), are of {'ab' * 32}; run Vivado again"
    )


def test_only_a_build_has_a_report(tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        flow.report(tmp_path)
    assert str(error.value).startswith(
        f"folder {str(tmp_path)!r}: must hold a finished build, holds no report.json;"
    )
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(OptionError) as error:
        flow.report(tmp_path)
    assert str(error.value) == f"folder {str(tmp_path)!r}: report.json must be finnlite's, is damaged"


def test_the_clock_is_what_the_board_can_make(tmp_path: Path) -> None:
    build = flow.build(Network().save(tmp_path / "net.onnx"), out=tmp_path / "out", clock_mhz=142, **QUICK)
    assert build.report["clock_mhz"] == 125
    assert build.report["notes"][0] == "clock: 125 MHz, the highest that pynq-z1 can make up to 142 MHz"


def test_stages_can_be_left_and_entered_again(tmp_path: Path) -> None:
    model, out = Network().save(tmp_path / "net.onnx"), tmp_path / "out"
    whole = flow.build(model, out=out, **QUICK)
    expected = [stage_file(name) for name in list(STAGES)[:-1]]
    assert sorted(name for name in files(out) if name.startswith("stages/")) == expected
    assert list(whole.stages) == list(STAGES)[:-1]
    part = flow.build(model, out=out, from_stage="MapToHardware", to_stage="MinimizeWidths", target_fps=None)
    assert list(part.stages) == [
        "Import",
        "Streamline",
        "LowerConvs",
        "InterleaveChannels",
        "MapToHardware",
        "AbsorbThresholds",
        "MinimizeWidths",
    ]
    kept = sorted(name for name in files(out) if name.startswith("stages/"))
    assert kept == expected[:4] + [stage_file("MapToHardware"), stage_file("MinimizeWidths")]
    assert part.report["performance"]["fps"] is None
    assert part.report["resources"]["lut"] is None
    rows = part.report["verification"]
    assert [(row["stage"], row["against"]) for row in rows] == [("integer", "import")]


def test_a_stage_that_was_not_written_cannot_be_entered(tmp_path: Path) -> None:
    model, out = Network().save(tmp_path / "net.onnx"), tmp_path / "out"
    with pytest.raises(OptionError) as error:
        flow.build(model, out=out, from_stage="Fold")
    assert str(error.value) == (
        f"from: stage Fold must be in {str(out)!r}, is not; build with --stages all first"
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "vhdl"}, "backend must be 'hls' or 'rtl', is 'vhdl'"),
        ({"output": "class"}, "output must be 'logits' or 'label', is 'class'"),
        ({"stages": "some"}, "stages must be 'default' or 'all', is 'some'"),
        (
            {"target_fps": 1.0, "folding": {}},
            "target fps and folding must not both be given; the folding decides the fps",
        ),
        ({"target_fps": float("nan")}, "target fps must be a positive number, is nan"),
        (
            {"from_stage": "fold"},
            f"from must be one of {', '.join(STAGES)}, is 'fold'; did you mean 'Fold'?",
        ),
        ({"from_stage": "SizeStreams"}, "from must be a stage before SizeStreams, is 'SizeStreams'"),
        (
            {"from_stage": "Fold", "to_stage": "Import"},
            "to must be a stage after Fold, is 'Import'",
        ),
        (
            {"from_stage": "Import", "input_type": "uint8"},
            "input type, scale, mean and std must be given to the stage Import, which --from leaves out",
        ),
        (
            {"from_stage": "Fold", "target_fps": 5.0},
            "target fps must be given to the stage Fold, which --from leaves out",
        ),
        (
            {"folding": "no.json"},
            "folding file 'no.json': must be readable, is not (No such file or directory)",
        ),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    model = Network().save(tmp_path / "net.onnx")
    with pytest.raises(OptionError) as error:
        flow.build(model, out=tmp_path / "out", **options)
    assert str(error.value) == message
    assert not (tmp_path / "out").exists()


def test_a_mismatch_leaves_the_last_good_output(tmp_path: Path) -> None:
    model, out = Network().save(tmp_path / "net.onnx"), tmp_path / "out"
    flow.build(model, out=out, **QUICK)
    before = files(out)
    frames = np.zeros((2, 8))
    np.savez(tmp_path / "wrong.npz", input=frames, output=execute(flow.load(model), frames) + 1)
    build = flow.build(model, out=out, verify=tmp_path / "wrong.npz", **QUICK)
    assert (build.ok, build.folder) == (False, None)
    row = build.report["verification"][1]
    assert (row["against"], row["mismatches"], row["first_mismatch"]["layer"]) == ("file", 6, "y")
    assert files(out) == before
    assert {p.name for p in tmp_path.iterdir()} == {"net.onnx", "wrong.npz", "out"}


def test_the_label_is_the_output(tmp_path: Path) -> None:
    model = Network().save(tmp_path / "net.onnx")
    build = flow.build(model, out=tmp_path / "out", output="label", **QUICK)
    frames = np.random.default_rng(0).integers(0, 16, (50, 8))
    logits = execute(build.stages["Import"], frames)
    assert np.array_equal(execute(build.graph, frames), logits.argmax(axis=1)[:, None])
    assert "label: the label is selected by a LabelSelect unit" in build.report["notes"]


def test_the_package_offers_the_flow(tmp_path: Path) -> None:
    model = Network().save(tmp_path / "net.onnx")
    graph = finnlite.load(model)
    assert finnlite.execute(graph, np.zeros((3, 8))).shape == (3, 3)
    assert finnlite.check(model).ok
    assert finnlite.build is flow.build


# check


def test_check_says_what_becomes_of_every_node(tmp_path: Path) -> None:
    entries = flow.check(Network().save(tmp_path / "net.onnx"))
    assert entries.ok
    assert {entry.node: entry.reason for entry in entries} == {
        "quant0": "constant, folded",
        "fc0": "in MVTU 'fc0'",
        "sign0": "in MVTU 'fc0'",
        "quant1": "constant, folded",
        "fc1": "in MVTU 'fc1'",
    }


def test_check_names_blocked_nodes_causes_and_fixes(tmp_path: Path) -> None:
    network = Network((8, 6, 4, 3))
    network.insert_before("sign1", helper.make_node("Frobnicate", ["p1"], ["f"], "strange"))
    entries = {entry.node: entry for entry in flow.check(network.save(tmp_path / "net.onnx"))}
    assert {name for name, entry in entries.items() if not entry.ok} == {"strange", "sign1", "fc2"}
    assert entries["strange"].reason == "operator must be one that finnlite knows, is Frobnicate"
    assert entries["strange"].cause == "strange"
    assert entries["strange"].fix
    assert entries["fc2"].cause == "strange"
    assert entries["fc2"].reason == "depends on 'strange', which is blocked"
    assert entries["fc2"].fix == "fix 'strange' first"


def test_check_lists_every_independent_cause(tmp_path: Path) -> None:
    network = Network((8, 6, 4, 3))
    rng = np.random.default_rng(0)
    for index in (0, 2):
        node = network.node(f"quant{index}")
        network.nodes.remove(node)
        network.constants[f"q{index}"] = rng.normal(size=network.constants[f"w{index}"].shape).astype(
            np.float32
        )
    check = flow.check(network.save(tmp_path / "net.onnx"))
    causes = {entry.node: entry for entry in check.blocked}
    assert {"fc0", "fc2"} <= set(causes)
    assert "fc2" in {entry.node for entry in check.blocked if "depends" not in entry.reason}
    assert not causes["fc0"].reason.startswith("node 'fc0'")  # the entry names the node already
    assert causes["fc0"].fix
    with pytest.raises(UnsupportedError, match="node 'fc0'"):
        flow.build(tmp_path / "net.onnx", out=tmp_path / "out", **QUICK)


# the source


def test_the_source_runs_untouched_at_its_own_batch(tmp_path: Path) -> None:
    network = Network()
    proto = network.proto()
    for info in (proto.graph.input[0], proto.graph.output[0]):
        info.type.tensor_type.shape.dim[0].dim_value = 4
    path = tmp_path / "batch4.onnx"
    path.write_bytes(proto.SerializeToString())
    frames = np.random.default_rng(0).integers(0, 16, (7, 8)).astype(np.float32)
    oracle = Oracle(path)
    assert oracle.name == "qonnx"
    found = oracle.run({"x": frames})["y"]
    assert np.array_equal(found, Oracle(network.save(tmp_path / "one.onnx")).run({"x": frames})["y"])
    assert np.array_equal(found, execute(flow.load(path), frames))


def test_a_stage_file_runs_as_the_graph_it_came_from(built: SimpleNamespace) -> None:
    for path in sorted((built.out / "stages").iterdir()):
        graph = load_stage(path)
        assert np.array_equal(Session(graph).run(built.frames)[graph.outputs[0].name], built.outputs)


class _Text(HTMLParser):
    """The text of a page, and the tags it opens."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_what_the_report_says(built: SimpleNamespace) -> None:
    parser = _Text()
    parser.feed((built.out / "report.html").read_text(encoding="utf-8"))
    performance = built.build.report["performance"]
    assert f"{int(performance['fps']):,} frames/s" in parser.text
    for row in built.build.report["layers"]:
        assert row["name"] in parser.text
    assert "100.00 %" in parser.text


def test_the_page_escapes_names(built: SimpleNamespace) -> None:
    name = "<script>alert(1)</script>\x1b[2J" + "x" * 500
    layers = [{**built.build.report["layers"][0], "name": name}]
    text = page({**built.build.report, "layers": layers, "notes": [name], "untested_quantizers": [name]})
    parser = _Text()
    parser.feed(text)
    assert text.count("<script") == 1  # the page's own, which sorts
    assert parser.text.count("<script>alert") == 4  # long names are cut in the middle
    assert "\x1b" not in text


def test_a_build_stops_after_the_last_stage(tmp_path: Path) -> None:
    model, out = Network().save(tmp_path / "net.onnx"), tmp_path / "out"
    steps: list[str] = []
    build = flow.build(model, out=out, to_stage="SizeStreams", progress=steps.append)
    stages = {"stages/01_Import.onnx", "stages/02_Streamline.onnx", "stages/09_SizeStreams.onnx"}
    assert set(files(out)) == stages | {"report.json", "report.html", "plan.json", "folding.json"}
    assert not {"compile C simulation", "write Vivado project and driver", "verify csim"} & set(steps)
    assert [row["stage"] for row in build.report["verification"]] == ["import", "integer", "hardware"]
    assert build.report["performance"]["fps"] > 0
    assert build.report["identity"] is None
    links = re.findall('href="([^"#]+)"', (out / "report.html").read_text(encoding="utf-8"))
    assert [link for link in links if not (out / link).exists()] == []
    frames = np.zeros((2, 8))
    assert flow.simulate(out, "graph", frames).shape == (2, 3)
    for engine in ("csim", "device"):
        with pytest.raises(OptionError, match="must hold emitted code to run it, holds no hls; build it"):
            flow.simulate(out, engine, frames)
    assert flow.report(out) == build.report


@pytest.mark.parametrize("until", [None, "Fold"])
def test_samples_are_read_before_anything_takes_long(tmp_path: Path, until: str | None) -> None:
    model, out = Network().save(tmp_path / "net.onnx"), tmp_path / "out"
    np.savez(tmp_path / "wide.npz", input=np.zeros((2, 9)))
    steps: list[str] = []
    with pytest.raises(OptionError, match="must have shape"):
        flow.build(model, out=out, verify=tmp_path / "wide.npz", to_stage=until, progress=steps.append)
    assert steps == ["Import", "read samples"]
    steps.clear()
    with pytest.raises(OptionError, match="must have shape"):
        flow.explore(model, simulate=True, verify=tmp_path / "wide.npz", progress=steps.append)
    assert steps == ["Import", "read samples"]
    flow.build(model, out=out, **QUICK)
    steps.clear()
    with pytest.raises(OptionError, match="must have shape"):
        flow.build(
            model,
            out=out,
            verify=tmp_path / "wide.npz",
            from_stage="MinimizeWidths",
            progress=steps.append,
        )
    assert steps == ["read samples"]


@pytest.mark.parametrize(("stage", "rungs"), [("Import", ["import"]), ("Streamline", ["import", "integer"])])
def test_a_build_that_stopped_early(tmp_path: Path, stage: str, rungs: list[str]) -> None:
    build = flow.build(Network().save(tmp_path / "net.onnx"), out=tmp_path / "out", to_stage=stage)
    assert "frames/s" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert build.report["layers"] == []
    assert build.report["model"]["macs"] is None
    assert [row["stage"] for row in build.report["verification"]] == rungs
    assert not (tmp_path / "out" / "folding.json").exists()
