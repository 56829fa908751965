# SPDX-License-Identifier: Apache-2.0
"""A single layer between AXI4-Streams: its module with the FIFOs behind it, to stand among layers from HLS.

TDATA is of whole bytes, as everywhere between IP: the bits above a word are zeros. The FIFOs are those of the
network, so that the layer's steps and words have the times of the model.
"""

from __future__ import annotations

from finnlite.errors import IRError

from ..network import OUTSIDE, Kind, Layer, Network, Stream
from .border import clock_and_reset, info
from .emit import code_of, layer_source, ports, stream_parameters
from .units import LayerCode
from .writer import instance, module_head, wire

__all__ = ["axis_files", "axis_name"]

_BYTE = 8
_HEAD = [
    "// SPDX-License-Identifier: Apache-2.0",
    "`default_nettype none",
    "",
    "// verilator lint_off UNUSED",
]
_TAIL = ["", "endmodule", "", "// verilator lint_on UNUSED", "", "`default_nettype wire", ""]


def axis_name(layer: Layer) -> str:
    """The module around a layer."""
    return f"{layer.name}_axis"


def axis_files(network: Network, index: int) -> dict[str, bytes]:
    """Verilog and memories of a layer and of the module around it, by file name; without the library.

    Args:
        network: The network.
        index: Of the layer.

    Raises:
        UnsupportedError: If the layer's unit has no RTL code.
        IRError: If it is a border, whose streams carry more than words.
    """
    layer = network.layers[index]
    streams = [s for s in network.streams if index in (s.writer, s.reader)]
    if any(s.kind is not Kind.WORD or OUTSIDE in (s.writer, s.reader) for s in streams):
        raise IRError(f"node {layer.node.name!r}: must be between the borders, is {layer.unit.op_type}")
    code = code_of(layer)
    return {
        f"{layer.name}.v": layer_source(layer, code).encode(),
        f"{axis_name(layer)}.v": _module(network, index, code).encode(),
        **code.memories,
    }


def _module(network: Network, index: int, code: LayerCode) -> str:
    layer = network.layers[index]
    written = {s.writer_port: s for s in network.streams if s.writer == index}
    heads = [("input", 1, "aclk"), ("input", 1, "aresetn")]
    attributes = clock_and_reset(port for port, _ in ports(layer))
    inside = [wire(1, "step")]
    nets = [(net, net) for net in ("aclk", "aresetn", "step")]
    for port, width in ports(layer):
        source = port.startswith("s")
        ways = ("input", "output") if source else ("output", "input")
        mine = [(ways[0], _padded(width), "tdata"), (ways[0], 1, "tvalid"), (ways[1], 1, "tready")]
        for way, bits, signal in mine:
            heads.append((way, bits, f"{port}_{signal}"))
            attributes[f"{port}_{signal}"] = [info("interface:axis", f"{port} {signal.upper()}")]
        nets += [(f"{port}_{signal}", _net(port, signal, width)) for signal in ("data", "valid", "ready")]
        if not source:
            inside += ["", *_fifo(network, written[port], code, width)]
    title = [
        f"/// {layer.name} between AXI4-Streams, with the FIFOs behind it.",
        "/// It does not look at the bits of TDATA above a word.",
    ]
    head = module_head(axis_name(layer), heads, attributes)
    body = [*inside, "", *instance(layer.name, "layer", [], nets)]
    lines = [*_HEAD, *title, *head, "", *("  " + line if line else "" for line in body), *_TAIL]
    return "\n".join(lines)


def _padded(width: int) -> int:
    return -(-width // _BYTE) * _BYTE


def _net(port: str, signal: str, width: int) -> str:
    """What a port of the layer is connected to."""
    if not port.startswith("s"):
        return f"{port}_{signal}"
    return f"{port}_tdata[{width - 1}:0]" if signal == "data" else f"{port}_t{signal}"


def _fifo(network: Network, stream: Stream, code: LayerCode, width: int) -> list[str]:
    port = stream.writer_port
    rest = _padded(width) - width
    first, word = (f"{port}_{name}" for name in ("data", "word"))
    nets = [("aclk", "aclk"), ("aresetn", "aresetn"), ("s_data", first)]
    nets += [(f"s_{signal}", f"{port}_{signal}") for signal in ("valid", "ready")]
    nets += [("m_data", word), ("m_valid", f"{port}_tvalid"), ("m_ready", f"{port}_tready")]
    padded = f"{{{rest}'d0, {word}}}" if rest else word
    return [
        wire(width, first),
        *(wire(1, f"{port}_{signal}") for signal in ("valid", "ready")),
        wire(width, word),
        f"assign {port}_tdata = {padded};",
        *instance("finnlite_stream", f"{port}_fifo", stream_parameters(network, stream, code), nets),
    ]
