# SPDX-License-Identifier: Apache-2.0
"""The ports of the accelerator's top, with what Vivado has to know of them, and its status block."""

from __future__ import annotations

from collections.abc import Iterable

from finnlite.errors import UnsupportedError
from finnlite.runtime.status import MAX_STREAMS

from ..network import Kind, Network
from .writer import instance

__all__ = ["PortList", "attributes", "border", "clock_and_reset", "info", "monitor_ports", "status_lines"]

PortList = list[tuple[str, int, str]]
"""Direction, width and name of ports."""

_AXIS = [
    ("input", 64, "s_axis_tdata"),
    ("input", 1, "s_axis_tlast"),
    ("input", 1, "s_axis_tvalid"),
    ("output", 1, "s_axis_tready"),
    ("output", 64, "m_axis_tdata"),
    ("output", 8, "m_axis_tkeep"),
    ("output", 1, "m_axis_tlast"),
    ("output", 1, "m_axis_tvalid"),
    ("input", 1, "m_axis_tready"),
]
_REGISTERS = [
    ("input", 16, "s_axi_awaddr"),
    ("input", 1, "s_axi_awvalid"),
    ("output", 1, "s_axi_awready"),
    ("input", 32, "s_axi_wdata"),
    ("input", 4, "s_axi_wstrb"),
    ("input", 1, "s_axi_wvalid"),
    ("output", 1, "s_axi_wready"),
    ("output", 2, "s_axi_bresp"),
    ("output", 1, "s_axi_bvalid"),
    ("input", 1, "s_axi_bready"),
    ("input", 16, "s_axi_araddr"),
    ("input", 1, "s_axi_arvalid"),
    ("output", 1, "s_axi_arready"),
    ("output", 32, "s_axi_rdata"),
    ("output", 2, "s_axi_rresp"),
    ("output", 1, "s_axi_rvalid"),
    ("input", 1, "s_axi_rready"),
]
_KINDS = {"s_axis": "axis", "m_axis": "axis", "s_axi": "aximm"}


def border(*, status: bool) -> PortList:
    """Clock, reset and interfaces; with `status`, the registers and the identity that they show."""
    first = [("input", 1, "aclk"), ("input", 1, "aresetn")]
    return [*first, *_AXIS, *([*_REGISTERS, ("input", 32, "identity")] if status else [])]


def attributes(*, status: bool) -> dict[str, list[str]]:
    """Of the ports of `border`: which interface they belong to, and to which clock and reset that does."""
    signals = [name for _, _, name in (*_AXIS, *(_REGISTERS if status else []))]
    interfaces = dict.fromkeys(name.rpartition("_")[0] for name in signals)
    return {**clock_and_reset(interfaces), **{name: [_signal(name)] for name in signals}}


def clock_and_reset(interfaces: Iterable[str]) -> dict[str, list[str]]:
    """Attributes of `aclk` and `aresetn`, to which the interfaces belong."""
    associated = f"ASSOCIATED_BUSIF {':'.join(interfaces)}, ASSOCIATED_RESET aresetn"
    return {
        "aclk": [info("signal:clock", "aclk CLK"), _parameter(associated)],
        "aresetn": [info("signal:reset", "aresetn RST"), _parameter("POLARITY ACTIVE_LOW")],
    }


def _signal(name: str) -> str:
    interface, _, signal = name.rpartition("_")
    return info(f"interface:{_KINDS[interface]}", f"{interface} {signal.upper()}")


def info(kind: str, signal: str) -> str:
    """The attribute of a port that is a signal of an interface."""
    return f'(* X_INTERFACE_INFO = "xilinx.com:{kind}:1.0 {signal}" *)'


def _parameter(text: str) -> str:
    return f'(* X_INTERFACE_PARAMETER = "{text}" *)'


def monitor_ports(network: Network) -> PortList:
    """What shows the streams' flags and reads their monitors."""
    count = len(network.streams)
    flags = [("output", count, "stream_valid"), ("output", count, "stream_ready")]
    return [*flags, ("input", 16, "monitor_index"), ("output", 32, "monitor_data")]


def status_lines(network: Network) -> list[str]:
    """The status block; it counts frames by the TLAST that goes from AxiIn to AxiOut.

    Raises:
        UnsupportedError: If there are more streams than it has registers for.
    """
    count = len(network.streams)
    if count > MAX_STREAMS:
        raise UnsupportedError(
            f"status block: the network must have at most {MAX_STREAMS:,} streams, has {count:,}; "
            f"build without it"
        )
    (last,) = (stream.name for stream in network.streams if stream.kind is Kind.LAST)
    ports = ["aclk", "aresetn", *(name for _, _, name in _REGISTERS), "identity"]
    nets = [(port, port) for port in ports]
    nets += [("frame_in", f"{last}_write_valid & {last}_write_ready")]
    nets += [("frame_out", f"{last}_read_valid & {last}_read_ready")]
    nets += [(name, name) for _, _, name in monitor_ports(network)]
    return instance("finnlite_status", "status", [("STREAMS", count)], nets)
