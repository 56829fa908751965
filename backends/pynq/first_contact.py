# SPDX-License-Identifier: Apache-2.0
"""`first_contact`: a folder with which a user tries every unit in the vendor's HLS, and reports back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import finnlite
from finnlite.boards import Board
from finnlite.errors import IRError
from finnlite.ops.unit import Stream
from finnlite.runtime.packing import pack

from ..codes import encode
from ..hls.emit import layer_files
from ..hls.units.code import BEAT
from ..hls.writer import Writer
from .instances import Instance, instances
from .synthesis import library_files, template
from .tcl import setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qonnx.core.datatype import BaseDataType

__all__ = ["Entry", "bench_of", "first_contact_files", "streams_of"]

_FOLDER = "first_contact"
_WORD_BITS = 64
_README = """\
First contact with Vitis HLS: tries one tiny instance of every unit of finnlite in C simulation, synthesis
and co-simulation. In this folder, in a shell with the vendor's settings:

    vitis_hls -f first_contact.tcl                  (Vitis HLS 2022.1 to 2023.2)
    vitis-run --mode hls --tcl first_contact.tcl    (Vitis 2024.1 to 2025.2)

It takes some minutes, carries on after a unit that fails, and writes first_contact_result.txt: send that file
to finnlite's authors, with vitis_hls.log if a unit failed.
"""


class Entry(NamedTuple):
    """A word of a stream; `last` is its TLAST, 0 where there is none."""

    data: int
    last: int = 0


def first_contact_files(board: Board, clock_mhz: float) -> dict[str, bytes]:
    """The files, by their path relative to the Vivado project's folder; the network does not matter.

    Args:
        board: Gives the part.
        clock_mhz: An achievable clock.
    """
    files = library_files()
    for name in ("first_contact.tcl", "report.tcl"):
        files[name] = template(f"hls/{name}")
    files["tb/bench.hpp"] = template("hls/bench.hpp")
    files["README.txt"] = _README.encode()
    units = []
    for unit in _units():
        files |= unit.files
        units.append(f"    {unit.name} {unit.operator} {unit.latency}")
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# What first_contact.tcl tries: unit, operator, latency L that it may have.",
        setting("finnlite_version", finnlite.__version__),
        setting("part", board.part),
        setting("period", f"{1000 / clock_mhz:.3f}"),
        "set units {",
        *units,
        "}",
    ]
    files["units.tcl"] = "\n".join([*lines, ""]).encode()
    return {f"{_FOLDER}/{path}": content for path, content in files.items()}


class _Unit(NamedTuple):
    name: str
    operator: str
    latency: int
    files: Mapping[str, bytes]


@cache
def _units() -> tuple[_Unit, ...]:
    """The units with their code and test benches, which are the same for every board and clock."""
    result = []
    for instance in instances():
        files = {path: text.encode() for path, text in layer_files(instance.layer).items()}
        files[f"tb/{instance.name}.cpp"] = bench_of(instance).encode()
        unit = instance.unit
        result.append(_Unit(instance.name, unit.op_type, unit.latency(instance.node), files))
    return tuple(result)


def streams_of(instance: Instance) -> dict[str, list[Entry]]:
    """What goes into and must come out of each port, frame after frame."""
    unit, node = instance.unit, instance.node
    frames = len(instance.inputs[0])
    last = [index % 2 for index in range(frames)]  # TLAST at the end of every other frame
    sources = zip(instance.inputs, instance.graph.inputs, unit.sources(node), strict=True)
    sinks = zip(instance.outputs, instance.graph.outputs, unit.sinks(node), strict=True)
    carried = {f"s{index}": each for index, each in enumerate(sources)}
    carried |= {f"m{index}": each for index, each in enumerate(sinks)}
    result = {}
    for port in instance.layer.code.ports:
        if port.name not in carried:  # the side stream
            result[port.name] = [Entry(bit) for bit in last]
            continue
        values, value, stream = carried[port.name]
        values = values.reshape(frames, -1)
        if port.ctype == BEAT:
            result[port.name] = _beats(values, value.datatype.name, last)
        else:
            result[port.name] = _words(values, value.datatype, stream)
    return result


def _beats(frames: NDArray[np.int64], datatype: str, last: list[int]) -> list[Entry]:
    beats = pack(frames, datatype).view("<u8")
    end = beats.shape[1] - 1
    return [
        Entry(int(beat), last[frame] if index == end else 0)
        for frame, row in enumerate(beats)
        for index, beat in enumerate(row)
    ]


def _words(frames: NDArray[np.int64], datatype: BaseDataType, stream: Stream) -> list[Entry]:
    """Words of a stream: element 0 in the least significant bits, a partial last word padded with zeros."""
    if stream.width > _WORD_BITS:
        raise IRError(f"a test bench's words must have at most {_WORD_BITS} bits, have {stream.width}")
    bits = int(datatype.bitwidth())
    result = []
    for frame in encode(frames, datatype):
        for start in range(0, len(frame), stream.elems):
            part = frame[start : start + stream.elems]
            result.append(Entry(sum(int(code) << (bits * index) for index, code in enumerate(part))))
    return result


def bench_of(instance: Instance) -> str:
    """C++ that feeds the frames, calls the layer for all their steps, and compares what came out."""
    top, out, streams = instance.name, Writer(), streams_of(instance)
    frames, steps = len(instance.inputs[0]), instance.layer.steps
    out.line("// SPDX-License-Identifier: Apache-2.0")
    out.line(f"// Test bench of {top}: {frames} frames of {steps} steps; status 0 if all words are right.")
    out.lines(f'#include "{top}.hpp"', "", '#include "bench.hpp"', "")
    out.lines("namespace {", "", f"const int STEPS = {frames * steps};")
    for name, entries in streams.items():
        out.line(f"const bench::entry {name.upper()}[] = {{")
        out.lines(*(f"    {{0x{entry.data:x}ULL, {entry.last}}}," for entry in entries))
        out.line("};")
    out.lines("", "}  // namespace", "")
    with out.block("int main()"):
        for port in instance.layer.code.ports:
            close = " >" if port.ctype.endswith(">") else ">"
            out.line(f'hls::stream<{port.ctype}{close} {port.name}("{port.name}");')
        out.lines(*(f"bench::feed({name}, {name.upper()});" for name in streams if name[0] == "s"))
        arguments = ", ".join(port.name for port in instance.layer.code.ports)
        out.line(f"for (int step = 0; step < STEPS; ++step) {top}({arguments});")
        out.line("int wrong = 0;")
        for name in streams:
            if name[0] == "m":
                out.line(f'wrong += bench::check("{name}", {name}, {name.upper()});')
        out.line("return wrong == 0 ? 0 : 1;")
    return out.text
