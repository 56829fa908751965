# SPDX-License-Identifier: Apache-2.0
"""The child process of a C simulation: loads the library and answers requests, one JSON line each.

Run as a script (`python worker.py LIBRARY POSITION`), so that it starts fast and needs nothing installed.
Frames travel through files that both sides map; POSITION is such a file, in which the library notes where
it is, so that the parent can name the layer after a crash.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
from typing import Any

_NUMBERS = 8


def _map(path: str) -> mmap.mmap:
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _address(mapped: mmap.mmap) -> Any:
    return (ctypes.c_char * len(mapped)).from_buffer(mapped)


def _library(path: str) -> Any:
    library = ctypes.CDLL(path)
    handle = ctypes.c_void_p
    library.finnlite_create.restype = handle
    library.finnlite_error.restype = ctypes.c_char_p
    library.finnlite_stream_count.restype = ctypes.c_uint64
    for name in ("destroy", "reset", "error", "stream_count"):
        getattr(library, f"finnlite_{name}").argtypes = [handle]
    library.finnlite_watch.argtypes = [handle, handle]
    library.finnlite_record.argtypes = [handle, ctypes.c_int]
    library.finnlite_run.argtypes = [handle, handle, handle, ctypes.c_uint64]
    library.finnlite_transfer.argtypes = [handle, handle, handle, handle, handle, ctypes.c_uint64]
    library.finnlite_steps.argtypes = [handle, handle, ctypes.c_uint64, handle, handle, handle, handle]
    library.finnlite_stream.argtypes = [handle, ctypes.c_uint64, ctypes.POINTER(ctypes.c_int64)]
    steps = ctypes.POINTER(ctypes.c_uint32)
    library.finnlite_stream_steps.argtypes = [handle, ctypes.c_uint64, steps, steps]
    return library


class _Session:
    def __init__(self, library: str, position: str) -> None:
        self._library = _library(library)
        self._handle = self._library.finnlite_create()
        self._position = _address(_map(position))
        self._library.finnlite_watch(self._handle, ctypes.addressof(self._position))

    def run(self, source: str, sink: str, frames: int) -> dict[str, Any]:
        data, result = _address(_map(source)), _address(_map(sink))
        where = self._library.finnlite_run(
            self._handle, ctypes.addressof(data), ctypes.addressof(result), frames
        )
        if where == 0:
            return {}
        error = self._library.finnlite_error(self._handle).decode()
        self._library.finnlite_reset(self._handle)
        return {"layer": where - 1 if where > 0 else None, "error": error}

    def reset(self) -> dict[str, Any]:
        self._library.finnlite_reset(self._handle)
        return {}

    def record(self, on: bool) -> dict[str, Any]:
        self._library.finnlite_record(self._handle, int(on))
        return {}

    def streams(self) -> dict[str, Any]:
        reports = []
        for index in range(self._library.finnlite_stream_count(self._handle)):
            numbers = (ctypes.c_int64 * _NUMBERS)()
            self._library.finnlite_stream(self._handle, index, numbers)
            writes, reads = (ctypes.c_uint32 * numbers[6])(), (ctypes.c_uint32 * numbers[7])()
            self._library.finnlite_stream_steps(self._handle, index, writes, reads)
            reports.append([list(numbers)[:6], list(writes), list(reads)])
        return {"streams": reports}


def main() -> None:
    """Answers requests until there are no more."""
    # What the library prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = _Session(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(session, request.pop("do"))(**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
