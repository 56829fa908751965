# SPDX-License-Identifier: Apache-2.0
"""Clocks, the shared models, and the foldings that others published for them."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from finnlite.options import Options

SHARED = Path(__file__).parents[2] / "shared"

# finn-examples' TFC, BNN-PYNQ's LFC and CNV. LFC's first and last layer and CNV's last are those without the
# padding of 784 to 832 and 10 to 64.
FOLDINGS = {
    "tfc_w1a1": {
        "MatMul_16": {"simd": 49, "pe": 16},
        "MatMul_24": {"simd": 8, "pe": 8},
        "MatMul_32": {"simd": 8, "pe": 8},
        "MatMul_40": {"simd": 8, "pe": 10},
    },
    "lfc_w1a1": {
        "MatMul_0": {"simd": 56, "pe": 32},
        "MatMul_1": {"simd": 32, "pe": 64},
        "MatMul_2": {"simd": 64, "pe": 32},
        "MatMul_3": {"simd": 8, "pe": 10},
    },
    "cnv_w1a1": {
        "Conv_0": {"simd": 3, "pe": 16},
        "Conv_1": {"simd": 32, "pe": 32},
        "Conv_2": {"simd": 32, "pe": 16},
        "Conv_3": {"simd": 32, "pe": 16},
        "Conv_4": {"simd": 32, "pe": 4},
        "Conv_5": {"simd": 32, "pe": 1},
        "MatMul_6": {"simd": 4, "pe": 1},
        "MatMul_7": {"simd": 8, "pe": 1},
        "MatMul_8": {"simd": 1, "pe": 5},
    },
}


def options(name: str) -> Options:
    """How a shared model is built: its published folding, TFC from 8-bit pixels."""
    declared = {"input_type": "uint8", "input_scale": "1/255"} if name.startswith("tfc") else {}
    return Options(folding=FOLDINGS[name], **declared)


def least(clock: Callable[[], float], work: Callable[[], object], repeats: int) -> float:
    """The least time of a few runs."""
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def cpu_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Processor time of all threads."""
    return least(process_time, work, repeats)


def wall_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Time on the wall."""
    return least(perf_counter, work, repeats)


def shared(name: str) -> Path:
    """A shared model or data file; ends the benchmark with a message if it is not there."""
    path = SHARED / name
    if not path.is_file():
        sys.exit(f"this benchmark needs {name} in the folder 'shared' beside the repository")
    return path
