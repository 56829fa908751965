# SPDX-License-Identifier: Apache-2.0
"""The clock that a board can make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finnlite.boards import BOARDS
from finnlite.errors import OptionError
from finnlite.flow import compile_stages
from finnlite.options import Options
from finnlite.timing import analyse
from tests.small_models import Network


@given(st.floats(1, 250))
def test_the_clock_is_made_by_two_divisors_and_is_not_faster_than_asked(mhz: float) -> None:
    made = BOARDS["pynq-z1"].achievable_clock(mhz)
    ratio = 1000 / made
    assert ratio == pytest.approx(round(ratio), rel=1e-12)
    pairs = [(a, b) for a in range(1, 64) for b in range(1, 64)]
    assert any(a * b == round(ratio) for a, b in pairs)
    assert made <= mhz * (1 + 1e-9)
    assert not [a * b for a, b in pairs if made * (1 + 1e-9) < 1000 / (a * b) <= mhz]


def test_rates_are_in_the_clock_that_is_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = Network().save(tmp_path_factory.mktemp("clock") / "net.onnx")
    options = Options(clock_mhz=142, target_fps=125e6 / 32)
    assert options.fabric_mhz == 125
    graph = compile_stages(model, options)["SizeStreams"]
    assert analyse(graph).fps(options.fabric_mhz) >= 125e6 / 32
    with pytest.raises(
        OptionError, match="^target fps must be at most 125,000,000 on pynq-z1 at 125 MHz, is"
    ):
        compile_stages(model, Options(clock_mhz=142, target_fps=130e6))
