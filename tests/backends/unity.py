# SPDX-License-Identifier: Apache-2.0
"""Many networks in one translation unit: how the tests compile a lot of emitted code in little time."""

import ctypes
import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finnlite.backends.hls import worker
from finnlite.backends.hls.emit import emit
from finnlite.backends.hls.network import network_of
from finnlite.ir import Graph
from finnlite.ops.unit import elements
from finnlite.runtime.packing import frame_bytes, pack, unpack

NO_COMPILE = "the emitted code does not compile"
STRICT = ("-std=c++14", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas")


def write_networks(graphs: Sequence[Graph], folder: Path) -> None:
    """Writes the emitted code of all graphs, and `unity.cpp`, which includes it all."""
    text = ['#include "harness.hpp"', '#include "finnlite/axi.hpp"', "namespace finnlite_sim {"]
    text += [f"std::unique_ptr<session> make_session_{i}();" for i in range(len(graphs))]
    text += ["}"]
    for index, graph in enumerate(graphs):
        files = dict(emit(graph).files)
        network = files.pop("sim/network.cpp")
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (folder / f"network_{index}.inc").write_bytes(network)
        sources = [path for path in files if path.startswith("src/") and path.endswith(".cpp")]
        text += [f'#include "{Path(path).name}"' for path in sources]
        text += [f"#define network network_{index}", f"#define make_session make_session_{index}"]
        text += [f'#include "network_{index}.inc"', "#undef network", "#undef make_session"]
    text += ["static int chosen = 0;", 'extern "C" __attribute__((visibility("default")))']
    text += ["void choose(int index) { chosen = index; }"]
    text += ["std::unique_ptr<finnlite_sim::session> finnlite_sim::make_session() {", "  switch (chosen) {"]
    text += [f"    case {i}: return make_session_{i}();" for i in range(len(graphs))]
    text += ["  }", "  return nullptr;", "}"]
    (folder / "unity.cpp").write_text("\n".join(text) + "\n")


def compile_unity(
    folder: Path,
    compiler: str = "g++",
    options: Sequence[str] = ("-O0",),
    includes: Sequence[str] = ("-Isim/hls",),
) -> Path:
    """Compiles `unity.cpp`, warnings being errors, into a library."""
    library = folder / f"lib_{Path(compiler).name}.so"
    argv = [compiler, *STRICT, *options, "-fPIC", "-fvisibility=hidden", "-shared"]
    argv += ["-I.", "-Iinclude", "-Isrc", "-Isim", *includes]
    argv += ["unity.cpp", "sim/api.cpp", "-o", library.name]
    result = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{NO_COMPILE}\n{result.stderr[:4000]}")
    return library


def xilinx_headers() -> Path:
    """The open Xilinx headers that hls4ml carries; it is not imported."""
    spec = importlib.util.find_spec("hls4ml")
    if spec is None or spec.origin is None:
        pytest.fail("hls4ml must be installed (extra 'test'): it carries the open Xilinx headers")
    return Path(spec.origin).parent / "templates" / "vivado" / "ap_types"


class Simulation:
    """One network of a unity library, in this process."""

    def __init__(self, library: Path, index: int, graph: Graph) -> None:
        self.graph = graph
        self._library = worker._library(str(library))
        self._library.choose.argtypes = [ctypes.c_int]
        self._library.choose(index)
        self._handle = self._library.finnlite_create()

    def run(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Frames of integers in and out; raises RuntimeError with the layer's index and the message."""
        y = self.graph.outputs[0]
        result = self.run_bytes(pack(frames, self.graph.inputs[0].datatype.name))
        return unpack(result, y.datatype.name, elements(y)).astype(np.int64)

    def run_bytes(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Frames as they cross the border."""
        y = self.graph.outputs[0]
        data = np.ascontiguousarray(data)
        result = np.zeros((len(data), frame_bytes(elements(y), y.datatype.name)), dtype=np.uint8)
        arrays = data.ctypes.data, result.ctypes.data
        self._check(self._library.finnlite_run(self._handle, *arrays, len(data)))
        return result

    def transfer(
        self, data: NDArray[np.uint8], last: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Frames as they cross the border, and which of them end a transfer; the same comes out."""
        y = self.graph.outputs[0]
        data, last = np.ascontiguousarray(data), np.ascontiguousarray(last)
        result = np.zeros((len(data), frame_bytes(elements(y), y.datatype.name)), dtype=np.uint8)
        ends = np.zeros(len(data), dtype=np.bool_)
        arrays = [a.ctypes.data for a in (data, last, result, ends)]
        self._check(self._library.finnlite_transfer(self._handle, *arrays, len(data)))
        return result, ends

    def steps(
        self, order: Sequence[int], data: NDArray[np.uint8], last: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Beats (B, 8) in and TLAST of each, single steps in the order given, and the beats that came out."""
        sink = len(network_of(self.graph).layers)
        taken = sum(who == sink for who in order)
        chosen = np.array(order, dtype=np.int32)
        result = np.zeros((taken, 8), dtype=np.uint8)
        ends = np.zeros(taken, dtype=np.bool_)
        data, last = np.ascontiguousarray(data), np.ascontiguousarray(last)
        arrays = [a.ctypes.data for a in (data, last, result, ends)]
        self._check(self._library.finnlite_steps(self._handle, chosen.ctypes.data, len(chosen), *arrays))
        return result, ends

    def stream_counts(self) -> NDArray[np.int64]:
        """(streams, 4): depth, words written, words read, most words at once."""
        counts = np.zeros((self._library.finnlite_stream_count(self._handle), 8), dtype=np.int64)
        pointer = ctypes.POINTER(ctypes.c_int64)
        for index, row in enumerate(counts):
            self._library.finnlite_stream(self._handle, index, row.ctypes.data_as(pointer))
        return counts[:, :4]

    def reset(self) -> None:
        self._library.finnlite_reset(self._handle)

    def _check(self, code: int) -> None:
        if code != 0:
            raise RuntimeError(f"{code - 1}: {self._library.finnlite_error(self._handle).decode()}")

    def trace(self, frame: NDArray[np.int64]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Runs one frame; for each stream, the steps that wrote it and those that read it."""
        self._library.finnlite_record(self._handle, 1)
        self.run(frame)
        result = []
        for index in range(self._library.finnlite_stream_count(self._handle)):
            numbers = (ctypes.c_int64 * 8)()
            self._library.finnlite_stream(self._handle, index, numbers)
            writes, reads = (ctypes.c_uint32 * numbers[6])(), (ctypes.c_uint32 * numbers[7])()
            self._library.finnlite_stream_steps(self._handle, index, writes, reads)
            result.append((tuple(writes), tuple(reads)))
        self._library.finnlite_record(self._handle, 0)
        return result

    def close(self) -> None:
        self._library.finnlite_destroy(self._handle)
