# SPDX-License-Identifier: Apache-2.0
"""A network of every host operator, its deployment, and the folder of it that is run alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from numpy.typing import NDArray

from finnlite.accelerator import borders
from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.boards import BOARDS
from finnlite.host import Host
from finnlite.ir import Graph
from finnlite.ops.elementwise import Add
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Reshape
from finnlite.ops.outputs import Softmax
from finnlite.ops.thresholding import Thresholding
from finnlite.plan import Plan
from finnlite.samples import Samples
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths

IDENTITY = "0123456789abcdef" * 4
SHAPE = (2, 6)


def model() -> Graph:
    """Float pixels, bipolar inside, a softmax on the host, and the logits as a second output."""
    rng = np.random.default_rng(4)
    graph = Graph("model")
    x = graph.input("pixels", (1, *SHAPE))
    bits = graph.add(Thresholding(-1, 2), x, graph.constant(np.float32([[0.25]])), name="binarize")
    flat = graph.add(Reshape(), bits, graph.constant(np.array([0, -1])))
    weights = graph.constant(rng.integers(0, 2, (12, 5)) * 2.0 - 1, bits.datatype)
    logits = graph.add_node(MatMul(), flat, weights, name="fc", outputs=("sums",)).output
    shifted = graph.add_node(Add(), logits, graph.constant(np.float32([0.5])), outputs=("logits",)).output
    graph.outputs = [graph.add_node(Softmax(), shifted, outputs=("odds",)).output, shifted]
    return graph


def hardware() -> Graph:
    graph = model().transform(MapToHardware(), MinimizeWidths(), Fold(), SizeStreams())
    graph.validate()
    return graph


def plan_of(graph: Graph, frames: NDArray[Any] | None = None, samples: Samples | None = None) -> Plan:
    entry = borders(graph)[0].input(0)
    if frames is None:
        frames = np.ones((2, entry.shape[-1]))
    return deployment_plan(
        graph,
        IDENTITY,
        name="a model",
        board=BOARDS["pynq-z1"],
        clock_mhz=100.0,
        ii_cycles=98,
        latency_cycles=812,
        frames=frames,
        samples=samples,
    )


def source_frames(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, *SHAPE)).astype(np.float32)


LABELS = np.array([0, 1, 2, 4])


def whole_plan() -> Plan:
    graph = hardware()
    frames = source_frames(4)
    return plan_of(graph, Host(graph).encode(frames), Samples({"pixels": frames}, labels=LABELS))


@dataclass(frozen=True)
class Built:
    """A folder as `finnlite build` leaves it, and numpy alone in a folder of its own."""

    folder: Path
    packages: Path

    def python(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs code that sees the standard library, numpy and the deployment folder."""
        start = f"import sys; sys.path[:0] = {[str(self.folder / 'deploy'), str(self.packages)]!r}\n"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", start + code, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )

    def notebook(self) -> NotebookNode:
        """The notebook, executed in simulation with one line changed."""
        text = (self.folder / "deploy/finnlite.ipynb").read_text(encoding="utf-8")
        (line,) = (line for line in text.splitlines() if "device=" in line)
        changed = text.replace(line, line.replace("pynq", "sim"))
        pairs = zip(text.splitlines(), changed.splitlines(), strict=True)
        assert sum(before != after for before, after in pairs) == 1
        notebook = nbformat.reads(changed, as_version=4)
        nbformat.validate(notebook)
        kernels = KernelSpecManager(kernel_dirs=[])  # this interpreter, whatever else is installed
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=kernels)
        resources = {"metadata": {"path": str(self.folder / "deploy")}}
        return NotebookClient(notebook, km=manager, timeout=60, resources=resources).execute(cleanup_kc=True)

    def validate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `validate.py`."""
        script = self.folder / "deploy/validate.py"
        code = (
            f"import runpy; sys.argv[0] = 'validate.py'\nrunpy.run_path({str(script)!r}, run_name='__main__')"
        )
        return self.python(code, *arguments)
