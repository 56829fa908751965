# SPDX-License-Identifier: Apache-2.0
"""The report's data, its chart, and the words that page and command line share."""

import io
import re
from copy import deepcopy
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from finnlite import console, flow
from finnlite import report as reports
from finnlite.boards import BOARDS, Limits
from finnlite.report.chart import chart
from finnlite.report.words import bound, waiting
from tests.small_models import Network

BOARD = BOARDS["pynq-z1"]
NEXT = {"ii_cycles": 64, "fps": 1_562_500.0, "lut": 40_000, "ff": 9_000, "bram18": 6, "dsp": 0, "lutram": 300}
FOLDING = {
    "how": "the fastest that fits",
    "limits": {"lut": 37_240, "ff": 106_400, "bram18": 238, "dsp": 220, "lutram": 17_400},
    "limits_percent": {"lut": 70.0, "bram18": 85.0},
    "bottleneck": "fc0",
    "ii_cycles": 80,
    "fps": 1_250_000.0,
    "binding": "lut",
    "next": {**NEXT, "exceeds": ["lut"]},
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a small network that was compiled and not run."""
    model = Network().save(tmp_path_factory.mktemp("report") / "net.onnx")
    hardware = flow.compile_stages(model)["SizeStreams"]
    return {
        "model": reports.model_part("net", "0" * 64, hardware),
        "board": BOARD.name,
        "clock_mhz": 100.0,
        "backend": "hls",
        **reports.hardware_part(hardware, BOARD, 100.0, Limits(60.0, 80.0)),
        "notes": [],
        "verification": [],
        "accuracy": None,
    }


@pytest.fixture
def report(computed: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(computed)


class _Page(HTMLParser):
    """The chart of a page: each line's name, class, widths of bars and values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines: list[SimpleNamespace] = []
        self.tags: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "table":
            self._inside = given.get("class") == "chart"
        if not self._inside:
            return
        if tag == "tr":
            self.lines.append(SimpleNamespace(kind=given.get("class"), widths=[], text=[]))
        if given.get("class") == "bar":
            width = re.fullmatch(r"width: ([0-9.]+)%", given["style"] or "")
            assert width is not None
            self.lines[-1].widths.append(float(width[1]))

    def handle_data(self, data: str) -> None:
        if self._inside and self.lines and data.strip():
            self.lines[-1].text.append(data.strip())


def shown(report: dict[str, Any]) -> list[SimpleNamespace]:
    """The lines of the page's chart under its head."""
    return _Page(reports.page(report)).lines[1:]


def test_keys_that_others_rely_on(report: dict[str, Any]) -> None:
    used = report["resources"]
    assert (used["calibrated"], used["estimated"]) == (False, True)
    assert used["limits"] == {"lut": 60.0, "bram18": 80.0}
    assert used["lutram"] == sum(row["lutram"] for row in report["layers"]) + used["shell"]["lutram"]
    period = report["performance"]["ii_cycles"]
    for row in report["layers"]:
        if row["op"] == "FIFO":
            assert row["depth"] >= 2
            assert row["memory"] in ("lutram", "block")
            assert row["waits"] is None
        else:
            assert row["depth"] is None
            assert row["memory"] in (("lut", "block") if row["op"] == "MVTU" else (None,))
            assert sum(row["waits"].values()) + row["cycles"] == period


def test_the_widths_of_the_bars_are_the_values(report: dict[str, Any]) -> None:
    lines, rows = shown(report), {row["name"]: row for row in report["layers"]}
    budget, period = report["resources"]["budget"], report["performance"]["ii_cycles"]
    scale = chart(report)
    assert scale is not None
    units = [line for line in lines if line.text[0] in rows]
    assert [line.text[0] for line in units] == [
        row["name"] for row in report["layers"] if row["op"] not in ("FIFO", "WidthConverter")
    ]
    for line in units:
        row = rows[line.text[0]]
        parts = [row[key] / budget[key] / scale.scale * 1e4 for key in ("lut", "bram18")]
        assert line.widths == pytest.approx([100 * row["cycles"] / period, *parts], abs=0.006)
        assert f"{row['cycles']:,} · {100 * row['cycles'] // period} %" in line.text
    assert max(max(line.widths) for line in lines) <= 100


def test_what_is_no_unit_is_summed_up(report: dict[str, Any]) -> None:
    lines = {line.text[0]: line for line in shown(report)}
    fifos = [row for row in report["layers"] if row["op"] == "FIFO"]
    shell = report["resources"]["shell"]["lut"] / BOARD.budget.lut
    assert lines[f"{len(fifos)} FIFOs"].text[1] == (
        f"{100 * sum(row['lut'] for row in fifos) / BOARD.budget.lut:.1f} %"
    )
    assert lines["shell: DMA, interconnect, resets"].text[1] == f"{100 * shell:.1f} %"
    assert {line.kind for name, line in lines.items() if name not in ("fc0", "fc1")} <= {
        "muted",
        "bottleneck",
    }


def test_the_bottleneck_is_marked_once(report: dict[str, Any]) -> None:
    (marked,) = [line for line in shown(report) if line.kind == "bottleneck"]
    assert marked.text[:2] == [report["performance"]["bottleneck"], "◀ bottleneck"]
    assert marked.widths[0] == 100


def test_a_converter_that_is_the_bottleneck_is_a_line_of_its_own(report: dict[str, Any]) -> None:
    converter = {**report["layers"][0], "name": "slow", "op": "WidthConverter", "cycles": 12_345}
    report["layers"] += [converter, {**converter, "name": "fast", "cycles": 9}]
    report["performance"] |= {"bottleneck": "slow", "ii_cycles": 12_345}
    (marked,) = [line for line in shown(report) if line.kind == "bottleneck"]
    assert marked.text[0] == "slow"
    assert sum("width converter" in line.text[0] for line in shown(report)) == 1


def test_a_unit_of_no_cycles_has_no_bar(report: dict[str, Any]) -> None:
    report["layers"].append({**report["layers"][0], "name": "idle", "cycles": 0, "lut": 0, "bram18": 0})
    (line,) = [line for line in shown(report) if line.text[0] == "idle"]
    assert line.widths == [0, 0, 0]
    assert line.text[1:] == ["0 · 0 %", "0 %", "0 %"]


def test_dsps_have_a_column_where_there_are_any(report: dict[str, Any]) -> None:
    assert "DSP" not in _Page(reports.page(report)).lines[0].text
    report["layers"][0]["dsp"] = 22
    page = _Page(reports.page(report))
    assert page.lines[0].text == ["unit", "cycles · busy", "LUT", "RAMB18", "DSP"]
    assert page.lines[1].text[-1] == "10.0 %"


def test_without_hardware_there_is_no_chart(report: dict[str, Any]) -> None:
    report |= reports.hardware_part(None, BOARD, 100.0)
    assert chart(report) is None
    assert shown(report) == []
    assert report["resources"]["calibrated"] is False


def test_the_page_needs_no_network_and_no_scripts(report: dict[str, Any]) -> None:
    text = reports.page(report)
    assert not {"script", "link", "img", "iframe"} & set(_Page(text).tags)
    assert "url(" not in text
    assert "uncalibrated" in text


def test_a_report_of_an_earlier_version_is_shown(report: dict[str, Any]) -> None:
    for row in report["layers"]:
        for key in ("lutram", "memory", "depth", "waits"):
            del row[key]
    for key in ("limits", "calibrated", "lutram"):
        del report["resources"][key]
    del report["resources"]["budget"]["lutram"]
    assert len(shown(report)) > 3


def test_what_binds() -> None:
    point = (
        "the next faster point, 1,562,500 frames/s (a frame every 64 cycles), "
        "would take 40,000 LUT, 300 LUTRAM, 6 RAMB18"
    )
    assert bound(FOLDING) == f"bound by LUT: {point}; the limit is 37,240 LUT (70 %)"
    both = {**FOLDING, "next": {**NEXT, "exceeds": ["lut", "lutram"]}}
    assert bound(both) == f"bound by LUT: {point}; the limit is 37,240 LUT (70 %) and 17,400 LUTRAM"
    free = {**FOLDING, "binding": None, "next": {**NEXT, "exceeds": []}}
    assert bound(free) == f"bound by what was asked for: {point}, and fit"
    stuck = {**FOLDING, "binding": "unit", "next": None}
    assert bound(stuck) == "bound by fc0: it has no faster folding"
    border = {**FOLDING, "binding": "dma", "next": None}
    assert bound(border) == "bound by DMA: a frame crosses the border in 80 cycles"


def test_parallel_windows_are_said(report: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert {row["parallel"] for row in report["layers"]} == {None}
    report["layers"][0] |= {"op": "SWU", "parallel": True}
    report["layers"][2] |= {"op": "SWU", "parallel": False}
    console.report(report)
    assert re.findall("SWU.{10}", capsys.readouterr().out) == ["SWU, parallel", "SWU          "]
    assert re.findall("SWU[^<]*", reports.page(report)) == ["SWU, parallel", "SWU"]


def test_for_whom_a_unit_waits() -> None:
    assert waiting({"a": 1, "b": 2_000}) == "b 2,000, a 1"
    assert waiting({"a": 1, "b": 2_000, "c": 3}) == "b 2,000, c 3, …"
    assert waiting({}) == waiting(None) == ""


def test_page_and_command_line_say_what_binds(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    report["folding"] = FOLDING
    assert bound(FOLDING) in reports.page(report).replace("\n", " ")
    console.report(report)
    assert f"\n{bound(FOLDING)}\n" in capsys.readouterr().out


def test_the_command_line_marks_the_bottleneck(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    console.report(report)
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.rstrip().endswith(" bottleneck")]
    assert line.split()[0] == report["performance"]["bottleneck"]
    assert "100 %" in line
    assert "█" not in out
    assert "resources (uncalibrated estimates, with the shell of DMA and resets)" in out
    assert re.search(r"^lut .* 60%", out, re.MULTILINE)


@pytest.mark.parametrize(("width", "mark"), [(100, f"  {'█' * 10} bottleneck"), (99, "")])
def test_a_wide_terminal_shows_the_busy_share_as_a_bar(
    report: dict[str, Any], monkeypatch: pytest.MonkeyPatch, width: int, mark: str
) -> None:
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=width)
    monkeypatch.setattr(console, "_console", lambda: terminal)
    console.report(report)
    lines = [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue()).splitlines()]
    assert any(line.endswith(f"100 %{mark}") for line in lines)
