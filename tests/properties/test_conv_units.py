# SPDX-License-Identifier: Apache-2.0
"""A few units of images, each with parameters no two of which are alike, so that none can be mixed up."""

from pathlib import Path

import numpy as np

from finnlite.execution import execute
from finnlite.ir import Graph
from finnlite.ops.joins import Duplicate, StreamAdd
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax
from finnlite.ops.swu import SWU
from finnlite.ops.vvtu import VVTU
from tests.backends.hardware import values
from tests.backends.images import Image
from tests.backends.unity import Simulation, compile_unity, write_networks


def padded() -> Graph:
    return Image((4, 4, 2), "INT4", "padded_").then(StreamPad(pads=(1, 2, 0, 3), value=-5)).end()


def serial_windows() -> Graph:
    return (
        Image((7, 8, 2), "INT3", "serial_").then(SWU(kernel=(2, 3), strides=(1, 2), dilations=(2, 1))).end()
    )


def parallel_windows() -> Graph:
    op = SWU(kernel=(2, 2), strides=(2, 1), dilations=(1, 3), simd=2, parallel=True)
    return Image((6, 7, 2), "INT3", "parallel_").then(op).end()


def summed() -> Graph:
    image = Image((3, 3, 2), "INT4", "summed_")
    first, second = image.add(Duplicate(copies=2), image.value)
    (padded,) = image.add(StreamPad(pads=(0, 0, 0, 1), value=2), first)
    (other,) = image.add(StreamPad(pads=(0, 1, 0, 0), value=-3), second)
    (image.value,) = image.add(StreamAdd(factors=(1, -3)), padded, other)
    return image.end()


def depthwise() -> Graph:
    image = Image((5, 4, 3), "INT3", "depthwise_").then(SWU(kernel=(3, 2)))
    weights = np.arange(-9, 9).reshape(6, 3) % 7 - 3
    return image.then(VVTU(), image.constant(weights, "INT3")).end()


def greatest() -> Graph:
    return Image((5, 6, 2), "INT4", "greatest_").then(SWU(kernel=(2, 2))).then(WindowMax(window=4)).end()


def zeros_between() -> Graph:
    return Image((3, 2, 2), "BIPOLAR", "zeros_").then(Upsample(scales=(2, 3), zeros=True)).end()


MAKERS = (padded, serial_windows, parallel_windows, summed, depthwise, greatest, zeros_between)


def test_parameters_are_not_mixed_up(tmp_path: Path) -> None:
    graphs = [make() for make in MAKERS]
    write_networks(graphs, tmp_path)
    library = compile_unity(tmp_path)
    for index, graph in enumerate(graphs):
        x = graph.inputs[0]
        frames = values(np.random.default_rng(index), x.datatype, (3, *x.shape[1:]))
        expected = np.asarray(execute(graph, frames.astype(np.float32))).reshape(3, -1)
        simulation = Simulation(library, index, graph)
        np.testing.assert_array_equal(simulation.run(frames.reshape(3, -1)), expected, err_msg=graph.name)
        simulation.close()
