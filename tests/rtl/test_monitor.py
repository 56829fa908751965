# SPDX-License-Identifier: Apache-2.0
"""The monitor of a stream: its counters, by their definition, and the chain they are read through."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.rtl.emit import library
from tests.rtl.bench import call, icarus

CYCLES = 400
CELL = "finnlite_monitor.v"


def flags_of(rng: np.random.Generator, depth: int) -> NDArray[np.bool_]:
    """(CYCLES, 4) s_valid, s_ready, m_valid, m_ready of a FIFO, and of units that wait for others as well."""
    held, rows = 0, []
    write, read = rng.random(2)
    for _ in range(CYCLES):
        s_valid, m_ready = rng.random() < write, rng.random() < read
        s_ready, m_valid = held < depth, held > 0
        rows.append((s_valid, s_ready, m_valid, m_ready))
        held += int(s_valid and s_ready) - int(m_valid and m_ready)
    return np.array(rows)


def counters(flags: NDArray[np.bool_]) -> list[int]:
    """High-water mark, words, waits of the reader, waits of the writer."""
    s_valid, s_ready, m_valid, m_ready = flags.T
    written, read = s_valid & s_ready, m_valid & m_ready
    held = np.cumsum(written.astype(int) - read)
    return [
        int(held.max()),
        int(written.sum()),
        int((m_ready & ~m_valid).sum()),
        int((s_valid & ~s_ready).sum()),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_counts(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    streams = [flags_of(rng, depth) for depth in (3, 40)]
    words = np.packbits(np.concatenate(streams, axis=1), axis=1, bitorder="little").ravel()
    (tmp_path / "flags.hex").write_text("".join(f"{word:02x}\n" for word in words))
    (tmp_path / CELL).write_bytes(library()[CELL])
    bench = str(Path(__file__).with_name("monitor.v"))
    call([icarus(), "-g2005", "-Wall", f"-Pbench.CYCLES={CYCLES}", "-o", "bench", bench, CELL], tmp_path)
    call(["vvp", "-n", "bench"], tmp_path)
    found = [int(line) for line in (tmp_path / "log").read_text().split()]
    assert found == [*counters(streams[0]), *counters(streams[1]), 0, 0, 0, 0]
