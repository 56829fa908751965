# SPDX-License-Identifier: Apache-2.0
"""Who watches a build is told its steps, and how far the long ones are."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from finnlite import console, flow
from finnlite.progress import Clock, shares
from tests.small_models import Network


def test_a_build_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    model = Network().save(tmp_path / "net.onnx")
    frames = np.random.default_rng(1).integers(0, 16, (70, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", input=frames)

    def watch(step: str, done: int, total: int) -> None:
        told.append((step, done, total))

    flow.build(model, out=tmp_path / "out", verify=tmp_path / "data.npz", progress=watch)

    counts: dict[str, list[tuple[int, int]]] = {}
    for step, done, total in told:
        counts.setdefault(step, []).append((done, total))
    assert all(count[0] == (0, 0) for count in counts.values())
    files = len(list((tmp_path / "out/hls/build").glob("*.o"))) + 1
    assert counts["compile C simulation"][1:] == [(done, files) for done in range(1, files + 1)]
    every_third = [(done, 70) for done in (*range(3, 70, 3), 70)]
    assert counts["verify csim"][1:] == every_third
    assert counts["verify device"][1:] == every_third
    assert counts["verify import"][-1] == (8, 8)
    assert counts["verify integer"][-1] == counts["verify hardware"][-1] == (70, 70)
    assert counts["probe quantizers"][1:] == [(1, 1)]

    told.clear()
    for engine in ("graph", "csim", "device"):
        flow.simulate(tmp_path / "out", engine, frames, progress=watch)
        assert told[-1][1:] == (70, 70)
    names: list[str] = []
    flow.simulate(tmp_path / "out", "csim", frames, progress=names.append)
    assert names == ["run the C simulation"]


def test_a_watcher_of_names_is_told_each_step_once() -> None:
    names: list[str] = []
    clock = Clock(names.append)
    with clock.step("one"):
        clock.count(1, 2)
        clock.count(2, 2)
    with clock.step("two"):
        clock.count(0, 0)
    assert names == ["one", "two"]
    assert set(clock.seconds) == {"one", "two"}


def test_a_watcher_of_counts_is_told_all() -> None:
    told: list[tuple[object, ...]] = []
    clock = Clock(lambda *given: told.append(given))
    with clock.step("one"):
        clock.count(1, 2)
    assert told == [("one", 0, 0), ("one", 1, 2)]


@pytest.mark.parametrize(
    ("progress", "found"),
    [
        (lambda: None, "takes ()"),
        (lambda step, done: None, "takes (step, done)"),
        (lambda step, *, done: None, "takes (step, *, done)"),
        (lambda a, b, c, d: None, "takes (a, b, c, d)"),
        ("print", "is 'print'"),
    ],
)
def test_a_watcher_of_another_shape_is_refused(progress: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError) as error:
        flow.build(tmp_path / "no.onnx", out=tmp_path / "out", progress=progress)
    assert str(error.value) == f"progress must be a callable of (step, done, total), or of (step), {found}"


def test_nobody_needs_to_watch() -> None:
    clock = Clock()
    with clock.step("one"):
        clock.count(1, 2)
    assert set(clock.seconds) == {"one"}


@pytest.mark.parametrize("total", [0, 1, 31, 32, 33, 1_000])
def test_shares_are_all_frames_in_order(total: int) -> None:
    parts = shares(total)
    assert [frame for part in parts for frame in range(total)[part]] == list(range(total))
    assert len(parts) <= 32
    assert parts[-1].stop == total


def test_a_terminal_shows_how_far_the_step_is() -> None:
    stream = io.StringIO()
    with console.Steps(Console(file=stream, force_terminal=True, width=80)) as steps:
        steps("csim")
        steps("csim", 3, 1_000)
    shown = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "csim 3 of 1,000" in shown
    assert re.search(r"✓ csim \(0\.\d s\)\n$", shown)


def test_a_pipe_shows_a_line_a_step() -> None:
    stream = io.StringIO()
    with console.Steps(Console(file=stream)) as steps:
        steps("csim")
        steps("csim", 3, 1_000)
        steps("csim", 1_000, 1_000)
    assert re.fullmatch(r"✓ csim \(0\.\d s\)\n", stream.getvalue())
