# SPDX-License-Identifier: Apache-2.0
"""The network with its C++: every layer its code, every stream its type."""

from __future__ import annotations

from dataclasses import dataclass

from finnlite.errors import IRError
from finnlite.ir import Graph

from .. import network
from ..network import OUTSIDE, Kind
from .units import LayerCode, layer_code
from .units.code import BEAT, LAST

__all__ = ["OUTSIDE", "Layer", "Network", "StreamCode", "network_of"]


@dataclass(frozen=True)
class Layer(network.Layer):
    """A unit with its identifier and its code."""

    code: LayerCode


@dataclass(frozen=True)
class StreamCode(network.Stream):
    """A stream with its C++ type."""

    @property
    def ctype(self) -> str:
        """What a word is."""
        return {Kind.BEAT: BEAT, Kind.LAST: LAST}.get(self.kind, f"ap_uint<{self.width}>")


@dataclass(frozen=True)
class Network(network.Network):
    """What is emitted."""

    layers: tuple[Layer, ...]
    streams: tuple[StreamCode, ...]


def network_of(graph: Graph) -> Network:
    """The units from AxiIn to AxiOut, with their code.

    Raises:
        UnsupportedError: If a unit has no HLS code, or a stream has more readers than one.
        IRError: If the borders are missing or two units disagree about the stream between them.
    """
    plain = network.network_of(graph)
    fields = vars(plain)
    layers = tuple(_layer(layer) for layer in plain.layers)
    return Network(
        **{**fields, "layers": layers, "streams": tuple(StreamCode(**vars(s)) for s in plain.streams)}
    )


def _layer(layer: network.Layer) -> Layer:
    node = layer.node
    try:
        return Layer(node, layer.unit, layer.name, layer_code(node, layer.name))
    except IRError as error:
        text = str(error)
        raise IRError(text if text.startswith("node ") else f"node {node.name!r}: {text}") from error
