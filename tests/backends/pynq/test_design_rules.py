# SPDX-License-Identifier: Apache-2.0
"""The emitted Tcl, run against the recording stand-in: every design obeys the rules and is of its graph."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import compiled, demo, project_of, recorded
from tests.backends.pynq.recording import TABLE, Recording, layer_streams
from tests.backends.pynq.wiring import Wiring
from tests.test_shared_builds import MLPS


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return recorded(demo(), tmp_path_factory.mktemp("demo"))


@pytest.mark.parametrize("model", MLPS)
def test_the_design_of_every_shared_network_is_of_its_graph(shared: Path, model: str, tmp_path: Path) -> None:
    wanted = compiled(shared / "models" / f"{model}.onnx", **MLPS[model])
    recording = recorded(wanted, tmp_path)
    assert recording.exit_code == 0, recording.output
    assert problems(recording, wanted) == []
    layers = [cell for cell in recording.cells.values() if cell.definition.startswith("finnlite:hls:")]
    assert len(layers) == len(wanted.network.layers) >= 8


@pytest.mark.parametrize("clock_mhz", [33.333333333333336, 100.0, 142.85714285714286, 200.0])
def test_the_design_of_the_demo_is_of_its_graph_at_every_clock(clock_mhz: float, tmp_path: Path) -> None:
    wanted = demo().at(clock_mhz)
    assert problems(recorded(wanted, tmp_path), wanted) == []


def test_the_demo_leaves_a_bitstream_and_its_description(tmp_path: Path) -> None:
    recording = recorded(demo(), tmp_path)
    assert recording.exit_code == 0, recording.output
    overlay = tmp_path / "deploy" / "overlay"
    assert b"system_wrapper;UserID=0X0F1E2D3C;" in (overlay / "accelerator.bit").read_bytes()
    assert 'INSTANCE="finnlite_0f1e2d3c4b5a6978"' in (overlay / "accelerator.hwh").read_text()


def test_each_deleted_connection_is_missed(recording: Recording) -> None:
    wanted = demo()
    calls = list(recording.called("connect_bd_net", "connect_bd_intf_net", "assign_bd_address"))
    text = project_of(wanted).files["design.tcl"].decode()
    lines = [k for k, line in enumerate(text.splitlines(), 1) if line.startswith(("connect_", "assign_"))]
    assert [call.line for call in calls] == lines  # so a call without a record is a file without a line
    assert len(lines) > 60
    assert [call.place for call in calls if not problems(recording.without(call), wanted)] == []


def test_a_connection_joins_two_pins_of_which_one_drives(recording: Recording) -> None:
    wiring = Wiring(recording)
    for call in recording.called("connect_bd_net"):
        source, sink = (wiring.pins[name.removeprefix("/")] for name in call.arguments)
        assert (source["direction"], sink["direction"]) == ("out", "in"), call.place


def _entries(table: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry of the table that stands for a thing of the vendor's."""
    for name, entry in table.items():
        if isinstance(entry, dict):
            if {*entry} & {"doc", "kind", "mode", "arguments", "through", "range"}:
                yield f"{path}{name}", entry
            yield from _entries(entry, f"{path}{name} ")


def test_the_table_names_the_vendors_document_of_every_entry() -> None:
    entries = dict(_entries({name: part for name, part in TABLE.items() if name != "documents"}))
    assert len(entries) > 200
    unknown = {
        name
        for name, entry in entries.items()
        if entry.get("doc", "").split(",")[0] not in TABLE["documents"]
    }
    assert unknown == set()
    used = {entry["doc"].split(",")[0] for entry in entries.values()}
    assert used == set(TABLE["documents"])


def test_the_table_has_the_commands_and_options_that_the_project_uses(
    recording: Recording, tmp_path: Path
) -> None:
    failing = recorded(demo(), tmp_path, runs={"impl_1": {"wns": "-0.1"}})
    used: dict[str, set[str]] = {}
    for call in (*recording.calls, *failing.calls):
        used.setdefault(call.command, set()).update(call.options)
    assert used == {name: {*entry["options"]} for name, entry in TABLE["commands"].items()}


def test_the_stream_of_a_layer_is_as_wide_as_hls_makes_it() -> None:
    network = demo().network
    streams = layer_streams(network)
    first, last = network.layers[0].name, network.layers[-1].name
    beat = ["TKEEP", "TSTRB", "TLAST"]
    assert streams[first]["s0"] == {"mode": "slave", "width": 64, "signals": beat}
    assert streams[last]["m0"] == {"mode": "master", "width": 64, "signals": beat}
    assert streams[first]["m1"] == {"mode": "master", "width": 8, "signals": []}  # one bit
