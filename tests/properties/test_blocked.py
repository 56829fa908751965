# SPDX-License-Identifier: Apache-2.0
"""Networks that cannot be mapped are refused: `check` and the transforms name the node and say why."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import finnlite
from finnlite.errors import FinnliteError, ModelError
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.importing import import_model
from finnlite.transforms.streamline import Streamline
from tests.networks import random_mlp
from tests.networks.blocked import BLOCKED_KINDS, blocked_mlp
from tests.networks.tables import DIALECTS

from .stages import seeds_of


@pytest.mark.parametrize("kind", BLOCKED_KINDS)
def test_a_blocked_network_is_refused_by_name(kind: str) -> None:
    for seed in range(3):
        blocked = blocked_mlp(kind, seed)
        with pytest.raises(FinnliteError) as error:
            import_model(blocked.model).transform(Streamline(), MapToHardware())
        assert blocked.node in str(error.value), (kind, blocked.node, str(error.value))
        assert str(error.value).count("node '") <= 2, str(error.value)


BROKEN = ("scale of 0", "scale of NaN", "scale of infinity", "NaN weights", "infinite weights")
"""Numbers that no model may hold: the import refuses the file."""


@pytest.mark.parametrize("kind", BLOCKED_KINDS)
def test_check_lists_the_node_as_blocked(kind: str, tmp_path: Path) -> None:
    blocked = blocked_mlp(kind)
    path = tmp_path / "model.onnx"
    onnx.save(blocked.model, path)
    if kind in BROKEN:
        with pytest.raises(ModelError, match=f"node '{blocked.node}': .* must be (positive|finite), is"):
            finnlite.check(path)
        return
    entries = {entry.node: entry for entry in finnlite.check(path)}
    assert not entries[blocked.node].ok, kind
    assert entries[blocked.node].reason
    assert entries[blocked.node].fix


@pytest.mark.parametrize("dialect", DIALECTS)
def test_check_finds_nothing_wrong_with_sound_networks(dialect: str, tmp_path: Path) -> None:
    for seed in list(seeds_of(dialect))[:8]:
        network = random_mlp(seed)
        path = tmp_path / "model.onnx"
        onnx.save(network.model, path)
        result = finnlite.check(path, **network.input_options)
        assert result.ok, (network.name, result.blocked)
        names = [node.name for node in network.model.graph.node if node.name]
        assert [entry.node for entry in result if entry.node in set(names)] == names, network.name
