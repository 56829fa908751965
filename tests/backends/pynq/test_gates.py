# SPDX-License-Identifier: Apache-2.0
"""What the HLS run checks in the tool's report before it goes on."""

from pathlib import Path

import pytest

from tests.backends.pynq.hls_project import Project, limit

DIGIT_TAGS = (
    "Interval-max",
    "Worst-caseLatency",
    "TargetClockPeriod",
    "ClockUncertainty",
    "EstimatedClockPeriod",
    "BRAM_18K",
    "DSP",
    "FF",
    "LUT",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.tools.install("vitis_hls")
    return project


def test_interval_must_be_one(project: Project) -> None:
    assert project.gate("mvtu_first", ii=2) == [
        'layer mvtu_first, node "first": the initiation interval must be 1, is 2; build with a slower '
        "--clock-mhz, or with a smaller folding of this node"
    ]


def test_interval_of_the_whole_counts_too(project: Project) -> None:
    assert project.gate("mvtu_first", interval=3) == [
        'layer mvtu_first, node "first": the initiation interval must be 1, is 3; build with a slower '
        "--clock-mhz, or with a smaller folding of this node"
    ]


@pytest.mark.parametrize(
    ("figures", "style"),
    [
        ({"type": "yes"}, "stp"),
        ({"type": "yes(frp)", "tbgen": "function_flushable"}, "frp"),
        ({"type": "none", "version": "2020.2"}, "none"),
        ({"type": "function", "version": "2021.1"}, "function"),
    ],
)
def test_style_must_be_kept(project: Project, figures: dict[str, str], style: str) -> None:
    version = figures.get("version", "2022.2")
    assert project.gate("mvtu_first", **figures) == [
        f'layer mvtu_first, node "first": the pipeline\'s style must be flp, is {style}: its last words '
        f"would stay inside when the input pauses; use Vitis HLS 2022.1 to 2025.2, this is {version}"
    ]


@pytest.mark.parametrize("kind", ["yes", "function"])
def test_style_of_reports_that_do_not_say_it(project: Project, kind: str) -> None:
    project.tools.config["mvtu_first"] = {"type": kind, "tbgen": "function_flushable"}
    result = project.synthesise("mvtu_first")
    assert result.returncode == 0, result.stdout
    assert "style flp" in result.stdout


def test_slack_must_not_be_negative(project: Project) -> None:
    assert project.gate("mvtu_first", estimate=7.301) == [
        'layer mvtu_first, node "first": the estimated period and its uncertainty must be at most 10.000 ns, '
        "are 10.001 ns; build with --clock-mhz 99 or slower, or with a smaller folding of this node"
    ]


def test_latency_must_be_at_most_the_declared_one(project: Project) -> None:
    most = limit(project, "mvtu_first")
    assert project.gate("mvtu_first", latency=most) == [
        f'layer mvtu_first, node "first": the latency must be at most {most} cycles, for which the FIFOs are '
        f"sized, is {most + 1}; build with a slower --clock-mhz, or with a smaller folding of this node, and "
        "tell finnlite's authors that L of MVTU is too small"
    ]


def test_all_failing_gates_are_named(project: Project) -> None:
    lines = project.gate("mvtu_first", ii=4, type="none", estimate=20, latency=99)
    assert len(lines) == 4


def test_the_figures_of_the_report_are_taken_at_their_limits(project: Project) -> None:
    most = limit(project, "mvtu_first")
    project.tools.config["mvtu_first"] = {"latency": most - 1, "estimate": 7.3}
    assert project.synthesise("mvtu_first").returncode == 0


@pytest.mark.parametrize("tag", [*DIGIT_TAGS, "PipelineType", "TopModelName", "Version"])
def test_a_missing_tag_is_an_error(project: Project, tag: str) -> None:
    (line,) = project.gate("mvtu_first", drop=tag)
    assert line.startswith('layer mvtu_first, node "first": csynth.xml must hold ')
    assert f"{tag}, does not; this version of HLS reports otherwise than 2022.1 to 2025.2 do: " in line


@pytest.mark.parametrize("section", ["UserAssignments", "PerformanceEstimates", "AreaEstimates"])
def test_a_missing_section_is_not_taken_from_a_module_below(project: Project, section: str) -> None:
    (line,) = project.gate("mvtu_first", cut=section)
    assert f"csynth.xml must hold {section}" in line


@pytest.mark.parametrize(
    ("figure", "tag"), [("latency", "Worst-caseLatency"), ("interval", "Interval-max"), ("lut", "LUT")]
)
@pytest.mark.parametrize("value", ["undef", "?", "1 ~ 4"])
def test_a_figure_must_be_a_number(project: Project, figure: str, tag: str, value: str) -> None:
    (line,) = project.gate("mvtu_first", **{figure: value})
    assert line.startswith(
        f'layer mvtu_first, node "first": csynth.xml: {tag} must be a number, is "{value}" ('
    )


def test_a_report_of_something_else_is_an_error(project: Project) -> None:
    (line,) = project.gate("mvtu_first", name="other")
    assert "csynth.xml must report on mvtu_first, reports on other (" in line
