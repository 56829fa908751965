# SPDX-License-Identifier: Apache-2.0
"""Every HLS pragma is spelled as one that the tools know: unknown ones are ignored without a word."""

import re
from importlib import resources
from pathlib import Path

import pytest

from finnlite.backends.hls.emit import emit
from finnlite.ir import Graph
from tests.backends.hardware import random_unit
from tests.backends.images import MAKERS, random_image_unit

ALLOWED = (
    r"inline",
    r"unroll",
    r"pipeline II=1 style=flp",
    r"interface axis port=[sm][0-9]",
    r"interface ap_ctrl_none port=return",
    r"reset variable=state\.[a-z]+",
    r"reset variable=state\.[a-z]+ off",
    r"array_partition variable=[a-z0-9_.]+ type=complete",
    r"array_partition variable=[a-z0-9_.]+ type=complete dim=[012]",
    r"bind_storage variable=[a-z0-9_]+ type=rom_1p impl=(bram|lutram)",
    r"bind_storage variable=state\.[a-z]+ type=ram_s2p impl=(bram|lutram)",
    r"dependence variable=state\.[a-z]+ type=inter direction=RAW distance=4 true",
)


def unknown_pragmas(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.lstrip().startswith("#pragma")]
    return [
        line for line in lines if not any(re.fullmatch("#pragma HLS " + allowed, line) for allowed in ALLOWED)
    ]


def library() -> list[Path]:
    root = Path(str(resources.files("finnlite.backends.hls"))) / "include" / "finnlite"
    return sorted(root.glob("*.hpp"))


@pytest.mark.parametrize("path", library(), ids=lambda path: path.name)
def test_library_pragmas(path: Path) -> None:
    assert unknown_pragmas(path.read_text()) == []


GRAPHS = [*map(random_unit, range(24)), *map(random_image_unit, range(4 * len(MAKERS)))]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_emitted_pragmas(graph: Graph) -> None:
    for path, content in emit(graph).files.items():
        if path.startswith("src/"):
            assert unknown_pragmas(content.decode()) == [], path


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_every_member_of_the_state_is_reset_or_said_not_to_be(graph: Graph) -> None:
    files = emit(graph).files
    for path in (p for p in files if re.fullmatch(r"src/[^/]+\.cpp", p)):
        source = files[path].decode()
        template = re.search(r'#include "finnlite/(\w+)\.hpp"', files[path[:-3] + "hpp"].decode())
        assert template is not None
        kind = re.search(r"typedef finnlite::(\w+)<\w+_shape>", files[path[:-3] + "hpp"].decode())
        assert kind is not None
        text = files[f"include/finnlite/{template[1]}.hpp"].decode()
        body = re.search(rf"struct {kind[1]} .*?struct state {{(.*?)}};", text, re.DOTALL)
        assert body is not None, kind[1]
        for member, dims, start in re.findall(r"(\w+)(\[[^;]*\])?( = 0)?;", body[1]):
            if member.startswith("check"):
                continue
            assert bool(start) != bool(dims), f"{path}: state.{member} starts with what memory held"
            off = " off" if dims else ""
            assert f"#pragma HLS reset variable=state.{member}{off}\n" in source, (path, member)


@pytest.mark.parametrize(
    "wrong",
    [
        "#pragma HLS pipeline II=1 style=frp",
        "#pragma HLS unrol",
        "#pragma HLS dependence variable=state.buffer type=inter false",
        "#pragma hls inline",
        "#pragma once",
    ],
)
def test_the_table_refuses(wrong: str) -> None:
    assert unknown_pragmas(wrong) == [wrong]
