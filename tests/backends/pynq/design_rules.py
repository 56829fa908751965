# SPDX-License-Identifier: Apache-2.0
"""What a recorded block design must obey, and what it must be of for a network."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.backends.pynq.network_rules import cells, streams
from tests.backends.pynq.recording import TABLE, Call, Recording
from tests.backends.pynq.wiring import Wanted, Wiring, either, identity_cell

CLOCK = "ps7/FCLK_CLK0"
RESET_SOURCE = "ps7/FCLK_RESET0_N"
CHANGES = (
    "create_bd_cell",
    "connect_bd_net",
    "connect_bd_intf_net",
    "assign_bd_address",
    "apply_bd_automation",
)
DMA = {
    "c_include_sg": "0",
    "c_sg_length_width": "26",
    "c_micro_dma": "0",
    "c_addr_width": "32",
    "c_include_mm2s": "1",
    "c_include_mm2s_dre": "0",
    "c_m_axi_mm2s_data_width": "64",
    "c_m_axis_mm2s_tdata_width": "64",
    "c_mm2s_burst_size": "16",
    "c_include_s2mm": "1",
    "c_include_s2mm_dre": "0",
    "c_m_axi_s2mm_data_width": "64",
    "c_s_axis_s2mm_tdata_width": "64",
    "c_s2mm_burst_size": "16",
}
"""No scatter-gather, lengths of 26 bits, 64-bit beats, no realignment, bursts that AXI3 (HP ports) takes."""
MODULE = "accelerator/s_axis"
"""Takes whole words only."""
MESSAGES = ("Synth 8-4445", "Synth 8-2898", "BD 41-1356")
"""Warnings that mean a wrong bitstream: `$readmemh` files not found, addresses not assigned."""


Rule = Callable[[Recording, Wiring, Wanted], Iterator[str]]


def problems(recording: Recording, wanted: Wanted) -> list[str]:
    """What is wrong with a recorded design; the errors of the run itself if it did not end well."""
    if recording.exit_code or recording.errors:
        return recording.errors or [
            f"the script must end with 0, ends with {recording.exit_code}: {recording.last}"
        ]
    wiring = Wiring(recording)
    return [text for rule in RULES for text in rule(recording, wiring, wanted)]


def _nets(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for net in dict.fromkeys(wiring.nets.values()):
        drivers = wiring.drivers(net)
        if len(drivers) > 1:
            yield f"net of {either(drivers)}: must have one driver, has {len(drivers)}"


def _clocks(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for name, _, driver in wiring.inputs("clock"):
        if driver != CLOCK:
            yield f"{name}: clock must be {CLOCK}, is {driver or 'absent'}"


def _resets(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for name, pin, driver in wiring.inputs("reset"):
        source = wiring.pins[driver] if driver else {"kind": "none"}
        if driver is None and "optional" in pin:
            continue
        if driver is None or source["kind"] != "reset":
            yield f"{name}: reset must be driven by a reset, is by {driver or 'nothing'}"
        elif source["polarity"] != pin["polarity"]:
            yield f"{name}: reset must be active {pin['polarity']}, {driver} is active {source['polarity']}"
        elif (owner := _reset_source(recording, name)) not in (driver, driver.split("/")[0]):
            yield f"{name}: reset must come from {owner}, comes from {driver}"


def _reset_source(recording: Recording, pin: str) -> str:
    """The reset block synchronises all resets, itself it is reset by the processor."""
    is_block = recording.cells[pin.split("/")[0]].definition == "xilinx.com:ip:proc_sys_reset"
    return RESET_SOURCE if is_block else "reset"


def _data_pins(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for name, pin, driver in wiring.inputs("data"):
        if driver is None and "optional" not in pin:
            yield f"{name}: must be driven, is not connected"


def _interfaces(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for name, interface in wiring.interfaces.items():
        count = len(wiring.links.get(name, ()))
        if "external" in interface:
            if not _is_external(recording, name):
                yield f"{name}: must be made external, is not"
        elif count != 1:
            yield f"{name}: must be connected once, is connected {count} times"
        cell, short = name.split("/")
        clocks = [pin for pin, p in recording.cells[cell].pins.items() if short in p.get("clocks", ())]
        if len(clocks) != 1 and "external" not in interface:
            yield f"{name}: must belong to one clock pin, belongs to {either(clocks)}"


def _is_external(recording: Recording, interface: str) -> bool:
    cell, name = interface.split("/")
    for call in recording.called("apply_bd_automation"):
        made = re.search(r'make_external "([^"]*)"', call.options.get("-config", ""))
        if made and f"/{cell}" in call.arguments and name in made[1].split(", "):
            return True
    return False


def _links(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    for call in recording.called("connect_bd_intf_net"):
        names = [argument.removeprefix("/") for argument in call.arguments]
        ends = sorted((wiring.interfaces[name]["mode"], name) for name in names)
        (modes, (master, slave)) = zip(*ends, strict=True)
        if modes != ("master", "slave"):
            yield f"{names[0]} to {names[1]}: must be a master and a slave, are {modes[0]} and {modes[1]}"
            continue
        source, sink = wiring.interfaces[master], wiring.interfaces[slave]
        if source["type"] != sink["type"]:
            yield f"{master} to {slave}: must be of one kind, are {source['type']} and {sink['type']}"
        elif source["type"] == "axis":
            yield from _stream(master, slave, source, sink)


def _stream(master: str, slave: str, source: Mapping[str, str], sink: Mapping[str, str]) -> Iterator[str]:
    if source.get("width") != sink.get("width"):
        yield (
            f"{master} to {slave}: streams must be equally wide, "
            f"are {source.get('width')} and {sink.get('width')} bits"
        )
    # TSTRB may be missing: it is all ones then. So may TKEEP where whole words come and a module takes them.
    ours, theirs = ({"TKEEP", "TLAST"} & {*entry["signals"]} for entry in (source, sink))
    if ours != theirs and not (slave == MODULE and ours - theirs == {"TKEEP"}):
        names = " and ".join(" and ".join(sorted(signals)) or "none" for signals in (ours, theirs))
        yield f"{master} to {slave}: both must have the same of TKEEP and TLAST, have {names}"


def _lonely_cells(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    connected = {name.split("/")[0] for name in (*wiring.nets, *wiring.links)}
    for name in recording.cells:
        if name not in connected and (name != identity_cell(wanted) or wanted.status):
            yield f"cell {name}: must be connected, is not"


def _reached(recording: Recording, wiring: Wiring, space: str) -> set[str]:
    """The segments that an address space's masters lead to."""
    cell, short = space.split("/")
    ahead = [f"{cell}/{port}" for port in recording.cells[cell].spaces[short]["through"]]
    found: set[str] = set()
    seen: set[str] = set()
    while ahead:
        slave = wiring.peer(ahead.pop())
        if slave is None or slave in seen:
            continue
        seen.add(slave)
        target = recording.cells[slave.split("/")[0]]
        found.update(
            f"{target.name}/{s}" for s in target.segments if f"{target.name}/{s}".startswith(f"{slave}/")
        )
        if TABLE["ips"].get(target.definition, {}).get("bridges"):
            ahead += [f"{target.name}/{n}" for n, i in target.interfaces.items() if i["mode"] == "master"]
    return found


def _addresses(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    assigned: dict[tuple[str, str], tuple[int, int]] = {}
    for call in recording.called("assign_bd_address"):
        space = call.options["-target_address_space"].removeprefix("/")
        place = int(call.options["-offset"], 0), int(call.options["-range"], 0)
        assigned[space, call.arguments[0].removeprefix("/")] = place
    segments = {f"{c.name}/{n}": s for c in recording.cells.values() for n, s in c.segments.items()}
    spaces = {f"{c.name}/{n}": s for c in recording.cells.values() for n, s in c.spaces.items()}
    reached = {space: _reached(recording, wiring, space) for space in spaces}
    for space, found in reached.items():
        if not found:
            yield f"{space}: must lead to a slave, leads to none"
        yield from (
            f"{space}: {s} must have an address, has none"
            for s in sorted(found)
            if (space, s) not in assigned
        )
    for segment in sorted({*segments} - set().union(*reached.values())):
        yield f"{segment}: must be in reach of a master, is not"
    for (space, segment), (offset, size) in assigned.items():
        if segment not in reached[space]:
            yield f"{space}: {segment} must be in reach, is not"
        yield from _place(f"{space}: {segment}", offset, size, segments[segment], spaces[space])


def _place(
    name: str, offset: int, size: int, segment: Mapping[str, str], space: Mapping[str, list[str]]
) -> Iterator[str]:
    if size != int(segment["range"]):
        yield f"{name} must have 0x{int(segment['range']):X} bytes, has 0x{size:X}"
    low, high = (int(bound) for bound in space.get("window", ("0", str(1 << 32))))
    if not low <= offset <= high - size or offset % size or offset != int(segment.get("offset", offset)):
        yield f"{name} must be at a multiple of its size from 0x{low:X} to 0x{high:X}, is at 0x{offset:X}"


def _order(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    """validate_bd_design must have seen all, and the rest must be made of what it saw."""
    last: dict[str, int] = {}
    for index, call in enumerate(recording.calls):
        if call.command == "apply_bd_automation" and "settings" in last:
            yield "apply_bd_automation: must be called before the settings of ps7, which it undoes, is after"
        last[call.command] = index
        if call.command == "set_property" and "/ps7" in call.arguments:
            last["settings"] = index
        if call.command in CHANGES or (call.command == "set_property" and _is_cell(recording, call)):
            last["change"], change = index, call
    steps = (
        "change",
        "validate_bd_design",
        "save_bd_design",
        "make_wrapper",
        "generate_target",
        "launch_runs",
    )
    for before, after in zip(steps, steps[1:], strict=False):
        if after not in last:
            yield f"{after}: must be called, is not"
        elif last.get(before, -1) > last[after]:
            what = f"{change.command} ({Path(change.file).name})" if before == "change" else before
            yield f"{after}: must be called after {what}, is called before"


def _is_cell(recording: Recording, call: Call) -> bool:
    return any(argument.removeprefix("/") in recording.cells for argument in call.arguments)


def _configuration(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    ps7, dma = recording.cells.get("ps7"), recording.cells.get("axi_dma")
    if dma is not None:
        for name, value in DMA.items():
            if dma.properties[name] != value:
                yield f"axi_dma: {name} must be {value}, is {dma.properties[name]}"
    if ps7 is not None:
        for name in ("PCW_FPGA0_PERIPHERAL_FREQMHZ", "PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ"):
            if abs(float(ps7.properties[name]) / wanted.clock_mhz - 1) > 1e-6:
                yield f"ps7: {name} must be {wanted.clock_mhz:g}, is {ps7.properties[name]}"
        if ps7.properties["PCW_S_AXI_HP0_DATA_WIDTH"] != "64":
            yield f"ps7: S_AXI_HP0 must be 64 bits wide, is {ps7.properties['PCW_S_AXI_HP0_DATA_WIDTH']}"
    tops = [c.arguments[1] for c in recording.called("set_property") if c.arguments[0].upper() == "TOP"]
    if tops != ["system_wrapper"]:
        yield f"the top must be system_wrapper, is {either(tops)}"
    parts = [call.options.get("-part") for call in recording.called("create_project")]
    if parts != [wanted.board.part]:
        yield f"the project must be of {wanted.board.part}, is of {either(map(str, parts))}"
    raised = {
        c.options["-id"] for c in recording.called("set_msg_config") if c.options["-new_severity"] == "ERROR"
    }
    for message in MESSAGES:
        if message not in raised:
            yield f"message {message}: must be an error, is not"


def _identity(recording: Recording, wiring: Wiring, wanted: Wanted) -> Iterator[str]:
    user_id = f"0x{wanted.identity[:8]}"
    found = {
        call.arguments[1].lower()
        for call in recording.called("set_property")
        if call.arguments[0].upper() == "BITSTREAM.CONFIG.USERID"
    }
    if found != {user_id}:
        yield f"USERID must be {user_id}, is {either(sorted(found))}"
    cell = recording.cells.get(identity_cell(wanted))
    if cell is not None:
        width, value = (cell.properties.get(name, "").lower() for name in ("CONST_WIDTH", "CONST_VAL"))
        if (width, value) != ("32", user_id):
            yield f"cell {cell.name}: must be {user_id} of 32 bits, is {value} of {width} bits"


RULES: tuple[Rule, ...] = (
    cells,
    _nets,
    _clocks,
    _resets,
    _data_pins,
    _interfaces,
    _links,
    _lonely_cells,
    _addresses,
    _order,
    _configuration,
    _identity,
    streams,
)
