# SPDX-License-Identifier: Apache-2.0
"""The borders and the streams between them: any order of steps, any batches, any folding."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from finnlite.backends.hls.network import OUTSIDE, Network, network_of
from finnlite.examples import digits_model
from finnlite.execution import execute
from finnlite.flow import compile_stages
from finnlite.ir import Graph
from finnlite.ops.fifo import FIFO
from finnlite.ops.mvtu import MVTU
from finnlite.ops.shapes import integer_type
from finnlite.ops.unit import Unit
from finnlite.options import Options
from finnlite.transforms.streams import SizeStreams
from tests.backends.hardware import Chain, frames_for, random_unit, values
from tests.backends.images import random_image_unit, random_join, residual
from tests.backends.schedules import LAST, Tokens, random_order
from tests.backends.small import network
from tests.backends.unity import Simulation, compile_unity, write_networks

# -- what the border is, written once more -------------------------------------------------------


def container(bits: int) -> int:
    """Bits of an element at the border."""
    return next(width for width in (1, 2, 4, *range(8, 65, 8)) if width >= bits)


def border_bytes(frames: NDArray[np.int64], datatype: str) -> NDArray[np.uint8]:
    """Frames as bytes, each as one long number."""
    kind = DataType[datatype]
    width = container(int(kind.bitwidth()))
    size = -(-frames.shape[1] * width // 64) * 8
    rows = []
    for frame in frames.tolist():
        codes = [(v > 0 if datatype == "BIPOLAR" else int(v)) % (1 << width) for v in frame]
        number = sum(code << width * i for i, code in enumerate(codes))
        rows.append(np.frombuffer(number.to_bytes(size, "little"), dtype=np.uint8))
    return np.array(rows)


@pytest.mark.parametrize(
    ("datatype", "frame", "expected"),
    [
        ("BIPOLAR", [1, -1, -1, 1, 1, -1, 1, 1, 1], "d901000000000000"),
        ("TERNARY", [1, -1, 0], "0d00000000000000"),
        ("INT3", [-4, 3, -1], "3c0f000000000000"),
        ("UINT9", [256, 1], "0001010000000000"),
        ("INT17", [-2, 3, 4], "feffff0300000400" + "0000000000000000"),
    ],
)
def test_the_layout_by_hand(datatype: str, frame: list[int], expected: str) -> None:
    assert border_bytes(np.array([frame]), datatype).tobytes().hex() == expected


# -- networks -----------------------------------------------------------------------------------


def buffered(graph: Graph, seed: int) -> Graph:
    """The graph with FIFOs: as `SizeStreams` makes them for even seeds, of any depth for odd ones."""
    rng = np.random.default_rng(seed)
    graph = graph.copy().transform(SizeStreams())
    for node in graph.nodes:
        if isinstance(node.op, FIFO) and seed % 2:
            node.op = replace(node.op, depth=int(rng.integers(2, 9)))
    graph.validate()
    return graph


def converted(datatype: str, size: int, words: tuple[int, ...], prefix: str) -> Graph:
    """Only borders, and words of several sizes between them."""
    chain = Chain.start(size, datatype, prefix)
    for elems in words:
        chain.words(elems)
    return chain.end()


def product(pe: int, simd: int, prefix: str) -> Graph:
    """The same product whatever the folding."""
    rng = np.random.default_rng(8)
    chain = Chain.start(12, "INT3", prefix)
    weights = values(rng, DataType["INT4"], (12, 6))
    chain.mvtu(MVTU(pe, simd, integer_type(-400, 400)), weights, "INT4")
    return chain.end()


def foldings() -> dict[str, list[Graph]]:
    """Graphs of one meaning that are folded in several ways; widths that divide no beat among them."""
    converters: list[tuple[str, int, list[tuple[int, ...]]]] = [
        ("BIPOLAR", 1, [(), (3, 1)]),
        ("BIPOLAR", 65, [(), (5, 13)]),
        ("TERNARY", 33, [(), (7,)]),
        ("INT3", 17, [(), (3,)]),
        ("UINT5", 9, [(), (4, 1)]),
        ("INT8", 8, [(), (5,)]),
        ("UINT9", 5, [(), (2,)]),
        ("INT17", 1, [(), (2,)]),
        ("INT17", 7, [(), (3,)]),
        ("INT33", 3, [(), (2,)]),
        ("UINT47", 4, [(), (3,)]),
        ("INT50", 2, [(), (2,)]),
    ]
    result = {
        f"{datatype} {size}": [
            converted(datatype, size, words, f"{datatype}_{size}_{i}_") for i, words in enumerate(several)
        ]
        for datatype, size, several in converters
    }
    result["product"] = [product(pe, simd, f"p{pe}_{simd}_") for pe, simd in ((1, 1), (6, 12), (2, 3))]
    return result


FOLDINGS = foldings()
NETWORKS: dict[str, list[Graph]] = {
    "small": [network("a_"), buffered(network("b_"), 0)],
    "random": [buffered(random_unit(seed), seed) for seed in range(4000, 4014)],
    "foldings": [graph for several in FOLDINGS.values() for graph in several],
    "images": [buffered(random_image_unit(seed), 0) for seed in range(5000, 5009)],
    "joins": [
        buffered(graph, 0)
        for graph in (
            residual(),
            *(random_join(np.random.default_rng(number), number, f"j{number}_") for number in range(8)),
        )
    ],
}
ORDERS = {"small": 15, "random": 6, "foldings": 3, "images": 2, "joins": 4}
"""Random orders of each network."""


@pytest.fixture(scope="module")
def simulations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[Simulation]]]:
    """The networks of a group, compiled when they are first asked for."""
    made: dict[str, list[Simulation]] = {}

    def of(group: str) -> list[Simulation]:
        if group not in made:
            folder = tmp_path_factory.mktemp(group)
            write_networks(NETWORKS[group], folder)
            library = compile_unity(folder, "g++" if shutil.which("clang++") is None else "clang++")
            made[group] = [Simulation(library, i, graph) for i, graph in enumerate(NETWORKS[group])]
        return made[group]

    yield of
    for group in made.values():
        for simulation in group:
            simulation.close()


# -- any order of steps -------------------------------------------------------------------------


@dataclass
class Transfers:
    """Random frames in transfers of random sizes, and what must come of them."""

    data: NDArray[np.uint8]
    last: NDArray[np.bool_]
    expected: NDArray[np.uint8]

    @classmethod
    def random(cls, graph: Graph, seed: int) -> "Transfers":
        sizes = np.random.default_rng(seed).integers(1, 6, 4)
        frames = frames_for(graph, int(sizes.sum()), seed)
        x, y = graph.inputs[0], graph.outputs[0]
        results = np.asarray(execute(graph, frames.astype(x.carrier))).reshape(len(frames), -1)
        frames = frames.reshape(len(frames), -1)
        last = np.zeros(len(frames), dtype=np.bool_)
        last[np.cumsum(sizes) - 1] = True
        data, expected = border_bytes(frames, x.datatype.name), border_bytes(results, y.datatype.name)
        return cls(data, last, expected)


def beats_of(
    frames: NDArray[np.uint8], last: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Frames as beats (B, 8), and TLAST of each: on the last beat of each transfer's last frame."""
    beats = frames.reshape(-1, 8)
    ends = np.zeros((len(frames), len(beats) // len(frames)), dtype=np.bool_)
    ends[:, -1] = last
    return beats, ends.ravel()


@pytest.mark.parametrize("group", NETWORKS)
def test_any_order_of_steps_gives_the_same(
    group: str, simulations: Callable[[str], list[Simulation]]
) -> None:
    """Transfers of any size come one after another, without a reset, several frames being on their way.

    TLAST comes on each transfer's last beat and no other. In counting, the stream that carries it has room
    without end, so it is the simulation that finds it too small.
    """
    for simulation in simulations(group):
        emitted = network_of(simulation.graph)
        in_flight = 0
        for seed in range(ORDERS[group]):
            transfers = Transfers.random(simulation.graph, seed)
            beats, last = beats_of(transfers.data, transfers.last)
            tokens = Tokens(emitted, len(beats), unbounded=[LAST])
            before = simulation.stream_counts()
            results, ends = simulation.steps(list(random_order(tokens, seed)), beats, last)
            expected, expected_ends = beats_of(transfers.expected, transfers.last)
            np.testing.assert_array_equal(results, expected)
            np.testing.assert_array_equal(ends, expected_ends)
            counts = simulation.stream_counts() - before * [0, 1, 1, 0]
            np.testing.assert_array_equal(counts[:, 1] - counts[:, 2], tokens.words)
            np.testing.assert_array_equal(counts[:, 3], np.maximum(before[:, 3], tokens.most))
            in_flight = max(in_flight, tokens.most_of(LAST))
            if any(tokens.actors[layer].step for layer in range(tokens.sink)):
                simulation.reset()  # a frame may begin with padding, for which no unit waits
        assert in_flight > 1 or emitted.output_beats > 1


def test_a_transfer_says_where_it_ends(simulations: Callable[[str], list[Simulation]]) -> None:
    """Frame by frame: TLAST on each, on none, on some, whatever went before."""
    for simulation in simulations("foldings"):
        graph = simulation.graph
        transfers = Transfers.random(graph, 99)
        count = len(transfers.data)
        for last in (np.ones(count), np.zeros(count), np.arange(count) % 3 == 1):
            results, ends = simulation.transfer(transfers.data, last.astype(np.bool_))
            np.testing.assert_array_equal(results, transfers.expected)
            np.testing.assert_array_equal(ends, last)


# -- wrong orders -------------------------------------------------------------------------------


def wrong_order(simulation: Simulation, order: list[int]) -> str:
    beats, last = np.zeros((len(order), 8), dtype=np.uint8), np.zeros(len(order), dtype=np.bool_)
    with pytest.raises(RuntimeError) as error:
        simulation.steps(order, beats, last)
    simulation.reset()
    return str(error.value)


def test_wrong_orders_are_errors(simulations: Callable[[str], list[Simulation]]) -> None:
    simulation, _ = simulations("small")
    simulation.reset()
    full = "-2: frame 0, step 2: stream 's0' of depth 2 is written while it is full"
    assert wrong_order(simulation, [-1, -1, -1]) == full
    empty = "0: frame 0, step 1: stream 's0' is read while it is empty"
    assert wrong_order(simulation, [-1, 0, 0]) == empty
    later = "0: frame 1, step 0: stream 'axiin_a_axiin_0_out' of depth 2 is written while it is full"
    assert wrong_order(simulation, [-1, 0, -1, 0, 1, -1, 0, -1, 0]) == later
    nothing = "-2: frame 0, step 0: stream 'm0' is read while it is empty"
    sink = len(network_of(simulation.graph).layers)
    assert wrong_order(simulation, [sink]) == nothing
    assert wrong_order(simulation, [sink + 1]) == f"-2: frame 0, there is no layer {sink + 1}"
    transfers = Transfers.random(simulation.graph, 1)
    np.testing.assert_array_equal(simulation.run_bytes(transfers.data), transfers.expected)


# -- the stream of TLAST, and deadlocks ---------------------------------------------------------


def random_networks() -> Iterator[Graph]:
    yield network()
    yield from (buffered(network(), seed) for seed in range(6))
    for seed in range(5000, 5060):
        yield random_unit(seed)
        yield buffered(random_unit(seed), seed)


def held(emitted: Network) -> dict[str, int]:
    """Words that each stream holds in hardware, the writer's pipeline and HLS's register slices included."""
    result = {}
    for stream in emitted.streams:
        result[stream.name] = stream.depth
        if stream.name != LAST and OUTSIDE not in (stream.writer, stream.reader):
            node = emitted.layers[stream.writer].node
            assert isinstance(node.op, Unit)
            steps = node.op.steps(node)
            assert steps is not None
            window = node.op.latency(node) + 1  # steps in the pipeline
            writes = np.cumsum(np.resize(steps.writes, len(steps) + window))
            result[stream.name] += 2 + 2 + int(np.max(writes[window:] - writes[:-window]))
    return result


def test_tlast_never_waits_for_room() -> None:
    """With nobody to take its beats a network fills up with frames: their TLAST all have room.

    AxiOut is stopped at each beat of a frame in turn. Nothing can hold more words than then.
    """
    shares = []
    example = compile_stages(digits_model(), Options())["SizeStreams"]
    for graph in (example, *random_networks()):
        emitted = network_of(graph)
        for depths in ({}, held(emitted)):
            tokens = Tokens(emitted, unbounded=[LAST], depths=depths)
            for _ in range(emitted.output_beats + 1):
                tokens.fill()
                tokens.take(tokens.sink)
            depth = emitted.streams[tokens.index[LAST]].depth
            assert tokens.most_of(LAST) <= depth
        shares.append(tokens.most_of(LAST) / depth)
    assert np.mean(shares) > 0.5, "much more room than is ever needed"


def test_no_network_deadlocks() -> None:
    """Nor would the smallest FIFOs, TLAST's included: units wait for each other, but not in a circle."""
    for number, graph in enumerate(random_networks()):
        emitted = network_of(graph)
        depths = {stream.name: 1 if number % 3 == 0 else stream.depth for stream in emitted.streams}
        tokens = Tokens(emitted, beats=5 * emitted.input_beats, depths=depths)
        for _ in random_order(tokens, number):
            pass
        assert tokens.actors[tokens.sink].taken == 5 * emitted.output_beats
        assert not any(tokens.words)


def test_no_fork_deadlocks_where_it_meets_again() -> None:
    """With FIFOs as `SizeStreams` makes them; with the smallest ones some do, so the test can fail."""
    stuck = 0
    joins = (random_join(np.random.default_rng(number), number, f"j{number}_") for number in range(12))
    for number, graph in enumerate((residual(), *joins)):
        emitted = network_of(buffered(graph, 0))
        for depths in ({}, {stream.name: 2 for stream in emitted.streams}):
            tokens = Tokens(emitted, beats=4 * emitted.input_beats, depths=depths, unbounded=[LAST])
            for _ in random_order(tokens, number):
                pass
            if depths:
                stuck += tokens.actors[tokens.sink].taken < 4 * emitted.output_beats
            else:
                assert tokens.actors[tokens.sink].taken == 4 * emitted.output_beats
    assert stuck


# -- the layout ---------------------------------------------------------------------------------


def test_no_folding_changes_the_layout(simulations: Callable[[str], list[Simulation]]) -> None:
    compiled = iter(simulations("foldings"))
    for meaning, several in FOLDINGS.items():
        assert len({tuple(node.op for node in graph.nodes) for graph in several}) == len(several), meaning
        frames = frames_for(several[0], 9, seed=7)
        data = border_bytes(frames, several[0].inputs[0].datatype.name)
        found = [next(compiled).run_bytes(data) for _ in several]
        assert len(found) > 1
        for other in found[1:]:
            np.testing.assert_array_equal(other, found[0], err_msg=meaning)
        if meaning != "product":
            np.testing.assert_array_equal(found[0], data, err_msg=meaning)
