# SPDX-License-Identifier: Apache-2.0
"""The steps of a build: told to whoever watches, and timed for the report."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, cast

__all__ = ["Clock", "Count", "Progress", "Watcher", "shares"]

_SHARES = 32
"""Parts that frames are run in, so that somebody who watches sees them pass."""

_SHAPES = "a callable of (step, done, total), or of (step)"

Count = Callable[[int, int], object]
"""Called with how many (done, total) of its files, frames or other things a step has dealt with."""


class Progress(Protocol):
    """Called with a step's name as it starts, and again with how far it is.

    A step that counts nothing is called once, with a total of 0; the others with each of their files or parts
    of their frames. Exceptions end the build.
    """

    def __call__(self, step: str, done: int, total: int, /) -> object:
        """See the class."""


Watcher = Progress | Callable[[str], object]
"""A `Progress`, or a callable of one argument, which is told each step's name as it starts, and no more."""


def shares(total: int) -> list[slice]:
    """The parts of `total` frames after which a simulation says how far it is.

    >>> shares(70)[:2], len(shares(70))
    ([slice(0, 3, None), slice(3, 6, None)], 24)
    """
    size = -(-total // _SHARES) or 1
    return [slice(start, min(start + size, total)) for start in range(0, max(total, 1), size)]


@dataclass
class Clock:
    """Tells the progress and keeps the seconds of each step.

    Raises:
        TypeError: If the progress cannot be called with a step.
    """

    progress: Watcher | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing runs yet."""
        self._tell = _told(self.progress)
        self._step = ""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step: what runs inside the `with` block."""
        self._step = name
        self._tell(name, 0, 0)
        start = time.perf_counter()
        yield
        spent = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.seconds[name] = round(spent, 4)

    def count(self, done: int, total: int) -> None:
        """Tells how far the step is that runs."""
        if total:
            self._tell(self._step, done, total)


def _told(watcher: Watcher | None) -> Progress:
    """The watcher, called with as much as it takes."""
    if watcher is None:
        return lambda step, done, total: None
    named = cast("Callable[[str], object]", watcher)
    try:
        signature = inspect.signature(watcher)
    except ValueError:  # of some that are written in C
        return lambda step, done, total: None if total else named(step)
    except TypeError:
        raise TypeError(f"progress must be {_SHAPES}, is {watcher!r}") from None
    if _takes(signature, "", 0, 0):
        return cast("Progress", watcher)
    if not _takes(signature, ""):
        raise TypeError(f"progress must be {_SHAPES}, takes {signature}")
    return lambda step, done, total: None if total else named(step)


def _takes(signature: inspect.Signature, *arguments: object) -> bool:
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True
