# SPDX-License-Identifier: Apache-2.0
"""Mutants: small faults in transforms and backend, each with the tests that must notice it."""

from .images import IMAGE_MUTANTS
from .kinds import Mutant

UNITS = "tests/backends/test_units.py::test_units_equal_their_meaning"
STREAMLINE = "tests/properties/test_transforms.py::test_streamline_keeps_the_function"
BORDER = "tests/backends/test_border.py::test_any_order_of_steps_gives_the_same"
HARDWARE = "tests/properties/test_transforms.py::test_hardware_transforms_keep_the_function_exactly"

MUTANTS = (
    Mutant(
        "thresholds off by one",
        "transforms/streamline/quantizers.py",
        "xs = np.concatenate([inside[0][lane : lane + 1], at[part]])",
        "xs = np.concatenate([inside[0][lane : lane + 1], at[part] + 1])",
        f"{STREAMLINE}[brevitas]",
    ),
    Mutant(
        "rows of negative gamma not turned around",
        "transforms/streamline/quantizers.py",
        "return np.where(flip[:, None], -thresholds, thresholds), falling & ~flip",
        "return thresholds, falling & ~flip",
        f"{STREAMLINE}[brevitas]",
    ),
    Mutant(
        "falling rows forgotten when thresholds are absorbed",
        "transforms/thresholds.py",
        "flags = None if falling is None else np.ascontiguousarray",
        "flags = None if True else np.ascontiguousarray",
        "tests/transforms/test_hardware.py::test_falling_and_shared_thresholds_are_sorted_into_rows",
    ),
    Mutant(
        "thresholds clamped to the accumulator's largest value",
        "transforms/widths.py",
        "np.clip(table, low - (down != 0), high + (down == 0))",
        "np.clip(table, low, high)",
        f"{HARDWARE}[MinimizeWidths-binarynet]",
    ),
    Mutant(
        "accumulators truncated by a bit",
        "transforms/widths.py",
        "accumulator=integer_type(int(low.min()), int(high.max()))",
        "accumulator=integer_type(int(low.min()) // 2, int(high.max()) // 2)",
        "tests/transforms/test_hardware.py::test_widths_are_what_the_bounds_need",
    ),
    Mutant(
        "accumulators of half the bits in C++",
        "backends/hls/include/finnlite/mvtu.hpp",
        "typedef accumulator<typename SHAPE::accumulator> total;",
        "typedef accumulator<signed_integer<(SHAPE::accumulator::BITS + 1) / 2> > total;",
        f"{UNITS}[1]",
    ),
    Mutant(
        "order of the rows within a step swapped",
        "backends/hls/include/finnlite/mvtu.hpp",
        "y, pe, ACTIVATION::apply",
        "y, SHAPE::PE - 1 - pe, ACTIVATION::apply",
        f"{UNITS}[1]",
    ),
    Mutant(
        "weights of synapse and neuron folds exchanged",
        "backends/hls/units/mvtu.py",
        "transpose(0, 2, 1, 3)",
        "transpose(2, 0, 1, 3)",
        f"{UNITS}[1]",
    ),
    Mutant(
        "thresholds compared with > instead of >=",
        "backends/hls/include/finnlite/thresholds.hpp",
        "sum >= threshold",
        "sum > threshold",
        f"{UNITS}[1]",
    ),
    Mutant(
        "falling thresholds compared the other way",
        "backends/hls/include/finnlite/thresholds.hpp",
        "falling ? sum <= threshold",
        "falling ? sum > threshold",
        f"{UNITS}[1]",
    ),
    Mutant(
        "last threshold never searched",
        "backends/hls/include/finnlite/thresholds.hpp",
        "base + STEP <= COUNT",
        "base + STEP < COUNT",
        f"{UNITS}[1]",
    ),
    Mutant(
        "accumulator kept between rows, not between folds",
        "backends/hls/include/finnlite/mvtu.hpp",
        "if (!first) sum += st.sums[pe];",
        "if (first) sum += st.sums[pe];",
        f"{UNITS}[1]",
    ),
    Mutant(
        "a word missing from a frame",
        "backends/hls/include/finnlite/width_converter.hpp",
        "static const int CHUNKS = ceil_div(SHAPE::N, CHUNK);",
        "static const int CHUNKS = SHAPE::N > CHUNK ? SHAPE::N / CHUNK : 1;",
        f"{UNITS}[3]",
    ),
    Mutant(
        "bipolar codes inverted",
        "backends/codes.py",
        "return (integers > 0).astype(np.uint64)",
        "return (integers < 0).astype(np.uint64)",
        f"{UNITS}[1]",
    ),
    Mutant(
        "the highest index wins a tie",
        "backends/hls/include/finnlite/label_select.hpp",
        "if (value > best) {",
        "if (value >= best) {",
        f"{UNITS}[1]",
    ),
    Mutant(
        "every frame ends its transfer",
        "backends/hls/include/finnlite/axi.hpp",
        "m1.write(b.last);",
        "m1.write(1);",
        f"{BORDER}[small]",
    ),
    Mutant(
        "the stream of TLAST is never read",
        "backends/hls/include/finnlite/axi.hpp",
        "if (last) b.last = s1.read();",
        "if (last && !s1.empty()) b.last = 1;",
        f"{BORDER}[small]",
    ),
    Mutant(
        "half of a beat's bytes kept",
        "backends/hls/include/finnlite/axi.hpp",
        "b.keep = -1;",
        "b.keep = 15;",
        f"{BORDER}[small]",
    ),
    Mutant(
        "what pads a frame is taken for the next one's",
        "backends/hls/include/finnlite/axi.hpp",
        "st.written = 0;\n      st.have = 0;",
        "st.written = 0;\n      st.have = have - need;",
        f"{BORDER}[foldings]",
    ),
    Mutant(
        "room for one frame's TLAST",
        "backends/network.py",
        'end, "s1", _frames_in_flight(layers, inside)',
        'end, "s1", 1',
        f"{BORDER}[small]",
    ),
    *IMAGE_MUTANTS,
)
