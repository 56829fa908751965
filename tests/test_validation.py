# SPDX-License-Identifier: Apache-2.0
"""What `Graph.validate` notices, and how `Graph.transform` says which transformation was to blame."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from finnlite.errors import IRError, TransformError, UnsupportedError
from finnlite.ir import Graph, Transform
from finnlite.ops.linear import MatMul
from finnlite.ops.selection import TopK
from tests.small_graphs import diamond


def _reorder(graph: Graph) -> None:
    first, second = graph.node("sigmoid"), graph.node("clip")
    graph.set_input(first, 0, second.output)


def _steal_use(graph: Graph) -> None:
    graph.value("relu_out")._uses.clear()


def _false_use(graph: Graph) -> None:
    graph.value("x")._uses[graph.node("clip"), 5] = None


def _foreign_value(graph: Graph) -> None:
    other = Graph().input("elsewhere", (1, 4))
    graph.set_input(graph.node("relu"), 0, other)


def _foreign_output(graph: Graph) -> None:
    graph.outputs = [Graph().input("elsewhere", (1, 4))]


def _lost_producer(graph: Graph) -> None:
    graph.value("y").producer = graph.node("clip")


def _removed_producer(graph: Graph) -> None:
    add = graph.node("add")
    graph.outputs = []
    y = graph.value("y")
    graph.remove(add)
    graph._values["y"] = y


def _same_node_name(graph: Graph) -> None:
    graph.node("sigmoid").name = "clip"


def _same_value_name(graph: Graph) -> None:
    graph.value("low").name = "x"


def _computed_input(graph: Graph) -> None:
    graph.inputs.append(graph.value("clip_out"))


def _unlinked(graph: Graph) -> None:
    graph._last = graph.node("clip")
    graph.node("clip")._next = None
    graph.outputs = []
    del graph._values["y"]
    for value in ("sigmoid_out", "clip_out"):
        graph.value(value)._uses.clear()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_reorder, "node 'sigmoid': must come after the producer of 'clip_out', does not"),
        (_steal_use, "node 'sigmoid': must be listed as a use of 'relu_out', is not"),
        (_false_use, "value 'x': listed as read by 'clip', which reads another"),
        (_foreign_value, "node 'relu': must come after the producer of 'elsewhere', does not"),
        (_foreign_output, "value 'elsewhere': an input or output must belong to the graph, does not"),
        (_lost_producer, "value 'y': must be output 0 of node 'add'"),
        (_removed_producer, "value 'y': its producer must be in the graph, is not"),
        (_same_node_name, "node 'clip': its name must be unique in the graph, is not"),
        (_same_value_name, "value 'x': its name must be unique in the graph, is not"),
        (_computed_input, "value 'clip_out': an input must be neither computed nor constant, is"),
        (_unlinked, "graph 'diamond': must have 4 nodes in its order, has 3"),
    ],
)
def test_validate_notices_a_broken_structure(damage: Callable[[Graph], None], message: str) -> None:
    graph = diamond()
    damage(graph)
    with pytest.raises(IRError) as error:
        graph.validate(types=False)
    assert str(error.value) == message


def _other_type(**changes: object) -> Callable[[Graph], None]:
    def damage(graph: Graph) -> None:
        graph.value("clip_out").type = graph.value("clip_out").type._replace(**changes)  # type: ignore[arg-type]

    return damage


def _bad_operator(graph: Graph) -> None:
    graph.node("add").op = MatMul()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_other_type(shape=(1, 5)), "node 'clip': output shape must be [1, 4], is [1, 5]"),
        (
            _other_type(datatype=DataType["INT4"]),
            "node 'clip': output datatype must hold FLOAT32, is INT4",
        ),
        (
            _other_type(carrier=np.dtype(np.float64)),
            "node 'clip': output carrier must be float32, is float64",
        ),
        (_bad_operator, "node 'add': MatMul shapes must agree, are [1, 4] and [1, 4]"),
    ],
)
def test_validate_notices_a_wrong_type(damage: Callable[[Graph], None], message: str) -> None:
    graph = diamond()
    damage(graph)
    graph.validate(types=False)
    with pytest.raises(IRError) as error:
        graph.validate()
    assert str(error.value) == message


def test_validate_notices_an_operator_with_another_number_of_outputs() -> None:
    graph = diamond()
    graph.node("clip").op = TopK()
    graph.set_input(graph.node("clip"), 1, graph.constant(np.array([4])))
    with pytest.raises(IRError, match="^node 'clip': must have 2 outputs, has 1$"):
        graph.validate()


# -- transforming -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rename(Transform):
    target: str = "renamed"

    def apply(self, graph: Graph) -> bool:
        graph.rename(graph.value("low"), self.target)
        return True


@dataclass(frozen=True)
class Break(Transform):
    def apply(self, graph: Graph) -> bool:
        graph.value("x")._uses.clear()
        return True


@dataclass(frozen=True)
class Refuse(Transform):
    def apply(self, graph: Graph) -> bool:
        raise UnsupportedError("node 'clip': must be quantized, is not", node="clip", fix="quantize it")


def test_transforms_run_in_order() -> None:
    graph = diamond()
    seen: list[str] = []
    result = graph.transform(Rename("a"), after=lambda transform, _: seen.append(transform.name))
    assert result is graph
    assert seen == ["Rename"]
    assert graph.value("a").const is not None
    assert Rename("a") == Rename("a") != Rename("b")


@pytest.mark.parametrize(
    ("before", "ran"), [((), "nothing ran"), ((Rename("low"), Rename("low")), "Rename, Rename ran")]
)
def test_a_transform_that_breaks_the_graph_is_named_with_those_before_it(
    before: tuple[Transform, ...], ran: str
) -> None:
    with pytest.raises(TransformError) as error:
        diamond().transform(*before, Break())
    assert str(error.value) == (
        f"transformation Break failed: node 'relu': must be listed as a use of 'x', is not; {ran} before it"
    )


def test_a_transform_that_uses_the_graph_wrongly_is_named() -> None:
    with pytest.raises(TransformError) as error:
        diamond().transform(Rename("y"))
    assert str(error.value) == (
        "transformation Rename failed: value 'low': its new name must be free, 'y' is taken; "
        "nothing ran before it"
    )


def test_what_a_transform_tells_the_user_passes_unchanged() -> None:
    with pytest.raises(UnsupportedError) as error:
        diamond().transform(Refuse())
    assert str(error.value) == "node 'clip': must be quantized, is not; quantize it"
    assert (error.value.node, error.value.fix) == ("clip", "quantize it")
