# SPDX-License-Identifier: Apache-2.0
"""Lifting constants: the scales that exporters stored, and nothing where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from finnlite.errors import UnsupportedError
from finnlite.transforms.streamline.constants import fit_grid, lift_weights


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.26666668, 27.768454, 1e-4, 3e7])
def test_quantized_weights_give_back_the_stored_scale(bits: int, scale: float) -> None:
    rng = np.random.default_rng(bits)
    top = 2 ** (bits - 1) - 1
    integers = rng.integers(-top, top + 1, (40, 7)).astype(np.float32)
    integers[0, :] = 1
    stored = np.float32(scale)
    lifted = lift_weights(integers * stored, "layer")
    assert lifted.scale.shape == ()
    assert float(lifted.scale) == float(stored)
    np.testing.assert_array_equal(lifted.integers, integers)


def test_per_channel_scales() -> None:
    rng = np.random.default_rng(1)
    integers = rng.integers(-7, 8, (40, 5)).astype(np.float32)
    integers[0, :] = 1
    scales = rng.uniform(0.1, 3, 5).astype(np.float32)
    lifted = lift_weights(integers * scales, "layer")
    np.testing.assert_array_equal(lifted.scale, scales.astype(np.float64))
    np.testing.assert_array_equal(lifted.integers, integers)


def test_xnor_net_weights_are_bipolar_with_a_scale_per_filter() -> None:
    rng = np.random.default_rng(2)
    signs = rng.choice(np.float32([-1, 1]), (30, 4))
    alpha = rng.uniform(0.01, 1, 4).astype(np.float32)
    lifted = lift_weights(signs * alpha, "layer")
    np.testing.assert_array_equal(lifted.integers, signs)
    np.testing.assert_array_equal(lifted.scale, alpha.astype(np.float64))


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_dorefa_weights_lift_to_one_bit_more(bits: int) -> None:
    """2·q_b(tanh w / (2 max|tanh w|) + ½) − 1 computed in float32 is odd multiples of 1/(2ᵇ − 1)."""
    rng = np.random.default_rng(bits)
    n = np.float32(2**bits - 1)
    squashed = np.tanh(rng.normal(size=(64, 16)).astype(np.float32))
    normal = squashed / (2 * np.abs(squashed).max()) + np.float32(0.5)
    weights = 2 * (np.round(normal * n) / n) - 1
    lifted = lift_weights(weights.astype(np.float32), "layer")
    np.testing.assert_array_equal(lifted.integers, 2 * np.round(normal * n) - n)


def test_a_dead_channel_and_an_all_zero_tensor() -> None:
    weights = np.float32([[0.5, 0.0], [-0.25, 0.0]])
    np.testing.assert_array_equal(lift_weights(weights, "layer").integers, [[2, 0], [-1, 0]])
    np.testing.assert_array_equal(lift_weights(np.zeros((3, 2)), "layer").integers, np.zeros((3, 2)))


def test_random_floats_are_refused_by_channel() -> None:
    rng = np.random.default_rng(0)
    weights = rng.choice(np.float32([-1, 1]), (50, 3))
    weights[:, 2] = rng.normal(size=50)
    with pytest.raises(UnsupportedError) as caught:
        lift_weights(weights, "features.0/Gemm")
    assert str(caught.value) == (
        "node 'features.0/Gemm': the weights of output channel 2 must be integers of at most ±511 times one "
        "scale, are 50 different values that are not; quantize the weights to 8 bits or fewer before export"
    )


@pytest.mark.parametrize(
    ("values", "step", "offset", "integers"),
    [
        ([-0.3, 0.3], 0.3, 0.0, [-1, 1]),
        ([0.0, 0.3], 0.3, 0.0, [0, 1]),
        ([-1.0, 0.0, 1.0], 1.0, 0.0, [-1, 0, 1]),
        ([0.75, 1.0], 0.25, 0.75, [0, 1]),
        ([5.0], 1.0, 5.0, [0]),
        ([-0.5, 0.5, 1.5], 1.0, -0.5, [0, 1, 2]),
    ],
)
def test_grids(values: list[float], step: float, offset: float, integers: list[int]) -> None:
    grid = fit_grid(np.float32(values))
    assert grid is not None
    assert grid.step == pytest.approx(step, rel=1e-7)
    assert grid.offset == pytest.approx(offset, rel=1e-7)
    assert grid.integers.tolist() == integers


def test_values_off_every_grid_have_none() -> None:
    assert fit_grid(np.sort(np.random.default_rng(0).normal(size=20)).astype(np.float32)) is None


def test_ulps_of_large_multiples_do_not_add_up() -> None:
    integers = np.float32([16, 68, 80, 90, 127, 131, 141, 145, 176, 187, 193, 199, 220, 225, 243, 255])
    lifted = lift_weights((integers * np.float32(0.012025575))[:, None], "layer")
    np.testing.assert_array_equal(lifted.integers[:, 0], integers)
