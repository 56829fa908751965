# SPDX-License-Identifier: Apache-2.0
"""What a user sees of build.tcl: progress, errors, gates, and what is not done twice."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from finnlite.backends.hls.emit import emit

from .designs import IDENTITY, demo, project_of, recorded
from .hls_standin import Tools, quoted, tclsh
from .recording import Recording, record

STEPS = [
    "[1/9] check the tools and the folder",
    "[2/9] synthesise {layers} layers, 4 at once",
    "[3/9] create the project",
    "[4/9] create the block design",
    "[5/9] generate its files",
    "[6/9] synthesise",
    "[7/9] place and route",
    "[8/9] check the timing, write the reports",
    "[9/9] write the bitstream",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with spaces in its path."""
    return tmp_path / "my first net"


def steps(recording: Recording) -> list[str]:
    return [line for line in recording.output.splitlines() if re.match(r"\[\d/9\] ", line)]


def failed(recording: Recording) -> str:
    """The message of a run that ended with an error; no bitstream is there then."""
    assert recording.exit_code == 1
    assert recording.last.startswith("ERROR in step ")
    return recording.last.removeprefix("ERROR in ")


def overlay(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "deploy" / "overlay").glob("*"))


def results(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "vivado" / "results" / "implementation.json").read_text())
    return data


def test_a_run_shows_its_progress_and_leaves_its_results(folder: Path) -> None:
    run = recorded(demo(), folder)
    assert run.exit_code == 0, run.output
    assert steps(run) == [line.format(layers=len(demo().network.layers)) for line in STEPS]
    assert run.last.startswith("Done: deploy/overlay has accelerator.bit and accelerator.hwh.")
    assert overlay(folder) == ["accelerator.bit", "accelerator.hwh"]
    assert results(folder) == {
        "vivado": "2022.2",
        "identity": IDENTITY,
        "clock_mhz": 100,
        "wns_ns": 0.123,
        "whs_ns": 0.021,
    }
    reports = [call.options["-file"] for call in run.called("report_utilization", "report_timing_summary")]
    names = ["utilization.rpt", "utilization_hierarchical.rpt", "timing_summary.rpt"]
    assert [Path(path).name for path in reports] == names
    assert all(Path(path).is_file() for path in reports)


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    recorded(demo(), folder)
    again = record(folder / "vivado", demo().network)
    assert (again.exit_code, len(steps(again))) == (0, 2)
    assert again.last == "Nothing else to do: the bitstream in deploy/overlay is made from exactly this."
    assert list(again.called("create_project")) == []


def test_from_the_layers_to_the_bitstream(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both halves together, with a fake HLS tool on the PATH: nothing of the project is replaced."""
    tools = Tools(folder / "tools")
    tools.install("vitis_hls")
    (tools.folder / "config").write_text(quoted({"tool": {}}))
    path = f"{tools.folder / 'bin'}:/usr/bin:/bin:{Path(tclsh()).parent}"
    monkeypatch.setenv("PATH", path)
    for prefix, plan in (("hls", emit(demo().graph)), ("vivado", project_of(demo()))):
        for name, content in plan.files.items():
            target = folder / prefix / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    run = record(folder / "vivado", demo().network)
    assert (run.exit_code, len(steps(run))) == (0, 9), run.output
    layers = [layer.name for layer in demo().network.layers]
    assert sorted(tools.layers_run()) == sorted(layers)
    assert sorted(p.stem for p in (folder / "vivado" / "results" / "layers").iterdir()) == sorted(layers)
    tools.log.unlink()
    again = record(folder / "vivado", demo().network)
    assert (again.exit_code, len(steps(again)), tools.layers_run()) == (0, 2, [])


@pytest.mark.parametrize(
    "path",
    [
        *("settings.tcl", "design.tcl", "ps7.tcl", "implement.tcl", "sources.tcl", "identity.xdc"),
        "rtl/finnlite_fifo.v",
    ],
)
def test_what_changed_is_done_again(folder: Path, path: str) -> None:
    recorded(demo(), folder)
    with (folder / "vivado" / path).open("a") as file:
        file.write("\n")
    assert len(steps(record(folder / "vivado", demo().network))) == 9


@pytest.mark.parametrize("what", ["layer", "release", "bitstream", "description"])
def test_what_else_makes_a_run_necessary(folder: Path, what: str) -> None:
    recorded(demo(), folder)
    settings = {}
    if what == "layer":
        (folder / "vivado" / "hls" / demo().network.layers[1].name / "digest.txt").write_text("1\n")
    elif what == "release":
        settings["version"] = "2024.2"
    else:
        suffix = {"bitstream": "bit", "description": "hwh"}[what]
        (folder / "deploy" / "overlay" / f"accelerator.{suffix}").unlink()
    assert len(steps(record(folder / "vivado", demo().network, **settings))) == 9


@pytest.mark.parametrize("version", ["2022.1", "2022.2.1", "2023.1", "2024.2", "2025.2_AR000"])
def test_known_releases_are_taken_without_a_word(folder: Path, version: str) -> None:
    run = recorded(demo(), folder, version=version)
    assert (run.exit_code, "WARNING" in run.output) == (0, False)
    assert results(folder)["vivado"] == version


def test_an_old_release_is_refused(folder: Path) -> None:
    assert failed(recorded(demo(), folder, version="2020.2")) == (
        "step 1 (check the tools and the folder): Vivado must be 2022.1 to 2025.2, is 2020.2; install one of "
        "these (the free edition has the XC7Z020) and start its vivado"
    )


@pytest.mark.parametrize(
    ("version", "warning"),
    [
        (
            "2026.1",
            "WARNING: Vivado 2026.1 is newer than 2025.2, the last release these scripts are written for; "
            "if a step fails, use 2025.2",
        ),
        (
            "unified",
            "WARNING: this Vivado calls itself 'unified', a release these scripts do not know; "
            "if a step fails, use 2022.1 to 2025.2",
        ),
    ],
)
def test_an_unknown_release_is_tried_with_a_warning(folder: Path, version: str, warning: str) -> None:
    run = recorded(demo(), folder, version=version)
    assert (run.exit_code, len(steps(run))) == (0, 9)
    assert warning in run.output.splitlines()


def test_another_tool_is_refused(folder: Path) -> None:
    recorded(demo(), folder)
    command = [tclsh(), "build.tcl"]
    run = subprocess.run(command, cwd=folder / "vivado", capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.strip() == (
        "ERROR in step 1 (check the tools and the folder): build.tcl must be run by Vivado, is run by "
        "another tool; start it with: vivado -mode batch -source build.tcl"
    )


def test_negative_setup_slack_keeps_the_bitstream_away(folder: Path) -> None:
    recorded(demo(), folder)  # leaves a bitstream
    layer = demo().network.layers[2].name
    routed = {
        "wns": "-0.417",
        "whs": "0.03",
        "startpoint": f"system_i/{layer}/inst/grp_0/sum_reg[3]/C",
        "endpoint": f"system_i/{layer}/inst/out_reg[0]/D",
    }
    run = record(folder / "vivado", demo().network, version="2024.1", runs={"impl_1": routed})
    assert failed(run) == (
        "step 8 (check the timing, write the reports): the worst setup slack (WNS) must be at least 0 ns, "
        f"is -0.417 ns at 100 MHz; its path lies in {layer} (system_i/{layer}/inst/grp_0/sum_reg[3]/C to "
        f"system_i/{layer}/inst/out_reg[0]/D); build with --clock-mhz 95 or slower, or fold that layer less "
        "(smaller PE or SIMD)"
    )
    assert overlay(folder) == []
    assert not list((folder / "vivado").rglob("*.bit"))
    assert results(folder)["wns_ns"] == -0.417
    # The next run does not take the failed one for done.
    assert len(steps(record(folder / "vivado", demo().network, version="2024.1"))) == 9


def test_negative_hold_slack_keeps_the_bitstream_away(folder: Path) -> None:
    first, second = (layer.name for layer in demo().network.layers[:2])
    routed = {
        "whs": "-0.002",
        "startpoint": f"system_i/{first}/inst/a_reg/C",
        "endpoint": f"system_i/fifo_{second}_out/inst/b_reg/D",
    }
    run = recorded(demo(), folder, runs={"impl_1": routed})
    assert failed(run) == (
        "step 8 (check the timing, write the reports): the worst hold slack (WHS) must be at least 0 ns, "
        f"is -0.002 ns; its path leads from {first} to fifo_{second}_out (system_i/{first}/inst/a_reg/C to "
        f"system_i/fifo_{second}_out/inst/b_reg/D); a lower clock does not help: run again with another "
        "Vivado release"
    )
    assert overlay(folder) == []


@pytest.mark.parametrize("wns", ["", "NA", "inf", "nan"])
def test_an_unknown_slack_is_an_error(folder: Path, wns: str) -> None:
    run = recorded(demo(), folder, runs={"impl_1": {"wns": wns}})
    assert failed(run) == (
        "step 8 (check the timing, write the reports): WNS of the routed design must be a number, "
        f"is '{wns}'; see results/timing_summary.rpt"
    )
    assert overlay(folder) == []
    assert not (folder / "vivado" / "results" / "implementation.json").exists()


MESSAGES = [
    ("Synth 8-4445", "could not open $readmem data file './w.dat'; ignoring"),
    ("Synth 8-2898", "ignoring malformed $readmem task: invalid memory name"),
]


@pytest.mark.parametrize(("identifier", "text"), MESSAGES)
def test_a_memory_without_its_constants_stops_the_run(folder: Path, identifier: str, text: str) -> None:
    message = {"id": identifier, "severity": "CRITICAL WARNING", "text": text}
    run = recorded(demo(), folder, messages=[message])
    log = (folder / "vivado" / "project" / "accelerator.runs" / "synth_1" / "runme.log").resolve()
    start, _, lines = run.output.partition("ERROR in ")
    assert lines.splitlines() == [
        "step 6 (synthesise): synth_1 must end with 'synth_design Complete', ends with 'synth_design ERROR'; "
        f"see {log}",
        f"  ERROR: [{identifier}] {text}",
    ]
    assert run.exit_code == 1
    assert overlay(folder) == []


def test_assertions_in_the_vendors_ip_do_not_stop_the_run(folder: Path) -> None:
    message = {"id": "Synth 8-2898", "severity": "WARNING", "text": "ignoring assertion"}
    assert recorded(demo(), folder, messages=[message]).exit_code == 0


def test_a_failed_run_leaves_no_figures_of_an_earlier_one(folder: Path) -> None:
    recorded(demo(), folder)
    message = {"id": "Place 30-487", "severity": "ERROR", "text": "does not fit", "run": "impl_1"}
    run = record(folder / "vivado", demo().network, version="2023.2", messages=[message])
    assert run.exit_code == 1
    assert [path.name for path in (folder / "vivado" / "results").iterdir() if path.is_file()] == []
    assert overlay(folder) == []


def test_a_part_that_is_not_installed_is_said_before_anything_runs(folder: Path) -> None:
    run = recorded(demo(), folder, {"settings.tcl": settings_without_part()})
    assert failed(run) == (
        "step 1 (check the tools and the folder): Vivado 2022.2 must know the part nothing, does not; add "
        "the Zynq-7000 devices with its installer (Help > Add Design Tools or Devices)"
    )
    assert list(run.called("create_project")) == []


def settings_without_part() -> str:
    text = project_text("settings.tcl")
    return text.replace("set part xc7z020clg400-1", "set part nothing")


def project_text(path: str) -> str:
    return project_of(demo()).files[path].decode()


def test_the_tools_own_error_is_what_the_user_reads(folder: Path) -> None:
    text = project_text("design.tcl").replace("axi_dma/S_AXI_LITE]", "axi_dma/S_AXI]")
    run = recorded(demo(), folder, {"design.tcl": text})
    assert failed(run) == (
        "step 4 (create the block design): [Common 17-39] 'get_bd_intf_pins' failed due to earlier errors. "
        "The tool's own ERROR lines are above."
    )
    assert len(steps(run)) == 4
    assert [line for line in run.output.splitlines() if line.startswith("ERROR: ")] != []


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "2.5"])
def test_the_number_of_jobs_is_checked(folder: Path, jobs: str) -> None:
    text = project_text("settings.tcl").replace("set jobs 4", f"set jobs {jobs}")
    assert failed(recorded(demo(), folder, {"settings.tcl": text})) == (
        f"step 1 (check the tools and the folder): JOBS must be a number from 1, is '{jobs}'"
    )


def test_the_command_line_says_how_many_jobs(folder: Path) -> None:
    """As with `-tclargs 3`."""
    run = recorded(demo(), folder, {"settings.tcl": project_text("settings.tcl") + "set argv 3\n"})
    assert (run.exit_code, steps(run)[1][-10:]) == (0, " 3 at once")
    assert {call.options["-jobs"] for call in run.called("launch_runs")} == {"3"}


def test_a_deep_folder_on_windows_is_warned_about(folder: Path) -> None:
    deep = folder / ("d" * 90)
    windows = "set tcl_platform(platform) windows\n" + project_text("settings.tcl")
    run = recorded(demo(), deep, {"settings.tcl": windows})
    where = (deep / "vivado").as_posix()
    assert (
        f"WARNING: the folder '{where}' has a path of {len(where)} characters; Windows takes 260 and the "
        "tools need 170 of them. If a file is not found, move the whole output folder to a short path such "
        "as C:/f"
    ) in run.output.splitlines()
    assert "WARNING" not in recorded(demo(), folder / "linux" / ("d" * 90)).output


@pytest.mark.parametrize("character", list("&#(ü"))
def test_a_folder_with_special_characters_is_warned_about(tmp_path: Path, character: str) -> None:
    run = recorded(demo(), tmp_path / f"a{character}b")
    where = (tmp_path / f"a{character}b" / "vivado").as_posix()
    assert (
        f"WARNING: the folder '{where}' has '{character}' in its path, which Vivado may not take. If a file "
        "is not found, move the whole output folder to a path of plain letters"
    ) in run.output.splitlines()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "$ps7_fabric] [get_bd_cells ps7]",
            "$ps7_fabric {CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 32}] [get_bd_cells ps7]",
            "CONFIG.PCW_S_AXI_HP0_DATA_WIDTH must be '64', is '32'",
        ),
        (
            "$ps7_fabric] [get_bd_cells ps7]",
            "$ps7_fabric {CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 50}] [get_bd_cells ps7]",
            "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ must be '100', is '50'\n"
            "  CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ must be '100', is '50",
        ),
    ],
)
def test_settings_the_processor_did_not_take(folder: Path, old: str, new: str, message: str) -> None:
    """As if Vivado had changed a value without a word."""
    text = project_text("ps7.tcl")
    assert text.count(old) == 1
    run = recorded(demo(), folder, {"ps7.tcl": text.replace(old, new)})
    assert run.exit_code == 1
    start = "ERROR in step 4 (create the block design): ps7 did not take the settings of the accelerator:\n  "
    assert f"{start}{message}" in run.output


def test_settings_of_the_board_that_were_not_taken_are_a_warning(folder: Path) -> None:
    text = project_text("ps7.tcl").replace(
        "$ps7_fabric] [get_bd_cells ps7]",
        "$ps7_fabric {CONFIG.PCW_UIPARAM_DDR_T_FAW 45.0}] [get_bd_cells ps7]",
    )
    run = recorded(demo(), folder, {"ps7.tcl": text})
    assert run.exit_code == 0
    assert "  CONFIG.PCW_UIPARAM_DDR_T_FAW must be '40.0', is '45.0'" in run.output.splitlines()
