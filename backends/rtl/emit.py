# SPDX-License-Identifier: Apache-2.0
"""From a hardware graph to the Verilog of an accelerator.

The library's cells (`lib/`), a module a layer with its memories of constants (`src/`, `data/`), and the flat
top that joins them by streams. Memories are read by the bare names of their files: tools run in `data/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.ops.fifo import storage
from finnlite.plan import Plan

from ..naming import comment
from ..network import OUTSIDE, Kind, Layer, Network, Stream, network_of
from .border import attributes, border, monitor_ports, status_lines
from .units import LayerCode, layer_code
from .writer import instance, module_head, wire

__all__ = [
    "TOP",
    "Options",
    "code_of",
    "emit",
    "emit_network",
    "layer_source",
    "ports",
    "sources",
    "stream_depth",
    "stream_parameters",
]

TOP = "finnlite_accelerator"
"""The top module."""
_HEAD = ["// SPDX-License-Identifier: Apache-2.0", "`default_nettype none", ""]
_TAIL = ["", "`default_nettype wire", ""]
_BEAT = 65
"""A beat and its TLAST."""


@dataclass(frozen=True)
class Options:
    """What to emit.

    Args:
        steps: Give the top a port `steps`: a bit a layer, whether it makes a step.
        monitors: Give every stream a `finnlite_monitor`, and the top the ports that read them; and
            `stream_valid`, `stream_ready`: a bit a stream, whether it has a word, whether it has room.
        status: Give the top a `finnlite_status`, whose registers a processor reads: the monitors, read by
            these instead of ports.

    Raises:
        IRError: If both ports and registers are to read the monitors.
    """

    steps: bool = False
    monitors: bool = False
    status: bool = False

    def __post_init__(self) -> None:
        """Checks that the monitors have one reader."""
        if self.monitors and self.status:
            raise IRError("RTL options: the monitors must be read by ports or by registers, are by both")


def emit(graph: Graph, options: Options | None = None) -> Plan:
    """The Verilog of a hardware graph (stage SizeStreams), as a plan of files.

    Raises:
        UnsupportedError: If a unit has no RTL code.
        IRError: If the graph is not a hardware graph.
    """
    return Plan(emit_network(network_of(graph), options or Options()))


def emit_network(network: Network, options: Options) -> dict[str, bytes]:
    """The files of `emit`."""
    files = {f"lib/{name}": text for name, text in library().items()}
    codes = [code_of(layer) for layer in network.layers]
    for layer, code in zip(network.layers, codes, strict=True):
        files[f"src/{layer.name}.v"] = layer_source(layer, code).encode()
        files |= {f"data/{name}": content for name, content in code.memories.items()}
    files[f"src/{TOP}.v"] = _top(network, codes, options).encode()
    return files


def library() -> dict[str, bytes]:
    """File name to text of every cell."""
    root = resources.files(__package__) / "lib"
    cells = (entry for entry in root.iterdir() if entry.name.endswith(".v"))
    return {entry.name: entry.read_bytes() for entry in sorted(cells, key=lambda e: e.name)}


def sources(files: dict[str, bytes]) -> list[str]:
    """The Verilog among the files, the top last."""
    return [path for path in files if path.endswith(".v")]


def ports(layer: Layer) -> list[tuple[str, int]]:
    """(port, width) of a layer's streams."""
    reads = [stream.width for stream in layer.unit.sources(layer.node)]
    writes = [stream.width for stream in layer.unit.sinks(layer.node)]
    first, last = layer.node.op.op_type == "AxiIn", layer.node.op.op_type == "AxiOut"
    reads, writes = ([_BEAT] if first else reads), ([_BEAT] if last else writes)
    side = [1]  # TLAST of the frame, past all that is between the borders
    return [
        *((f"s{index}", width) for index, width in enumerate(reads + side * last)),
        *((f"m{index}", width) for index, width in enumerate(writes + side * first)),
    ]


def layer_source(layer: Layer, code: LayerCode) -> str:
    """The module of a layer."""
    heads = [("input", 1, "aclk"), ("input", 1, "aresetn"), ("output", 1, "step")]
    nets = [(net, net) for _, _, net in heads]
    for port, width in ports(layer):
        ways = ("input", "output") if port.startswith("s") else ("output", "input")
        signals = [(ways[0], width, "data"), (ways[0], 1, "valid"), (ways[1], 1, "ready")]
        heads += [(way, bits, f"{port}_{signal}") for way, bits, signal in signals]
    title = f'/// {layer.name}, node "{comment(layer.node.name)}": {code.title}.'
    nets += _streams([port for port, _ in ports(layer)], code.packed)
    connections = {**dict(nets), **dict(code.connections)}
    body = [*code.body, *instance(code.cell, "unit", code.parameters, connections.items())]
    inside = ["  " + line if line else "" for line in body]
    lines = [*_HEAD, title, *module_head(layer.name, heads), "", *inside, "", "endmodule", *_TAIL]
    return "\n".join(lines)


def _streams(names: list[str], packed: str) -> list[tuple[str, str]]:
    """The cell's ports of streams and their nets; of a side that is packed one vector, stream 0 last."""
    nets = []
    for signal in ("data", "valid", "ready"):
        for side in packed:
            mine = ", ".join(f"{name}_{signal}" for name in reversed(names) if name.startswith(side))
            nets.append((f"{side}_{signal}", f"{{{mine}}}"))
    single = [name for name in names if name[0] not in packed]
    return [*((f"{name}_{s}", f"{name}_{s}") for name in single for s in ("data", "valid", "ready")), *nets]


def code_of(layer: Layer) -> LayerCode:
    """What a layer's unit contributes.

    Raises:
        UnsupportedError: If the unit has no RTL code.
        IRError: If the code does not fit the model of time.
    """
    try:
        code = layer_code(layer.node, layer.name)
    except IRError as error:
        text = str(error)
        raise IRError(text if text.startswith("node ") else f"node {layer.node.name!r}: {text}") from error
    latency = layer.unit.latency(layer.node)
    if not 0 <= code.pipe <= latency:
        raise IRError(
            f"node {layer.node.name!r}: its pipeline must have at most {latency} stages, the latency in the "
            f"model of time, has {code.pipe}"
        )
    return code


def _top(network: Network, codes: list[LayerCode], options: Options) -> str:
    count = len(network.layers)
    heads = [*border(status=options.status), *([("output", count, "steps")] if options.steps else [])]
    inside: list[str] = [] if options.steps else _unread(wire(count, "steps"))
    if options.monitors:
        heads += monitor_ports(network)
    if options.status:
        inside += [wire(width, name) for _, width, name in monitor_ports(network)]
    for index, stream in enumerate(network.streams):
        inside += ["", *_stream(network, stream, codes)]
        inside += _monitor(stream, index) if options.monitors or options.status else []
    if options.monitors or options.status:
        inside += ["", f"assign monitor_data = monitor_{len(network.streams) - 1};"]
    if options.status:
        inside += ["", *status_lines(network)]
    for index, layer in enumerate(network.layers):
        nets = [("aclk", "aclk"), ("aresetn", "aresetn"), ("step", f"steps[{index}]")]
        for port, _ in ports(layer):
            stream = _at(network, index, port)
            end = "read" if port.startswith("s") else "write"
            nets += [(f"{port}_{s}", f"{stream.name}_{end}_{s}") for s in ("data", "valid", "ready")]
        inside += ["", *instance(layer.name, f"{layer.name}_i", [], nets)]
    registers = "A processor can ask it how it is" if options.status else "It has no registers"
    title = [
        f"/// The accelerator: {count} layers, from AXI4-Stream to AXI4-Stream, TLAST once a transfer.",
        f"/// {registers}; every frame ends with a whole beat.",
    ]
    head = module_head(TOP, heads, attributes(status=options.status))
    lines = [*_HEAD, *title, *head, "", *("  " + t if t else "" for t in inside)]
    return "\n".join([*lines, "", "endmodule", *_TAIL])


def _unread(line: str) -> list[str]:
    """A declaration of what nothing reads."""
    return ["// verilator lint_off UNUSED", line, "// verilator lint_on UNUSED"]


def _stream(network: Network, stream: Stream, codes: list[LayerCode]) -> list[str]:
    """The nets of a stream and its FIFO; nothing stands between the DMA and AxiIn."""
    name = stream.name
    width = _BEAT if stream.kind is Kind.BEAT else stream.width
    if stream.writer == OUTSIDE:
        return [
            *_nets(name, "read", width),
            f"assign {name}_read_data = {{s_axis_tlast, s_axis_tdata}};",
            f"assign {name}_read_valid = s_axis_tvalid;",
            f"assign s_axis_tready = {name}_read_ready;",
        ]
    parameters = stream_parameters(network, stream, codes[stream.writer])
    nets = [("aclk", "aclk"), ("aresetn", "aresetn")]
    for side, end in (("s", "write"), ("m", "read")):
        nets += [(f"{side}_{s}", f"{name}_{end}_{s}") for s in ("data", "valid", "ready")]
    lines = [*_nets(name, "write", width), *_nets(name, "read", width)]
    if stream.reader == OUTSIDE:
        lines += [
            f"assign {{m_axis_tlast, m_axis_tdata}} = {name}_read_data;",
            f"assign m_axis_tvalid = {name}_read_valid;",
            f"assign {name}_read_ready = m_axis_tready;",
            "assign m_axis_tkeep = 8'hff;",
        ]
    return [*lines, *instance("finnlite_stream", f"{name}_fifo", parameters, nets)]


def _monitor(stream: Stream, index: int) -> list[str]:
    """What counts a stream's words and waits; monitors are read through one another."""
    name = stream.name
    writes, reads = ("read" if stream.writer == OUTSIDE else "write"), "read"
    nets = [("aclk", "aclk"), ("aresetn", "aresetn"), ("index", "monitor_index")]
    nets += [(f"s_{s}", f"{name}_{writes}_{s}") for s in ("valid", "ready")]
    nets += [(f"m_{s}", f"{name}_{reads}_{s}") for s in ("valid", "ready")]
    nets += [("previous", f"monitor_{index - 1}" if index else "32'd0"), ("data", f"monitor_{index}")]
    return [
        f"assign stream_valid[{index}] = {name}_{reads}_valid;",
        f"assign stream_ready[{index}] = {name}_{writes}_ready;",
        wire(32, f"monitor_{index}"),
        *instance("finnlite_monitor", f"{name}_monitor", [("INDEX", index)], nets),
    ]


def stream_depth(network: Network, stream: Stream) -> int:
    """Words that a stream's FIFO holds; 0 where there is none."""
    if stream.writer == OUTSIDE:
        return 0
    if stream.reader != OUTSIDE:
        return stream.depth
    last = network.layers[stream.writer]
    return last.unit.latency(last.node) + 2  # what full rate takes


def stream_parameters(network: Network, stream: Stream, code: LayerCode) -> list[tuple[str, int | str]]:
    """Parameters of the `finnlite_stream` of a stream whose writer has some code."""
    width = _BEAT if stream.kind is Kind.BEAT else stream.width
    writer = network.layers[stream.writer]
    depth = stream_depth(network, stream)
    return [
        ("WIDTH", width),
        ("DEPTH", depth),
        ("PIPE", code.pipe),
        ("LATENCY", writer.unit.latency(writer.node)),
        ("RAM_STYLE", "block" if storage(depth, width, stream.memory).block else "distributed"),
    ]


def _nets(name: str, end: str, width: int) -> list[str]:
    return [wire(width, f"{name}_{end}_data"), wire(1, f"{name}_{end}_valid"), wire(1, f"{name}_{end}_ready")]


def _at(network: Network, index: int, port: str) -> Stream:
    """The stream at a port of layer `index`."""
    for stream in network.streams:
        if (index, port) in ((stream.reader, stream.reader_port), (stream.writer, stream.writer_port)):
            return stream
    raise IRError(f"node {network.layers[index].node.name!r}: must have a stream at {port}, has none")
