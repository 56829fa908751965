# SPDX-License-Identifier: Apache-2.0
"""The steps of a build: told to whoever watches, and timed for the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Clock", "Progress"]

Progress = Callable[[str], None]
"""Called with the name of each step as it starts."""


@dataclass
class Clock:
    """Tells the progress and keeps the seconds of each step."""

    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step: what runs inside the `with` block."""
        if self.progress is not None:
            self.progress(name)
        start = time.perf_counter()
        yield
        spent = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.seconds[name] = round(spent, 4)
