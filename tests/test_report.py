# SPDX-License-Identifier: Apache-2.0
"""The report's data, its chart, and the words that page and command line share."""

import io
import re
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from finnlite import console, flow
from finnlite import report as reports
from finnlite.boards import BOARDS, Limits
from finnlite.report.chart import chart
from finnlite.report.words import bound, summary, waiting
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


def compiled(folder: Path) -> dict[str, Any]:
    """The report of a small network that was compiled and not run."""
    hardware = flow.compile_stages(Network().save(folder / "net.onnx"))["SizeStreams"]
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


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return compiled(tmp_path_factory.mktemp("report"))


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


def test_one_of_a_kind_is_no_plural(report: dict[str, Any]) -> None:
    report["layers"] = [row for row in report["layers"] if row["op"] == "MVTU"]
    kinds = [{**report["layers"][0], "name": op, "op": op} for op in ("WidthConverter", "FIFO")]
    report["layers"] += [kinds[0], {**kinds[1], "cycles": None}]
    assert {"1 width converter", "1 FIFO"} <= {line.text[0] for line in shown(report)}


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


def test_the_page_needs_no_network(report: dict[str, Any]) -> None:
    text = reports.page(report)
    tags = _Page(text).tags
    assert not {"link", "img", "iframe"} & set(tags)
    assert tags.count("script") == 1
    assert "<script>" in text
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
    text = reports.page(report)
    assert "Build it again" not in text
    assert '<p class="note">finnlite, pynq-z1' in text
    assert 'href="vivado/"' not in text
    assert f"The slowest unit, {report['performance']['bottleneck']}," in text


def test_what_binds() -> None:
    point = (
        "the next faster point, 1,562,500 frames/s (a frame every 64 cycles), "
        "would take 40,000 LUT, 300 LUTRAM, 6 RAMB18"
    )
    assert bound(FOLDING) == f"bound by LUT: {point}; the limit is 37,240 LUT (70 %)"
    both = {**FOLDING, "next": {**NEXT, "exceeds": ["lut", "lutram"]}}
    assert bound(both) == f"bound by LUT: {point}; the limit is 37,240 LUT (70 %) and 17,400 LUTRAM"
    free = {**FOLDING, "binding": None, "next": {**NEXT, "exceeds": []}}
    assert bound(free) == f"bound by the folding chosen ({FOLDING['how']}): {point}, and fit"
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


def facts(report: dict[str, Any]) -> dict[str, tuple[str, bool | None]]:
    return {fact.title: (fact.text, fact.good) for fact in summary(report)}


def test_the_summary_is_in_sentences(report: dict[str, Any]) -> None:
    report["performance"] |= {"fps": 1_250_000.0, "latency_cycles": 262}
    assert facts(report) == {
        "What it is": (
            "A neural network as a circuit for pynq-z1 at 100 MHz: every layer has a unit of its own, and "
            "the weights stay on the chip. A frame takes 44 multiply–accumulates; there are 44 bits of "
            "weights.",
            None,
        ),
        "Speed": (
            "1,250,000 frames a second; the first answer comes 2.62 µs after its frame began to arrive. "
            "Computed cycle by cycle, not measured on a board.",
            None,
        ),
        "Exactness": ("Nothing was compared.", None),
        "Fit": (
            "By estimates that no synthesis has calibrated yet, it fits: the fullest resource, LUT, takes "
            f"{100 * report['resources']['lut'] / 53_200:.1f} % of the board.",
            True,
        ),
        "What limits it": (
            f"The slowest unit, {report['performance']['bottleneck']}, for which the others wait.",
            None,
        ),
    }
    report["performance"]["latency_cycles"] = 1_234_567
    assert "comes 12.35 ms after" in facts(report)["Speed"][0]
    report |= reports.hardware_part(None, BOARD, 100.0)
    assert list(facts(report)) == ["What it is", "Exactness"]


ROW = {"samples": 20, "capped_from": None, "data": "file", "mismatches": 0, "near_ties": 0} | {
    "first_mismatch": None,
    "note": "",
}
CLIMB = [("import", "source"), ("integer", "import"), ("csim", "integer")]
MISMATCH = {"layer": "fc<1>", "sample": 3, "element": [0, 5], "found": 7.0, "expected": 9.5}


def test_how_exact_it_is(report: dict[str, Any]) -> None:
    rows = [{**ROW, "stage": stage, "against": against} for stage, against in CLIMB]
    report["verification"] = rows
    climbed = "No difference from the model file to the compiled C++, in 3 comparisons on"
    assert facts(report)["Exactness"] == (f"{climbed} 20 frames (the data given).", True)
    rows[0] |= {"samples": 8, "capped_from": 20}
    rows[1]["near_ties"] = 1
    rows[2]["data"] = "synthetic"
    report["accuracy"] = {"import": 0.5, "csim": 0.9778}
    assert facts(report)["Exactness"] == (
        f"{climbed} 8 to 20 frames (random frames). 1 near-tie of rounding in the source. "
        "Labels that are right: 97.78 %.",
        True,
    )
    report["accuracy_samples"] = {"import": 20, "csim": 8}
    assert facts(report)["Exactness"][0].endswith(" Labels that are right: 97.78 % of 8.")
    text = reports.page(report)
    assert "<td>8 of 20</td>" in text
    assert "<code>--verify-samples RUNG=N</code>" in text
    assert "A near-tie is" in text
    rows[2] |= {"mismatches": None, "near_ties": None}
    said, good = facts(report)["Exactness"]
    assert "1 comparison could not be made." in said
    assert good is None


def test_accuracies_say_of_how_many_samples(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        console.report(report)
        line = capsys.readouterr().out.splitlines()[-1]
        assert f"<p>{line.capitalize()}.</p>" in reports.page(report)
        return line

    report |= {"accuracy": {"import": 0.5, "csim": 0.75}, "accuracy_samples": {"import": 1000, "csim": 256}}
    assert said() == "accuracy: import 50.00 % of 1,000, csim 75.00 % of 256"
    report["accuracy_samples"]["csim"] = 1000
    assert said() == "accuracy on 1,000 samples: import 50.00 %, csim 75.00 %"
    del report["accuracy_samples"]  # as in reports of earlier versions
    assert said() == "accuracy: import 50.00 %, csim 75.00 %"


def test_a_mismatch_is_shown_whole(report: dict[str, Any]) -> None:
    report["verification"] = [
        {**ROW, "stage": "hardware", "against": "integer", "mismatches": 12, "first_mismatch": MISMATCH}
    ]
    assert facts(report)["Exactness"] == (
        "Not exact: the graph of the hardware differs from the network in integers in 12 elements, "
        "first in fc<1>.",
        False,
    )
    text = reports.page(report).replace("\n", " ")
    assert "First difference: fc&lt;1&gt;, frame 3, element [0, 5]: 7 instead of 9.5<" in text


def test_whether_it_fits(report: dict[str, Any]) -> None:
    estimate = "By estimates that no synthesis has calibrated yet, it"
    used = report["resources"]
    used["lut"] = 38_304
    assert facts(report)["Fit"] == (
        f"{estimate} fits, beyond the limit set for LUT: "
        "the fullest resource, LUT, takes 72.0 % of the board.",
        False,
    )
    used["bram18"] = 350
    assert facts(report)["Fit"] == (
        f"{estimate} does not fit: the fullest resource, RAMB18, takes 125.0 % of the board.",
        False,
    )
    made = {"lut": 26_600, "ff": 9, "bram18": 0, "dsp": 0, "wns_ns": 0.1, "whs_ns": 0.2}
    used["implemented"] = made
    fullest = "the fullest resource, LUT, takes 50.0 % of the board."
    said = facts({**report, "resources": used})["Fit"]
    assert said == (f"Placed and routed by Vivado, and keeps its clock: {fullest}", True)
    made["wns_ns"] = -0.1
    assert facts(report)["Fit"] == (f"Placed and routed by Vivado, but misses its clock: {fullest}", False)


def test_what_limits_it(report: dict[str, Any]) -> None:
    def limit(**changed: Any) -> str:
        report["folding"] = {**FOLDING, **changed}
        return facts(report)["What limits it"][0]

    faster = "the next faster circuit, 1,562,500 frames a second, would"
    assert limit() == f"The board's LUT: {faster} take more than the 37,240 LUT (70 %) allowed."
    assert limit(binding=None) == f"Only the folding chosen ({FOLDING['how']}): {faster} fit as well."
    stuck = f"The slowest unit, {report['performance']['bottleneck']}, which cannot be made more parallel."
    assert limit(binding="unit", next=None) == stuck
    assert limit(binding="dma", next=None) == (
        "The transfer of frames to and from the circuit, not the circuit."
    )
