# SPDX-License-Identifier: Apache-2.0
"""Mutants of what images need: windows, padding, pooling, joins, lowering, interleaving."""

from .kinds import Mutant

UNITS = "tests/properties/test_conv_units.py::test_parameters_are_not_mixed_up"
STREAMLINE = "tests/transforms/test_streamline_images.py"
LOWERING = "tests/transforms/test_lowering.py"
INTERLEAVING = "tests/transforms/test_interleaving.py"

IMAGE_MUTANTS = (
    Mutant(
        "windows that move by a pixel, not by their stride",
        "backends/hls/include/finnlite/swu.hpp",
        "st.firstat = moved<SHAPE::SW * SHAPE::FOLDS>(st.firstat);",
        "st.firstat = moved<SHAPE::FOLDS>(st.firstat);",
        UNITS,
    ),
    Mutant(
        "parallel windows that are not dilated",
        "backends/hls/include/finnlite/swu.hpp",
        "st.window[ky][kx * SHAPE::DW]",
        "st.window[ky][kx]",
        UNITS,
    ),
    Mutant(
        "padding of zeros, whatever its value",
        "backends/hls/include/finnlite/padding.hpp",
        "ap_int<TYPE::BITS + 2>(VALUE)",
        "ap_int<TYPE::BITS + 2>(0 * VALUE)",
        UNITS,
    ),
    Mutant(
        "maxima that begin at zero",
        "backends/hls/include/finnlite/pooling.hpp",
        "first ? typename total::sum(value)",
        "first ? typename total::sum(0)",
        UNITS,
    ),
    Mutant(
        "factors of a sum not told apart",
        "backends/hls/include/finnlite/joins.hpp",
        "SHAPE::FACTOR_B * SHAPE::input_b",
        "SHAPE::FACTOR_A * SHAPE::input_b",
        UNITS,
    ),
    Mutant(
        "channels of a depthwise product mixed up",
        "backends/hls/include/finnlite/vvtu.hpp",
        "sum += st.sums[pe][nf]",
        "sum += st.sums[pe][0 * nf]",
        UNITS,
    ),
    Mutant(
        "scales of two axes exchanged between the pixels",
        "backends/hls/include/finnlite/padding.hpp",
        "if (st.dx == SHAPE::SW - 1) {\n        st.dx = 0;\n        ++st.x;",
        "if (st.dx == SHAPE::SH - 2) {\n        st.dx = 0;\n        ++st.x;",
        UNITS,
    ),
    Mutant(
        "bottom and right of a padding exchanged",
        "backends/hls/units/padding.py",
        '("TOP", "LEFT", "BOTTOM", "RIGHT")',
        '("TOP", "LEFT", "RIGHT", "BOTTOM")',
        UNITS,
    ),
    Mutant(
        "padding begun where it should end",
        "transforms/lowering.py",
        "top, left, bottom, right = pads",
        "bottom, right, top, left = pads",
        f"{LOWERING}::test_convolutions",
    ),
    Mutant(
        "maxima padded with zeros",
        "transforms/lowering.py",
        "int(x.datatype.min()) if largest else 0",
        "0",
        f"{LOWERING}::test_pools",
    ),
    Mutant(
        "kernel of a transposed convolution not turned",
        "transforms/lowering.py",
        "[:, :, ::-1, ::-1]",
        "",
        f"{LOWERING}::test_transposed_convolutions",
    ),
    Mutant(
        "weight rows left in the order of the channels",
        "transforms/layouts.py",
        "rows[order] = weights.const",
        "rows[...] = weights.const",
        f"{INTERLEAVING}::test_rows_behind_a_flatten_follow_the_pixels",
    ),
    Mutant(
        "factors of a residual sum exchanged",
        "transforms/streamline/joins.py",
        "return (p, q) if p > 0 else (-p, -q)",
        "return (q, p) if p > 0 else (-q, -p)",
        f"{STREAMLINE}::test_branches_of_scales_in_an_integer_ratio_are_added",
    ),
    Mutant(
        "a zero point forgotten in the padding",
        "transforms/streamline/convolutions.py",
        "if zero == 0:",
        "if zero == zero:",
        f"{STREAMLINE}::test_a_zero_point_is_padded_with_itself",
    ),
)
