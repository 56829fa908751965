# SPDX-License-Identifier: Apache-2.0
"""The report in a browser: nothing fails, nothing is loaded, columns sort, phones and paper have room."""

import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from finnlite import report as reports
from finnlite.options import Options
from tests.chromium import NAMES, Chromium, executable
from tests.test_report import FOLDING, compiled

HEADINGS = [
    "layer", "unit", "PE", "SIMD", "cycles", "depth", "memory", "LUT", "LUTRAM", "RAMB18", "DSP",
    "waits for (cycles)",
]  # fmt: skip
COLUMN = "[...document.querySelectorAll('.layers tbody tr')].map(row => row.cells[0].textContent)"
BUTTONS = "document.querySelectorAll('.layers thead button')"
SORTED = "[...document.querySelectorAll('.layers th')].map(th => th.getAttribute('aria-sort')).slice(0, 12)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    path = executable()
    if path is None:
        message = f"a browser must be on the PATH, none of {', '.join(NAMES)} is; install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    running = Chromium(path, tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A report with all there can be: differences, notes, long names, numbers that sort unlike their text."""
    report = compiled(tmp_path_factory.mktemp("net"))
    for number, row in enumerate(report["layers"]):
        row["name"] = f"layer{(7 * number) % 12}"
        row["lut"] = (10**number) % 9973
    report["layers"][0]["waits"] |= {"layer7": 10_000, "layer2": 5}
    report["layers"][3]["name"] = "layer" + "3" * 75
    report["performance"]["bottleneck"] = report["layers"][2]["name"]
    mismatch = {"layer": "layer7", "sample": 3, "element": [0, 5], "found": -7.0, "expected": 9.0}
    row = {"stage": "import", "against": "source", "samples": 8, "capped_from": 360, "data": "file"}
    row |= {"mismatches": 0, "near_ties": 2, "first_mismatch": None, "note": "a note " * 30}
    wrong = {"stage": "hardware", "against": "integer", "mismatches": 12, "first_mismatch": mismatch}
    return report | {
        "identity": "a" * 64,
        "folding": FOLDING,
        "verification": [row, row | wrong],
        "untested_quantizers": ["fc0" * 40],
        "notes": ["clock: " + "x" * 200],
        "version": "1.2.3",
        "options": reports.options_part(
            Options(target_fps=1e6), Path("a" * 100 + ".onnx"), Path("my data.npz")
        ),
        "stage_files": ["stages/01_Import.onnx"],
    }


@pytest.fixture
def show(browser: Chromium, computed: dict[str, Any], tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Opens the page of a report, of the one with all by default, and gives the rows of its layers."""

    def opened(width: int = 1200, text: str | None = None) -> list[dict[str, Any]]:
        report = deepcopy(computed)
        (tmp_path / "report.html").write_text(text or reports.page(report), encoding="utf-8")
        browser.resize(width)
        browser.open(tmp_path / "report.html")
        rows: list[dict[str, Any]] = report["layers"]
        return rows

    return opened


def natural(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", text)]


def value(row: dict[str, Any], column: str) -> Any:
    """What a row is sorted by; None comes last."""
    if column == "waits for (cycles)":
        return None if row["waits"] is None else sum(row["waits"].values())
    key = {"layer": "name", "unit": "op", "RAMB18": "bram18"}.get(column, column.lower())
    return natural(row[key]) if isinstance(row[key], str) else row[key]


def ordered(rows: list[dict[str, Any]], column: str, *, down: bool) -> list[str]:
    known = [row for row in rows if value(row, column) is not None]
    rest = [row["name"] for row in rows if value(row, column) is None]
    if down:  # a reversed sort keeps equal rows in their order, as the page must
        return [row["name"] for row in sorted(known, key=lambda row: value(row, column), reverse=True)] + rest
    return [row["name"] for row in sorted(known, key=lambda row: value(row, column))] + rest


def test_nothing_fails_and_nothing_is_loaded(
    browser: Chromium, show: Callable[..., Any], tmp_path: Path
) -> None:
    show()
    assert browser.evaluate("document.title") == "net on pynq-z1"
    assert browser.complaints() == []
    assert browser.requests() == [(tmp_path / "report.html").as_uri()]


def test_no_other_script_runs(browser: Chromium, show: Callable[..., Any], computed: dict[str, Any]) -> None:
    planted = (
        "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"></body>"
    )
    show(text=reports.page(computed).replace("</body>", planted))
    assert browser.evaluate("document.title") == "net on pynq-z1"
    refused = " ".join(browser.complaints())
    assert "script-src" in refused
    assert "img-src" in refused


@pytest.mark.parametrize("column", range(len(HEADINGS)), ids=HEADINGS)
def test_every_column_sorts(browser: Chromium, show: Callable[..., Any], column: int) -> None:
    rows, name = show(), HEADINGS[column]
    assert browser.evaluate(f"{BUTTONS}[{column}].textContent") == name
    given = [row["name"] for row in rows]
    orders = {
        "ascending": ordered(rows, name, down=False),
        "descending": ordered(rows, name, down=True),
        "none": given,
    }
    for state, expected in orders.items():
        browser.click(f"{BUTTONS}[{column}]")
        assert browser.evaluate(COLUMN) == expected, state
        states = ["none"] * len(HEADINGS)
        states[column] = state
        assert browser.evaluate(SORTED) == states
    assert browser.complaints() == []


def test_another_column_starts_anew(browser: Chromium, show: Callable[..., Any]) -> None:
    rows = show()
    for column in (7, 1):
        browser.click(f"{BUTTONS}[{column}]")
    assert browser.evaluate(COLUMN) == ordered(rows, "unit", down=False)


def test_keys_sort_too(browser: Chromium, show: Callable[..., Any]) -> None:
    rows = show()
    for _ in range(40):
        browser.press("Tab", 9)
        if browser.evaluate("document.activeElement.textContent") == "cycles":
            break
    browser.press("Enter", 13, "\r")
    assert browser.evaluate(COLUMN) == ordered(rows, "cycles", down=False)
    browser.press(" ", 32, " ")
    assert browser.evaluate(COLUMN) == ordered(rows, "cycles", down=True)


def test_without_scripts_the_table_reads_as_before(browser: Chromium, show: Callable[..., Any]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        rows = show()
        assert browser.evaluate(COLUMN) == [row["name"] for row in rows]
        assert browser.evaluate(f"{BUTTONS}.length") == 0
        assert browser.evaluate("document.querySelector('.hint').checkVisibility()") is False
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_fifos_are_shown_on_demand_and_on_paper(browser: Chromium, show: Callable[..., Any]) -> None:
    shown = "[...document.querySelectorAll('.layers tbody tr')].map(row => row.checkVisibility())"
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        fifos = [row["cycles"] is None for row in show()]
        assert True in fifos
        assert browser.evaluate("document.querySelector('.control').textContent") == (
            f"show the {fifos.count(True)} FIFOs between the units too"
        )
        assert browser.evaluate(shown) == [not fifo for fifo in fifos]
        browser.click("document.querySelector('.control')")
        assert browser.evaluate(shown) == [True] * len(fifos)
        browser.click("document.querySelector('#fifos')")
        assert browser.evaluate(shown) == [not fifo for fifo in fifos]
        browser.call("Emulation.setEmulatedMedia", media="print")
        assert browser.evaluate(shown) == [True] * len(fifos)
        assert browser.evaluate("document.querySelector('#fifos').checkVisibility()") is False
        assert browser.evaluate("document.querySelector('.control').checkVisibility()") is False
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [320, 360, 700, 1200])
def test_the_page_is_no_wider_than_the_window(
    browser: Chromium, show: Callable[..., Any], width: int
) -> None:
    show(width)
    browser.evaluate("document.querySelector('details').open = true")
    assert browser.evaluate("document.documentElement.clientWidth") <= width
    assert browser.evaluate(OVERFLOW) == 0
    if width <= 360:  # the table is what scrolls, with its first column in sight
        browser.evaluate("document.querySelector('.layers').parentElement.scrollLeft = 300")
        assert browser.evaluate(
            "document.querySelector('.layers tbody th').getBoundingClientRect().left >= 0"
        )


def test_paper_shows_all_but_the_controls(browser: Chromium, show: Callable[..., Any]) -> None:
    show(700)
    mark = f"getComputedStyle({BUTTONS}[0], '::after').content"
    details = "document.querySelector('details table').checkVisibility({contentVisibilityAuto: true})"
    controls = "['nav', '.hint'].map(name => document.querySelector(name).checkVisibility())"
    assert (browser.evaluate(mark), browser.evaluate(controls)) == ('"↕"', [True, True])
    assert browser.evaluate(details) is False
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert (browser.evaluate(mark), browser.evaluate(controls)) == ("none", [False, False])
        assert browser.evaluate(details) is True
        assert browser.evaluate(f"{BUTTONS}[0].checkVisibility()") is True  # the heading itself
        assert browser.evaluate(f"getComputedStyle({BUTTONS}[0]).borderTopWidth") == "0px"
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
