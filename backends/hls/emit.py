# SPDX-License-Identifier: Apache-2.0
"""From a hardware graph to the C++ of an accelerator.

One header, one source and, where there are constants, one data header a layer; the template library they
are made of; and, for the simulation, its headers and a network that calls the layers in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.plan import Plan

from ..naming import comment
from .network import OUTSIDE, Layer, Network, StreamCode, network_of
from .writer import Writer, wrapped

__all__ = ["Options", "emit", "emit_network", "layer_files"]


@dataclass(frozen=True)
class Options:
    """What to emit.

    Args:
        simulation: Also emit what the C simulation needs.
    """

    simulation: bool = True


def emit(graph: Graph, options: Options | None = None) -> Plan:
    """The C++ of a hardware graph (stage SizeStreams), as a plan of files.

    Raises:
        UnsupportedError: If a unit has no HLS code.
        IRError: If the graph is not a hardware graph.
    """
    return Plan(emit_network(network_of(graph), options or Options()))


def emit_network(network: Network, options: Options) -> dict[str, bytes]:
    """The files of `emit`."""
    files = _library("include/finnlite", ".hpp")
    if options.simulation:
        files |= _library("sim", ".hpp", ".cpp") | _library("sim/hls", ".h")
        files["sim/network.cpp"] = _network_source(network).encode()
    for layer in network.layers:
        files |= {path: text.encode() for path, text in layer_files(layer).items()}
    return files


def layer_files(layer: Layer) -> dict[str, str]:
    """Path to text of one layer's own files."""
    files = {f"src/{layer.name}.hpp": _header(layer), f"src/{layer.name}.cpp": _source(layer)}
    if layer.code.constants:
        files[f"src/data/{layer.name}.hpp"] = _data(layer)
    return files


def _library(folder: str, *suffixes: str) -> dict[str, bytes]:
    root: Traversable = resources.files(__package__)
    for part in folder.split("/"):
        root = root / part
    return {
        f"{folder}/{entry.name}": entry.read_bytes()
        for entry in sorted(root.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(suffixes)
    }


def _title(layer: Layer) -> str:
    return f'// {layer.name}, node "{comment(layer.node.name)}": {layer.code.title}.'


def _signature(layer: Layer, function: str, tail: str, *more: str) -> list[str]:
    streams = [f"hls::stream<{port.ctype}{_close(port.ctype)}& {port.name}" for port in layer.code.ports]
    return wrapped(f"void {function}(", [*streams, *more], tail)


def _close(ctype: str) -> str:
    return " >" if ctype.endswith(">") else ">"


def _guard(name: str) -> str:
    return f"FINNLITE_{name.upper()}_HPP"


def _header(layer: Layer) -> str:
    name, out = layer.name, Writer()
    out.line(_title(layer))
    out.lines(f"#ifndef {_guard(name)}", f"#define {_guard(name)}", "")
    out.lines(f'#include "finnlite/{layer.code.header or layer.code.template}.hpp"', "")
    with out.block(f"struct {name}_shape", "};"):
        for key, value in layer.code.shape:
            is_type = value.startswith("finnlite::")
            out.line(f"typedef {value} {key};" if is_type else f"static const int {key} = {value};")
    out.line(f"typedef finnlite::{layer.code.template}<{name}_shape> {name}_unit;")
    out.lines(f"typedef {name}_unit::state {name}_state;", "")
    out.line(f"/// One of the {layer.steps} steps of a frame.")
    out.lines(*_signature(layer, f"{name}_step", ");", f"{name}_state& state"), "")
    out.line("/// The layer in hardware: one step a call, the state its own.")
    out.lines(*_signature(layer, name, ");"), "", "#endif")
    return out.text


def _data(layer: Layer) -> str:
    guard = _guard(f"{layer.name}_data")
    return "\n".join(
        [
            _title(layer),
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            '#include "ap_int.h"',
            "",
            layer.code.constants.strip("\n"),
            "",
            "#endif",
            "",
        ]
    )


def _source(layer: Layer) -> str:
    name, code, out = layer.name, layer.code, Writer()
    out.lines(_title(layer), f'#include "{name}.hpp"', "")
    if code.constants:
        out.lines(f'#include "data/{name}.hpp"', "")
    if code.activation:
        _activation(layer, out)
    ports = [port.name for port in code.ports]
    kind = f"<{code.activation_type or f'{name}_activation'}>" if _has_activation(layer) else ""
    out.lines(*_signature(layer, f"{name}_step", ") {", f"{name}_state& state"))
    with out.indent():
        out.line("#pragma HLS inline")
        call = wrapped(f"{name}_unit::step{kind}(", [*ports, "state", *code.arguments], ");")
        out.lines(*(code.body or call))
    out.lines("}", "")
    out.lines(*_signature(layer, name, ") {"))
    with out.indent():
        out.lines(*(f"#pragma HLS interface axis port={port}" for port in ports))
        out.line("#pragma HLS interface ap_ctrl_none port=return")
        out.line("#pragma HLS pipeline II=1 style=flp")
        out.line(f"static {name}_state state;")
        out.lines(*(f"#pragma HLS reset variable=state.{member}" for member in code.scalars))
        out.lines(*(f"#pragma HLS reset variable=state.{member} off" for member in code.arrays))
        out.lines(*(f"#pragma HLS {pragma}" for pragma in code.pragmas))
        out.line(f"{name}_step({', '.join([*ports, 'state'])});")
    out.line("}")
    return out.text


def _has_activation(layer: Layer) -> bool:
    return bool(layer.code.activation or layer.code.activation_type)


def _activation(layer: Layer, out: Writer) -> None:
    out.lines("namespace {", "")
    with out.block(f"struct {layer.name}_activation", "};"):
        out.line("template <typename SUM>")
        code = f"ap_uint<{layer.name}_shape::output::BITS>"
        with out.block(f"static {code} apply(const SUM& sum, int pe, int nf)"):
            out.line("#pragma HLS inline")
            out.lines(*layer.code.activation)
    out.lines("", "}  // namespace", "")


def _network_source(network: Network) -> str:
    out = Writer()
    out.line("// The network for C simulation: layers, the streams between them, and their order.")
    out.lines('#include "harness.hpp"', "")
    out.lines('#include "finnlite/axi.hpp"')
    out.lines(*(f'#include "{layer.name}.hpp"' for layer in network.layers), "")
    out.lines("namespace {", "")
    with out.block("struct network", "};"):
        _members(network, out)
        _constructor(network, out)
        _visitor(network, out)
        _layer_table(network, out)
    out.lines("", "}  // namespace", "")
    with out.block("std::unique_ptr<finnlite_sim::session> finnlite_sim::make_session()"):
        out.line("return std::unique_ptr<session>(new network_session<network>());")
    return out.text


def _members(network: Network, out: Writer) -> None:
    out.line("typedef finnlite::beat beat;")
    out.line(f"static const std::size_t INPUT_BEATS = {network.input_beats};")
    out.line(f"static const std::size_t OUTPUT_BEATS = {network.output_beats};")
    out.lines(f"static const int LAYERS = {len(network.layers)};", "")
    for stream in network.streams:
        out.line(f"hls::stream<{stream.ctype}{_close(stream.ctype)} {stream.name};")
    for layer in network.layers:
        out.line(f"{layer.name}_state {layer.name};")
    out.line()


def _constructor(network: Network, out: Writer) -> None:
    # What a reset does not clear keeps what memory held: the vendor's integers start with anything.
    members = [f'{stream.name}("{stream.name}")' for stream in network.streams]
    members += [f"{layer.name}()" for layer in network.layers]
    out.line("network()")
    with out.indent(), out.indent():
        for index, member in enumerate(members):
            end = " {}" if index == len(members) - 1 else ","
            out.line(f"{':' if index == 0 else ' '} {member}{end}")
    out.line()


def _visitor(network: Network, out: Writer) -> None:
    out.line("template <typename VISITOR>")
    with out.block("void visit_streams(VISITOR& visit)"):
        for stream in network.streams:
            writer, reader = (
                "finnlite_sim::NO_LAYER" if end == OUTSIDE else str(end)
                for end in (stream.writer, stream.reader)
            )
            out.line(f"visit({stream.name}, {writer}, {reader}, {stream.depth});")
    out.line()


def _layer_table(network: Network, out: Writer) -> None:
    with out.block("static finnlite_sim::layer<network> layer(int index)"):
        with out.block("static const finnlite_sim::layer<network> layers[] =", "};"):
            for index, layer in enumerate(network.layers):
                streams = [f"n.{_stream_at(network, index, port.name).name}" for port in layer.code.ports]
                with out.block(f"{{{layer.steps}, [](network& n)", "}},"):
                    out.lines(*wrapped(f"{layer.name}_step(", [*streams, f"n.{layer.name}"], ");"))
        out.line("return layers[index];")


def _stream_at(network: Network, index: int, port: str) -> StreamCode:
    """The stream at a port of layer `index`; s ports read, m ports write."""
    for stream in network.streams:
        if (stream.reader, stream.reader_port) == (index, port) and port.startswith("s"):
            return stream
        if (stream.writer, stream.writer_port) == (index, port) and port.startswith("m"):
            return stream
    raise IRError(f"layer {index}: must have a stream at port {port}, has none")
