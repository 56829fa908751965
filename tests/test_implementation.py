# SPDX-License-Identifier: Apache-2.0
"""Reading what the vendor's tools reported."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from finnlite.errors import OptionError
from finnlite.implementation import LayerResults, Results, Used, read_results
from tests.vivado_results import HIERARCHY, IDENTITY, UTILIZATION, layer, write_results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder after a run."""
    return write_results(tmp_path / "vivado")


@pytest.fixture
def refused(folder: Path) -> Callable[[str, str], str]:
    """The message when a file holds another text; its path is left out."""

    def message(name: str, text: str) -> str:
        (folder / "results" / name).write_text(text)
        with pytest.raises(OptionError) as error:
            read_results(folder)
        return str(error.value).replace(f"{folder / 'results'}/", "")

    return message


def test_results_are_read(folder: Path) -> None:
    figures = {"ii": 1, "latency": 9, "style": "flp", "slack_ns": 1.25}
    figures |= {"lut": 700, "ff": 650, "bram18": 6, "dsp": 2}
    assert read_results(folder) == Results(
        lut=25770,
        ff=42269,
        bram18=241,
        dsp=24,
        wns_ns=0.123,
        whs_ns=0.01,
        vivado="2022.2",
        clock_mhz=100.0,
        identity=IDENTITY,
        layers=(
            LayerResults("axiin_0", **figures, implemented=None),
            LayerResults("mvtu_fc0", **figures, implemented=Used(812, 900, 7, 2)),
        ),
    )


def test_results_become_plain_data(folder: Path) -> None:
    results = read_results(folder)
    assert results is not None
    data = json.loads(json.dumps(results.as_dict()))
    assert list(data) == [
        "lut",
        "ff",
        "bram18",
        "dsp",
        "wns_ns",
        "whs_ns",
        "vivado",
        "clock_mhz",
        "identity",
        "layers",
    ]
    assert data["layers"][1] == {
        **layer("mvtu_fc0"),
        "implemented": {"lut": 812, "ff": 900, "bram18": 7, "dsp": 2},
    }


def test_no_run_has_no_results(tmp_path: Path) -> None:
    assert read_results(tmp_path) is None


def test_an_unfinished_run_has_no_results(folder: Path) -> None:
    (folder / "results" / "implementation.json").unlink()
    assert read_results(folder) is None


@pytest.mark.parametrize(
    ("site", "shown"),
    [
        ("Slice LUTs                 |", "Slice LUTs*                |"),
        ("| Slice LUTs                 | 25770 |     0 |          0 |", "| Slice LUTs   | 25770 |     0 |"),
    ],
)
def test_the_forms_of_a_row(folder: Path, site: str, shown: str) -> None:
    """A star for an adjusted figure, and no column of prohibited sites before 2020.2."""
    assert site in UTILIZATION
    (folder / "results" / "utilization.rpt").write_text(UTILIZATION.replace(site, shown))
    results = read_results(folder)
    assert results is not None
    assert results.lut == 25770


@pytest.mark.parametrize("site", ["Slice LUTs", "Slice Registers", "Block RAM Tile", "DSPs"])
def test_a_row_that_is_missing(refused: Callable[[str, str], str], site: str) -> None:
    assert refused("utilization.rpt", UTILIZATION.replace(f"| {site}", "| CLB")) == (
        f"utilization.rpt: must have a row {site!r}, as report_utilization of a 7-series part writes it, has "
        f"none"
    )


@pytest.mark.parametrize("column", ["Total LUTs", "FFs", "RAMB36", "RAMB18", "DSP Blocks"])
def test_a_column_that_is_missing(refused: Callable[[str, str], str], column: str) -> None:
    message = (
        "utilization_hierarchical.rpt: must be a report of utilization by hierarchy with columns Total LUTs, "
        "FFs, RAMB36, RAMB18, DSP Blocks, is not"
    )
    text = HIERARCHY.replace(f"| {column} |", "| other |").replace(f"|  {column}  |", "| other |")
    assert text != HIERARCHY
    assert refused("utilization_hierarchical.rpt", text) == message
    assert refused("utilization_hierarchical.rpt", "") == message


def test_a_figure_that_is_none(refused: Callable[[str, str], str]) -> None:
    message = refused("utilization_hierarchical.rpt", HIERARCHY.replace("|   900 |", "|   9x0 |"))
    assert message == (
        "utilization_hierarchical.rpt: a row's figures must be integers, are not: "
        "mvtu_fc0 finnlite_mvtu_fc0_0 812 800 12 0 9x0 3 1 2"
    )


@pytest.mark.parametrize("name", ["implementation.json", "layers/mvtu_fc0.json"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON, is damaged; run build.tcl again"),
        ("", "must be JSON, is damaged; run build.tcl again"),
        ("[]", "must be a JSON object, is not; run build.tcl again"),
    ],
)
def test_damaged_json(refused: Callable[[str, str], str], name: str, text: str, message: str) -> None:
    assert refused(name, text) == f"{name}: {message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ii": None}, "ii must be of type int, is None; run build.tcl again"),
        ({"ii": "1"}, "ii must be of type int, is '1'; run build.tcl again"),
        ({"ii": True}, "ii must be of type int, is True; run build.tcl again"),
        ({"slack_ns": "1"}, "slack_ns must be of type float, is '1'; run build.tcl again"),
        ({"style": 1}, "style must be of type str, is 1; run build.tcl again"),
        ({"layer": "other"}, "layer must be 'mvtu_fc0', is 'other'"),
    ],
)
def test_foreign_layers(refused: Callable[[str, str], str], changes: dict[str, object], message: str) -> None:
    text = json.dumps(layer("mvtu_fc0", **changes))
    assert refused("layers/mvtu_fc0.json", text) == f"layers/mvtu_fc0.json: {message}"


def test_foreign_summaries(refused: Callable[[str, str], str]) -> None:
    assert refused("implementation.json", '{"identity": "12ab"}') == (
        "implementation.json: identity must be 64 hexadecimal digits, is '12ab'"
    )
    assert refused("implementation.json", json.dumps({"identity": IDENTITY})) == (
        "implementation.json: wns_ns must be of type float, is None; run build.tcl again"
    )


def test_no_layer_at_all(folder: Path) -> None:
    for path in (folder / "results" / "layers").iterdir():
        path.unlink()
    with pytest.raises(OptionError) as error:
        read_results(folder)
    assert str(error.value) == (
        f"{folder / 'results' / 'layers'}: must hold a file a layer, holds none; run build.tcl again"
    )


@pytest.mark.parametrize("name", ["utilization.rpt", "utilization_hierarchical.rpt"])
def test_a_report_that_is_missing(folder: Path, name: str) -> None:
    (folder / "results" / name).unlink()
    with pytest.raises(OptionError) as error:
        read_results(folder)
    assert str(error.value) == (
        f"{folder / 'results' / name}: must be readable, is not (No such file or directory); "
        "run build.tcl again"
    )
