# SPDX-License-Identifier: Apache-2.0
"""Where parallel work runs: processes of this machine, or a Dask cluster; both are `Executor`s.

A task is a function that can be imported, its arguments and results are plain data: they travel to other
processes and machines. Work of a killed worker is given to another one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread, main_thread
from typing import Any, TypeVar

from finnlite.errors import ArgumentError, FinnliteError, OptionError, ToolError
from finnlite.progress import Count

__all__ = ["ATTEMPTS", "dask", "local", "run"]

ATTEMPTS = 3
"""Workers that an item may kill before it is given up."""
_CONNECT_S = 10
"""Seconds that a cluster has to answer."""
_CLEAN_UP_S = 2
"""Seconds that a process has to clean up when the one that started it is no more."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def run(
    pool: Executor,
    task: Callable[[_Item], _Result],
    items: Mapping[str, _Item],
    progress: Count | None = None,
) -> Iterator[tuple[str, _Result]]:
    """Runs a task on every item and yields name and result as they finish.

    Args:
        pool: From `local` or `dask`.
        task: A function of a module that the workers can import.
        items: By the name that messages call them.
        progress: Called with (done, total) items.

    Raises:
        ToolError: If a task fails, or kills its workers; names the item. What has not started does not start.
    """
    futures = {pool.submit(task, item): name for name, item in items.items()}
    try:
        for done, future in enumerate(as_completed(futures), 1):
            name = futures[future]
            yield name, _result(name, future)
            if progress is not None:
                progress(done, len(futures))
    finally:
        for future in futures:
            future.cancel()


def _result(name: str, future: Future[_Result]) -> _Result:
    if future.cancelled():  # nobody else does it
        raise ToolError(f"{name}: its worker must stay reachable, was lost with the cluster")
    error = future.exception()
    if error is None:
        return future.result()
    # distributed, whose KilledWorker is meant, need not be installed
    if isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker":
        reason = f"was killed {ATTEMPTS} times or more; is there memory enough?"
        raise ToolError(f"{name}: the worker that runs it must survive, {reason}") from error
    if isinstance(error, FinnliteError):
        raise ToolError(f"{name}: {error}") from error
    if isinstance(error, Exception):
        raise ToolError(f"{name}: its worker failed with {type(error).__name__}: {error}") from error
    raise error


def local(jobs: int) -> Executor:
    """Processes of this machine, which end with the `with` block.

    They are started anew, not forked, so a script that calls this must keep its own work below
    `if __name__ == "__main__":`.

    Args:
        jobs: Tasks to run at once.

    Raises:
        ArgumentError: If that is less than one.
    """
    if jobs < 1:
        raise ArgumentError(f"jobs must be at least 1, is {jobs}")
    return _Processes(jobs)


class _Processes(ThreadPoolExecutor):
    """Threads, each of which has a task run by a process: who killed a process is known at once."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._idle: SimpleQueue[ProcessPoolExecutor] = SimpleQueue()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As every executor."""
        return super().submit(self._attempt, fn, args, kwargs)

    def _attempt(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            process = self._idle.get_nowait()
        except Empty:
            process = _process()
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return process.submit(fn, *args, **kwargs).result()
                except BrokenProcessPool:
                    process.shutdown()
                    process = _process()
                    if attempt == ATTEMPTS:
                        raise
        finally:
            self._idle.put(process)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As every executor; what has not started does not start."""
        super().shutdown(wait, cancel_futures=True)
        while wait and not self._idle.empty():
            self._idle.get().shutdown()


def _process() -> ProcessPoolExecutor:
    """A process that has started: it imports the script that runs, which may not bear that.

    Raises:
        ToolError: If it ends before it can do anything.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of running threads
    process = ProcessPoolExecutor(1, mp_context=context, initializer=_prepare)
    try:
        process.submit(int).result()
    except BrokenProcessPool:
        process.shutdown()
        raise ToolError(
            "the process for it must start, did not; "
            'a script must keep its work below `if __name__ == "__main__":`'
        ) from None
    return process


def _prepare() -> None:
    """Makes an interrupt from the keyboard, and the end of who started the process, end it.

    Without a traceback, yet with its clean-up.
    """
    signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """Ends the process after the one that started it, which may have been killed and told nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    time.sleep(_CLEAN_UP_S)
    os._exit(1)  # it waits for work that nobody sends


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """A Dask cluster whose workers have finnlite and a C++ compiler.

    Args:
        address: Of its scheduler: "tcp://host:8786".

    Raises:
        OptionError: If `distributed` is not installed, or no cluster with workers answers within 10 s.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import resolve_address
    except ImportError:
        raise OptionError(
            "dask: the package 'distributed' must be installed, is not: pip install 'finnlite[cluster]'"
        ) from None
    try:
        resolve_address(address)  # a client that is given none hangs when the process ends
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OptionError(f"dask: a scheduler must answer at {address!r}, none does ({error})") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError:
            raise OptionError(f"dask: the cluster at {address!r} must have workers, has none") from None
        yield client.get_executor(pure=False)
