# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the sliding window unit: its steps, its words, and whole graphs around it."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.units import layer_code
from finnlite.ir import Graph, Node
from finnlite.ops.swu import SWU, Sweep
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import frames_for
from tests.backends.images import random_parallel, random_swu
from tests.rtl.bench import assert_equal
from tests.rtl.linting import assert_clean
from tests.rtl.stepping import run_steps

FRAMES = 2


def node_of(sweep: Sweep, words: int, bits: int, parallel: bool = False) -> Node:
    """An SWU of `words` elements of `bits` bits a pixel, one a step or a pixel a step."""
    graph = Graph("windows")
    x = graph.input("x", (1, sweep.height, sweep.width, words), DataType[f"UINT{bits}"])
    op = SWU(sweep.kernel, sweep.strides, sweep.dilations, words if parallel else 1, parallel)
    return graph.add_node(op, x, name="windows")


def order(sweep: Sweep, words: int) -> list[int]:
    """Which word of the frame each word out is."""
    (rows, columns), (kh, kw) = sweep.outputs, sweep.kernel
    return [
        ((oy * sweep.strides[0] + ky * sweep.dilations[0]) * sweep.width * words)
        + (ox * sweep.strides[1] + kx * sweep.dilations[1]) * words
        + word
        for oy, ox, ky, kx, word in itertools.product(
            range(rows), range(columns), range(kh), range(kw), range(words)
        )
    ]


def axes(size: int, kernel: int, stride: int, dilation: int) -> Iterator[tuple[int, int, int, int]]:
    """Size, kernel, stride and dilation, all up to a bound, of a window that fits; each window once."""
    for n, k, s, d in itertools.product(*(range(1, m + 1) for m in (size, kernel, stride, dilation))):
        if (k - 1) * d < n and not (k == 1 and d > 1) and s <= n:
            yield n, k, s, d


def sweeps(size: int, kernel: int, stride: int, dilation: int) -> Iterator[Sweep]:
    """All pairs of them."""
    every = list(axes(size, kernel, stride, dilation))
    for (h, kh, sh, dh), (w, kw, sw, dw) in itertools.product(every, every):
        yield Sweep(h, w, (kh, kw), (sh, sw), (dh, dw))


def random_sweep(rng: np.random.Generator) -> Sweep:
    kernel, strides, dilations = (rng.integers(1, high, 2) for high in (5, 5, 4))
    sizes = (kernel - 1) * dilations + 1 + rng.integers(0, 12, 2)
    (h, w), kh_kw, sh_sw, dh_dw = (
        tuple(int(v) for v in each) for each in (sizes, kernel, strides, dilations)
    )
    return Sweep(h, w, (kh_kw[0], kh_kw[1]), (sh_sw[0], sh_sw[1]), (dh_dw[0], dh_dw[1]))


def bits_of(sweep: Sweep, words: int) -> int:
    """Bits that number the words of all frames."""
    return (FRAMES * sweep.height * sweep.width * words).bit_length()


def words_of(sweep: Sweep, words: int, width: int, parallel: bool) -> list[int]:
    """The words out, if those that come in are numbered from 0 on; a parallel window has all of its own."""
    size, numbers = sweep.height * sweep.width * words, order(sweep, words)
    every = [frame * size + number for frame in range(FRAMES) for number in numbers]
    if not parallel:
        return every
    taps = range(sweep.taps)
    return [sum(every[n + k] << k * width for k in taps) for n in range(0, len(every), sweep.taps)]


def assert_steps(
    cases: list[tuple[Sweep, int]], folder: Path, *, pauses: int = 0, parallel: bool = False
) -> None:
    """The steps are those of the model, frame after frame, and the words those of the windows."""
    nodes = [node_of(sweep, words, bits_of(sweep, words), parallel) for sweep, words in cases]
    models = [node.op.steps(node) for node in nodes]  # type: ignore[attr-defined]
    made = run_steps(nodes, [FRAMES * len(model) for model in models], folder, pauses=pauses)
    for (sweep, words), node, model, mine in zip(cases, nodes, models, made, strict=True):
        case, expected = f"{sweep}, {words} words", model.repeated(FRAMES)
        for what, got, want in (
            ("reads", mine.reads, expected.reads),
            ("writes", mine.writes, expected.writes),
        ):
            wrong = np.flatnonzero(got != want)
            assert not len(wrong), f"{case}: {what} differ in steps {wrong[:5]} of {len(model)}"
        width = node.op.source(node).width  # type: ignore[attr-defined]
        digits = -(-node.op.sink(node).width // 4)  # type: ignore[attr-defined]
        wanted = words_of(sweep, 1 if parallel else words, width, parallel)
        assert mine.words == [f"{word:0{digits}x}" for word in wanted], case


def test_serial_steps_are_the_models(tmp_path: Path) -> None:
    """All windows of up to 3 by 3 pixels in images of up to 4 by 4, of one, two or three words a pixel."""
    cases = [(sweep, 1 + number % 3) for number, sweep in enumerate(sweeps(4, 3, 2, 2))]
    assert_steps(cases, tmp_path)


@pytest.mark.parametrize("pauses", [0, 30])
def test_serial_steps_of_random_sweeps(tmp_path: Path, pauses: int) -> None:
    """Larger ones, with words that come and go with pauses too."""
    rng = np.random.default_rng(3 + pauses)
    cases = [(random_sweep(rng), int(rng.integers(1, 9))) for _ in range(40)]
    assert_steps(cases, tmp_path, pauses=pauses)


def test_serial_steps_in_each_memory(tmp_path: Path) -> None:
    """Buffers of each kind, of a power of two of words and of others."""
    square = Sweep(4, 4, (3, 3), (1, 1), (1, 1))
    cases = [(Sweep(1, 3, (1, 1), (1, 1), (1, 1)), 1), *((square, words) for words in (7, 35, 128, 210))]
    found = []
    for sweep, words in cases:
        node = node_of(sweep, words, bits_of(sweep, words))
        parameters = dict(layer_code(node, "x").parameters)
        found.append((parameters["RAM_STYLE"], parameters["DEPTH"] == parameters["CAPACITY"]))
    kinds = [("registers", False), ("distributed", False), ("distributed", True)]
    assert found == [*kinds, ("block", False), ("block", True)]
    assert_steps(cases, tmp_path)


@pytest.mark.parametrize("pauses", [0, 30])
def test_parallel_steps_are_the_models(tmp_path: Path, pauses: int) -> None:
    """A pixel a step; lines of registers, of LUTs and of block RAM."""
    rng = np.random.default_rng(5 + pauses)
    cases = [(sweep, 1) for sweep in sweeps(4, 3, 3, 2)][pauses % 7 :: 19]
    cases += [(random_sweep(rng), int(rng.integers(1, 4))) for _ in range(20)]
    cases.append((Sweep(2, 512, (2, 1), (1, 1), (1, 1)), 4))
    nodes = [node_of(sweep, words, bits_of(sweep, words), True) for sweep, words in cases]
    styles = {dict(layer_code(node, "x").parameters)["RAM_STYLE"] for node in nodes}
    assert styles == {"registers", "distributed", "block"}
    assert_steps(cases, tmp_path, pauses=pauses, parallel=True)


@pytest.mark.parametrize("make", [random_swu, random_parallel])
@pytest.mark.parametrize("number", range(8))
def test_windows_in_a_graph(
    make: Callable[[np.random.Generator, int, str], Graph], number: int, tmp_path: Path
) -> None:
    """Any datatype and folding, between FIFOs, in the model's cycles, and nothing for a linter."""
    rng = np.random.default_rng(number)
    graph = make(rng, number, f"w{number}_").transform(SizeStreams())
    pause = 0.3 * (number // 2 % 2)
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)
