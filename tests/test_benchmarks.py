# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks claim without quoting a figure."""

from pathlib import Path

from benchmarks.chain import LENGTHS, measure


def test_time_grows_linearly_with_the_nodes(tmp_path: Path) -> None:
    short, long = (measure(length, tmp_path) for length in LENGTHS)
    growth = LENGTHS[1] / LENGTHS[0]
    # Processor time of a busy machine: twice as much is still far from the square.
    assert {step: long[step] / short[step] for step in short if long[step] > 2 * growth * short[step]} == {}
