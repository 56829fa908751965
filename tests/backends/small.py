# SPDX-License-Identifier: Apache-2.0
"""One small network of every kind of layer that matters to the C simulation as a whole."""

import numpy as np

from finnlite.ir import Graph
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding
from tests.backends.hardware import Chain, frames_for, sorted_thresholds, values


def network(prefix: str = "") -> Graph:
    """24 UINT8 inputs; two MVTUs of equal shape, 16 to 16 bipolar, and one without thresholds."""
    rng = np.random.default_rng(3)
    chain = Chain.start(24, "UINT8", prefix)
    chain.thresholding(Thresholding(-1, 2, pe=8), rng.integers(90, 160, (24, 1)), name="binarize")
    bipolar = chain.value.datatype
    for name, columns in (("first", 24), ("second layer", 16), ("third", 16)):
        thresholds = sorted_thresholds(rng, 16, 1, (-4, 4), None)
        op = MVTU(4, columns // 4, integer_type(-columns, columns), -1, 2)
        chain.mvtu(op, values(rng, bipolar, (columns, 16)), "BIPOLAR", thresholds, name=name)
    chain.mvtu(MVTU(2, 4, integer_type(-16, 16)), values(rng, bipolar, (16, 10)), "BIPOLAR", name="last")
    return chain.end()


GRAPH = network()
FRAMES = frames_for(GRAPH, 20)
