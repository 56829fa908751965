# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the matrix-vector-threshold unit: every pair of datatypes, foldings, memories, pauses."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.backends.rtl.emit import emit
from finnlite.backends.rtl.units import layer_code
from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.ops.cost import Style
from finnlite.ops.mvtu import MVTU, accumulator_bounds
from finnlite.ops.shapes import integer_type
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import Chain, flags, frames_for, levels, random_unit, sorted_thresholds, values
from tests.rtl.bench import assert_equal
from tests.rtl.fifos import with_fifos
from tests.rtl.linting import assert_clean

FRAMES = 3


class Case(NamedTuple):
    """A layer: `columns` by `rows`, T thresholds a row of which some, all or none fall."""

    columns: int
    rows: int
    simd: int
    pe: int
    x: str
    weights: str
    thresholds: int
    falling: str = "none"
    memory: str = "lut"

    def graph(self) -> Graph:
        rng = np.random.default_rng(self.columns + self.thresholds)
        chain = Chain.start(self.columns, self.x)
        weights = values(rng, DataType[self.weights], (self.columns, self.rows))
        held = chain.graph.constant(weights, DataType[self.weights])
        low, high = (
            int(b)
            for b in (f(v) for f, v in zip((min, max), accumulator_bounds(chain.value, held), strict=True))
        )
        op = MVTU(self.pe, self.simd, integer_type(low, high), memory=Style(self.memory))
        if not self.thresholds:
            chain.mvtu(op, weights, self.weights)
            return chain.end()
        falling = flags(rng, self.rows, self.falling)
        table = sorted_thresholds(rng, self.rows, self.thresholds, (low, high), falling)
        out_min, out_step = levels(rng, self.thresholds)
        op = MVTU(self.pe, self.simd, op.accumulator, out_min, out_step, op.memory)
        chain.mvtu(op, weights, self.weights, table, falling)
        return chain.end()


def sized(graph: Graph) -> Graph:
    graph.transform(SizeStreams())
    return graph


CASES = (
    Case(64, 12, 16, 3, "BIPOLAR", "BIPOLAR", 1, "some", "block"),
    Case(60, 6, 60, 2, "BIPOLAR", "TERNARY", 1, "some", "block"),
    Case(128, 4, 128, 2, "BIPOLAR", "BIPOLAR", 3, "some"),
    Case(128, 4, 128, 4, "TERNARY", "TERNARY", 1, "some"),
    Case(200, 4, 100, 1, "BINARY", "BIPOLAR", 0, memory="block"),
    Case(16, 8, 4, 2, "UINT8", "INT8", 255, "some", "block"),
    Case(15, 6, 5, 3, "INT8", "UINT6", 7, "some", "block"),
    Case(12, 6, 12, 3, "UINT8", "BIPOLAR", 3, "some"),
    Case(12, 6, 4, 3, "UINT4", "INT4", 15, "some"),
    Case(12, 6, 1, 6, "INT3", "TERNARY", 0),
    Case(1, 6, 1, 2, "BIPOLAR", "BIPOLAR", 0),
    Case(2, 2, 1, 1, "BIPOLAR", "INT4", 1, "some"),
    Case(20, 12, 10, 1, "UINT2", "TERNARY", 40, "some", "block"),
    Case(24, 6, 8, 6, "INT16", "BIPOLAR", 1, "some"),
    Case(6, 3, 2, 1, "BINARY", "BINARY", 2, "all"),
    Case(6, 3, 2, 1, "TERNARY", "INT8", 20, "all"),
    Case(9, 5, 3, 1, "INT2", "INT2", 0),
)


def name_of(case: Case) -> str:
    return "-".join(str(part) for part in case)


@pytest.mark.parametrize("pauses", [0.0, 0.4], ids=["steady", "pausing"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_an_mvtu_computes_and_steps_as_its_model(case: Case, pauses: float, tmp_path: Path) -> None:
    graph = sized(case.graph())
    assert_equal(graph, frames_for(graph, FRAMES), tmp_path, seed=case.columns, idle=pauses / 2, stall=pauses)


@pytest.mark.parametrize("case", CASES[::2], ids=name_of)
def test_an_mvtu_that_waits_for_room(case: Case, tmp_path: Path) -> None:
    graph = with_fifos(case.graph(), np.random.default_rng(case.columns))
    assert_equal(graph, frames_for(graph, FRAMES), tmp_path)


@pytest.mark.parametrize("seed", range(0, 64, 4))
def test_random_mvtus(seed: int, tmp_path: Path) -> None:
    graph = sized(random_unit(seed))
    assert_equal(graph, frames_for(graph, FRAMES, seed), tmp_path, seed=seed)


@pytest.mark.parametrize("case", CASES[::3], ids=name_of)
def test_verilator_has_nothing_to_say(case: Case, tmp_path: Path) -> None:
    files = emit(sized(case.graph())).files
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    top = next(Path(path).stem for path in files if path.startswith("src/mvtu"))
    assert_clean(tmp_path, top)


def test_weights_are_in_lanes_of_one_port_of_a_block_ram() -> None:
    rng = np.random.default_rng(0)
    graph = Graph("wide")
    x = graph.input("x", (1, 1024), DataType["BIPOLAR"])
    weights = graph.constant(values(rng, DataType["BIPOLAR"], (1024, 1024)), DataType["BIPOLAR"])
    table = graph.constant(rng.integers(-64, 65, (1024, 1)), DataType["INT8"])
    op = MVTU(32, 64, DataType["INT12"], -1, 2, Style.BLOCK)
    code = layer_code(graph.add_node(op, x, weights, table, name="wide"), "wide")
    lanes = {name: content for name, content in code.memories.items() if "weights" in name}
    assert len(lanes) == 57  # 2,048 bits a word, 36 a lane
    for number in range(57):
        words = lanes[f"wide_weights_{number}.hex"].split()
        assert len(words) == 512
        assert max(int(word, 16) for word in words).bit_length() == (36 if number < 56 else 32)


def test_thresholds_that_are_not_sorted_are_refused() -> None:
    graph = Graph("unsorted")
    x = graph.input("x", (1, 2), DataType["BIPOLAR"])
    weights = graph.constant(np.array([[1], [-1]]), DataType["BIPOLAR"])
    table = graph.constant(np.array([[1, 0]]), DataType["INT2"])
    node = graph.add_node(MVTU(1, 1, DataType["INT3"]), x, weights, table, name="unsorted")
    with pytest.raises(IRError, match="thresholds must be sorted"):
        layer_code(node, "unsorted")
