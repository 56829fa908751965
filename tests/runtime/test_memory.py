# SPDX-License-Identifier: Apache-2.0
"""The simulated memory: CPU and DMA see different things until the cache is maintained."""

import numpy as np
import pytest

from finnlite.runtime.errors import DeviceError
from finnlite.runtime.memory import LINE_BYTES, PAGE_BYTES, Memory, SimulatedBuffer


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def buffer(memory: Memory) -> SimulatedBuffer:
    return memory.allocate(4 * LINE_BYTES)


def test_fresh_memory_holds_garbage_that_the_two_sides_do_not_share(buffer: SimulatedBuffer) -> None:
    assert buffer.array.any()
    assert (buffer.array != buffer.load(0, buffer.nbytes)).any()


def test_what_the_cpu_writes_reaches_memory_by_a_flush_only(buffer: SimulatedBuffer) -> None:
    buffer.array[:] = 7
    assert (buffer.load(0, buffer.nbytes) != 7).any()
    buffer.flush(buffer.nbytes)
    assert (buffer.load(0, buffer.nbytes) == 7).all()


def test_a_flush_ends_with_the_line_of_its_last_byte(buffer: SimulatedBuffer) -> None:
    buffer.array[:] = 7
    buffer.flush(LINE_BYTES + 1)
    assert (buffer.load(0, 2 * LINE_BYTES) == 7).all()
    assert (buffer.load(2 * LINE_BYTES, 2 * LINE_BYTES) != 7).any()


def test_what_the_dma_writes_is_seen_after_an_invalidate_only(buffer: SimulatedBuffer) -> None:
    buffer.flush(buffer.nbytes)
    before = buffer.array.copy()
    buffer.store(0, np.full(buffer.nbytes, 9, np.uint8))
    assert (buffer.array == before).all()
    buffer.invalidate(buffer.nbytes)
    assert (buffer.array == 9).all()


def test_lines_of_a_fresh_buffer_are_written_over_what_the_dma_wrote(buffer: SimulatedBuffer) -> None:
    buffer.store(0, np.full(buffer.nbytes, 9, np.uint8))
    buffer.invalidate(buffer.nbytes)
    assert (buffer.array != 9).any()


def test_one_byte_the_cpu_wrote_costs_its_line(buffer: SimulatedBuffer) -> None:
    buffer.flush(buffer.nbytes)
    buffer.array[LINE_BYTES + 3] ^= 1
    line = buffer.array[LINE_BYTES : 2 * LINE_BYTES].copy()
    buffer.store(0, np.full(buffer.nbytes, 9, np.uint8))
    buffer.invalidate(buffer.nbytes)
    assert (buffer.array[LINE_BYTES : 2 * LINE_BYTES] == line).all()
    assert (np.delete(buffer.array, np.s_[LINE_BYTES : 2 * LINE_BYTES]) == 9).all()


def test_an_invalidate_drops_what_the_cpu_wrote(buffer: SimulatedBuffer) -> None:
    buffer.array[:] = 7
    buffer.flush(buffer.nbytes)
    buffer.array[:] = 8
    buffer.invalidate(buffer.nbytes)
    assert (buffer.array == 7).all()


def test_buffers_are_aligned_and_apart(memory: Memory) -> None:
    first, second = memory.allocate(1), memory.allocate(PAGE_BYTES)
    assert first.address % PAGE_BYTES == second.address % PAGE_BYTES == 0
    assert second.address > first.address + PAGE_BYTES
    assert memory.at(first.address, 1) is first
    assert memory.at(first.address, 2) is None
    assert memory.at(second.address + 8, PAGE_BYTES - 8) is second
    assert memory.at(second.address - 8, 8) is None


def test_a_freed_buffer_is_gone(memory: Memory, buffer: SimulatedBuffer) -> None:
    assert memory.buffers == [buffer]
    buffer.free()
    assert memory.buffers == []
    assert memory.at(buffer.address, 1) is None
    message = "simulated memory: a buffer must not be used after it was freed, was"
    for use in (lambda: buffer.array, lambda: buffer.flush(1), lambda: buffer.invalidate(1), buffer.free):
        with pytest.raises(DeviceError) as caught:
            use()
        assert str(caught.value) == message


def test_a_buffer_in_use_is_not_freed() -> None:
    buffer = Memory(lambda buffer: True).allocate(8)
    with pytest.raises(DeviceError) as caught:
        buffer.free()
    assert str(caught.value) == "simulated memory: a buffer must not be freed while the DMA uses it, was"


def test_memory_ends(memory: Memory) -> None:
    memory.allocate(1 << 20)
    with pytest.raises(DeviceError) as caught:
        memory.allocate(128 << 20)
    assert str(caught.value) == (
        "simulated memory: must allocate 1 to 133169152 bytes, was asked for 134217728"
    )


def test_a_flush_stays_in_the_buffer(buffer: SimulatedBuffer) -> None:
    with pytest.raises(DeviceError) as caught:
        buffer.flush(buffer.nbytes + 1)
    assert str(caught.value) == "simulated memory: must flush up to 128 bytes, was told 129"
