# SPDX-License-Identifier: Apache-2.0
"""The ladder of trust: each rung is compared with the one before it (design §11).

source → import → integer → hardware → csim → rtl → device. Import against source and integer against import
within the tolerance of floats, near-ties told apart; from integer on everything must agree exactly. The rung
rtl is there if Verilog is emitted. The device is the driver before a simulated board, which runs the C
simulation: its integers and labels must agree exactly too, and what it computes of them in floats, by NumPy
instead of onnxruntime, within that tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.accelerator import units
from finnlite.comparison import Mismatch, Row, compare_outputs, differing, first_mismatch, labels_of
from finnlite.errors import ArgumentError, ModelError, UnsupportedError
from finnlite.execution import Session
from finnlite.host import Runner
from finnlite.ir import Graph, Node, Value
from finnlite.nearties import compare_integers
from finnlite.ops.mvtu import MVTU
from finnlite.ops.scaling import Normalize
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU
from finnlite.progress import Count
from finnlite.samples import Samples
from finnlite.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CAPS", "Ladder", "accuracies", "check_caps", "rows_ok", "untested_quantizers"]

CAPS: dict[str, int | None] = {
    "source": 8,
    "import": None,
    "integer": None,
    "hardware": None,
    "csim": 256,
    "rtl": 8,
    "device": 256,
}
"""Most frames of a rung unless asked otherwise; None for all. QONNX's executor runs 3 to 25 a second, the
RTL simulation of a large network as few."""


def check_caps(caps: Mapping[str, int]) -> dict[str, int | None]:
    """The caps of all rungs, given those of some.

    Raises:
        ArgumentError: If a rung is unknown or a cap is not positive.
    """
    for rung, count in caps.items():
        if rung not in CAPS:
            known = ", ".join(CAPS)
            raise ArgumentError(f"verify samples: rung must be one of {known}, is {rung!r}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ArgumentError(f"verify samples: {rung} must have at least 1 sample, has {count!r}")
    return {**CAPS, **caps}


@dataclass
class Ladder:
    """The rungs of one build, run on the same samples.

    Args:
        samples: The frames.
        caps: Most frames of each rung.
        imported: Stage Import, or None if the build started later.
        integers: Stage Streamline, or None.
        hardware: The last stage, or None.
        source: Runs the source file on source inputs, or None.
        csim: Runs the C simulation, or None.
        rtl: Runs the RTL simulation, or None.
        device: Runs the driver before the simulated device, or None; may raise UnsupportedError.
        step: Called with each rung; what it returns is entered while the rung runs.
        count: Told the frames that ran of a rung that is a graph.
    """

    samples: Samples
    caps: Mapping[str, int | None]
    imported: Graph | None = None
    integers: Graph | None = None
    hardware: Graph | None = None
    source: Runner | None = None
    csim: Runner | None = None
    rtl: Runner | None = None
    device: Runner | None = None
    step: Callable[[str], AbstractContextManager[None]] = lambda rung: nullcontext()
    count: Count | None = None
    answers: dict[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)
    """Outputs of the rungs that ran, by rung."""

    def run(self) -> list[Row]:
        """All comparisons, in order."""
        rows: list[Row] = []
        if self.imported is not None:
            with self.step("import"):
                rows += self._import(self.imported)
        reference: Graph | None = self.imported
        results: Mapping[str, NDArray[Any]] | None = None
        if self.integers is not None:
            if self.imported is not None:
                with self.step("integer"):
                    row, results = self._integer(self.imported, self.integers)
                rows.append(row)
            reference = self.integers
        if self.hardware is not None and reference is not None:
            with self.step("hardware"):
                row, results = self._hardware(reference, self.hardware, results)
            rows.append(row)
        if self.csim is not None and self.hardware is not None:
            graph = Session(self.hardware).run
            with self.step("csim"):
                row, results = self._simulated(("hardware", "csim"), self.csim, graph, results, exact=True)
            rows.append(row)
            if self.rtl is not None:
                with self.step("rtl"):
                    row, _ = self._simulated(("csim", "rtl"), self.rtl, self.csim, results, exact=True)
                rows.append(row)
            if self.device is not None:
                pair = ("csim", "device")
                with self.step("device"):
                    row, _ = self._simulated(pair, self.device, self.csim, results, exact=False)
                rows.append(row)
        return rows

    def _take(self, *rungs: str) -> tuple[Samples, int | None]:
        """The samples of a comparison, and how many there were if they were capped."""
        count = min([len(self.samples), *(cap for rung in rungs if (cap := self.caps[rung]) is not None)])
        return self.samples.first(count), len(self.samples) if count < len(self.samples) else None

    def _import(self, imported: Graph) -> list[Row]:
        rows = []
        if self.source is not None:
            rows.append(self._source(imported, self.source))
        if self.samples.outputs:
            taken, capped = self._take("import")
            found = Session(imported).run(taken.inputs, self.count)
            mine = {name: found[name] for name in taken.outputs}
            count, first, _ = compare_outputs(mine, taken.outputs, exact=False)
            rows.append(Row("import", "file", len(taken), capped, taken.data, count, 0, first))
        return rows

    def _source(self, imported: Graph, source: Runner) -> Row:
        taken, capped = self._take("source", "import")
        try:
            expected = source(_reals(imported, taken.inputs))
        except ModelError as error:  # the outside executor cannot run it: said, and not counted as equal
            total = len(self.samples)
            return Row("import", "source", 0, total, taken.data, None, None, note=f"not compared: {error}")
        found = Session(imported).run(taken.inputs)
        count, first, _ = compare_outputs(found, expected, exact=False)
        return Row("import", "source", len(taken), capped, taken.data, count, 0, first)

    def _integer(self, imported: Graph, integers: Graph) -> tuple[Row, Mapping[str, NDArray[Any]]]:
        taken, capped = self._take("import", "integer")
        verdict, outputs, expected = compare_integers(imported, integers, taken.inputs, self.count)
        self.answers |= {"import": expected, "integer": outputs}
        note = f"{verdict.elements:,} elements of quantizers compared"
        counts = (verdict.mismatches, verdict.near_ties, verdict.first)
        return Row("integer", "import", len(taken), capped, taken.data, *counts, note=note), outputs

    def _hardware(
        self, reference: Graph, hardware: Graph, results: Mapping[str, NDArray[Any]] | None
    ) -> tuple[Row, Mapping[str, NDArray[Any]]]:
        taken, capped = self._take("integer", "hardware")
        if results is None or len(next(iter(results.values()))) < len(taken):
            results = Session(reference).run(taken.inputs)
        expected = {name: array[: len(taken)] for name, array in results.items()}
        found = Session(hardware).run(taken.inputs, self.count)
        count, first, frames = compare_outputs(found, expected, exact=True)
        if count:
            index = int(np.flatnonzero(frames)[0])
            frame = {name: array[index : index + 1] for name, array in taken.inputs.items()}
            deeper = _first_layer(reference, hardware, frame)
            first = replace(deeper, sample=index) if deeper is not None else first
        self.answers["hardware"] = found
        stage = "integer" if reference is self.integers else "import"
        return Row("hardware", stage, len(taken), capped, taken.data, count, 0, first), found

    def _simulated(
        self,
        rungs: tuple[str, str],
        run: Runner,
        reference: Runner,
        results: Mapping[str, NDArray[Any]] | None,
        *,
        exact: bool,
    ) -> tuple[Row, Mapping[str, NDArray[Any]]]:
        """The later of two rungs against the earlier, of which there may be results."""
        before, rung = rungs
        taken, capped = self._take(before, rung)
        if results is None or len(next(iter(results.values()))) < len(taken):
            results = reference(taken.inputs)
        expected = {name: array[: len(taken)] for name, array in results.items()}
        try:
            found = run(taken.inputs)
        except UnsupportedError as error:  # said, and not counted as equal
            note, total = f"not compared: {error}", len(self.samples)
            return Row(rung, before, 0, total, taken.data, None, None, note=note), expected
        self.answers[rung] = found
        count, first, _ = compare_outputs(found, expected, exact=exact)
        return Row(rung, before, len(taken), capped, taken.data, count, 0, first), found


def _reals(imported: Graph, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What the source file takes for the imported graph's inputs: reals where integers were declared."""
    result = {}
    for value in imported.inputs:
        real = next((n.output for n, i in value.uses if i == 0 and isinstance(n.op, Normalize)), None)
        array = inputs[value.name]
        result[value.name] = (
            array if real is None else Session(cut(imported, [value], [real])).run(array)[real.name]
        )
    return result


def _first_layer(reference: Graph, hardware: Graph, inputs: Mapping[str, NDArray[Any]]) -> Mismatch | None:
    """The first unit of the hardware graph that answers other than the integer graph, on one frame."""
    pairs = [(node, value) for node, _ in units(hardware) if (value := _counterpart(reference, node))]
    theirs = Session(reference, [value.name for _, value in pairs]).run(inputs)
    ours = Session(hardware, [node.output.name for node, _ in pairs]).run(inputs)
    for node, value in pairs:
        found, expected = ours[node.output.name], _like_stream(theirs[value.name], node.output)
        wrong = differing(found, expected, exact=True)
        if wrong.any():
            return first_mismatch(node.name, found, expected, wrong)
    return None


def _like_stream(array: NDArray[Any], stream: Value) -> NDArray[Any]:
    """A value of the integer graph in the order of the stream that carries it."""
    if array.ndim > 2 and len(stream.shape) == 4:
        array = np.moveaxis(array, 1, -1)
    return array.reshape(len(array), *stream.shape[1:])


def _counterpart(reference: Graph, node: Node) -> Value | None:
    """The integer graph's value that a unit of the hardware graph computes."""
    if not isinstance(node.op, MVTU | VVTU | Thresholding):
        return None
    twin = next((other for other in reference.nodes if other.name == node.name), None)
    if twin is None or isinstance(node.op, Thresholding) or node.optional(2) is None:
        return None if twin is None else twin.output
    pending = [twin.output]
    while pending:
        for reader, _ in pending.pop().uses:
            if isinstance(reader.op, Thresholding):
                return reader.output
            pending += reader.outputs
    return None


def untested_quantizers(hardware: Graph, samples: Samples, count: Count | None = None) -> list[str]:
    """Units whose thresholds may move by one, up and down, without any output of the samples changing.

    `count` is told the units probed.
    """
    inputs = samples.inputs
    placed = [
        (node, 1 if isinstance(node.op, Thresholding) else 2)
        for node, _ in units(hardware)
        if isinstance(node.op, MVTU | VVTU | Thresholding)
    ]
    quantizers = [(node, index) for node, index in placed if node.optional(index) is not None]
    if not quantizers:
        return []
    names = [node.input(0).name for node, _ in quantizers]
    watched = Session(hardware, names).run(inputs)
    expected = {value.name: watched[value.name] for value in hardware.outputs}
    untested = []
    for done, (node, index) in enumerate(quantizers, 1):
        feeds = {**inputs, node.input(0).name: watched[node.input(0).name]}
        moved = (_moved(hardware, node, index, move, feeds) for move in (1, -1))
        if not any(compare_outputs(found, expected, exact=True)[0] for found in moved):
            untested.append(node.name)
        if count is not None:
            count(done, len(quantizers))
    return untested


def _moved(
    hardware: Graph, node: Node, index: int, move: int, feeds: Mapping[str, NDArray[Any]]
) -> Mapping[str, NDArray[Any]]:
    """The outputs when a unit's thresholds move, from what it reads and, for other branches, the inputs."""
    part = cut(hardware, [*hardware.inputs, node.input(0)], hardware.outputs)
    twin = part.node(node.name)
    thresholds = twin.input(index)
    moved = part.constant(np.asarray(thresholds.const) + move, name="moved")
    part.set_type(moved, thresholds.type)
    part.set_input(twin, index, moved)
    return Session(part).run(feeds)


def accuracies(samples: Samples, answers: Mapping[str, Mapping[str, NDArray[Any]]]) -> dict[str, float]:
    """Share of frames whose label is the file's, by rung; empty without labels."""
    if samples.labels is None:
        return {}
    result = {}
    for rung, outputs in answers.items():
        output = next(iter(outputs.values()))
        labels = output if output[0].size == 1 else labels_of(output)
        wanted = np.asarray(samples.labels[: len(output)]).reshape(-1)
        result[rung] = float(np.mean(labels.reshape(-1) == wanted))
    return result


def rows_ok(rows: Sequence[Row]) -> bool:
    """Whether no rung that could be compared differs from the one before it."""
    return not any(row.mismatches for row in rows)
