# SPDX-License-Identifier: Apache-2.0
"""The connections of a recorded block design, and what they are to be of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from finnlite.backends.hls.network import Network
from finnlite.boards import Board
from finnlite.ir import Graph
from tests.backends.pynq.recording import Recording


@dataclass(frozen=True, eq=False)
class Wanted:
    """What was to be built."""

    graph: Graph
    network: Network
    board: Board
    clock_mhz: float
    identity: str
    backend: str = "hls"
    status: bool = False
    rtl_layers: tuple[str, ...] = ()

    def at(self, clock_mhz: float) -> "Wanted":
        """The same at another clock."""
        return replace(self, clock_mhz=clock_mhz)


@dataclass(frozen=True)
class Wiring:
    """The connections of a recording, by "cell/pin"."""

    recording: Recording

    def _pairs(self, command: str) -> Iterator[tuple[str, str]]:
        for call in self.recording.called(command):
            if not call.error:
                first, second = (argument.removeprefix("/") for argument in call.arguments)
                yield first, second

    @cached_property
    def nets(self) -> Mapping[str, frozenset[str]]:
        """Every connected pin with all pins of its net."""
        nets: dict[str, set[str]] = {}
        for first, second in self._pairs("connect_bd_net"):
            merged = nets.get(first, {first}) | nets.get(second, {second})
            nets.update(dict.fromkeys(merged, merged))
        return {pin: frozenset(net) for pin, net in nets.items()}

    @cached_property
    def links(self) -> Mapping[str, list[str]]:
        """Every connected interface with what it is connected to."""
        links = defaultdict(list)
        for first, second in self._pairs("connect_bd_intf_net"):
            links[first].append(second)
            links[second].append(first)
        return dict(links)

    @cached_property
    def pins(self) -> Mapping[str, dict[str, str]]:
        return {
            f"{c.name}/{name}": pin for c in self.recording.cells.values() for name, pin in c.pins.items()
        }

    @cached_property
    def interfaces(self) -> Mapping[str, dict[str, str]]:
        cells = self.recording.cells.values()
        return {f"{c.name}/{name}": entry for c in cells for name, entry in c.interfaces.items()}

    def drivers(self, net: Iterable[str]) -> list[str]:
        return sorted(name for name in net if self.pins[name]["direction"] == "out")

    def inputs(self, kind: str) -> Iterator[tuple[str, dict[str, str], str | None]]:
        """Every input pin of a kind with what drives it, but for those on nets of several drivers."""
        for name, pin in self.pins.items():
            drivers = self.drivers(self.nets.get(name, ()))
            if pin["kind"] == kind and pin["direction"] == "in" and len(drivers) < 2:
                yield name, pin, drivers[0] if drivers else None

    def peer(self, interface: str) -> str | None:
        """What an interface is connected to, if it is one."""
        others = self.links.get(interface, [])
        return others[0] if len(others) == 1 else None


def identity_cell(wanted: Wanted) -> str:
    """The cell that names the build."""
    return f"finnlite_{wanted.identity[:16]}"


def either(names: Iterable[str]) -> str:
    """Names in a message."""
    return " and ".join(names) or "absent"
