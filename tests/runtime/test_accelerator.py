# SPDX-License-Identifier: Apache-2.0
"""`Accelerator` on the simulated device: what it answers, in which order it works, what it refuses."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finnlite.ops.scaling import Affine
from finnlite.runtime import Accelerator, Fault, FaultyDevice, engine
from finnlite.runtime.codec import Codec
from finnlite.runtime.dma import Dma
from finnlite.runtime.engine import Engine
from finnlite.runtime.errors import (
    BusyError,
    ClosedError,
    InputError,
    SelfTestError,
    StuckError,
)
from finnlite.runtime.memory import SimulatedBuffer
from tests.runtime.deployed import GRAPH, deploy, frames_of, refused

Answers = Callable[[Any], Any]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Transfers of at most 10 frames."""
    monkeypatch.setattr(Engine, "chunk", lambda self, nbytes=0: 10)
    return 10


# -- answers --------------------------------------------------------------------------------------
def test_one_frame(accelerator: Accelerator, answers: Answers) -> None:
    result = accelerator.predict(frames_of(1)[0])
    assert result.shape == (10,)
    assert (result == answers(frames_of(1))[0]).all()


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 20, 35])
def test_a_batch(accelerator: Accelerator, answers: Answers, small_chunks: int, count: int) -> None:
    result = accelerator.predict(frames_of(count))
    assert result.shape == (count, 10)
    assert (result == answers(frames_of(count))).all()


def test_no_frames(accelerator: Accelerator) -> None:
    result = accelerator.predict(frames_of(0))
    assert result.shape == (0, 10)
    assert result.dtype == accelerator.predict(frames_of(1)).dtype


def test_an_iterator_of_all_kinds(accelerator: Accelerator, answers: Answers, small_chunks: int) -> None:
    items = [frames_of(3), frames_of(0), frames_of(1)[0], frames_of(25), frames_of(0), frames_of(10)]
    results = list(accelerator.predict(iter(items)))
    assert [result.shape for result in results] == [(3, 10), (0, 10), (10,), (25, 10), (0, 10), (10, 10)]
    for item, result in zip(items, results, strict=True):
        if len(item):
            assert (result == answers(np.atleast_2d(item))).all()


def test_an_empty_iterator(accelerator: Accelerator) -> None:
    assert list(accelerator.predict(iter([]))) == []


def test_results_are_nobody_elses(accelerator: Accelerator, answers: Answers) -> None:
    first = accelerator.predict(frames_of(5))
    accelerator.predict(frames_of(5, seed=2))
    accelerator.close()
    assert (first == answers(frames_of(5))).all()


def test_several_outputs(copied: Path, answers: Answers) -> None:
    graph = GRAPH.copy()
    scaled = graph.add(Affine(), graph.outputs[0], graph.constant(np.asarray(0.5)), name="scaled")
    graph.outputs = [graph.outputs[0], scaled]
    shutil.rmtree(copied / "deploy")
    deploy(copied / "deploy", graph)
    with Accelerator(copied, "sim") as accelerator:
        batch, single = accelerator.predict(frames_of(4)), accelerator.predict(frames_of(4)[3])
    assert list(batch) == [GRAPH.outputs[0].name, scaled.name]
    assert (batch[GRAPH.outputs[0].name] == answers(frames_of(4))).all()
    assert (batch[scaled.name] == answers(frames_of(4)) / 2).all()
    assert (single[scaled.name] == answers(frames_of(4))[3] / 2).all()


# -- the order of work ----------------------------------------------------------------------------
def test_packing_and_unpacking_overlap_the_transfer(
    accelerator: Accelerator, small_chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []

    def spy(owner: Any, name: str, word: str) -> None:
        original = getattr(owner, name)

        def called(*arguments: Any) -> Any:
            work.append(word)
            return original(*arguments)

        monkeypatch.setattr(owner, name, called)

    spy(Codec, "encode", "pack")
    spy(Codec, "decode", "unpack")
    spy(Dma, "start", "start")
    spy(Dma, "wait", "wait")
    accelerator.predict(frames_of(30))
    assert work == (["pack", "start"] + ["pack", "wait", "start", "unpack"] * 2 + ["wait", "unpack"])


def test_buffers_are_kept_and_grow_when_needed(
    accelerator: Accelerator, device: FaultyDevice, small_chunks: int
) -> None:
    def sizes() -> list[int]:
        return [buffer.nbytes for buffer in device.memory.buffers]

    assert sizes() == [4 * 24, 4 * 24]  # of the golden frames
    accelerator.predict(frames_of(4))
    kept = list(device.memory.buffers)
    accelerator.predict(frames_of(1))
    assert device.memory.buffers == kept
    accelerator.predict(frames_of(5))
    assert sizes() == [8 * 24, 8 * 24]
    accelerator.predict(frames_of(30))  # a second pair only where there is something to overlap
    assert sizes() == [16 * 24] * 4


@pytest.mark.parametrize("forgotten", ["flush of the input", "flush of the output", "invalidate"])
def test_the_simulation_sees_forgotten_cache_maintenance(
    built: Path, device: FaultyDevice, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    name = forgotten.split()[0]
    original = getattr(SimulatedBuffer, name)

    def sometimes(buffer: SimulatedBuffer, nbytes: int) -> None:
        index = device.memory.buffers.index(buffer)
        if not (name == "invalidate" or index == ("input" not in forgotten)):
            original(buffer, nbytes)

    monkeypatch.setattr(SimulatedBuffer, name, sometimes)
    message = refused(lambda: Accelerator(built, device), SelfTestError)
    assert message.startswith("accelerator 'small': 3 golden frames must be answered")


def test_an_iterator_takes_one_item_ahead(accelerator: Accelerator) -> None:
    taken = []

    def items() -> Iterator[Any]:
        for number in range(5):
            taken.append(number)
            yield frames_of(1)

    results = accelerator.predict(items())
    assert taken == []
    next(results)
    assert taken == [0, 1]
    next(results)
    assert taken == [0, 1, 2]


# -- iterators that end early ---------------------------------------------------------------------
def test_a_bad_item_comes_after_the_results_before_it(accelerator: Accelerator, answers: Answers) -> None:
    results = accelerator.predict(iter([frames_of(3), frames_of(2), frames_of(2)[:, :23], frames_of(1)]))
    assert (next(results) == answers(frames_of(3))).all()
    assert (next(results) == answers(frames_of(2))).all()
    assert refused(lambda: next(results), InputError) == (
        "input 'x' must have shape (24) or (F, 24), has (2, 23); reshape it"
    )
    assert (accelerator.predict(frames_of(4)) == answers(frames_of(4))).all()


def test_the_callers_own_errors_pass_through(accelerator: Accelerator, answers: Answers) -> None:
    def items() -> Iterator[Any]:
        yield frames_of(2)
        raise OSError("camera unplugged")

    results = accelerator.predict(items())
    assert (next(results) == answers(frames_of(2))).all()
    with pytest.raises(OSError, match="^camera unplugged$"):
        next(results)
    assert (accelerator.predict(frames_of(4)) == answers(frames_of(4))).all()


def test_an_iterator_that_is_dropped_leaves_nothing_in_the_fabric(
    accelerator: Accelerator, device: FaultyDevice, answers: Answers
) -> None:
    results = accelerator.predict(iter([frames_of(3), frames_of(2), frames_of(1)]))
    next(results)
    del results
    assert (accelerator.predict(frames_of(4)) == answers(frames_of(4))).all()
    assert device.loads == 1


def test_an_iterator_that_is_dropped_while_its_transfer_is_stuck(
    built: Path, device: FaultyDevice, answers: Answers
) -> None:
    with Accelerator(built, device, timeout=0.1) as accelerator:
        device.inject(Fault.OUTPUT_STUCK, skip=1)
        results = accelerator.predict(iter([frames_of(3), frames_of(2), frames_of(1)]))
        next(results)
        results.close()
        assert (accelerator.predict(frames_of(4)) == answers(frames_of(4))).all()
    assert device.loads == 2


# -- one at a time --------------------------------------------------------------------------------
def test_a_call_while_an_iterator_is_not_finished(accelerator: Accelerator, answers: Answers) -> None:
    results = accelerator.predict(iter([frames_of(3), frames_of(2)]))
    next(results)
    for call in (
        lambda: accelerator.predict(frames_of(1)),
        lambda: next(accelerator.predict(iter([frames_of(1)]))),
        lambda: accelerator.benchmark(1),
    ):
        assert refused(call, BusyError) == (
            "accelerator 'small': must be called when its last iterator of results is finished, that is not; "
            "finish it, or call its close()"
        )
    assert (next(results) == answers(frames_of(2))).all()
    assert list(results) == []
    accelerator.predict(frames_of(1))


def test_two_threads(accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()
    original = Dma.wait

    def wait(dma: Dma, timeout: float) -> None:
        entered.set()
        assert leave.wait(10)
        original(dma, timeout)

    monkeypatch.setattr(Dma, "wait", wait)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(accelerator.predict(frames_of(2))))
    thread.start()
    assert entered.wait(10)
    message = (
        "accelerator 'small': must be used by one thread at a time, is used by another; "
        "hold a lock of your own around each call"
    )
    assert refused(lambda: accelerator.predict(frames_of(1)), BusyError) == message
    assert refused(accelerator.close, BusyError) == message
    leave.set()
    thread.join()
    assert len(results) == 1


def test_threads_with_a_lock(accelerator: Accelerator, answers: Answers) -> None:
    lock = threading.Lock()
    wrong: list[int] = []

    def work(seed: int) -> None:
        for _ in range(10):
            with lock:
                result = accelerator.predict(frames_of(3, seed))
            if (result != answers(frames_of(3, seed))).any():
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- closing --------------------------------------------------------------------------------------
def test_a_closed_accelerator(built: Path, device: FaultyDevice) -> None:
    accelerator = Accelerator(built, device)
    accelerator.predict(frames_of(2))
    accelerator.close()
    accelerator.close()
    assert device.memory.buffers == []
    assert repr(accelerator) == "<Accelerator 'small', simulation, closed>"
    for call in (
        lambda: accelerator.predict(frames_of(1)),
        lambda: next(accelerator.predict(iter([frames_of(1)]))),
        lambda: accelerator.benchmark(1),
    ):
        assert refused(call, ClosedError) == (
            "accelerator 'small': must be open, has been closed; make a new Accelerator"
        )


def test_frames_that_close_the_accelerator_they_are_for(built: Path, device: FaultyDevice) -> None:
    accelerator = Accelerator(built, device)

    def frames() -> Iterator[Any]:
        yield frames_of(1)
        accelerator.close()

    assert refused(lambda: list(accelerator.predict(frames())), BusyError) == (
        "accelerator 'small': must be closed outside of the iterator of its frames, is not"
    )
    accelerator.close()
    assert device.memory.buffers == []


def test_closing_while_an_iterator_is_not_finished(built: Path, device: FaultyDevice) -> None:
    with Accelerator(built, device) as accelerator:
        results = accelerator.predict(iter([frames_of(3), frames_of(2), frames_of(1)]))
        next(results)
    assert device.memory.buffers == []
    assert refused(lambda: next(results), ClosedError) == (
        "accelerator 'small': must be open, has been closed; make a new Accelerator"
    )


# -- time -----------------------------------------------------------------------------------------
def test_the_timeout_follows_from_frames_and_clock(
    accelerator: Accelerator, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[float] = []
    original = Dma.wait
    monkeypatch.setattr(Dma, "wait", lambda dma, t: (timeouts.append(t), original(dma, t))[1])
    accelerator.predict(frames_of(1000))
    assert timeouts == [pytest.approx(2 + 10 * (120 + 1000 * 24) / 100e6)]
    with Accelerator(built, "sim", timeout=7, self_test=False) as other:
        other.predict(frames_of(1000))
    assert timeouts[1:] == [7]


def test_a_stuck_transfer_takes_the_timeout_and_not_much_more(built: Path, device: FaultyDevice) -> None:
    with Accelerator(built, device, timeout=0.2) as accelerator:
        device.inject(Fault.INPUT_STUCK)
        begin = time.monotonic()
        refused(lambda: accelerator.predict(frames_of(2)), StuckError)
        assert 0.2 <= time.monotonic() - begin < 5


def test_chunks_are_of_a_mebibyte_and_batches_of_eight_at_most(
    accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    original = Dma.start

    def start(dma: Dma, source: Any, in_bytes: int, target: Any, out_bytes: int) -> None:
        lengths.append(in_bytes)
        original(dma, source, in_bytes, target, out_bytes)

    monkeypatch.setattr(Dma, "start", start)
    accelerator.predict(frames_of(50_000))
    assert lengths == [43_690 * 24, 6_310 * 24]
    assert lengths[0] <= engine.CHUNK_BYTES
    assert refused(lambda: accelerator.benchmark(1, batch=349_526), InputError) == (
        "batch must be from 1 to 349525 frames, is 349526"
    )
