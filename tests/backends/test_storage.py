# SPDX-License-Identifier: Apache-2.0
"""What the code binds its memories to is what the estimate took them for."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.backends.hls.units import layer_code
from finnlite.ir import Graph, Node
from finnlite.ops.cost import LANE_BITS, Style
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU
from finnlite.ops.unit import Unit
from finnlite.ops.vvtu import VVTU
from tests.backends.hardware import random_unit
from tests.backends.images import MAKERS, random_image_unit

GRAPHS = [*map(random_unit, range(24)), *map(random_image_unit, range(3 * len(MAKERS)))]
IMPL = {Style.LUT: ("rom_1p", "lutram"), Style.LUTRAM: ("ram_s2p", "lutram")}


def bound(node: Node) -> dict[str, tuple[str, str]]:
    """Type and implementation of each memory that a layer's pragmas bind."""
    found = {}
    for pragma in layer_code(node, "layer").pragmas:
        match = re.fullmatch(r"bind_storage variable=(?:state\.|layer_)(\w+) type=(\w+) impl=(\w+)", pragma)
        assert match or "bind_storage" not in pragma
        if match:
            found[match[1]] = (match[2], match[3])
    return found


def expected(node: Node) -> dict[str, tuple[str, str]]:
    """The same by the estimate; a word of constants is wires, a few words that are written are registers."""
    assert isinstance(node.op, Unit)
    constants, result = layer_code(node, "layer").constants, {}
    for name, memory in node.op.memories(node).items():
        rom = f"layer_{name}" in constants
        if memory.style is Style.REGISTERS or (rom and memory.depth == 1):
            continue
        assert rom == (memory.style is Style.LUT) or memory.block
        result[name] = IMPL.get(memory.style, ("rom_1p" if rom else "ram_s2p", "bram"))
    return result


def units(graphs: list[Graph]) -> Iterator[Node]:
    for graph in graphs:
        yield from (node for node in graph.nodes if not isinstance(node.op, FIFO))


def test_random_units() -> None:
    kinds = set()
    for node in units(GRAPHS):
        assert bound(node) == expected(node), node
        kinds |= set(bound(node).values())
        assert isinstance(node.op, Unit)
        for name, memory in node.op.memories(node).items():
            partition = f"array_partition variable=state.{name} type=complete dim=0"
            assert (partition in layer_code(node, "layer").pragmas) == (memory.style is Style.REGISTERS)
    assert {("rom_1p", "lutram"), ("ram_s2p", "lutram")} <= kinds


def test_constants_have_the_words_and_bits_of_the_estimate() -> None:
    seen = set()
    for node in units(GRAPHS):
        assert isinstance(node.op, Unit)
        memories = node.op.memories(node)
        arrays = re.findall(
            r"const \w+<(\d+)> layer_(\w+?)((?:\[\d+\])+) =", layer_code(node, "layer").constants
        )
        for bits, name, dims in arrays:
            *apart, words = (int(size) for size in re.findall(r"\d+", dims))
            memory = memories[name]
            lanes = (memory.lanes, LANE_BITS) if name == "weights" else (memory.copies, memory.width)
            assert (words, math.prod(apart), int(bits)) == (memory.depth, *lanes), (node, name)
            seen.add(name)
    assert {"weights", "thresholds", "falling", "level0", "level4", "table"} <= seen


def test_weights_are_where_the_folding_puts_them() -> None:
    """Against the price's choice as well."""
    seen = set()
    for node in units(GRAPHS):
        if not isinstance(node.op, MVTU | VVTU):
            continue
        for memory in (Style.LUT, Style.BLOCK):
            graph = Graph("one")
            inputs = [
                graph.input("x", v.shape, v.datatype)
                if v.const is None
                else graph.constant(v.const, v.datatype)
                for v in node.inputs
                if v is not None
            ]
            chosen = graph.add_node(replace(node.op, memory=memory), *inputs)
            assert bound(chosen) == expected(chosen)
            if node.op.weight_memory(node).depth > 1:
                impl = "bram" if memory is Style.BLOCK else "lutram"
                assert bound(chosen)["weights"] == ("rom_1p", impl)
                seen.add((memory, node.op.weight_memory(node).style))
    assert (Style.BLOCK, Style.LUT) in seen


@pytest.mark.parametrize("memory", [None, Style.LUT])
def test_deep_memories(memory: Style | None) -> None:
    """Of thousands of words, where the price is for block RAM."""
    tall, long = deep(4, 4096, memory), deep(4096, 4, memory)
    for node in (tall, long):
        assert bound(node) == expected(node)
        assert bound(node)["weights"] == ("rom_1p", "bram" if memory is None else "lutram")
    assert bound(tall)["level0"] == bound(tall)["level4"] == ("rom_1p", "bram")
    assert bound(long)["buffer"] == ("ram_s2p", "bram")


def deep(columns: int, rows: int, memory: Style | None) -> Node:
    rng = np.random.default_rng(0)
    graph = Graph("deep")
    weights = graph.constant(rng.integers(-8, 8, (columns, rows)), DataType["INT4"])
    thresholds = graph.constant(np.sort(rng.integers(-2000, 2000, (rows, 31)), axis=1), DataType["INT12"])
    return graph.add_node(
        MVTU(memory=memory), graph.input("x", (1, columns), DataType["INT4"]), weights, thresholds
    )
