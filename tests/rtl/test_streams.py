# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the streams between layers: FIFOs and width converters."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.emit import library
from finnlite.backends.rtl.writer import instance, wire
from finnlite.ir import Graph, Node
from finnlite.ops.width_converter import WidthConverter
from tests.backends.hardware import frames_for, random_width_converters
from tests.rtl.bench import assert_equal, call, icarus
from tests.rtl.fifos import with_fifos
from tests.rtl.linting import assert_clean
from tests.rtl.stepping import run_steps

CHECKED = Path(__file__).with_name("stream.v")
SIGNALS = ("data", "valid", "ready")
FRAMES = 3

Settings = Mapping[str, int | str]


def write_library(folder: Path) -> list[str]:
    """The paths of all cells."""
    (folder / "lib").mkdir()
    for name, content in library().items():
        (folder / "lib" / name).write_bytes(content)
    return sorted(str(path) for path in (folder / "lib").iterdir())


def stream_verdicts(cases: Sequence[Settings], folder: Path, cells: Sequence[str]) -> list[str]:
    """What `stream.v` says of each, all in one simulation."""
    body = []
    for number, settings in enumerate(cases):
        nets = [("aclk", "aclk"), ("aresetn", "aresetn"), ("done", f"done_{number}")]
        parameters = [("NUMBER", number), *settings.items()]
        body += [wire(1, f"done_{number}"), *instance("checked", f"checked_{number}", parameters, nets)]
    done = " & ".join(f"done_{number}" for number in range(len(cases)))
    lines = [
        "module top;",
        "reg aclk = 1'b0, aresetn = 1'b0;",
        "always #5 aclk = !aclk;",
        *body,
        f"wire done = {done};",
        "initial begin",
        "  repeat (3) @(posedge aclk);",
        "  #1 aresetn = 1'b1;",
        "  repeat (10000) if (!done) @(posedge aclk);",
        "  $finish;",
        "end",
        "endmodule",
    ]
    (folder / "top.v").write_text("\n".join(lines) + "\n")
    paths = [str(folder / "top.v"), str(CHECKED), *cells]
    call([icarus(), "-g2005", "-Wall", "-s", "top", "-o", str(folder / "bench"), *paths])
    said = dict(line.split(" ", 1) for line in call(["vvp", "-n", str(folder / "bench")]).splitlines())
    return [said.get(str(number), "never ends") for number in range(len(cases))]


def stream_cases() -> list[Settings]:
    """Depths around powers of two and what fits a memory, all ways from a pipeline to a latency."""
    pipelines = [(0, 0), (0, 1), (1, 1), (0, 6), (1, 6), (6, 6), (3, 11)]
    depths = [2, 3, 4, 5, 8, 9, 33, 64, 65, 100]
    cases = [(depth, *pipeline) for depth in depths for pipeline in pipelines] + [(513, 1, 6), (513, 6, 6)]
    return [
        {"WIDTH": 1 + number % 9, "DEPTH": depth, "PIPE": pipe, "LATENCY": latency, "RAM_STYLE": style}
        for number, (depth, pipe, latency) in enumerate(cases)
        for style in ("distributed", "block")
        if depth < 5 or (number % 2 == 0) == (style == "block")
    ]


def test_streams_keep_the_models_time(tmp_path: Path) -> None:
    """Flags in every cycle, and every word, against a model that knows nothing of pointers."""
    cases = stream_cases()
    wrong = {
        str(dict(case)): said
        for case, said in zip(cases, stream_verdicts(cases, tmp_path, write_library(tmp_path)), strict=True)
        if said != "ok"
    }
    assert not wrong


@pytest.mark.parametrize(
    ("cell", "right", "wrong", "said"),
    [
        ("stream", ".put(arrive)", ".put(store)", "wrong: word"),
        ("stream", "if (store) memory", "if (put) memory", "wrong: data"),
        ("stream", "bypass_q <= store &&", "bypass_q <= put &&", "wrong: data"),
        ("stream", "INITIAL(DEPTH)", "INITIAL(DEPTH - 1)", "wrong: room"),
        ("tokens", "put || more ||", "more ||", "wrong: word"),
        ("tokens", "take && !put && more", "take && !put", "wrong: "),
        ("counter", "MODULUS < 1 << BITS && last", "1'b0", "wrong: data"),
        ("late", "aresetn ? all[CYCLES-1:0] : {CYCLES{1'b0}}", "all[CYCLES-1:0]", "wrong: "),
    ],
)
def test_faults_of_streams_are_found(cell: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    paths = write_library(tmp_path)
    path = tmp_path / "lib" / f"finnlite_{cell}.v"
    assert path.read_text().count(right) == 1
    path.write_text(path.read_text().replace(right, wrong))
    cases = [case for case in stream_cases() if case["DEPTH"] in (3, 65)]
    assert any(verdict.startswith(said) for verdict in stream_verdicts(cases, tmp_path, paths))


def test_streams_are_clean_for_verilator(tmp_path: Path) -> None:
    write_library(tmp_path)
    body, nets = [], [("aclk", "aclk"), ("aresetn", "aresetn")]
    ports = []
    for number, settings in enumerate(stream_cases()):
        ends = [(f"{side}_{signal}", f"{side}{number}_{signal}") for side in "sm" for signal in SIGNALS]
        widths = [int(settings["WIDTH"]), 1, 1] * 2
        ways = ["input", "input", "output", "output", "output", "input"]
        ports += [f"{w} wire [{b - 1}:0] {net}" for w, b, (_, net) in zip(ways, widths, ends, strict=True)]
        body += instance("finnlite_stream", f"stream_{number}", list(settings.items()), [*nets, *ends])
    (tmp_path / "src").mkdir()
    text = ["module many (", ",\n".join(["input wire aclk, aresetn", *ports]), ");", *body, "endmodule"]
    (tmp_path / "src" / "many.v").write_text("\n".join(text) + "\n")
    assert_clean(tmp_path, "many")


def converter(size: int, words: tuple[int, int], bits: int) -> Node:
    graph = Graph("words")
    x = graph.input("x", (1, size), DataType["BINARY" if bits == 1 else f"UINT{bits}"])
    return graph.add_node(WidthConverter(*words), x, name="converter")


def converted(node: Node, frames: int) -> list[int]:
    """The words out, if those that come in are 0, 1, 2, … (of which a word holds the lowest bits)."""
    op = node.op
    assert isinstance(op, WidthConverter)
    size, bits = node.input(0).shape[1], int(node.input(0).datatype.bitwidth())
    words = math.ceil(size / op.in_elems)
    out = []
    for frame in range(frames):
        numbers = [n % (1 << op.in_elems * bits) for n in range(frame * words, (frame + 1) * words)]
        whole = sum(number << n * op.in_elems * bits for n, number in enumerate(numbers))
        whole &= (1 << size * bits) - 1
        mask = (1 << op.out_elems * bits) - 1
        out += [whole >> start * bits & mask for start in range(0, size, op.out_elems)]
    return out


def assert_converted(nodes: Sequence[Node], folder: Path, pauses: int) -> None:
    models = [node.op.steps(node) for node in nodes]  # type: ignore[attr-defined]
    made = run_steps(nodes, [FRAMES * len(model) for model in models], folder, pauses=pauses)
    for node, model, mine in zip(nodes, models, made, strict=True):
        case, expected = f"{node.op}, {node.input(0)}", model.repeated(FRAMES)
        np.testing.assert_array_equal(mine.reads, expected.reads, case)
        np.testing.assert_array_equal(mine.writes, expected.writes, case)
        assert [int(word, 16) for word in mine.words] == converted(node, FRAMES), case


@pytest.mark.parametrize("pauses", [0, 30])
def test_converters_make_the_models_steps(pauses: int, tmp_path: Path) -> None:
    """All small words and frames, partial ones among them."""
    sizes = [(size, (i, o)) for size in range(1, 14) for i in range(1, 8) for o in range(1, 8)]
    nodes = [converter(size, words, 1 + n % 3) for n, (size, words) in enumerate(sizes)]
    assert_converted(nodes[pauses % 7 :: 3], tmp_path, pauses)


def test_converters_of_wide_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    cases = [rng.integers(1, 90, 3).tolist() for _ in range(40)]
    cases += [[64, 64, 1], [64, 1, 64], [60, 48, 20], [128, 64, 8], [512, 8, 64], [1000, 64, 27]]
    assert_converted([converter(size, (i, o), 2) for size, i, o in cases], tmp_path, 20)


@pytest.mark.parametrize("number", range(12))
def test_converters_in_a_graph(number: int, tmp_path: Path) -> None:
    """Several in a row, any datatype, FIFOs of any depth and memory, in the model's cycles."""
    rng = np.random.default_rng(number)
    graph = with_fifos(random_width_converters(rng, number, f"w{number}_"), rng)
    pause = 0.3 * (number // 2 % 2)
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)
