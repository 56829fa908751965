# SPDX-License-Identifier: Apache-2.0
"""The status block in an accelerator: what a processor reads of it, and what the driver makes of that."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.network import Network, network_of
from finnlite.backends.pynq.status import status_of
from finnlite.backends.rtl.border import status_lines
from finnlite.backends.rtl.emit import TOP, Options, emit_network, sources
from finnlite.errors import IRError, UnsupportedError
from finnlite.ir import Graph
from finnlite.ops.joins import Duplicate, StreamAdd
from finnlite.ops.pooling import WindowMax
from finnlite.ops.swu import SWU
from finnlite.runtime.packing import pack
from finnlite.runtime.status import (
    COUNTERS,
    CYCLES,
    FRAMES_IN,
    FRAMES_OUT,
    HAS_ROOM,
    HAS_WORD,
    MAGIC,
    VERSION,
    WORDS,
    diagnosis,
)
from finnlite.transforms.streams import SizeStreams
from tests.backends.images import Image
from tests.rtl.bench import call, icarus
from tests.rtl.linting import assert_clean, verilator

BENCH = Path(__file__).with_name("status.v")
IDENTITY = "89abcdef" * 8
FRAMES = 4


def pooled() -> Graph:
    """An image of 4 x 6 pixels, pooled: one thread after the other."""
    image = Image((4, 6, 4), "INT4").then(SWU((2, 2), (2, 2), simd=2)).then(WindowMax(4, 2))
    return image.end().transform(SizeStreams())


def residual() -> Graph:
    """A fork whose ends are added."""
    image = Image((4, 6, 4), "INT4")
    left, right = image.add(Duplicate(2, 2), image.value)
    (window,) = image.add(SWU((1, 1), (1, 1), simd=2), left)
    (image.value,) = image.add(StreamAdd((1, 1), 2), window, right)
    return image.end().transform(SizeStreams())


GRAPHS = {"pooled": pooled, "residual": residual}


@dataclass(frozen=True)
class Answers:
    """What the processor read, in its order."""

    network: Network
    reads: list[tuple[int, int]]

    def one(self, address: int) -> int:
        """What an address that was read once holds."""
        (value,) = (value for where, value in self.reads if where == address)
        return value

    def counters(self, which: int) -> list[int]:
        return [self.one(COUNTERS + 16 * k + 4 * which) for k in range(len(self.network.streams))]


def ask(
    graph: Graph,
    folder: Path,
    addresses: list[int],
    *,
    count: int = FRAMES,
    beats_in: int | None = None,
    beats_out: int | None = None,
    last: bool = True,
    seed: int = 1,
) -> Answers:
    """What a processor reads when nothing moves any more; by default all frames went through."""
    net = network_of(graph)
    files = emit_network(net, Options(status=True))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    frames = np.random.default_rng(seed).integers(-8, 8, (count, *net.x.shape[1:])).reshape(count, -1)
    beats = np.ascontiguousarray(pack(frames, net.x.datatype.name)).view("<u8").ravel().tolist()
    sizes = {
        "BEATS_IN": len(beats) if beats_in is None else beats_in,
        "BEATS_OUT": count * net.output_beats if beats_out is None else beats_out,
        "LAST": int(last),
        "READS": len(addresses),
    }
    (folder / "beats.hex").write_text("".join(f"{b:016x}\n" for b in beats[: sizes["BEATS_IN"]]))
    (folder / "addresses.hex").write_text("".join(f"{address:04x}\n" for address in addresses))
    settings = [f"-Pstatus_bench.{name}={value}" for name, value in sizes.items()]
    command = [icarus(), "-g2005", "-Wall", "-s", "status_bench", *settings, "-o", str(folder / "bench")]
    call([*command, str(BENCH), *(str(folder / path) for path in sources(files))])
    named = [f"+{name}={folder / name}{end}" for name, end in (("beats", ".hex"), ("addresses", ".hex"))]
    call(["vvp", "-n", str(folder / "bench"), f"+seed={seed}", *named, f"+log={folder / 'log'}"], folder)
    rows = [line.split() for line in (folder / "log").read_text().splitlines()]
    reads = [(int(address, 16), int(value, 16)) for address, value in rows]
    assert [address for address, _ in reads] == addresses
    return Answers(net, reads)


def registers(graph: Graph) -> list[int]:
    """All that there are."""
    count = len(network_of(graph).streams)
    return [
        *range(0, 0x20, 4),
        HAS_WORD,
        HAS_ROOM,
        *(COUNTERS + 16 * stream + 4 * counter for stream in range(count) for counter in range(4)),
    ]


def frame_words(net: Network) -> list[int]:
    return [stream.words for stream in status_of(net).streams]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", GRAPHS)
def test_what_it_says_when_all_frames_went_through(name: str, seed: int, tmp_path: Path) -> None:
    graph = GRAPHS[name]()
    answers = ask(graph, tmp_path, registers(graph), seed=seed)
    net = answers.network
    count = len(net.streams)
    assert [answers.one(address) for address in (0, 4, 8, 12)] == [MAGIC, VERSION, 0x89ABCDEF, count]
    assert answers.one(FRAMES_IN) == answers.one(FRAMES_OUT) == FRAMES
    assert answers.one(CYCLES) > 2000
    assert answers.one(0x1C) == 0
    assert answers.counters(WORDS) == [FRAMES * words for words in frame_words(net)]
    assert answers.one(HAS_WORD) == 0
    inner = [k for k, stream in enumerate(net.streams) if stream.name != "s0"]
    assert all(answers.one(HAS_ROOM) >> k & 1 for k in inner)
    marks = answers.counters(0)
    assert all(0 < marks[k] <= max(stream.depth, 8) for k, stream in enumerate(net.streams) if k in inner)


def test_what_is_no_register_reads_zero(tmp_path: Path) -> None:
    graph = pooled()
    count = len(network_of(graph).streams)
    low = [1 << bit for bit in range(5, 14)]
    addresses = [*low, 0x3FFC, HAS_WORD + 4, HAS_ROOM + 4, 0x7FFC, COUNTERS + 16 * count, 0xFFFC]
    answers = ask(graph, tmp_path, addresses)
    assert [value for _, value in answers.reads] == [0] * len(addresses)


def test_every_byte_of_a_register_reads_it(tmp_path: Path) -> None:
    answers = ask(pooled(), tmp_path, [0, 1, 2, 3])
    assert [value for _, value in answers.reads] == [MAGIC] * 4


def test_the_frames_are_counted_where_their_ends_pass(tmp_path: Path) -> None:
    """The sink takes a frame and a beat; the streams hold others."""
    graph = pooled()
    net = network_of(graph)
    words = [COUNTERS + 16 * k + 4 for k in range(len(net.streams))]
    wanted = [FRAMES_IN, FRAMES_OUT, *words]
    answers = ask(graph, tmp_path, wanted, count=40, beats_out=net.output_beats + 1)
    last = next(k for k, stream in enumerate(net.streams) if stream.name == "transfer_last")
    assert answers.one(FRAMES_IN) == answers.one(words[last])
    assert answers.one(FRAMES_OUT) == answers.one(words[-1]) // net.output_beats
    assert 1 <= answers.one(FRAMES_OUT) < answers.one(FRAMES_IN) < 40


def diagnosed(graph: Graph, folder: Path, **limits: int) -> str:
    """What the driver says, with what the hardware answers."""
    status = status_of(network_of(graph))
    asked: list[int] = []

    def note(address: int) -> int:
        asked.append(address)
        return {0: MAGIC, 4: VERSION, 8: 0x89ABCDEF, 12: len(status.streams)}.get(address, 0)

    diagnosis(status, IDENTITY, note)
    answers = iter(ask(graph, folder, asked, **limits).reads)
    return diagnosis(status, IDENTITY, lambda address: next(answers)[1])


@pytest.mark.parametrize("name", GRAPHS)
def test_a_source_that_stops_in_a_frame_is_named(name: str, tmp_path: Path) -> None:
    graph = GRAPHS[name]()
    net = network_of(graph)
    beats = 2 * net.input_beats + 2
    assert diagnosed(graph, tmp_path, beats_in=beats) == (
        "nothing moves in it: 2 frames went into it, 2 came out; node 'AxiIn_0' (axiin_0) waits for a word "
        f"from the DMA (2 of a frame's {net.input_beats} are there)"
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_a_sink_that_takes_nothing_is_named(name: str, tmp_path: Path) -> None:
    graph = GRAPHS[name]()
    said = diagnosed(graph, tmp_path, beats_out=0, count=40)
    last = network_of(graph).layers[-1]
    assert said.startswith("nothing moves in it: ")
    assert said.endswith(f"; node {last.node.source!r} ({last.name}) waits for the DMA to take a word")


def test_a_circle_of_units_is_named(tmp_path: Path) -> None:
    """A FIFO that is too shallow for what the other path holds back."""
    graph = crossed()
    said = diagnosed(graph, tmp_path)
    head, _, cause = said.partition("; ")
    assert head.endswith(", 0 came out")
    assert cause.endswith(", in a circle")
    assert "waits for room in the 2 words to" in cause
    assert "waits for a word from" in cause


def crossed() -> Graph:
    """The window of 3 x 3 gives nothing before it has read lines, for which the other path has no room."""
    image = Image((4, 6, 2), "INT4")
    left, right = image.add(Duplicate(2, 2), image.value)
    (window,) = image.add(SWU((2, 2), (2, 2), simd=2), left)
    (small,) = image.add(WindowMax(4, 2), window)
    (other,) = image.add(SWU((1, 1), (2, 2), simd=2), right)
    (image.value,) = image.add(StreamAdd((1, 1), 2), small, other)
    return image.end()


@pytest.mark.parametrize("streams", [1, 2, 31, 32, 33, 100, 2048])
def test_its_verilog_is_clean(streams: int) -> None:
    cell = resources.files("finnlite.backends.rtl") / "lib" / "finnlite_status.v"
    call([verilator(), "--lint-only", "-Wall", f"-GSTREAMS={streams}", str(cell)])


@pytest.mark.parametrize("name", GRAPHS)
def test_the_verilog_of_an_accelerator_with_it_is_clean(name: str, tmp_path: Path) -> None:
    for path, content in emit_network(network_of(GRAPHS[name]()), Options(status=True)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert_clean(tmp_path)


def test_monitors_have_one_reader() -> None:
    with pytest.raises(IRError) as error:
        Options(monitors=True, status=True)
    assert str(error.value) == (
        "RTL options: the monitors must be read by ports or by registers, are by both"
    )


def test_a_network_of_too_many_streams_has_no_status_block(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network_of(pooled())
    monkeypatch.setattr("finnlite.backends.rtl.border.MAX_STREAMS", 3)
    with pytest.raises(UnsupportedError) as error:
        status_lines(net)
    assert str(error.value) == (
        f"status block: the network must have at most 3 streams, has {len(net.streams)}; build without it"
    )


def test_the_accelerator_is_the_same_but_for_its_status() -> None:
    net = network_of(pooled())
    plain, asked = (emit_network(net, Options(status=status)) for status in (False, True))
    top = f"src/{TOP}.v"
    assert {path for path in plain if plain[path] != asked[path]} == {top}
    left = plain[top].decode().splitlines()
    right = set(asked[top].decode().splitlines())
    assert [
        line for line in left if line not in right and "///" not in line and "ASSOCIATED" not in line
    ] == ["    input  wire m_axis_tready"]
