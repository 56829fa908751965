# SPDX-License-Identifier: Apache-2.0
"""Whether a recorded block design is of a network: every layer and every FIFO, and nothing more."""

from collections.abc import Iterator

from finnlite.backends.network import OUTSIDE
from finnlite.ir import Graph, Node
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.cost import Memory
from finnlite.ops.fifo import FIFO, storage
from finnlite.ops.unit import Unit
from tests.backends.pynq.recording import Recording
from tests.backends.pynq.wiring import Wanted, Wiring, identity_cell


def cells(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    """Every cell that the network needs, and nothing more."""
    network = wanted.network
    verilog = [k for k, layer in enumerate(network.layers) if is_verilog(layer.node, wanted)]
    hls = {
        **{
            layer.name: f"module:{layer.name}_axis" if k in verilog else f"finnlite:hls:{layer.name}"
            for k, layer in enumerate(network.layers)
        },
        **{
            f"fifo_{s.name}": "module:finnlite_fifo"
            for s in network.streams
            if OUTSIDE not in (s.writer, s.reader) and s.writer not in verilog
        },
    }
    expected = {
        "ps7": "xilinx.com:ip:processing_system7",
        "axi_dma": "xilinx.com:ip:axi_dma",
        "gp0_interconnect": "xilinx.com:ip:axi_interconnect",
        "hp0_interconnect": "xilinx.com:ip:axi_interconnect",
        "reset": "xilinx.com:ip:proc_sys_reset",
        identity_cell(wanted): "xilinx.com:ip:xlconstant",
        **(hls if wanted.backend == "hls" else {"accelerator": "module:finnlite_accelerator"}),
    }
    found = {cell.name: cell.definition for cell in recording.cells.values()}
    for name in sorted({*expected} | {*found}):
        if found.get(name) != expected.get(name):
            yield f"cell {name}: must be {expected.get(name, 'absent')}, is {found.get(name, 'absent')}"


def is_verilog(node: Node, wanted: Wanted) -> bool:
    """Whether a layer is Verilog among others from HLS."""
    return bool({node.name, node.op.op_type} & {*wanted.rtl_layers})


def streams(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    """Every stream of the graph, from the DMA through the layers in order and back, with its FIFO."""
    if wanted.backend == "rtl":
        yield from _accelerator(recording, wiring, wanted)
        return
    names = [layer.name for layer in wanted.network.layers]
    yield from _leads("axi_dma/M_AXIS_MM2S", f"{names[0]}/s0", wiring)
    yield from _leads(f"{names[-1]}/m0", "axi_dma/S_AXIS_S2MM", wiring)
    layers = wanted.network.layers
    for writer, reader, memory in zip(layers[:-1], layers[1:], _chain(wanted.graph), strict=True):
        ends = f"{writer.name}/m0", f"{reader.name}/s0"
        if is_verilog(writer.node, wanted):
            yield from _leads(*ends, wiring)
        else:
            yield from _buffered(*ends, memory, recording, wiring)
    side = next(s for s in wanted.network.streams if s.name == "transfer_last")
    yield from _buffered(f"{names[0]}/m1", f"{names[-1]}/s1", storage(side.depth, 8), recording, wiring)


def _accelerator(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    """From the DMA through the one module and back, and what the processor sees of its status block."""
    yield from _leads("axi_dma/M_AXIS_MM2S", "accelerator/s_axis", wiring)
    yield from _leads("accelerator/m_axis", "axi_dma/S_AXIS_S2MM", wiring)
    module = recording.cells.get("accelerator")
    if module is None:
        return
    if ("s_axi" in module.interfaces) != wanted.status:
        yield f"accelerator: must have {'a' if wanted.status else 'no'} status block"
    if wanted.status:
        yield from _leads("gp0_interconnect/M01_AXI", "accelerator/s_axi", wiring)
        net = wiring.nets.get("accelerator/identity", ())
        if f"{identity_cell(wanted)}/dout" not in net:
            yield f"accelerator/identity: must be that of {identity_cell(wanted)}, is not"


def _chain(graph: Graph) -> list[Memory]:
    """The FIFO after each unit of the graph but the last, read from its nodes."""
    node: Node = next(n for n in graph.nodes if isinstance(n.op, AxiIn))
    found: list[tuple[Node, list[FIFO]]] = [(node, [])]
    while not isinstance(node.op, AxiOut):
        node = node.output.uses[0][0]
        if isinstance(node.op, FIFO):
            found[-1][1].append(node.op)
        else:
            found.append((node, []))
    return [_fifo(writer, fifos) for writer, fifos in found[:-1]]


def _fifo(writer: Node, fifos: list[FIFO]) -> Memory:
    assert isinstance(writer.op, Unit)
    styles = [fifo.memory for fifo in fifos if fifo.memory is not None]
    depth = sum(fifo.depth for fifo in fifos) or 2
    return storage(depth, writer.op.sink(writer).width, styles[0] if styles else None)


def _leads(source: str, sink: str, wiring: Wiring) -> Iterator[str]:
    found = wiring.peer(source)
    if found not in (sink, None):  # what is not connected once is named by another rule
        yield f"{source}: must lead to {sink}, leads to {found}"


def _buffered(source: str, sink: str, memory: Memory, recording: Recording, wiring: Wiring) -> Iterator[str]:
    entry = wiring.peer(source)
    if entry is None:
        return
    fifo = recording.cells[entry.split("/")[0]]
    if fifo.definition != "module:finnlite_fifo":
        yield f"{source}: must lead to a FIFO, leads to {entry}"
        return
    yield from _leads(f"{fifo.name}/m_axis", sink, wiring)
    style = "block" if memory.block else "distributed"
    for name, value in (("DEPTH", memory.depth), ("WIDTH", memory.width), ("RAM_STYLE", style)):
        if fifo.properties[name] != str(value):
            yield f"{fifo.name}: {name} must be {value}, is {fifo.properties[name]}"
