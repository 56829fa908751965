# SPDX-License-Identifier: Apache-2.0
"""The emitted Verilog: golden files to be read, and what the emitter refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from finnlite.backends.hls.units import UNITS as HLS
from finnlite.backends.network import network_of
from finnlite.backends.rtl.emit import TOP, Options, emit, library
from finnlite.backends.rtl.units import UNITS, LayerCode
from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.transforms.streams import SizeStreams
from tests.backends.images import residual
from tests.backends.test_golden import tiny

GOLDEN = {"rtl": tiny, "rtl_images": residual}


def sized(make: Callable[[], Graph]) -> Graph:
    return make().transform(SizeStreams())


@pytest.mark.parametrize("name", GOLDEN)
def test_emitted_verilog(name: str, golden: Callable[[str, str], None]) -> None:
    files = emit(sized(GOLDEN[name])).files
    for path, content in files.items():
        if not path.startswith("lib/"):
            golden(f"{name}/{path}", content.decode())


@pytest.mark.parametrize("name", GOLDEN)
def test_no_golden_file_is_left_over(root: Path, name: str) -> None:
    folder = root / "tests" / "golden" / name
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there <= set(emit(sized(GOLDEN[name])).files)


def test_every_cell_begins_with_what_it_is() -> None:
    for name, text in library().items():
        lines = text.decode().splitlines()
        assert lines[0] == "// SPDX-License-Identifier: Apache-2.0", name
        assert any(line.startswith("/// ") for line in lines[:5]), name
        assert any("longest path" in line.lower() for line in lines if line.startswith("///")), name
        assert lines[-1] == "`default_nettype wire", name
        assert f"module {name.removesuffix('.v')} " in text.decode(), name


def test_every_unit_of_the_hls_backend_has_a_cell() -> None:
    assert set(UNITS) == set(HLS)


def test_equal_graphs_give_equal_bytes() -> None:
    assert emit(sized(tiny)).files == emit(sized(tiny)).files


def test_a_unit_without_a_cell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(UNITS, MVTU)
    with pytest.raises(UnsupportedError) as error:
        emit(sized(tiny))
    known = ", ".join(sorted(op.op_type for op in UNITS))
    assert str(error.value) == f"node 'fc 1': MVTU has no RTL code, must be one of {known}"


def test_a_pipeline_that_is_longer_than_the_model_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = sized(tiny)
    layer = next(layer for layer in network_of(graph).layers if layer.node.name == "fc 1")
    long = LayerCode("too long", "finnlite_mvtu", (), layer.unit.latency(layer.node) + 1)
    monkeypatch.setitem(UNITS, MVTU, lambda node, name: long)
    latency = long.pipe - 1
    with pytest.raises(IRError) as error:
        emit(graph)
    assert str(error.value) == (
        f"node 'fc 1': its pipeline must have at most {latency} stages, the latency in the model of time, "
        f"has {latency + 1}"
    )


def test_the_top_shows_its_steps_only_if_asked() -> None:
    graph = sized(tiny)
    plain = emit(graph).files[f"src/{TOP}.v"].decode()
    shown = emit(graph, Options(steps=True, monitors=True)).files[f"src/{TOP}.v"].decode()
    assert "steps" not in plain.split(");")[0]
    assert "steps" in shown.split(");")[0]
    assert "finnlite_monitor" not in plain
    assert shown.count("finnlite_monitor") == len(network_of(graph).streams)
