# SPDX-License-Identifier: Apache-2.0
"""Proofs by induction that cells keep their promises in every cycle, whatever comes, for small parameters.

The promises and the invariants behind them are in `properties/<cell>.v`; Yosys's SAT solver does the rest.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.rtl.emit import library
from finnlite.ops.width_converter import WidthConverter
from tests.rtl.bench import TIMEOUT_S
from tests.rtl.test_streams import converter

PROPERTIES = Path(__file__).with_name("properties")
PROVEN, REFUTED = "proven", "refuted"


def yosys() -> str:
    """The tool, or the reason to skip."""
    found = shutil.which("yosys")
    if found is None:
        if os.environ.get("CI"):
            raise RuntimeError("Yosys must be on the PATH, is not")
        pytest.skip("Yosys is not here")
    return found


def verdict(
    cell: str,
    settings: Mapping[str, int | str],
    folder: Path,
    *,
    constants: Sequence[str] = (),
    inner: Mapping[str, str],
    steps: int,
    fault: tuple[str, str] | None = None,
) -> str:
    """What becomes of the properties of `finnlite_<cell>`.

    Args:
        cell: Its name.
        settings: Its parameters.
        folder: To work in.
        constants: Lines that the properties want before them.
        inner: Nets of the properties to registers of the cells below.
        steps: Longest induction.
        fault: What to replace in the cell by what.
    """
    cells = {name: text.decode() for name, text in library().items()}
    text = cells[f"finnlite_{cell}.v"]
    if fault is not None:
        assert text.count(fault[0]) == 1, fault
        text = text.replace(*fault)
    properties = "\n".join([*constants, (PROPERTIES / f"{cell}.v").read_text(), "endmodule"])
    cells[f"finnlite_{cell}.v"] = text.replace("endmodule", properties)
    for name, content in cells.items():
        (folder / name).write_text(content)
    sets = " ".join(
        f'-set {name} "{value}"' if isinstance(value, str) else f"-set {name} {value}"
        for name, value in settings.items()
    )
    script = [
        "read_verilog -formal -defer *.v",
        f"chparam {sets} finnlite_{cell}",
        f"hierarchy -top finnlite_{cell}",
        "proc; flatten; memory -nordff -nomap; memory_map; opt -keepdc",
        *(f"connect -set {net} \\{register}" for net, register in inner.items()),
        "opt_clean",
        f"sat -tempinduct -prove-asserts -set-assumes -maxsteps {steps} -verify",
    ]
    (folder / "proof.ys").write_text("\n".join(script) + "\n")
    done = subprocess.run(
        [yosys(), "-q", "proof.ys"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode == 0:
        return PROVEN
    assert "proof did fail" in done.stderr, done.stderr
    return REFUTED


INNER = {
    "inner_room": "room.any_q",
    "inner_more_room": "room.more_q",
    "inner_word": "words.any_q",
    "inner_more_words": "words.more_q",
}


def stream_verdict(
    folder: Path, depth: int, pipe: int, latency: int, style: str, fault: tuple[str, str] | None = None
) -> str:
    settings: dict[str, int | str] = {
        "WIDTH": 1,
        "DEPTH": depth,
        "PIPE": pipe,
        "LATENCY": latency,
        "RAM_STYLE": style,
    }
    return verdict("stream", settings, folder, inner=INNER, steps=latency + 3, fault=fault)


STREAMS = [
    *((depth, *pipeline) for depth in (2, 3, 4, 5) for pipeline in ((0, 0), (0, 1), (1, 1), (1, 3), (3, 3))),
    (65, 0, 0),
]


@pytest.mark.parametrize(("depth", "pipe", "latency"), STREAMS)
def test_streams_lose_double_and_delay_no_word(depth: int, pipe: int, latency: int, tmp_path: Path) -> None:
    style = "block" if (depth + latency) % 2 else "distributed"
    assert stream_verdict(tmp_path, depth, pipe, latency, style) == PROVEN


@pytest.mark.parametrize(
    ("fault", "stream"),
    [
        ((".put(arrive)", ".put(store)"), (3, 1, 2, "distributed")),
        (("if (store) memory", "if (put) memory"), (3, 1, 2, "distributed")),
        (("bypass_q <= store &&", "bypass_q <= 1'b0 &&"), (3, 1, 1, "block")),
        (("INITIAL(DEPTH)", "INITIAL(DEPTH - 1)"), (3, 1, 1, "block")),
        (("s_valid && s_ready;", "s_valid;"), (3, 0, 0, "distributed")),
        (("m_valid && m_ready;", "m_ready;"), (3, 0, 0, "distributed")),
        (("head_q == LAST;", "head_q == LAST - 1;"), (65, 0, 0, "distributed")),
    ],
)
def test_faults_of_streams_are_refuted(
    fault: tuple[str, str], stream: tuple[int, int, int, str], tmp_path: Path
) -> None:
    assert stream_verdict(tmp_path, *stream, fault=fault) == REFUTED


def _bits(name: str, marks: NDArray[np.bool_]) -> str:
    text = "".join("1" if mark else "0" for mark in reversed(marks))
    return f"localparam [{len(marks) - 1}:0] {name} = {len(marks)}'b{text};"


def _before(name: str, marks: NDArray[np.bool_]) -> str:
    """For each step, how many steps before it are marked."""
    counts = [int(np.count_nonzero(marks[:step])) for step in range(len(marks))]
    text = "".join(f"{count:02x}" for count in reversed(counts))
    return f"localparam [{8 * len(marks) - 1}:0] {name} = {8 * len(marks)}'h{text};"


def converter_verdict(
    folder: Path, size: int, words: tuple[int, int], fault: tuple[str, str] | None = None
) -> str:
    node = converter(size, words, 1)
    assert isinstance(node.op, WidthConverter)
    steps = node.op.steps(node)
    constants = [
        f"localparam integer STEPS = {len(steps)};",
        _bits("READS", steps.reads),
        _bits("WRITES", steps.writes),
        _before("TAKEN", steps.reads),
        _before("GIVEN", steps.writes),
    ]
    counted = -(-size // words[1]) > 1 and (size % words[0] or size % words[1])
    inner = {"inner_count": "g_counted.words.g_many.count_q"} if counted else {}
    settings = {"N": size, "IN": words[0], "OUT": words[1], "BITS": 1}
    return verdict(
        "width_converter", settings, folder, constants=constants, inner=inner, steps=3, fault=fault
    )


CONVERTERS = [
    *((size, words) for size in (1, 5, 6, 7) for words in ((1, 3), (3, 1), (2, 3), (3, 2), (4, 2), (2, 4))),
    *((12, words) for words in ((1, 4), (4, 1), (3, 4), (4, 3), (2, 2))),
    (10, (4, 5)),
    (11, (6, 4)),
]


@pytest.mark.parametrize(("size", "words"), CONVERTERS)
def test_converters_follow_the_model(size: int, words: tuple[int, int], tmp_path: Path) -> None:
    assert converter_verdict(tmp_path, size, words) == PROVEN


@pytest.mark.parametrize(
    ("fault", "size", "words"),
    [
        (("s0_ready = reads && (!writes || m0_ready)", "s0_ready = reads"), 7, (2, 3)),
        (("m0_valid = writes && (!reads || s0_valid)", "m0_valid = writes"), 7, (2, 3)),
        (("last && writes ?", "1'b0 ?"), 7, (2, 3)),
        (("last ? NEED_LAST : NEED", "NEED"), 7, (2, 3)),
        (("over[stage] ?", "!over[stage] ?"), 12, (4, 3)),
        (("last_q ? OVER_LAST", "1'b0 ? OVER_LAST"), 9, (4, 3)),
        (("{!last_q}}", "{1'b1}}"), 7, (2, 3)),
        (("KEPT - O - OVER", "KEPT - O"), 7, (2, 3)),
    ],
)
def test_faults_of_converters_are_refuted(
    fault: tuple[str, str], size: int, words: tuple[int, int], tmp_path: Path
) -> None:
    assert converter_verdict(tmp_path, size, words) == PROVEN
    assert converter_verdict(tmp_path, size, words, fault) == REFUTED
