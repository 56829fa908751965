# SPDX-License-Identifier: Apache-2.0
"""A layer with its FIFOs between AXI4-Streams, put into the accelerator in the place of both."""

import re
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.network import Network, network_of
from finnlite.backends.rtl import emit
from finnlite.backends.rtl.axis import axis_files, axis_name
from finnlite.backends.rtl.emit import TOP, Options, ports
from finnlite.errors import IRError
from finnlite.ir import Graph
from finnlite.transforms.streams import SizeStreams
from tests.backends.small import network as products
from tests.rtl import bench
from tests.rtl.linting import assert_clean
from tests.rtl.test_status import pooled, residual


def small() -> Graph:
    """Thresholds, products and converters; words of one bit and of 13."""
    return products().transform(SizeStreams())


GRAPHS = {"small": small, "pooled": pooled, "residual": residual}


def padded(width: int) -> int:
    return -(-width // 8) * 8


def replaced(net: Network, index: int, options: Options) -> dict[str, bytes]:
    """The accelerator with the module between AXI4-Streams in the place of a layer and its FIFOs."""
    files = dict(emit.emit_network(net, options))
    layer = net.layers[index]
    text = files[f"src/{TOP}.v"].decode()
    gone = [
        f"{layer.name} {layer.name}_i",
        *(rf"finnlite_stream #\((?:[^;]*?)\) {s.name}_fifo" for s in net.streams if s.writer == index),
    ]
    for pattern in gone:
        text, count = re.subn(rf"^  {pattern} \([^;]*\);\n", "", text, flags=re.MULTILINE)
        assert count == 1, pattern
    nets = [("aclk", "aclk"), ("aresetn", "aresetn")]
    lines = []
    for port, width in ports(layer):
        stream = next(
            s for s in net.streams if (index, port) in ((s.writer, s.writer_port), (s.reader, s.reader_port))
        )
        name = f"{stream.name}_read"
        data = f"{stream.name}_axis"
        lines.append(f"wire [{padded(width) - 1}:0] {data};")
        if port.startswith("s"):
            ones = padded(width) - width  # what is above a word must not matter
            word = f"{{{{{ones}{{1'b1}}}}, {name}_data}}" if ones else f"{name}_data"
            lines.append(f"assign {data} = {word};")
        else:
            lines.append(f"assign {name}_data = {data}[{width - 1}:0];")
            lines.append(f"assign {stream.name}_write_valid = {axis_name(layer)}_i.{port}_valid;")
        nets += [
            (f"{port}_tdata", data),
            (f"{port}_tvalid", f"{name}_valid"),
            (f"{port}_tready", f"{name}_ready"),
        ]
    connections = ", ".join(f".{port}({net})" for port, net in nets)
    lines += [
        f"{axis_name(layer)} {axis_name(layer)}_i ({connections});",
        f"assign steps[{index}] = {axis_name(layer)}_i.step;",
    ]
    text = text.replace("\nendmodule\n", "\n" + "\n".join(lines) + "\nendmodule\n")
    files |= {f"src/{n}": t for n, t in axis_files(net, index).items() if n.endswith(".v")}
    return {**files, f"src/{TOP}.v": text.encode()}


def cases() -> list[tuple[str, int]]:
    return [(name, k) for name, make in GRAPHS.items() for k in range(1, len(network_of(make()).layers) - 1)]


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize(("name", "index"), cases())
def test_it_steps_when_the_layer_would(
    name: str, index: int, stall: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = GRAPHS[name]()
    monkeypatch.setattr(bench, "emit_network", lambda net, options: replaced(net, index, options))
    x = graph.inputs[0]
    low, high = int(x.datatype.min()), int(x.datatype.max())
    frames = np.random.default_rng(index).integers(low, high + 1, (3, *x.shape[1:]))
    bench.assert_equal(graph, frames, tmp_path, idle=stall, stall=stall)


@pytest.mark.parametrize(("name", "index"), cases())
def test_its_verilog_is_clean(name: str, index: int, tmp_path: Path) -> None:
    net = network_of(GRAPHS[name]())
    files = {f"lib/{cell}": text for cell, text in emit.library().items()}
    files |= {f"src/{file}": text for file, text in axis_files(net, index).items()}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert_clean(tmp_path, axis_name(net.layers[index]))


def test_a_border_is_refused() -> None:
    net = network_of(pooled())
    with pytest.raises(IRError) as error:
        axis_files(net, 0)
    assert str(error.value) == "node 'AxiIn_0': must be between the borders, is AxiIn"
