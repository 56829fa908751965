# SPDX-License-Identifier: Apache-2.0
"""The Verilog of the units of several streams."""

import math
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.rtl.units.joins import powers
from finnlite.ir import Graph, Value
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.padding import StreamPad
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import KINDS, folding, frames_for, type_of
from tests.backends.images import Image
from tests.rtl.bench import assert_equal
from tests.rtl.linting import assert_clean

FACTORS = (-100, -8, -3, -1, 1, 2, 5, 7, 100)
NO_EDGE = (0, 0, 0, 0)


def branches_of(rng: np.random.Generator, image: Image, number: int) -> tuple[Value, ...]:
    """Two to four streams of the image's channels, or of all of them."""
    channels = image.value.shape[-1]
    if number % 2 == 0:
        op = Duplicate(int(rng.integers(2, 5)), folding(rng, channels, 8))
        return image.add(op, image.value)
    count = min(int(rng.integers(2, 5)), channels)
    cuts = sorted(rng.choice(np.arange(1, channels), count - 1, replace=False).tolist())
    sizes = tuple(int(n) for n in np.diff([0, *cuts, channels]))
    return image.add(StreamSplit(sizes, folding(rng, math.gcd(*sizes), 8)), image.value)


def retyped(rng: np.random.Generator, image: Image, value: Value) -> Value:
    """The stream in a datatype that holds another value as well: an edge of that value and no width."""
    extra = int(rng.choice([0, -1, 1, 5, -9, 100, int(value.datatype.min())]))
    (value,) = image.add(StreamPad(folding(rng, value.shape[-1], 8), NO_EDGE, extra), value)
    return value


def joined(number: int) -> Graph:
    """An image to several streams of other datatypes, and those to one by sums and concatenations."""
    rng = np.random.default_rng(number)
    shape = (*(int(d) for d in rng.integers(1, 4, 2)), int(rng.choice([2, 3, 4, 6, 8, 12])))
    image = Image(shape, type_of(rng, KINDS[number % 4]), f"j{number}_")
    ends = [retyped(rng, image, branch) for branch in branches_of(rng, image, number)]
    if ends[0].shape == ends[1].shape and number % 3:
        first, second = (int(factor) for factor in rng.choice(FACTORS, 2))
        op = StreamAdd((first, second), folding(rng, ends[0].shape[-1], 16))
        ends = [*image.add(op, *ends[:2]), *ends[2:]]
    if len(ends) > 1:
        common = math.gcd(*(end.shape[-1] for end in ends))
        ends = [*image.add(StreamConcat(folding(rng, common, 16)), *ends)]
    image.value = ends[0]
    return image.end()


@pytest.mark.parametrize("number", range(20))
def test_joins_and_forks(number: int, tmp_path: Path) -> None:
    graph = joined(number).transform(SizeStreams())
    pause = 0.3 * (number // 4 % 2)
    assert_equal(graph, frames_for(graph, 3, number), tmp_path, seed=number + 1, idle=pause, stall=pause)
    assert_clean(tmp_path)


@pytest.mark.parametrize(
    "factors", [(1, 1), (-1, -1), (4, -2), (3, 1), (-77, 1000), (1 << 40, -((1 << 36) + 5))]
)
def test_sums_of_extremes(factors: tuple[int, int], tmp_path: Path) -> None:
    """Every pair of the smallest, the largest and 0, in the fewest bits that hold the sum."""
    image = Image((1, 9, 2), "INT4")
    a, b = image.add(StreamSplit((1, 1)), image.value)
    (image.value,) = image.add(StreamAdd(factors), a, b)
    graph = image.end().transform(SizeStreams())
    pairs = [(x, y) for x in (-8, 0, 7) for y in (-8, 0, 7)]
    frames = np.array(pairs, dtype=np.int64).reshape(1, 1, 9, 2)
    assert_equal(graph, frames, tmp_path)
    assert_clean(tmp_path)


def test_constants_are_sums_of_few_powers_of_two() -> None:
    for number in [*range(-300, 300), 12345678901234567, -(2**59) + 1]:
        plus, minus = powers(number)
        assert plus - minus == number
        both = plus | minus
        assert not plus & minus
        assert not both & both << 1, "no two neighbours: there is no shorter sum"
