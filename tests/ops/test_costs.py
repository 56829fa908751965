# SPDX-License-Identifier: Apache-2.0
"""Costs: memories by hand, prices, and what every unit's formula must obey."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.boards import BOARDS, Limits
from finnlite.errors import IRError, OptionError
from finnlite.ir import Graph, Node
from finnlite.ops.cost import Memory, Resources, Style, logic, port, price, ram, rom, total
from finnlite.ops.fifo import FIFO, storage
from finnlite.ops.mvtu import MVTU, mac_cost
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU
from finnlite.ops.width_converter import WidthConverter
from finnlite.resources import rows
from finnlite.serde import from_onnx, to_onnx
from tests.backends.hardware import random_unit
from tests.backends.images import MAKERS, random_image_unit

GRAPHS = [*map(random_unit, range(12)), *map(random_image_unit, range(2 * len(MAKERS)))]


def placed(graphs: list[Graph]) -> Iterator[tuple[Node, Unit]]:
    for graph in graphs:
        for node in graph.nodes:
            assert isinstance(node.op, Unit)
            yield node, node.op


@pytest.mark.parametrize(
    ("memory", "cost"),
    [
        # Constants: a single word is wires; up to 32 words two bits share a LUT6; 64 words are a LUT6 a bit,
        # 256 are four and no multiplexer, 512 two such and a multiplexer.
        (Memory(1, 500, Style.LUT), Resources()),
        (Memory(32, 11, Style.LUT), Resources(lut=6, ff=11)),
        (Memory(64, 10, Style.LUT), Resources(lut=10, ff=10)),
        (Memory(256, 10, Style.LUT), Resources(lut=40, ff=10)),
        (Memory(512, 10, Style.LUT), Resources(lut=85, ff=10)),
        (Memory(1024, 10, Style.LUT), Resources(lut=170, ff=10)),
        # RAM32M: 6 bits of 32 words in four LUTs; RAM64M: 3 bits of 64 words.
        (Memory(2, 6, Style.LUTRAM), Resources(lut=4, ff=6, lutram=4)),
        (Memory(32, 7, Style.LUTRAM), Resources(lut=8, ff=7, lutram=8)),
        (Memory(33, 7, Style.LUTRAM), Resources(lut=12, ff=7, lutram=12)),
        (Memory(128, 6, Style.LUTRAM), Resources(lut=19, ff=6, lutram=16)),
        (Memory(3, 8, Style.REGISTERS), Resources(lut=8, ff=24)),
        # RAMB18: 36 × 512, 18 × 1024, … 1 × 16384; 37 bits are a lane of 36 and one of 1.
        (Memory(512, 36, Style.BLOCK), Resources(bram18=1)),
        (Memory(513, 36, Style.BLOCK), Resources(bram18=2)),
        (Memory(1024, 37, Style.BLOCK), Resources(bram18=3)),
        (Memory(16384, 1, Style.BLOCK), Resources(bram18=1)),
        (Memory(512, 36, Style.BLOCK, copies=3), Resources(bram18=3)),
        (Memory(64, 10, Style.LUT, copies=3), Resources(lut=30, ff=30)),
    ],
    ids=lambda value: f"{value.style}-{value.depth}x{value.width}" if isinstance(value, Memory) else "",
)
def test_memories(memory: Memory, cost: Resources) -> None:
    assert memory.resources == cost


@pytest.mark.parametrize("width", [1, 8, 36, 128])
def test_the_style_is_the_one_of_the_lower_price(width: int) -> None:
    for depth in (2, 3, 4, 31, 64, 200, 512, 1024, 5000):
        small = ram(depth, width).style
        assert small is Style.REGISTERS if depth < 4 else small in (Style.LUTRAM, Style.BLOCK)
        for memory, other in (
            (rom(depth, width), Style.LUT),
            (ram(max(4, depth), width), Style.LUTRAM),
        ):
            best = min(price(Memory(memory.depth, width, s).resources) for s in (other, Style.BLOCK))
            assert price(memory.resources) == best
        assert rom(depth, width, Style.BLOCK).style is Style.BLOCK
        assert rom(depth, width, Style.LUT).style is Style.LUT


@pytest.mark.parametrize("style", [None, Style.LUTRAM, Style.BLOCK])
def test_a_fifo_is_where_its_verilog_puts_it(style: Style | None) -> None:
    """Of the width that the Verilog has, whole bytes; against the price's choice as well."""
    for depth, width in itertools.product((2, 32, 64, 100, 300, 513, 2000), (1, 8, 9, 63, 64, 500)):
        graph = Graph("fifo")
        x = graph.input("x", (1, 1000), DataType["BIPOLAR"])
        node = graph.add_node(FIFO(depth, width, style), x)
        assert isinstance(node.op, FIFO)
        (memory,) = node.op.memories(node).values()
        bits = -(-width // 8) * 8
        assert memory == storage(depth, bits, style)  # what the block design asks with the bits of TDATA
        cheaper = min((Style.LUTRAM, Style.BLOCK), key=lambda s: price(Memory(depth, bits, s).resources))
        assert memory == Memory(depth, bits, style or cheaper)
        found = node.op.resources(node)
        assert (found.bram18 > 0, found.lutram > 0) == (memory.block, not memory.block)
        assert found.lut > found.lutram


def mvtu(
    pe: int, simd: int, x: str = "BIPOLAR", w: str = "BIPOLAR", thresholds: int = 1, **fields: object
) -> Node:
    graph = Graph("mvtu")
    inputs = [graph.constant(np.ones((1024, 1024)), DataType[w])]
    if thresholds:
        inputs.append(graph.constant(np.zeros((1024, thresholds)), DataType["INT12"]))
    op = MVTU(pe, simd, DataType["INT12"], **fields)  # type: ignore[arg-type]
    return graph.add_node(op, graph.input("x", (1, 1024), DataType[x]), *inputs, name="m")


def cost(node: Node) -> Resources:
    assert isinstance(node.op, Unit)
    return node.op.resources(node)


def test_the_mvtu_that_finn_published() -> None:
    """2,950 LUTs in HLS, 2,142 in RTL: PE 32 × SIMD 32, 1 bit."""
    assert cost(mvtu(32, 32, thresholds=0)).lut == pytest.approx(2950, rel=0.02)


def test_an_mvtu_by_hand() -> None:
    """A term a MAC, one a row, the counters and control; a register slice a port; the memories."""
    node = mvtu(32, 128, memory=Style.BLOCK)
    rows_, counted, control = 32 * (12 + 12 / 2), 2 * (5 + 3 + 8), 40
    parts = [
        logic(32 * 128 * 103 / 64 + rows_ + counted + control),
        port(128),
        port(32),
        Resources(bram18=114),  # 4,096 bits by 256 words: 113 lanes of 36 and one of 28
        Resources(lut=32 * 6, ff=32 * 12),  # thresholds: 32 memories of 32 words
        Resources(lut=88, ff=128, lutram=88),  # the replayed vector: 8 words of 128 bits
    ]
    assert cost(node) == total(parts)
    in_logic = cost(mvtu(32, 128, memory=Style.LUT))
    assert in_logic.lut - cost(node).lut == 4096 * 4
    assert in_logic.bram18 == 0


def test_more_in_parallel_costs_more_logic() -> None:
    def steps(nodes: list[Node]) -> None:
        luts = [node.op.structure(node).lut for node in nodes if isinstance(node.op, Unit)]
        assert luts == sorted(set(luts))

    for x, w, thresholds in (("BIPOLAR", "BIPOLAR", 1), ("UINT2", "BIPOLAR", 3), ("UINT4", "INT4", 255)):
        steps([mvtu(pe, 8, x, w, thresholds) for pe in (1, 2, 8, 32)])
        steps([mvtu(8, simd, x, w, thresholds) for simd in (1, 2, 8, 32)])
    steps([mvtu(8, 8, x, "BIPOLAR", count) for x, count in (("BIPOLAR", 1), ("UINT2", 3), ("UINT4", 15))])
    for op in (VVTU, Lookup):
        nodes = []
        for pe in (1, 2, 4, 8):
            graph = Graph("g")
            x = graph.input("x", (1, 2, 2, 72 if op is VVTU else 8), DataType["INT4"])
            shape = (9, 8) if op is VVTU else (8, 16)
            nodes.append(graph.add_node(op(pe=pe), x, graph.constant(np.ones(shape), DataType["INT4"])))
        luts = [cost(node).lut for node in nodes]
        assert luts == sorted(set(luts))


@pytest.mark.parametrize(
    ("x", "w", "luts"),
    [
        ("BIPOLAR", "BIPOLAR", 103 / 64),
        ("UINT2", "BIPOLAR", 2 * 103 / 64),
        ("BIPOLAR", "INT8", 8 + 2),  # rows of 8 bits: adders of 9, 10, … bits, ½ and ¼ and … of them
        ("INT4", "INT4", 4 * (4 + 2)),
        ("INT4", "INT8", 4 * (8 + 2)),
    ],
)
def test_a_product(x: str, w: str, luts: float) -> None:
    """Of narrow factors all bits are summed up, of others their rows."""
    node = mvtu(4, 8, x, w, 0)
    assert mac_cost(node.input(0), node.input(1)) == (luts, 0)


def test_products_of_wide_factors_are_in_dsps() -> None:
    node = mvtu(4, 8, "INT8", "INT8", 0)
    assert cost(node).dsp == 32
    assert cost(mvtu(4, 8, "INT4", "INT8", 0)).dsp == 0


def test_thresholds_that_fire_both_ways_cost_two_comparisons_and_a_flag() -> None:
    def lut(flags: list[int] | None) -> int:
        graph = Graph("mvtu")
        x = graph.input("x", (1, 8), DataType["INT4"])
        inputs = [graph.constant(np.ones((8, 4)), DataType["INT4"])]
        inputs.append(graph.constant(np.zeros((4, 3)), DataType["INT8"]))
        if flags is not None:
            inputs.append(graph.constant(np.array(flags), DataType["BINARY"]))
        return cost(graph.add_node(MVTU(2, 8, DataType["INT12"]), x, *inputs)).lut

    assert lut(None) == lut([0, 0, 0, 0]) == lut([1, 1, 1, 1]) < lut([0, 1, 0, 0])


def test_a_converter_of_ragged_words_needs_a_shifter() -> None:
    def lut(before: int, after: int) -> int:
        graph = Graph("g")
        return cost(
            graph.add_node(WidthConverter(before, after), graph.input("x", (1, 784), DataType["BIPOLAR"]))
        ).lut

    assert lut(64, 49) > lut(64, 32)
    assert lut(64, 98) > lut(49, 98)


def test_parallel_windows_have_registers() -> None:
    def unit(*, parallel: bool) -> Node:
        graph = Graph("g")
        op = SWU((3, 3), simd=4, parallel=parallel)
        return graph.add_node(op, graph.input("x", (1, 64, 64, 4), DataType["INT8"]))

    node = unit(parallel=True)
    assert isinstance(node.op, SWU)
    assert node.op.memories(node) == {"lines": Memory(64, 32, Style.LUTRAM, copies=2)}
    assert cost(node).ff > cost(unit(parallel=False)).ff + 9 * 32


def test_lutram_is_a_part_of_the_luts() -> None:
    seen = set[str]()
    for node, unit in placed(GRAPHS):
        resources = unit.resources(node)
        assert min(resources) >= 0
        assert resources.lutram <= resources.lut
        assert resources.lut >= 1
        inside = total(memory.resources for memory in unit.memories(node).values())
        assert inside.lutram == resources.lutram
        assert inside.bram18 == resources.bram18
        seen |= {memory.style.value for memory in unit.memories(node).values()}
    assert {"lut", "lutram", "registers"} <= seen


def test_the_memory_of_a_folding_survives_a_file() -> None:
    for memory in (None, Style.LUT, Style.BLOCK):
        node = mvtu(32, 32, memory=memory)
        graph = node.graph
        assert graph is not None
        graph.outputs = [node.output]
        loaded = next(n for n in from_onnx(to_onnx(graph)).nodes if isinstance(n.op, MVTU))
        assert loaded.op == node.op
        assert cost(loaded) == cost(node)


@pytest.mark.parametrize("memory", [Style.LUTRAM, Style.REGISTERS])
def test_weights_are_constants(memory: Style) -> None:
    with pytest.raises(IRError) as error:
        mvtu(32, 32, memory=memory)
    assert str(error.value) == f"node 'm': memory must be 'lut' or 'block', is {memory.value!r}"


def test_a_variant_for_every_memory() -> None:
    node = mvtu(1, 1)
    assert isinstance(node.op, MVTU)
    found = {variant.memory for variant in node.op.variants(*node.inputs)}
    assert found == {Style.LUT, Style.BLOCK}


def test_limits_are_of_the_whole_part() -> None:
    board = BOARDS["pynq-z1"]
    within = board.within(Limits())
    assert (within.lut, within.bram18) == (37_240, 238)
    assert within._replace(lut=0, bram18=0) == board.budget._replace(lut=0, bram18=0)
    assert board.within(Limits(100, 100)) == board.budget
    by_name = rows(GRAPHS[0], board)
    assert by_name.pop("shell") == board.shell
    assert by_name == {node.name: unit.resources(node) for node, unit in placed(GRAPHS[:1])}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(lut=0), "lut limit must be above 0 and at most 100 percent, is 0"),
        (Limits(bram18=100.5), "bram limit must be above 0 and at most 100 percent, is 100.5"),
        (Limits(lut=float("nan")), "lut limit must be above 0 and at most 100 percent, is nan"),
    ],
)
def test_limits_are_checked(limits: Limits, message: str) -> None:
    with pytest.raises(OptionError) as error:
        limits.check()
    assert str(error.value) == message
