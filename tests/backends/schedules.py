# SPDX-License-Identifier: Apache-2.0
"""Orders in which the steps of a network's layers may happen, found by counting words.

What a step reads and writes is asked of the units (`Unit.steps`), how many words fit of the emitted network.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from finnlite.backends.hls.network import OUTSIDE, Network
from finnlite.ops.unit import Unit

LAST = "transfer_last"

_PHASE = 60
"""Steps after which everybody's speed is drawn anew."""


@dataclass
class Actor:
    """A layer, the source or the sink: per step of a frame the streams that it reads and writes."""

    reads: list[tuple[int, ...]]
    writes: list[tuple[int, ...]]
    taken: int = 0
    limit: int | None = None

    @property
    def step(self) -> int:
        return self.taken % len(self.reads)


def _of(at: Mapping[tuple[int, str], int], layer: int, kind: str, marks: Sequence[bool]) -> tuple[int, ...]:
    """The streams at those ports of a layer that are marked."""
    return tuple(at[layer, f"{kind}{port}"] for port, marked in enumerate(marks) if marked)


@dataclass
class Tokens:
    """A network as counts of words: which actors may take a step now.

    Actor -1 is the source, which gives `beats` beats (no end if None), actor `sink` takes them.
    """

    network: Network
    beats: int | None = None
    unbounded: Sequence[str] = ()
    depths: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        streams = self.network.streams
        self.index = {stream.name: i for i, stream in enumerate(streams)}
        self.room = [self.depths.get(stream.name, stream.depth) for stream in streams]
        for name in self.unbounded:
            self.room[self.index[name]] = 1 << 60
        self.words = [0] * len(streams)
        self.most = [0] * len(streams)
        self.sink = len(self.network.layers)
        self.actors = {OUTSIDE: Actor([()], [(self.index["s0"],)], limit=self.beats)}
        self.actors |= {i: self._layer(i) for i in range(self.sink)}
        self.actors[self.sink] = Actor([(self.index["m0"],)], [()])

    def _layer(self, number: int) -> Actor:
        node = self.network.layers[number].node
        assert isinstance(node.op, Unit)
        steps = node.op.steps(node)
        assert steps is not None
        at = {(s.reader, s.reader_port): i for i, s in enumerate(self.network.streams)}
        at |= {(s.writer, s.writer_port): i for i, s in enumerate(self.network.streams)}
        reads = [_of(at, number, "s", marks) for marks in zip(*steps.ports_read, strict=True)]
        writes = [_of(at, number, "m", marks) for marks in zip(*steps.ports_written, strict=True)]
        if number == 0:  # the last beat of a frame brings its TLAST
            step = max(i for i, streams in enumerate(reads) if streams)
            writes[step] += (self.index[LAST],)
        if number == self.sink - 1:
            reads[-1] += (self.index[LAST],)
        return Actor(reads, writes)

    def may(self, who: int) -> bool:
        actor = self.actors[who]
        if actor.limit is not None and actor.taken == actor.limit:
            return False
        step = actor.step
        for stream in actor.reads[step]:
            if not self.words[stream]:
                return False
        for stream in actor.writes[step]:
            if self.words[stream] >= self.room[stream]:
                return False
        return True

    def take(self, who: int) -> None:
        actor = self.actors[who]
        for stream in actor.reads[actor.step]:
            self.words[stream] -= 1
        for stream in actor.writes[actor.step]:
            self.words[stream] += 1
            self.most[stream] = max(self.most[stream], self.words[stream])
        actor.taken += 1

    def ready(self) -> list[int]:
        return [who for who in self.actors if self.may(who)]

    def fill(self) -> None:
        """Everything goes as far as it can while the sink takes nothing."""
        running = True
        while running:
            running = False
            for who in range(OUTSIDE, self.sink):
                while self.may(who):
                    self.take(who)
                    running = True

    def most_of(self, name: str) -> int:
        return self.most[self.index[name]]


def random_order(tokens: Tokens, seed: int) -> Iterator[int]:
    """Steps in a random order, until nobody can take one.

    Now and then everybody, source and sink included, becomes fast or slow: by up to a factor of a million,
    so that nothing else moves before a slow one does.
    """
    rng = random.Random(seed)
    weights: dict[int, float] = {}
    while ready := tokens.ready():
        if not weights or rng.randrange(_PHASE) == 0:
            weights = {who: 10 ** rng.uniform(-3, 3) for who in tokens.actors}
        (who,) = rng.choices(ready, [weights[i] for i in ready])
        tokens.take(who)
        yield who
