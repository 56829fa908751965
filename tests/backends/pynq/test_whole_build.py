# SPDX-License-Identifier: Apache-2.0
"""build.tcl from the C++ to the bitstream, with the stand-ins of both tools; what `report` reads of it."""

from pathlib import Path

import pytest

from finnlite.backends.hls.emit import emit
from finnlite.backends.hls.network import network_of
from finnlite.backends.pynq.project import project_plan
from finnlite.boards import BOARDS
from finnlite.implementation import read_results
from tests.backends.pynq.hls_standin import Tools, quoted
from tests.backends.pynq.recording import Recording, record
from tests.backends.small import GRAPH
from tests.test_implementation import HIERARCHY, UTILIZATION

NETWORK = network_of(GRAPH)
IDENTITY = "0123456789abcdef" * 4


class Build:
    """An output folder with C++ and project, and fake HLS tools on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my network"
        self.tools = Tools(folder / "tools")
        self.tools.install("vitis_hls")
        plan = project_plan(GRAPH, BOARDS["pynq-z1"], 100.0, IDENTITY)
        for prefix, files in (("hls", emit(GRAPH).files), ("vivado", plan.files)):
            for path, content in files.items():
                target = self.root / prefix / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)

    def run(self, **settings: object) -> Recording:
        (self.tools.folder / "config").write_text(quoted({"tool": {}, **self.tools.config}))
        self.tools.log.unlink(missing_ok=True)
        return record(self.root / "vivado", NETWORK, **settings)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    build = Build(tmp_path)
    monkeypatch.setenv("PATH", f"{build.tools.folder / 'bin'}:/usr/bin:/bin")
    return build


def test_the_whole_build_runs(build: Build) -> None:
    result = build.run()
    assert (result.exit_code, result.errors) == (0, []), result.output
    assert sorted(build.tools.layers_run()) == sorted(layer.name for layer in NETWORK.layers)
    written = (build.root / "vivado" / "results" / "layers").iterdir()
    assert sorted(path.stem for path in written) == sorted(layer.name for layer in NETWORK.layers)


def test_the_results_can_be_reported(build: Build) -> None:
    build.run()
    results = build.root / "vivado" / "results"
    # What the stand-in cannot know.
    (results / "utilization.rpt").write_text(UTILIZATION)
    (results / "utilization_hierarchical.rpt").write_text(HIERARCHY)
    found = read_results(build.root / "vivado")
    assert found is not None
    assert (found.identity, found.vivado, found.clock_mhz) == (IDENTITY, "2022.2", 100.0)
    assert {layer.layer for layer in found.layers} == {layer.name for layer in NETWORK.layers}
    assert {(layer.ii, layer.style) for layer in found.layers} == {(1, "flp")}


def test_a_second_run_finds_nothing_to_do(build: Build) -> None:
    build.run()
    result = build.run()
    assert result.exit_code == 0
    assert build.tools.layers_run() == []
    assert list(result.called("create_project")) == []


def test_a_failing_gate_stops_the_build(build: Build) -> None:
    build.tools.config["mvtu_third"] = {"ii": 2}
    result = build.run()
    assert result.exit_code == 1
    assert list(result.called("create_project")) == []
    assert 'ERROR: [finnlite] layer mvtu_third, node "third": the initiation interval must be 1, is 2' in (
        result.last
    )
    assert not (build.root / "deploy" / "overlay" / "accelerator.bit").exists()
