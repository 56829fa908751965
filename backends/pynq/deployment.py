# SPDX-License-Identifier: Apache-2.0
"""The deployment folder: metadata, golden frames, the driver, and the notebook and script that use it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

import finnlite
from finnlite.accelerator import borders
from finnlite.boards import Board
from finnlite.execution import Session
from finnlite.host import Host
from finnlite.ir import Graph, Value
from finnlite.ops.unit import elements
from finnlite.plan import Plan
from finnlite.runtime.metadata import FILE, Border, Metadata, Overlay, Tensor
from finnlite.runtime.packing import carrier, frame_bytes, pack
from finnlite.samples import Samples
from finnlite.slicing import cut

from ..network import network_of
from .host_program import flattened, program_of
from .shell import DMA
from .status import status_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["deployment_plan"]

_CELL_DIGITS, _USER_ID_DIGITS = 16, 8
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


def deployment_plan(
    graph: Graph,
    identity: str,
    *,
    name: str,
    board: Board,
    clock_mhz: float,
    ii_cycles: int,
    latency_cycles: int,
    frames: NDArray[Any],
    samples: Samples | None = None,
    status: bool = False,
) -> Plan:
    """The files of `DIR/deploy`, but for the bitstream and its `.hwh`.

    Args:
        graph: A hardware graph of one input.
        identity: Its `identity_of`.
        name: Of the model.
        board: The board.
        clock_mhz: Clock of the accelerator.
        ii_cycles: Cycles between two frames.
        latency_cycles: Cycles of a frame from end to end.
        frames: (F, elements) golden frames: integers that enter the accelerator.
        samples: The frames they come from, for the notebook and `validate.py`; by default none.
        status: Whether the accelerator has a status block.

    Raises:
        UnsupportedError: If the driver cannot evaluate a node that stays on the host; names the node.
    """
    first, last = borders(graph)
    source, entry, exit_ = graph.inputs[0], first.input(0), last.output
    metadata = Metadata(
        finnlite=finnlite.__version__,
        name=name,
        identity=identity,
        board=board.name,
        clock_mhz=clock_mhz,
        ii_cycles=ii_cycles,
        latency_cycles=latency_cycles,
        overlay=Overlay(
            "overlay/accelerator.bit",
            f"finnlite_{identity[:_CELL_DIGITS]}",
            DMA,
            identity[:_USER_ID_DIGITS],
        ),
        input=_tensor(source, _taken(source)),
        border_in=_border(entry),
        border_out=_border(exit_),
        encode=program_of(cut(graph, graph.inputs, [entry])),
        decode=flattened(program_of(cut(graph, [exit_], graph.outputs)), exit_.shape[1:]),
        outputs=tuple(_tensor(value, value.carrier.name) for value in graph.outputs),
        status=status_of(network_of(graph)) if status else None,
    )
    answers = _answers(graph, entry, exit_, frames)
    golden = {"input": pack(frames, entry.datatype.name), "output": pack(answers, exit_.datatype.name)}
    content = {FILE: metadata.encoded(), "golden.npz": _npz(golden)}
    if samples is not None:
        content["samples.npz"] = _npz(_arrays(graph, samples, answers))
    for path in sorted(files("finnlite.runtime").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".py"):
            content[f"finnlite_driver/{path.name}"] = path.read_bytes()
    for relative in ("README.md", "finnlite.ipynb", "validate.py", "overlay/README.txt"):
        content[relative] = (
            files("finnlite.backends.pynq").joinpath("deploy", *relative.split("/")).read_bytes()
        )
    return Plan(content)


def _tensor(value: Value, dtype: str) -> Tensor:
    return Tensor(value.name, value.shape[1:], dtype, _datatype(value))


def _datatype(value: Value) -> str:
    return str(value.datatype.name) if value.datatype.is_integer() else "FLOAT32"


def _taken(value: Value) -> str:
    """The numpy type in which an input is best given."""
    return carrier(_datatype(value)).name if value.datatype.is_integer() else value.carrier.name


def _border(value: Value) -> Border:
    datatype, count = str(value.datatype.name), elements(value)
    return Border(datatype, count, frame_bytes(count, datatype))


def _answers(graph: Graph, entry: Value, exit_: Value, frames: NDArray[Any]) -> NDArray[Any]:
    """(F, elements) as they have to leave the accelerator."""
    outputs = Session(cut(graph, [entry], [exit_])).run(frames.reshape(len(frames), *entry.shape[1:]))
    return outputs[exit_.name].reshape(len(frames), -1)


def _arrays(graph: Graph, samples: Samples, answers: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The frames as `predict` takes them, what it answers, and the labels if there are any."""
    arrays = {"input": next(iter(samples.inputs.values())).astype(_taken(graph.inputs[0]))}
    for index, output in enumerate(Host(graph).decode(answers).values()):
        arrays[f"output_{index}" if index else "output"] = output
    if samples.labels is not None:
        arrays["label"] = samples.labels
    return arrays


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An .npz archive that depends on the arrays alone; numpy's own carries the time of its making."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _REGULAR_FILE
            data = io.BytesIO()
            np.lib.format.write_array(data, array, version=(1, 0), allow_pickle=False)
            archive.writestr(entry, data.getvalue())
    return target.getvalue()
