# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX nodes one by one, with samples flowing alongside and a note of every cell touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from .tables import QONNX_DOMAINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

T = TypeVar("T")
ANY = "*"
FORMS = ("power of two", "power of two", "short", "any float", "any float")
"""How scales are drawn, see `numerics.round_scale`."""
IR_VERSIONS = {9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7}
"""The IR version that came with an opset; 8 for later ones."""


class Cell(NamedTuple):
    """One entry of the coverage table; `ANY` where the datatype does not matter."""

    operator: str
    datatype: str
    dialect: str


@dataclass(frozen=True)
class Signal:
    """A tensor of the network being written, without its batch axis.

    Attributes:
        name: Its name in the model.
        shape: Its shape without the batch.
        probe: Samples of it, (samples, elements); approximate, to choose scales and offsets by.
        levels: Every value it can take, if a quantizer or the input declaration limits them.
        is_exact: Whether the float32 sums behind it do not depend on their order. Where they do, what
            follows must not put its thresholds on the lattice of the accumulator.
        bits: Bits of the integers behind it, if it is quantized.
        datatype: Of an image that a quantizer or a declaration has given one.
    """

    name: str
    shape: tuple[int, ...]
    probe: NDArray[np.float64]
    levels: NDArray[np.float32] | None = None
    is_exact: bool = True
    bits: int = 0
    datatype: str = ""

    @property
    def channels(self) -> int:
        """Elements along the first axis after the batch."""
        return self.shape[0]

    def then(self, name: str, probe: Array, **changes: Any) -> Signal:
        """The tensor that follows: levels are forgotten unless given."""
        changes.setdefault("levels", None)
        return replace(self, name=name, probe=np.asarray(probe, np.float64), **changes)


class Builder:
    """Collects the nodes and initializers of one model.

    Args:
        rng: Source of everything that is drawn.
        dialect: One of `tables.DIALECTS`.
        opset: Version of the standard operators.
        naming: `numbered`, `path` (as PyTorch names) or `none` (nodes without names); drawn unless given.
    """

    def __init__(self, rng: np.random.Generator, dialect: str, opset: int, naming: str | None = None) -> None:
        self.rng = rng
        self.dialect = dialect
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.annotations: dict[str, str] = {}
        self.cells: set[Cell] = {Cell(f"opset {opset}", ANY, dialect)}
        self.forms = FORMS
        self.noise = 0.0
        self._naming = naming or self.pick(("numbered", "path", "none"))
        self._count = 0

    def limit_forms(self, bits: int) -> None:
        """Scales of what follows, up to a product of `bits` bits: mostly such that large sums stay exact.

        A sum of many bits with arbitrary scales is rounded by more than the distance of its values that
        matter; few such networks are wanted.
        """
        self.forms = FORMS
        if bits > 10 and not self.chance(0.1):
            self.forms = ("power of two", "short") if bits <= 18 else ("power of two",)

    # -- drawing ----------------------------------------------------------------------------------
    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def cell(self, operator: str, datatype: str = ANY) -> None:
        """Notes that the model contains the operator (or variant) for the datatype."""
        self.cells.add(Cell(operator, datatype, self.dialect))

    def mark(self) -> tuple[int, int, set[Cell]]:
        """Where the model stands, for `rewind`."""
        return len(self.nodes), len(self.initializers), set(self.cells)

    def rewind(self, mark: tuple[int, int, set[Cell]]) -> None:
        """Forgets what was written since the mark; what was drawn stays drawn."""
        nodes, initializers, self.cells = mark[0], mark[1], set(mark[2])
        del self.nodes[nodes:], self.initializers[initializers:]

    # -- writing ----------------------------------------------------------------------------------
    def fresh(self, hint: str) -> str:
        """A name not used before."""
        self._count += 1
        return f"{hint}_{self._count}" if self._naming != "path" else f"/net/{hint}.{self._count}/{hint}"

    def constant(self, value: object, dtype: type[np.generic] = np.float32, hint: str = "param") -> str:
        """A constant tensor: an initializer, or the output of a `Constant` node."""
        array = np.asarray(value, dtype)
        name = self.fresh(hint)
        tensor = numpy_helper.from_array(array, name)
        if self.chance(0.1):
            self._append("Constant", [], [name], {"value": tensor}, "")
        else:
            self.initializers.append(tensor)
        return name

    def node(self, op_type: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Adds a node; attributes that are None are left out. Returns its first output."""
        names = [self.fresh(f"{op_type}_out") for _ in range(outputs)]
        self._append(op_type, list(inputs), names, attributes, domain)
        return names[0]

    def qonnx(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of the dialect's QONNX domain."""
        return self.node(op_type, *inputs, domain=QONNX_DOMAINS[self.dialect][0], **attributes)

    def _append(
        self, op_type: str, inputs: list[str], outputs: list[str], attributes: dict[str, Any], domain: str
    ) -> None:
        name = "" if self._naming == "none" else self.fresh(op_type)
        kept = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(helper.make_node(op_type, inputs, outputs, name, domain=domain, **kept))

    def model(
        self, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto], name: str
    ) -> ModelProto:
        """The finished model."""
        inputs = list(inputs)
        listed = self.opset <= 10 and self.chance(0.6)
        if listed:
            self.cell("initializers among the inputs")
            inputs += [
                helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in self.initializers
            ]
        graph = helper.make_graph(self.nodes, name, inputs, list(outputs), self.initializers)
        self._annotate(graph)
        imports = [helper.make_opsetid("", self.opset)]
        domain, version = QONNX_DOMAINS.get(self.dialect, ("", None))
        if version is not None:
            imports.append(helper.make_opsetid(domain, version))
        return helper.make_model(
            graph,
            opset_imports=imports,
            ir_version=3 if listed else IR_VERSIONS.get(self.opset, 8),
            producer_name="random network",
        )

    def _annotate(self, graph: GraphProto) -> None:
        for tensor, datatype in self.annotations.items():
            annotation = graph.quantization_annotation.add()
            annotation.tensor_name = tensor
            entry = annotation.quant_parameter_tensor_names.add()
            entry.key, entry.value = "finn_datatype", datatype
