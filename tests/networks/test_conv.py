# SPDX-License-Identifier: Apache-2.0
"""The generator of convolutional networks: no cell of its table is empty, and what it writes is legal."""

from functools import cache

import numpy as np
import onnx
import pytest

from tests.networks.builder import ANY, Cell
from tests.networks.conv import ConvNetwork, random_conv
from tests.networks.conv_plans import (
    IMPOSSIBLE,
    WINDOWED,
    Card,
    cards,
    possible_cells,
    summary,
    touched_cells,
)
from tests.networks.tables import DIALECTS
from tests.networks.windows import PADDINGS, STRIDES

from .test_networks import check_standard_parts

SEEDS = len(cards())


@cache
def network(seed: int) -> ConvNetwork:
    return random_conv(seed)


def touched(networks: list[ConvNetwork]) -> set[Cell]:
    return touched_cells(cell for net in networks for cell in net.features)


def test_no_cell_of_the_table_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    networks = [network(seed) for seed in range(SEEDS)]
    with capsys.disabled():
        print(f"\n{SEEDS} convolutional networks\n{summary(c for net in networks for c in net.features)}")
    assert sorted(possible_cells() - touched(networks)) == []


def test_an_empty_cell_is_reported() -> None:
    kept = [network(seed) for seed in range(SEEDS) if cards()[seed].operator != "ConvTranspose"]
    missing = {cell.operator for cell in possible_cells() - touched(kept)}
    assert "ConvTranspose, stride 1, no padding" in missing


def test_what_cannot_exist_is_not_there_and_has_a_reason() -> None:
    found = {cell.operator for cell in touched([network(seed) for seed in range(SEEDS)])}
    assert not found & IMPOSSIBLE.keys()
    assert not {cell.operator for cell in possible_cells()} & IMPOSSIBLE.keys()
    assert all(IMPOSSIBLE.values())


def test_the_table_is_the_whole_product() -> None:
    full = {f"{o}, {s}, {p}" for o in WINDOWED for s in STRIDES for p in PADDINGS}
    kinds = {(cell.operator, cell.datatype) for cell in possible_cells()}
    for name in full - IMPOSSIBLE.keys():
        assert {kind for operator, kind in kinds if operator == name} == {"BIPOLAR", "TERNARY", "INT", "UINT"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_networks_are_legal_and_hold_what_their_cells_say(dialect: str) -> None:
    for seed in range(DIALECTS.index(dialect), SEEDS, len(DIALECTS)):
        net = network(seed)
        check_standard_parts(net.model)
        written = {node.op_type for node in net.model.graph.node}
        claimed = {cell.operator.partition(",")[0].partition(" ")[0] for cell in net.features}
        windows = {"Conv", "ConvTranspose", "MaxPool", "AveragePool"}
        # pools of sums are windows without a datatype: they are in the file and in no cell
        assert claimed & windows <= written, net.name
        assert {cell.dialect for cell in net.features} == {dialect}


def test_the_card_is_played() -> None:
    for seed in range(0, SEEDS, 7):
        card, net = cards()[seed], network(seed)
        window = f"{card.operator}, {card.stride}, {card.padding}" if card.stride else card.operator
        assert window in {cell.operator for cell in net.features}, net.name
        assert Cell(f"window:{card.operator}", card.datatype, ANY) in touched([net]), net.name


def test_windows_in_the_file_are_of_the_card() -> None:
    card = Card("Conv depthwise", "INT3", "stride beyond the kernel", "asymmetric padding")
    for seed in range(12):
        net = random_conv(seed, dialect="qcdq", card=card, blocks=())
        found = [
            {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            for node in net.model.graph.node
            if node.op_type == "Conv"
        ]
        assert any(
            a.get("group", 1) > 1
            and any(s > k for s, k in zip(a.get("strides", ()), a["kernel_shape"], strict=False))
            and (pads := a.get("pads", ()))[: len(pads) // 2] != pads[len(pads) // 2 :]
            for a in found
        ), net.name


def test_equal_seeds_give_equal_networks() -> None:
    for seed in (0, 3, 11):
        assert random_conv(seed).model.SerializeToString() == network(seed).model.SerializeToString()
    frames = [network(3).inputs(4, np.random.default_rng(1)) for _ in range(2)]
    assert (frames[0] == frames[1]).all()
