# SPDX-License-Identifier: Apache-2.0
"""finnlite's own operators for QONNX: the module whose path is their ONNX domain.

QONNX imports the module a domain names and looks for the class an operator type names, so a stage file
runs in `qonnx.core.onnx_exec` in a process that never heard of finnlite. The classes are made when they
are asked for; all of them run the operator's expansion.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from onnx import TensorProto, helper
from qonnx.custom_op.base import CustomOp

from finnlite.execution import Session
from finnlite.ir import OWN_DOMAIN, Op
from finnlite.ops import OPERATORS
from finnlite.serde import attribute_kinds, extract

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto
    from qonnx.core.modelwrapper import ModelWrapper

__all__ = [op_type for domain, op_type in OPERATORS if domain == OWN_DOMAIN]

_DEFAULTS: dict[str, Any] = {"i": 0, "s": "", "ints": [], "strings": [], "t": None}


class _FinnliteOp(CustomOp):  # type: ignore[misc]  # QONNX has no types
    """A finnlite operator as QONNX sees it."""

    operator: type[Op]

    def get_nodeattr_types(self) -> dict[str, tuple[str, bool, Any]]:
        """QONNX's description of the attributes."""
        kinds = attribute_kinds(self.operator)
        return {name: (kind, required, _DEFAULTS[kind]) for name, (kind, required) in kinds.items()}

    def make_shape_compatible_op(self, model: ModelWrapper) -> NodeProto:
        """A constant of the output's shape; a choice between constants where there are several outputs."""
        outputs = extract(self.onnx_node, model.graph).outputs
        if len(outputs) == 1:
            node: NodeProto = self.make_const_shape_op(outputs[0].shape)
            return node
        infos = [helper.make_tensor_value_info(v.name, TensorProto.FLOAT, v.shape) for v in outputs]
        branch = helper.make_graph([], "outputs", [], infos)
        names = [self.onnx_node.input[0]], [value.name for value in outputs]
        return helper.make_node("If", *names, then_branch=branch, else_branch=branch)

    def infer_node_datatype(self, model: ModelWrapper) -> None:
        """Annotates the outputs with the datatypes that the operator infers."""
        for value in extract(self.onnx_node, model.graph).outputs:
            model.set_tensor_datatype(value.name, value.datatype)

    def execute_node(self, context: dict[str, NDArray[Any]], graph: GraphProto) -> None:
        """Runs the expansion in onnxruntime."""
        alone = extract(self.onnx_node, graph)
        feeds = {value.name: context[value.name] for value in alone.inputs}
        context.update(Session(alone, threads=1).run(feeds))

    def verify_node(self) -> list[str]:
        """Nothing to say that reading the node does not."""
        return []


@cache
def _custom_op(op_type: str) -> type[_FinnliteOp]:
    operator = OPERATORS[OWN_DOMAIN, op_type]
    return type(op_type, (_FinnliteOp,), {"__doc__": operator.__doc__, "operator": operator})


def __getattr__(name: str) -> type[_FinnliteOp]:
    """The custom operator of an operator type."""
    if name in __all__:
        return _custom_op(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
